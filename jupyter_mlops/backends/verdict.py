"""What a verification's trials amount to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jupyter_mlops.backends.base import Tracking, TrialRecord
from jupyter_mlops.backends.comparison import compare_outputs, failure
from jupyter_mlops.domain.sweep import SweepOrder
from jupyter_mlops.domain.verification import VerificationResult, conclude

KEPT = "the outputs that were kept with the snapshot"
TWICE = "a second run, for the snapshot was kept without outputs"


def verdict(tracking: Tracking, order: SweepOrder, records: Sequence[TrialRecord]) -> VerificationResult:
    """Compare what was run with what was kept, or one run with the other when nothing was."""
    ran = sorted(records, key=lambda record: record.index)
    failed = next((record for record in ran if record.outcome != "succeeded"), None)
    kept = tracking.snapshots.outputs(order.snapshot)
    reference = KEPT if kept is not None else TWICE
    if failed is not None:
        return conclude(_where_and_why(tracking, failed), [], reference)
    executed = [_executed(tracking, record) for record in ran]
    one, other = (json.loads(kept), executed[0]) if kept is not None else (executed[0], executed[1])
    return conclude(None, compare_outputs(one, other), reference)


def _executed(tracking: Tracking, record: TrialRecord) -> dict[str, Any]:
    content = tracking.trial_notebook(record.run_id)
    notebook: dict[str, Any] = json.loads(content) if content is not None else {"cells": []}
    return notebook


def _where_and_why(tracking: Tracking, record: TrialRecord) -> str:
    """`in cell 3 because ValueError: …`; else the trial's own reason."""
    return failure(_executed(tracking, record)) or f"because {record.reason}"

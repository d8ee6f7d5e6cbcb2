"""MLflow runs read as our records, and our tags written."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec

from jupyter_mlops.backends.base import SweepRecord, TrialRecord
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.sweep import SweepOutcome, SweepSummary
from jupyter_mlops.domain.trial import OUTCOMES, Failure
from jupyter_mlops.domain.verification import Verdict

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

STATUS: dict[str, str] = {
    "succeeded": "FINISHED",
    "failed": "FAILED",
    "pruned": "KILLED",
    "cancelled": "KILLED",
}
"""MLflow's run status for each of our outcomes."""
_TERMINAL = frozenset(STATUS.values())


def trial_record(run: Run, objective: str | None) -> TrialRecord:
    """A trial's run as a record. Unknown or broken tags read as if they were absent."""
    tags = run.data.tags
    done, _, total = tags.get(naming.PROGRESS, "0/0").partition("/")
    outcome, failure = tags.get(naming.OUTCOME), tags.get(naming.FAILURE)
    return TrialRecord(
        run_id=run.info.run_id,
        index=_integer(tags.get(naming.INDEX), -1),
        outcome=outcome if outcome in OUTCOMES else None,
        ended_status=run.info.status in _TERMINAL,
        reason=tags.get(naming.REASON, ""),
        failure=cast(Failure, failure) if failure in get_args(Failure) else "notebook",
        objective=_metric(run.data.metrics.get(objective)) if objective else None,
        cells_done=_integer(done, 0),
        cells_total=_integer(total, 0),
        attempt=_integer(tags.get(naming.ATTEMPT), 1),
        started=run.info.start_time or 0,
        ended=run.info.end_time,
    )


def sweep_record(run: Run) -> SweepRecord:
    """A sweep's parent run as a record."""
    tags = run.data.tags
    # The tag is written just before MLflow's own status and end time: until both are there it has not ended.
    outcome = tags.get(naming.OUTCOME) if run.info.status in _TERMINAL else None
    verdict = tags.get(naming.VERDICT)
    return SweepRecord(
        id=run.info.run_id,
        name=run.info.run_name or "",
        experiment_id=run.info.experiment_id,
        outcome=cast(SweepOutcome, outcome) if outcome in get_args(SweepOutcome) else None,
        reason=tags.get(naming.REASON, ""),
        summary=_summary(tags.get(naming.SUMMARY)),
        verdict=cast(Verdict, verdict) if verdict in get_args(Verdict) else None,
        snapshot=tags.get(naming.SNAPSHOT, ""),
        purpose="verification" if tags.get(naming.PURPOSE) == "verification" else "sweep",
        started=run.info.start_time or 0,
        ended=run.info.end_time,
    )


def set_tags(client: MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run, in one call."""
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(k, naming.shortened(v, naming.MAX_TAG)) for k, v in tags.items()])


def _summary(text: str | None) -> SweepSummary | None:
    try:
        return msgspec.json.decode(text, type=SweepSummary) if text else None
    except msgspec.DecodeError:
        return None


def _metric(value: float | None) -> float | None:
    """MLflow's SQL stores keep infinities as the largest number there is."""
    if value is None or not abs(value) >= sys.float_info.max:  # NaN is not, either
        return value
    return math.copysign(math.inf, value)


def _integer(text: Any, default: int) -> int:
    try:
        return int(text)
    except (TypeError, ValueError):
        return default

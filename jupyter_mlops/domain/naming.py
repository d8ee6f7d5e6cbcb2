"""The tags and artifact names by which MLflow runs are ours. One place, so that nobody misspells one."""

from __future__ import annotations

KIND = "mlops.kind"
INDEX = "mlops.index"
OUTCOME = "mlops.outcome"
REASON = "mlops.reason"
FAILURE = "mlops.failure"
"""Whose failure it was, when it was not the notebook's."""
PROGRESS = "mlops.progress"
ATTEMPT = "mlops.attempt"
SNAPSHOT = "mlops.snapshot"
SUMMARY = "mlops.summary"
DIRTY = "mlops.git.dirty"
SIGHTING = "mlops.sighting"
"""Where a snapshot was seen last, as JSON."""
SEEN = "mlops.seen"
"""When it was seen last, in milliseconds; and with a dot and more, when in a certain notebook file. To sort by."""
VERDICT = "mlops.verdict"
PURPOSE = "mlops.purpose"
PARENT = "mlflow.parentRunId"

SWEEP_FILE = "sweep.json"
MANIFEST_FILE = "manifest.json"
NOTEBOOK_FILE = "notebook.ipynb"
"""In a snapshot the notebook that is run; in a trial the executed one, whole or so far."""
OUTPUTS_FILE = "outputs.ipynb"
"""A snapshot's notebook with the outputs that it had when it was seen last with any."""
CODE_FILE = "files.zip"
DIFF_FILE = "changes.diff"
PACKAGES_FOLDER = "packages"
VERIFICATION_FILE = "verification.json"
LOG_FILE = "trial.log"
PARAMETERS_FILE = "parameters.json"
"""Only where a value is longer than MLflow keeps."""

SNAPSHOTS_EXPERIMENT = "mlops/snapshots"
VERIFICATIONS_EXPERIMENT = "mlops/verifications"

MAX_TAG = 5_000
MAX_PARAM = 6_000
"""MLflow cuts longer values with a warning only; we shorten them ourselves and say so."""


def shortened(text: str, limit: int) -> str:
    """The text, cut with a visible mark when it is longer than a store keeps."""
    if len(text) <= limit:
        return text
    mark = f"… ({len(text):,} characters)"
    return text[: limit - len(mark)] + mark

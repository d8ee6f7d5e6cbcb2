"""Sweeps and trials in a store of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.base import SnapshotContents, TrialRecord
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain.snapshot import GitState, Manifest, Sighting, Snapshot
from jupyter_mlops.testing import notebook, order_of

MANIFEST = Manifest(notebook="0" * 64, name="train.ipynb", kernel="python3", language="python")
GIT = GitState(commit="c" * 40, branch="main", dirty=True)


@pytest.fixture
def tracking(mlops_tracking: MlflowTracking) -> MlflowTracking:
    """An empty one."""
    return mlops_tracking


def sweep(tracking: MlflowTracking, folder: Path, **changes: Any) -> tuple[str, Any]:
    """A new sweep's id and its order."""
    order = order_of(tracking, notebook(), folder, **changes)
    return tracking.create_sweep(order, GIT), order


def ended(tracking: MlflowTracking, sweep_id: str, objective: str | None = None) -> list[TrialRecord]:
    """Its trials that have ended, best first."""
    record = tracking.sweep_record(sweep_id)
    pages = tracking.ended_records(sweep_id, record.experiment_id, objective, "maximize", 0)
    return [r for page in pages for r in page]


def artifacts_of(tracking: MlflowTracking, run_id: str) -> Path:
    """The folder of a run's files."""
    return Path(tracking.connection.client.get_run(run_id).info.artifact_uri.removeprefix("file://"))


def keep(tracking: MlflowTracking, at: str = "train.ipynb", **fields: Any) -> Snapshot:
    """Keep MANIFEST, seen at a path; `fields` are those of its contents and of its sighting."""
    seen: dict[str, Any] = {"notebook": at, "user": "ann", "taken": 1}
    contents: dict[str, Any] = {"notebook": b"{}"}
    for name, value in fields.items():
        (contents if name in SnapshotContents.__struct_fields__ else seen)[name] = value
    return tracking.snapshots.keep(MANIFEST, SnapshotContents(**contents), Sighting(**seen), Path("/", at))

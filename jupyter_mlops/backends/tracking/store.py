"""Everything we keep, kept in MLflow: snapshots, sweeps, trials."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlops.backends.tracking.connection import Connection, translated
from jupyter_mlops.backends.tracking.snapshots import MlflowSnapshots
from jupyter_mlops.backends.tracking.trials import TrialRuns


class MlflowTracking(TrialRuns):
    """The MLflow store, as `backends.base.Tracking` asks for it."""

    def __init__(self, uri: str, data_dir: Path, artifact_root: str | None = None) -> None:
        self.connection = Connection(uri, data_dir, artifact_root)
        self.snapshots = MlflowSnapshots(self.connection)

    @property
    def embedded(self) -> bool:
        return self.connection.embedded

    def environment(self) -> dict[str, str]:
        return self.connection.environment()

    @translated
    def ping(self) -> None:
        self.connection.ping()

    @translated
    def analyze(self) -> None:
        self.connection.analyze()

"""What services ask of the outside world, as protocols. Only faces construct the classes that fulfil them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec

from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.domain.parameters import Parameter
from jupyter_mlops.domain.snapshot import GitState, Manifest, Snapshot
from jupyter_mlops.domain.sweep import SweepOrder, SweepOutcome, SweepSummary
from jupyter_mlops.domain.trial import Outcome, TrialPlacement


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What MLflow remembers of a trial."""

    run_id: str
    index: int
    outcome: Outcome | None = None
    ended_status: bool = False
    """Whether MLflow's own status is terminal already."""
    reason: str = ""
    objective: float | None = None
    cells_done: int = 0
    cells_total: int = 0
    attempt: int = 1
    started: int = 0
    ended: int | None = None


class SweepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What MLflow remembers of a sweep, without its trials."""

    id: str
    name: str
    experiment_id: str
    outcome: SweepOutcome | None = None
    reason: str = ""
    summary: SweepSummary | None = None
    started: int
    ended: int | None = None


class SnapshotStore(Protocol):
    """Snapshots by digest. Every method may raise `Unavailable`, naming the store's address."""

    def keep(self, manifest: Manifest, notebook: bytes, user: str) -> Snapshot: ...
    def get(self, digest: str) -> Snapshot: ...
    def notebook(self, digest: str) -> bytes: ...


class Tracking(Protocol):
    """The MLflow store. Every method may raise `Unavailable`, naming the store's address."""

    @property
    def address(self) -> str:
        """Where the store is, without credentials."""

    @property
    def embedded(self) -> bool: ...

    def environment(self) -> dict[str, str]:
        """Environment variables that lead another process, or notebook code, to the same store."""

    def ping(self) -> None: ...

    @property
    def snapshots(self) -> SnapshotStore: ...

    def create_sweep(self, order: SweepOrder, git: GitState | None) -> str: ...
    def sweep_order(self, sweep_id: str) -> SweepOrder: ...
    def sweep_record(self, sweep_id: str) -> SweepRecord: ...
    def sweep_records(self, limit: int) -> list[SweepRecord]: ...

    def trial_record(self, sweep_id: str, index: int, objective: str | None) -> TrialRecord | None: ...
    def live_records(self, sweep_id: str, experiment_id: str, objective: str | None) -> list[TrialRecord]: ...
    def ended_records(
        self, sweep_id: str, experiment_id: str, objective: str | None, direction: str, after: int
    ) -> Iterator[list[TrialRecord]]: ...
    def trial_notebook(self, run_id: str) -> bytes | None: ...
    def trial_log(self, run_id: str) -> bytes | None: ...
    def known_metrics(self, experiment: str) -> list[str]: ...


class SweepPlacement(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sweep is now, asked and never stored."""

    alive: bool
    """Whether a runner or Job exists that will start what waits."""
    active: frozenset[int] = frozenset()
    paused: bool = False
    stopped: bool = False
    parallelism: int | None = None
    message: str = ""
    """Why it is gone, or what holds it up, as far as the executor knows."""

    def of(self, index: int) -> TrialPlacement:
        """Placement of one trial."""
        if index in self.active:
            return "active"
        return "waiting" if self.alive else "none"


class Executor(Protocol):
    """Where trials run. `testing.ExecutorContract` says what each method promises."""

    name: str

    def default_parallelism(self) -> int: ...

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        """Start, or go on with, a sweep. Idempotent: starting what runs does nothing."""

    def placement(self, sweep_id: str) -> SweepPlacement: ...
    def pause(self, sweep_id: str) -> None: ...
    def resume(self, sweep_id: str) -> None: ...
    def stop(self, sweep_id: str, by: str) -> None: ...
    def stop_trial(self, sweep_id: str, index: int, by: str) -> None: ...

    def log(self, sweep_id: str, index: int) -> bytes | None:
        """What a trial that has not ended has printed so far."""

    def revision(self, sweep_id: str) -> str:
        """A text that changes whenever something about the sweep may have changed. Cheap: asked often."""

    def live(self) -> dict[str, str]:
        """Sweeps that have something going on, each with its revision. Cheap, too."""


class NotebookSource(msgspec.Struct, frozen=True, kw_only=True):
    """A notebook read from where it lies."""

    path: str
    """As the person named it."""
    file: Path
    content: dict[str, Any]


class Notebooks(Protocol):
    """Notebook files and the kernels that run them."""

    def read(self, path: str) -> NotebookSource: ...
    def inspect(
        self, source: NotebookSource, metrics: Iterable[str], parallelism: int, max_trials: int
    ) -> NotebookInfo: ...

    def kernel(self, source: NotebookSource) -> tuple[str, str]:
        """Kernelspec name and language."""

    def kernels(self) -> list[str]:
        """Kernelspecs installed here, by name."""

    def require_kernel(self, name: str) -> None: ...

    def parameters(self, content: dict[str, Any]) -> list[Parameter] | None:
        """What the `parameters` cell declares; None when papermill cannot read the language."""

    def named_experiment(self, content: dict[str, Any]) -> str | None: ...
    def git_state(self, source: NotebookSource) -> GitState | None: ...


__all__ = [
    "Executor",
    "NotebookSource",
    "Notebooks",
    "SweepPlacement",
    "SweepRecord",
    "Tracking",
    "TrialRecord",
]

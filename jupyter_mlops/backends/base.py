"""What services ask of the outside world, as protocols. Only faces construct the classes that fulfil them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from jupyter_mlops.domain.environment import Captured, Environment, EnvironmentState
from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.domain.parameters import Parameter, Value
from jupyter_mlops.domain.snapshot import GitState, Manifest, Sighting, Snapshot
from jupyter_mlops.domain.sweep import Purpose, SweepOrder, SweepOutcome, SweepSummary
from jupyter_mlops.domain.trial import Failure, Outcome
from jupyter_mlops.domain.verification import Verdict, VerificationResult


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What MLflow remembers of a trial."""

    run_id: str
    index: int
    outcome: Outcome | None = None
    ended_status: bool = False
    """Whether MLflow's own status is terminal already."""
    reason: str = ""
    failure: Failure = "notebook"
    """Means something only when it has failed."""
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
    purpose: Purpose = "sweep"
    snapshot: str = ""
    verdict: Verdict | None = None
    started: int
    ended: int | None = None


class SnapshotContents(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept beside a manifest."""

    notebook: bytes
    """Canonical JSON, outputs stripped."""
    outputs: bytes | None = None
    """The notebook as it was, with its outputs, when it had any: what a verification compares with."""
    files: dict[str, bytes] = {}
    """By path within the snapshot's folder."""
    packages: dict[str, Path] = {}
    """Wheels or sources of packages that no index has, by package name."""
    diff: bytes = b""
    """What git says of changes that were not committed."""


class SnapshotStore(Protocol):
    """Snapshots by digest. Every method may raise `Unavailable`, naming the store's address."""

    def find(self, digest: str) -> Snapshot | None:
        """A snapshot by its digest, or the beginning of it; None when there is none."""

    def get(self, digest: str) -> Snapshot:
        """The same, or NotFound."""

    def keep(self, manifest: Manifest, contents: SnapshotContents, sighting: Sighting, file: Path) -> Snapshot:
        """Keep it once, and note where it was seen: in which file of this machine."""

    def newest(self, file: Path | None, limit: int) -> list[Snapshot]:
        """The newest first; of one notebook file, or of all."""

    def notebook(self, digest: str) -> bytes: ...
    def files(self, digest: str) -> dict[str, bytes]: ...
    def outputs(self, digest: str) -> bytes | None: ...
    def diff(self, digest: str) -> bytes | None: ...

    def package_file(self, digest: str, package: str) -> tuple[str, bytes]:
        """File name and content of a package's kept wheel or sources; NotFound when there is none."""


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
    def sweep_records(self, limit: int, snapshot: str = "") -> list[SweepRecord]: ...
    def verification(self, sweep_id: str) -> bytes | None: ...

    def trial_record(self, sweep_id: str, index: int, objective: str | None) -> TrialRecord | None: ...
    def live_records(self, sweep_id: str, experiment_id: str, objective: str | None) -> list[TrialRecord]: ...
    def ended_records(
        self, sweep_id: str, experiment_id: str, objective: str | None, direction: str, after: int
    ) -> Iterator[list[TrialRecord]]: ...
    def trial_notebook(self, run_id: str) -> bytes | None: ...
    def trial_log(self, run_id: str) -> bytes | None: ...
    def known_metrics(self, experiment: str) -> list[str]: ...

    # What whoever runs a sweep writes; an outcome that is there already is kept.

    def begin_trial(self, sweep_id: str, order: SweepOrder, index: int) -> TrialRecord: ...
    def end_trial(
        self,
        run_id: str,
        outcome: Outcome,
        reason: str,
        parameters: Mapping[str, Value],
        failure: Failure = "notebook",
    ) -> None: ...
    def keep_verdict(self, sweep_id: str, result: VerificationResult) -> None: ...
    def close_sweep(
        self, sweep_id: str, outcome: SweepOutcome, reason: str, summary: SweepSummary, objective: str | None
    ) -> None: ...
    def analyze(self) -> None: ...


class Environments(Protocol):
    """Environments of kernels on this machine: asked, rebuilt, cached."""

    def capture(self, kernel: str) -> Captured:
        """What a kernel's own interpreter says of itself, now."""

    def state(self, digest: str) -> EnvironmentState:
        """A rebuilt environment as it is now."""

    def known(self) -> list[EnvironmentState]:
        """Those that are in the cache, last used first."""

    def start(self, environment: Environment, snapshot: str) -> EnvironmentState:
        """Begin to rebuild, in a process of its own, unless it is ready or being built. Idempotent."""

    def wait(self, environment: Environment, snapshot: str, on_line: Callable[[str], None]) -> EnvironmentState:
        """Rebuild and wait until it is ready; says each step. Raises Unavailable with what can be done."""

    def prune(self, digests: Iterable[str], unused_days: float) -> Iterable[EnvironmentState]:
        """Remove environments that nobody uses now; gives those removed."""


class LocalFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Local files that a notebook needs."""

    base: Path
    """The folder that all of them, and the notebook, lie in or below."""
    files: list[Path] = []
    """Absolute, sorted, without the notebook."""
    notes: list[str] = []
    """What was left out, in sentences."""


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
    def named_datasets(self, content: dict[str, Any]) -> list[str]: ...

    def local_files(self, source: NotebookSource, include: Sequence[str], remembered: Sequence[str] = ()) -> LocalFiles:
        """Modules and packages beside the notebook that it imports, and the files that globs name.

        What a remembered glob named may be gone; what one of `include` names must be there.
        """

    def locate(self, path: str) -> Path:
        """Where a path leads, whether or not there is anything; NotAllowed if that is out of the root."""

    def shown(self, folder: str, path: str) -> str:
        """A notebook that lay in a folder of this machine, as a path from the root, if it leads there."""

    def with_kernel(self, content: bytes, environment: Environment) -> bytes:
        """A notebook that asks for the kernel of a rebuilt environment."""

    def git_state(self, source: NotebookSource) -> GitState | None: ...
    def git_diff(self, source: NotebookSource) -> bytes: ...

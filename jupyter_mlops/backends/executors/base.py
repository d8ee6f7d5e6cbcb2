"""What services ask of whatever runs trials, as a protocol, and what it is made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import msgspec

from jupyter_mlops.backends.base import Tracking
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.profile import ComputeProfile, ExecutorOffer
from jupyter_mlops.domain.sweep import SweepOrder
from jupyter_mlops.domain.trial import TrialPlacement


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
    reasons: dict[int, str] = {}
    """Of trials that do not run: why, in one sentence each."""
    waiting: str = ""
    """Why no trial without a reason of its own starts; empty when they only wait for their turn."""

    def reason(self, index: int) -> str:
        """Why a trial does not run, as far as the executor knows."""
        return "" if index in self.active else self.reasons.get(index, self.waiting)

    def of(self, index: int) -> TrialPlacement:
        """Placement of one trial."""
        if index in self.active:
            return "active"
        return "waiting" if self.alive else "none"


class ExecutorContext(msgspec.Struct, frozen=True, kw_only=True):
    """What an executor is made from: the entry points of `jupyter_mlops.executors` are called with it."""

    data_dir: Path
    """Folder of this machine for what an executor has to write down."""
    environment: dict[str, str]
    """Variables that lead a process of this machine to the store and to the cache of environments."""
    tracking: Tracking
    config: Any
    """Jupyter's configuration, a traitlets `Config`, for settings of the executor's own."""
    user: str


class Executor(Protocol):
    """Where trials run. `testing.ExecutorContract` says what each method promises."""

    name: str

    def offer(self) -> ExecutorOffer:
        """What people can choose here. Asks nothing over a network."""

    def profile(self, name: str | None) -> ComputeProfile | None:
        """The compute profile of a name, the default one without; None where there are no profiles.

        Raises:
            Invalid: there is none of that name, or nothing can run here as it is set up.
        """

    def default_parallelism(self) -> int: ...

    def examine(self) -> list[Finding]:
        """What `doctor` says of it."""

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        """Start, or go on with, a sweep. Idempotent: starting what runs does nothing."""

    def placement(self, sweep_id: str) -> SweepPlacement: ...
    def pause(self, sweep_id: str) -> None: ...
    def resume(self, sweep_id: str) -> None: ...
    def scale(self, sweep_id: str, parallelism: int) -> None:
        """Run so many at once from now on."""

    def stop(self, sweep_id: str, by: str) -> None: ...
    def stop_trial(self, sweep_id: str, index: int, by: str) -> None: ...

    def log(self, sweep_id: str, index: int) -> bytes | None:
        """What a trial that has not ended has printed so far."""

    def revision(self, sweep_id: str) -> str:
        """A text that changes whenever something about the sweep may have changed. Cheap: asked often."""

    def live(self) -> dict[str, str]:
        """Sweeps that have something going on, each with its revision. Cheap, too."""

"""Snapshots from Python programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import msgspec

from jupyter_mlops import configuration
from jupyter_mlops.domain.check import CheckReport
from jupyter_mlops.domain.difference import SnapshotDiff
from jupyter_mlops.domain.environment import EnvironmentState, Restored
from jupyter_mlops.domain.snapshot import Snapshot
from jupyter_mlops.domain.verification import VerificationResult
from jupyter_mlops.sdk.opening import services
from jupyter_mlops.sdk.sweeps import SweepHandle


def snapshot(notebook: str | os.PathLike[str], include: Sequence[str] | None = None) -> Snapshot:
    """Keep a notebook with its environment and local code under one hash. The same content is the same snapshot.

    Args:
        include: globs, from the notebook's folder, of files to keep besides the modules that it imports; None for
            those of its last snapshot.
    """
    return services().snapshots.create(os.fspath(notebook), configuration.current_user(), include)


def diff(left: str, right: str) -> SnapshotDiff:
    """How two snapshots differ, by their digests or the beginnings of them."""
    return services().snapshots.diff(left, right)


def check(notebook: str | os.PathLike[str]) -> CheckReport:
    """What will, or may, go wrong when a notebook runs from top to bottom. Runs nothing of it."""
    return services().checks.check(os.fspath(notebook))


def restore(digest: str, folder: str | os.PathLike[str], say: Callable[[str], None] = lambda line: None) -> Restored:
    """Lay a snapshot's files out in a folder, rebuild its environment, and wait until it is ready.

    Args:
        say: called with each step of rebuilding, in words.

    Raises:
        Unavailable: the environment cannot be rebuilt; says which package and what can be done.
    """
    verbs = services()
    restored = verbs.snapshots.restore(digest, os.fspath(folder))
    ready: EnvironmentState | None = verbs.snapshots.rebuilt(digest, say)
    return msgspec.structs.replace(restored, environment=ready)


def verify(digest: str) -> VerificationHandle:
    """Run a snapshot clean, in its own environment, and compare what it says; returns at once."""
    verbs = services()
    return VerificationHandle(verbs.verifications.start(digest, configuration.current_user()).id, verbs)


class VerificationHandle(SweepHandle):
    """A verification to wait for, look at and stop."""

    @property
    def result(self) -> VerificationResult:
        """What it found.

        Raises:
            Conflict: it has not ended.
        """
        return self.services.verifications.result(self.id)

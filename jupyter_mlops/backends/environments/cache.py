"""Environments of snapshots on this machine: rebuilt once, found by their digest ever after."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, TextIO

from jupyter_mlops.backends.environments.slot import BUILDER, STARTER, Slot, slots
from jupyter_mlops.backends.tracking.chatter import for_others
from jupyter_mlops.domain.environment import Captured, Environment, EnvironmentState
from jupyter_mlops.domain.errors import Conflict, Unavailable

START_SECONDS = 30.0
LOOK_SECONDS = 0.05

_started: list[subprocess.Popen[bytes]] = []
"""Builders that this process started: kept only so that those which have ended are reaped."""


class Probe(Protocol):
    """Asks kernels what is installed where they run."""

    def capture(self, kernel: str) -> Captured: ...


class EnvironmentCache:
    """A folder of environments. Several processes and servers may share it.

    Args:
        folder: where they are.
        worker_environment: variables that lead a builder to the store that keeps the snapshots.
        probe: what asks kernels of today.
    """

    def __init__(self, folder: Path, worker_environment: Mapping[str, str], probe: Probe) -> None:
        self._folder = folder
        self._environment = dict(worker_environment)
        self._probe = probe

    def capture(self, kernel: str) -> Captured:
        """What a kernel's own interpreter says of itself, now."""
        return self._probe.capture(kernel)

    def state(self, digest: str) -> EnvironmentState:
        """A rebuilt environment as it is now. Sees to it that a ready one is among Jupyter's kernels."""
        return Slot(self._folder, digest).state()

    def known(self) -> list[EnvironmentState]:
        """Those that are in the cache, last used first."""
        return sorted((slot.state() for slot in slots(self._folder)), key=lambda state: -state.used)

    def touch(self, digest: str) -> None:
        """Say that an environment was of use."""
        Slot(self._folder, digest).touch()

    def start(self, environment: Environment, snapshot: str) -> EnvironmentState:
        """Begin to rebuild, in a process of its own, unless it is ready or being built. Idempotent.

        Raises:
            Unavailable: the cache cannot be written, or no process be started.
        """
        slot = Slot(self._folder, environment.digest)
        state = slot.state()
        if state.status == "ready":
            slot.touch()
        if state.status in ("ready", "building"):
            return state
        try:
            deadline = time.monotonic() + START_SECONDS
            while not self._started_by_us(slot, environment, snapshot) and time.monotonic() < deadline:
                time.sleep(0.02)  # somebody else starts it this moment
        except OSError as error:
            raise Unavailable(
                f"The environment cannot be rebuilt: {slot.work.folder}: {error.strerror or error}. Make room or mend "
                "the permissions, then restore again."
            ) from error
        return slot.state()

    def _started_by_us(self, slot: Slot, environment: Environment, snapshot: str) -> bool:
        """See that it is being built; False while another process does so."""
        slot.work.create()
        with slot.work.holding(STARTER) as mine:
            # It may have been started, and have ended, since we looked.
            if mine and slot.sound():
                slot.work.remove()
            elif mine and slot.work.holder(BUILDER) is None:
                slot.prepare(environment)
                self._spawn(slot, snapshot)
        return mine

    def _spawn(self, slot: Slot, snapshot: str) -> None:
        with (slot.work.folder / f"{BUILDER}.err").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_mlops.worker.restore", snapshot, str(self._folder), slot.digest],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=for_others(os.environ) | self._environment,
                start_new_session=True,
            )
        _started[:] = [p for p in _started if p.poll() is None] + [process]
        deadline = time.monotonic() + START_SECONDS
        while slot.work.holder(BUILDER) is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)

    def wait(self, environment: Environment, snapshot: str, on_line: Callable[[str], None]) -> EnvironmentState:
        """Rebuild and wait until it is ready; says each step. Whoever else waits for it sees the same.

        Raises:
            Missing: a program that it needs is not installed.
            Unavailable: it cannot be rebuilt; says which package and what can be done.
        """
        slot = Slot(self._folder, environment.digest)
        state = self.start(environment, snapshot)
        with _Following(slot.log, on_line) as following:
            while state.status == "building":
                following.look()
                time.sleep(LOOK_SECONDS)
                state = slot.state()
        if state.status == "ready":
            slot.touch()
            return state
        failure = slot.failure()
        raise failure.error() if failure is not None else Unavailable(state.message or "The environment was removed.")

    def prune(self, digests: Iterable[str], unused_days: float) -> list[EnvironmentState]:
        """Remove environments that nobody uses now; gives those removed.

        Args:
            digests: which; all when there are none.
            unused_days: only those that were not used for so many days.

        Raises:
            Conflict: one that was named is in use; none is removed.
        """
        named = set(digests)
        before = (time.time() - unused_days * 86400) * 1000
        chosen = [slot for slot in slots(self._folder) if not named or slot.digest in named]
        states = {slot.digest: slot.state() for slot in chosen}
        chosen = [slot for slot in chosen if states[slot.digest].used <= before or not unused_days]
        why = self._in_use(states.values())
        if named and any(slot.digest in why for slot in chosen):
            said = "; ".join(f"{slot.digest[:12]} {why[slot.digest]}" for slot in chosen if slot.digest in why)
            raise Conflict(f"Nothing was removed, for something is in use: {said}. Shut it down, then try again.")
        free = [slot for slot in chosen if slot.digest not in why]
        for slot in free:
            slot.remove()
        return [states[slot.digest] for slot in free]

    def _in_use(self, states: Iterable[EnvironmentState]) -> dict[str, str]:
        """Who uses environments, by digest."""
        import psutil

        states = list(states)
        found = {state.digest: "is being built" for state in states if state.status == "building"}
        folders = {state.digest: {state.folder, str(Path(state.folder).resolve())} for state in states}
        for process in psutil.process_iter(["pid", "exe", "cmdline"]):
            words = [process.info["exe"] or "", *(process.info["cmdline"] or [])]
            for digest, places in folders.items():
                if any(word.startswith(f"{place}/") for word in words for place in places):
                    found.setdefault(digest, f"runs as process {process.info['pid']}")
        return found


class _Following:
    """Hands on what is written into a file that may come late and be removed early."""

    def __init__(self, path: Path, on_line: Callable[[str], None]) -> None:
        self._path = path
        self._on_line = on_line
        self._file: TextIO | None = None
        self._begun = ""

    def look(self) -> None:
        """Hand on the lines that are new."""
        if self._file is None:
            with contextlib.suppress(FileNotFoundError):
                self._file = self._path.open(encoding="utf-8", errors="replace")
        if self._file is None:
            return
        *lines, self._begun = (self._begun + self._file.read()).split("\n")
        for line in lines:
            self._on_line(line)

    def __enter__(self) -> _Following:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self.look()  # an open file can be read to its end after it was removed
            self._file.close()

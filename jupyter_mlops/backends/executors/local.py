"""Trials on this machine: one detached runner process per sweep, the twin of a Kubernetes Job.

The runner outlives the Jupyter server and the terminal that started it. Nothing about it is remembered here: whether
it lives is asked of the operating system, what it should do stands in the sweep's work folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from jupyter_mlops.backends.executors.base import ExecutorContext, SweepPlacement
from jupyter_mlops.backends.executors.workdir import Desired, WorkDir
from jupyter_mlops.backends.tracking.chatter import for_others
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import Invalid, Unavailable
from jupyter_mlops.domain.profile import ExecutorOffer
from jupyter_mlops.domain.sweep import SweepOrder

START_SECONDS = 30.0
LITTLE_ROOM = 256 * 1024
"""Bytes free below which a disk is called full."""

_started: list[subprocess.Popen[bytes]] = []
"""Runners that this process started: kept only so that those which have ended are reaped."""


class LocalExecutor:
    """Runs sweeps as processes of this machine.

    Args:
        data_dir: folder below which each sweep has its work folder.
        environment: variables that lead the runner and its trials to the MLflow store.
    """

    name = "local"

    def __init__(self, data_dir: Path, environment: Mapping[str, str]) -> None:
        self._root = data_dir / "sweeps"
        self._environment = dict(environment)

    @classmethod
    def from_context(cls, context: ExecutorContext) -> LocalExecutor:
        return cls(context.data_dir, context.environment)

    def work(self, sweep_id: str) -> WorkDir:
        return WorkDir(self._root / sweep_id)

    def offer(self) -> ExecutorOffer:
        return ExecutorOffer(name=self.name, parallelism=self.default_parallelism())

    def profile(self, name: str | None) -> None:
        if name is not None:
            raise Invalid.one("profile", "Trials on this machine have no compute profile. Leave it out.")

    def examine(self) -> list[Finding]:
        message = f"on this machine, {self.default_parallelism()} trials at once by default"
        return [Finding(name="Trials", status="ok", message=message)]

    def default_parallelism(self) -> int:
        return available_cores()

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        work = self.work(sweep_id)
        try:
            work.create()
            if work.holder("runner") is None:
                self._spawn(sweep_id, work)
        except OSError as error:
            raise Unavailable(
                f"The runner cannot be started: {work.folder}: {error.strerror or error}. Make room or mend the "
                "permissions, then press Resume."
            ) from error

    def _spawn(self, sweep_id: str, work: WorkDir) -> None:
        with work.log("runner").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_mlops.worker.runner", sweep_id, str(work.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=for_others(os.environ) | self._environment,
                start_new_session=True,
            )
        _started[:] = [p for p in _started if p.poll() is None] + [process]
        deadline = time.monotonic() + START_SECONDS
        # The runner says that it is there before it imports anything heavy. Another starter's may be first.
        while work.holder("runner") is None and time.monotonic() < deadline:
            if process.poll() is not None:
                if process.returncode == 0 or not work.exists() or work.holder("runner") is not None:
                    return
                last = _last_line(work.log("runner"))
                raise Unavailable(f"The runner ended as soon as it was started: {last}. Its log: {work.log('runner')}")
            time.sleep(0.02)

    def placement(self, sweep_id: str) -> SweepPlacement:
        work = self.work(sweep_id)
        if not work.exists():
            return SweepPlacement(alive=False)
        desired = work.desired()
        alive = work.holder("runner") is not None
        return SweepPlacement(
            alive=alive,
            active=frozenset(work.active()),
            paused=desired.paused,
            stopped=desired.stopped_by is not None,
            parallelism=desired.parallelism,
            message=_no_room(work.folder) or (work.note() if alive else _last_line(work.log("runner"))),
        )

    def pause(self, sweep_id: str) -> None:
        if not self.work(sweep_id).exists():
            return  # it has ended this moment: a folder made now would never be removed
        self._change(sweep_id, lambda d: msgspec.structs.replace(d, paused=True))

    def resume(self, sweep_id: str) -> None:
        self._change(sweep_id, lambda d: msgspec.structs.replace(d, paused=False))

    def scale(self, sweep_id: str, parallelism: int) -> None:
        self._change(sweep_id, lambda d: msgspec.structs.replace(d, parallelism=parallelism))

    def stop(self, sweep_id: str, by: str) -> None:
        self._change(sweep_id, lambda d: msgspec.structs.replace(d, stopped_by=by))

    def stop_trial(self, sweep_id: str, index: int, by: str) -> None:
        self._change(sweep_id, lambda d: msgspec.structs.replace(d, cancelled={**d.cancelled, index: by}))

    def _change(self, sweep_id: str, change: Callable[[Desired], Desired]) -> None:
        work = self.work(sweep_id)
        try:
            work.create()
            with work.changing() as box:
                box[0] = change(box[0])
        except OSError as error:
            raise Unavailable(
                f"{work.folder} cannot be written: {error.strerror or error}. Make room, then try again."
            ) from error

    def log(self, sweep_id: str, index: int) -> bytes | None:
        try:
            return self.work(sweep_id).log(str(index)).read_bytes()
        except OSError:
            return None

    def revision(self, sweep_id: str) -> str:
        return self.work(sweep_id).revision()

    def live(self) -> dict[str, str]:
        try:
            names = [entry.name for entry in os.scandir(self._root) if entry.is_dir()]
        except OSError:
            return {}
        return {name: self.revision(name) for name in names}


def available_cores() -> int:
    """Cores that this process may use: its affinity, cut by a container's CPU quota (cgroup v2 `cpu.max`)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):
        return cores


def _no_room(folder: Path) -> str:
    """Words for a full disk; a runner cannot write them down itself."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return ""
    if usage.free >= LITTLE_ROOM:
        return ""
    return f"The disk of {folder.parent} is full: trials wait. Make room, and they go on."


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""

"""The files by which a local sweep's runner, its trials and everybody who watches them agree.

    <data_dir>/sweeps/<sweep id>/
        desired.json        what people want: paused, stopped, trials cancelled (the local twin of Job.spec)
        runner.json         pid and start time of the runner; alive or not is asked of the system, never stored
        runner.lock         held by the runner; runner.log what it printed
        changed             touched when something may have changed; its time is the sweep's revision
        note                what a trial waits for before it can begin: its environment is being rebuilt
        environment.json    what the kernel's environment was when it was last asked, and how a change is noticed
        <index>-files/      a snapshot's files laid out, where the notebook's own folder has changed
        <index>.json .lock .log .ipynb    the same for each running trial, and its executed notebook so far

A file is written beside its name and renamed. When a sweep has ended the folder is removed: all that matters is in
MLflow by then.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
from filelock import FileLock, Timeout


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """What people want of a sweep."""

    paused: bool = False
    parallelism: int | None = None
    stopped_by: str | None = None
    cancelled: dict[int, str] = {}
    """Trials to stop, each with who asked for it."""


class Identity(msgspec.Struct, frozen=True):
    """A process, told apart from a later one that got the same pid by its start time."""

    pid: int
    created: float

    @classmethod
    def own(cls) -> Identity:
        return cls(os.getpid(), psutil.Process().create_time())

    def process(self) -> psutil.Process | None:
        """The process, None when it has ended (a zombie has)."""
        try:
            process = psutil.Process(self.pid)
            # psutil reads clock ticks: the same process may differ in the last digits.
            same = abs(process.create_time() - self.created) < 0.05
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


class WorkDir:
    """One sweep's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def exists(self) -> bool:
        return self.folder.is_dir()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    # What people want

    def desired(self) -> Desired:
        content = _read(self.folder / "desired.json")
        return msgspec.json.decode(content, type=Desired) if content else Desired()

    @contextmanager
    def changing(self) -> Iterator[list[Desired]]:
        """Change the desired state: replace the one element of the list. Two people at once take turns."""
        with FileLock(self.folder / "desired.lock", timeout=10):
            box = [self.desired()]
            yield box
            write(self.folder / "desired.json", msgspec.json.encode(box[0]))
        self.touch()

    # Who is there

    @contextmanager
    def holding(self, name: str) -> Iterator[bool]:
        """Be the one process called `name` (`runner`, or a trial's index); gives False when another one is."""
        lock = FileLock(self.folder / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            write(self.folder / f"{name}.json", msgspec.json.encode(Identity.own()))
            yield True
        finally:
            (self.folder / f"{name}.json").unlink(missing_ok=True)
            self.touch()
            lock.release()

    def holder(self, name: str) -> psutil.Process | None:
        """The living process of that name, None when there is none."""
        content = _read(self.folder / f"{name}.json")
        if not content:
            return None
        try:
            return msgspec.json.decode(content, type=Identity).process()
        except msgspec.DecodeError:
            return None

    def active(self) -> dict[int, psutil.Process]:
        """Trials that a living process runs."""
        found = {}
        for path in self.folder.glob("[0-9]*.json"):
            process = self.holder(path.stem)
            if process is not None:
                found[int(path.stem)] = process
        return found

    # Signs and traces

    def touch(self) -> None:
        """Say that something may have changed. A hint: if it cannot be written, the slow poll finds the change."""
        try:
            path = self.folder / "changed"
            path.touch()
            os.utime(path)
        except OSError:
            pass

    def revision(self) -> str:
        try:
            changed = (self.folder / "changed").stat().st_mtime_ns
        except OSError:
            changed = 0
        return f"{changed}:{self.holder('runner') is not None}" if self.exists() else "ended"

    def note(self) -> str:
        """What a trial waits for before it can begin; empty when there is nothing to say."""
        return (_read(self.folder / "note") or b"").decode(errors="replace")

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def notebook(self, index: int) -> Path:
        return self.folder / f"{index}.ipynb"

    def clear_trial(self, index: int) -> None:
        """Remove what a trial that has ended left here."""
        for suffix in ("json", "lock", "log", "ipynb"):
            (self.folder / f"{index}.{suffix}").unlink(missing_ok=True)
        shutil.rmtree(self.folder / f"{index}-files", ignore_errors=True)


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.close()
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None

"""One environment's place in the cache, and what state it is in.

    <cache>/<digest>/                finished: appears by one rename, so that nothing half-built is ever found there
    <cache>/<digest>.building/       work folder of its builder
        builder.json .lock .log .err     who builds, what it says; starter.* the same for who starts it
        environment.json                 what is to be built
        failure.json                     why the last attempt failed; the next one removes it
        prefix-<n>/                      being built
    <cache>/<digest>.conda-<n>/      a conda prefix cannot be renamed: there <digest> is a link to it, made last

Whether it is being built is asked of the system, never stored.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from jupyter_mlops.backends.environments import kernelspec
from jupyter_mlops.backends.environments.record import RECORD, Record, packages_folder
from jupyter_mlops.backends.executors.workdir import WorkDir, write
from jupyter_mlops.domain.environment import Environment, EnvironmentState, EnvironmentStatus
from jupyter_mlops.domain.errors import Missing, MlopsError, Unavailable

T = TypeVar("T")

BUILDER = "builder"
STARTER = "starter"
LITTLE_ROOM = 256 * 1024
"""Bytes free below which a disk is called full."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt failed."""

    message: str
    missing: bool = False
    """Whether a program has to be installed first."""

    def error(self) -> MlopsError:
        return (Missing if self.missing else Unavailable)(self.message)


class Slot:
    """The place of one environment."""

    def __init__(self, cache: Path, digest: str) -> None:
        self.cache = cache
        self.digest = digest
        self.finished = cache / digest
        self.work = WorkDir(cache / f"{digest}.building")

    @property
    def log(self) -> Path:
        return self.work.log(BUILDER)

    # Reading

    def state(self) -> EnvironmentState:
        """As it is now: everything is read off the disk and the processes."""
        record = self.record()
        wrong = record.wrong(self.finished) if record is not None else ""
        if record is not None and not wrong:
            return self._ready(record)
        if self.busy():
            return self._state("building", _last_line(self.log) or "Starting…")
        failure = self.failure()
        if failure is not None:
            return self._state("failed", failure.message)
        if wrong:
            return self._state("failed", wrong)
        # The builder may have finished while we looked.
        record = self.record()
        if record is not None:
            return self._ready(record)
        return self._state("failed", self._broken_off()) if self.work.exists() else self._state("absent", "")

    def _state(self, status: EnvironmentStatus, message: str) -> EnvironmentState:
        order = self.order()
        return EnvironmentState(
            digest=self.digest,
            status=status,
            message=message,
            folder=str(self.finished),
            python=order.python if order is not None else "",
            packages=len(order.packages) + len(order.conda) if order is not None else 0,
            used=_milliseconds(self.log) or _milliseconds(self.work.folder),
        )

    def _ready(self, record: Record) -> EnvironmentState:
        kernel, notes = "", list(record.notes)
        if (packages_folder(self.finished) / "ipykernel_launcher.py").is_file():
            try:
                kernel = kernelspec.register(self.digest, record.python, self.finished / "bin" / "python")
            except OSError as error:
                notes.append(f"It cannot be registered as a kernel: {error.strerror}. Mend the permissions.")
        else:
            notes.append("It holds no ipykernel: notebooks cannot run in it.")
        return EnvironmentState(
            digest=self.digest,
            status="ready",
            message=" ".join(notes),
            kernel=kernel,
            folder=str(self.finished),
            python=record.python,
            packages=record.packages,
            size=record.size,
            used=_milliseconds(self.finished / RECORD),
        )

    def busy(self) -> bool:
        """Whether a living process builds it, or starts one that will."""
        with contextlib.suppress(NotADirectoryError):  # the cache's own folder may be none
            return any(self.work.holder(name) is not None for name in (BUILDER, STARTER))
        return False

    def sound(self) -> bool:
        """Whether it is finished, and still what was built."""
        record = self.record()
        return record is not None and not record.wrong(self.finished)

    def record(self) -> Record | None:
        """What is finished here."""
        return _decoded(self.finished / RECORD, Record)

    def order(self) -> Environment | None:
        """What is to be built here."""
        return _decoded(self.work.folder / "environment.json", Environment)

    def failure(self) -> Failure | None:
        return _decoded(self.work.folder / "failure.json", Failure)

    def exists(self) -> bool:
        return self.finished.exists() or self.work.exists()

    def _broken_off(self) -> str:
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self.cache).free < LITTLE_ROOM:
                return f"The disk of {self.cache} is full. Make room, then restore again."
        last = _last_line(self.log)
        return f"Its rebuild was broken off{f' at: {last}' if last else ''}. Restore it again."

    # Writing

    def prepare(self, environment: Environment) -> None:
        """Say what is to be built, and forget the last attempt."""
        for name in ("failure.json", f"{BUILDER}.log"):
            (self.work.folder / name).unlink(missing_ok=True)
        write(self.work.folder / "environment.json", msgspec.json.encode(environment))

    def clear(self) -> None:
        """Remove what earlier attempts left; for the builder only."""
        for path in self.work.folder.glob("prefix-*"):
            shutil.rmtree(path, ignore_errors=True)
        linked = self.finished.resolve()
        for path in self.cache.glob(f"{self.digest}.*"):
            if path not in (self.work.folder, linked):
                _removed(path)

    def prefix(self, conda: bool) -> Path:
        """A new place to build in. Never one that was used: what wrote there may not have noticed its end."""
        token = secrets.token_hex(4)
        return self.cache / f"{self.digest}.conda-{token}" if conda else self.work.folder / f"prefix-{token}"

    def finish(self, prefix: Path, environment: Environment, notes: list[str]) -> None:
        """Put a built environment into its place, whole, and clean up."""
        record = Record.of(prefix, environment, notes)
        write(prefix / RECORD, msgspec.json.encode(record))
        if environment.conda:
            link = self.cache / f"{self.digest}.link-{secrets.token_hex(4)}"
            link.symlink_to(prefix.name, target_is_directory=True)
            self._aside()
            link.replace(self.finished)
        else:
            self._aside()
            prefix.rename(self.finished)
        self.state()  # which registers its kernel
        self.clear()
        self.work.remove()

    def fail(self, failure: Failure) -> None:
        """Say why an attempt failed; if even that cannot be written, it was broken off."""
        with contextlib.suppress(OSError):
            write(self.work.folder / "failure.json", msgspec.json.encode(failure))

    def touch(self) -> None:
        """Say that it is of use."""
        with contextlib.suppress(OSError):
            os.utime(self.finished / RECORD)

    def remove(self) -> None:
        """Remove it, its kernel first, so that nothing of Jupyter's leads to what is half gone."""
        kernelspec.remove(self.digest)
        self._aside()
        for path in self.cache.glob(f"{self.digest}.*"):
            _removed(path)

    def _aside(self) -> None:
        """Take what is in the finished place out of it, in one rename."""
        with contextlib.suppress(FileNotFoundError):
            self.finished.rename(self.cache / f"{self.digest}.removed-{secrets.token_hex(4)}")


def slots(cache: Path) -> Iterator[Slot]:
    """Every place that something is in."""
    try:
        names = {entry.name[:64] for entry in os.scandir(cache)}
    except OSError:
        return
    for name in sorted(names):
        if len(name) == 64 and all(letter in "0123456789abcdef" for letter in name):
            slot = Slot(cache, name)
            if slot.exists():
                yield slot


def _decoded(file: Path, type: type[T]) -> T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=type)
    except (OSError, msgspec.DecodeError):
        return None


def _removed(path: Path) -> None:
    if path.is_symlink():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def _milliseconds(path: Path) -> int:
    try:
        return int(path.stat().st_mtime * 1000)
    except OSError:
        return 0


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""

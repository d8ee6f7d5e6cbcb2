"""Where a trial runs: in which folder, with which kernel.

Both as its snapshot says. As long as the notebook's folder and its kernel's environment are still what was kept, they
are used as they are and nothing is laid out or rebuilt.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.backends.environments.capture import KernelProbe, Stamp
from jupyter_mlops.backends.executors.workdir import WorkDir, write
from jupyter_mlops.backends.layout import lay_out, overlay, unchanged
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.domain.snapshot import Snapshot
from jupyter_mlops.domain.sweep import SweepOrder

log = logging.getLogger("jupyter_mlops")

CACHE = "JUPYTER_MLOPS_CACHE"
"""Variable that names the folder of rebuilt environments and built wheels."""
NOTE = "note"
"""File in which a trial says what it is preparing, for those who watch."""


class _Asked(msgspec.Struct, frozen=True):
    """What a kernel's environment was when it was last asked: digest, and the stamp by which a change is noticed."""

    stamp: Stamp
    digest: str


@contextlib.contextmanager
def laid_out(
    order: SweepOrder, snapshot: Snapshot, index: int, content: bytes, tracking: MlflowTracking, work: WorkDir
) -> Iterator[Path]:
    """The folder for a trial; what was laid out for it is removed afterwards."""
    clean = order.purpose == "verification"
    origin = Path(order.cwd) if order.cwd else None
    base = _base(origin, snapshot) if origin is not None else None
    if not clean and origin is not None and origin.is_dir() and (base is None or unchanged(base, snapshot.manifest)):
        yield origin
        return
    folder = work.folder / f"{index}-files"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        files = tracking.snapshots.files(snapshot.digest)
        if clean or base is None or not base.is_dir():
            lay_out(folder, snapshot.manifest, content, files)
        else:
            log.warning("Local code has changed since snapshot %s; the trial runs what was kept.", snapshot.digest[:12])
            overlay(folder, base, snapshot.manifest, files)
        yield folder / snapshot.manifest.folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _base(origin: Path, snapshot: Snapshot) -> Path | None:
    """The folder that holds all of a snapshot's files, from the one its notebook lay in; None without files."""
    if not snapshot.manifest.files:
        return None
    depth = len(Path(snapshot.manifest.folder).parts)
    return origin.parents[depth - 1] if depth else origin


def kernel_for(order: SweepOrder, snapshot: Snapshot, tracking: MlflowTracking, work: WorkDir) -> str:
    """The kernel's own name while its environment is the one that was kept, else that of the rebuilt one.

    Raises:
        Missing, Unavailable: it cannot be rebuilt; says which package and what can be done.
    """
    clean = order.purpose == "verification"
    environment = snapshot.manifest.environment
    if environment is None:
        return order.kernel
    cache = Path(os.environ.get(CACHE, str(work.folder.parent / "cache")))
    probe = KernelProbe(cache / "wheels")
    if not clean and _present(order.kernel, probe, work) == environment.digest:
        return order.kernel
    digest = environment.digest
    note = work.folder / NOTE

    def say(line: str) -> None:
        log.info("%s", line)
        with contextlib.suppress(OSError):
            write(note, f"The environment of snapshot {snapshot.digest[:12]} is being rebuilt. {line}".encode())
        work.touch()

    environments = EnvironmentCache(cache / "environments", tracking.environment(), probe)
    try:
        state = environments.wait(environment, snapshot.digest, say)
    finally:
        note.unlink(missing_ok=True)
    log.info("Runs in the rebuilt environment %s.", digest[:12])
    return state.kernel


def _present(kernel: str, probe: KernelProbe, work: WorkDir) -> str:
    """Digest of the environment that a kernel has now; asked anew only when something was installed or removed."""
    known = work.folder / "environment.json"
    try:
        asked = msgspec.json.decode(known.read_bytes(), type=_Asked)
        if asked.stamp.holds():
            return asked.digest
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        pass
    try:
        captured, stamp = probe.capture_stamped(kernel)
    except Invalid:
        return ""  # the kernel is not installed here: the rebuilt one is
    if captured.environment is None:
        return ""  # it did not answer this time; the next trial asks again
    write(known, msgspec.json.encode(_Asked(stamp, captured.environment.digest)))
    return captured.environment.digest

"""Wheels of packages that no index has: built from the person's own folders, or put together from what is installed.

<cache>/kept/<content>/<file>    wheels and sources, by what they hold
<cache>/built/<key>.json         which of them a folder made last, or why it made none; <key>.lock while it is made
"""

from __future__ import annotations

import contextlib
import csv
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from jupyter_mlops.backends.environments import members, projects
from jupyter_mlops.domain.canonical import content_digest
from jupyter_mlops.domain.environment import PackageKind

BUILD_SECONDS = 120
_SECOND_TRY_SECONDS = 60
_LOCK_SECONDS = BUILD_SECONDS + _SECOND_TRY_SECONDS + 30
_FAILED_SECONDS = 3600.0
"""After that a build that failed is tried again, though nothing changed: the index may be reachable by now."""
_KEEP_SECONDS = 14 * 86400.0


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder came to."""

    kind: PackageKind
    content: str = ""
    file: str = ""
    """Path within the cache; empty when nothing could be kept."""
    reason: str = ""
    """Why there is no wheel."""
    watched: list[str] = []
    """Files and folders whose change may make another package of it."""


class _Built(msgspec.Struct, frozen=True, kw_only=True):
    signature: str
    roots: list[str] | None = None
    kept: Kept
    made: float


class WheelCache:
    """Wheels by content, shared between snapshots and, through locks, between processes."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def path(self, kept: Kept) -> Path:
        """Where the file is."""
        return self._cache / kept.file

    def of_installed(self, info: Path, prefix: Path) -> Kept:
        """The wheel that a distribution was installed from, put together again from its installed files.

        What is installed is what ran: the folder or wheel it came from may be gone, or be another one by now.
        """
        try:
            found = members.installed(info, prefix)
            content = members.content_of(found.hashes, found.metadata)
            file = f"kept/{content}/{found.name}"
            if not self._used(file):
                with tempfile.TemporaryDirectory(dir=self._made("tmp")) as work:
                    wheel = members.written(found, Path(work))
                    content = members.wheel_content(wheel)  # another one if installed files were edited
                    file = self._keep(wheel, content)
        except (OSError, ValueError, csv.Error) as error:
            return Kept(kind="index", reason=f"its installed files cannot be read ({error})")
        return Kept(kind="wheel", content=content, file=file)

    def of_project(self, folder: Path, name: str, version: str, python: str) -> Kept:
        """A wheel of a folder's present sources, or those sources where none can be built.

        Args:
            version: of the installed distribution. Tools that ask git for the version are told this one instead.
            python: path of the interpreter to build for.
        """
        from filelock import FileLock, Timeout

        key = content_digest(f"{folder}\0{python}\0{name}\0{version}".encode())[:24]
        try:
            known = self._known(key, folder)
            if known is not None:
                return known
            with FileLock(self._made("built") / f"{key}.lock", timeout=_LOCK_SECONDS):
                return self._known(key, folder) or self._build(key, folder, name, version, python)
        except projects.TooLarge as error:
            return Kept(kind="index", reason=str(error))
        except Timeout:
            return Kept(kind="index", reason="another snapshot has been building it for minutes")
        except (OSError, zipfile.BadZipFile) as error:
            return Kept(kind="index", reason=str(error))

    def _known(self, key: str, folder: Path) -> Kept | None:
        try:
            built = msgspec.json.decode((self._cache / "built" / f"{key}.json").read_bytes(), type=_Built)
        except (OSError, msgspec.DecodeError):
            return None
        counting = projects.counting(projects.source_files(folder), built.roots)
        if built.signature != projects.signature(folder, counting):
            return None
        if built.kept.kind != "wheel" and time.time() - built.made > _FAILED_SECONDS:
            return None
        if built.kept.file and not self._used(built.kept.file):
            return None
        return msgspec.structs.replace(built.kept, watched=_watched(folder, counting))

    def _build(self, key: str, folder: Path, name: str, version: str, python: str) -> Kept:
        for _ in range(2):  # once more if a file was written meanwhile: by the person, or by the build itself
            paths = projects.source_files(folder)
            before = projects.signature(folder, paths)
            kept, roots = self._attempt(folder, paths, name, version, python)
            if kept.kind != "wheel" or before == projects.signature(folder, paths):
                break
        counting = projects.counting(paths, roots)
        record = _Built(signature=projects.signature(folder, counting), roots=roots, kept=kept, made=time.time())
        _write(self._made("built") / f"{key}.json", msgspec.json.encode(record))
        self._forget()
        return msgspec.structs.replace(kept, watched=_watched(folder, counting))

    def _attempt(
        self, folder: Path, paths: list[str], name: str, version: str, python: str
    ) -> tuple[Kept, list[str] | None]:
        with tempfile.TemporaryDirectory(dir=self._made("tmp")) as work:
            wheel, reason = _built_wheel(folder, Path(work), name, version, python)
            if wheel is None:
                return self._sources(folder, paths, name, version, reason, Path(work)), None
            found = members.in_wheel(wheel)
            content = members.content_of(found.hashes, found.metadata)
            kept = Kept(kind="wheel", content=content, file=self._keep(wheel, content))
            return kept, projects.roots_of(folder, paths, found.sizes)

    def _sources(self, folder: Path, paths: list[str], name: str, version: str, reason: str, work: Path) -> Kept:
        try:
            packed, hashes = projects.packed(folder, paths, name.replace("-", "_"), version)
        except projects.TooLarge as error:
            return Kept(kind="index", reason=f"{reason}; {error}")
        content = members.listed(hashes)
        file = work / f"{name.replace('-', '_')}-{version}.tar.gz"
        file.write_bytes(packed)
        return Kept(kind="sources", content=content, file=self._keep(file, content), reason=reason)

    def _keep(self, file: Path, content: str) -> str:
        """Rename a finished file to its place; of two that hold the same, either will do."""
        path = self._made(f"kept/{content}") / file.name
        file.replace(path)
        return path.relative_to(self._cache).as_posix()

    def _used(self, file: str) -> bool:
        """Whether a file is there; says that it was of use."""
        with contextlib.suppress(OSError):  # of a cache that somebody else keeps
            os.utime((self._cache / file).parent)
        return (self._cache / file).is_file()

    def _forget(self) -> None:
        """Remove what was of no use for two weeks, or broke off: every snapshot has its own copy."""
        for folder in [*self._made("kept").iterdir(), *self._made("tmp").iterdir()]:
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _KEEP_SECONDS:
                    shutil.rmtree(folder)

    def _made(self, name: str) -> Path:
        folder = self._cache / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _watched(folder: Path, counting: Sequence[str]) -> list[str]:
    folders = {path.rpartition("/")[0] for path in counting} | {""}
    return [str(folder / path) for path in [*sorted(folders), *counting]]


def _built_wheel(folder: Path, work: Path, name: str, version: str, python: str) -> tuple[Path | None, str]:
    """A wheel, or why there is none. Without an index, what the kernel's environment has may do for building."""
    try:
        from uv import find_uv_bin

        command = [find_uv_bin(), "build", "--wheel", "--python", python, "--out-dir", str(work / "out")]
    except (ImportError, FileNotFoundError):
        return None, "uv, which builds it, is not installed: pip install uv"
    environment = _build_environment(work, name, version)
    why = ""
    for options, seconds in (([], BUILD_SECONDS), (["--no-build-isolation", "--offline"], _SECOND_TRY_SECONDS)):
        code, said = _run([*command, *options, str(folder)], environment, seconds)
        wheels = list((work / "out").glob("*.whl"))
        if code == 0 and wheels:
            return wheels[0], ""
        why = why or (_reason(said) if code is not None else f"building took more than {seconds} s")
        if code is None:
            break
    return None, why


def _build_environment(work: Path, name: str, version: str) -> dict[str, str]:
    """Variables that keep the day out of a wheel, and setuptools' leftovers out of folder and wheel."""
    (work / "egg").mkdir()
    settings = work / "setuptools.cfg"
    settings.write_text(f"[build]\nbuild_base={work / 'build'}\n[egg_info]\negg_base={work / 'egg'}\n")
    return {
        **os.environ,
        "DIST_EXTRA_CONFIG": str(settings),
        f"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{name.upper().replace('-', '_')}": version,
        "SOURCE_DATE_EPOCH": "315532800",  # the first day a zip file can name
        "PYTHONHASHSEED": "0",
        "UV_PYTHON_DOWNLOADS": "never",
        "NO_COLOR": "1",
    }


def _run(command: list[str], environment: dict[str, str], seconds: float) -> tuple[int | None, str]:
    """Exit code, None when it took too long, and what it printed. Ends what it started, too: a build is many."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, said = process.communicate(timeout=seconds)
        return process.returncode, said.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _reason(said: str) -> str:
    """The line of a failed build that says most, without credentials."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("hint:")]
    causes = [line.removeprefix("cause: ") for line in lines if line.startswith("cause: ")]
    raised = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Exit)\b.*", line)]
    chosen = (raised or causes or lines or ["uv said nothing"])[-1]
    return re.sub(r"//[^/@\s]+@", "//", chosen)[:300]


def _write(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)

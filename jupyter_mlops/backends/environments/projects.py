"""Folders of the person's own from which packages are installed: which files make them up, and whether they changed."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from jupyter_mlops.domain.canonical import content_digest

MOST_FILES = 20_000
MOST_BYTES = 50 * 1024 * 1024
_SECONDS = 10

_LEFT_OUT = {
    ".eggs",
    ".git",
    ".hg",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pycache__",
    "build",
    "dist",
    "mlruns",
    "node_modules",
    "venv",
}
_ASIDE = {"benchmarks", "docs", "examples", "test", "tests"}
_BUILDS = {".build", ".c", ".cc", ".cfg", ".cmake", ".cpp", ".cu", ".cxx", ".f", ".f90", ".h", ".hpp", ".in", ".pxd"}
_BUILDS |= {".py", ".pyi", ".pyx", ".rs", ".toml", ".txt"}


class TooLarge(Exception):
    """More files, or bytes, than a package has."""


def source_files(folder: Path) -> list[str]:
    """Files of a project with `/`, sorted: what git knows or would add, or all but what tools leave behind.

    Raises:
        TooLarge: there are more than a project has; the folder is a home, perhaps, or holds data.
    """
    listed = _git_files(folder)
    if listed is None:
        listed = _walked(folder)
    kept = [path for path in listed if not _left_out(path)]
    if len(kept) > MOST_FILES:
        raise TooLarge(f"it has more than {MOST_FILES:,} files")
    return sorted(set(kept))


def _left_out(path: str) -> bool:
    if path.endswith(".ipynb") or not path.isprintable():  # lone surrogates stand for bytes that are not text
        return True
    return any(part in _LEFT_OUT or part.endswith(".egg-info") for part in path.split("/"))


def _git_files(folder: Path) -> list[str] | None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    # A folder that its repository ignores has no files there, and is a project all the same.
    return [os.fsdecode(path) for path in done.stdout.split(b"\0") if path] or None if done.returncode == 0 else None


def _walked(folder: Path) -> list[str]:
    found: list[str] = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not name.endswith(".egg-info")]
        base = Path(root).relative_to(folder)
        found += [(base / name).as_posix() for name in files if not name.endswith((".pyc", ".pyo"))]
        if len(found) > MOST_FILES * 2:
            raise TooLarge(f"it has more than {MOST_FILES:,} files")
    return found


def counting(paths: Iterable[str], roots: Iterable[str] | None) -> list[str]:
    """The files whose change makes another package of it: code, and all that lies where the last one came from.

    So that what a notebook in the project writes beside itself builds nothing anew.

    Args:
        roots: first parts of the paths of what was in the last package; None when there was none: all count.
    """
    if roots is None:
        return list(paths)
    known = set(roots)
    found = []
    for path in paths:
        first = path.partition("/")[0]
        if first in known or (first not in _ASIDE and PurePosixPath(path).suffix.lower() in _BUILDS):
            found.append(path)
    return found


def signature(folder: Path, paths: Iterable[str]) -> str:
    """A text that differs when one of the files was written, without reading them."""
    lines = []
    for path in paths:
        try:
            stat = os.stat(folder / path)  # noqa: PTH116 -- half the time of Path.stat, and there are thousands
        except OSError:  # deleted, and git knows it still
            continue
        lines.append(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}")
    return content_digest("\n".join(lines).encode(errors="surrogateescape"))


def roots_of(folder: Path, paths: Iterable[str], members: dict[str, int]) -> list[str]:
    """First parts of the paths of those files that are in a package.

    Args:
        members: size by path in the package; a file is taken for the member of its name and size.
    """
    shipped = {(path.rpartition("/")[2], size) for path, size in members.items()}
    found = set()
    for path in paths:
        file = folder / path
        if file.is_file() and (file.name, file.stat().st_size) in shipped:
            found.add(path.partition("/")[0])
    return sorted(found)


def packed(folder: Path, paths: Iterable[str], name: str, version: str) -> tuple[bytes, dict[str, str]]:
    """The files as a source distribution with equal bytes for equal content; sha256 of each member by path.

    Raises:
        TooLarge: they are more than 50 MB.
    """
    files = [(path, folder / path) for path in paths]
    files = [(path, file) for path, file in files if file.is_file()]
    if sum(file.stat().st_size for _, file in files) > MOST_BYTES:
        raise TooLarge(f"its files are more than {MOST_BYTES // 1024 // 1024} MB")
    contents = {path: file.read_bytes() for path, file in files}
    # Tools that ask git for the version find it here instead.
    contents.setdefault("PKG-INFO", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode())
    executable = {path for path, file in files if os.access(file, os.X_OK)}
    buffer = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", fileobj=buffer, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path, content in sorted(contents.items()):
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size, info.mode = len(content), 0o755 if path in executable else 0o644
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue(), {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}

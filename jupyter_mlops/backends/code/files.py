"""The local files that a notebook needs: code that it imports, and files that the person names."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from jupyter_mlops.backends.base import LocalFiles, NotebookSource
from jupyter_mlops.backends.code.cells import python_cells
from jupyter_mlops.backends.code.follow import LocalCode
from jupyter_mlops.backends.reading import language_of
from jupyter_mlops.domain.errors import Invalid, NotAllowed, Problem
from jupyter_mlops.domain.snapshot import MAX_BYTES

_MOST_FILES = 50_000
_LARGEST_NAMED = 5


def local_files(
    source: NotebookSource,
    root: Path | None,
    include: Sequence[str] = (),
    limit: int = MAX_BYTES,
    remembered: Sequence[str] = (),
) -> LocalFiles:
    """Find what has to lie beside a notebook so that it runs elsewhere. Nothing of it is executed.

    Args:
        root: the folder that no file may lie outside of, links followed; None for a terminal.
        include: globs from the notebook's folder; a folder stands for everything in it.
        limit: bytes that all files together may have.
        remembered: globs that were named for an earlier snapshot; what they matched may be gone since.

    Raises:
        Invalid: a glob matches nothing, or the files are larger than the limit.
        NotAllowed: a named file lies outside the root.
    """
    folder = source.file.parent
    if root is not None and root.resolve() in _TOPS:
        root = None  # it bounds nothing, and nothing may be laid out from there
    notes: list[str] = []
    found = _code(source, root, notes)
    gone = [pattern for pattern in remembered if not _matches(folder, pattern)]
    notes += [f"{pattern!r}, which was named for its last snapshot, matches no file any more." for pattern in gone]
    named = _included(folder, root, [*include, *(pattern for pattern in remembered if pattern not in gone)])
    files = sorted({*found, *named} - {source.file})
    _check_size(files, folder, limit)
    return LocalFiles(base=_base(folder, files), files=files, notes=notes)


def _code(source: NotebookSource, root: Path | None, notes: list[str]) -> set[Path]:
    language = language_of(source.content)
    if language != "python":
        notes.append(f"The notebook is in {language}: the files that its code needs are not known. Name them.")
        return set()
    cells = python_cells(source.content)
    notes += [
        f"Cell {cell.index + 1} cannot be read as Python: what it imports is not known."
        for cell in cells
        if cell.error or cell.too_deep
    ]
    code = LocalCode(source.file, cells)
    notes += code.notes
    if code.search_unknown:
        notes.append("It adds folders to sys.path that its source does not spell out: modules there are not known.")
    found: set[Path] = set()
    for file in (*code.modules, *(file for package in code.packages for file in _below(package))):
        why = _outside(file, source.file.parent, root)
        if why:
            notes.append(f"{file} was left out: {why}.")
        else:
            found.add(file)
    notes.sort()
    return found


def _below(folder: Path) -> Iterator[Path]:
    """Every file of a folder but what tools leave behind."""
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in names:
            file = Path(at, name)
            if not name.startswith(".") and not name.endswith(".pyc") and file.is_file():
                yield file


def _outside(file: Path, folder: Path, root: Path | None) -> str:
    """Why a file may not be taken; empty when it may."""
    if root is not None:
        return "" if _lies_in(file, root) else "it lies outside the folder that this server shows"
    apart = _common([folder, file.parent]) in _TOPS and folder not in _TOPS
    return "it has no folder in common with the notebook but the topmost" if apart else ""


def _lies_in(file: Path, root: Path) -> bool:
    """Whether a file, and what it leads to when it is a link, lies in a folder."""
    top = root.resolve()
    return file.resolve().is_relative_to(top) and (file.is_relative_to(top) or file.is_relative_to(root))


_TOPS = (None, Path(os.sep))


def _common(folders: Sequence[Path]) -> Path | None:
    try:
        common = Path(os.path.commonpath(folders))
    except ValueError:  # on different drives
        return None
    return None if common == Path(common.anchor) and common != Path(os.sep) else common


def _base(folder: Path, files: Sequence[Path]) -> Path:
    return _common([folder, *(file.parent for file in files)]) or folder


def _included(folder: Path, root: Path | None, include: Sequence[str]) -> set[Path]:
    found: set[Path] = set()
    problems: list[Problem] = []
    for pattern in include:
        matched = _matches(folder, pattern)
        if not matched:
            message = f"{pattern!r} matches no file. Paths are relative to the notebook's folder."
            problems.append(Problem(field="include", message=message))
        found |= matched
        if len(found) > _MOST_FILES:
            raise Invalid.one("include", f"{pattern!r} matches more than {_MOST_FILES:,} files. Name fewer.")
    if problems:
        raise Invalid(problems)
    for file in sorted(found):
        why = _outside(file, folder, root)
        if why and root is not None:
            raise NotAllowed(f"{os.path.relpath(file, folder)!r} cannot be included: {why}.")
        if why:
            raise Invalid.one("include", f"{str(file)!r} cannot be included: {why}. Put it beside the notebook.")
    return found


def _matches(folder: Path, pattern: str) -> set[Path]:
    if not pattern.strip() or "\0" in pattern:
        return set()
    plain = folder / pattern
    # A name with brackets in it may be meant as it is written.
    names: Iterable[str] = [str(plain)]
    if not os.path.lexists(plain):
        names = glob.iglob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 - pathlib's knows no `..`
    found: set[Path] = set()
    for name in names:
        path = Path(os.path.normpath(folder / name))
        if path.is_dir() and "**" not in pattern:
            found.update(_below(path))
        elif path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
            found.add(path)
        if len(found) > _MOST_FILES:
            break
    return found


def _check_size(files: Sequence[Path], folder: Path, limit: int) -> None:
    sizes = {file: file.stat().st_size for file in files if file.exists()}
    total = sum(sizes.values())
    if total <= limit:
        return
    largest = sorted(sizes, key=lambda file: (-sizes[file], file))[:_LARGEST_NAMED]
    named = ", ".join(f"{os.path.relpath(file, folder)} ({_megabytes(sizes[file])})" for file in largest)
    raise Invalid.one(
        "include",
        f"The local files of the notebook have {_megabytes(total)}, and a snapshot may have {_megabytes(limit)}. "
        f"The largest: {named}. Leave them out of --include or move them out of the package, "
        "or raise c.MLOps.max_snapshot_bytes.",
    )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"

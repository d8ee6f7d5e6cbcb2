"""Modules as files: where Python would find what an import names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

EXTENSIONS = (".so", ".pyd")


def is_file(path: Path) -> bool:
    """Whether there is a file; a name that the system refuses is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_dir(path: Path) -> bool:
    """Whether there is a folder; a name that the system refuses is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def module_file(folder: Path, name: str) -> Path | None:
    if is_file(folder / f"{name}.py"):
        return folder / f"{name}.py"
    try:
        compiled = [file for file in folder.glob(f"{name}.*") if file.suffix in EXTENSIONS]
    except (OSError, ValueError):
        return None
    return min(compiled, default=None)


def reached(folder: Path, parts: Sequence[str], members: Sequence[str]) -> tuple[list[Path], bool]:
    """The files that importing a dotted name below a folder runs, and whether all of it is there."""
    files: list[Path] = []
    here = folder
    if not parts and is_file(here / "__init__.py"):
        files.append(here / "__init__.py")
    for at, part in enumerate(parts):
        inner = here / part
        module = None if is_file(inner / "__init__.py") else module_file(here, part)
        if module is not None:
            return [*files, module], at == len(parts) - 1
        if is_file(inner / "__init__.py"):
            files.append(inner / "__init__.py")
        elif not is_dir(inner):
            return files, False
        here = inner
    for member in members:
        module = here / member / "__init__.py"
        found = module if is_file(module) else module_file(here, member)
        if found is not None:
            files.append(found)
    return files, True


def extends_itself(files: Sequence[Path]) -> bool:
    """Whether a package looks for its modules elsewhere, too."""
    signs = (b"__path__", b"sys.modules")
    return any(sign in file.read_bytes() for file in files if file.suffix == ".py" for sign in signs)


def hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)

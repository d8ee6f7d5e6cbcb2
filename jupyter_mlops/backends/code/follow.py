"""From a notebook's cells to the local code that running them runs: imports followed, nothing executed."""

from __future__ import annotations

import ast
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from jupyter_mlops.backends.code.cells import CodeCell, parse, python_cells
from jupyter_mlops.backends.code.imports import Certainty, Import, imports, search_folders
from jupyter_mlops.backends.code.literals import constants
from jupyter_mlops.backends.code.lookup import EXTENSIONS, extends_itself, hidden, is_dir, is_file, module_file, reached
from jupyter_mlops.backends.code.magics import WRITERS

_OWN_EXTENSIONS = ("autoreload", "deduperreload", "storemagic")
"""What IPython finds among its own extensions."""
_LARGEST_SOURCE = 5_000_000
_PYTHON_SCRIPT = re.compile(
    r"(?:^|[\s;&|])(?:\S*python[\d.]*|\{sys\.executable\})\s+(?:-u\s+)?(?P<script>[^\s-]\S*\.py)\b"
)
_PYTHON_MODULE = re.compile(r"(?:^|[\s;&|])(?:\S*python[\d.]*|\{sys\.executable\})\s+(?:-u\s+)?-m\s+(?P<module>[\w.]+)")


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where something is asked for."""

    cell: int
    """Among all cells of the notebook."""
    line: int
    file: Path | None = None
    """The local module that asks, when the cell does so only through it."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is asked for and is not local code that is there."""

    name: str
    origin: Origin
    certainty: Certainty = Certainty.always


class LocalCode:
    """The local code behind a notebook.

    Args:
        file: the notebook.
        cells: its code cells.
    """

    def __init__(self, file: Path, cells: Sequence[CodeCell]) -> None:
        self.folder = file.parent
        self.search: list[Path] = [self.folder]
        """Where imports are looked for: the notebook's folder, and what it adds to `sys.path`."""
        self.search_unknown = False
        """Whether it adds folders that the source does not spell out."""
        self.modules: set[Path] = set()
        self.packages: set[Path] = set()
        """Folders that belong to the code as a whole."""
        self.read: list[Path] = []
        """Modules that are seen to be imported."""
        self.outside: list[Wanted] = []
        """Imports that are not local."""
        self.absent: list[Wanted] = []
        """Modules that a local package is asked for and has not."""
        self.scripts_absent: list[Wanted] = []
        self.notes: list[str] = []
        self._notebook = file
        self._written = {self._beside(name) for cell in cells for name in _written(cell)}
        self._seen: dict[Path, Certainty] = {}
        self._pending: list[tuple[Import, Origin, Path | None]] = []
        self._follow_cells(cells, None)
        self._settle()

    def _follow_cells(self, cells: Sequence[CodeCell], via: Origin | None) -> None:
        known = constants(cell.tree for cell in cells)
        for cell in cells:
            self._add_folders(cell.tree, known)
        for cell in cells:
            for found in imports(cell.tree, known):
                self._pending.append((found, via or Origin(cell=cell.index, line=cell.line(found.line)), None))
            for magic in cell.magics:
                if magic.body is None or magic.name not in WRITERS:
                    self._magic(magic.name, magic.arguments, via or Origin(cell=cell.index, line=magic.line))
            for line, text in cell.shell:
                self._shell(text, via or Origin(cell=cell.index, line=line))

    def _magic(self, name: str, arguments: str, origin: Origin) -> None:
        if name in ("load_ext", "reload_ext") and arguments.strip() in _OWN_EXTENSIONS:
            return
        if name in ("load_ext", "reload_ext") and all(part.isidentifier() for part in arguments.strip().split(".")):
            self._pending.append((Import(module=arguments.strip(), line=origin.line), origin, None))
        elif name == "run":
            self._script(_run_target(arguments), origin)

    def _shell(self, text: str, origin: Origin) -> None:
        for found in _PYTHON_SCRIPT.finditer(text):
            self._script(found["script"].strip("'\""), origin, sure=False)
        for found in _PYTHON_MODULE.finditer(text):
            module = Import(module=found["module"], line=origin.line, certainty=Certainty.unreached)
            self._pending.append((module, origin, None))

    def _script(self, name: str, origin: Origin, sure: bool = True) -> None:
        if not name or any(sign in name for sign in "{$*?\0"):
            return
        file = self._beside(name)
        if not file.suffix:
            file = file.with_suffix(".py")
        if file in self._written or file == self._notebook:
            return
        if not is_file(file):
            if sure:
                self.scripts_absent.append(Wanted(name=name, origin=origin))
            return
        self.modules.add(file)
        if file.suffix == ".ipynb":
            if file not in self._seen:
                self._seen[file] = Certainty.always
                inner = Origin(cell=origin.cell, line=origin.line, file=file)
                # What IPython reads a notebook with; ipykernel does not bring it.
                self._pending.append((Import(module="nbformat", line=origin.line), inner, None))
                self._follow_cells(_cells_of(file), inner)
        else:
            self._read(file, origin, Certainty.always, beside=True)

    def _beside(self, name: str) -> Path:
        # pathlib's expanduser raises where there is no such person.
        return Path(os.path.normpath(self.folder / os.path.expanduser(name))) if "\0" not in name else self.folder  # noqa: PTH111

    def _add_folders(self, tree: ast.Module, known: dict[str, str]) -> None:
        for name in search_folders(tree, known):
            if name is None or "\0" in name:
                self.search_unknown = True
                continue
            folder = self._beside(name)
            if folder not in self.search and not {"site-packages", "dist-packages"} & set(folder.parts):
                self.search.append(folder)

    def _settle(self) -> None:
        """Resolve what is pending; what a module adds to `sys.path` may find what was not found before."""
        unresolved: list[tuple[Import, Origin, Path | None]] = []
        while self._pending:
            folders = len(self.search)
            while self._pending:
                item = self._pending.pop()
                if not self._resolve(*item):
                    unresolved.append(item)
            if len(self.search) > folders:
                self._pending, unresolved = unresolved, []
        for wanted, origin, module in unresolved:
            if wanted.certainty is Certainty.unreached:
                continue
            name = "." * wanted.level + wanted.module
            found = Wanted(name=name, origin=origin, certainty=wanted.certainty)
            if not wanted.level:
                self.outside.append(found)
            elif module is None:
                self.absent.append(found)

    def _resolve(self, wanted: Import, origin: Origin, module: Path | None) -> bool:
        """Whether it is local code; if so, it is taken and followed."""
        parts = wanted.module.split(".") if wanted.module else []
        if wanted.level:
            if module is None or len(module.parents) < wanted.level:
                return False
            files, complete = reached(module.parents[wanted.level - 1], parts, wanted.members)
            self._reach(files, origin, wanted.certainty)
            return complete
        if parts[0] in sys.stdlib_module_names:
            return False
        home = self._home(parts[0], parts, wanted.members)
        if home is None:
            # Written by a cell before it is imported: local, though there is nothing yet to be taken.
            return any(file.stem == parts[0] or parts[0] in file.parts for file in self._written)
        files, complete = reached(home, parts, wanted.members)
        self._take(home, parts[0], files, origin)
        self._reach(files, origin, wanted.certainty)
        if not complete and wanted.certainty is not Certainty.unreached and not extends_itself(files):
            self.absent.append(Wanted(name=wanted.module, origin=origin, certainty=wanted.certainty))
        return True

    def _home(self, top: str, parts: Sequence[str], members: Sequence[str]) -> Path | None:
        """The folder in which Python would find a name: packages and modules first, then folders without an init."""
        for folder in self.search:
            if is_file(folder / top / "__init__.py") or module_file(folder, top) is not None:
                return folder
        for folder in self.search:
            files, complete = reached(folder, parts, members)
            if complete and files:
                return folder
        return None

    def _take(self, home: Path, top: str, files: Sequence[Path], origin: Origin) -> None:
        package = home / top
        if is_file(package / "__init__.py"):
            if package not in self.packages:
                self.packages.add(package)
                for file in sorted(package.rglob("*.py")):
                    self._read(file, origin, Certainty.unreached)
        elif is_dir(package) and files and package in files[0].parents:
            # Without an init nothing says where the package ends and where data begins.
            for file in sorted(package.rglob("*.py")):
                if not hidden(file.relative_to(package)):
                    self.modules.add(file)
                    self._read(file, origin, Certainty.unreached)
        else:
            self.modules.update(files)

    def _reach(self, files: Sequence[Path], origin: Origin, certainty: Certainty) -> None:
        for file in files:
            self._read(file, origin, certainty)

    def _read(self, file: Path, origin: Origin, certainty: Certainty, beside: bool = False) -> None:
        """Follow a module's own imports, once for each better reason to."""
        if file.suffix in EXTENSIONS or file in self._written or self._seen.get(file, 9) <= certainty:
            return
        self._seen[file] = certainty
        try:
            if file.stat().st_size > _LARGEST_SOURCE:
                return
            tree = parse(file.read_bytes())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            if certainty is not Certainty.unreached:
                self.notes.append(f"{file.name} cannot be parsed: what it imports is not known.")
            return
        except OSError:
            return
        if certainty is not Certainty.unreached and file not in self.read:
            self.read.append(file)
        known = constants([tree], {"__file__": str(file)})
        self._add_folders(tree, known)
        if beside and file.parent not in self.search:
            self.search.append(file.parent)  # a script finds what lies beside it
        inner = Origin(cell=origin.cell, line=origin.line, file=file)
        for found in imports(tree, known):
            weaker = msgspec.structs.replace(found, certainty=max(certainty, found.certainty))
            self._pending.append((weaker, inner, file))


def _written(cell: CodeCell) -> Iterator[str]:
    """Files that a cell writes by magic."""
    for magic in cell.magics:
        if magic.name in WRITERS and magic.arguments:
            words = [word for word in magic.arguments.split() if word not in ("-a", "--append")]
            yield words[-1].strip("'\"") if words else ""


def _run_target(arguments: str) -> str:
    """The script that `%run` names, after its options."""
    try:
        words = shlex.split(arguments)
    except ValueError:
        return ""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("-m", "-c"):
            return ""
        elif word.startswith("-"):
            skip = word in ("-N", "-b", "-l", "-s", "-T")
        else:
            return word
    return ""


def _cells_of(file: Path) -> list[CodeCell]:
    from jupyter_mlops.backends.notebooks import NotebookFiles
    from jupyter_mlops.domain.errors import MlopsError

    try:
        return python_cells(NotebookFiles().read(str(file)).content)
    except MlopsError:
        return []

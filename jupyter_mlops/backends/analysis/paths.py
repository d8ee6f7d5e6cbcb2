"""Files that a notebook reads and that are not there, and paths that lead nowhere on another machine."""

from __future__ import annotations

import ast
import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_mlops.backends.analysis.readers import READER_METHODS, READERS, aliases, full_name
from jupyter_mlops.backends.code.bindings import bindings
from jupyter_mlops.backends.code.cells import RAISES_TAG, CodeCell
from jupyter_mlops.backends.code.imports import catches
from jupyter_mlops.backends.code.literals import PURE_CALLS, constants, is_path, text_of
from jupyter_mlops.backends.code.lookup import is_file
from jupyter_mlops.backends.reading import PARAMETERS_TAG
from jupyter_mlops.domain.check import CheckFinding, Level

_HOMES = re.compile(
    r"(?:file://)?/(?:home|Users|root|mnt|media|Volumes)/[^/\n]|[A-Za-z]:\\[^\n]|[A-Za-z]:/\w|~[\w.-]*/\S|\\\\\w"
)
_ABSOLUTE = re.compile(r"/[^/\s]|[A-Za-z]:[\\/]|~[\w.-]*/|\\\\\w")
_EVERYWHERE = ("/dev/", "/proc/", "/sys/", "/etc/", "/usr/", "/bin/")
_NOT_A_PATH = re.compile(r"\w[\w+.-]+:|[*?\[\]{}<>\n\0]|^$")
_LONGEST = 400
MAKERS = re.compile(
    r"\b(wget|curl|unzip|tar|git|gdown|kaggle|gsutil|aws|gcloud|dvc|cp|mv|mkdir|touch|python\d?|make|protoc|rsync|scp|tee)\b|>"
)
_MAKING_CALLS = re.compile(
    r"(extractall|extract|urlretrieve|snapshot_download|hf_hub_download|dataset_download|load_dataset|unpack_archive|"
    r"copytree|copy|copyfile|copy2|move|download\w*|retrieve|pull|clone_from|untar_data)$|^(os\.system|subprocess\.\w+|gdown\.\w+)$"
)


class _Use(msgspec.Struct, frozen=True, kw_only=True):
    """A path in a call."""

    path: str
    cell: CodeCell
    line: int
    reads: bool
    certainty: str


class Paths:
    """The paths that a notebook's source spells out.

    Args:
        folder: where the notebook lies, and runs.
    """

    def __init__(self, cells: Sequence[CodeCell], folder: Path) -> None:
        self._cells = cells
        self._folder = folder
        self._known = constants(cell.tree for cell in cells)
        self._aliases = aliases(cell.tree for cell in cells)
        self._parameters = {b.name for cell in cells if PARAMETERS_TAG in cell.tags for b in bindings(cell.tree)}
        self.uses: list[_Use] = []
        self._made: int | None = None
        """The first cell that may make files of any name."""
        self._moved: int | None = None
        """The first cell after which relative paths start somewhere else."""
        self._written: list[tuple[int, str]] = []
        for cell in cells:
            self._look_at_shell(cell)
            self._walk(cell, cell.tree, "always")

    @property
    def unknown(self) -> list[str]:
        if self._moved is None:
            return []
        return [f"Relative paths from cell {self._moved + 1} on: it changes the working folder."]

    def findings(self) -> list[CheckFinding]:
        """Each path once."""
        found: dict[str, CheckFinding] = {}
        for use in self.uses:
            if RAISES_TAG in use.cell.tags or use.path in found:
                continue
            finding = self._judged(use)
            if finding is not None:
                found[use.path] = finding
        for cell in self._cells:
            for line, text in _texts(cell.tree):
                if _HOMES.match(text) and len(text) < _LONGEST and text not in found and not _covered(text, found):
                    found[text] = _absolute(text, cell, cell.line(line))
        return list(found.values())

    def _look_at_shell(self, cell: CodeCell) -> None:
        for line, text in cell.shell:
            del line
            if MAKERS.search(text) and not re.match(r"\s*(pip|conda|mamba)\b", text):
                self._makes(cell)
        for magic in cell.magics:
            if magic.name in ("writefile", "file") and magic.arguments:
                self._written.append((cell.index, magic.arguments.split()[-1]))
            elif magic.name in ("cd", "pushd", "popd"):
                self._moves(cell)
            elif magic.name in ("run", "logstart", "save"):
                self._makes(cell)

    def _makes(self, cell: CodeCell) -> None:
        self._made = cell.index if self._made is None else self._made

    def _moves(self, cell: CodeCell) -> None:
        self._moved = cell.index if self._moved is None else self._moved

    def _walk(self, cell: CodeCell, node: ast.AST, certainty: str) -> None:
        if isinstance(node, ast.Call):
            self._call(cell, node, certainty)
        for field, value in ast.iter_fields(node):
            inner = _certainty(node, field, certainty)
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self._walk(cell, child, inner)

    def _call(self, cell: CodeCell, node: ast.Call, certainty: str) -> None:
        name = full_name(node.func, self._aliases)
        if name in PURE_CALLS or name.startswith("sys.path"):
            return
        if name == "os.chdir":
            self._moves(cell)
        if _MAKING_CALLS.search(name or getattr(node.func, "attr", "")):
            self._makes(cell)
        read = _read_argument(node, name, self._known)
        if read is not None:
            path = text_of(read, self._known)
            if path is not None:
                if certainty == "always" and _names(read) & self._parameters:
                    certainty = "maybe"  # it may be given another value
                self.uses.append(
                    _Use(path=path, cell=cell, line=cell.line(node.lineno), reads=True, certainty=certainty)
                )
            return
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        mentioned = [*node.args, *(keyword.value for keyword in node.keywords)]
        if owner is not None and is_path(owner, self._known):
            mentioned.append(owner)
        for argument in mentioned:
            path = text_of(argument, self._known)
            if path and len(path) < _LONGEST:
                self._written.append((cell.index, path))

    def _judged(self, use: _Use) -> CheckFinding | None:
        if not use.path.strip() or len(use.path) > _LONGEST or "\0" in use.path or "\n" in use.path:
            return None
        absolute = _ABSOLUTE.match(use.path) is not None
        if not absolute and (_NOT_A_PATH.search(use.path) or use.path.lstrip()[:1] in "{[<"):
            return None
        if absolute and (use.path.startswith(_EVERYWHERE) or _NOT_A_PATH.search(use.path[2:])):
            return None
        moved = self._moved is not None and self._moved <= use.cell.index
        if self._comes(use) or use.certainty == "caught" or (moved and not absolute):
            return _absolute(use.path, use.cell, use.line) if absolute and _HOMES.match(use.path) else None
        if _there(self._folder, use.path):
            return _absolute(use.path, use.cell, use.line) if absolute else None
        made = self._made is not None and self._made <= use.cell.index
        level: Level = "warning" if made or use.certainty == "maybe" else "error"
        where = "on this machine" if absolute else "beside the notebook"
        perhaps = ", unless the notebook makes it" if made else ""
        return CheckFinding(
            level=level,
            rule="missing-path",
            message=f"{use.path!r} is read here and does not exist {where}{perhaps}.",
            fix="Correct the path, or put the file there."
            + (" Use a path from the notebook's folder." if absolute else ""),
            cell=use.cell.index,
            line=use.line,
        )

    def _comes(self, use: _Use) -> bool:
        """Whether the notebook does something with the path, or a folder above it, before it reads."""
        path = _clean(use.path)
        for index, other in self._written:
            if index > use.cell.index:
                continue
            clean = _clean(other)
            if path == clean or path.startswith((clean + "/", clean + ".")):
                return True
        return False


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _clean(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/"))


def _covered(text: str, found: Mapping[str, CheckFinding]) -> bool:
    """Whether a path below it was reported already."""
    return any(other.startswith(text) for other in found)


def _absolute(path: str, cell: CodeCell, line: int) -> CheckFinding:
    return CheckFinding(
        level="warning",
        rule="absolute-path",
        message=f"{path!r} is a path of this machine: it will not be there in a pod or on another machine.",
        fix="Use a path relative to the notebook, a parameter, or a URL.",
        cell=cell.index,
        line=line,
    )


def _there(folder: Path, path: str) -> bool:
    try:
        return os.path.lexists(folder / Path(path.removeprefix("file://")).expanduser()) or is_file(folder / path)
    except (OSError, RuntimeError, ValueError):
        return True  # what cannot be asked is not said to be missing


def _certainty(node: ast.AST, field: str, certainty: str) -> str:
    """How sure it is that a part of a node runs."""
    if certainty == "caught":
        return certainty
    if isinstance(node, ast.Try) and field == "body":
        expected = frozenset(("OSError", "IOError", "FileNotFoundError"))
        return "caught" if any(catches(handler, expected) for handler in node.handlers) else certainty
    conditional = isinstance(node, (ast.If, ast.IfExp, ast.While)) and field in ("body", "orelse")
    function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and field == "body"
    return "maybe" if conditional or function or isinstance(node, ast.ExceptHandler) else certainty


def _read_argument(node: ast.Call, name: str, known: Mapping[str, str]) -> ast.expr | None:
    """The argument of a call that names a file which has to be there; None when it has none."""
    if isinstance(node.func, ast.Attribute) and is_path(node.func.value, known):
        if node.func.attr in READER_METHODS or (node.func.attr == "open" and _reads(node.args[:1], node)):
            return node.func.value
        return None
    keywords = {k.arg: k.value for k in node.keywords}
    if name in ("open", "io.open", "gzip.open", "bz2.open", "lzma.open", "codecs.open", "h5py.File", "zipfile.ZipFile"):
        mode = node.args[1:2]
        sure = name != "h5py.File" or bool(mode) or "mode" in keywords
        return node.args[0] if node.args and sure and _reads(mode, node) else None
    if name not in READERS:
        return None
    first = next((keywords[k] for k in ("filepath_or_buffer", "path", "io", "filename", "file") if k in keywords), None)
    return node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else first


def _reads(mode: Sequence[ast.expr], node: ast.Call) -> bool:
    given = next((k.value for k in node.keywords if k.arg == "mode"), mode[0] if mode else None)
    if given is None:
        return True
    text = text_of(given, {})
    return text is not None and "r" in text


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts that are arguments, or are given a name; docstrings, and decorators with a web server's paths, aside."""
    aside = {
        inner
        for node in ast.walk(tree)
        for decorator in getattr(node, "decorator_list", ())
        for inner in ast.walk(decorator)
    }
    for node in ast.walk(tree):
        if node in aside:
            continue
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            given = [node.value]
        elif isinstance(node, (ast.List, ast.Tuple)):
            given = node.elts
        elif isinstance(node, ast.Dict):
            given = node.values
        elif isinstance(node, ast.BinOp):
            given = [node.left]
        for value in given:
            first = value.values[0] if isinstance(value, ast.JoinedStr) and value.values else value
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield value.lineno, first.value

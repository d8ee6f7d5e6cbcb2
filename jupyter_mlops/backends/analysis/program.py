"""A notebook as the one program that it is when it runs from top to bottom."""

from __future__ import annotations

import ast
import keyword
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from jupyter_mlops.backends.code.cells import CodeCell, parse
from jupyter_mlops.backends.code.imports import catches
from jupyter_mlops.backends.code.literals import dotted
from jupyter_mlops.backends.code.magics import (
    FOREIGN_BODIES,
    INERT_LINES,
    PYTHON_BODIES,
    Magic,
    magic_call,
)

_STAR = "_anything_"
_WORD = re.compile(r"[^\W\d]\w*")
_DEFINERS = frozenset(("exec", "execfile", "globals().update", "locals().update", "vars().update"))
_SHELL_DEFINERS = frozenset(("run_cell", "ex", "push", "safe_execfile"))
_READERS = frozenset(("globals", "locals", "vars", "dir"))


class Program:
    """Cells joined into one module, magics replaced by what they do to names.

    Magics whose effect is not known stand in it as `from … import *`: any name may come from there.
    """

    def __init__(self, cells: Sequence[CodeCell]) -> None:
        self.stars: list[str] = []
        """What may define names that nobody sees, in words."""
        self.tested: set[str] = set()
        """Names that the notebook asks for in `globals()` before it uses them."""
        self._cells = cells
        self._starts: list[int] = []
        # A notebook has no file of its own: `__file__` is the classic of code that was pasted from a script.
        self.tree = ast.parse("del __file__")
        start = 0
        for cell in cells:
            self._starts.append(start)
            for made in self._statements(cell):
                self.tree.body.append(ast.increment_lineno(made, start))
            start += max(len(cell.lines), cell.source.count("\n") + 1) + 1
        self.spans = list(_spans(self.tree))

    def place(self, line: int) -> tuple[CodeCell, int]:
        """The cell that a line of the program belongs to, and its line in that cell's source."""
        at = bisect_right(self._starts, line - 1) - 1
        cell = self._cells[max(at, 0)]
        return cell, cell.line(line - self._starts[max(at, 0)])

    def certainty(self, line: int, column: int) -> str:
        """Whether code at a place runs `always`, only `maybe`, or may fail without harm (`caught`)."""
        kinds = {kind for kind, start, end in self.spans if start <= (line, column) < end}
        return "caught" if "caught" in kinds else "maybe" if kinds else "always"

    def in_function(self, line: int, column: int) -> bool:
        return any(kind == "function" and start <= (line, column) < end for kind, start, end in self.spans)

    def _statements(self, cell: CodeCell) -> Iterator[ast.stmt]:
        for magic in cell.magics:
            if magic.body is not None:
                yield from self._cell_magic(cell, magic)
        if cell.error or cell.too_deep:
            # What it would define is anybody's guess; that it cannot be read is said elsewhere.
            yield from _defined(_WORD.findall(cell.python), 1)
            return
        for written in parse(cell.python).body:
            self._note_tests(written)
            yield from self._statement(cell, written)

    def _cell_magic(self, cell: CodeCell, magic: Magic) -> Iterator[ast.stmt]:
        yield from _defined(_WORD.findall(magic.arguments), magic.line)
        if magic.name not in PYTHON_BODIES | FOREIGN_BODIES:
            yield self._star(f"`%%{magic.name}`", cell, magic.line)

    def _statement(self, cell: CodeCell, written: ast.stmt) -> Iterator[ast.stmt]:
        calls = list(ast.walk(written))
        yield _Awaited().visit(written)
        if isinstance(written, ast.ImportFrom) and written.names[0].name == "*":
            module = "." * written.level + (written.module or "")
            self.stars.append(f"`from {module} import *` (cell {cell.index + 1})")
        for node in calls:
            call = magic_call(node)
            line = getattr(node, "lineno", written.lineno)
            if call is not None and call[0] == "run_line_magic" and len(call[1]) > 1:
                yield from self._line_magic(cell, call[1][0], call[1][1], line)
            elif (call is not None and call[0] in _SHELL_DEFINERS) or _defines(node):
                yield self._star("code that is made while it runs", cell, line)

    def _line_magic(self, cell: CodeCell, name: str, arguments: str, line: int) -> Iterator[ast.stmt]:
        if name in ("run", "pylab", "reset_selective") or (name == "store" and arguments.split() == ["-r"]):
            yield self._star(f"`%{name} {arguments.strip()}`", cell, line)
        elif name not in INERT_LINES:
            yield from _defined(_WORD.findall(arguments), line)

    def _star(self, what: str, cell: CodeCell, line: int) -> ast.stmt:
        self.stars.append(f"{what} (cell {cell.index + 1})")
        return ast.copy_location(
            ast.ImportFrom(module=_STAR, names=[ast.alias(name="*", lineno=line, col_offset=0)], level=0),
            ast.Pass(lineno=line, col_offset=0, end_lineno=line, end_col_offset=0),
        )

    def _note_tests(self, written: ast.stmt) -> None:
        for node in ast.walk(written):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
                asked = node.comparators[0]
                if isinstance(asked, ast.Call) and dotted(asked.func) in _READERS:
                    self.tested.add(str(node.left.value))


def _defines(node: ast.AST) -> bool:
    """Whether running it may give names values that its text does not show."""
    if isinstance(node, ast.Call):
        name = dotted(node.func)
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(inner, ast.Call):
            name = f"{dotted(inner.func)}().{getattr(node.func, 'attr', '')}"
        return name in _DEFINERS
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        return isinstance(node.value, ast.Call) and dotted(node.value.func) in _READERS
    return isinstance(node, ast.Attribute) and node.attr == "user_ns"


def _defined(names: Sequence[str], line: int) -> Iterator[ast.stmt]:
    names = [name for name in names if name != "__debug__"]  # the one name that Python lets nobody assign
    wanted = [name for name in dict.fromkeys(names) if name.isidentifier() and not keyword.iskeyword(name)]
    if wanted:
        for made in ast.parse(" = ".join([*wanted, "None"])).body:
            yield ast.increment_lineno(made, line - 1)


class _Awaited(ast.NodeTransformer):
    """`await x` is `x` as far as names go; at the top level pyflakes does not look into it."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        self.generic_visit(node)
        return node.value


_Span = tuple[str, tuple[int, int], tuple[int, int]]


def _spans(tree: ast.Module) -> Iterator[_Span]:
    """Stretches of code that may not run, or may fail without harm."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _span("function", node.body)
        elif isinstance(node, ast.Lambda):
            yield from _span("function", [node.body])
        elif isinstance(node, (ast.If, ast.While)):
            yield from _span("maybe", node.body)
            yield from _span("maybe", node.orelse)
        elif isinstance(node, ast.IfExp):
            yield from _span("maybe", [node.body])
            yield from _span("maybe", [node.orelse])
        elif isinstance(node, ast.BoolOp):
            yield from _span("maybe", node.values[1:])
        elif isinstance(node, ast.Try):
            if any(catches(handler, frozenset(("NameError",))) for handler in node.handlers):
                yield from _span("caught", node.body)
            for handler in node.handlers:
                yield from _span("maybe", handler.body)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                yield from _span("maybe", case.body)


def _span(kind: str, nodes: Sequence[ast.stmt] | Sequence[ast.expr]) -> Iterator[_Span]:
    if nodes:
        first, last = nodes[0], nodes[-1]
        end = (last.end_lineno or last.lineno, (last.end_col_offset or 0) + 1)
        yield kind, (first.lineno, first.col_offset), end

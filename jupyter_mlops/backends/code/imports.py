"""What Python source imports, and where else it makes Python look."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import IntEnum

import msgspec

from jupyter_mlops.backends.code.literals import dotted, text_of


class Certainty(IntEnum):
    """How sure it is that an import runs, and that the notebook fails when it cannot."""

    always = 0
    maybe = 1
    """In a function or below a condition."""
    guarded = 2
    """Where its failing is expected."""
    fallback = 3
    """Only if another import failed."""
    unreached = 4
    """In a module that nobody is seen to import."""


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """One imported module."""

    module: str
    """Dotted; empty for `from . import x`."""
    members: tuple[str, ...] = ()
    """Names taken out of it, any of which may be a module of its own."""
    level: int = 0
    """Dots in front of it."""
    line: int
    certainty: Certainty = Certainty.always


def imports(tree: ast.Module, known: Mapping[str, str]) -> list[Import]:
    """Every import, wherever it stands; those for type checkers only are left out."""
    finder = _Imports(known)
    finder.visit(tree)
    return finder.found


class _Imports(ast.NodeVisitor):
    def __init__(self, known: Mapping[str, str]) -> None:
        self.found: list[Import] = []
        self._known = known
        self._certainty = Certainty.always

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        members = tuple(alias.name for alias in node.names if alias.name != "*")
        self._add(node.module or "", node, members, node.level)

    def _add(self, module: str, node: ast.stmt | ast.expr, members: tuple[str, ...] = (), level: int = 0) -> None:
        self.found.append(
            Import(module=module, members=members, level=level, line=node.lineno, certainty=self._certainty)
        )

    def visit_Call(self, node: ast.Call) -> None:
        name = dotted(node.func)
        if name in ("importlib.import_module", "import_module", "__import__") and node.args:
            module = text_of(node.args[0], self._known)
            if module is not None:
                self._named(module, node)
            elif isinstance(node.args[0], ast.JoinedStr):
                self._prefix(node.args[0], node)
        self.generic_visit(node)

    def _named(self, module: str, node: ast.Call) -> None:
        if module and all(part.isidentifier() for part in module.split(".")):
            self._add(module, node)

    def _prefix(self, text: ast.JoinedStr, node: ast.Call) -> None:
        """Of `f"models.{name}"` the package is known."""
        first = text_of(text.values[0], {}) if text.values else None
        if first and "." in first:
            self._named(first.rpartition(".")[0], node)

    def _within(self, certainty: Certainty, nodes: list[ast.stmt]) -> None:
        before = self._certainty
        self._certainty = max(before, certainty)
        for node in nodes:
            self.visit(node)
        self._certainty = before

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._within(Certainty.maybe, node.body)

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_If(self, node: ast.If) -> None:
        if dotted(node.test) not in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"):
            self._within(Certainty.maybe, node.body)
        self._within(Certainty.maybe, node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        expected = any(catches(handler, _IMPORT_ERRORS) for handler in node.handlers)
        self._within(Certainty.guarded if expected else self._certainty, [*node.body, *node.orelse])
        for handler in node.handlers:
            self._within(Certainty.fallback if expected else Certainty.maybe, handler.body)
        self._within(self._certainty, node.finalbody)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        suppressed = any(
            isinstance(item.context_expr, ast.Call) and dotted(item.context_expr.func).endswith("suppress")
            for item in node.items
        )
        self._within(Certainty.guarded if suppressed else self._certainty, node.body)

    visit_With = visit_AsyncWith = _with


_IMPORT_ERRORS = frozenset(("ImportError", "ModuleNotFoundError"))


def catches(handler: ast.ExceptHandler, errors: frozenset[str]) -> bool:
    """Whether a handler takes one of some errors, or any."""
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(type_) in errors | {"Exception", "BaseException"} for type_ in types)


def search_folders(tree: ast.Module, known: Mapping[str, str]) -> Iterator[str | None]:
    """What source puts on `sys.path`; None for each folder that it does not spell out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name, arguments = dotted(node.func), node.args
            if name in ("sys.path.append", "site.addsitedir") and arguments:
                yield text_of(arguments[0], known)
            elif name == "sys.path.insert" and len(arguments) > 1:
                yield text_of(arguments[1], known)
            elif name == "sys.path.extend" and arguments:
                yield from _several(arguments[0], known)
        elif isinstance(node, (ast.AugAssign, ast.Assign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(dotted(target) == "sys.path" for target in targets):
                yield from _several(node.value, known)


def _several(node: ast.expr, known: Mapping[str, str]) -> Iterator[str | None]:
    match node:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for element in elements:
                if not isinstance(element, ast.Starred):
                    yield text_of(element, known)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (text for side in (left, right) if dotted(side) != "sys.path" for text in _several(side, known))
        case _:
            yield None

"""Where names of a module are bound."""

from __future__ import annotations

import ast

import msgspec


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A name that gets a value, or loses it, at a module's top level."""

    name: str
    line: int
    deleted: bool = False
    shape: str = ""
    """For imports, functions and classes: the statement; the same one again changes nothing."""


def bindings(tree: ast.Module) -> list[Binding]:
    """All of a module's own, as they stand in it; those of functions, classes and comprehensions are not its own."""
    collector = _Collector()
    collector.visit(tree)
    return collector.found


class _Collector(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[Binding] = []

    def _bind(self, name: str, node: ast.AST, deleted: bool = False, shape: str = "") -> None:
        self.found.append(Binding(name=name, line=getattr(node, "lineno", 1), deleted=deleted, shape=shape))

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id, node, deleted=isinstance(node.ctx, ast.Del))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:  # `x: int` alone gives x no value
            self.generic_visit(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._bind(node.name, node, shape=ast.dump(node))
        for inner in ast.walk(node):
            if isinstance(inner, ast.Global):
                for name in inner.names:
                    self._bind(name, inner)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _definition

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Its names are its own."""

    def _comprehension(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self.visit(inner.target)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)
            if name != "*":
                module = getattr(node, "module", None)
                self._bind(name, node, shape=f"{module} {alias.name} {alias.asname}")

    visit_Import = visit_ImportFrom = _import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, node)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self._bind(node.name, node)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name, node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self._bind(node.rest, node)
        self.generic_visit(node)

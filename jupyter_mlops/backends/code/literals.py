"""Paths that the source spells out, whichever of Python's many ways it chooses to say them."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Mapping

from jupyter_mlops.backends.code.bindings import bindings

_PATHS = ("Path", "PurePath", "PosixPath", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath")
_JOINS = ("os.path.join", "path.join", "osp.join", "join")
_SAME = (
    "str",
    "os.fspath",
    *(f"{m}.{f}" for m in ("os.path", "osp", "path") for f in ("abspath", "realpath", "normpath", "expanduser")),
)
_PARENTS = ("os.path.dirname", "osp.dirname", "path.dirname")
_SAME_METHODS = ("resolve", "absolute", "expanduser", "as_posix")
PURE_CALLS = frozenset((*_PATHS, *_JOINS, *_SAME, *_PARENTS))
"""Calls that only say a path and do nothing with it."""


def dotted(node: ast.AST) -> str:
    """`a.b.c` as it is written; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def text_of(node: ast.AST | None, known: Mapping[str, str]) -> str | None:
    """What an expression of strings and paths comes to; None when the source alone does not say it.

    Args:
        known: names that stand for a text.
    """
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name):
            return known.get(name)
        case ast.JoinedStr(values=values):
            texts = [text_of(v.value if isinstance(v, ast.FormattedValue) else v, known) for v in values]
            return None if None in texts else "".join(t for t in texts if t is not None)
        case ast.BinOp(left=left, op=ast.Add() | ast.Div() as operator, right=right):
            one, other = text_of(left, known), text_of(right, known)
            if one is None or other is None:
                return None
            return one + other if isinstance(operator, ast.Add) else posixpath.join(one, other)
        case ast.Attribute(value=value, attr="parent"):
            return _up(text_of(value, known), 1)
        case ast.Subscript(value=ast.Attribute(value=value, attr="parents"), slice=ast.Constant(value=int() as level)):
            return _up(text_of(value, known), level + 1) if 0 <= level < 100 else None
        case ast.Call():
            return _call(node, known)
    return None


def _call(node: ast.Call, known: Mapping[str, str]) -> str | None:
    name = dotted(node.func)
    texts = [text_of(argument, known) for argument in node.args]
    if name in _PATHS or name in _JOINS:
        found = [text for text in texts if text is not None]
        return (posixpath.join(*found) if found else ".") if len(found) == len(texts) else None
    if name in _SAME and texts:
        return texts[0]
    if name in _PARENTS and texts:
        return _up(texts[0], 1)
    if name in ("os.getcwd", "Path.cwd", "pathlib.Path.cwd"):
        return "."
    if name in ("Path.home", "pathlib.Path.home"):
        return "~"
    if isinstance(node.func, ast.Attribute):
        owner = text_of(node.func.value, known) if is_path(node.func.value, known) else None
        if owner is not None and node.func.attr in _SAME_METHODS:
            return owner
        if owner is not None and node.func.attr == "joinpath" and None not in texts:
            return posixpath.join(owner, *(text for text in texts if text is not None))
    return None


def _up(text: str | None, levels: int) -> str | None:
    return None if text is None else posixpath.normpath(posixpath.join(text, *[".."] * levels))


def is_path(node: ast.AST, known: Mapping[str, str]) -> bool:
    """Whether an expression looks like one of pathlib's paths rather than a plain text."""
    match node:
        case ast.Call(func=func):
            name = dotted(func)
            inner = isinstance(func, ast.Attribute) and is_path(func.value, known)
            return name in _PATHS or name.endswith(("Path.cwd", "Path.home")) or inner
        case ast.BinOp(left=left, op=ast.Div()):
            return is_path(left, known)
        case ast.Attribute(value=value, attr="parent"):
            return is_path(value, known)
        case ast.Subscript(value=ast.Attribute(value=value, attr="parents")):
            return is_path(value, known)
        case ast.Name(id=name):
            return name in known
    return False


def constants(trees: Iterable[ast.Module], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Names that stand for one text in the whole of some modules: bound once, by what the source spells out."""
    trees = list(trees)
    times: dict[str, int] = {}
    for tree in trees:
        for binding in bindings(tree):
            times[binding.name] = times.get(binding.name, 0) + 1
    found = dict(known or {})
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                target, value = node.targets[0], node.value
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                target, value = node.target, node.value
            else:
                continue
            if isinstance(target, ast.Name) and times.get(target.id) == 1:
                text = text_of(value, found)
                if text is not None:
                    found[target.id] = text
    return found

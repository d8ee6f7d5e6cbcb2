"""What a notebook's content says of itself, without running it: kernel, language, tags, names, plain literals."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

PARAMETERS_TAG = "parameters"


def kernel_of(content: Mapping[str, Any]) -> str:
    """The kernelspec name a notebook asks for; python3 when it asks for none."""
    return str(content.get("metadata", {}).get("kernelspec", {}).get("name") or "python3")


def language_of(content: Mapping[str, Any]) -> str:
    """The language of a notebook, in lower case."""
    metadata = content.get("metadata", {})
    named = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    return str(named or "python").lower()


def source_of(cell: Mapping[str, Any]) -> str:
    """A cell's source; the format allows a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def tags_of(cell: Mapping[str, Any]) -> list[str]:
    """A cell's tags."""
    return list(cell.get("metadata", {}).get("tags", []))


def code_of(content: Mapping[str, Any]) -> Iterator[str]:
    """Sources of the code cells, without lines that are comments."""
    for cell in content["cells"]:
        if cell.get("cell_type") == "code":
            yield _COMMENT_LINES.sub("", source_of(cell))


_COMMENT_LINES = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_LITERAL_CALL = r"\b{name}\(\s*(?:key\s*=\s*|experiment_name\s*=\s*|name\s*=\s*)?(['\"])(?P<text>[^'\"\n]+)\1"


def named(content: Mapping[str, Any], function: str) -> Iterator[str]:
    """First literal arguments of calls of a function. By pattern: cells with magics are not Python to a parser."""
    pattern = re.compile(_LITERAL_CALL.format(name=function))
    for source in code_of(content):
        for match in pattern.finditer(source):
            yield match["text"]


def names_in_metrics_cells(content: Mapping[str, Any]) -> Iterator[str]:
    """Names that cells tagged `metrics` assign."""
    for cell in content["cells"]:
        if cell.get("cell_type") == "code" and "metrics" in tags_of(cell):
            yield from assigned_names(source_of(cell))


def assigned_names(source: str) -> list[str]:
    """Plain names that a cell assigns at its top level, magics and shell lines aside."""
    plain = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return []
    names: list[str] = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            targets = [node.target]
        for target in targets:
            found = target.elts if isinstance(target, ast.Tuple) else [target]
            names += [t.id for t in found if isinstance(t, ast.Name) and not t.id.startswith("_")]
    return list(dict.fromkeys(names))


def sets_other_experiment(content: Mapping[str, Any], experiment: str) -> bool:
    """Whether the source chooses an MLflow experiment that is, or may be, another one than this.

    MLflow refuses to resume a run of one experiment after `set_experiment` named another.
    """
    calls = sum(source.count("set_experiment(") for source in code_of(content))
    return calls > 0 and list(named(content, "set_experiment")) != [experiment] * calls


def first_assignments(code: list[tuple[int, dict[str, Any]]]) -> int | None:
    """Index of the first cell that does nothing but assign literals: most likely the one to tag."""
    for index, cell in code:
        try:
            tree = ast.parse(source_of(cell))
        except SyntaxError:
            continue
        if tree.body and all(_is_literal_assignment(node) for node in tree.body):
            return index
    return None


def _is_literal_assignment(node: ast.stmt) -> bool:
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    try:
        ast.literal_eval(node.value)
    except (ValueError, TypeError):
        return False
    return True

"""Cells as plain Python: magics and shell lines told apart from what the parser understands."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

import msgspec

from jupyter_mlops.backends.code.magics import (
    AUTOMAGIC,
    INSTALLERS,
    PYTHON_BODIES,
    PYTHON_LINES,
    SHELLS,
    Magic,
    magic_call,
    statement,
)
from jupyter_mlops.backends.reading import source_of

DEEPEST = 150
"""Levels of a syntax tree that are walked: each takes several of the thousand calls that Python allows."""
SKIPPED_TAG, RAISES_TAG = "skip-execution", "raises-exception"


class CodeCell(msgspec.Struct, frozen=True, kw_only=True):
    """A code cell, understood as far as that is possible."""

    index: int
    """Among all cells of the notebook."""
    source: str
    tags: frozenset[str]
    count: int | None
    """Its execution count, None when it was not run."""
    failed: bool
    """Whether an error stands below it."""
    python: str
    """Plain Python; empty for a cell in another language."""
    tree: ast.Module
    """Empty when it cannot be parsed."""
    error: tuple[int, str] | None
    """Line of `python`, and why it is not Python."""
    too_deep: bool
    """Whether it is Python, nested deeper than can be looked into."""
    magics: list[Magic]
    shell: list[tuple[int, str]]
    """Lines of the source that are handed to a shell, each with its line number."""
    lines: list[int]
    """For each line of `python` its line in the source."""

    def line(self, number: int) -> int:
        """The line of the source from which a line of `python` came."""
        return self.lines[min(max(number, 1), len(self.lines)) - 1] if self.lines else 1


def python_cells(content: Mapping[str, Any]) -> list[CodeCell]:
    """The code cells that a run would execute, from top to bottom."""
    from IPython.core.inputtransformer2 import TransformerManager

    transformer = TransformerManager()  # type: ignore[no-untyped-call]
    found = []
    for index, cell in enumerate(content["cells"]):
        tags = frozenset(map(str, cell.get("metadata", {}).get("tags", [])))
        if cell.get("cell_type") == "code" and SKIPPED_TAG not in tags:
            found.append(_cell(index, cell, tags, transformer))
    return found


def _cell(index: int, cell: Mapping[str, Any], tags: frozenset[str], transformer: Any) -> CodeCell:
    source = source_of(cell)
    body, magics = _peeled(source)
    python = body
    tree, error, too_deep = ast.Module(body=[], type_ignores=[]), None, False
    try:
        python = _transformed(_unwrapped(_with_percent(body)), transformer)
        tree = parse(python)
    except SyntaxError as wrong:
        error = (wrong.lineno or 1, wrong.msg or "invalid syntax")
    except ValueError as wrong:
        error = (1, str(wrong))
    except (RecursionError, MemoryError):
        too_deep = True
    magics += _line_magics(tree)
    lines = _line_map(body, python)
    shell = [(lines[min(line, len(lines)) - 1] if lines else 1, text) for line, text in _shell_calls(tree)]
    for magic in magics:
        if magic.name in SHELLS:
            shell += [(magic.line, line) for line in (magic.arguments + "\n" + (magic.body or "")).splitlines()]
        elif magic.name in INSTALLERS:
            shell.append((magic.line, f"{magic.name} {magic.arguments}"))
    count = cell.get("execution_count")
    return CodeCell(
        index=index,
        source=source,
        tags=tags,
        count=count if isinstance(count, int) else None,
        failed=any(output.get("output_type") == "error" for output in cell.get("outputs", [])),
        python=python,
        tree=tree,
        error=error,
        too_deep=too_deep,
        magics=magics,
        shell=shell,
        lines=lines,
    )


def _peeled(source: str) -> tuple[str, list[Magic]]:
    """What is left for Python when cell magics are taken off, every line where it was; and those magics."""
    lines, magics = source.split("\n"), []
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        found = re.match(r"%%(!|[\w.]+)[ \t]*(.*)", line)
        if found is None or found[2].rstrip().endswith("?"):
            break
        name, arguments = found[1], found[2].strip()
        magics.append(Magic(name=name, arguments=arguments, line=at + 1, body="\n".join(lines[at + 1 :])))
        if name not in PYTHON_BODIES:
            return "", magics
        lines[at] = statement(arguments) if name == "timeit" else ""
    return "\n".join(lines), magics


def _with_percent(body: str) -> str:
    """A cell of one line may name a magic without `%`, `pip install …`; several lines may not."""
    line = body.strip()
    word = re.match(r"\w+", line)
    if "\n" in line or word is None or word[0] not in AUTOMAGIC:
        return body
    try:
        statements = parse(line).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return body.replace(line, "%" + line)
    if re.match(r"\w+ +-\w", line):  # `ls -l` is no subtraction
        return body.replace(line, "%" + line)
    alone = len(statements) == 1 and isinstance(statements[0], ast.Expr) and isinstance(statements[0].value, ast.Name)
    return body.replace(line, "%" + line) if alone else body


def _unwrapped(body: str) -> str:
    """`%time x = f()` is `x = f()` to whoever does not measure it."""

    def plain(found: re.Match[str]) -> str:
        code = statement(found["code"])
        try:
            parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return found[0]
        return found["indent"] + code

    return _MEASURED.sub(plain, body)


_MEASURED = re.compile(rf"^(?P<indent>[ \t]*)%(?:{'|'.join(sorted(PYTHON_LINES))})[ \t]+(?P<code>\S.*)$", re.MULTILINE)
_quiet = threading.Lock()


def parse(source: str | bytes) -> ast.Module:
    """Parse and compile, awaits at the top level included, without the warnings of Python about what it reads.

    Raises:
        SyntaxError, ValueError: it is not Python.
        RecursionError, MemoryError: it is nested too deep.
    """
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
        compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    raise RecursionError


def _transformed(body: str, transformer: Any) -> str:
    """IPython's own translation into Python.

    Raises:
        SyntaxError: it cannot be translated.
    """
    if not body.strip():
        return ""
    try:
        return str(transformer.transform_cell(body))
    except (SyntaxError, RecursionError, MemoryError):
        raise
    except Exception as error:  # its own reading of tokens fails in many ways on text that is no Python
        raise SyntaxError(str(error)) from None


def _line_map(before: str, after: str) -> list[int]:
    """For each line after the transformation its line before: magics over several lines become one."""
    old, new = [[line.strip() for line in text.split("\n")] for text in (before, after.removesuffix("\n"))]
    if len(old) == len(new):
        return list(range(1, len(new) + 1))
    lines = [0] * len(new)
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            lines[block.b + offset] = block.a + offset + 1
    # Empty lines at the top are taken off.
    last = next((at for at, line in enumerate(old) if line), 0) if new[0] else 0
    for at, line in enumerate(lines):
        last = lines[at] = line or min(last + 1, len(old))
    return lines


def _line_magics(tree: ast.Module) -> list[Magic]:
    found = []
    for node in ast.walk(tree):
        call = magic_call(node)
        if call is not None and call[0] in ("run_line_magic", "run_cell_magic") and call[1]:
            name, arguments, *body = [*call[1], ""][:3]
            body_text = body[0] if call[0] == "run_cell_magic" and body else None
            found.append(Magic(name=name, arguments=arguments, line=getattr(node, "lineno", 1), body=body_text))
    return found


def _shell_calls(tree: ast.Module) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(tree):
        call = magic_call(node)
        if call is not None and call[0] in ("system", "getoutput", "system_raw") and call[1]:
            found.append((getattr(node, "lineno", 1), call[1][0]))
    return found

"""Names that a notebook uses before, or without, giving them a value when it runs from top to bottom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from jupyter_mlops.backends.analysis.program import Program
from jupyter_mlops.backends.code.bindings import bindings
from jupyter_mlops.backends.code.cells import RAISES_TAG, CodeCell
from jupyter_mlops.domain.check import CheckFinding, Level

_BUILTINS = frozenset(
    ("display", "get_ipython", "In", "Out", "exit", "quit", "__IPYTHON__", "_", "__", "___", "_i", "_ii", "_iii", "_sh")
)
_HISTORY = re.compile(r"_i?\d+|_[iod]h|_exit_code")
_USUAL = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "sns": "import seaborn as sns",
    "tf": "import tensorflow as tf",
    "nn": "from torch import nn",
    "Path": "from pathlib import Path",
    **{n: f"import {n}" for n in ("os", "sys", "re", "json", "math", "time", "random", "torch", "mlflow", "sklearn")},
}
_NAMED_UNKNOWN = 5


class Undefined(msgspec.Struct, frozen=True, kw_only=True):
    """A use of a name that has no value there."""

    name: str
    cell: CodeCell
    line: int
    certainty: str
    in_function: bool
    at: int
    """Line of the whole program."""


def undefined(program: Program) -> tuple[list[Undefined], list[str]]:
    """Uses of names without a value, and the names of which nobody knows, for something defines names unseen."""
    from pyflakes import checker, messages

    found, unsure = [], []
    checked = checker.Checker(program.tree, filename="notebook", builtins=_BUILTINS, withDoctest=False)
    for message in sorted(checked.messages, key=lambda m: (m.lineno, m.col)):
        name = str(message.message_args[0]) if message.message_args else ""
        if name in program.tested or _HISTORY.fullmatch(name):
            continue
        if isinstance(message, messages.ImportStarUsage):
            unsure.append(name)
        elif isinstance(message, (messages.UndefinedName, messages.UndefinedLocal)):
            cell, line = program.place(message.lineno)
            found.append(
                Undefined(
                    name=name,
                    cell=cell,
                    line=line,
                    certainty=program.certainty(message.lineno, message.col),
                    in_function=program.in_function(message.lineno, message.col),
                    at=message.lineno,
                )
            )
    return found, list(dict.fromkeys(unsure))


def name_findings(cells: Sequence[CodeCell]) -> tuple[list[CheckFinding], list[str]]:
    """Each name without a value once, where it is first used; and what could not be known."""
    if not cells:
        return [], []
    try:
        program = Program(cells)
        found, unsure = undefined(program)
    except RecursionError:
        return [], ["Names: the code is nested too deep to be looked at."]
    homes: dict[str, list[tuple[int, CodeCell, int, bool]]] = {}
    for binding in bindings(program.tree):
        cell, line = program.place(binding.line)
        homes.setdefault(binding.name, []).append((binding.line, cell, line, binding.deleted))
    findings: dict[str, CheckFinding] = {}
    for use in found:
        if use.certainty != "caught" and RAISES_TAG not in use.cell.tags and use.name not in findings:
            findings[use.name] = _finding(use, homes)
    return list(findings.values()), _unknown(unsure, program)


def _unknown(unsure: list[str], program: Program) -> list[str]:
    if not unsure:
        return []
    shown = ", ".join(f"`{name}`" for name in unsure[:_NAMED_UNKNOWN])
    more = f" and {len(unsure) - _NAMED_UNKNOWN} more" if len(unsure) > _NAMED_UNKNOWN else ""
    where = "; ".join(dict.fromkeys(program.stars)) or "`from … import *`"
    return [f"Whether {shown}{more} are defined: {where} may define any name."]


def _finding(use: Undefined, homes: dict[str, list[tuple[int, CodeCell, int, bool]]]) -> CheckFinding:
    level: Level = "error" if use.certainty == "always" else "warning"
    number = use.cell.index + 1
    own = homes.get(use.name, [])
    earlier = [home for home in own if home[0] < use.at]
    later = [home for home in own if home[0] >= use.at and not home[3]]
    if earlier and not use.in_function and use.name != "__file__":
        gone = "`del`" if any(home[3] for home in earlier) else "the `except` block that binds it"
        message = f"`{use.name}` is used in cell {number} after {gone} took it away."
        return _at(use, level, "undefined-name", message, f"Give `{use.name}` a value again above this line.")
    if later and not use.in_function:
        return _before(use, level, later[0][1], later[0][2])
    return _nowhere(use, level, list(homes))


def _before(use: Undefined, level: Level, home: CodeCell, line: int) -> CheckFinding:
    number, there = use.cell.index + 1, home.index + 1
    if home.index == use.cell.index:
        message = f"`{use.name}` is used in line {use.line} of cell {number} and first defined in line {line}."
        return _at(use, level, "used-before-defined", message, f"Define `{use.name}` above line {use.line}.")
    message = f"`{use.name}` is used in cell {number} but first defined in cell {there}."
    fix = f"Move the definition of `{use.name}` above cell {number}, or cell {number} below cell {there}."
    return _at(use, level, "used-before-defined", message, fix)


def _nowhere(use: Undefined, level: Level, defined: list[str]) -> CheckFinding:
    number = use.cell.index + 1
    if use.name == "__file__":
        fix = "Use Path.cwd(): a notebook runs in its own folder."
        return _at(use, level, "undefined-name", "`__file__` is not defined in a notebook.", fix)
    fix = f"Define `{use.name}` in a cell above cell {number}."
    similar = get_close_matches(use.name, defined, 1, cutoff=0.8)
    if use.name in _USUAL:
        fix = f"Add `{_USUAL[use.name]}` to a cell above."
    elif similar:
        fix = f"Correct its name, `{similar[0]}` perhaps, or define it in a cell above."
    if use.cell.count is not None and not use.cell.failed and level == "error":
        message = (
            f"`{use.name}` is defined nowhere. Cell {number} has run without an error, so it only worked because of "
            "a cell that was changed or deleted since."
        )
        return _at(use, level, "execution-order", message, fix)
    return _at(use, level, "undefined-name", f"`{use.name}` is used in cell {number} and defined nowhere.", fix)


def _at(use: Undefined, level: Level, rule: str, message: str, fix: str) -> CheckFinding:
    return msgspec.convert(
        {"level": level, "rule": rule, "message": message, "fix": fix, "cell": use.cell.index, "line": use.line},
        CheckFinding,
    )

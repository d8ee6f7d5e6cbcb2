"""What can be said against a notebook before it is run: findings, each with its cell and its fix."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["error", "warning", "hint"]
Rule = Literal[
    "syntax",
    "undefined-name",
    "used-before-defined",
    "execution-order",
    "missing-package",
    "missing-module",
    "absolute-path",
    "missing-path",
    "missing-kernel",
    "unreadable-language",
    "no-parameters",
    "no-metric",
]


class CheckFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that will, or may, go wrong when the notebook runs from top to bottom in a fresh kernel."""

    level: Level
    """error: it will fail; warning: it may, or fails elsewhere; hint: it works, and could be more useful."""
    rule: Rule
    message: str
    """What is wrong, with the name of it."""
    fix: str
    """What to do, in the imperative."""
    cell: int | None = None
    """Index among all cells of the notebook; None when it concerns the whole."""
    line: int | None = None
    """Line within that cell, from 1."""


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """All findings about one notebook: worst first, then from top to bottom."""

    notebook: str
    kernel: str
    findings: list[CheckFinding] = []
    unknown: list[str] = []
    """What could not be looked at, in sentences."""
    cells: int = 0
    """Code cells."""


_WEIGHT: dict[Level, int] = {"error": 0, "warning": 1, "hint": 2}


def ordered(findings: list[CheckFinding]) -> list[CheckFinding]:
    """Worst first, then from top to bottom; what concerns the whole notebook comes before its cells."""
    return sorted(findings, key=lambda f: (_WEIGHT[f.level], -1 if f.cell is None else f.cell, f.line or 0))

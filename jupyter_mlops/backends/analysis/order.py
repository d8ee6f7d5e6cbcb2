"""Cells that were run in another order than they stand in, and what that changes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from jupyter_mlops.backends.analysis.names import undefined
from jupyter_mlops.backends.analysis.program import Program
from jupyter_mlops.backends.code.bindings import Binding, bindings
from jupyter_mlops.backends.code.cells import CodeCell
from jupyter_mlops.domain.check import CheckFinding

_MOST = 5


def order_findings(cells: Sequence[CodeCell]) -> list[CheckFinding]:
    """Names that had another cell's value when the notebook was last run than they will have.

    Execution counts say in which order cells ran last. When the order changes no name, one hint is enough.
    """
    ran = [cell for cell in cells if cell.count is not None and not cell.error and not cell.too_deep]
    counts = [cell.count or 0 for cell in ran]
    backwards = next((after for before, after in itertools.pairwise(ran) if _count(after) <= _count(before)), None)
    if backwards is None:
        return []
    # The same count twice means two sessions, whose counts cannot be compared.
    found = _changed(ran) if len(set(counts)) == len(counts) else []
    return found[:_MOST] or [_hint(backwards)]


def _count(cell: CodeCell) -> int:
    return cell.count or 0


def _hint(cell: CodeCell) -> CheckFinding:
    return CheckFinding(
        level="hint",
        rule="execution-order",
        message=f"Cells were last run out of order: cell {cell.index + 1} before the one above it.",
        fix="Restart the kernel and run all cells once, to see what a run from top to bottom gives.",
        cell=cell.index,
    )


def _changed(ran: Sequence[CodeCell]) -> list[CheckFinding]:
    bound = {cell.index: _bound(cell) for cell in ran}
    found = []
    for at, cell in enumerate(ran):
        for name, line in _taken(cell):
            above = [c for c in ran[:at] if name in bound[c.index]]
            earlier = sorted((c for c in ran if _count(c) < _count(cell) and name in bound[c.index]), key=_count)
            if not above or not earlier or above[-1].index == earlier[-1].index:
                continue
            will, was = above[-1], earlier[-1]
            shapes = bound[will.index][name].shape, bound[was.index][name].shape
            if shapes[0] and shapes[0] == shapes[1]:
                continue  # the same import twice
            found.append(_other_value(cell, line, name, will, was))
            break
    return found


def _other_value(cell: CodeCell, line: int, name: str, will: CodeCell, was: CodeCell) -> CheckFinding:
    return CheckFinding(
        level="warning",
        rule="execution-order",
        message=(
            f"`{name}` in cell {cell.index + 1} came from cell {was.index + 1} when it was last run; "
            f"from top to bottom it comes from cell {will.index + 1}."
        ),
        fix="Put the cells into the order that is meant, then restart the kernel and run all of them.",
        cell=cell.index,
        line=line,
    )


def _bound(cell: CodeCell) -> dict[str, Binding]:
    return {binding.name: binding for binding in bindings(cell.tree) if not binding.deleted}


def _taken(cell: CodeCell) -> list[tuple[str, int]]:
    """Names that a cell takes from others as soon as it runs."""
    try:
        uses, _ = undefined(Program([cell]))
    except RecursionError:
        return []
    return [(use.name, use.line) for use in uses if not use.in_function]

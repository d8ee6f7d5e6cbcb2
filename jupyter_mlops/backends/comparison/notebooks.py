"""How two notebooks differ as their authors left them: cell by cell, and in what is not a cell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from jupyter_mlops.backends.comparison.lines import unified, whole
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.difference import CellDifference, Change, FieldDifference, differing
from jupyter_mlops.domain.verification import cells_in_words

Cell = Mapping[str, Any]
Pair = tuple[int, int]

MOST_WORK = 20_000_000
"""Pairs of characters that are looked at to find cells that resemble each other: a second or two at worst."""
ALIKE = 0.6
"""Share of the characters that two versions of a cell have in common; what difflib calls a close match."""
MOST_LINES = 1_000
_LONGEST_VALUE = 200


def notebook_differences(
    left: Mapping[str, Any], right: Mapping[str, Any]
) -> tuple[list[CellDifference], list[FieldDifference]]:
    """Cells that are in one notebook only or differ, from top to bottom; and what differs beside their sources.

    A moved cell is removed in one place and added in another.
    """
    before, after = _cells(left), _cells(right)
    pairs = matched(before, after)
    return _cell_differences(before, after, pairs), [
        *differing(_metadata(left), _metadata(right)),
        *_beside_sources(before, after, pairs),
    ]


def _cell_differences(left: list[Cell], right: list[Cell], pairs: list[Pair]) -> list[CellDifference]:
    found: list[CellDifference] = []
    i_next = j_next = 0
    for i, j in [*pairs, (len(left), len(right))]:
        found += [_only("removed", left[n], left=n) for n in range(i_next, i)]
        found += [_only("added", right[n], right=n) for n in range(j_next, j)]
        if i < len(left) and j < len(right) and _source(left[i]) != _source(right[j]):
            lines = unified(_source(left[i]).split("\n"), _source(right[j]).split("\n"), MOST_LINES)
            found.append(CellDifference(change="changed", left=i, right=j, cell_type=_type(right[j]), lines=lines))
        i_next, j_next = i + 1, j + 1
    return found


def _only(change: Change, cell: Cell, left: int | None = None, right: int | None = None) -> CellDifference:
    lines = whole("-" if change == "removed" else "+", _source(cell).split("\n"), MOST_LINES)
    return CellDifference(change=change, left=left, right=right, cell_type=_type(cell), lines=lines)


def matched(left: list[Cell], right: list[Cell]) -> list[Pair]:
    """Which cell of one notebook is which of the other, in order.

    Cells with the same id, or the same source, first; between those the ones that resemble each other.
    """
    a, b = _tokens(left, right), _tokens(right, left)
    pairs: list[Pair] = []
    work = MOST_WORK
    i_next = j_next = 0
    for i, j, size in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        here, there = left[i_next:i], right[j_next:j]
        cost = sum(len(_source(cell)) for cell in here) * sum(len(_source(cell)) for cell in there)
        if here and there and cost <= work:
            work -= cost
            pairs += [(i_next + m, j_next + n) for m, n in _alike(here, there)]
        pairs += [(i + n, j + n) for n in range(size)]
        i_next, j_next = i + size, j + size
    return pairs


def _tokens(cells: list[Cell], others: list[Cell]) -> list[tuple[str, str, str]]:
    """By what a cell is known again: its id where the other notebook has it, too, else its source."""
    ids = {str(cell["id"]) for cell in others if cell.get("id")}
    return [
        ("id", str(cell["id"]), "") if str(cell.get("id")) in ids else ("source", _type(cell), _source(cell))
        for cell in cells
    ]


def _alike(left: list[Cell], right: list[Cell]) -> Iterator[Pair]:
    """The longest row of pairs, in order, whose sources resemble each other."""
    alike = [[_resemble(one, other) for other in right] for one in left]
    longest = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            paired = longest[i + 1][j + 1] + 1 if alike[i][j] else 0
            longest[i][j] = max(paired, longest[i + 1][j], longest[i][j + 1])
    i = j = 0
    while i < len(left) and j < len(right):
        if alike[i][j] and longest[i][j] == longest[i + 1][j + 1] + 1:
            yield i, j
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1


def _resemble(one: Cell, other: Cell) -> bool:
    if _type(one) != _type(other):
        return False
    matcher = SequenceMatcher(None, _source(one), _source(other), autojunk=False)
    return matcher.quick_ratio() > ALIKE and matcher.ratio() > ALIKE


def _beside_sources(left: list[Cell], right: list[Cell], pairs: list[Pair]) -> list[FieldDifference]:
    found: list[FieldDifference] = []
    for i, j in pairs:
        found += differing(_cell_metadata(left[i], j), _cell_metadata(right[j], j))
    renamed = [j for i, j in pairs if left[i].get("id") != right[j].get("id")]
    if renamed:
        # One row: a program that rewrites a notebook gives all of them new ids.
        found.append(FieldDifference(change="changed", name="cell ids", right=f"new in {cells_in_words(renamed)}"))
    return found


def _metadata(notebook: Mapping[str, Any]) -> dict[str, str]:
    metadata = dict(notebook.get("metadata") or {})
    spec = metadata.pop("kernelspec", None)
    language = metadata.pop("language_info", None)
    rows = {f"metadata: {key}": _json(value) for key, value in metadata.items()}
    if isinstance(spec, dict):
        # Its name and language stand in the manifest.
        rest = {k: v for k, v in spec.items() if k not in ("name", "language", "display_name")}
        rows |= {"kernel's display name": str(spec["display_name"])} if "display_name" in spec else {}
        rows |= {"metadata: kernelspec": _json(rest)} if rest else {}
    rest = {k: v for k, v in language.items() if k != "name"} if isinstance(language, dict) else {}
    rows |= {"metadata: language_info": _json(rest)} if rest else {}
    rows["notebook format"] = f"{notebook.get('nbformat', 4)}.{notebook.get('nbformat_minor', 0)}"
    return rows


def _cell_metadata(cell: Cell, at: int) -> dict[str, str]:
    metadata = dict(cell.get("metadata") or {})
    tags = metadata.pop("tags", None)
    rows = {f"cell {at + 1}, metadata: {key}": _json(value) for key, value in metadata.items()}
    rows[f"cell {at + 1}, type"] = _type(cell)
    rows |= {f"cell {at + 1}, tags": ", ".join(map(str, tags))} if isinstance(tags, list) and tags else {}
    attached = cell.get("attachments")
    rows |= {f"cell {at + 1}, attachments": ", ".join(sorted(attached))} if isinstance(attached, dict) else {}
    return rows


def _json(value: Any) -> str:
    return naming.shortened(json.dumps(value, sort_keys=True, ensure_ascii=False), _LONGEST_VALUE)


def _cells(notebook: Mapping[str, Any]) -> list[Cell]:
    return [cell for cell in notebook.get("cells") or [] if isinstance(cell, Mapping)]


def _type(cell: Cell) -> str:
    return str(cell.get("cell_type", "code"))


def _source(cell: Cell) -> str:
    """The format allows a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))

"""Texts that differ, as lines with ` `, `-` or `+` in front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

CONTEXT = 3
MOST_LINES = 200
"""Lines shown of one cell."""
MOST_COMPARED = 5_000
"""Lines looked at from the first that differs; of longer texts, the rest is only counted."""
LONGEST = 1_000
"""Characters of a line; what is longer goes on in the next, as a page of HTML may be a single line."""
GOES_ON = "↩"
GAP = " ⋯"
"""Stands for lines that are the same on both sides."""


def unified(left: Sequence[str], right: Sequence[str], most: int = MOST_LINES) -> list[str]:
    """How two texts differ, with three lines around each difference; empty when they do not."""
    if left == right:
        return []
    before, after = _broken(left), _broken(right)
    start = max(0, _common(before, after) - CONTEXT)
    rest = max(len(before), len(after)) - start - MOST_COMPARED
    shown = list(_grouped(before[start : start + MOST_COMPARED], after[start : start + MOST_COMPARED]))
    return limited(shown, most, max(0, rest))


def limited(lines: list[str], most: int = MOST_LINES, further: int = 0) -> list[str]:
    """The first lines, and a last one that says how many were left out."""
    out = len(lines) - most
    if out > 0:
        lines, further = lines[:most], further + out
    return [*lines, f" … {further:,} more line{'' if further == 1 else 's'}"] if further else lines


def whole(mark: str, lines: Sequence[str], most: int = MOST_LINES) -> list[str]:
    """All lines of what is on one side only."""
    return limited([mark + line for line in _broken(lines)], most)


def _grouped(left: list[str], right: list[str]) -> Iterator[str]:
    """Unified, as difflib has it, with a gap where it has line numbers: those of a cell's outputs say nothing."""
    for index, group in enumerate(SequenceMatcher(None, left, right).get_grouped_opcodes(CONTEXT)):
        if index:
            yield GAP
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in left[i:i_end])
            else:
                yield from (f"-{line}" for line in left[i:i_end])
                yield from (f"+{line}" for line in right[j:j_end])


def _common(left: list[str], right: list[str]) -> int:
    """How many lines are the same at the beginning."""
    pairs = zip(left, right, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _broken(lines: Sequence[str]) -> list[str]:
    """Lines of bearable length, in characters that can be written down."""
    broken: list[str] = []
    for line in lines:
        line = line.encode(errors="backslashreplace").decode()
        while len(line) > LONGEST:
            broken.append(line[:LONGEST] + GOES_ON)
            line = line[LONGEST:]
        broken.append(line)
    return broken

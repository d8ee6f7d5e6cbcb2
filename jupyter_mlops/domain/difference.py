"""How two snapshots differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import msgspec

from jupyter_mlops.domain.snapshot import Snapshot

Change = Literal["added", "removed", "changed"]


class CellDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that is in one notebook only, or differs."""

    change: Change
    left: int | None = None
    """Index of the cell among all cells of the first notebook, None when it is added."""
    right: int | None = None
    cell_type: str = "code"
    lines: list[str] = []
    """Unified: each line with ` `, `-` or `+` in front of it."""


class FieldDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A named thing (package, file, commit, dataset) that is on one side only, or differs."""

    change: Change
    name: str
    left: str = ""
    right: str = ""


class SnapshotDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in which two snapshots differ; empty lists when nothing does."""

    left: Snapshot
    right: Snapshot
    cells: list[CellDifference] = []
    notebook: list[FieldDifference] = []
    """Metadata: kernel, name."""
    environment: list[FieldDifference] = []
    """Python, platform."""
    packages: list[FieldDifference] = []
    files: list[FieldDifference] = []
    """With sizes."""
    git: list[FieldDifference] = []
    """Of the newest sightings."""
    datasets: list[FieldDifference] = []


T = TypeVar("T")


def nothing_differs(diff: SnapshotDiff) -> bool:
    """Whether there is nothing to show."""
    return not any((diff.cells, diff.notebook, diff.environment, diff.packages, diff.files, diff.git, diff.datasets))


def differing(
    left: Mapping[str, T],
    right: Mapping[str, T],
    in_words: Callable[[T], str] = str,
    changed: Callable[[T], str] | None = None,
) -> list[FieldDifference]:
    """The names under which two mappings do not hold the same, in alphabetical order.

    Args:
        in_words: how a thing is shown.
        changed: how the second of two differing things is shown when words alone do not tell them apart.
    """
    found: list[FieldDifference] = []
    for name in sorted({*left, *right}):
        if name not in right:
            found.append(FieldDifference(change="removed", name=name, left=in_words(left[name])))
        elif name not in left:
            found.append(FieldDifference(change="added", name=name, right=in_words(right[name])))
        elif left[name] != right[name]:
            before, after = in_words(left[name]), in_words(right[name])
            if before == after:
                after = changed(right[name]) if changed else f"{after} (changed)"
            found.append(FieldDifference(change="changed", name=name, left=before, right=after))
    return found

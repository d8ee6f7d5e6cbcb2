"""Indexes written briefly, as Kubernetes writes them: `1,3-5,7`."""

from __future__ import annotations


def ranges(indexes: str) -> list[int]:
    """Numbers written as Kubernetes writes completed indexes: `1,3-5,7`."""
    found: list[int] = []
    for part in indexes.split(","):
        first, _, last = part.partition("-")
        if first.strip():
            found.extend(range(int(first), int(last or first) + 1))
    return found


def as_ranges(indexes: list[int]) -> str:
    """The same, written: `[1, 3, 4, 5, 7]` is `1,3-5,7`."""
    parts: list[list[int]] = []
    for index in sorted(indexes):
        if parts and index == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], index]
        else:
            parts.append([index, index])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)

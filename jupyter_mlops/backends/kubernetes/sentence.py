"""Words of a cluster, made fit to be read in a table's cell."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 290
ADMINISTRATOR = "tell the administrator"


def quoted(message: str, longest: int = 150) -> str:
    """What the cluster said, on one line and without a full stop; a long message loses its end."""
    line = "".join(letter if letter.isprintable() else " " for letter in message)
    line = " ".join(line.split()).rstrip(".: ")
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def sentence(text: str, then: str = "") -> str:
    """A sentence with its full stop, and what to do next if there is room for it."""
    line = quoted(text, LONGEST - 1)
    both = f"{line}; {then}."
    return both if then and len(both) <= LONGEST else f"{line}."


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)

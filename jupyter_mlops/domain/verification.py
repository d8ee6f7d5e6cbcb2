"""Whether a snapshot still does what it did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

Verdict = Literal["reproduces", "runs", "differs", "fails"]
"""reproduces: same outputs; runs: nothing to compare with; differs: it runs and says something else; fails: it does
not run to its end."""


class OutputDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A code cell whose outputs are not those that were kept."""

    cell: int
    """Index among all cells of the notebook."""
    lines: list[str] = []
    """Unified: each line with ` `, `-` or `+` in front of it."""


class VerificationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found: the artifact `verification.json` of its run."""

    verdict: Verdict
    sentence: str
    """The verdict in words: `reproduces`, `runs, outputs differ in cells 4 and 9`, `fails in cell 3 because …`."""
    reference: str
    """With what the outputs were compared, in words."""
    cells: list[OutputDifference] = []


MOST_NAMED = 6
"""Cells named in a sentence; of more, the rest is counted."""


def conclude(failed: str | None, differences: Sequence[OutputDifference], reference: str) -> VerificationResult:
    """The verdict and its sentence.

    Args:
        failed: where and why it did not run to its end, as `in cell 3 because ValueError: …` or `because …`, or a
            sentence that says why; None when it did.
        reference: with what the outputs were compared, in words; empty when there was nothing to compare with.
    """
    verdict: Verdict
    if failed is not None:
        # Where it is known, the place comes first; else the sentence stands for itself.
        verdict, sentence = "fails", f"fails {failed}" if failed.startswith(("in ", "because ")) else f"fails: {failed}"
    elif not reference:
        verdict, sentence = "runs", "runs; there were no outputs to compare with"
    elif differences:
        verdict, sentence = "differs", f"runs, outputs differ in {cells_in_words([d.cell for d in differences])}"
    else:
        verdict, sentence = "reproduces", "reproduces"
    return VerificationResult(verdict=verdict, sentence=sentence, reference=reference, cells=list(differences))


def cells_in_words(indexes: Sequence[int], most: int = MOST_NAMED) -> str:
    """Cells for people, who count from 1: `cell 4`, `cells 4, 5 and 9`, `cells 1, 2, 3, 4, 5, 6 and 12 more`."""
    numbers = [str(index + 1) for index in sorted(set(indexes))]
    if len(numbers) == 1:
        return f"cell {numbers[0]}"
    if len(numbers) > most:
        return f"cells {', '.join(numbers[:most])} and {len(numbers) - most} more"
    return f"cells {', '.join(numbers[:-1])} and {numbers[-1]}" if numbers else "no cells"

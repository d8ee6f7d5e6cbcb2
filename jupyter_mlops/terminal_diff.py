"""How differences look where there is only text: between snapshots, and of a verification.

As in `terminal`, everything that comes from notebooks goes in as `Text` without control characters. A mark in front
says what a colour says.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jupyter_mlops import words
from jupyter_mlops.domain.difference import CellDifference, Change, FieldDifference, SnapshotDiff, nothing_differs
from jupyter_mlops.domain.snapshot import Snapshot
from jupyter_mlops.domain.verification import Verdict, VerificationResult

_MARKS: dict[Change, tuple[str, str]] = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_LINES = {"+": "green", "-": "red"}
_VERDICTS: dict[Verdict, tuple[str, str]] = {
    "reproduces": ("✓", "green"),
    "runs": ("○", "cyan"),
    "differs": ("≠", "yellow"),
    "fails": ("✕", "red"),
}
_INDENT = "  "
_TAB = 4
_DIGEST = 12


def snapshot_diff(diff: SnapshotDiff) -> RenderableType:
    """Everything in which two snapshots differ, section by section; only sections that have something to say."""
    parts: list[RenderableType] = [_sides(diff)]
    if nothing_differs(diff):
        return Group(*parts, Text("Nothing differs."))
    sections = {
        "Notebook": diff.notebook,
        "Environment": diff.environment,
        "Packages": diff.packages,
        "Files": diff.files,
        "Git": diff.git,
        "Datasets": diff.datasets,
    }
    for title, rows in sections.items():
        if title == "Notebook" and diff.cells:
            parts += [Text("\nNotebook", style="bold"), *([_fields(rows)] if rows else []), *map(_cell, diff.cells)]
        elif rows:
            parts += [Text(f"\n{title}", style="bold"), _fields(rows)]
    return Group(*parts)


def verification(result: VerificationResult) -> RenderableType:
    """The verdict, with what the outputs were compared, and the differences."""
    mark, style = _VERDICTS[result.verdict]
    parts: list[RenderableType] = [Text.assemble((f"{mark} ", style), words.plain(result.sentence))]
    if result.reference:
        parts.append(Text(f"compared with {words.plain(result.reference)}", style="dim"))
    for one in result.cells:
        parts += [Text(f"\ncell {one.cell + 1}", style="bold"), *_lines(one.lines)]
    return Group(*parts)


def _sides(diff: SnapshotDiff) -> Text:
    return Text.assemble(("- ", "red"), *_side(diff.left), "\n", ("+ ", "green"), *_side(diff.right))


def _side(of: Snapshot) -> Iterable[tuple[str, str]]:
    yield of.digest[:_DIGEST], "dim"
    yield f"  {words.plain(of.sighting.notebook if of.sighting else of.manifest.path)}", "bold"


def _fields(rows: Iterable[FieldDifference]) -> Table:
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    made.add_column(overflow="fold")
    for row in rows:
        mark, style = _MARKS[row.change]
        made.add_row(Text(mark, style=style), Text(words.plain(row.name)), _values(row))
    return made


def _values(row: FieldDifference) -> Text:
    left, right = words.plain(row.left), words.plain(row.right)
    return Text(f"{left} → {right}" if left and right else left or right)


def _cell(of: CellDifference) -> RenderableType:
    mark, style = _MARKS[of.change]
    at = of.right if of.right is not None else of.left
    number = "" if at is None else f" {at + 1}"
    kind = "" if of.cell_type == "code" else f" ({words.plain(of.cell_type)})"
    before = f", was cell {of.left + 1}" if of.left is not None and at != of.left else ""
    return Group(Text.assemble((mark, style), f" cell{number}{kind} {of.change}{before}"), *_lines(of.lines))


def _lines(lines: Iterable[str]) -> list[RenderableType]:
    return [Text(_INDENT + _harmless(line), style=_LINES.get(line[:1], "dim"), overflow="fold") for line in lines]


def _harmless(line: str) -> str:
    """`words.plain` for a line of code: its indentation stays."""
    return "".join(
        c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in line[:1] + line[1:].expandtabs(_TAB)
    )

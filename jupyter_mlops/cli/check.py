"""`check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jupyter_mlops.cli.commands import Verb
from jupyter_mlops.cli.face import SWEEP_FAILED, Face, as_json, pass_face
from jupyter_mlops.domain.check import CheckFinding, CheckReport

if TYPE_CHECKING:
    from rich.text import Text

_MARKS = {"error": ("✕", "red"), "warning": ("!", "yellow"), "hint": ("·", "dim")}


@click.command(
    cls=Verb,
    short_help="What will go wrong in a notebook, without running it.",
    examples=["$ check digits.ipynb", "$ check train.ipynb --kernel gpu --json"],
)
@click.argument("notebook", required=False)
@click.option("--kernel", metavar="NAME", help="Another kernel than the notebook's own.")
@as_json
@pass_face
def check(face: Face, notebook: str | None, kernel: str | None, as_json: bool) -> None:
    """What will, or may, go wrong when NOTEBOOK runs from top to bottom. Nothing of it is run.

    The exit code is 1 if something will fail.
    """
    path = face.notebook(notebook)
    with face.busy("Looking…"):
        report = face.services().checks.check(path, kernel)
    if as_json:
        face.emit(report)
    else:
        face.show(in_words(report))
    if any(finding.level == "error" for finding in report.findings):
        face.exit_code = SWEEP_FAILED


def in_words(report: CheckReport) -> Text:
    """A report as the terminal prints it; cells are counted from one."""
    from rich.text import Text

    from jupyter_mlops import words

    shown = Text()
    for finding in report.findings:
        mark, style = _MARKS[finding.level]
        shown.append(mark, style=style)
        shown.append(f" {_place(finding)}{words.plain(finding.message)}\n")
        shown.append(f"    → {words.plain(finding.fix)}\n", style="dim")
    if report.unknown:
        shown.append("Not looked at:\n")
        for sentence in report.unknown:
            shown.append(f"  {words.plain(sentence)}\n")
    shown.append(words.plain(_summary(report)))
    return shown


def _place(finding: CheckFinding) -> str:
    if finding.cell is None:
        return ""
    line = f", line {finding.line}" if finding.line is not None else ""
    return f"cell {finding.cell + 1}{line}: "


def _summary(report: CheckReport) -> str:
    counts = [
        (sum(finding.level == level for finding in report.findings), level) for level in ("error", "warning", "hint")
    ]
    said = ", ".join(f"{count} {level}{'s' if count > 1 else ''}" for count, level in counts if count)
    cells = f"{report.cells} code cell{'' if report.cells == 1 else 's'}"
    return f"{report.notebook}: {said or 'nothing found'} in {cells}, kernel {report.kernel}."

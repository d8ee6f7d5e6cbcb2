"""How sweeps look where there is only text: tables and the progress bar, for the command line and the magics.

Everything that comes from notebooks goes in as `Text`, never as rich's markup, and in one line without control
characters.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column, Table
from rich.text import Text

from jupyter_mlops import words
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.profile import ExecutorOffer
from jupyter_mlops.domain.sweep import Sweep, SweepState
from jupyter_mlops.domain.trial import Trial, TrialState
from jupyter_mlops.watching import View

PROGRAM = "jupyter mlops"
MOST_COLUMNS = 6
"""Parameters beyond this many share one column."""
WIDE = 10_000
"""A pipe has no width: nothing is cut for it."""

_STYLES: dict[SweepState | TrialState, str] = {
    "running": "cyan",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "dim",
    "queued": "dim",
    "pruned": "dim",
    "preempted": "yellow",
    "paused": "yellow",
    "stopping": "yellow",
    "lost": "bold yellow",
}


def console(stderr: bool = False) -> Console:
    """Where a command writes: as wide as the terminal, or as wide as it takes."""
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False, force_jupyter=False)
    if not made.is_terminal:
        made.width = WIDE
    return made


def text(shown: RenderableType, width: int = 100) -> str:
    """The same as plain text, for a notebook's cell."""
    into = io.StringIO()
    Console(file=into, width=width, color_system=None, force_jupyter=False, markup=False, emoji=False).print(shown)
    return "\n".join(line.rstrip() for line in into.getvalue().splitlines())


def state(of: SweepState | TrialState) -> Text:
    return Text(words.state(of), style=_STYLES[of])


def _now() -> int:
    return int(time.time() * 1000)


def head(sweep: Sweep) -> Text:
    """A sweep in one line: state, name, id, how far."""
    return Text.assemble(
        state(sweep.state),
        "  ",
        (words.plain(sweep.name), "bold"),
        "  ",
        (sweep.id[:8], "dim"),
        f"  {words.progress(sweep)}",
    )


def sweep(of: Sweep, trials: Iterable[Trial], program: str = PROGRAM, most: int = words.LEADERS) -> RenderableType:
    """A sweep with its leaderboard and what went wrong."""
    rows = words.ranked(trials, of.direction)
    parts: list[RenderableType] = [head(of)]
    if of.reason:
        parts.append(Text(words.plain(of.reason)))
    if same := words.fixed(of):
        parts.append(Text(f"everywhere: {same}", style="dim"))
    parts += ["", table(of, rows[:most])]
    if len(rows) > most:
        parts.append(Text(f"and {len(rows) - most:,} more: {program} trial list {of.id[:8]}", style="dim"))
    for reason, indexes in words.failures(rows).items():
        parts += [
            "",
            Text.assemble((f"{words.MARKS['failed']} {words.indexes(indexes)} failed: ", "red"), reason),
            Text(f"  {program} trial open {of.id[:8]} {indexes[0]}", style="dim"),
        ]
    return Group(*parts)


def table(of: Sweep, trials: Sequence[Trial]) -> Table:
    """Trials as they are given, one row each."""
    now = _now()
    names = words.varied(of)
    apart = len(names) <= MOST_COLUMNS
    made = _table(Column("#", justify="right"), "state")
    # Worth a column only where somebody did not get to the end, or not yet.
    cells = any(trial.cells_total and trial.state != "succeeded" for trial in trials)
    if cells:
        made.add_column("cells", justify="right")
    if of.objective:
        made.add_column(Text(words.plain(of.objective)), justify="right", no_wrap=True)
    for name in names if apart else ["parameters"]:
        made.add_column(Text(words.plain(name)), overflow="ellipsis", no_wrap=apart)
    made.add_column("time", justify="right", no_wrap=True)
    reasons = any(trial.reason for trial in trials)
    if reasons:
        made.add_column("why", overflow="fold")
    for trial in trials:
        varying = {name: trial.parameters.get(name) for name in names}
        values = [words.value(v) for v in varying.values()] if apart else [words.assignments(varying)]
        row: list[str | Text] = [str(trial.index), state(trial.state)]
        row += [_cells(trial)] if cells else []
        row += [words.result(trial)] if of.objective else []
        row += [Text(v) for v in values] + [words.took(trial, now)]
        row += [Text(words.plain(trial.reason))] if reasons else []
        made.add_row(*row)
    return made


def _table(*columns: Column | str) -> Table:
    return Table(*columns, box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))


def _cells(trial: Trial) -> str:
    return f"{trial.cells_done}/{trial.cells_total}" if trial.cells_total else ""


def sweeps(found: Sequence[Sweep]) -> Table:
    """Sweeps as they are given, one row each."""
    now = _now()
    made = _table(
        "id", "state", "name", Column("trials", justify="right"), Column("failed", justify="right"), "best", "started"
    )
    for one in found:
        failed = one.counts.get("failed", 0)
        made.add_row(
            one.id[:8],
            state(one.state),
            Text(words.plain(one.name)),
            f"{words.ended_count(one):,}/{one.total:,}",
            Text(f"{failed:,}" if failed else "", style="red"),
            Text(words.best(one).removeprefix("best ")),
            words.ago(one.started, now),
        )
    return made


def trial(of: Sweep, one: Trial) -> RenderableType:
    """One trial in full."""
    rows: dict[str, str | Text] = {"state": state(one.state)}
    rows |= {"why": Text(words.plain(one.reason))} if one.reason else {}
    if of.objective:
        rows[words.plain(of.objective)] = words.result(one)
    rows |= {words.plain(name): Text(words.plain(str(value))) for name, value in one.parameters.items()}
    rows |= {"cells": _cells(one), "time": words.took(one, _now())}
    rows |= {"attempt": str(one.attempt)} if one.attempt > 1 else {}
    rows |= {"MLflow run": one.run_id} if one.run_id else {}
    made = Table.grid(padding=(0, 2, 0, 0))
    for name, value in rows.items():
        made.add_row(Text(name, style="dim"), value)
    title = Text.assemble((f"trial {one.index}", "bold"), f" of {words.plain(of.name)} ", (of.id[:8], "dim"))
    return Group(title, made)


def findings(found: Iterable[Finding]) -> RenderableType:
    """What `doctor` found, with what to do about it."""
    marks = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✕", "red")}
    made = Table.grid(padding=(0, 2, 0, 0))
    for one in found:
        mark, style = marks[one.status]
        message = Text(words.plain(one.message))
        if one.fix:
            message.append(f"\n→ {words.plain(one.fix)}", style=style)
        made.add_row(Text(mark, style=style), Text(one.name), message)
    return made


def executors(offers: Iterable[ExecutorOffer]) -> RenderableType:
    """Where trials can run, with the compute profiles of each place."""
    made: list[RenderableType] = []
    for offer in offers:
        said = Text.assemble((offer.name, "bold"), f"  {offer.parallelism} at once")
        made.append(Text.assemble(said, "  ", (words.plain(offer.problem), "red")) if offer.problem else said)
        if offer.profiles:
            table = Table.grid(padding=(0, 2, 0, 0))
            for one in offer.profiles:
                about = ", ".join(filter(None, [one.description, f"queue {one.queue}" if one.queue else ""]))
                table.add_row(f"  {one.name}", Text(words.plain(one.title)), one.resources, Text(words.plain(about)))
            made.append(table)
    return Group(*made)


def line(of: Sweep, one: Trial) -> str:
    """An ended trial in one line, for a log."""
    value = f"{words.plain(of.objective)} {words.result(one)}" if of.objective and one.objective is not None else ""
    varying = {name: one.parameters.get(name) for name in words.varied(of)}
    parts = [
        f"{words.state(one.state)}  trial {one.index}",
        value,
        words.assignments(varying),
        words.took(one, _now()),
        words.plain(one.reason),
    ]
    return "  ".join(part for part in parts if part)


class Follower:
    """Shows views of a sweep as they come: a bar in a terminal, one line per ended trial elsewhere."""

    def __init__(self, where: Console, quiet: bool = False) -> None:
        self.console = where
        self._lines = not where.is_terminal and not quiet
        self._task: TaskID | None = None
        self._bar = Progress(
            TextColumn("{task.fields[mark]} {task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[words]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=where,
            transient=True,
            refresh_per_second=4,
            disable=not where.is_terminal,
        )

    def __enter__(self) -> Follower:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, what: str) -> None:
        """A message beside the bar."""
        self.console.print(Text(words.plain(what)))

    def show(self, view: View) -> None:
        of = view.sweep
        fields: dict[str, Any] = {
            "mark": words.MARKS[of.state] if of.state == "running" else words.state(of.state),
            "words": words.progress(of),
        }
        if self._task is None:
            self._task = self._bar.add_task(words.plain(of.name), total=of.total, **fields)
        self._bar.update(self._task, completed=words.ended_count(of), **fields)
        if self._lines:
            # Trials that never began would be a line each when a large sweep is stopped.
            for one in view.ended:
                if one.started is not None:
                    self.console.print(Text(line(of, one)), soft_wrap=True)

"""`%mlops …`: the words of the command line, in a notebook.

The notebook one stands in need not be named, a sweep is shown as a live table in the cell's output, and what a program
can use is returned: `handle = %mlops sweep run -s C 0.1,1,10 --objective accuracy`.
"""

from __future__ import annotations

import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jupyter_mlops import cli
from jupyter_mlops.cli.face import INTERRUPTED, Face
from jupyter_mlops.domain.sweep import Sweep
from jupyter_mlops.domain.trial import Trial
from jupyter_mlops.sdk import SweepHandle, trial_here

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDTH = 110
"""Characters of a line in a cell's output."""


def register(ipython: Any) -> None:
    """Give an IPython shell `%mlops`."""

    def mlops(line: str) -> Any:
        """Snapshots and sweeps of this notebook; `%mlops --help` says more."""
        return run(line, ipython)

    ipython.register_magic_function(mlops, "line", "mlops")


def run(line: str, ipython: Any) -> Any:
    """Carry out a line; errors are printed in words. Returns the sweep it was about, if any."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        click.echo(f"Error: {error}. Quotes come in pairs.", err=True)
        return None
    if inside := _trial_that_would_sweep(words):
        click.echo(f"Skipped: this runs as {inside}, and a trial starts no sweeps.")
        return None
    face = Cell(ipython)
    with warnings.catch_warnings():
        # Said by tqdm, which MLflow imports and we do not use here.
        warnings.filterwarnings("ignore", message="IProgress not found")
        cli.run(words, face)
    handle = face.result
    return Shown(handle, ipython.execution_count) if isinstance(handle, SweepHandle) else None


def _trial_that_would_sweep(words: Sequence[str]) -> str:
    """A notebook may hold its own `%mlops sweep run`: in its trials that line does nothing, so they run through."""
    return trial_here() if list(words[:2]) == ["sweep", "run"] and "--help" not in words else ""


class Cell(Face):
    """A notebook's cell."""

    program = "%mlops"

    def __init__(self, ipython: Any) -> None:
        super().__init__()
        self._ipython = ipython
        self._drawn = False

    @property
    def here(self) -> str | None:
        named = self._ipython.user_ns.get("__vsc_ipynb_file__")
        return str(named) if named else super().here

    def notebook(self, named: str | None) -> str:
        path = super().notebook(named)
        if named in (None, ".") and not Path(path).exists():
            raise click.UsageError(
                f"This notebook was {path!r} when its kernel started, and there is no such file now. "
                "Save it and restart the kernel, or name it."
            )
        return path

    def console(self, stderr: bool = False) -> Console:
        from rich.console import Console

        return Console(
            file=sys.stderr if stderr else sys.stdout,
            width=WIDTH,
            color_system=None,
            force_terminal=False,
            force_jupyter=False,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def show(self, what: RenderableType) -> None:
        from jupyter_mlops import terminal

        click.echo(terminal.text(what, WIDTH))

    def follow(self, handle: SweepHandle, as_json: bool) -> Sweep:
        if as_json:
            return super().follow(handle, as_json)
        from jupyter_mlops.watching import watch

        sweep, live = None, Live()
        try:
            for view in watch(handle.services, handle.id, live.say):
                sweep = view.sweep
                live.show(sweep, view.trials.values())
        except KeyboardInterrupt:
            self.exit_code = INTERRUPTED
            click.echo(self.goes_on(handle.id))
        self._drawn = True
        return sweep or handle.sweep

    def conclude(self, handle: SweepHandle, sweep: Sweep) -> None:
        """Show the leaderboard; after waiting it stands in the cell already."""
        if not self._drawn:
            Live().show(sweep, handle.services.trials.all(handle.id))


class Live:
    """A sweep's table in a cell's output, drawn anew in its place whenever something has changed."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._said = ""
        self._sweep: Sweep | None = None
        self._trials: list[Trial] = []
        self._drawn: dict[str, str] = {}

    def say(self, words: str) -> None:
        """A message below the table's head, until there is something new to show."""
        self._said = words
        if self._sweep is not None:
            self._draw(self._sweep)

    def show(self, sweep: Sweep, trials: Any) -> None:
        self._said = ""
        self._trials = list(trials)
        self._sweep = sweep
        self._draw(sweep)

    def _draw(self, sweep: Sweep) -> None:
        from IPython.display import display

        from jupyter_mlops import markup, terminal

        drawn = {
            "text/plain": terminal.text(terminal.sweep(sweep, self._trials, "%mlops"), WIDTH),
            "text/html": markup.sweep(sweep, self._trials, self._said),
        }
        if drawn == self._drawn:
            return
        self._drawn = drawn
        if self._handle is None:
            self._handle = display(drawn, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(drawn, raw=True)


class Shown(SweepHandle):
    """A handle that does not show itself a second time below the table of the cell it comes from."""

    def __init__(self, handle: SweepHandle, cell: int) -> None:
        super().__init__(handle.id, handle.services)
        self._cell = cell

    def _ipython_display_(self) -> None:
        from IPython import get_ipython

        if getattr(get_ipython(), "execution_count", None) != self._cell:
            raise NotImplementedError  # IPython then shows it the usual way

"""Where commands are typed: what differs between a terminal and a notebook's cell."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from jupyter_mlops.domain.sweep import Sweep

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from jupyter_mlops.sdk import SweepHandle
    from jupyter_mlops.services import Services

SUCCEEDED, SWEEP_FAILED, USAGE, ERROR, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes."""


class Face:
    """A terminal, or a pipe. The magics bring their own, which draws into a notebook's cell."""

    program = "jupyter mlops"

    def __init__(self) -> None:
        self.exit_code = SUCCEEDED
        self.result: SweepHandle | None = None
        """The sweep that a command was about, for the magics."""

    @property
    def here(self) -> str | None:
        """The notebook one stands in: a terminal stands in none, but a `!` line of a notebook does."""
        path = os.environ.get("JPY_SESSION_NAME", "")
        return path if path.endswith(".ipynb") else None

    def services(self) -> Services:
        from jupyter_mlops import sdk

        return sdk.services()

    def user(self) -> str:
        from jupyter_mlops.configuration import current_user

        return current_user()

    def notebook(self, named: str | None) -> str:
        """The notebook that was named, or else the one one stands in.

        Raises:
            UsageError: there is none.
        """
        if named not in (None, "."):
            return str(named)
        if self.here is None:
            raise click.UsageError(f"Name the notebook: {click.get_current_context().command_path} NOTEBOOK.ipynb")
        beside = os.path.relpath(self.here)
        return self.here if beside.startswith(os.pardir) else beside

    def handle(self, beginning: str) -> SweepHandle:
        """The sweep whose id begins so."""
        from jupyter_mlops.sdk import SweepHandle

        services = self.services()
        return SweepHandle(services.sweeps.find(beginning), services)

    # Output

    def console(self, stderr: bool = False) -> Console:
        from jupyter_mlops import terminal

        return terminal.console(stderr)

    def show(self, what: RenderableType) -> None:
        """Show something made for people."""
        from jupyter_mlops import terminal

        console = self.console()
        if console.is_terminal:
            console.print(what)
        else:
            click.echo(terminal.text(what, terminal.WIDE))

    def emit(self, document: Any) -> None:
        """Write a document for machines: one, and nothing else."""
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())

    @contextmanager
    def busy(self, doing: str) -> Iterator[None]:
        """Say what takes a moment, while a person looks."""
        console = self.console(stderr=True)
        if not console.is_terminal:
            yield
            return
        with console.status(doing):
            yield

    @contextmanager
    def steps(self, doing: str) -> Iterator[Callable[[str], None]]:
        """Say each step of something long: in place while a person looks, else one line each, on stderr."""
        console = self.console(stderr=True)
        if not console.is_terminal:
            yield lambda line: click.echo(line, err=True)
            return
        with console.status(doing) as status:
            yield lambda line: status.update(f"{doing} {line}")

    def follow(self, handle: SweepHandle, as_json: bool) -> Sweep:
        """Wait for a sweep and show how it goes; returns it as it ended.

        Ctrl-C leaves the sweep running; `exit_code` says so.
        """
        from jupyter_mlops import terminal
        from jupyter_mlops.watching import watch

        sweep: Sweep | None = None
        with terminal.Follower(self.console(stderr=as_json), quiet=as_json) as follower:
            try:
                with _ctrl_c() as pressed:
                    for view in watch(handle.services, handle.id, follower.say):
                        sweep = view.sweep
                        follower.show(view)
                        if pressed.is_set():
                            raise KeyboardInterrupt
            except KeyboardInterrupt:
                self.exit_code = INTERRUPTED
        if self.exit_code == INTERRUPTED:
            click.echo(self.goes_on(handle.id), err=True)
        return sweep or handle.sweep

    def conclude(self, handle: SweepHandle, sweep: Sweep) -> None:
        """Show a sweep with its leaderboard."""
        from jupyter_mlops import terminal

        self.show(terminal.sweep(sweep, handle.services.trials.all(handle.id), self.program))

    def goes_on(self, sweep_id: str) -> str:
        """What to know of a sweep that nobody waits for any more."""
        short = sweep_id[:8]
        return (
            f"Sweep {short} goes on in the background.\n"
            f"  see it   {self.program} sweep show {short} --follow\n"
            f"  stop it  {self.program} sweep stop {short}"
        )


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Remember Ctrl-C besides raising it: raised inside a destructor or a weak reference's callback it is dropped."""
    pressed = threading.Event()

    def press(number: int, frame: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield pressed  # signals are the main thread's alone
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


pass_face = click.make_pass_decorator(Face)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")

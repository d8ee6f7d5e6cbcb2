"""`trial`: list, show, log, open, stop."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jupyter_mlops.cli.commands import Noun, Verb
from jupyter_mlops.cli.face import Face, as_json, pass_face
from jupyter_mlops.domain.errors import Conflict, NotAllowed, Unavailable

if TYPE_CHECKING:
    from jupyter_mlops.services import Services

TAIL = 4096
"""Bytes."""
FOLLOW_SECONDS = 0.5


@click.group(cls=Noun)
def trial() -> None:
    """Look at single trials.

    SWEEP is an id, the beginning of one, or `latest`."""


_sweep = click.argument("sweep")
_index = click.argument("index", type=click.IntRange(0))


@trial.command("list", cls=Verb, examples=["$ trial list latest", "$ trial list 3f2a --json"])
@_sweep
@as_json
@pass_face
def list_(face: Face, sweep: str, as_json: bool) -> None:
    """All trials of SWEEP, best first."""
    from jupyter_mlops import terminal, words

    handle = face.handle(sweep)
    of = handle.sweep
    trials = words.ranked(handle.services.trials.all(handle.id), of.direction)
    if as_json:
        face.emit(trials)
    else:
        face.show(terminal.table(of, trials))


@trial.command(cls=Verb)
@_sweep
@_index
@as_json
@pass_face
def show(face: Face, sweep: str, index: int, as_json: bool) -> None:
    """One trial: its state, why, parameters and times."""
    from jupyter_mlops import terminal

    handle = face.handle(sweep)
    one = handle.services.trials.get(handle.id, index)
    if as_json:
        face.emit(one)
        return
    face.show(terminal.trial(handle.sweep, one))
    if one.has_notebook:
        face.show(f"Executed notebook: {face.program} trial open {handle.id[:8]} {index}")


@trial.command(cls=Verb, short_help="What it printed and reported.")
@_sweep
@_index
@click.option("-f", "--follow", is_flag=True, help="Wait for more until the trial has ended.")
@click.option("--tail", is_flag=True, help="Begin with its last 4 KB.")
@as_json
@pass_face
def log(face: Face, sweep: str, index: int, follow: bool, tail: bool, as_json: bool) -> None:
    """What a trial printed and reported, and the traceback if its notebook raised."""
    handle = face.handle(sweep)
    pieces = []
    said, ended, offset = False, False, -TAIL if tail else 0
    while not ended:
        try:
            piece = handle.services.trials.log(handle.id, index, offset)
        except Unavailable as error:
            if not follow:
                raise
            if not said:
                click.echo(error.message, err=True)
            said = True
            time.sleep(FOLLOW_SECONDS)
            continue
        moved, offset, ended = bool(piece["text"]), piece["next"], piece["ended"]
        if as_json:
            pieces.append(piece["text"])
        else:
            click.echo(piece["text"], nl=False)
        if not moved and not ended:
            if not follow:
                break
            sys.stdout.flush()
            time.sleep(FOLLOW_SECONDS)
    if as_json:
        face.emit({"text": "".join(pieces), "next": offset, "ended": ended})


@trial.command(
    "open",
    cls=Verb,
    short_help="Write its executed notebook into a file.",
    examples=["$ trial open latest 17", "$ trial open latest 17 -o best.ipynb"],
)
@_sweep
@_index
@click.option("-o", "--output", type=click.Path(path_type=Path), help="By default NOTEBOOK-trial-INDEX.ipynb here.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@as_json
@pass_face
def open_(face: Face, sweep: str, index: int, output: Path | None, force: bool, as_json: bool) -> None:
    """Write a trial's executed notebook into a file; while it runs, what has been executed so far."""
    handle = face.handle(sweep)
    failed, written = _write(handle.services, handle.id, index, output, force)
    if as_json:
        face.emit({"path": str(written.absolute()), "failed_cell": failed})
        return
    face.show(f"Wrote {written}." + (f" Its cell {failed + 1} failed." if failed is not None else ""))
    face.show(f"Open it: jupyter lab {_quoted(str(written))}")


def _write(services: Services, sweep_id: str, index: int, output: Path | None, force: bool) -> tuple[int | None, Path]:
    found = services.trials.notebook(sweep_id, index)
    file = output or Path(f"{Path(found['name']).stem}-trial-{index}.ipynb")
    try:
        with file.open("w" if force else "x", encoding="utf-8") as into:
            json.dump(found["content"], into, indent=1, ensure_ascii=False)
            into.write("\n")
    except FileExistsError:
        raise Conflict(f"{file} is there already. Write over it with --force, or name another with --output.") from None
    except OSError as error:
        raise NotAllowed(f"{file} cannot be written: {error.strerror}. Name another place with --output.") from None
    return found["failed_cell"], file


def _quoted(path: str) -> str:
    import shlex

    return shlex.quote(path)


@trial.command(cls=Verb)
@_sweep
@_index
@as_json
@pass_face
def stop(face: Face, sweep: str, index: int, as_json: bool) -> None:
    """Stop one trial, or keep a waiting one from starting. The others go on."""
    handle = face.handle(sweep)
    stopped = handle.services.trials.stop(handle.id, index, face.user())
    if as_json:
        face.emit(stopped)
    else:
        face.show(f"Trial {index} of {handle.id[:8]} is being stopped.")

"""`environment`: list, prune."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from jupyter_mlops.cli.commands import Noun, Verb
from jupyter_mlops.cli.face import Face, as_json, pass_face
from jupyter_mlops.domain.environment import EnvironmentState

if TYPE_CHECKING:
    from rich.table import Table

_MARKS = {"ready": "✓", "building": "●", "failed": "✕", "absent": "◌"}


@click.group(cls=Noun)
def environment() -> None:
    """Look at the environments that were rebuilt from snapshots, and free their room."""


@environment.command("list", cls=Verb)
@as_json
@pass_face
def list_(face: Face, as_json: bool) -> None:
    """Environments that were rebuilt on this machine, last used first."""
    from jupyter_mlops import words

    found = face.services().environments.list()
    if as_json:
        face.emit(found)
    elif found:
        face.show(_table(found))
        for one in found:
            if one.message:
                face.show(f"{one.digest[:12]}: {words.plain(one.message)}")
    else:
        face.show(
            "No environments yet. One is rebuilt when a snapshot is restored: "
            f"{face.program} snapshot restore DIGEST FOLDER"
        )


@environment.command(
    cls=Verb,
    short_help="Free the room that they take.",
    examples=["$ environment prune --unused-for 30", "$ environment prune 3f2a9c1b04de --yes"],
)
@click.argument("digests", nargs=-1, metavar="[DIGEST]…")
@click.option(
    "--unused-for",
    "days",
    type=click.FloatRange(0),
    default=0,
    metavar="DAYS",
    help="Only those that were not used for so many days.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_face
def prune(face: Face, digests: tuple[str, ...], days: float, yes: bool, as_json: bool) -> None:
    """Remove rebuilt environments, or the one of DIGEST (its first twelve characters will do).

    Those that run a kernel now, or are being built, are kept. What is removed can be rebuilt from its snapshot.
    """
    verbs = face.services().environments
    if not yes and not as_json and face.console().is_terminal and sys.stdin.isatty():
        chosen = _chosen(verbs.list(), digests, days)
        if chosen and not click.confirm(f"Remove {_sum(chosen)}? They can be rebuilt from their snapshots"):
            face.show("Nothing was removed.")
            return
    removed = verbs.prune(digests, days)
    if as_json:
        face.emit(removed)
    elif removed:
        face.show(f"Removed {_sum(removed)}.")
    else:
        face.show(_nothing(face, days))


def _nothing(face: Face, days: float) -> str:
    left = len(face.services().environments.list())
    if not left:
        return "There are no environments to remove."
    unused = f", or were used within {days:g} {'day' if days == 1 else 'days'}" if days else ""
    return f"Nothing was removed: {left} {'is' if left == 1 else 'are'} in use{unused}."


def _chosen(found: Sequence[EnvironmentState], digests: Sequence[str], days: float) -> list[EnvironmentState]:
    before = (time.time() - days * 86400) * 1000
    named = [one for one in found if not digests or any(one.digest.startswith(digest) for digest in digests)]
    return [one for one in named if not days or one.used <= before]


def _sum(found: Sequence[EnvironmentState]) -> str:
    from jupyter_mlops import words

    noun = "environment" if len(found) == 1 else "environments"
    return f"{len(found)} {noun} ({words.size(sum(one.size for one in found))})"


def _table(found: Sequence[EnvironmentState]) -> Table:
    from rich.table import Column, Table
    from rich.text import Text

    from jupyter_mlops import words

    now = int(time.time() * 1000)
    right = [Column(name, justify="right") for name in ("packages", "size")]
    made = Table(
        Column("digest", no_wrap=True), "state", "python", *right, "used", "kernel", box=None, padding=(0, 2, 0, 0)
    )
    for one in found:
        made.add_row(
            one.digest[:12],
            Text(f"{_MARKS[one.status]} {one.status}"),
            Text(words.plain(one.python)),
            str(one.packages or ""),
            words.size(one.size) if one.size else "",
            words.ago(one.used, now),
            one.kernel,
        )
    return made

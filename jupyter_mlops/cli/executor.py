"""`executor`: where trials can run."""

from __future__ import annotations

import click

from jupyter_mlops.cli.commands import Noun, Verb
from jupyter_mlops.cli.face import Face, as_json, pass_face


@click.group(cls=Noun)
def executor() -> None:
    """Where trials can run: this machine, a cluster."""


@executor.command("list", cls=Verb)
@as_json
@pass_face
def list_(face: Face, as_json: bool) -> None:
    """Executors, and the compute profiles to choose from: `sweep run --executor NAME --profile NAME`."""
    from jupyter_mlops import terminal

    offers = face.services().executors.offers()
    if as_json:
        face.emit(offers)
    else:
        face.show(terminal.executors(offers))

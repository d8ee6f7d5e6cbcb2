"""`doctor`."""

from __future__ import annotations

import click

from jupyter_mlops.cli.commands import Verb
from jupyter_mlops.cli.face import SWEEP_FAILED, Face, as_json, pass_face


@click.command(cls=Verb)
@as_json
@pass_face
def doctor(face: Face, as_json: bool) -> None:
    """What is found here, what is missing, and what to do. The exit code is 1 if something is."""
    from jupyter_mlops import terminal

    with face.busy("Looking…"):
        found = face.services().doctor()
    if as_json:
        face.emit(found)
    else:
        face.show(terminal.findings(found))
    if any(one.status == "error" for one in found):
        face.exit_code = SWEEP_FAILED

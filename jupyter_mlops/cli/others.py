"""`snapshot` and `doctor`."""

from __future__ import annotations

import click

from jupyter_mlops.cli.commands import Noun, Verb
from jupyter_mlops.cli.face import SWEEP_FAILED, Face, as_json, pass_face
from jupyter_mlops.domain.snapshot import Snapshot


@click.group(cls=Noun)
def snapshot() -> None:
    """Keep a notebook under one hash of what it holds."""


@snapshot.command(cls=Verb, examples=["$ snapshot create digits.ipynb"])
@click.argument("notebook", required=False)
@as_json
@pass_face
def create(face: Face, notebook: str | None, as_json: bool) -> None:
    """Keep NOTEBOOK as it stands on disk. The same content is kept once."""
    from jupyter_mlops import words

    path = face.notebook(notebook)
    with face.busy("Keeping the notebook…"):
        kept = face.services().snapshots.create(path, face.user())
    if as_json:
        face.emit(kept)
        return
    name = words.plain(kept.manifest.name)
    face.show(f"Kept {name} as {kept.digest[:12]}." if kept.new else f"{name} has not changed: {kept.digest[:12]}.")


@snapshot.command(cls=Verb, short_help="What is kept.")
@click.argument("digest")
@as_json
@pass_face
def show(face: Face, digest: str, as_json: bool) -> None:
    """What is kept under DIGEST, or its first twelve or more characters."""
    kept = face.services().snapshots.get(digest)
    if as_json:
        face.emit(kept)
    else:
        face.show(_in_words(kept))


def _in_words(kept: Snapshot) -> str:
    import time

    from jupyter_mlops import words

    manifest, git = kept.manifest, kept.manifest.git
    lines = [
        f"{words.plain(manifest.name)}  {kept.digest}",
        f"kept    {words.ago(kept.created, int(time.time() * 1000))}",
        f"kernel  {words.plain(manifest.kernel)} ({words.plain(manifest.language)})",
    ]
    if git is not None:
        changed = ", with changes that were not committed" if git.dirty else ""
        branch = f" on {words.plain(git.branch)}" if git.branch else ""
        lines.append(f"git     {git.commit[:12]}{branch}{changed}")
    return "\n".join([*lines, f"run     {kept.run_id} in MLflow"])


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

"""`snapshot`: keep, look at, compare, restore, verify."""

from __future__ import annotations

import click

from jupyter_mlops.cli.commands import Noun, Verb
from jupyter_mlops.cli.face import INTERRUPTED, SWEEP_FAILED, Face, as_json, pass_face


@click.group(cls=Noun)
def snapshot() -> None:
    """Keep a notebook with its environment and local code under one hash; rebuild and re-run it."""


@snapshot.command(
    cls=Verb,
    short_help="Keep a notebook as it stands.",
    examples=["$ snapshot create digits.ipynb", "$ snapshot create train.ipynb --include 'config/*.yaml'"],
)
@click.argument("notebook", required=False)
@click.option(
    "--include",
    multiple=True,
    metavar="GLOB",
    help="Files to keep besides the modules it imports; may be repeated, and holds until it is said anew.",
)
@click.option("--no-include", is_flag=True, help="Forget the files that were named for its last snapshot.")
@as_json
@pass_face
def create(face: Face, notebook: str | None, include: tuple[str, ...], no_include: bool, as_json: bool) -> None:
    """Keep NOTEBOOK as it stands on disk, with the local modules it imports, its kernel's packages and its git state.

    The same content is kept once, under the same digest.
    """
    from jupyter_mlops import terminal_snapshot, words

    if include and no_include:
        raise click.UsageError("--include names files and --no-include none: give one of them.")
    path = face.notebook(notebook)
    with face.busy("Keeping the notebook, its modules and its environment…"):
        kept = face.services().snapshots.create(path, face.user(), include or ([] if no_include else None))
    if as_json:
        face.emit(kept)
        return
    name = words.plain(kept.manifest.name)
    face.show(f"Kept {name} as {kept.digest[:12]}." if kept.new else f"{name} has not changed: {kept.digest[:12]}.")
    face.show(terminal_snapshot.kept(kept))


@snapshot.command("list", cls=Verb, short_help="The newest snapshots.")
@click.argument("notebook", required=False)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, metavar="N")
@as_json
@pass_face
def list_(face: Face, notebook: str | None, limit: int, as_json: bool) -> None:
    """The newest snapshots, of NOTEBOOK or of all."""
    from jupyter_mlops import terminal_snapshot

    found = face.services().snapshots.list_of(notebook, limit)
    if as_json:
        face.emit(found)
    elif found:
        face.show(terminal_snapshot.snapshots(found))
    else:
        face.show(f"No snapshots yet. Keep one: {face.program} snapshot create NOTEBOOK.ipynb")


@snapshot.command(cls=Verb, short_help="What is kept, and what used it.")
@click.argument("digest")
@as_json
@pass_face
def show(face: Face, digest: str, as_json: bool) -> None:
    """What is kept under DIGEST (the first eight or more characters will do, or `latest`), and what used it."""
    from jupyter_mlops import terminal_snapshot

    found = face.services().snapshots.details(digest)
    if as_json:
        face.emit(found)
    else:
        face.show(terminal_snapshot.details(found))


@snapshot.command(cls=Verb, short_help="How two snapshots differ.", examples=["$ snapshot diff 3f2a9c1b latest"])
@click.argument("left")
@click.argument("right")
@as_json
@pass_face
def diff(face: Face, left: str, right: str, as_json: bool) -> None:
    """How the snapshots LEFT and RIGHT differ: cells, packages, files, git, datasets."""
    from jupyter_mlops import terminal_diff

    with face.busy("Comparing…"):
        found = face.services().snapshots.diff(left, right)
    if as_json:
        face.emit(found)
    else:
        face.show(terminal_diff.snapshot_diff(found))


@snapshot.command(
    cls=Verb, short_help="Lay it out and rebuild its environment.", examples=["$ snapshot restore 3f2a9c1b there"]
)
@click.argument("digest")
@click.argument("folder")
@click.option("--no-environment", is_flag=True, help="Files only.")
@as_json
@pass_face
def restore(face: Face, digest: str, folder: str, no_environment: bool, as_json: bool) -> None:
    """Lay the files of DIGEST out in FOLDER and rebuild its environment, registered as a kernel of Jupyter's."""
    import msgspec

    verbs = face.services().snapshots
    restored = verbs.restore(digest, folder)
    if not no_environment:
        with face.steps("Rebuilding the environment…") as say:
            restored = msgspec.structs.replace(restored, environment=verbs.rebuilt(digest, say))
    if as_json:
        face.emit(restored)
        return
    files = "1 file" if restored.files == 1 else f"{restored.files} files"
    face.show(f"Wrote {files}; the notebook is {restored.notebook}")
    for note in restored.notes:
        face.show(note)
    if restored.environment is not None and restored.environment.kernel:
        face.show(f"It runs with the kernel {restored.environment.kernel}: Python {restored.environment.python}.")


@snapshot.command(cls=Verb, short_help="Does it still do what it did?", examples=["$ snapshot verify latest"])
@click.argument("digest")
@click.option("--no-wait", is_flag=True, help="Start it and come back at once.")
@as_json
@pass_face
def verify(face: Face, digest: str, no_wait: bool, as_json: bool) -> None:
    """Run DIGEST clean, in its own environment and nothing but its own files, and compare what it says.

    The exit code is 0 if it reproduces, or runs and there was nothing to compare with; 1 if its outputs differ or it
    fails. Ctrl-C stops the waiting and not the verification.
    """
    from jupyter_mlops import terminal_diff, words
    from jupyter_mlops.sdk import VerificationHandle

    services = face.services()
    handle = VerificationHandle(services.verifications.start(digest, face.user()).id, services)
    face.result = handle
    if no_wait:
        if as_json:
            face.emit(handle.sweep)
        else:
            face.show(face.goes_on(handle.id))
        return
    ended = face.follow(handle, as_json)
    if face.exit_code == INTERRUPTED:
        return
    if ended.verdict is None:
        face.exit_code = SWEEP_FAILED
        if as_json:
            face.emit(ended)
        else:
            face.show(f"It was stopped and found nothing. {words.plain(ended.reason)}".strip())
        return
    result = handle.result
    if as_json:
        face.emit(result)
    else:
        face.show(terminal_diff.verification(result))
    if result.verdict in ("differs", "fails"):
        face.exit_code = SWEEP_FAILED

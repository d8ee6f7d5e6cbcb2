"""How snapshots look where there is only text."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from jupyter_mlops import words
from jupyter_mlops.domain.environment import Environment
from jupyter_mlops.domain.snapshot import Manifest, Sighting, Snapshot, SnapshotDetails, SnapshotUse

MOST_FILES = 20
"""Files listed one by one."""


def kept(snapshot: Snapshot) -> RenderableType:
    """What a snapshot holds, in a line, and what it could not."""
    named = snapshot.sighting.include if snapshot.sighting is not None else []
    files = [Text(words.plain(f"With {', '.join(named)}, as named."), style="dim")] if named else []
    return Group(Text(_holds(snapshot.manifest), style="dim"), *files, *_notes(snapshot.sighting))


def snapshots(found: Sequence[Snapshot]) -> Table:
    """Snapshots, one row each."""
    now = int(time.time() * 1000)
    made = Table(Column("digest", no_wrap=True), "notebook", "seen", "holds", box=None, padding=(0, 2, 0, 0))
    for one in found:
        made.add_row(
            one.digest[:12],
            Text(words.plain(one.sighting.notebook if one.sighting else one.manifest.name)),
            words.ago(one.sighting.taken if one.sighting else one.created, now),
            Text(_holds(one.manifest)),
        )
    return made


def details(of: SnapshotDetails) -> RenderableType:
    """Everything about a snapshot."""
    snapshot, manifest = of.snapshot, of.snapshot.manifest
    now = int(time.time() * 1000)
    rows: list[tuple[str, str]] = [
        ("kept", words.ago(snapshot.created, now)),
        ("kernel", f"{manifest.kernel} ({manifest.language})"),
        ("cells", f"{of.cells} with code" + (f"; parameters {', '.join(of.parameters)}" if of.parameters else "")),
    ]
    if manifest.environment is not None:
        rows.append(("packages", _packages(manifest.environment)))
    if of.environment is not None and of.environment.status != "absent":
        rows.append(("rebuilt", f"{of.environment.status} {of.environment.kernel}".strip()))
    rows += _seen(snapshot.sighting)
    if manifest.datasets:
        rows.append(("datasets", ", ".join(manifest.datasets)))
    rows.append(("run", f"{snapshot.run_id} in MLflow"))
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, text in rows:
        table.add_row(Text(name, style="dim"), Text(words.plain(text)))
    head = Text.assemble((words.plain(manifest.name), "bold"), "  ", (snapshot.digest, "dim"))
    return Group(head, table, *_files(manifest), *_notes(snapshot.sighting), *_uses(of.uses, now))


def _holds(manifest: Manifest) -> str:
    parts = []
    if manifest.files:
        size = sum(file.size for file in manifest.files)
        parts.append(f"{len(manifest.files)} local {_plural('file', len(manifest.files))} ({words.size(size)})")
    parts.append(_packages(manifest.environment) if manifest.environment else "packages not known")
    return ", ".join(parts)


def _packages(environment: Environment) -> str:
    count = len(environment.packages) + len(environment.conda)
    own = sum(package.kind != "index" for package in environment.packages)
    local = f" ({own} from a folder, git or an address)" if own else ""
    return f"Python {environment.python} with {count} {_plural('package', count)}{local}"


def _seen(sighting: Sighting | None) -> list[tuple[str, str]]:
    if sighting is None:
        return []
    rows = [("taken of", f"{sighting.notebook} by {sighting.user}")]
    if sighting.git is not None:
        git = sighting.git
        changed = ", with changes that were not committed" if git.dirty else ""
        rows.append(("git", f"{git.commit[:12]}{f' on {git.branch}' if git.branch else ''}{changed}"))
    return rows


def _files(manifest: Manifest) -> list[RenderableType]:
    if not manifest.files:
        return []
    lines = [f"  {words.plain(file.path)}  {words.size(file.size)}" for file in manifest.files[:MOST_FILES]]
    more = len(manifest.files) - MOST_FILES
    return [Text("files", style="dim"), Text("\n".join(lines + ([f"  and {more} more"] if more > 0 else [])))]


def _notes(sighting: Sighting | None) -> list[RenderableType]:
    return [Text(f"! {words.plain(note)}", style="yellow") for note in (sighting.notes if sighting else [])]


def _uses(uses: Sequence[SnapshotUse], now: int) -> list[RenderableType]:
    if not uses:
        return [Text("Nothing has used it yet.", style="dim")]
    table = Table.grid(padding=(0, 2, 0, 0))
    for use in uses:
        said = use.verdict or use.state
        table.add_row(f"  {use.kind}", use.id[:8], Text(words.plain(use.name)), said, words.ago(use.started, now))
    return [Text("used by", style="dim"), table]


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"

"""Keeping notebooks by content, with everything they need to run."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_mlops.backends.base import (
    Environments,
    Notebooks,
    NotebookSource,
    SnapshotContents,
    SweepRecord,
    Tracking,
)
from jupyter_mlops.domain.canonical import canonical, content_digest
from jupyter_mlops.domain.difference import SnapshotDiff
from jupyter_mlops.domain.environment import Captured, EnvironmentState, Restored
from jupyter_mlops.domain.errors import Invalid, NotFound
from jupyter_mlops.domain.snapshot import (
    Manifest,
    NotebookState,
    Sighting,
    Snapshot,
    SnapshotDetails,
    SnapshotFile,
    SnapshotUse,
    has_outputs,
    notebook_digest,
    parts_that_differ,
    stripped,
)

Compare = Callable[[Snapshot, Snapshot, dict[str, Any], dict[str, Any]], SnapshotDiff]
_LONGEST_INCLUDE = 3000
"""Characters of all globs: a sighting is one tag, of 8,000 at most."""
LayOut = Callable[[Path, Manifest, bytes, dict[str, bytes]], None]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that has been taken and not yet kept."""

    manifest: Manifest
    notebook: bytes
    captured: Captured
    files: dict[str, bytes]
    """Read once: what is kept is what the manifest says, also when somebody saves a file meanwhile."""
    notes: list[str]


class Snapshots:
    """Create, find, restore and compare snapshots. The same content is the same snapshot, whoever keeps it."""

    def __init__(
        self,
        tracking: Tracking,
        notebooks: Notebooks,
        environments: Environments,
        compare: Compare,
        lay_out: LayOut,
    ) -> None:
        self._tracking = tracking
        self._notebooks = notebooks
        self._environments = environments
        self._compare = compare
        self._lay_out = lay_out

    # Taking

    def create(self, path: str, user: str, include: Sequence[str] | None = None) -> Snapshot:
        """Keep the notebook as it is on disk.

        Args:
            include: globs, from the notebook's folder, of files to keep besides the modules that it imports; None for
                those of its last snapshot, so that the toolbar and a sweep keep what a terminal named.
        """
        return self.keep(self._notebooks.read(path), user, include)

    def keep(
        self, source: NotebookSource, user: str, include: Sequence[str] | None = None, kernel: str | None = None
    ) -> Snapshot:
        """Keep a notebook that has been read already.

        Args:
            include: as for `create`.
            kernel: the kernel it will run with, if not its own.
        """
        if sum(map(len, include or ())) > _LONGEST_INCLUDE:
            raise Invalid.one("include", "So many files cannot be named one by one: name their folder, or use a glob.")
        before = self._included(self._last(source)) if include is None else []
        taken = self._take(source, include or (), before, kernel)
        git = self._notebooks.git_state(source)
        diff = self._notebooks.git_diff(source) if git is not None and git.dirty else b""
        sighting = Sighting(
            notebook=source.path,
            folder=str(source.file.parent),
            user=user,
            taken=int(time.time() * 1000),
            git=git,
            has_diff=bool(diff),
            include=[*(include or ()), *before],
            indexes=taken.captured.indexes,
            notes=[*taken.captured.notes, *taken.notes],
        )
        contents = SnapshotContents(
            notebook=taken.notebook,
            outputs=canonical(source.content) if has_outputs(source.content) else None,
            files=taken.files,
            packages={name: Path(path) for name, path in taken.captured.wheels.items()},
            diff=diff,
        )
        return self._tracking.snapshots.keep(taken.manifest, contents, sighting, source.file)

    def _take(self, source: NotebookSource, include: Sequence[str], before: Sequence[str], kernel: str | None) -> Taken:
        notebook = canonical(stripped(source.content))
        named, language = self._notebooks.kernel(source)
        local = self._notebooks.local_files(source, include, before)
        files = {path.relative_to(local.base).as_posix(): path.read_bytes() for path in local.files}
        captured = self._captured(kernel or named)
        folder = source.file.parent.relative_to(local.base).as_posix()
        manifest = Manifest(
            notebook=notebook_digest(source.content),
            name=source.file.name,
            folder="" if folder == "." else folder,
            kernel=kernel or named,
            language=language,
            files=[_file(path, files[path]) for path in sorted(files)],
            environment=captured.environment,
            datasets=self._notebooks.named_datasets(source.content),
        )
        return Taken(manifest=manifest, notebook=notebook, captured=captured, files=files, notes=local.notes)

    def _captured(self, kernel: str) -> Captured:
        try:
            return self._environments.capture(kernel)
        except Invalid as error:
            # A notebook is worth keeping also where it cannot run.
            return Captured(environment=None, notes=[error.problems[0].message])

    def state(self, path: str) -> NotebookState:
        """Whether a notebook, as it is on disk, is kept, and what differs from its newest snapshot."""
        source = self._notebooks.read(path)
        last = self._last(source)
        manifest = self._take(source, (), self._included(last), None).manifest
        if last is not None and last.digest == manifest.digest:
            return NotebookState(kept=True, digest=manifest.digest, last=last)
        return NotebookState(
            kept=self._tracking.snapshots.find(manifest.digest) is not None,
            digest=manifest.digest,
            last=last,
            changed=parts_that_differ(last.manifest, manifest) if last is not None else [],
        )

    def _last(self, source: NotebookSource) -> Snapshot | None:
        newest = self._tracking.snapshots.newest(source.file, 1)
        return self._from_here(newest[0]) if newest else None

    @staticmethod
    def _included(last: Snapshot | None) -> list[str]:
        return last.sighting.include if last is not None and last.sighting is not None else []

    # Reading

    def get(self, digest: str) -> Snapshot:
        """A snapshot by its digest or the beginning of it, eight characters at least; `latest` is the newest.

        Raises:
            Invalid: this cannot be a digest.
            NotFound: there is none.
        """
        if digest == "latest":
            newest = self._tracking.snapshots.newest(None, 1)
            if not newest:
                raise NotFound("There are no snapshots yet. Keep one: jupyter mlops snapshot create NOTEBOOK.ipynb")
            return self._from_here(newest[0])
        if not re.fullmatch(r"[0-9a-f]{8,64}", digest):
            raise Invalid.one("digest", f"{digest[:80]!r} is not a snapshot's digest: 8 to 64 of 0-9 and a-f.")
        return self._from_here(self._tracking.snapshots.get(digest))

    def _from_here(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot whose notebook is named as a path from here: a terminal elsewhere named it otherwise."""
        seen = snapshot.sighting
        if seen is None or not seen.folder:
            return snapshot
        shown = self._notebooks.shown(seen.folder, seen.notebook)
        return msgspec.structs.replace(snapshot, sighting=msgspec.structs.replace(seen, notebook=shown))

    def source(self, digest: str, path: str) -> tuple[Snapshot, NotebookSource]:
        """A snapshot's notebook as if it lay at a path, where its data is: for running it again."""
        snapshot = self.get(digest)
        content = json.loads(self._tracking.snapshots.notebook(snapshot.digest))
        return snapshot, NotebookSource(path=path, file=self._notebooks.locate(path), content=content)

    def details(self, digest: str) -> SnapshotDetails:
        """What a snapshot holds, and what used it."""
        snapshot = self.get(digest)
        notebook = json.loads(self._tracking.snapshots.notebook(snapshot.digest))
        environment = snapshot.manifest.environment
        records = self._tracking.sweep_records(100, snapshot.digest)
        return SnapshotDetails(
            snapshot=snapshot,
            cells=sum(cell.get("cell_type") == "code" for cell in notebook["cells"]),
            parameters=[p.name for p in self._notebooks.parameters(notebook) or []],
            uses=[_use(record) for record in records],
            environment=self._environments.state(environment.digest) if environment is not None else None,
        )

    def list_of(self, path: str | None, limit: int = 50) -> list[Snapshot]:
        """The newest snapshots, of one notebook or of all."""
        file = self._notebooks.locate(path) if path else None
        return [self._from_here(snapshot) for snapshot in self._tracking.snapshots.newest(file, limit)]

    def diff(self, left: str, right: str) -> SnapshotDiff:
        """How two snapshots differ."""
        snapshots = self._tracking.snapshots
        one, other = self.get(left), self.get(right)
        notebooks = [json.loads(snapshots.notebook(s.digest)) for s in (one, other)]
        return self._compare(one, other, notebooks[0], notebooks[1])

    # Restoring

    def restore(self, digest: str, path: str) -> Restored:
        """Lay a snapshot's files out in a folder and begin to rebuild its environment.

        Raises:
            Conflict: something is in the folder.
        """
        snapshot = self.get(digest)
        manifest, folder = snapshot.manifest, self._notebooks.locate(path)
        content = self._tracking.snapshots.notebook(snapshot.digest)
        notes, state = [], None
        if manifest.environment is None:
            notes = [f"The snapshot knows no packages: the notebook asks for the kernel {manifest.kernel!r} by name."]
        else:
            state = self._environments.start(manifest.environment, snapshot.digest)
            content = self._notebooks.with_kernel(content, manifest.environment)
        self._lay_out(folder, manifest, content, self._tracking.snapshots.files(snapshot.digest))
        return Restored(
            folder=path,
            notebook=f"{path.rstrip('/')}/{manifest.path}",
            files=len(manifest.files) + 1,
            environment=state,
            notes=notes,
        )

    def rebuilt(self, digest: str, say: Callable[[str], None]) -> EnvironmentState | None:
        """Wait until a snapshot's environment is rebuilt; None when it knows of none.

        Raises:
            Unavailable: it cannot be; says which package and what can be done.
        """
        snapshot = self.get(digest)
        environment = snapshot.manifest.environment
        return None if environment is None else self._environments.wait(environment, snapshot.digest, say)


def _file(path: str, content: bytes) -> SnapshotFile:
    return SnapshotFile(path=path, size=len(content), sha256=content_digest(content))


def _use(record: SweepRecord) -> SnapshotUse:
    return SnapshotUse(
        kind=record.purpose,
        id=record.id,
        name=record.name,
        state=record.outcome or "running",
        reason=record.reason,
        verdict=record.verdict,
        started=record.started,
        ended=record.ended if record.outcome is not None else None,
    )

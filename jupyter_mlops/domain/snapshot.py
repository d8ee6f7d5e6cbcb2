"""A snapshot: what ran, under one hash."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from jupyter_mlops.domain.canonical import canonical, content_digest
from jupyter_mlops.domain.environment import Environment, EnvironmentState
from jupyter_mlops.domain.verification import Verdict

MANIFEST_VERSION = 2
MAX_BYTES = 100 * 1024 * 1024
"""Local code and included files of one snapshot, unless an administrator says otherwise."""


class GitState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the notebook stood in its repository."""

    commit: str
    branch: str = ""
    dirty: bool = False
    """Whether anything in the working tree differs from the commit."""
    remote: str = ""
    """Without credentials."""


class SnapshotFile(msgspec.Struct, frozen=True, kw_only=True):
    """A local file that the notebook needs: a module it imports, or one that was named."""

    path: str
    """From the snapshot's folder, with `/`; never leads out of it."""
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot holds, by content. Its digest is the snapshot's identity.

    Nothing is in it that differs between two machines, or two days, with the same notebook, files and packages: where
    it was taken, by whom and at which commit stands in its sightings.
    """

    notebook: str
    """`notebook_digest`: cells and metadata without outputs and without what Jupyter writes by itself."""
    name: str
    """File name of the notebook."""
    folder: str = ""
    """Folder of the notebook within the snapshot's, empty when it lies at the top."""
    kernel: str
    language: str
    files: list[SnapshotFile] = []
    """By path."""
    environment: Environment | None = None
    """None when the kernel could not be asked: its packages are not known."""
    datasets: list[str] = []
    """Dataset versions that the notebook names."""
    version: int = MANIFEST_VERSION

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON of the manifest."""
        return content_digest(canonical(msgspec.to_builtins(self)))

    @property
    def path(self) -> str:
        """Where the notebook lies within the snapshot's folder."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """Where, when and by whom a snapshot's content was seen: its provenance, not its identity."""

    notebook: str
    """Path as the person named it; where it leads there, from the root of who asks."""
    folder: str = ""
    """Folder of the notebook on the machine where it was seen."""
    user: str
    taken: int
    """Milliseconds since 1970, UTC."""
    git: GitState | None = None
    has_diff: bool = False
    """Whether the changes that were not committed are kept, as the artifact `changes.diff`."""
    include: list[str] = []
    """Globs of files that were named, from the notebook's folder: its next snapshot keeps them too."""
    indexes: list[str] = []
    """Package indexes that were configured, without credentials."""
    notes: list[str] = []
    """What could not be kept, or was removed, in sentences for the person."""


SnapshotUseKind = Literal["sweep", "verification"]


class SnapshotUse(msgspec.Struct, frozen=True, kw_only=True):
    """Something that runs, or ran, a snapshot."""

    kind: SnapshotUseKind
    id: str
    name: str
    state: str
    reason: str = ""
    """Of a verification, its verdict in words."""
    verdict: Verdict | None = None
    started: int
    ended: int | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A kept snapshot."""

    digest: str
    manifest: Manifest
    run_id: str
    created: int
    """Milliseconds since 1970, UTC."""
    new: bool = False
    """False when the same content was kept before."""
    sighting: Sighting | None = None
    """Where it was seen last."""


class SnapshotDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a snapshot: the head and the body of its page."""

    snapshot: Snapshot
    cells: int
    """Code cells."""
    parameters: list[str] = []
    """Names that its `parameters` cell declares."""
    uses: list[SnapshotUse] = []
    """Newest first."""
    environment: EnvironmentState | None = None
    """Its environment, rebuilt on this machine or not."""


class NotebookState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a notebook, as it is on disk, is kept: the badge of its toolbar."""

    kept: bool
    digest: str
    """The digest that it has now, kept or not."""
    last: Snapshot | None = None
    """The newest snapshot of this notebook, None when there is none."""
    changed: list[str] = []
    """What differs from that one: notebook, files, environment, datasets."""


def has_outputs(notebook: dict[str, Any]) -> bool:
    """Whether running it left anything behind that a later run can be compared with."""
    return any(cell.get("outputs") for cell in notebook.get("cells", []))


def parts_that_differ(one: Manifest, other: Manifest) -> list[str]:
    """What two snapshots do not have in common, in words."""
    parts = {
        "notebook": (one.notebook, other.notebook),
        "name": (one.path, other.path),
        "kernel": (one.kernel, other.kernel),
        "files": (one.files, other.files),
        "environment": (one.environment, other.environment),
        "datasets": (one.datasets, other.datasets),
    }
    return [name for name, (left, right) in parts.items() if left != right]


def notebook_digest(notebook: dict[str, Any]) -> str:
    """sha256 of what a notebook's author wrote.

    Its kernelspec and language_info do not count: Jupyter adds and rewrites them when the notebook is opened and run.
    Kernel and language stand in the manifest.
    """
    content = stripped(notebook)
    metadata = {k: v for k, v in content["metadata"].items() if k not in ("kernelspec", "language_info")}
    return content_digest(canonical({**content, "metadata": metadata}))


def stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook without what running it leaves behind: outputs, counts, and the traces of papermill and the editor.

    Cell ids, tags and all other metadata stay: they are the author's. An earlier injected cell is dropped, as
    papermill would replace it.
    """
    cells = []
    for cell in notebook.get("cells", []):
        metadata = {k: v for k, v in cell.get("metadata", {}).items() if k not in _CELL_TRACES}
        if "injected-parameters" in metadata.get("tags", ()):
            continue
        source = cell.get("source", "")
        # The format allows a text or a list of lines: the same content.
        kept = {**cell, "metadata": metadata, "source": source if isinstance(source, str) else "".join(source)}
        if cell.get("cell_type") == "code":
            kept |= {"outputs": [], "execution_count": None}
        cells.append(kept)
    metadata = {k: v for k, v in notebook.get("metadata", {}).items() if k not in _NOTEBOOK_TRACES}
    language = notebook.get("metadata", {}).get("language_info", {}).get("name")
    if language:
        # The rest of it the kernel writes anew at every run: its version, how an editor colours the language.
        metadata["language_info"] = {"name": language}
    return {**notebook, "cells": cells, "metadata": metadata}


_NOTEBOOK_TRACES = ("papermill", "widgets", "language_info")


_CELL_TRACES = ("papermill", "execution", "ExecuteTime", "collapsed", "scrolled")

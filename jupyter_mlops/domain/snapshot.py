"""A snapshot: what ran, under one hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

MANIFEST_VERSION = 1


class GitState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the notebook stood in its repository."""

    commit: str
    branch: str = ""
    dirty: bool = False
    """Whether anything in the working tree differs from the commit."""
    remote: str = ""
    """Without credentials."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot holds, by content. Its digest is the snapshot's identity."""

    notebook: str
    """sha256 of the notebook's canonical JSON, outputs stripped."""
    name: str
    """File name of the notebook."""
    kernel: str
    language: str
    git: GitState | None = None
    version: int = MANIFEST_VERSION

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON of the manifest."""
        return content_digest(canonical(msgspec.to_builtins(self)))


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A kept snapshot."""

    digest: str
    manifest: Manifest
    run_id: str
    created: int
    """Milliseconds since 1970, UTC."""
    new: bool = False
    """False when the same content was kept before."""


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no free choices, so that equal content has equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def content_digest(content: bytes) -> str:
    """sha256 in hex."""
    return hashlib.sha256(content).hexdigest()


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
        kept = {**cell, "metadata": metadata}
        if cell.get("cell_type") == "code":
            kept |= {"outputs": [], "execution_count": None}
        cells.append(kept)
    metadata = {k: v for k, v in notebook.get("metadata", {}).items() if k not in ("papermill", "widgets")}
    return {**notebook, "cells": cells, "metadata": metadata}


_CELL_TRACES = ("papermill", "execution", "ExecuteTime", "collapsed", "scrolled")

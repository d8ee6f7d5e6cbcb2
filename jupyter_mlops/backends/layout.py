"""A snapshot's files laid out in a folder: whole, checked, and never outside of it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from jupyter_mlops.domain.canonical import content_digest
from jupyter_mlops.domain.errors import Conflict, Invalid, NotAllowed
from jupyter_mlops.domain.snapshot import Manifest, notebook_digest


def lay_out(folder: Path, manifest: Manifest, notebook: bytes, files: Mapping[str, bytes]) -> None:
    """Write a snapshot's notebook and files into a folder that is not there yet, or is empty.

    They are written beside it and renamed, so that a folder of that name is whole or not there.

    Raises:
        Invalid: what the store gave is not what was kept.
        Conflict: something is in the folder.
        NotAllowed: it cannot be written.
    """
    contents = checked(manifest, files)
    if notebook_digest(json.loads(notebook)) != manifest.notebook:
        raise Invalid.one("snapshot", f"Snapshot {manifest.digest[:12]} is damaged: its notebook is not what was kept.")
    contents[manifest.path] = notebook
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            for path, content in contents.items():
                target = draft / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            draft.chmod(0o755)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
            if folder.exists():
                raise Conflict(f"{folder} is there already and not empty. Name another folder.")
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise NotAllowed(f"{folder} cannot be written: {error.strerror or error}. Name another folder.") from error


def checked(manifest: Manifest, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a manifest, each compared with its digest.

    Raises:
        Invalid: one is missing, is not what was kept, or would leave the folder.
    """
    contents = {}
    for file in manifest.files:
        content = files.get(file.path)
        if not is_inside(file.path) or content is None or content_digest(content) != file.sha256:
            raise Invalid.one(
                "snapshot",
                f"Snapshot {manifest.digest[:12]} is damaged: its file {file.path!r} is missing or is not what was "
                "kept. Somebody changed the store; take a new snapshot.",
            )
        contents[file.path] = content
    if not is_inside(manifest.path):
        raise Invalid.one("snapshot", f"Snapshot {manifest.digest[:12]} is damaged: its notebook leads out of it.")
    return contents


def is_inside(path: str) -> bool:
    """Whether a path, as a manifest says it, stays in the folder it is laid out in, on any system."""
    parts = PurePosixPath(path).parts
    plain = bool(parts) and ".." not in parts and "\\" not in path and "\0" not in path
    return plain and not PurePosixPath(path).is_absolute() and not PureWindowsPath(path).drive


def unchanged(folder: Path, manifest: Manifest) -> bool:
    """Whether every file of a snapshot still lies in a folder as it was kept; the notebook is not looked at."""
    for file in manifest.files:
        try:
            if content_digest((folder / file.path).read_bytes()) != file.sha256:
                return False
        except OSError:
            return False
    return True


def overlay(folder: Path, below: Path, manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Lay out a snapshot's files, and beside them links to everything else that lies in the folder they came from.

    So that a notebook runs with the code that was kept, and still finds its data by relative paths.
    """
    contents = checked(manifest, files)
    for path, content in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (folder / manifest.folder).mkdir(parents=True, exist_ok=True)
    inside = {folder, *(parent for path in [*contents, manifest.path] for parent in (folder / path).parents)}
    for real in [f for f in inside if f.is_relative_to(folder)]:
        _link(real, below / real.relative_to(folder))


def _link(real: Path, origin: Path) -> None:
    """Link what a folder has and its copy lacks."""
    if not origin.is_dir():
        return
    for entry in os.scandir(origin):
        link = real / entry.name
        if not link.exists() and not link.is_symlink():
            link.symlink_to(entry.path)

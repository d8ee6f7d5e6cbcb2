"""Artifacts of an MLflow run: whole or not there."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from jupyter_mlops.domain.errors import NotFound

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def write(client: MlflowClient, run: Run, name: str, content: bytes) -> None:
    """Write an artifact, `name` or `folder/name`. On a local disk it is renamed into place, so that a reader never
    sees half of it."""
    folder = _local_folder(run)
    inside = PurePosixPath(name)
    if folder is None:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch, inside.name)
            path.write_bytes(content)
            client.log_artifact(run.info.run_id, str(path), None if inside.parent.name == "" else str(inside.parent))
        return
    target = folder / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
        try:
            file.write(content)
            file.close()
            Path(file.name).replace(target)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def read(client: MlflowClient, run: Run, name: str) -> bytes | None:
    """An artifact's content, None when the run has none of that name."""
    folder = _local_folder(run)
    if folder is not None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None
    if name not in names(client, run, str(PurePosixPath(name).parent)):
        return None
    with tempfile.TemporaryDirectory() as scratch:
        return Path(client.download_artifacts(run.info.run_id, name, scratch)).read_bytes()


def names(client: MlflowClient, run: Run, folder: str = ".") -> list[str]:
    """Artifacts in a folder of a run, each with its whole path."""
    within = None if folder == "." else folder
    return [str(entry.path) for entry in client.list_artifacts(run.info.run_id, within)]


def require(client: MlflowClient, run: Run, name: str) -> bytes:
    """An artifact's content.

    Raises:
        NotFound: the run has none of that name: somebody deleted it.
    """
    content = read(client, run, name)
    if content is None:
        raise NotFound(f"MLflow run {run.info.run_id} has no artifact {name!r}: it was deleted.")
    return content


def _local_folder(run: Run) -> Path | None:
    uri = urlsplit(run.info.artifact_uri)
    return Path(unquote(uri.path)) if uri.scheme in ("", "file") else None

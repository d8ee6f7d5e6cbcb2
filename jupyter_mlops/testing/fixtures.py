"""Fixtures: a store, a folder of notebooks, the verbs over both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from jupyter_mlops.testing.notebooks import NotebookFactory, notebook

if TYPE_CHECKING:
    from jupyter_mlops.backends.tracking.store import MlflowTracking
    from jupyter_mlops.services import Services


@pytest.fixture(scope="session")
def mlops_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty MLflow store, made once: its tables take MLflow some seconds."""
    from jupyter_mlops.backends.tracking.store import MlflowTracking

    folder = tmp_path_factory.mktemp("mlops-schema")
    MlflowTracking("", folder).ping()
    return folder


@pytest.fixture
def mlops_store(mlops_schema: Path, tmp_path: Path) -> Iterator[Path]:
    """A data folder of its own for each test, with an empty MLflow store; what runs in it is killed afterwards."""
    import sqlite3

    folder = tmp_path / "mlops"
    shutil.copytree(mlops_schema, folder)
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        # MLflow's default experiment knows by its full path where its artifacts are.
        database.execute(
            "UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)",
            (str(mlops_schema), str(folder)),
        )
    yield folder
    end_sweeps(folder)


def end_sweeps(data_dir: Path) -> None:
    """Kill every local runner and trial that works below a data folder, and the kernels they started."""
    from jupyter_mlops.backends.executors import local
    from jupyter_mlops.backends.executors.workdir import WorkDir

    for folder in (data_dir / "sweeps").glob("*"):
        work = WorkDir(folder)
        roots = [p for p in (work.holder("runner"), *work.active().values()) if p is not None]
        for process in [child for root in roots for child in (root, *_children(root))]:
            try:
                process.kill()
                process.wait(5)
            except psutil.Error:
                continue
    for started in local._started:
        started.poll()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


@pytest.fixture
def mlops_root(tmp_path: Path) -> Path:
    """The folder in which a test's notebooks lie."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    return folder


@pytest.fixture
def mlops_notebook(mlops_root: Path) -> NotebookFactory:
    """Writes notebooks: `mlops_notebook("score = x * 2", parameters="x = 1", name="a.ipynb")`."""

    def write(*code: str, name: str = "train.ipynb", **options: Any) -> Path:
        path = mlops_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook(*code, **options)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def mlops_tracking(mlops_store: Path) -> MlflowTracking:
    """The embedded MLflow store of a test."""
    from jupyter_mlops.backends.tracking.store import MlflowTracking

    return MlflowTracking("", mlops_store)


@pytest.fixture
def mlops_services(mlops_store: Path, mlops_root: Path) -> Services:
    """All verbs over a test's own store and the local executor; notebook paths start from `mlops_root`."""
    from traitlets.config import Config

    from jupyter_mlops.configuration import MLOps

    config = Config({"MLOps": {"data_dir": str(mlops_store), "tracking_uri": ""}})
    return MLOps(config=config).services(mlops_root)

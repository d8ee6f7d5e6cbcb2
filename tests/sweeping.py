"""Sweeps that really run, and what they leave."""

from __future__ import annotations

from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.configuration import MLOps
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import Sweep, SweepRequest
from jupyter_mlops.services import Services

SLOW = "import time\nfor _ in range(int(seconds * 20)): time.sleep(0.05)"
WITNESS = "with open('witness.txt', 'a') as f: f.write(f'{x}\\n')"
"""Leaves a line in the notebook's folder for every time a trial ran to this cell."""


@pytest.fixture
def mlops_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that was used before."""
    folder = tmp_path_factory.mktemp("data")
    MlflowTracking("", folder).sweep_records(1)
    return folder


@pytest.fixture
def services(mlops_data_dir: Path) -> Services:
    """All there are, with that folder."""
    return MLOps(config=Config({"MLOps": {"data_dir": str(mlops_data_dir), "tracking_uri": ""}})).services()


@pytest.fixture
def data_dir(mlops_data_dir: Path) -> Path:
    """The same folder."""
    return mlops_data_dir


def notebook(folder: Path, *cells: str, name: str = "slow.ipynb") -> str:
    """A notebook with parameters, an objective, and these cells between them; gives its path."""
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nb = new_notebook(metadata={"kernelspec": kernelspec})
    nb.cells = [
        new_code_cell("x = 0\nseconds = 0.1", metadata={"tags": ["parameters"]}),
        *(new_code_cell(cell) for cell in cells),
        new_code_cell("score = float(x)", metadata={"tags": ["metrics"]}),
    ]
    path = folder / name
    nbformat.write(nb, path)
    return str(path)


def start(services: Services, path: str, xs: list[int], seconds: float, parallelism: int = 2) -> Sweep:
    """Begin to run it for every x."""
    space = {"x": Choice(values=list(xs)), "seconds": Choice(values=[seconds])}
    request = SweepRequest(notebook=path, parameters=space, objective="score", parallelism=parallelism)
    return services.sweeps.create(request, "ann")


def work_of(data_dir: Path, sweep: Sweep) -> WorkDir:
    """Where its runner works."""
    return WorkDir(data_dir / "sweeps" / sweep.id)


def runs_per_index(services: Services, sweep: Sweep) -> list[int]:
    """How many MLflow runs each index has: exactly one, whatever happened."""
    order = services.tracking.sweep_order(sweep.id)
    record = services.tracking.sweep_record(sweep.id)
    pages = services.tracking.ended_records(sweep.id, record.experiment_id, order.objective, "maximize", 0)
    indexes = [r.index for page in pages for r in page]
    return [indexes.count(index) for index in range(order.trials)]


def kernels(trial: psutil.Process) -> list[psutil.Process]:
    """The kernels that a trial runs: before them it asks an interpreter what is installed."""
    return [child for child in trial.children() if any("ipykernel" in word for word in child.cmdline())]


def nothing_left(data_dir: Path) -> bool:
    """Whether no sweep has left files behind."""
    return not any((data_dir / "sweeps").iterdir())

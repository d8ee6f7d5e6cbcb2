"""What is found, what is missing, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jupyter_mlops.backends.base import Tracking
from jupyter_mlops.backends.executors.base import Executor
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import MlopsError

LITTLE_ROOM = 1 << 30


def examine(tracking: Tracking, executors: Iterable[Executor], kernels: list[str], data_dir: Path) -> list[Finding]:
    """Look at everything a sweep needs."""
    places = [finding for executor in executors for finding in executor.examine()]
    return [_python(), *_packages(), _store(tracking), _kernels(kernels), _room(data_dir), *places]


def _python() -> Finding:
    return Finding(name="Python", status="ok", message=f"{platform.python_version()} on {platform.platform()}")


def _packages() -> list[Finding]:
    found = []
    for package in ("jupyterlab", "mlflow", "papermill", "ipykernel"):
        try:
            found.append(Finding(name=package, status="ok", message=version(package)))
        except PackageNotFoundError:
            found.append(Finding(name=package, status="error", message="not installed", fix=f"pip install {package}"))
    return found


def _store(tracking: Tracking) -> Finding:
    kind = "embedded store" if tracking.embedded else "server"
    try:
        tracking.ping()
        tracking.sweep_records(1)
    except MlopsError as error:
        return Finding(
            name="MLflow",
            status="error",
            message=error.message,
            fix="Start the server, or unset MLFLOW_TRACKING_URI and c.MLOps.tracking_uri to use the embedded store.",
        )
    return Finding(name="MLflow", status="ok", message=f"{kind} at {tracking.address}")


def _kernels(kernels: list[str]) -> Finding:
    if not kernels:
        return Finding(
            name="Kernels", status="error", message="none installed", fix="python -m ipykernel install --user"
        )
    return Finding(name="Kernels", status="ok", message=", ".join(kernels))


def _room(data_dir: Path) -> Finding:
    folder = next((p for p in (data_dir, *data_dir.parents) if p.exists()), Path("/"))
    if not os.access(folder, os.W_OK):
        return Finding(
            name="Data folder",
            status="error",
            message=f"{data_dir} cannot be written.",
            fix="Mend its permissions, or set c.MLOps.data_dir to another folder.",
        )
    free = shutil.disk_usage(folder).free
    message = f"{data_dir}, {free / (1 << 30):.1f} GB free"
    if free < LITTLE_ROOM:
        return Finding(name="Data folder", status="warning", message=message, fix="Make room: trials keep notebooks.")
    return Finding(name="Data folder", status="ok", message=message)

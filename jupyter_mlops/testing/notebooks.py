"""Notebooks and orders for tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_mlops.backends.base import SnapshotContents
from jupyter_mlops.domain.canonical import canonical
from jupyter_mlops.domain.snapshot import Manifest, Sighting, notebook_digest, stripped
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import SweepOrder

if TYPE_CHECKING:
    from jupyter_mlops.backends.tracking.store import MlflowTracking


WAITS = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)"
"""A cell that waits until the test writes the file `go` beside the notebook."""


def notebook(
    *code: str,
    parameters: str | None = "x = 1",
    kernel: str | None = "python3",
    language: str = "python",
    metrics: str | None = None,
) -> dict[str, Any]:
    """A notebook, nbformat 4.

    Args:
        code: sources of its code cells, after the parameters cell.
        parameters: source of the cell tagged `parameters`; None for a notebook without one.
        kernel: kernelspec name; None for a notebook without a kernelspec.
        metrics: source of a last cell tagged `metrics`.
    """
    cells: list[tuple[list[str], str]] = [([], source) for source in code]
    tagged = ([(["parameters"], parameters)] if parameters is not None else []) + cells
    tagged += [(["metrics"], metrics)] if metrics is not None else []
    kernelspec = {"name": kernel, "display_name": kernel, "language": language}
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{index}",
                "metadata": {"tags": tags} if tags else {},
                "outputs": [],
                "source": source,
            }
            for index, (tags, source) in enumerate(tagged)
        ],
        "metadata": {"kernelspec": kernelspec} if kernel else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


class NotebookFactory(Protocol):
    """What the fixture `mlops_notebook` gives; see `notebook` for the arguments."""

    def __call__(self, *code: str, name: str = "train.ipynb", **options: Any) -> Path:
        """Write the notebook below `mlops_root` and return its file."""


def eventually(check: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it is not so after that many seconds.
    """
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"still not so after {seconds:g} s"
        time.sleep(0.05)


def order_of(tracking: MlflowTracking, content: dict[str, Any], folder: Path, **changes: Any) -> SweepOrder:
    """Keep a notebook and make an order for it: three trials, one at once, unless `changes` say otherwise."""
    kept = canonical(stripped(content))
    manifest = Manifest(notebook=notebook_digest(content), name="train.ipynb", kernel="python3", language="python")
    sighting = Sighting(notebook="train.ipynb", user="ann", taken=1)
    snapshot = tracking.snapshots.keep(manifest, SnapshotContents(notebook=kept), sighting, folder / "train.ipynb")
    usual: dict[str, Any] = {
        "name": "train",
        "notebook": "train.ipynb",
        "cwd": str(folder),
        "snapshot": snapshot.digest,
        "parameters": {"x": Choice(values=[1, 2, 3])},
        "algorithm": "grid",
        "trials": 3,
        "parallelism": 1,
        "objective": None,
        "direction": "maximize",
        "experiment": "contract",
        "seed": 1,
        "kernel": "python3",
        "user": "ann",
    }
    return SweepOrder(**{**usual, **changes})

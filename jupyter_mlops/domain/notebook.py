"""What a form needs to know of a notebook before it can be swept."""

from __future__ import annotations

import msgspec

from jupyter_mlops.domain.parameters import Parameter


class NotebookInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A notebook as the sweep form reads it, without running it."""

    path: str
    name: str
    kernel: str
    language: str
    kernels: list[str] = []
    """Kernels installed here, by kernelspec name."""
    has_parameters_cell: bool
    parameters: list[Parameter] = []
    readable: bool = True
    """Whether papermill can read parameters of this language; if not, any name may be given."""
    metrics: list[str] = []
    """Metrics the notebook's source names or its earlier trials logged: suggestions for the objective."""
    experiment: str
    """Suggested MLflow experiment: the one the source names, else the notebook's name."""
    cells: int
    """Code cells."""
    suggested_parameters_cell: int | None = None
    """Index of the first code cell that only assigns literals, when no cell is tagged."""
    parallelism: int = 1
    """What the executor suggests."""
    max_trials: int

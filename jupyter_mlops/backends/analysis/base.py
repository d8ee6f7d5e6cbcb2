"""What the service of checks asks of whatever reads code."""

from __future__ import annotations

from typing import Protocol

import msgspec

from jupyter_mlops.backends.base import NotebookSource
from jupyter_mlops.domain.check import CheckFinding


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in the code, and what could not be looked at."""

    findings: list[CheckFinding] = []
    unknown: list[str] = []
    logs_metric: bool = False
    """Whether the notebook, or local code that it imports, logs a metric to MLflow."""


class Analysis(Protocol):
    """Reads a notebook's code and runs nothing of it."""

    def examine(self, source: NotebookSource, kernel: str | None) -> Examination:
        """Look at a notebook in Python.

        Args:
            kernel: the kernelspec whose packages count; None when there is none to be asked.
        """

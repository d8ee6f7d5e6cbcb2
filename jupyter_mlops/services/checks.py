"""Checking a notebook before anything is spent on it."""

from __future__ import annotations

from jupyter_mlops.backends.analysis.base import Analysis
from jupyter_mlops.backends.base import Notebooks
from jupyter_mlops.domain.check import CheckFinding, CheckReport, ordered
from jupyter_mlops.domain.notebook import NotebookInfo


class Checks:
    """Say what will, or may, go wrong when a notebook runs from top to bottom. Nothing of it is run."""

    def __init__(self, notebooks: Notebooks, analysis: Analysis) -> None:
        self._notebooks = notebooks
        self._analysis = analysis

    def check(self, path: str, kernel: str | None = None) -> CheckReport:
        """All findings about a notebook, worst first.

        Args:
            kernel: another kernelspec than the notebook's own.

        Raises:
            NotFound, NotAllowed, Invalid: it cannot be read as a notebook.
        """
        source = self._notebooks.read(path)
        own, language = self._notebooks.kernel(source)
        named = kernel or own
        installed = self._notebooks.kernels()
        findings = [] if named in installed else [_no_kernel(named, installed)]
        cells = sum(cell.get("cell_type") == "code" for cell in source.content["cells"])
        unknown: list[str] = []
        logs_metric = False
        if language == "python":
            examined = self._analysis.examine(source, named if named in installed else None)
            findings += examined.findings
            unknown += examined.unknown
            logs_metric = examined.logs_metric
        else:
            findings.append(_unreadable(language))
            unknown.append(f"Names, packages and paths: they are looked at in Python only, and this is {language}.")
        if cells:
            info = self._notebooks.inspect(source, (), 1, 1)
            findings += _hints(info, logs_metric)
        return CheckReport(notebook=path, kernel=named, findings=ordered(findings), unknown=unknown, cells=cells)


def _no_kernel(name: str, installed: list[str]) -> CheckFinding:
    fix = f"Install it (python -m ipykernel install --user --name {name}, in its environment)"
    if installed:
        fix += f" or choose one that is here: {', '.join(installed)}"
    return CheckFinding(
        level="error", rule="missing-kernel", message=f"The kernel {name!r} is not installed here.", fix=f"{fix}."
    )


def _unreadable(language: str) -> CheckFinding:
    return CheckFinding(
        level="hint",
        rule="unreadable-language",
        message=f"The notebook is in {language}: its names, packages and paths were not looked at.",
        fix="Restart the kernel and run all cells once before you sweep it.",
    )


def _hints(info: NotebookInfo, logs_metric: bool) -> list[CheckFinding]:
    found = []
    if not info.has_parameters_cell:
        first = info.suggested_parameters_cell
        which = f"cell {first + 1}, which only assigns values," if first is not None else "the cell that assigns them"
        found.append(
            CheckFinding(
                level="hint",
                rule="no-parameters",
                message="No cell is tagged `parameters`, so a sweep has nothing to vary.",
                fix=f"Tag {which} with `parameters`: property inspector, Common Tools, Cell Tags.",
                cell=first,
            )
        )
    if not logs_metric and not info.metrics:
        found.append(
            CheckFinding(
                level="hint",
                rule="no-metric",
                message="Nothing logs a metric, so trials cannot be ranked.",
                fix='Call mlflow.log_metric("accuracy", accuracy), or tag the cell that assigns it `metrics`.',
            )
        )
    return found

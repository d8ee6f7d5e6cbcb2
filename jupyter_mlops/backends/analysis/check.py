"""Everything that reading a notebook's code can tell about running it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jupyter_mlops.backends.analysis.base import Examination
from jupyter_mlops.backends.analysis.names import name_findings
from jupyter_mlops.backends.analysis.order import order_findings
from jupyter_mlops.backends.analysis.packages import Answer, ask, module_findings, package_findings
from jupyter_mlops.backends.analysis.paths import Paths
from jupyter_mlops.backends.base import NotebookSource
from jupyter_mlops.backends.code.cells import RAISES_TAG, CodeCell, python_cells
from jupyter_mlops.backends.code.follow import LocalCode
from jupyter_mlops.domain.check import CheckFinding

_METRIC = re.compile(
    rb"\b(?:log_metrics?|log_batch|autolog|log_evaluation|MLFlowLogger|MlflowCallback|MLflowCallback)\s*\(|mlflow\.evaluate"
    rb"|report_to\s*=\s*\[?['\"](?:mlflow|all)"
)


class Analysis:
    """Reads cells, follows their imports, and asks the kernel's interpreter which packages it has."""

    def examine(self, source: NotebookSource, kernel: str | None) -> Examination:
        """Look at a notebook in Python; see the protocol in `base`."""
        cells = python_cells(source.content)
        code = LocalCode(source.file, cells)
        names = sorted({wanted.name.partition(".")[0] for wanted in code.outside})
        answer: Answer | str = "Packages: there is no kernel whose packages could be looked at."
        if kernel is not None:
            answer = ask(kernel, code.search, names, [cell.python for cell in cells])
        asked = answer if isinstance(answer, Answer) else None
        unknown = [] if asked else [str(answer)]
        findings = _syntax(cells, asked, unknown)
        named, unsure = name_findings(cells)
        paths = Paths(cells, source.file.parent)
        findings += [*named, *order_findings(cells), *module_findings(code), *paths.findings()]
        if asked is not None and kernel is not None:
            findings += package_findings(code, cells, asked.missing, kernel)
        if code.search_unknown:
            unknown.append("Modules in folders that the notebook adds to sys.path without spelling them out.")
        return Examination(
            findings=findings,
            unknown=[*unknown, *unsure, *paths.unknown, *code.notes],
            logs_metric=_logs_metric(cells, code),
        )


def _syntax(cells: Sequence[CodeCell], asked: Answer | None, unknown: list[str]) -> list[CheckFinding]:
    """Cells that are not Python: by the word of the kernel's own, which may be newer or older than ours."""
    found = []
    for at, cell in enumerate(cells):
        wrong = asked.wrong[at] if asked and at < len(asked.wrong) else cell.error
        if cell.error and not wrong:
            # Either the kernel knows newer Python than we do, or our reading of IPython's own syntax failed.
            unknown.append(f"Cell {cell.index + 1}: it is written for a newer Python than the one that looks at it.")
        elif cell.too_deep:
            unknown.append(f"Cell {cell.index + 1}: it is nested too deep to be looked at.")
        elif wrong and RAISES_TAG not in cell.tags:
            found.append(_not_python(cell, *wrong))
        else:
            found += _misplaced(cell)
    return found


def _not_python(cell: CodeCell, line: int, reason: str) -> CheckFinding:
    number = cell.line(line)
    lines = cell.source.split("\n")
    shown = lines[number - 1].strip()[:80] if number <= len(lines) else ""
    return CheckFinding(
        level="error",
        rule="syntax",
        message=f"This is not Python: {reason}" + (f", in `{shown}`." if shown else "."),
        fix=f"Correct line {number}; if the cell is text, make it a Markdown cell.",
        cell=cell.index,
        line=number,
    )


def _misplaced(cell: CodeCell) -> list[CheckFinding]:
    return [
        CheckFinding(
            level="error",
            rule="syntax",
            message=f"`%{magic.name}` is not in the first line of cell {cell.index + 1}, so it fails.",
            fix=f"Move `%{magic.name}` to the top of the cell.",
            cell=cell.index,
            line=cell.line(magic.line),
        )
        for magic in cell.magics
        if magic.name.startswith("%") and RAISES_TAG not in cell.tags
    ]


def _logs_metric(cells: Sequence[CodeCell], code: LocalCode) -> bool:
    if any("metrics" in cell.tags or _METRIC.search(cell.source.encode(errors="replace")) for cell in cells):
        return True
    return any(_METRIC.search(file.read_bytes()) for file in code.read)

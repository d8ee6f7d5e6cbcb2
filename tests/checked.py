"""Notebooks that are looked at before they run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.analysis.check import Analysis
from jupyter_mlops.backends.notebooks import NotebookFiles
from jupyter_mlops.domain.check import CheckFinding, CheckReport
from jupyter_mlops.services.checks import Checks
from jupyter_mlops.testing import NotebookFactory

Check = Callable[..., CheckReport]


@pytest.fixture
def check(mlops_notebook: NotebookFactory, mlops_root: Path) -> Check:
    """Writes a notebook and checks it: `check("first cell", "second cell")`; options as of `notebook`."""

    def written(*code: str, counts: list[int] | None = None, **options: Any) -> CheckReport:
        file = mlops_notebook(*code, **{"parameters": None, **options})
        content = json.loads(file.read_text())
        for cell, count in zip(content["cells"], counts or [None] * len(content["cells"]), strict=True):
            cell["execution_count"] = count
            if cell["source"].startswith("#: "):
                cell["metadata"]["tags"] = [cell["source"].splitlines()[0].removeprefix("#: ")]
        file.write_text(json.dumps(content))
        return Checks(NotebookFiles(mlops_root), Analysis()).check(file.name)

    return written


def found(report: CheckReport, *rules: str) -> list[CheckFinding]:
    """Findings of some rules; without any, those that are more than hints."""
    return [f for f in report.findings if (f.rule in rules if rules else f.level != "hint")]


def one(report: CheckReport, rule: str) -> CheckFinding:
    """The only finding of a rule, which says what to do."""
    (finding,) = found(report, rule)
    assert finding.fix.endswith("."), finding
    return finding

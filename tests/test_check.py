"""What can be said against a notebook without running it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.backends.analysis.check import Analysis
from jupyter_mlops.backends.base import NotebookSource
from jupyter_mlops.domain.check import CheckReport
from jupyter_mlops.testing import NotebookFactory, notebook
from tests.checked import Check, found, one

# Names


def test_a_name_used_before_it_is_defined(check: Check) -> None:
    finding = one(check("import math", "print(math.pi)\nprint(df)", "df = 1"), "used-before-defined")
    assert (finding.level, finding.cell, finding.line) == ("error", 1, 2)
    assert finding.message == "`df` is used in cell 2 but first defined in cell 3."
    assert "above cell 2" in finding.fix
    within = one(check("print(df)\ndf = 1"), "used-before-defined")
    assert within.message == "`df` is used in line 1 of cell 1 and first defined in line 2."
    assert found(check("df = 1", "print(df)", "df = 2"), "used-before-defined") == []


def test_a_name_defined_nowhere(check: Check) -> None:
    finding = one(check("accuracy = 1", "print(acuracy)"), "undefined-name")
    assert (finding.level, finding.cell, finding.line) == ("error", 1, 1)
    assert "`accuracy` perhaps" in finding.fix
    assert "import numpy as np" in one(check("np.ones(3)"), "undefined-name").fix
    assert one(check("def f():\n    return gone"), "undefined-name").level == "warning"
    assert one(check("x = 1\ndel x", "x"), "undefined-name").message.startswith("`x` is used in cell 2 after `del`")
    assert "Path.cwd()" in one(check("here = __file__"), "undefined-name").fix
    assert one(check("q", parameters="x = 1"), "undefined-name").cell == 1


def test_parameters_define_names(check: Check) -> None:
    assert found(check("print(x)", parameters="x = 1")) == []


def test_names_that_a_star_may_bring_are_not_guessed_at(check: Check) -> None:
    report = check("print(before)", "from math import *", "sqrt(2)\ntypo")
    assert [f.message for f in found(report)] == ["`before` is used in cell 1 and defined nowhere."]
    assert any("`sqrt`, `typo`" in said and "`from math import *` (cell 2)" in said for said in report.unknown)


# Order


def test_a_name_that_was_there_only_because_of_a_deleted_cell(check: Check) -> None:
    finding = one(check("x = 1", "print(deleted)", counts=[1, 5]), "execution-order")
    assert (finding.level, finding.cell) == ("error", 1)
    assert "changed or deleted since" in finding.message


def test_a_name_that_had_another_cells_value(check: Check) -> None:
    cells = ["rate = 0.1", "print(rate)", "rate = 0.2"]
    finding = one(check(*cells, counts=[1, 3, 2]), "execution-order")
    assert (finding.level, finding.cell, finding.line) == ("warning", 1, 1)
    assert "came from cell 3 when it was last run; from top to bottom it comes from cell 1" in finding.message
    assert found(check(*cells, counts=[1, 2, 3]), "execution-order") == []


def test_an_order_that_changes_nothing_is_a_single_hint(check: Check) -> None:
    cells = ["import os", "a = os.sep", "import os\nb = 2", "print(a, b)"]
    (hint,) = found(check(*cells, counts=[9, 4, 3, 5]), "execution-order")
    assert (hint.level, hint.cell) == ("hint", 1)


# Syntax


def test_a_cell_that_is_not_python(check: Check) -> None:
    report = check("good = 1", "%matplotlib inline\nthis be text", "is_ = 2", "is_")
    finding = one(report, "syntax")
    assert (finding.level, finding.cell, finding.line) == ("error", 1, 2)
    assert "`this be text`" in finding.message
    assert one(check("return 1"), "syntax").message.startswith("This is not Python: 'return' outside function")
    assert "first line" in one(check("x = 1\n%%time\ny = 2"), "syntax").message


def test_lines_are_those_of_the_cell_below_magics_over_several_lines(check: Check) -> None:
    assert one(check("\n\n!echo a \\\n  b \\\n  c\n\nx = 1\ngone"), "undefined-name").line == 8


# The whole


def test_a_kernel_that_is_not_installed(check: Check) -> None:
    report = check("import no_such_package_1", kernel="no-such-kernel")
    finding = one(report, "missing-kernel")
    assert (finding.level, finding.cell) == ("error", None)
    assert report.findings[0] == finding
    assert found(report, "missing-package") == []
    assert any("Packages" in said for said in report.unknown)


def test_another_language_is_not_looked_into(check: Check) -> None:
    report = check("print(undefined", kernel="ir", language="R")
    assert [f.rule for f in found(report)] == ["missing-kernel"]
    assert one(report, "unreadable-language").level == "hint"
    assert report.unknown


def test_what_a_sweep_needs(check: Check) -> None:
    bare = check("import os", "rate = 0.1", "print(rate)")
    assert one(bare, "no-parameters").cell == 1
    assert "Tag cell 2" in one(bare, "no-parameters").fix
    assert one(bare, "no-metric").cell is None
    logged = "import mlflow\nmlflow.log_metrics({'a': x})"
    assert check(logged, parameters="x = 1").findings == []
    assert found(check("a = x", parameters="x = 1", metrics="b = 2"), "no-metric") == []


def test_metrics_that_a_local_module_logs(check: Check, mlops_root: Path) -> None:
    (mlops_root / "training.py").write_text("import mlflow\ndef fit(x):\n    mlflow.log_metric('loss', x)\n")
    assert found(check("import training\ntraining.fit(1)"), "no-metric") == []


def test_an_empty_notebook(check: Check) -> None:
    assert check().findings == []


@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8"))
        | st.sampled_from(["%%time\n", "%run ", "x?", "!", "if a:\n  %x", "("]),
        max_size=4,
    )
)
def test_no_text_is_too_strange(sources: list[str]) -> None:
    content = notebook(*sources, "".join(sources), parameters=None)
    source = NotebookSource(path="a.ipynb", file=Path("/nowhere/a.ipynb"), content=content)
    report = Analysis().examine(source, None)
    assert all(f.cell is not None and f.cell <= len(sources) for f in report.findings)


@pytest.mark.parametrize("source", ["x = " + "(" * 500 + ")" * 500, "x = " + "+".join(["1"] * 5000), "\0", "\ud800"])
def test_code_that_cannot_be_parsed_is_no_accident(source: str) -> None:
    content = notebook(source, "fine = 1", parameters=None)
    Analysis().examine(NotebookSource(path="a.ipynb", file=Path("/nowhere/a.ipynb"), content=content), None)


# On the command line


@pytest.mark.usefixtures("configured")
def test_check_as_it_is_typed(mlops_notebook: NotebookFactory, capsys: pytest.CaptureFixture[str]) -> None:
    from jupyter_mlops import cli
    from jupyter_mlops.cli.face import Face

    mlops_notebook("print(df)", "df = 1", parameters=None)
    assert cli.run(["check", "train.ipynb"], Face()) == 1
    out = capsys.readouterr().out
    assert "✕ cell 1, line 1: `df` is used in cell 1 but first defined in cell 2.\n    → Move the definition" in out
    assert out.endswith("train.ipynb: 1 error, 2 hints in 2 code cells, kernel python3.\n")

    import msgspec

    assert cli.run(["check", "train.ipynb", "--json"], Face()) == 1
    report = msgspec.json.decode(capsys.readouterr().out, type=CheckReport)
    assert [f.rule for f in report.findings] == ["used-before-defined", "no-metric", "no-parameters"]

    mlops_notebook("print(x)", metrics="y = x")
    assert cli.run(["check", "train.ipynb"], Face()) == 0
    assert capsys.readouterr().out == "train.ipynb: nothing found in 3 code cells, kernel python3.\n"
    assert cli.run(["check", "gone.ipynb"], Face()) == 3

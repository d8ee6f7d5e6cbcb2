"""Whether a notebook says what it said: which cells are compared, and the verdict in words."""

from __future__ import annotations

import copy
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output

from jupyter_mlops import terminal, terminal_diff
from jupyter_mlops.backends.comparison import compare_outputs, failure, was_run
from jupyter_mlops.domain.verification import OutputDifference, VerificationResult, cells_in_words, conclude
from tests.executed import book, cell, error, lines, stdout

# Which cells


def test_cells_are_found_by_id_and_what_papermill_put_in_does_not_count() -> None:
    reference = book(cell(id="a"), cell(stdout("1"), id="b"), cell(stdout("2"), id="c"))
    injected = cell(stdout("other"), id="p", tags=["injected-parameters"])
    notice = {"cell_type": "markdown", "source": "", "metadata": {"tags": ["papermill-error-cell-tag"]}}
    executed = book(notice, cell(id="a"), injected, cell(stdout("1"), id="b"), cell(stdout("3"), id="c"))
    executed["metadata"] = {"papermill": {"duration": 3}}
    assert [one.cell for one in compare_outputs(reference, executed)] == [2]
    earlier = book(cell(id="a"), cell(tags=["injected-parameters"], id="q"), *reference["cells"][1:])
    assert [one.cell for one in compare_outputs(earlier, executed)] == [2]


def test_cells_without_ids_are_found_by_their_place_among_the_code_cells() -> None:
    text = {"cell_type": "markdown", "source": "", "metadata": {}}
    reference = book(text, cell(stdout("1")), cell(stdout("2")))
    executed = book(text, cell(stdout("1"), id="new1"), cell(stdout("3"), id="new2"))
    assert [one.cell for one in compare_outputs(reference, executed)] == [2]


def test_a_cell_that_has_its_partner_by_id_is_nobody_elses() -> None:
    reference = book(cell(stdout("1"), id="a"), cell(stdout("2"), id="b"))
    executed = book(cell(stdout("new"), id="n"), cell(stdout("1"), id="a"))
    assert compare_outputs(reference, executed) == []


def test_cells_that_share_an_id_are_found_by_their_place() -> None:
    one = book(cell(stdout("1"), id="a"), cell(stdout("2"), id="a"))
    assert compare_outputs(one, copy.deepcopy(one)) == []
    assert [d.cell for d in compare_outputs(one, book(cell(stdout("1"), id="a"), cell(id="a")))] == [1]


def test_outputs_that_are_missing_or_new_are_differences_where_the_cell_had_been_run() -> None:
    assert lines(stdout("1"), []) == ["-1"]
    assert lines([], stdout("1")) == ["+1"]


def test_a_cell_that_the_reference_never_ran_has_nothing_to_compare_with() -> None:
    reference = book(cell(stdout("1"), id="a"), cell(id="b", count=None))
    executed = book(cell(stdout("1"), id="a"), cell(stdout("2"), id="b"))
    assert compare_outputs(reference, executed) == []
    # Where a tool took all the counts away, they say nothing.
    reference["cells"][0]["execution_count"] = None
    assert [one.cell for one in compare_outputs(reference, executed)] == [1]


def test_a_notebook_that_never_ran_is_no_reference() -> None:
    stripped = book(cell(count=None), cell(count=None))
    assert not was_run(stripped)
    assert compare_outputs(stripped, book(cell(stdout("1")), cell())) == []
    assert was_run(book(cell(count=None), cell(count=3)))
    assert was_run(book(cell(stdout("1"), count=None)))
    assert not was_run(book())


def test_after_the_cell_that_failed_nothing_is_compared() -> None:
    reference = book(cell(stdout("1")), cell(stdout("2")), cell(stdout("3")))
    executed = book(cell(stdout("x")), cell(error()), cell(count=None))
    assert [one.cell for one in compare_outputs(reference, executed)] == [0, 1]


def test_a_notebook_that_ends_itself_early_differs() -> None:
    reference = book(cell(stdout("1")), cell(stdout("2")))
    executed = book(cell(stdout("1"), error("SystemExit", "0")), cell(count=None))
    assert failure(executed) is None
    assert [one.cell for one in compare_outputs(reference, executed)] == [0, 1]


def test_where_and_why_a_run_failed() -> None:
    injected = cell(tags=["injected-parameters"])
    assert failure(book(cell(), injected, cell(error(message="first\nsecond")))) == (
        "in cell 2 because ValueError: first"
    )
    assert failure(book(cell(error("KeyboardInterrupt", "")))) == "in cell 1 because KeyboardInterrupt"
    assert failure(book(cell(stdout("x")))) is None
    assert failure(book(cell(error(), tags=["raises-exception"]))) is None


# Of any outputs

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "application/json", "a/vnd.x+json"])
ANY_OUTPUT = (
    st.fixed_dictionaries(
        {"output_type": st.sampled_from(["stream", "display_data", "error", "?"])},
        optional={
            "name": st.sampled_from(["stdout", "stderr"]) | JSON,
            "text": JSON,
            "data": st.dictionaries(KINDS | st.text(max_size=5), JSON, max_size=3) | JSON,
            "ename": JSON,
            "evalue": JSON,
        },
    )
    | JSON
)
ANY_CELL = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown"]), "outputs": st.lists(ANY_OUTPUT, max_size=3) | JSON},
    optional={"id": st.sampled_from("abc"), "metadata": st.dictionaries(st.just("tags"), JSON) | JSON},
)
ANY_BOOK = st.lists(ANY_CELL, max_size=4).map(lambda cells: book(*cells))


@given(ANY_BOOK, ANY_BOOK)
def test_nothing_that_a_notebook_holds_breaks_the_comparison(
    reference: dict[str, Any], executed: dict[str, Any]
) -> None:
    kept = copy.deepcopy((reference, executed))
    differences = compare_outputs(reference, executed)
    assert repr(kept) == repr((reference, executed))
    assert compare_outputs(executed, copy.deepcopy(executed)) == []
    assert [one.cell for one in differences] == sorted({one.cell for one in differences})
    result = conclude(failure(executed), differences, "what was kept" if was_run(reference) else "")
    shown = terminal.text(terminal_diff.verification(result))
    assert all(c.isprintable() or c == "\n" for c in shown)


# The verdict

ONE, TWO = OutputDifference(cell=3, lines=["-a", "+b"]), OutputDifference(cell=8, lines=["+\x1b[31mred"])


@pytest.mark.parametrize(
    ("failed", "differences", "reference", "verdict", "sentence"),
    [
        (None, [], "the outputs kept", "reproduces", "reproduces"),
        (None, [ONE], "the outputs kept", "differs", "runs, outputs differ in cell 4"),
        (None, [ONE, TWO], "the outputs kept", "differs", "runs, outputs differ in cells 4 and 9"),
        (None, [], "", "runs", "runs; there were no outputs to compare with"),
        ("in cell 3 because ValueError: x", [ONE], "y", "fails", "fails in cell 3 because ValueError: x"),
        ("because it was stopped", [], "", "fails", "fails because it was stopped"),
        ("The kernel died.", [], "", "fails", "fails: The kernel died."),
    ],
)
def test_the_verdict(
    failed: str | None, differences: list[OutputDifference], reference: str, verdict: str, sentence: str
) -> None:
    result = conclude(failed, differences, reference)
    assert (result.verdict, result.sentence) == (verdict, sentence)
    assert (result.reference, result.cells) == (reference, differences)


def test_cells_in_words() -> None:
    assert cells_in_words([3]) == "cell 4"
    assert cells_in_words([8, 3, 4, 3]) == "cells 4, 5 and 9"
    assert cells_in_words(range(6)) == "cells 1, 2, 3, 4, 5 and 6"
    assert cells_in_words(range(18)) == "cells 1, 2, 3, 4, 5, 6 and 12 more"


def test_the_terminal_shows_the_verdict_and_the_differences() -> None:
    shown = terminal.text(terminal_diff.verification(conclude(None, [ONE, TWO], "the outputs kept")))
    assert shown.splitlines() == [
        "≠ runs, outputs differ in cells 4 and 9",
        "compared with the outputs kept",
        "",
        "cell 4",
        "  -a",
        "  +b",
        "",
        "cell 9",
        "  +\ufffd[31mred",
    ]
    fine = VerificationResult(verdict="reproduces", sentence="reproduces", reference="")
    assert terminal.text(terminal_diff.verification(fine)) == "✓ reproduces"


# Real runs

REPRODUCIBLE = [
    "import datetime, random, sys, tempfile, time, uuid, warnings\nimport numpy as np\nimport pandas as pd",
    "table = pd.DataFrame({'a': [1, 2.5], 'b': ['x', 'y']})\ntable",
    "table.style.format(precision=1)",
    "object()",
    "np.random.default_rng(0).random(3)",
    "print(datetime.datetime.now(), 'INFO ready')\nprint(uuid.uuid4(), tempfile.gettempdir() + '/tmpx/model.pkl')",
    "%%time\nsum(range(10))",
    "%timeit -n 2 -r 2 sum(range(10))",
    "from sklearn.linear_model import LogisticRegression\nLogisticRegression(C=2)",
    "from IPython.display import HTML, JSON, Markdown\ndisplay(HTML('<p>1</p>'), JSON({'a': 1}), Markdown('*x*'))",
    "for n in range(3):\n    print(n, end='\\r')",
    "warnings.warn('now ' + str(time.time()))\nprint(time.time(), file=sys.stderr)",
]
NOT_REPRODUCIBLE = [
    "random.random()",
    "print('took', time.perf_counter_ns())",
    "pd.DataFrame({'a': np.random.default_rng().random(2)})",
    "datetime.datetime.now()",
]


def execute(sources: list[str]) -> dict[str, Any]:
    cells = [new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    ran = NotebookClient(new_notebook(cells=cells), timeout=60, kernel_name="python3").execute()
    made: dict[str, Any] = nbformat.from_dict(ran)
    return made


def test_two_runs_differ_where_the_notebook_does() -> None:
    sources = [*REPRODUCIBLE, *NOT_REPRODUCIBLE]
    first, second = execute(sources), execute(sources)
    differences = compare_outputs(first, second)
    assert [one.cell for one in differences] == list(range(len(REPRODUCIBLE), len(sources)))
    assert conclude(None, differences, "the first").sentence == "runs, outputs differ in cells 13, 14, 15 and 16"
    # Nothing of it was passed over because there was nothing to see.
    assert all(c["outputs"] for c in first["cells"][1:])


def test_every_output_of_nbformat_is_read() -> None:
    outputs = [
        new_output("stream", name="stdout", text="1"),
        new_output("execute_result", data={"text/plain": "2"}, execution_count=1),
        new_output("display_data", data={"text/plain": "3"}),
        new_output("error", ename="E", evalue="4", traceback=[]),
    ]
    assert lines([], [dict(output) for output in outputs]) == ["+1", "+2", "+3", "+E: 4"]

"""Which cells differ between two notebooks, whatever their ids."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops import terminal, terminal_diff
from jupyter_mlops.backends.comparison.notebooks import MOST_WORK, notebook_differences
from jupyter_mlops.domain.difference import FieldDifference, nothing_differs
from tests.compared import LOAD, TRAIN, cells, compare, notebook


@pytest.mark.parametrize("ids", [True, False])
def test_a_changed_cell_shows_its_lines(ids: bool) -> None:
    left, right = notebook(LOAD, TRAIN, ids=ids), notebook(LOAD, TRAIN.replace("1.0", "2.0"), ids=ids)
    diff = compare(left, right)
    assert cells(diff) == [("changed", 1, 1)]
    assert diff.cells[0].lines == [
        " model = fit(",
        "     X,",
        "     y,",
        "-    C=1.0,",
        "+    C=2.0,",
        "     seed=0,",
        " )",
        " print(model)",
    ]
    assert not diff.notebook


@pytest.mark.parametrize("ids", [True, False])
def test_added_and_removed_cells_shift_the_others(ids: bool) -> None:
    left = notebook("#md # Title", LOAD, TRAIN, ids=ids)
    right = copy.deepcopy(left)
    del right["cells"][0]
    right["cells"].append(notebook("a", "b", "c", "plot(model)\nshow()", ids=ids)["cells"][3])
    diff = compare(left, right)
    assert cells(diff) == [("removed", 0, None), ("added", None, 2)]
    assert diff.cells[0].cell_type == "markdown"
    assert diff.cells[0].lines == ["-# Title"]
    assert diff.cells[1].lines == ["+plot(model)", "+show()"]
    assert not diff.notebook


def test_a_moved_cell_is_removed_and_added() -> None:
    left = notebook(LOAD, TRAIN, "show(model)")
    right = copy.deepcopy(left)
    right["cells"].insert(0, right["cells"].pop())
    assert cells(compare(left, right)) == [("added", None, 0), ("removed", 2, None)]


def test_a_cell_is_known_by_its_id_however_much_it_changed() -> None:
    assert cells(compare(notebook(LOAD, TRAIN), notebook(LOAD, "pass"))) == [("changed", 1, 1)]


def test_only_the_newline_at_the_end_is_a_difference() -> None:
    diff = compare(notebook("x = 1"), notebook("x = 1\n"))
    assert diff.cells[0].lines == [" x = 1", "+"]


def test_lists_of_lines_are_the_same_as_text() -> None:
    left, right = notebook(TRAIN), notebook(TRAIN)
    right["cells"][0]["source"] = TRAIN.splitlines(keepends=True)
    assert notebook_differences(left, right) == ([], [])


def test_new_ids_for_all_are_one_row_and_no_changed_cells() -> None:
    left, right = notebook(LOAD, TRAIN, "show(model)"), notebook(LOAD, TRAIN, "show(model)")
    for cell in right["cells"]:
        cell["id"] += "-new"
    diff = compare(left, right)
    assert not diff.cells
    assert diff.notebook == [FieldDifference(change="changed", name="cell ids", right="new in cells 1, 2 and 3")]


def test_cells_that_resemble_each_other_are_the_same_cell() -> None:
    left = notebook("intro", TRAIN, LOAD, "last", ids=False)
    right = notebook("intro", "new = 1", "#md new", TRAIN + "\n# a", "more()", LOAD + "\n# b", "last", ids=False)
    assert cells(compare(left, right)) == [
        ("added", None, 1),
        ("added", None, 2),
        ("changed", 1, 3),
        ("added", None, 4),
        ("changed", 2, 5),
    ]
    assert cells(compare(right, left)) == [
        ("removed", 1, None),
        ("removed", 2, None),
        ("changed", 3, 1),
        ("removed", 4, None),
        ("changed", 5, 2),
    ]


def test_in_large_notebooks_that_have_nothing_in_common_nothing_that_resembles_is_looked_for() -> None:
    # Each cell against each, letter by letter, would take minutes.
    left = notebook(*[f"value_{n} = {n}\n" * 30 for n in range(20)], ids=False)
    right = notebook(*[f"value_{n} = {n}\n" * 30 + "# new" for n in range(20)], ids=False)
    size = [sum(len(cell["source"]) for cell in side["cells"]) for side in (left, right)]
    assert size[0] * size[1] > MOST_WORK
    assert [cell.change for cell in compare(left, right).cells] == ["removed"] * 20 + ["added"] * 20
    for n in (5, 10, 15):
        right["cells"][n] = left["cells"][n]
    # Between cells that they have in common there is little to look at.
    assert {cell.change for cell in compare(left, right).cells} == {"changed"}


# Of any notebooks

SOURCES = st.text(alphabet="ab =\n\r\t\x0cé💥", max_size=60)
CELLS = st.lists(
    st.fixed_dictionaries(
        {
            "cell_type": st.sampled_from(["code", "markdown", "raw"]),
            "source": SOURCES | st.lists(SOURCES, max_size=3),
            "metadata": st.dictionaries(st.sampled_from(["tags", "x"]), st.lists(st.text(max_size=3), max_size=2)),
        },
        optional={"id": st.sampled_from("abcdef")},
    ),
    max_size=6,
)
NOTEBOOKS = CELLS.map(lambda cells: {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@given(NOTEBOOKS)
def test_a_notebook_does_not_differ_from_itself(one: dict[str, Any]) -> None:
    assert nothing_differs(compare(one, copy.deepcopy(one)))


@given(NOTEBOOKS, NOTEBOOKS)
def test_two_digests_are_never_called_the_same_and_lines_lead_from_one_to_the_other(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    diff = compare(left, right)
    assert nothing_differs(diff) == (diff.left.digest == diff.right.digest)
    assert diff == compare(left, right)
    text = [["".join(cell["source"]) for cell in side["cells"]] for side in (left, right)]
    for cell in diff.cells:
        if cell.change == "changed":
            assert cell.left is not None
            assert cell.right is not None
            assert text[0][cell.left] != text[1][cell.right]
    gone = {cell.left for cell in diff.cells if cell.change == "removed"}
    new = {cell.right for cell in diff.cells if cell.change == "added"}
    assert len(text[0]) - len(gone) == len(text[1]) - len(new)
    terminal.text(terminal_diff.snapshot_diff(diff))

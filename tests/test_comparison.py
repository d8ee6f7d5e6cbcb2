"""What differs between two snapshots: every difference is found, and nothing is called one that is none."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from jupyter_mlops import terminal, terminal_diff
from jupyter_mlops.backends.comparison import compare_snapshots
from jupyter_mlops.backends.comparison.lines import GAP, GOES_ON, LONGEST, MOST_COMPARED, MOST_LINES, unified
from jupyter_mlops.backends.comparison.noise import without_noise
from jupyter_mlops.backends.comparison.notebooks import MOST_WORK, notebook_differences
from jupyter_mlops.domain.canonical import canonical, content_digest
from jupyter_mlops.domain.difference import FieldDifference, SnapshotDiff, nothing_differs
from jupyter_mlops.domain.environment import Environment, Package
from jupyter_mlops.domain.snapshot import GitState, Manifest, Sighting, Snapshot, SnapshotFile, stripped


def notebook(*sources: str, ids: bool = True, **metadata: Any) -> dict[str, Any]:
    """A notebook of code cells; a source that begins with `#md ` makes a Markdown cell."""
    cells = [
        new_markdown_cell(source[4:], id=f"c{n}") if source.startswith("#md ") else new_code_cell(source, id=f"c{n}")
        for n, source in enumerate(sources)
    ]
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(new_notebook(cells=cells, metadata=metadata)))
    if ids:
        return made
    for cell in made["cells"]:
        del cell["id"]
    return made | {"nbformat_minor": 4}


ENVIRONMENT = Environment(
    python="3.12.4",
    platform="linux-x86_64",
    packages=[
        Package(name="helper", version="0.1.0", kind="wheel", content="aa"),
        Package(name="numpy", version="2.1.0"),
        Package(name="tool", version="1.0", kind="vcs", url="git+https://example.org/tool@0123456789abcdef0123"),
    ],
)


def snapshot(of: dict[str, Any], git: GitState | None = None, **changes: Any) -> Snapshot:
    usual: dict[str, Any] = {"name": "train.ipynb", "kernel": "python3", "language": "python"}
    usual |= {"environment": ENVIRONMENT, "notebook": content_digest(canonical(stripped(of)))}
    manifest = Manifest(**(usual | changes))
    sighting = Sighting(notebook="work/train.ipynb", user="ann", taken=1, git=git)
    return Snapshot(digest=manifest.digest, manifest=manifest, run_id="r", created=1, sighting=sighting)


def compare(left: dict[str, Any], right: dict[str, Any]) -> SnapshotDiff:
    return compare_snapshots(snapshot(left), snapshot(right), left, right)


def contents(**changes: Any) -> SnapshotDiff:
    """The usual snapshot against one of the same notebook with other contents."""
    same = notebook("x = 1")
    return compare_snapshots(snapshot(same), snapshot(same, **changes), same, same)


def cells(diff: SnapshotDiff) -> list[tuple[str, int | None, int | None]]:
    return [(cell.change, cell.left, cell.right) for cell in diff.cells]


# Cells

TRAIN = "model = fit(\n    X,\n    y,\n    C=1.0,\n    seed=0,\n)\nprint(model)"
LOAD = "import pandas as pd\nX, y = pd.read_csv('x.csv'), pd.read_csv('y.csv')"


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


# Beside the cells


def test_metadata_that_differs_is_named() -> None:
    left = notebook("x = 1", LOAD, kernelspec={"name": "python3", "display_name": "Python 3"}, toc={"depth": 1})
    right = copy.deepcopy(left)
    right["cells"][0]["metadata"] = {"tags": ["parameters", "a"], "jupyter": {"source_hidden": True}}
    right["cells"][1] = {k: v for k, v in right["cells"][1].items() if k not in ("outputs", "execution_count")}
    right["cells"][1]["cell_type"] = "raw"
    right["metadata"]["kernelspec"]["display_name"] = "Other"
    right["metadata"]["toc"] = {"depth": 2}
    right["nbformat_minor"] = 6
    diff = compare(left, right)
    assert [(row.change, row.name, row.left, row.right) for row in diff.notebook] == [
        ("changed", "kernel's display name", "Python 3", "Other"),
        ("changed", "metadata: toc", '{"depth": 1}', '{"depth": 2}'),
        ("changed", "notebook format", "4.5", "4.6"),
        ("added", "cell 1, metadata: jupyter", "", '{"source_hidden": true}'),
        ("added", "cell 1, tags", "", "parameters, a"),
        ("changed", "cell 2, type", "code", "raw"),
    ]
    assert not diff.cells


def test_what_no_rule_names_is_still_not_called_nothing() -> None:
    left, right = notebook("x = 1", toc="a" * 500 + "b"), notebook("x = 1", toc="a" * 500 + "c")
    diff = compare(left, right)
    assert [row.name for row in diff.notebook] == ["notebook file"]


def test_the_manifests_names() -> None:
    diff = contents(kernel="conda-x", name="other.ipynb", folder="deep")
    assert [(row.change, row.name, row.left, row.right) for row in diff.notebook] == [
        ("added", "folder", "", "deep"),
        ("changed", "kernel", "python3", "conda-x"),
        ("changed", "name", "train.ipynb", "other.ipynb"),
    ]


# Contents


def test_packages() -> None:
    other = Environment(
        python="3.12.4",
        platform="linux-x86_64",
        packages=[
            Package(name="Helper", version="0.1.0", kind="wheel", content="bb"),
            Package(name="scikit_learn", version="1.5"),
            Package(name="tool", version="1.0", kind="vcs", url="git+https://example.org/tool@fedcba9876543210fedc"),
        ],
    )
    diff = contents(environment=other)
    assert [(row.change, row.name, row.left, row.right) for row in diff.packages] == [
        ("changed", "helper", "0.1.0 (from a folder)", "0.1.0 (from a folder, changed)"),
        ("removed", "numpy", "2.1.0", ""),
        ("added", "scikit-learn", "", "1.5"),
        (
            "changed",
            "tool",
            "1.0 (from git+https://example.org/tool at 0123456789ab)",
            "1.0 (from git+https://example.org/tool at fedcba987654)",
        ),
    ]
    assert not diff.environment


def test_a_local_package_that_an_index_has_now_is_a_change() -> None:
    other = msgspec.structs.replace(ENVIRONMENT, packages=[Package(name="helper", version="0.1.0")])
    row = contents(environment=other).packages[0]
    assert (row.change, row.left, row.right) == ("changed", "0.1.0 (from a folder)", "0.1.0")


def test_python_platform_and_conda() -> None:
    numpy, scipy = "https://example.org/numpy-2.1.0-py312_0.conda#aa", "https://example.org/scipy-1.1-py312_0.conda#bb"
    left = msgspec.structs.replace(ENVIRONMENT, conda=[numpy, scipy])
    right = msgspec.structs.replace(left, python="3.13.0", platform="darwin-arm64", conda=[numpy, f"{scipy}c"])
    same = notebook("x = 1")
    diff = compare_snapshots(snapshot(same, environment=left), snapshot(same, environment=right), same, same)
    assert [(row.name, row.left, row.right) for row in diff.environment] == [
        ("platform", "linux-x86_64", "darwin-arm64"),
        ("python", "3.12.4", "3.13.0"),
        ("conda packages", "2", "2, 1 of them others"),
    ]
    assert [(r.change, r.name, r.right) for r in contents(environment=left).environment] == [
        ("added", "conda packages", "2")
    ]


def test_packages_that_are_not_known_are_not_called_removed() -> None:
    diff = contents(environment=None)
    assert not diff.packages
    assert ("added", "packages") in [(row.change, row.name) for row in diff.environment]


def test_files_datasets_and_git() -> None:
    def file(path: str, size: int, sha256: str) -> SnapshotFile:
        return SnapshotFile(path=path, size=size, sha256=sha256)

    same = notebook("x = 1")
    here = GitState(commit="a" * 40, branch="main", remote="https://example.org/x")
    there = GitState(commit="b" * 40, branch="main", dirty=True, remote="https://example.org/x")
    left = snapshot(
        same, here, files=[file("a.py", 10, "1"), file("b.py", 1234, "2"), file("d.py", 5, "3")], datasets=["sales@1"]
    )
    right = snapshot(
        same,
        there,
        files=[file("a.py", 10, "9"), file("b.py", 2_500_000, "8"), file("e.py", 0, "")],
        datasets=["sales@2"],
    )
    diff = compare_snapshots(left, right, same, same)
    assert [(row.change, row.name, row.left, row.right) for row in diff.files] == [
        ("changed", "a.py", "10 bytes", "10 bytes, content changed"),
        ("changed", "b.py", "1.2 kB", "2.5 MB"),
        ("removed", "d.py", "5 bytes", ""),
        ("added", "e.py", "", "0 bytes"),
    ]
    assert [(row.name, row.left, row.right) for row in diff.git] == [
        ("commit", "a" * 12, "b" * 12),
        ("working tree", "clean", "with changes that are not committed"),
    ]
    assert [(row.change, row.name) for row in diff.datasets] == [("removed", "sales@1"), ("added", "sales@2")]
    assert {row.change for row in compare_snapshots(snapshot(same), right, same, same).git} == {"added"}


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


LINES = st.lists(st.sampled_from(["a", "b", "", " c"]), max_size=40)


@given(LINES, LINES)
def test_lines_tell_what_is_on_either_side(left: list[str], right: list[str]) -> None:
    shown = unified(left, right)
    assert bool(shown) == (left != right)
    assert all(line[0] in " -+" for line in shown)
    added = sum(line[0] == "+" for line in shown) - sum(line[0] == "-" for line in shown)
    assert added == len(right) - len(left)


def test_lines_far_apart_have_a_gap_between_them() -> None:
    left = [str(n) for n in range(30)]
    right = ["x" if n in {"2", "20"} else n for n in left]
    shown = unified(left, right)
    assert shown[:6] == [" 0", " 1", "-2", "+x", " 3", " 4"]
    assert shown.count(GAP) == 1


def test_many_and_long_lines_are_limited_and_counted() -> None:
    shown = unified([], [str(n) for n in range(1000)])
    assert len(shown) == MOST_LINES + 1
    assert shown[-1] == " … 800 more lines"
    assert (
        unified([], [str(n) for n in range(MOST_COMPARED + 7)])[-1]
        == f" … {MOST_COMPARED + 7 - MOST_LINES:,} more lines"
    )
    long = unified(["x" * LONGEST + "y"], ["x" * LONGEST + "z"])
    assert long == [f" {'x' * LONGEST}{GOES_ON}", "-y", "+z"]
    assert unified(["\ud800"], ["?"]) == ["-\\ud800", "+?"]


# In the terminal


def test_the_terminal_shows_marks_and_words() -> None:
    left, right = notebook(LOAD, TRAIN), notebook(LOAD, TRAIN.replace("C=1.0", "C=2.0"))
    numpy = msgspec.structs.replace(ENVIRONMENT, packages=[Package(name="numpy", version="2.2.0")])
    a, b = snapshot(left), snapshot(right, environment=numpy)
    shown = terminal.text(terminal_diff.snapshot_diff(compare_snapshots(a, b, left, right)))
    assert shown.splitlines() == [
        f"- {a.digest[:12]}  work/train.ipynb",
        f"+ {b.digest[:12]}  work/train.ipynb",
        "",
        "Notebook",
        "~ cell 2 changed",
        "   model = fit(",
        "       X,",
        "       y,",
        "  -    C=1.0,",
        "  +    C=2.0,",
        "       seed=0,",
        "   )",
        "   print(model)",
        "",
        "Packages",
        "-  helper  0.1.0 (from a folder)",
        "~  numpy   2.1.0 → 2.2.0",
        "-  tool    1.0 (from git+https://example.org/tool at 0123456789ab)",
    ]


def test_the_terminal_says_that_nothing_differs() -> None:
    same = notebook("x = 1")
    assert terminal.text(terminal_diff.snapshot_diff(compare(same, same))).endswith("\nNothing differs.")


def test_a_notebook_cannot_steer_the_terminal() -> None:
    left, right = notebook("x"), notebook("x\n\tif\x1b[31m [bold]\u202e\x9b\r")
    right["cells"][0]["metadata"]["tags"] = ["\x1b]0;title\x07"]
    shown = terminal.text(terminal_diff.snapshot_diff(compare(left, right)))
    assert "if\ufffd[31m [bold]\ufffd\ufffd" in shown
    assert all(c.isprintable() or c == "\n" for c in shown)


# Noise


def test_the_id_of_a_display_handle_is_made_up_at_every_run() -> None:
    one, other = (f"<DisplayHandle display_id={sign * 32}>" for sign in "ab")
    assert without_noise(one) == without_noise(other)
    # A name that the author gave, and another's number, are compared.
    assert without_noise("<DisplayHandle display_id=a>") != without_noise("<DisplayHandle display_id=b>")
    assert without_noise(f"digest={'a' * 32}") != without_noise(f"digest={'b' * 32}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/home/ann/v/bin/python3", "/srv/environments/64e8/bin/python3"),
        ("from /v/lib/python3.11/site-packages/x/y.py", "from /tmp/a/b/lib/python3.11/site-packages/x/y.py"),
        ("'/usr/lib/python3.11/json/__init__.py'", "'/home/ann/.pyenv/3.11.7/lib/python3.11/json/__init__.py'"),
        (r"C:\\v\\Lib\\site-packages\\x.py", r"D:\\data\\env\\Lib\\site-packages\\x.py"),
        (r"C:\v\Scripts\python.exe", r"D:\env\Scripts\python.exe"),
        (f"/home/ann/mlops/sweeps/{'0a' * 16}/0-files/a.txt", f"/home/ann/mlops/sweeps/{'1b' * 16}/1-files/a.txt"),
    ],
)
def test_where_python_and_the_run_lie_is_no_difference(one: str, other: str) -> None:
    assert without_noise(one) == without_noise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/v/lib/python3.11/site-packages/x.py", "/v/lib/python3.12/site-packages/x.py"),
        ("/v/lib/python3.11/site-packages/x.py", "/v/lib/python3.11/site-packages/y.py"),
        ("/v/bin/python3", "/v/bin/ruby3"),
        ("/data/a.csv python", "/data/b.csv python"),
        ("1 and /v/bin/python", "2 and /v/bin/python"),
        ("ratio 3/lib/python3.11", "ratio 4/lib/python3.11"),
    ],
)
def test_what_lies_there_is(one: str, other: str) -> None:
    assert without_noise(one) != without_noise(other)


def test_long_paths_are_read_in_time() -> None:
    text = "/-" * 100_000 + " python -files"
    assert without_noise(text) == text

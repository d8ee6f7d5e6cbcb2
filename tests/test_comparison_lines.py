"""Differences as lines, on the terminal, and without the noise of another run."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops import terminal, terminal_diff
from jupyter_mlops.backends.comparison import compare_snapshots
from jupyter_mlops.backends.comparison.lines import GAP, GOES_ON, LONGEST, MOST_COMPARED, MOST_LINES, unified
from jupyter_mlops.backends.comparison.noise import without_noise
from jupyter_mlops.domain.environment import Package
from tests.compared import ENVIRONMENT, LOAD, TRAIN, compare, notebook, snapshot

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

"""Whether a notebook says what it said: what counts as a difference, what does not, and the verdict in words."""

from __future__ import annotations

import base64
import copy
import struct
import zlib
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output

from jupyter_mlops import terminal, terminal_diff
from jupyter_mlops.backends.comparison import compare_outputs, failure, was_run
from jupyter_mlops.backends.comparison.lines import MOST_LINES
from jupyter_mlops.backends.comparison.noise import printed
from jupyter_mlops.domain.verification import OutputDifference, VerificationResult, cells_in_words, conclude

Output = dict[str, Any]


def stdout(text: str) -> Output:
    return {"output_type": "stream", "name": "stdout", "text": text}


def stderr(text: str) -> Output:
    return stdout(text) | {"name": "stderr"}


def display(**data: Any) -> Output:
    """A result; `text_html` stands for `text/html`."""
    kinds = {kind.replace("_", "/", 1): value for kind, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": kinds}


def error(name: str = "ValueError", message: str = "no such column", trace: str = "…") -> Output:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [trace]}


def cell(*outputs: Output, count: int | None = 1, id: str | None = None, tags: list[str] | None = None) -> Any:
    made = {"cell_type": "code", "source": "…", "metadata": {"tags": tags} if tags else {}, "outputs": list(outputs)}
    return made | {"execution_count": count} | ({"id": id} if id else {})


def book(*cells: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def lines(reference: Output | list[Output], executed: Output | list[Output]) -> list[str]:
    """The lines in which two cells' outputs differ, context aside."""
    sides = [outputs if isinstance(outputs, list) else [outputs] for outputs in (reference, executed)]
    found = compare_outputs(book(cell(*sides[0])), book(cell(*sides[1])))
    return [line for one in found for line in one.lines if line[0] != " "]


# What is printed

DIFFERS = [
    (stdout("0.91\n"), stdout("0.92\n")),
    (stdout("took 1.2 s"), stdout("took 1.3 s")),
    (stdout("1795259294.45"), stdout("1795259298.54")),
    (stdout("2026-01-02"), stdout("2026-01-03")),
    (stdout("crc 0xdeadbeef"), stdout("crc 0xdeadbeee")),
    (stdout("d41d8cd98f00b204e9800998ecf8427e"), stdout("d41d8cd98f00b204e9800998ecf8427f")),
    (stdout("/data/a.csv"), stdout("/data/b.csv")),
    (stdout("/tmp/tmpab12/a.csv"), stdout("/tmp/tmpcd34/b.csv")),
    (stdout("a\tb"), stdout("a b")),
    (stdout(" 10/10 [00:01<00:00, 9.87it/s, loss=0.1]"), stdout(" 10/10 [00:02<00:00, 5.01it/s, loss=0.2]")),
    (stdout("[1, 2]"), stdout("[1, 3]")),
    (stdout("2026-01-02 03:04:05 loss 0.1"), stdout("2026-01-02 03:04:06 loss 0.2")),
    (display(text_plain="datetime(2026, 1, 2, 3, 4)"), display(text_plain="datetime(2026, 1, 2, 3, 5)")),
    (display(text_plain="Timestamp('2026-01-02 03:04:05')"), display(text_plain="Timestamp('2026-01-02 03:04:06')")),
    (display(text_plain="<Figure size 640x480 with 1 Axes>"), display(text_plain="<Figure size 640x480 with 2 Axes>")),
    (display(text_html="<b id='a1'>1</b>"), display(text_html="<b id='a1'>2</b>")),
    (
        display(text_plain="<Styler object at 0x1>", text_html="<td>1"),
        display(text_plain="<Styler object at 0x2>", text_html="<td>2"),
    ),
    (error(message="a"), error(message="b")),
    (error("KeyError"), error("ValueError")),
    (stdout("a"), display(text_plain="b")),
    (
        display(**{"application_vnd.plotly.v1+json": {"y": [1]}}),
        display(**{"application_vnd.plotly.v1+json": {"y": [2]}}),
    ),
    (
        display(text_plain="alt.Chart(...)", **{"application_vnd.vegalite.v5+json": {"y": 1}}),
        display(text_plain="alt.Chart(...)", **{"application_vnd.vegalite.v5+json": {"y": 2}}),
    ),
    (
        display(text_plain="<JSON object>", application_json={"a": 1}),
        display(text_plain="<JSON object>", application_json={"a": 2}),
    ),
    (display(image_jpeg="AAAA"), display(image_jpeg="AAAB")),
    (display(text_x="1"), display(text_x="2")),
]

THE_SAME = [
    (stdout("a"), [stdout("a\n")]),
    (stdout("a\nb\n"), [stdout("a\n"), stderr("warning"), stdout("b\n")]),
    (stderr("1"), stderr("2")),
    ([], stderr("warning")),
    (stdout("done"), stdout("10 %\r50 %\rdone")),
    (stdout("ok"), stdout("\x1b[32mok\x1b[0m")),
    (stdout("<A object at 0x7f12ab34cd56>"), stdout("<A object at 0x7f99ab34cd57>")),
    (stdout("2026-01-02 03:04:05,123 INFO ok"), stdout("2026-02-03T04:05:06.7Z INFO ok")),
    (stdout("a8098c1a-f86e-11da-bd1a-00112444be1e"), stdout("b8098c1a-f86e-11da-bd1a-00112444be1f")),
    (stdout("/tmp/tmpab12/a.csv"), stdout("/private/var/folders/x1/y2/T/tmpcd34/a.csv")),
    (stdout("'C:\\\\Users\\\\ann\\\\AppData\\\\Local\\\\Temp\\\\tmp1'"), stdout("'/tmp/tmp2'")),
    (
        stdout("CPU times: user 3 ms, sys: 0 ns, total: 3 ms\nWall time: 3.1 ms\n5"),
        stdout("CPU times: total: 0 ns\nWall time: 1min 2s\nCompiler : 120 ms\n5"),
    ),
    (
        stdout("12.3 ms ± 456 µs per loop (mean ± std. dev. of 7 runs, 100 loops each)"),
        stdout("1min 2s ± 3 s per loop (mean ± std. dev. of 7 runs, 1 loop each)"),
    ),
    (
        display(text_plain="<TimeitResult : 12.3 ns ± 4 ns per loop (7 runs)>"),
        display(text_plain="<TimeitResult : 1 s ± 4 ms per loop (7 runs)>"),
    ),
    (
        stdout("100%|██| 10/10 [00:01<00:00, 9.87it/s, loss=0.1]"),
        stdout("100%|██| 10/10 [1:00:02<00:00,  1.01s/it, loss=0.1]"),
    ),
    (stdout("1875/1875 ━━ 3s 2ms/step - loss: 0.1"), stdout("1875/1875 ━━ 14s 900us/step - loss: 0.1")),
    (display(text_plain="1", text_html="<b>1</b>"), display(text_plain="1", text_html="<i>1</i>")),
    (
        display(text_plain="<Styler at 0x7f1>", text_html="<style>#T_1a2b3_row0 {}</style><td id='T_1a2b3_row0_col1'>"),
        display(text_plain="<Styler at 0x7f2>", text_html="<style>#T_c4d5e_row0 {}</style><td id='T_c4d5e_row0_col1'>"),
    ),
    (
        display(text_html="<div id='sk-container-id-1'>#sk-container-id-1"),
        display(text_html="<div id='sk-container-id-4'>#sk-container-id-4"),
    ),
    (display(text_html=f"<script>draw('map_{'a' * 32}')"), display(text_html=f"<script>draw('map_{'b' * 32}')")),
    (
        display(**{"image_svg+xml": "<dc:date>1</dc:date><g id='m12'/><use href='#m12'/>"}),
        display(**{"image_svg+xml": "<dc:date>2</dc:date><g id='m34'/><use href='#m34'/>"}),
    ),
    (error(trace="File /tmp/1.py, line 1"), error(trace="File /tmp/2.py, line 1")),
    (
        display(text_plain="HBox(children=(1,))", **{"application_vnd.jupyter.widget-view+json": {"model_id": "a"}}),
        display(text_plain="HBox(children=(2,))", **{"application_vnd.jupyter.widget-view+json": {"model_id": "b"}}),
    ),
    (display(image_jpeg="AAAA"), display(image_jpeg="AA\nAA\n")),
    (display(text_plain="1", application_pdf="AAAA"), display(text_plain="1", application_pdf="AAAB")),
    (display(text_plain=["a\n", "b"]), display(text_plain="a\nb")),
    (
        display(text_plain="1"),
        {"output_type": "execute_result", "execution_count": 7, "metadata": {"a": 1}, "data": {"text/plain": "1"}},
    ),
]


@pytest.mark.parametrize(("reference", "executed"), DIFFERS)
def test_what_differs(reference: Output, executed: Output) -> None:
    assert {line[0] for line in lines(reference, executed)} == {"-", "+"}


@pytest.mark.parametrize(("reference", "executed"), THE_SAME)
def test_what_says_the_same(reference: Output, executed: Output) -> None:
    assert lines(reference, executed) == []
    assert lines(executed, reference) == []


def test_a_long_number_is_read_in_time() -> None:
    # Durations were looked for from each of its digits on.
    assert printed("7" * 200_000) == "7" * 200_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello\rby", "byllo"),
        ("a\r\nb\r\n", "a\nb"),
        ("abc\b\bX", "aXc"),
        ("\b\bx", "x"),
        ("50%|█    |\r100%|█████|\n", "100%|█████|"),
        ("long line\r         \rok", "ok"),
    ],
)
def test_what_a_terminal_shows(text: str, shown: str) -> None:
    assert printed(text) == shown


def test_differences_are_shown_with_what_is_around_them() -> None:
    before, after = ("\n".join(map(str, [1, 2, 3, 4, n, 6, 7, 8, 9])) for n in (5, 50))
    assert compare_outputs(book(cell(stdout(before))), book(cell(stdout(after)))) == [
        OutputDifference(cell=0, lines=[" 2", " 3", " 4", "-5", "+50", " 6", " 7", " 8"])
    ]


def test_many_lines_are_limited() -> None:
    shown = compare_outputs(book(cell()), book(cell(stdout("x\n" * 5000))))[0].lines
    assert len(shown) == MOST_LINES + 1
    assert shown[-1] == " … 4,800 more lines"


# Pictures


def png(pixels: bytes = b"\x00\x01\x02", level: int = 6, text: bytes = b"", width: int = 2) -> str:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)
    packed = zlib.compress(pixels, level)
    pieces = chunk(b"IDAT", packed[:5]) + chunk(b"IDAT", packed[5:])
    made = chunk(b"IHDR", head) + (chunk(b"tEXt", text) if text else b"") + pieces + chunk(b"IEND", b"")
    return base64.encodebytes(b"\x89PNG\r\n\x1a\n" + made).decode()


def test_pictures_are_compared_by_what_is_to_be_seen() -> None:
    one = display(image_png=png())
    assert lines(one, display(image_png=png(level=0, text=b"Software\0matplotlib 9"))) == []
    shown = lines(one, display(image_png=png(b"\x00\x01\x03")))
    assert [line.split(",")[:2] for line in shown] == [
        ["-[picture: PNG", " 2 × 1 pixels"],
        ["+[picture: PNG", " 2 × 1 pixels"],
    ]
    assert len({line[1:] for line in shown}) == 2
    assert [line[:29] for line in lines(one, display(image_png=png(width=4)))] == [
        "-[picture: PNG, 2 × 1 pixels,",
        "+[picture: PNG, 4 × 1 pixels,",
    ]


@pytest.mark.parametrize("cut", [1, 20, 40, 60, 75])
def test_a_broken_picture_is_still_itself(cut: int) -> None:
    whole = base64.b64decode(png())
    broken = base64.b64encode(whole[:cut]).decode()
    assert lines(display(image_png=broken), display(image_png=broken + "\n")) == []
    assert lines(display(image_png=broken), display(image_png=png(b"\x00\x07\x07")))


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

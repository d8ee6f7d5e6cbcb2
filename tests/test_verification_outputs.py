"""Which outputs say the same and which do not: texts, terminals, pictures."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from jupyter_mlops.backends.comparison import compare_outputs
from jupyter_mlops.backends.comparison.lines import MOST_LINES
from jupyter_mlops.backends.comparison.noise import printed
from jupyter_mlops.domain.verification import OutputDifference
from tests.executed import Output, book, cell, display, error, lines, stderr, stdout

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

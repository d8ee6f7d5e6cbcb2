"""What differs at every run of the same notebook and says nothing: made the same before outputs are compared.

Each rule names what it makes equal. Whatever no rule names is compared as it stands: a random number without a seed,
the order of a set, a duration that the author prints, `datetime.now()` as a result.
"""

from __future__ import annotations

import re

_HEX = "[0-9a-fA-F]"
_DURATION = r"(?:\d[\d.,]*\s?(?:ns|us|µs|μs|ms|s|min|h|d)\s?)+"

# In a terminal's output only.
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_TIMESTAMP = re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z\b| ?UTC\b| ?[+-]\d\d:?\d\d\b)?")
_TIME_MAGIC = re.compile(
    rf"^(?:CPU times: .*|Wall time: .*|(?:Compiler|Parser)\s*: {_DURATION}|The slowest run took .* longer than .*)\n?",
    re.MULTILINE,
)
_TQDM = re.compile(r"(?<=\[)(?:\d+:)?\d\d:\d\d(?:<[^,\]\n]*)?, +[^,\]\n]*(?:/s|s/)[^,\]\n]*")
_KERAS = re.compile(r"\b\d+m?s \d+[mnuµμ]?s/(?:step|epoch|sample)")

# Everywhere.
_TIMEIT = re.compile(rf"{_DURATION}± {_DURATION}per loop \([^)\n]*\)|[\d,]+ loops?, best of \d+: {_DURATION}per loop")
_ADDRESS = re.compile(rf"(?<=\bat )0x{_HEX}+|\b0x7[ef]{_HEX}{{10}}\b")
_DISPLAY = re.compile(rf"(?<=\bdisplay_id=){_HEX}{{32}}\b")
_UUID = re.compile(rf"\b{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\b")
_SEPARATOR = r"[\\/]{1,2}"
_NAME = r"[^\\/\s'\"<>:,;()\[\]]+"
# Few parts, and a look for `python` before: paths of a thousand parts would be read from each of them on.
_FOLDER = rf"(?<![\w.])(?:[A-Za-z]:)?(?:{_SEPARATOR}{_NAME}){{0,30}}{_SEPARATOR}"
_INSTALLED = re.compile(
    rf"{_FOLDER}(?=lib/python\d+\.\d+\b|[Ll]ib{_SEPARATOR}site-packages\b|bin/python|Scripts{_SEPARATOR}python)"
)
_WORKING = re.compile(rf"{_FOLDER}sweeps{_SEPARATOR}{_HEX}{{32}}{_SEPARATOR}\d+-files\b")
_TEMPORARY = re.compile(
    r"(?<![\w.])(?:/private)?(?:/var/folders/[^/\s]+/[^/\s]+/T|/var/tmp|/tmp)/[^/\s'\"<>:,)\]]+"
    r"|\b[A-Za-z]:\\{1,2}(?:[^\\\n]+\\{1,2})*?Temp\\{1,2}[^\\\s'\"<>:,)\]]+"
)

# In HTML and SVG only.
_ID = re.compile(r"""\b(id|for|data-root-id|aria-\w+)(\s*=\s*)(["'])[^"'\n]*\d[^"'\n]*\3""")
_REFERENCE = re.compile(r"""(href\s*=\s*["']|url\(\s*["']?)#[^"')\s]*\d[^"')\s]*""")
_STYLER = re.compile(r"\bT_[0-9a-f]{5,32}(?![0-9a-f])")
_ESTIMATOR = re.compile(r"\bsk-(container|estimator)-id-\d+")
_SUFFIXED = re.compile(r"\b([A-Za-z]+(?:[-_][A-Za-z]+)*[-_])[0-9a-f]{32}\b")
_SVG_DATE = re.compile(r"<dc:date>[^<]*</dc:date>")


def without_noise(text: str) -> str:
    """Text of any kind, with these made the same:

    - memory addresses: `0x…` after the word `at`, as in `<Thing at 0x7f12…>`, and twelve digits that begin with 7f or
      7e. Other hexadecimal numbers are compared;
    - UUIDs, and the id of a `<DisplayHandle display_id=…>` that IPython made up;
    - where Python is installed: what stands before `lib/python3.11`, `site-packages` or `bin/python`, since a rebuilt
      environment lies elsewhere; and the folder in which a trial runs;
    - temporary paths: the first name below `/tmp`, `/var/tmp`, macOS's and Windows' folders for them. What comes after
      it is compared;
    - `%timeit`: `12.3 ms ± 456 µs per loop (…)`.
    """
    text = _ADDRESS.sub("0x…", text)
    text = _UUID.sub("<uuid>", text)
    text = _DISPLAY.sub("<uuid>", text)
    if "python" in text or "site-packages" in text:
        text = _INSTALLED.sub("<environment>/", text)
    if "-files" in text:
        text = _WORKING.sub("<folder>", text)
    text = _TEMPORARY.sub("/tmp/…", text)
    # Looking for durations in a number of a hundred thousand digits would take minutes.
    return _TIMEIT.sub("… per loop", text) if "per loop" in text else text


def printed(text: str) -> str:
    """What a terminal shows after this was printed, with noise made the same. Beyond `without_noise`:

    - `\\r` and `\\b` go back and overwrite; colours and blanks at the end of a line do not count;
    - timestamps with a time of day, `2026-01-02 03:04:05` or with a `T`, fractions and zone: log lines have them.
      Dates alone are compared, and so are timestamps in results and tables that are displayed rather than printed;
    - `%time`: the lines `CPU times:`, `Wall time:`, `Compiler`, `Parser`, and `%timeit`'s remark on the slowest run;
    - time and speed of tqdm's and Keras' bars, `[00:01<00:00, 9.87it/s, loss=0.1]`. The rest of the line is compared.
    """
    lines = _COLOURS.sub("", text).replace("\r\n", "\n").split("\n")
    text = "\n".join(_overwritten(line).rstrip() for line in lines)
    text = _TIME_MAGIC.sub("", text)
    text = _TIMESTAMP.sub("<time>", text)
    text = _TQDM.sub("…", text)
    text = _KERAS.sub("…", text)
    return without_noise(text).rstrip("\n")


def marked_up(text: str) -> str:
    """HTML or SVG, with noise made the same. Beyond `without_noise`, names that nobody sees:

    - `id`, `for` and `aria-…` attributes, and references to them (`href="#…"`, `url(#…)`), that have a digit in them;
    - pandas' `T_1a2b3`, scikit-learn's `sk-container-id-1`, and names that end in 32 hexadecimal digits, as
      `altair-viz-…` and `map_…` do;
    - the date in a picture that matplotlib drew as SVG.
    """
    text = _STYLER.sub("T_…", text)
    text = _ESTIMATOR.sub(r"sk-\1-id-…", text)
    text = _SUFFIXED.sub(r"\1…", text)
    text = _ID.sub(r"\1\2\3…\3", text)
    text = _REFERENCE.sub(r"\1#…", text)
    text = _SVG_DATE.sub("<dc:date>…</dc:date>", text)
    return without_noise(text)


def _overwritten(line: str) -> str:
    """A line after its carriage returns and backspaces, as a terminal shows it."""
    if "\r" not in line and "\b" not in line:
        return line
    shown: list[str] = []
    at = 0
    for character in line:
        if character == "\r":
            at = 0
        elif character == "\b":
            at = max(0, at - 1)
        else:
            shown[at : at + 1] = [character]
            at += 1
    return "".join(shown)

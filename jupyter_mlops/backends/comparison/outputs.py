"""Whether a notebook says what it said: the outputs of two runs, cell by cell."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlops.backends.comparison.lines import unified
from jupyter_mlops.backends.comparison.noise import marked_up, printed, without_noise
from jupyter_mlops.backends.comparison.pictures import picture
from jupyter_mlops.domain.verification import OutputDifference

Cell = Mapping[str, Any]

_WIDGET = "application/vnd.jupyter.widget-"
_STRUCTURED = re.compile(r"application/vnd\..*\+json")
_TEXTS = ("text/markdown", "text/latex", "application/json", "text/html", "application/javascript")
"""What is looked at where the plain text says nothing, the most telling first."""
_NOT_LOOKED_AT = ("application/pdf", "text/plain")
_SAYS_NOTHING = re.compile(r"<[^\n]*>")
"""A plain text such as `<IPython.core.display.HTML object>`, `<Figure size 640x480 with 1 Axes>`."""
_OF_PAPERMILL = {"injected-parameters", "papermill-error-cell-tag"}
_ENDED_ITSELF = ("", "0", "None")


def compare_outputs(reference: dict[str, Any], executed: dict[str, Any]) -> list[OutputDifference]:
    """The code cells whose outputs are not those of the reference; both notebooks have format 4.

    Cells are the same by id, else by their place among the code cells. Cells that papermill put in do not count, so
    that `cell` is an index into the snapshot's notebook. After a cell at which the run failed nothing is compared.

    Compared are, of each cell: what it printed (stdout, merged, as a terminal shows it), what it displayed, and the
    name and message of an error. Of what it displayed: pictures, by their pixels; the plain text; data of plots and
    the like (`application/vnd.…+json`). Markdown, LaTeX, JSON, HTML and JavaScript only where there is none of these or
    the plain text is a mere `<… object>`: a table is the same table in both forms. The first of them in that order.

    Not compared are stderr (warnings and progress bars with times, process numbers, paths), execution counts, metadata,
    tracebacks, widgets and their state, PDFs (they hold the time at which they were made), and what `noise` makes
    the same.

    A cell that the reference never ran has nothing to compare with, and is left out; see `_ran`.
    """
    if not was_run(reference):
        return []
    before, after = _of_author(reference), _of_author(executed)
    partners = _partners(before, after)
    counted = any(cell.get("execution_count") is not None for _, cell in before)
    found: list[OutputDifference] = []
    stopped = _failed_at(executed)
    for index, now in after:
        if stopped is not None and index > stopped:
            break
        then = partners.get(index)
        if then is None or not _ran(then, counted) or then.get("outputs") == now.get("outputs"):
            continue
        if lines := unified(_lines(then), _lines(now)):
            found.append(OutputDifference(cell=index, lines=lines))
    return found


def was_run(notebook: dict[str, Any]) -> bool:
    """Whether there is anything to compare with: a cell that has outputs, or was run and had none."""
    return any(_ran(cell, True) for _, cell in _of_author(notebook))


def failure(executed: dict[str, Any]) -> str | None:
    """At which cell a run stopped and why, as `in cell 3 because ValueError: …`; None when no cell failed."""
    at = _failed_at(executed)
    if at is None:
        return None
    cell = next(cell for index, cell in _of_author(executed) if index == at)
    error = next(o for o in _outputs(cell) if o.get("output_type") == "error")
    first = (_text(error.get("evalue")).strip().splitlines() or [""])[0]
    name = _text(error.get("ename"))
    return f"in cell {at + 1} because {name}: {first}" if first else f"in cell {at + 1} because {name}"


def _failed_at(executed: Mapping[str, Any]) -> int | None:
    for index, cell in _of_author(executed):
        if "raises-exception" in _tags(cell):
            continue
        for output in _outputs(cell):
            ended = output.get("ename") == "SystemExit" and _text(output.get("evalue")) in _ENDED_ITSELF
            if output.get("output_type") == "error" and not ended:
                return index
    return None


def _of_author(notebook: Mapping[str, Any]) -> list[tuple[int, Cell]]:
    """Code cells, each with its index among all cells; without those that papermill put in."""
    cells = [c for c in notebook.get("cells") or [] if isinstance(c, Mapping) and not _OF_PAPERMILL & _tags(c)]
    return [(index, cell) for index, cell in enumerate(cells) if cell.get("cell_type") == "code"]


def _tags(cell: Cell) -> set[str]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    return {str(tag) for tag in tags} if isinstance(tags, list) else set()


def _partners(before: list[tuple[int, Cell]], after: list[tuple[int, Cell]]) -> dict[int, Cell]:
    """The reference's cell for each index of the executed notebook. papermill gives ids to cells that had none."""
    by_id, wanted = _by_id(before), _by_id(after)
    found = {index: by_id[name][1] for name, (index, _) in wanted.items() if name in by_id}
    taken = {id(cell) for cell in found.values()}
    for (_, then), (index, _) in zip(before, after, strict=False):
        if index not in found and id(then) not in taken:
            found[index] = then
    return found


def _by_id(cells: list[tuple[int, Cell]]) -> dict[str, tuple[int, Cell]]:
    """Cells by their ids, where no other cell has the same one."""
    named = [(str(cell["id"]), (index, cell)) for index, cell in cells if cell.get("id")]
    times = Counter(name for name, _ in named)
    return {name: one for name, one in named if times[name] == 1}


def _ran(cell: Cell, counted: bool) -> bool:
    """Whether a cell of the reference was run: it has outputs or an execution count.

    Some tools take all counts away and leave the outputs. Where no cell is counted, all count as run.
    """
    return bool(cell.get("outputs")) or cell.get("execution_count") is not None or not counted


def _lines(cell: Cell) -> list[str]:
    """All that a cell says, as lines that are the same at every run that says the same."""
    outputs = list(_outputs(cell))
    stdout = printed("".join(_text(o.get("text")) for o in outputs if o.get("name") == "stdout"))
    lines = stdout.split("\n") if stdout else []
    for output in outputs:
        if output.get("output_type") == "error":
            lines += without_noise(f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}").split("\n")
        elif isinstance(data := output.get("data"), Mapping):
            lines += _displayed(data)
    return lines


def _displayed(data: Mapping[str, Any]) -> Iterator[str]:
    if any(kind.startswith(_WIDGET) for kind in data):
        return
    told = False
    for kind in sorted(data):
        if kind.startswith("image/"):
            told = True
            yield _picture(kind, _text(data[kind]))
        elif _STRUCTURED.fullmatch(kind):
            told = True
            yield from without_noise(_json(data[kind])).split("\n")
    plain = without_noise(_text(data.get("text/plain", ""))).rstrip()
    if plain:
        yield from plain.split("\n")
    if not told and (not plain or _SAYS_NOTHING.fullmatch(plain)):
        known = [kind for kind in _TEXTS if kind in data]
        other = sorted(kind for kind in data if kind not in _NOT_LOOKED_AT)
        for rich in (known or other)[:1]:
            yield from _rich(rich, data[rich]).split("\n")


def _picture(kind: str, data: str) -> str:
    return picture(kind, marked_up(data) if kind == "image/svg+xml" else data)


def _rich(kind: str, data: Any) -> str:
    if kind == "application/json":
        return without_noise(_json(data))
    return (marked_up if kind in ("text/html", "application/javascript") else without_noise)(_text(data)).strip()


def _json(data: Any) -> str:
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, default=str)


def _outputs(cell: Cell) -> Iterator[Mapping[str, Any]]:
    outputs = cell.get("outputs")
    if isinstance(outputs, list):
        yield from (output for output in outputs if isinstance(output, Mapping))


def _text(value: Any) -> str:
    """The format allows a list of lines."""
    if isinstance(value, list):
        return "".join(map(str, value))
    return "" if value is None else str(value)

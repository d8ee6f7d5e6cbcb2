"""Executed notebooks and their outputs, written by hand."""

from __future__ import annotations

from typing import Any

from jupyter_mlops.backends.comparison import compare_outputs

Output = dict[str, Any]


def stdout(text: str) -> Output:
    """What a cell prints."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def stderr(text: str) -> Output:
    """What a cell warns of."""
    return stdout(text) | {"name": "stderr"}


def display(**data: Any) -> Output:
    """A result; `text_html` stands for `text/html`."""
    kinds = {kind.replace("_", "/", 1): value for kind, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": kinds}


def error(name: str = "ValueError", message: str = "no such column", trace: str = "…") -> Output:
    """What a cell fails with."""
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [trace]}


def cell(*outputs: Output, count: int | None = 1, id: str | None = None, tags: list[str] | None = None) -> Any:
    """A code cell that ran, or did not: its count says."""
    made = {"cell_type": "code", "source": "…", "metadata": {"tags": tags} if tags else {}, "outputs": list(outputs)}
    return made | {"execution_count": count} | ({"id": id} if id else {})


def book(*cells: Any) -> dict[str, Any]:
    """A notebook of these cells."""
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def lines(reference: Output | list[Output], executed: Output | list[Output]) -> list[str]:
    """The lines in which two cells' outputs differ, context aside."""
    sides = [outputs if isinstance(outputs, list) else [outputs] for outputs in (reference, executed)]
    found = compare_outputs(book(cell(*sides[0])), book(cell(*sides[1])))
    return [line for one in found for line in one.lines if line[0] != " "]

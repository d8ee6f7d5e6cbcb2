"""How sweeps look in a notebook's cell: HTML in which every value is escaped, in JupyterLab's colours."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from html import escape

from jupyter_mlops import words
from jupyter_mlops.domain.sweep import Sweep
from jupyter_mlops.domain.trial import Trial

_COLOURS = {
    "running": "var(--jp-brand-color1, #1976d2)",
    "succeeded": "var(--jp-success-color1, #2e7d32)",
    "failed": "var(--jp-error-color1, #c62828)",
    "lost": "var(--jp-warn-color0, #b26a00)",
}
_QUIET = "color: var(--jp-ui-font-color2, #616161)"
_CELL = "text-align: left; padding: 2px 12px 2px 0; white-space: nowrap"
_NUMBER = "text-align: right; padding: 2px 12px 2px 0; white-space: nowrap; font-variant-numeric: tabular-nums"
_WORDS = "text-align: left; padding: 2px 0; white-space: normal; max-width: 40em"


def message(text: str) -> str:
    """One sentence."""
    return f"<p>{escape(words.plain(text))}</p>"


def sweep(of: Sweep, trials: Iterable[Trial], said: str = "", most: int = words.LEADERS) -> str:
    """A sweep with its progress, its leaderboard and what went wrong.

    Args:
        said: a message about now, such as a store that does not answer.
    """
    rows = words.ranked(trials, of.direction)
    parts = [_head(of), _bar(of)]
    for note in (of.reason, said, f"everywhere: {same}" if (same := words.fixed(of)) else ""):
        if note:
            parts.append(f'<div style="{_QUIET}">{escape(words.plain(note))}</div>')
    parts.append(_table(of, rows[:most]))
    if len(rows) > most:
        parts.append(f'<div style="{_QUIET}">and {len(rows) - most:,} more: %mlops trial list {of.id[:8]}</div>')
    for reason, indexes in words.failures(rows).items():
        parts.append(
            f"<div>{_coloured('failed', words.MARKS['failed'])} {words.indexes(indexes)} failed: {escape(reason)} "
            f'<span style="{_QUIET}">· %mlops trial open {of.id[:8]} {indexes[0]}</span></div>'
        )
    return f'<div class="jp-mlops-sweep">{"".join(parts)}</div>'


def _coloured(state: str, text: str) -> str:
    colour = _COLOURS.get(state)
    return f'<span style="color: {colour}">{escape(text)}</span>' if colour else escape(text)


def _head(of: Sweep) -> str:
    return (
        f"<div>{_coloured(of.state, words.state(of.state))} &nbsp;<b>{escape(words.plain(of.name))}</b> "
        f'<code>{escape(of.id[:8])}</code> <span style="{_QUIET}">{escape(words.progress(of))}</span></div>'
    )


def _bar(of: Sweep) -> str:
    """A bar; none once the sweep has ended, for then the words say it."""
    if of.ended is not None:
        return ""
    share = 100 * words.ended_count(of) / max(1, of.total)
    return (
        '<div style="max-width: 30em; height: 6px; margin: 4px 0; background: var(--jp-layout-color3, #bdbdbd)">'
        f'<div style="width: {share:.1f}%; height: 6px; background: var(--jp-brand-color1, #1976d2)"></div></div>'
    )


def _table(of: Sweep, trials: Sequence[Trial]) -> str:
    now = int(time.time() * 1000)
    names = words.varied(of)
    reasons = any(trial.reason for trial in trials)
    heads = [("#", _NUMBER), ("state", _CELL)]
    heads += [(of.objective, _NUMBER)] if of.objective else []
    heads += [(name, _NUMBER) for name in names] + [("time", _NUMBER)]
    heads += [("why", _WORDS)] if reasons else []
    rows = []
    for trial in trials:
        cells = [str(trial.index), words.state(trial.state)]
        cells += [words.result(trial)] if of.objective else []
        cells += [words.value(trial.parameters.get(name)) for name in names] + [words.took(trial, now)]
        cells += [words.plain(trial.reason)] if reasons else []
        drawn = [
            f'<td style="{style}">{_coloured(trial.state, cell) if at == 1 else escape(cell)}</td>'
            for at, (cell, (_, style)) in enumerate(zip(cells, heads, strict=True))
        ]
        rows.append(f"<tr>{''.join(drawn)}</tr>")
    head = "".join(f'<th style="{style}">{escape(words.plain(name))}</th>' for name, style in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"

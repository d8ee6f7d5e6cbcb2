"""How states, numbers, times and sweeps read in the terminal and in a notebook's cell: the sidebar's words.

Pure, and the twin of `src/sweep/format.ts`: what a person learns in one place holds in the other.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_mlops.domain.space import Fixed
from jupyter_mlops.domain.sweep import Direction, Sweep, SweepState
from jupyter_mlops.domain.trial import OUTCOMES, Trial, TrialState

LEADERS = 10
"""Rows of a leaderboard."""
MOST = 60
"""Characters of a value in a table."""

TEXT = "\ufe0e"
"""Asks for the text form of a character that some fonts draw as a coloured picture."""

MARKS: Mapping[SweepState | TrialState, str] = {
    "running": "●",
    "succeeded": "✓",
    "failed": "✕",
    "queued": "◌",
    "cancelled": "⊘",
    "pruned": f"✂{TEXT}",
    "preempted": "↻",
    "paused": "‖",
    "stopping": "◔",
    "lost": "?",
}

_RANK: Mapping[TrialState, int] = {
    "running": 0,
    "lost": 1,
    "preempted": 2,
    "failed": 3,
    "pruned": 4,
    "succeeded": 5,
    "cancelled": 6,
    "queued": 7,
}
"""Where nothing else ranks trials: what may still change first, what has not begun last."""


def state(of: SweepState | TrialState) -> str:
    """A state as its mark and its word, never one alone."""
    return f"{MARKS[of]} {of}"


def plain(text: str) -> str:
    """Text of unknown origin in one line: a notebook's error must not steer the terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


def number(value: float, digits: int = 3) -> str:
    """A number rounded to what matters; whole numbers stay whole."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    size = abs(value)
    if float(value).is_integer() and size < 1e9:
        return str(int(value))
    if size < 1e-4 or size >= 1e7:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{_trimmed(mantissa)}e{int(exponent)}"
    # Before the point nothing is rounded away; leading zeros after it do not count as digits.
    after = max(0, digits - 1 - math.floor(math.log10(size)))
    return _trimmed(f"{value:.{after}f}")


def _trimmed(decimal: str) -> str:
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def objective(value: float) -> str:
    """An objective keeps its zeros, so that a column of them lines up."""
    size = abs(value)
    return f"{value:.4f}" if 1e-3 <= size < 10 and not float(value).is_integer() else number(value, 4)


def result(trial: Trial) -> str:
    """A trial's objective; with an ellipsis while it may still change."""
    if trial.objective is None:
        return ""
    return objective(trial.objective) + ("" if trial.ended is not None else "…")


def value(of: Any) -> str:
    """A parameter's value in short, as its notebook would write it."""
    if isinstance(of, (int, float)) and not isinstance(of, bool):
        return number(of, 4)
    if of is None or isinstance(of, bool):
        return str(of)
    text = of if isinstance(of, str) else json.dumps(of, ensure_ascii=False, separators=(",", ":"), default=str)
    return plain(text if len(text) <= MOST else f"{text[: MOST - 1]}…")


def duration(milliseconds: float) -> str:
    """How long something took, or takes so far: two units at most."""
    seconds = max(0.0, milliseconds) / 1000
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    minutes = round(whole / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(minutes / 60)
    return f"{hours // 24} d {hours % 24} h"


def left(seconds: float) -> str:
    """An estimate, no more exact than it is."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} s left"
    if seconds < 57 * 60:
        return f"about {max(1, round(seconds / 60))} min left"
    if seconds < 47 * 3600:
        return f"about {round(seconds / 3600)} h left"
    return f"about {round(seconds / 86400)} days left"


def ago(milliseconds: int, now: int) -> str:
    """A moment relative to now, both in milliseconds since 1970."""
    seconds = max(0, now - milliseconds) / 1000
    for size, unit in ((86400 * 365, "year"), (86400 * 30, "month"), (86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds / size)
            if unit == "day" and count == 1:
                return "yesterday"
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "now"


def size(bytes_: int) -> str:
    """`812 B`, `3.4 KB`, `1.2 GB`."""
    amount, units = float(bytes_), ["B", "KB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if units[0] == "B" or amount >= 100 else f"{amount:.1f} {units[0]}"


def ended_count(sweep: Sweep) -> int:
    """How many trials of a sweep have ended."""
    return sum(sweep.counts.get(outcome, 0) for outcome in OUTCOMES)


def best(sweep: Sweep) -> str:
    """The best trial so far; empty while there is none."""
    if sweep.best is None or sweep.objective is None:
        return ""
    return f"best {plain(sweep.objective)} {number(sweep.best.objective)} (trial {sweep.best.index})"


def progress(sweep: Sweep) -> str:
    """How far a sweep is, in one line after its name."""
    ended, failed, running = ended_count(sweep), sweep.counts.get("failed", 0), sweep.counts.get("running", 0)
    beginning = "" if ended or sweep.state != "running" else f"{running} running" if running else "starting"
    parts = [
        f"{ended:,}/{sweep.total:,}",
        beginning,
        best(sweep),
        f"{failed:,} failed" if failed else "",
        left(sweep.seconds_left) if sweep.seconds_left is not None else "",
        f"took {duration(sweep.ended - sweep.started)}" if sweep.ended is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def varied(sweep: Sweep) -> list[str]:
    """Names of the parameters that differ from trial to trial."""
    return [name for name, dimension in sweep.parameters.items() if not isinstance(dimension, Fixed)]


def fixed(sweep: Sweep) -> str:
    """The parameters that are the same in every trial, as `name=value`."""
    same = {name: d.value for name, d in sweep.parameters.items() if isinstance(d, Fixed)}
    return assignments(same)


def assignments(parameters: Mapping[str, Any]) -> str:
    """Parameters in one line."""
    return " ".join(f"{plain(name)}={value(of)}" for name, of in parameters.items())


def took(trial: Trial, now: int) -> str:
    """How long a trial took, or takes so far."""
    if trial.started is None or trial.state == "queued":
        return ""
    return duration((trial.ended if trial.ended is not None else now) - trial.started)


def ranked(trials: Iterable[Trial], direction: Direction) -> list[Trial]:
    """Best first; after those with an objective the others, what may still change before what has not begun."""
    sign = -1 if direction == "maximize" else 1

    def key(trial: Trial) -> tuple[bool, float, int]:
        if trial.state == "succeeded" and trial.objective is not None:
            return False, sign * trial.objective, trial.index
        return True, _RANK[trial.state], trial.index

    return sorted(trials, key=key)


def failures(trials: Iterable[Trial]) -> dict[str, list[int]]:
    """Indexes of failed trials by reason, the most frequent reason first."""
    found: dict[str, list[int]] = {}
    for trial in sorted(trials, key=lambda t: t.index):
        if trial.state == "failed":
            found.setdefault(plain(trial.reason) or "no reason is known", []).append(trial.index)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def indexes(of: list[int], most: int = 5) -> str:
    """Trial numbers in words: `trial 4`, `trials 4, 9 and 17 more`."""
    if len(of) == 1:
        return f"trial {of[0]}"
    shown = ", ".join(map(str, of[:most]))
    return f"trials {shown} and {len(of) - most} more" if len(of) > most else f"trials {shown}"

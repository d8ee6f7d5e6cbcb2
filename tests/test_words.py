"""What terminal and cells say: the same words and numbers as the sidebar (`src/__tests__/format.spec.ts`)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from jupyter_mlops import words
from jupyter_mlops.domain.space import Choice, Fixed
from jupyter_mlops.domain.sweep import Best, Direction, Sweep
from jupyter_mlops.domain.trial import TRIAL_STATES, Trial


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.9731234, "0.973"),
        (0.97, "0.97"),
        (-0.5, "-0.5"),
        (1.0, "1"),
        (12.3456, "12.3"),
        (1234.56, "1235"),
        (250000, "250000"),
        (0.001234, "0.00123"),
        (0.00001234, "1.23e-5"),
        (0.0001, "0.0001"),
        (0.99999, "1"),
        (12345678.9, "1.23e7"),
        (3e12, "3e12"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_are_rounded_to_what_matters(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.97, "0.9700"), (0.97312, "0.9731"), (1, "1"), (1234.5678, "1235"), (0.00001, "1e-5")]
)
def test_objectives_keep_their_zeros(value: float, text: str) -> None:
    assert words.objective(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        ("l2", "l2"),
        (0.123456789, "0.1235"),
        ([1, "a"], '[1,"a"]'),
        ({"a": 1}, '{"a":1}'),
        ("x" * 100, "x" * 59 + "…"),
        ("two\nlines\x1b[31m", "two lines\ufffd[31m"),
    ],
)
def test_values_read_as_in_a_notebook_and_steer_no_terminal(value: Any, text: str) -> None:
    assert words.value(value) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (-5, "0.0 s"),
        (400, "0.4 s"),
        (9_949, "9.9 s"),
        (9_951, "10 s"),
        (59_400, "59 s"),
        (59_600, "1 min 00 s"),
        (185_000, "3 min 05 s"),
        (3_600_000, "1 h 00 min"),
        (4_800_000, "1 h 20 min"),
        (183_600_000, "2 d 3 h"),
    ],
)
def test_durations_have_two_units_at_most(milliseconds: float, text: str) -> None:
    assert words.duration(milliseconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "a few seconds left"),
        (33, "about 30 s left"),
        (56, "about 1 min left"),
        (170, "about 3 min left"),
        (7_000, "about 2 h left"),
        (400_000, "about 5 days left"),
    ],
)
def test_estimates_are_no_more_exact_than_they_are(seconds: float, text: str) -> None:
    assert words.left(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "now"),
        (59, "now"),
        (60, "1 minute ago"),
        (185, "3 minutes ago"),
        (7_300, "2 hours ago"),
        (86_400, "yesterday"),
        (3 * 86_400, "3 days ago"),
        (70 * 86_400, "2 months ago"),
        (800 * 86_400, "2 years ago"),
    ],
)
def test_moments_are_relative_and_never_in_the_future(seconds: int, text: str) -> None:
    assert words.ago(1_000_000_000_000, 1_000_000_000_000 + seconds * 1000) == text


def test_every_state_has_a_mark_of_its_own() -> None:
    assert len({words.MARKS[state] for state in TRIAL_STATES}) == len(TRIAL_STATES)
    assert words.state("failed") == "✕ failed"


def _sweep(**changes: Any) -> Sweep:
    usual: dict[str, Any] = {
        "id": "f" * 32,
        "name": "digits",
        "notebook": "digits.ipynb",
        "state": "running",
        "total": 60,
        "started": 0,
        "objective": "accuracy",
        "parameters": {"C": Choice(values=[1, 2]), "solver": Fixed(value="lbfgs")},
    }
    return Sweep(**{**usual, **changes})


def test_a_sweep_says_how_far_it_is() -> None:
    assert words.progress(_sweep()) == "0/60 · starting"
    assert words.progress(_sweep(counts={"running": 2})) == "0/60 · 2 running"
    counts = {"succeeded": 3, "failed": 1, "running": 2}
    best = Best(index=17, objective=0.97312)
    assert (
        words.progress(_sweep(counts=counts, best=best, seconds_left=170.0))
        == "4/60 · best accuracy 0.973 (trial 17) · 1 failed · about 3 min left"
    )
    assert words.progress(_sweep(state="cancelled", counts={"cancelled": 60}, ended=61_000)) == (
        "60/60 · took 1 min 01 s"
    )


def test_what_varies_has_columns_and_what_is_fixed_is_said_once() -> None:
    assert words.varied(_sweep()) == ["C"]
    assert words.fixed(_sweep()) == "solver=lbfgs"


@pytest.mark.parametrize(("direction", "order"), [("maximize", [2, 1, 4, 3, 0]), ("minimize", [1, 2, 4, 3, 0])])
def test_the_best_stand_first_and_what_has_not_begun_last(direction: Direction, order: list[int]) -> None:
    trials = [
        Trial(index=0, state="queued"),
        Trial(index=1, state="succeeded", objective=0.5),
        Trial(index=2, state="succeeded", objective=0.9),
        Trial(index=3, state="failed", objective=99.0),
        Trial(index=4, state="running", objective=99.0),
    ]
    assert [trial.index for trial in words.ranked(trials, direction)] == order


def test_failures_are_told_once_for_each_reason() -> None:
    trials = [Trial(index=i, state="failed", reason="ValueError: no" if i else "") for i in range(8)]
    told = words.failures(trials)
    assert told == {"ValueError: no": [1, 2, 3, 4, 5, 6, 7], "no reason is known": [0]}
    assert [words.indexes(of) for of in told.values()] == ["trials 1, 2, 3, 4, 5 and 2 more", "trial 0"]

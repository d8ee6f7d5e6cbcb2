from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest

from jupyter_mlops.domain.trial import OUTCOMES, Outcome, TrialPlacement, TrialState, trial_state

TABLE: list[tuple[Outcome | None, bool, TrialPlacement, TrialState]] = [
    # An outcome is the last word, whatever is said of liveness.
    *(
        (outcome, begun, placement, outcome)
        for outcome in OUTCOMES
        for begun in (True, False)
        for placement in get_args(TrialPlacement)
    ),
    (None, True, "active", "running"),
    (None, True, "waiting", "preempted"),
    (None, True, "none", "lost"),
    (None, False, "active", "queued"),
    (None, False, "waiting", "queued"),
    (None, False, "none", "queued"),
]


@pytest.mark.parametrize(("outcome", "begun", "placement", "state"), TABLE)
def test_the_state_of_a_trial(
    outcome: Outcome | None, begun: bool, placement: TrialPlacement, state: TrialState
) -> None:
    assert trial_state(outcome, begun, placement) == state


def test_the_table_is_whole() -> None:
    every: set[Any] = set(itertools.product((None, *OUTCOMES), (True, False), get_args(TrialPlacement)))
    assert {row[:3] for row in TABLE} == every
    assert {row[3] for row in TABLE} == set(get_args(TrialState))

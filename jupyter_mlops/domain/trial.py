"""A trial: index i of a sweep; and the one place where outcome and liveness are joined."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from jupyter_mlops.domain.parameters import Value

Outcome = Literal["succeeded", "failed", "pruned", "cancelled"]
"""How a trial ended. Written once, by its worker or its executor, as the tag `mlops.outcome`; never changed.

It is not MLflow's run status, because notebook code can end its run early: an autologged fit marks it FINISHED.
"""

TrialState = Literal["queued", "running", "succeeded", "failed", "pruned", "cancelled", "preempted", "lost"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
TRIAL_STATES: tuple[TrialState, ...] = get_args(TrialState)

TrialPlacement = Literal["active", "waiting", "none"]
"""Where a trial is now, asked of its executor and never stored.

active: a process or pod runs it; waiting: none does, but the runner or Job will start one; none: nobody will.
"""


Failure = Literal["notebook", "memory", "machine"]
"""Whose failure a failed trial is: the notebook's own, or its machine's, which another try or more memory may mend."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a sweep's table."""

    index: int
    state: TrialState
    parameters: dict[str, Value] = {}
    objective: float | None = None
    reason: str = ""
    """Why it failed, was stopped or waits, in one line; empty when there is nothing to say."""
    failure: Failure | None = None
    """Of a failed trial."""
    cells_done: int = 0
    cells_total: int = 0
    """Code cells executed so far and in all; 0 of 0 before the notebook has begun."""
    attempt: int = 1
    started: int | None = None
    ended: int | None = None
    """Milliseconds since 1970, UTC."""
    run_id: str = ""
    """MLflow run; empty until the trial has begun."""
    has_notebook: bool = False
    """Whether there is an executed notebook to open, whole or so far."""


class TrialPage(msgspec.Struct, frozen=True, kw_only=True):
    """Trials that changed after a revision, oldest change first.

    Ask with the `rev` of the last answer until `more` is false, and later again: the first page, a refresh and a
    reconnect are the same call. A `rev` of another server process gives everything again, with `reset` true.
    """

    rev: str
    reset: bool
    more: bool
    total: int
    """Trials that the sweep will have in all."""
    trials: list[Trial]


def trial_state(outcome: Outcome | None, begun: bool, placement: TrialPlacement) -> TrialState:
    """The state of a trial, from what MLflow remembers of it and what its executor sees now.

    Args:
        outcome: the trial's recorded outcome, None while it has none.
        begun: whether its MLflow run exists.
        placement: what the executor says of it now.
    """
    if outcome is not None:
        return outcome
    if placement == "active":
        return "running" if begun else "queued"
    if placement == "waiting":
        return "preempted" if begun else "queued"
    return "lost" if begun else "queued"

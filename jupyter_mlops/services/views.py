"""What a person sees of a sweep and of a trial, in words and numbers."""

from __future__ import annotations

import math

from jupyter_mlops.backends.base import SweepRecord
from jupyter_mlops.backends.executors.base import SweepPlacement
from jupyter_mlops.domain.sweep import Best, Sweep, SweepOrder, sweep_state
from jupyter_mlops.domain.trial import OUTCOMES, TrialState


def state_reason(state: TrialState, objective: float | None, name: str | None) -> str:
    """Why a trial is in a state that it has by itself."""
    if state == "lost":
        return "Its process is gone. Press Resume to run it again."
    if state == "preempted":
        return "Broke off; it will be tried again."
    if objective is not None and not math.isfinite(objective):
        return f"{name} is {objective}."
    return ""


def view(
    record: SweepRecord,
    order: SweepOrder,
    placement: SweepPlacement,
    counts: dict[TrialState, int],
    best: Best | None,
    durations: list[int],
) -> Sweep:
    """What a person sees of a sweep."""
    state = sweep_state(record.outcome, placement.alive, placement.paused, placement.stopped)
    reason = record.reason
    if state in ("running", "stopping"):
        reason = placement.message
    if state == "lost":
        gone = "The runner is gone: killed, or the machine was restarted."
        if order.profile is not None:
            gone = "Its Job has ended or was deleted, and trials without an outcome are left."
        reason = f"{gone} Nothing is lost. Press Resume to go on."
        if placement.message:
            reason += f" Its last words: {placement.message}"
    open_trials = order.trials - sum(counts.get(outcome, 0) for outcome in OUTCOMES)
    left = None
    if state == "running" and durations and open_trials:
        seconds = sum(durations) / len(durations) / 1000
        left = seconds * math.ceil(open_trials / max(1, placement.parallelism or order.parallelism))
    return Sweep(
        id=record.id,
        name=order.name,
        notebook=order.notebook,
        state=state,
        reason=reason,
        total=order.trials,
        counts=counts,
        best=best,
        objective=order.objective,
        direction=order.direction,
        algorithm=order.algorithm,
        seed=order.seed,
        kernel=order.kernel,
        parallelism=placement.parallelism or order.parallelism,
        parameters=order.parameters,
        experiment=order.experiment,
        experiment_id=record.experiment_id,
        snapshot=order.snapshot,
        user=order.user,
        executor=order.executor,
        profile=order.profile.name if order.profile is not None else "",
        purpose=order.purpose,
        verdict=record.verdict,
        started=record.started,
        ended=record.ended if record.outcome is not None else None,
        seconds_left=left,
    )

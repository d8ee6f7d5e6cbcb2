"""Closing a sweep's books: what its trials left unsaid, then the sweep's own outcome.

Whoever notices that nothing runs any more does it: a local runner, the last pod of a Job, or whoever looks at a Job
that has ended. Every step can be done twice: an outcome that is there already is kept.
"""

from __future__ import annotations

from collections import Counter

from jupyter_mlops.backends.base import Tracking, TrialRecord
from jupyter_mlops.domain.sweep import SweepOrder, SweepOutcome, SweepSummary, best_of, outcome_of
from jupyter_mlops.domain.trial import Failure, Outcome, TrialState

ANALYZE_FROM = 200
"""Runs in a sweep from which on SQLite profits from looking at its tables."""


def ended_trials(tracking: Tracking, sweep_id: str, order: SweepOrder) -> list[TrialRecord]:
    """Records of all trials that have an outcome."""
    experiment = tracking.sweep_record(sweep_id).experiment_id
    pages = tracking.ended_records(sweep_id, experiment, order.objective, order.direction, 0)
    return [record for page in pages for record in page if record.outcome is not None]


def open_trials(tracking: Tracking, sweep_id: str, order: SweepOrder) -> list[int]:
    """Indexes without an outcome."""
    ended = {record.index for record in ended_trials(tracking, sweep_id, order)}
    return [index for index in range(order.trials) if index not in ended]


def end_trial(
    tracking: Tracking,
    sweep_id: str,
    order: SweepOrder,
    index: int,
    outcome: Outcome,
    reason: str,
    failure: Failure = "notebook",
) -> None:
    """Write a trial's outcome, whether or not it had begun."""
    record = tracking.trial_record(sweep_id, index, order.objective) or tracking.begin_trial(sweep_id, order, index)
    if record.outcome is None:
        tracking.end_trial(record.run_id, outcome, reason, order.point(index), failure)


def close(
    tracking: Tracking, sweep_id: str, order: SweepOrder, outcome: SweepOutcome | None = None, reason: str = ""
) -> None:
    """Write a sweep's outcome and its summary: the last thing that is done for it.

    Args:
        outcome: None for what follows from the outcomes of its trials.
    """
    records = ended_trials(tracking, sweep_id, order)
    counts: Counter[TrialState] = Counter(record.outcome or "failed" for record in records)
    if outcome is None:
        outcome, reason = outcome_of(counts, order.trials)
    stopped = outcome == "cancelled" or counts["cancelled"] > 0
    if order.purpose == "verification" and not stopped:
        from jupyter_mlops.backends.verdict import verdict

        tracking.keep_verdict(sweep_id, verdict(tracking, order, records))
    best = best_of({r.index: r.objective for r in records}, order.direction)
    if len(records) >= ANALYZE_FROM:
        tracking.analyze()
    tracking.close_sweep(sweep_id, outcome, reason, SweepSummary(counts=dict(counts), best=best), order.objective)

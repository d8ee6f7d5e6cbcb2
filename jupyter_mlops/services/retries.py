"""Trials that failed, tried again: as a sweep of their own, for what has an outcome keeps it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jupyter_mlops.backends.base import Tracking
from jupyter_mlops.domain.errors import Conflict, Invalid
from jupyter_mlops.domain.profile import ComputeProfile
from jupyter_mlops.domain.sweep import Sweep, SweepOrder
from jupyter_mlops.domain.trial import Trial
from jupyter_mlops.services.boards import Boards
from jupyter_mlops.services.executors import Executors
from jupyter_mlops.services.trials import Trials


class Retries:
    """Order the failed trials of a sweep once more: same snapshot, same points."""

    def __init__(self, tracking: Tracking, executors: Executors, boards: Boards, trials: Trials) -> None:
        self._tracking = tracking
        self._executors = executors
        self._boards = boards
        self._trials = trials

    def start(
        self, sweep_id: str, user: str, indexes: Sequence[int] | None = None, twice_the_memory: bool = False
    ) -> Sweep:
        """Run failed trials again.

        Args:
            indexes: which; None for all that failed, or with `twice_the_memory` all that ran out of it.

        Raises:
            Conflict: none of them has failed.
            Invalid: one is not there, or the profile does not offer so much memory.
        """
        order = self._boards.get(sweep_id).order
        chosen = self._chosen(sweep_id, order, indexes, twice_the_memory)
        again = msgspec.structs.replace(
            order,
            points=[order.number(trial.index) for trial in chosen],
            trials=len(chosen),
            parallelism=min(order.parallelism, len(chosen)),
            profile=_larger(order) if twice_the_memory else order.profile,
            user=user,
        )
        snapshot = self._tracking.snapshots.get(order.snapshot)
        made = self._tracking.create_sweep(again, snapshot.sighting.git if snapshot.sighting else None)
        self._executors.get(order.executor).start(made, again)
        return self._boards.get(made).sweep()

    def _chosen(
        self, sweep_id: str, order: SweepOrder, indexes: Sequence[int] | None, only_memory: bool
    ) -> list[Trial]:
        trials = self._trials.all(sweep_id)
        if indexes is None:
            failed = [trial for trial in trials if trial.state == "failed"]
            chosen = [trial for trial in failed if trial.failure == "memory" or not only_memory]
            if not chosen:
                raise Conflict(f"No trial of it has {'run out of memory' if only_memory else 'failed'}.")
            return chosen
        unknown = sorted({index for index in indexes if not 0 <= index < order.trials})
        if unknown:
            raise Invalid.one("trials", f"There is no trial {unknown[0]}; its trials are 0 to {order.trials - 1}.")
        chosen = [trials[index] for index in sorted(set(indexes))]
        well = [trial.index for trial in chosen if trial.state != "failed"]
        if well or not chosen:
            raise Conflict(f"Trial {well[0]} has not failed." if well else "No trial is named.")
        return chosen


def _larger(order: SweepOrder) -> ComputeProfile:
    if order.profile is None:
        raise Invalid.one("executor", f"Trials on {order.executor!r} have no limit of memory that could be raised.")
    return order.profile.with_twice_the_memory()

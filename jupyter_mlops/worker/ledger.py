"""What the runner reads from and writes to MLflow about its sweep.

It lives in a process of its own, forked from the one that has imported MLflow: the runner itself never does, which
saves two seconds and 150 MB a sweep.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path

from jupyter_mlops.backends.base import TrialRecord
from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.domain.sweep import SweepOutcome, SweepSummary, best_of, outcome_of
from jupyter_mlops.domain.trial import TrialState
from jupyter_mlops.worker.patience import patiently
from jupyter_mlops.worker.trial import (
    NO_ENVIRONMENT,
    NO_OBJECTIVE,
    NOTEBOOK_FAILED,
    SUCCEEDED,
    keep_files,
    tracking_from,
)

log = logging.getLogger("jupyter_mlops")

ANALYZE_FROM = 200
"""Runs in a sweep from which on SQLite profits from looking at its tables."""
ANALYZE_EVERY = 500


class Ledger:
    """Which trials are open, which have ended, and how: always read from MLflow when in doubt."""

    def __init__(self, sweep_id: str, folder: Path) -> None:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        self.sweep_id = sweep_id
        self.tracking = tracking = tracking_from(os.environ)
        self.work = WorkDir(folder)
        self.order = patiently(lambda: tracking.sweep_order(sweep_id))
        self.record = patiently(lambda: tracking.sweep_record(sweep_id))
        self._count = 0
        self._hopeless = ""
        self._ranked = self.order.objective is None

    def parallelism(self) -> int:
        """How many trials the order runs at once."""
        return self.order.parallelism

    def hopeless(self) -> str:
        """Why the sweep cannot come to anything; empty while it can."""
        return self._hopeless

    def open(self) -> list[int]:
        """Indexes without an outcome. Puts right what an earlier runner left half done."""
        ended = {r.index: r for r in self._records() if r.outcome is not None}
        self._ranked = self._ranked or any(r.objective is not None for r in ended.values())
        self._count = len(ended)
        return [index for index in range(self.order.trials) if index not in ended]

    def _records(self) -> list[TrialRecord]:
        order, experiment = self.order, self.record.experiment_id
        return patiently(
            lambda: [
                record
                for page in self.tracking.ended_records(self.sweep_id, experiment, order.objective, order.direction, 0)
                for record in page
            ]
        )

    def settle(self, index: int, code: int | None, cancelled: str | None) -> int | None:
        """Take note that a trial's process has ended.

        Args:
            code: its exit code; None when it is not known (an earlier runner's trial).
            cancelled: the reason, when somebody asked for its end.

        Returns:
            None when the trial has its outcome, else how many attempts it has had: it is to be tried again.
        """
        if code in (SUCCEEDED, NOTEBOOK_FAILED):
            self._ranked = self._ranked or code == SUCCEEDED
            self._settled(index)
            return None
        record = self._find(index)
        if record is not None and record.outcome is not None:
            if code == NO_OBJECTIVE and not self._ranked:
                self._hopeless = f"No trial has logged the objective. {record.reason} Sweep again with one of these."
            if code == NO_ENVIRONMENT:
                self._hopeless = record.reason
            self._ranked = self._ranked or record.objective is not None
            self._settled(index)
            return None
        if cancelled is not None:
            self.cancel(index, cancelled)
            return None
        attempts = record.attempt if record is not None else 1
        if attempts < self.order.max_attempts:
            log.warning(
                "Trial %s broke off (exit code %s), attempt %s. It will be tried again.",
                index,
                code,
                attempts,
            )
            return attempts
        self._give_up(index, code, attempts)
        return None

    def _settled(self, index: int) -> None:
        self._count += 1
        if self._count % ANALYZE_EVERY == 0:
            self._analyze()
        self.work.clear_trial(index)

    def _find(self, index: int) -> TrialRecord | None:
        return patiently(lambda: self.tracking.trial_record(self.sweep_id, index, self.order.objective))

    def _find_or_begin(self, index: int) -> TrialRecord:
        return self._find(index) or patiently(lambda: self.tracking.begin_trial(self.sweep_id, self.order, index))

    def cancel(self, index: int, reason: str) -> None:
        """Write that a trial was stopped, whether or not it had begun."""
        record = self._find_or_begin(index)
        if record.outcome is None:
            self._end(record, "cancelled", reason)
        self._settled(index)

    def _give_up(self, index: int, code: int | None, attempts: int) -> None:
        record = self._find_or_begin(index)
        how = _died(code) if code is not None else "Its process is gone."
        self._end(record, "failed", f"{how} Tried {attempts} times; its log says more.")
        self._settled(index)

    def _end(self, record: TrialRecord, outcome: str, reason: str) -> None:
        patiently(lambda: keep_files(self.tracking, self.work, record))
        point = self.order.point(record.index)
        patiently(
            lambda: self.tracking.end_trial(
                record.run_id, "cancelled" if outcome == "cancelled" else "failed", reason, point
            )
        )

    def close(self, outcome: SweepOutcome | None = None, reason: str = "") -> None:
        """Write the sweep's outcome and its summary: the last thing a runner does."""
        records = [r for r in self._records() if r.outcome is not None]
        counts: Counter[TrialState] = Counter()
        for record in records:
            counts[record.outcome or "failed"] += 1
        if outcome is None:
            outcome, reason = outcome_of(counts, self.order.trials)
        stopped = outcome == "cancelled" or any(record.outcome == "cancelled" for record in records)
        if self.order.purpose == "verification" and not stopped:
            self._conclude(records)
        best = best_of({r.index: r.objective for r in records}, self.order.direction)
        summary = SweepSummary(counts=dict(counts), best=best)
        if len(records) >= ANALYZE_FROM:
            self._analyze()
        patiently(lambda: self.tracking.close_sweep(self.sweep_id, outcome, reason, summary, self.order.objective))

    def _conclude(self, records: list[TrialRecord]) -> None:
        """Write what a verification found, before its outcome."""
        from jupyter_mlops.worker.verdict import verdict

        result = patiently(lambda: verdict(self.tracking, self.order, records))
        patiently(lambda: self.tracking.keep_verdict(self.sweep_id, result))

    def _analyze(self) -> None:
        """Keep searches quick; see `Connection.analyze`."""
        patiently(self.tracking.analyze)


def _end_with_parent() -> None:
    """A ledger without its runner has nothing left to do."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)


def _died(code: int) -> str:
    if code < 0:
        return (
            f"Its process was killed (signal {-code}); out of memory, most likely."
            if code == -9
            else (f"Its process was ended by signal {-code}.")
        )
    return f"Its process ended with code {code}."

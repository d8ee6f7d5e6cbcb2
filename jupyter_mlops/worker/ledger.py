"""What the runner reads from and writes to MLflow about its sweep.

It lives in a process of its own, forked from the one that has imported MLflow: the runner itself never does, which
saves two seconds and 150 MB a sweep.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path

from jupyter_mlops.backends.base import TrialRecord
from jupyter_mlops.backends.closing import close, ended_trials
from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.domain.exits import NO_ENVIRONMENT, NO_OBJECTIVE, NOTEBOOK_FAILED, SUCCEEDED
from jupyter_mlops.domain.sweep import SweepOutcome
from jupyter_mlops.domain.trial import Failure
from jupyter_mlops.worker.patience import patiently
from jupyter_mlops.worker.trial import keep_files, tracking_from

log = logging.getLogger("jupyter_mlops")

ANALYZE_EVERY = 500


class Ledger:
    """Which trials are open, which have ended, and how: always read from MLflow when in doubt."""

    def __init__(self, sweep_id: str, folder: Path) -> None:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        self.sweep_id = sweep_id
        self.tracking = tracking = tracking_from(os.environ)
        self.work = WorkDir(folder)
        self.order = patiently(lambda: tracking.sweep_order(sweep_id))
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
        ended = {r.index: r for r in self._records()}
        self._ranked = self._ranked or any(r.objective is not None for r in ended.values())
        self._count = len(ended)
        return [index for index in range(self.order.trials) if index not in ended]

    def _records(self) -> list[TrialRecord]:
        return patiently(lambda: ended_trials(self.tracking, self.sweep_id, self.order))

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

    def _end(self, record: TrialRecord, outcome: str, reason: str, failure: Failure = "machine") -> None:
        patiently(lambda: keep_files(self.tracking, self.work, record))
        point = self.order.point(record.index)
        patiently(
            lambda: self.tracking.end_trial(
                record.run_id, "cancelled" if outcome == "cancelled" else "failed", reason, point, failure
            )
        )

    def fail(self, index: int, reason: str, failure: Failure) -> None:
        """Write that the machine failed a trial for good."""
        record = self._find_or_begin(index)
        if record.outcome is None:
            self._end(record, "failed", reason, failure)
        self._settled(index)

    def exhausted(self, index: int) -> bool:
        """Whether a trial has broken off as often as it may; that is then its outcome."""
        record = self._find(index)
        if record is None or record.outcome is not None or record.attempt < self.order.max_attempts:
            return False
        self.fail(index, f"Its pod broke off {record.attempt} times while it ran.", "machine")
        return True

    def any_ranked(self) -> bool:
        """Whether a trial has logged the metric that ranks them."""
        return any(record.objective is not None for record in self._records())

    def close_if_last(self, trials: Sequence[int]) -> None:
        """Close the sweep when no trial is open any more.

        Asked by every pod that ends. As long as another trial runs, or the last one has not begun, one small search is
        all it costs.
        """
        last = self.order.trials - 1
        if last not in trials and self._find(last) is None:
            return
        others = patiently(lambda: self.tracking.live_records(self.sweep_id, self._experiment(), None))
        if any(record.outcome is None for record in others):
            return
        if len({record.index for record in self._records()}) >= self.order.trials:
            self.close()

    def _experiment(self) -> str:
        return patiently(lambda: self.tracking.sweep_record(self.sweep_id)).experiment_id

    def close(self, outcome: SweepOutcome | None = None, reason: str = "") -> None:
        """Write the sweep's outcome and its summary: the last thing a runner does."""
        patiently(lambda: close(self.tracking, self.sweep_id, self.order, outcome, reason))

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

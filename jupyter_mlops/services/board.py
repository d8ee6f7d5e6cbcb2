"""One sweep as the server knows it: what MLflow remembers joined with what its executor sees, kept up to date.

Nothing is stored here that is not somewhere else; it is a cache of ended trials (whose outcome never changes) and a
counter that tells a reader what has changed since it last looked.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from jupyter_mlops.backends.base import SweepRecord, Tracking, TrialRecord
from jupyter_mlops.backends.executors.base import SweepPlacement
from jupyter_mlops.domain.sweep import Best, Sweep, SweepOrder, SweepOutcome, best_of
from jupyter_mlops.domain.trial import OUTCOMES, Trial, TrialPage, TrialState, trial_state
from jupyter_mlops.services.executors import Executors
from jupyter_mlops.services.views import state_reason, view

FRESH_SECONDS = 0.25
"""A refresh younger than this serves everybody who asks."""
SOON = 200
"""Rows with which a first answer is content: one look at MLflow gives so many."""
OVERLAP_MS = 10_000
"""How far back trials that ended are read again, for clocks that differ and writes that overtake each other."""
SHORT_OVERLAP_MS = 1_000
"""How far back on most looks: where twenty trials a second end, ten seconds of them take longer than all the rest."""
THOROUGH_SECONDS = 2.0
"""Between looks that go back the whole way."""
RUNNING_SHARE = 0.1
"""Of the time that may go into reading the trials that run: 1,600 of them take MLflow a second."""
RUNNING_SECONDS = 15.0
"""The longest that they are not read, however long it takes."""
QUICK_SECONDS = 0.1
"""A look waits for trials that run when the last time it was no longer than this."""
_READER = ThreadPoolExecutor(1, thread_name_prefix="mlops-running")


class Board:
    """A sweep's trials, by index, each with the revision at which it last changed."""

    def __init__(self, sweep_id: str, tracking: Tracking, executors: Executors) -> None:
        self.id = sweep_id
        self._epoch = uuid.uuid4().hex[:8]
        """Marks the revisions of this board: those of another process, or of a board let go, mean nothing here."""
        self._tracking = tracking
        self._lock = threading.RLock()
        self.record: SweepRecord = tracking.sweep_record(sweep_id)
        self.order: SweepOrder = tracking.sweep_order(sweep_id)
        self._executor = executors.get(self.order.executor)
        self._trials: dict[int, Trial] = {}
        """Ordered by last change, oldest first."""
        self._revisions: dict[int, int] = {}
        self._revision = 0
        self._objectives: dict[int, float] = {}
        self._records: dict[int, TrialRecord] = {}
        self._newest_end = 0
        self._loading: Iterator[list[TrialRecord]] | None = self._ended(0)
        self._refreshed = -math.inf
        self._thorough = -math.inf
        self._running: Future[tuple[list[TrialRecord], float]] | None = None
        """Trials that run, while they are read beside the looks."""
        self._running_took = 0.0
        self._running_due = -math.inf
        self._placement = SweepPlacement(alive=False)
        self._placed: tuple[SweepPlacement, SweepOutcome | None] | None = None
        """What held when all trials were placed last."""
        self._complete = False
        """Whether the sweep has ended and every trial is known: then nothing is ever asked again."""

    # Reading

    def sweep(self) -> Sweep:
        """The sweep as it is now. One that has ended costs no look at its trials."""
        with self._lock:
            if self.record.outcome is not None and self.record.summary is not None:
                return ended_view(self.record, self.order)
            self.refresh()
            counts, best = self._summary()
            return view(self.record, self.order, self._placement, counts, best, self._durations())

    def changes(self, since: str, limit: int) -> TrialPage:
        """Trials that changed after a revision, oldest change first.

        While the ended ones are read for the first time, an answer does not wait for all that it may hold: the first
        rows come soon, and a reader who asks on gets the others.
        """
        with self._lock:
            self.refresh(everything=False)
            epoch, _, number = since.partition("-")
            known = epoch == self._epoch and number.isdecimal() and len(number) < 20
            after = int(number) if known else 0
            while self._loading is not None and self._revision - after < min(limit, SOON):
                self._load_page()
            # Newest last: walk back from the end to the first that the reader has seen.
            unseen = list(itertools.takewhile(lambda i: self._revisions[i] > after, reversed(self._trials)))
            page = unseen[::-1][:limit]
            reached = self._revisions[page[-1]] if page else self._revision
            return TrialPage(
                rev=f"{self._epoch}-{reached}",
                reset=after == 0,
                more=len(unseen) > len(page) or self._loading is not None,
                total=self.order.trials,
                trials=[self._trials[i] for i in page],
            )

    def trial(self, index: int) -> Trial | None:
        """One trial as it is now; None when the sweep has no such index."""
        with self._lock:
            if not 0 <= index < self.order.trials:
                return None
            self.refresh()
            return self._trials.get(index)

    # Keeping up

    def expire(self) -> None:
        """Look again at once when next asked: somebody has just changed something."""
        self._refreshed = self._running_due = -math.inf
        self._running, self._running_took = None, 0.0

    def refresh(self, everything: bool = True) -> None:
        """Bring the board up to date, unless it has just been or there is nothing more to come.

        Args:
            everything: whether all ended trials must be known afterwards, or may follow page by page.
        """
        while everything and self._loading is not None:
            self._load_page()
        if self._complete or time.monotonic() - self._refreshed < FRESH_SECONDS:
            return
        # The outcome is read before the trials: what it says is then true of all of them.
        ended_before = self.record.outcome is not None
        if not ended_before:
            self._placement = self._executor.placement(self.id)
            self.record = self._tracking.sweep_record(self.id)
        self._read_changes()
        if self._loading is None:
            self._place_all()
            self._complete = self.record.outcome is not None
        self._refreshed = time.monotonic()

    def _ended(self, after: int) -> Iterator[list[TrialRecord]]:
        return self._tracking.ended_records(
            self.id, self.record.experiment_id, self.order.objective, self.order.direction, after
        )

    def _load_page(self) -> None:
        assert self._loading is not None
        try:
            page = next(self._loading, None)
        except Exception:
            self._loading = self._ended(0)
            raise
        if page is None:
            self._loading = None
            self._place_all()
        else:
            self._take(page)

    def _read_changes(self) -> None:
        if self._newest_end or self._loading is None:
            now = time.monotonic()
            thorough = self.record.outcome is not None or now - self._thorough >= THOROUGH_SECONDS
            if thorough:
                self._thorough = now
            after = max(1, self._newest_end - (OVERLAP_MS if thorough else SHORT_OVERLAP_MS))
            for page in self._ended(after):
                self._take(page)
        if self.record.outcome is None:
            self._read_running()

    def _read_running(self) -> None:
        """Their progress, and which have begun. Ends are found without it, so where many run, no look waits for it."""
        if self._running is None and time.monotonic() < self._running_due:
            return
        if self._running_took < QUICK_SECONDS:
            records, took = self._ask_running()
        else:
            self._running = self._running or _READER.submit(self._ask_running)
            if not self._running.done():
                return
            asked, self._running = self._running, None
            records, took = asked.result()
        self._running_took = took
        self._running_due = time.monotonic() + min(took / RUNNING_SHARE, RUNNING_SECONDS)
        self._take(records)

    def _ask_running(self) -> tuple[list[TrialRecord], float]:
        began = time.monotonic()
        records = self._tracking.live_records(self.id, self.record.experiment_id, self.order.objective)
        return records, time.monotonic() - began

    def _take(self, records: list[TrialRecord]) -> None:
        for record in records:
            known = self._records.get(record.index)
            if known == record or (known is not None and known.outcome is not None and record.outcome is None):
                continue
            self._records[record.index] = record
            if record.outcome is not None and record.ended is not None:
                self._newest_end = max(self._newest_end, record.ended)
            self._place(record.index)

    def _place_all(self) -> None:
        """Bring the state of every trial without an outcome up to date with what the executor sees."""
        for index in self._moved():
            record = self._records.get(index)
            if record is None or record.outcome is None:
                self._place(index)
        self._placed = (self._placement, self.record.outcome)

    def _moved(self) -> Iterable[int]:
        """Trials of which the executor says something else than when all were placed last: few of ten thousand."""
        everything = range(self.order.trials)
        if self._placed is None:
            return everything
        now, (then, outcome) = self._placement, self._placed
        if (now.alive, now.waiting, self.record.outcome) != (then.alive, then.waiting, outcome):
            return everything
        told = set(now.reasons.items()) ^ set(then.reasons.items())
        return sorted((now.active ^ then.active).union(index for index, _ in told).intersection(everything))

    def _place(self, index: int) -> None:
        trial = self._row(index)
        if self._trials.get(index) == trial:
            return
        self._revision += 1
        self._trials.pop(index, None)
        self._trials[index] = trial
        self._revisions[index] = self._revision
        if trial.objective is not None and trial.state == "succeeded":
            self._objectives[index] = trial.objective

    def _row(self, index: int) -> Trial:
        known = self._trials.get(index)
        parameters = known.parameters if known is not None else self.order.point(index)
        record = self._records.get(index)
        why = self._placement.reason(index)
        if record is None:
            if self.record.outcome is not None:
                return Trial(index=index, state="cancelled", parameters=parameters)
            return Trial(index=index, state="queued", parameters=parameters, reason=why)
        state = trial_state(record.outcome, True, self._placement.of(index))
        objective = record.objective
        return Trial(
            index=index,
            state=state,
            parameters=parameters,
            objective=objective if objective is not None and math.isfinite(objective) else None,
            reason=record.reason or why or state_reason(state, objective, self.order.objective),
            failure=record.failure if state == "failed" else None,
            cells_done=record.cells_done,
            cells_total=record.cells_total,
            attempt=record.attempt,
            started=record.started,
            ended=record.ended if record.outcome is not None else None,
            run_id=record.run_id,
            has_notebook=record.outcome is not None or record.cells_total > 0,
        )

    def _summary(self) -> tuple[dict[TrialState, int], Best | None]:
        counts: Counter[TrialState] = Counter(trial.state for trial in self._trials.values())
        return dict(counts), best_of(self._objectives, self.order.direction)

    def _durations(self) -> list[int]:
        """Milliseconds that the newest ended trials took."""
        newest = itertools.islice(reversed(self._trials.values()), 200)
        return [t.ended - t.started for t in newest if t.ended and t.started and t.state in OUTCOMES][:20]


def ended_view(record: SweepRecord, order: SweepOrder) -> Sweep:
    """A sweep that has ended, from its own summary and without a look at its trials."""
    summary = record.summary
    counts = dict(summary.counts) if summary else {}
    never = order.trials - sum(counts.values())
    if never > 0:
        counts["cancelled"] = counts.get("cancelled", 0) + never
    nowhere = SweepPlacement(alive=False)
    return msgspec.structs.replace(view(record, order, nowhere, counts, summary.best if summary else None, []))

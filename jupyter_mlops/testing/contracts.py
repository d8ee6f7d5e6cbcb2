"""What an executor promises, as tests to inherit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_mlops.backends.executors.base import Executor, SweepPlacement
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import SweepOrder
from jupyter_mlops.testing.notebooks import WAITS, eventually, notebook, order_of

if TYPE_CHECKING:
    from jupyter_mlops.backends.tracking.store import MlflowTracking


class ExecutorContract:
    """What every executor promises. Override the fixture `executor`; it must write to `mlops_tracking`'s MLflow.

    Trials wait for a file beside their notebook: where they run elsewhere, let them see `mlops_root`.
    """

    pause_interrupts = False
    """Whether a pause interrupts what runs, so that it begins again later; else it goes on to its end."""
    patience = 60.0
    """Seconds that the slowest step may take."""

    @pytest.fixture
    def executor(self) -> Executor:
        raise NotImplementedError("Override the fixture `executor` with one of your executor.")

    @pytest.fixture
    def ordered(self, mlops_tracking: MlflowTracking, mlops_root: Path) -> Callable[..., tuple[str, SweepOrder]]:
        """Makes a sweep of a notebook with the given cells that has been ordered and not started."""

        def make(*code: str, **changes: Any) -> tuple[str, SweepOrder]:
            order = order_of(mlops_tracking, notebook(*code), mlops_root, **changes)
            return mlops_tracking.create_sweep(order, None), order

        return make

    @staticmethod
    def outcomes(tracking: MlflowTracking, sweep_id: str, order: SweepOrder) -> list[tuple[str | None, str]]:
        """Outcome and reason of every trial; fails if one has two runs."""
        record = tracking.sweep_record(sweep_id)
        pages = tracking.ended_records(sweep_id, record.experiment_id, None, "maximize", 0)
        found = [r for page in pages for r in page]
        assert len({r.index for r in found}) == len(found), "a trial has more than one MLflow run"
        by_index: dict[int, tuple[str | None, str]] = {r.index: (r.outcome, r.reason) for r in found}
        return [by_index.get(index, (None, "")) for index in range(order.trials)]

    def test_it_has_a_name_and_runs_at_least_one_trial_at_once(self, executor: Executor) -> None:
        assert executor.name
        assert executor.default_parallelism() >= 1

    def test_a_sweep_it_has_never_heard_of_is_nowhere(self, executor: Executor) -> None:
        unknown = "0" * 32
        assert executor.placement(unknown) == SweepPlacement(alive=False)
        assert executor.placement(unknown).of(0) == "none"
        assert executor.log(unknown, 0) is None
        assert executor.revision(unknown) == executor.revision(unknown)
        assert unknown not in executor.live()

    def test_started_twice_it_runs_once_and_ends_without_a_trace(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking, mlops_root: Path
    ) -> None:
        sweep_id, order = ordered("print('hello from', x)", WAITS)
        before = executor.revision(sweep_id)
        executor.start(sweep_id, order)
        executor.start(sweep_id, order)
        placement = executor.placement(sweep_id)
        assert (placement.alive, placement.paused, placement.stopped) == (True, False, False)
        eventually(lambda: executor.placement(sweep_id).active == {0}, self.patience)
        assert executor.placement(sweep_id).of(1) == "waiting"
        assert executor.live()[sweep_id] == executor.revision(sweep_id) != before
        assert isinstance(executor.log(sweep_id, 0), bytes)
        assert executor.log(sweep_id, 1) is None
        running = executor.revision(sweep_id)
        (mlops_root / "go").touch()
        eventually(lambda: executor.revision(sweep_id) != running, self.patience)
        eventually(lambda: sweep_id not in executor.live(), self.patience)
        assert not executor.placement(sweep_id).alive
        assert self.outcomes(mlops_tracking, sweep_id, order) == [("succeeded", "")] * 3
        record = mlops_tracking.sweep_record(sweep_id)
        assert (record.outcome, record.reason) == ("succeeded", "")

        executor.start(sweep_id, order)
        eventually(lambda: sweep_id not in executor.live(), self.patience)
        assert self.outcomes(mlops_tracking, sweep_id, order) == [("succeeded", "")] * 3
        assert mlops_tracking.sweep_record(sweep_id) == record

    def test_paused_it_starts_no_further_trial_until_it_is_resumed(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking, mlops_root: Path
    ) -> None:
        sweep_id, order = ordered(WAITS)
        executor.start(sweep_id, order)
        eventually(lambda: executor.placement(sweep_id).active == {0}, self.patience)
        before = executor.revision(sweep_id)
        executor.pause(sweep_id)
        assert executor.revision(sweep_id) != before
        assert executor.placement(sweep_id).paused
        if self.pause_interrupts:
            eventually(lambda: not executor.placement(sweep_id).active, self.patience)
            first: tuple[str | None, str] = (None, "")
        else:
            assert executor.placement(sweep_id).active == {0}, "what runs goes on"
            first = ("succeeded", "")
        (mlops_root / "go").touch()
        eventually(lambda: not executor.placement(sweep_id).active, self.patience)
        assert executor.placement(sweep_id).paused
        assert self.outcomes(mlops_tracking, sweep_id, order) == [first, (None, ""), (None, "")]

        executor.resume(sweep_id)
        executor.start(sweep_id, order)
        assert not executor.placement(sweep_id).paused
        eventually(lambda: sweep_id not in executor.live(), self.patience)
        assert self.outcomes(mlops_tracking, sweep_id, order) == [("succeeded", "")] * 3

    def test_more_at_once_and_then_fewer(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking, mlops_root: Path
    ) -> None:
        sweep_id, order = ordered(WAITS)
        executor.start(sweep_id, order)
        eventually(lambda: executor.placement(sweep_id).active == {0}, self.patience)
        executor.scale(sweep_id, 2)
        assert executor.placement(sweep_id).parallelism == 2
        eventually(lambda: executor.placement(sweep_id).active == {0, 1}, self.patience)
        executor.scale(sweep_id, 1)
        assert executor.placement(sweep_id).parallelism == 1
        (mlops_root / "go").touch()
        eventually(lambda: sweep_id not in executor.live(), self.patience)
        assert self.outcomes(mlops_tracking, sweep_id, order) == [("succeeded", "")] * 3

    def test_a_trial_is_stopped_and_then_the_sweep(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking
    ) -> None:
        sweep_id, order = ordered(
            "import time\nwhile x != 2: time.sleep(0.05)", parameters={"x": Choice(values=[1, 2, 3, 4, 5])}, trials=5
        )
        executor.start(sweep_id, order)
        eventually(lambda: executor.placement(sweep_id).active == {0}, self.patience)
        executor.stop_trial(sweep_id, 3, "bob")
        executor.stop_trial(sweep_id, 0, "ann")
        eventually(lambda: executor.placement(sweep_id).active == {2}, self.patience)
        eventually(lambda: mlops_tracking.trial_record(sweep_id, 2, None), self.patience)
        assert not executor.placement(sweep_id).stopped
        executor.stop(sweep_id, "eve")
        assert executor.placement(sweep_id).stopped
        eventually(lambda: sweep_id not in executor.live(), self.patience)
        assert self.outcomes(mlops_tracking, sweep_id, order) == [
            ("cancelled", "Stopped by ann."),
            ("succeeded", ""),
            ("cancelled", "Stopped by eve."),
            ("cancelled", "Stopped by bob."),
            (None, ""),
        ]
        record = mlops_tracking.sweep_record(sweep_id)
        assert (record.outcome, record.reason) == ("cancelled", "Stopped by eve.")

    def test_stopped_before_it_was_started_it_never_runs(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking
    ) -> None:
        sweep_id, order = ordered("raise RuntimeError('this must not run')")
        executor.stop(sweep_id, "ann")
        executor.start(sweep_id, order)
        eventually(lambda: sweep_id not in executor.live(), self.patience)
        assert self.outcomes(mlops_tracking, sweep_id, order) == [(None, "")] * 3
        assert mlops_tracking.sweep_record(sweep_id).outcome == "cancelled"

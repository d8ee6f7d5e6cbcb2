from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.base import TrialRecord
from jupyter_mlops.backends.executors.base import SweepPlacement
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain.errors import NotFound, Unavailable
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import Best, SweepOrder, SweepSummary
from jupyter_mlops.domain.trial import Trial, TrialPage
from jupyter_mlops.services.board import FRESH_SECONDS, Board
from jupyter_mlops.services.boards import MOST_BOARDS, Boards
from jupyter_mlops.services.executors import Executors
from jupyter_mlops.services.trials import Trials
from jupyter_mlops.testing import NothingEverStarts, StoreThatGoesAway, eventually, notebook, order_of


class StoreThatIsSlow(MlflowTracking):
    """Takes its time to say what runs."""

    seconds: float
    asked_by: list[int]

    def __init__(self, of: MlflowTracking, seconds: float) -> None:
        self.__dict__ = {**of.__dict__, "seconds": seconds, "asked_by": []}

    def live_records(self, sweep_id: str, experiment_id: str, objective: str | None) -> list[TrialRecord]:
        self.asked_by.append(threading.get_ident())
        time.sleep(self.seconds)
        return super().live_records(sweep_id, experiment_id, objective)


class Bench:
    """A real store, a sweep of five trials, and an executor that says what the test tells it to."""

    def __init__(self, tracking: MlflowTracking, folder: Path) -> None:
        self.tracking = tracking
        self.executor = NothingEverStarts()
        self.executor.seen = SweepPlacement(alive=True)
        self.order: SweepOrder = order_of(
            tracking,
            notebook(),
            folder,
            parameters={"x": Choice(values=[0, 1, 2, 3, 4])},
            trials=5,
            objective="score",
        )
        self.id = tracking.create_sweep(self.order, None)

    def begin(self, *indexes: int) -> None:
        for index in indexes:
            self.tracking.begin_trial(self.id, self.order, index)
        self.executor.seen = SweepPlacement(alive=True, active=self.executor.seen.active | set(indexes))

    def end(self, scores: dict[int, float], outcome: Any = "succeeded") -> None:
        for index, score in scores.items():
            run_id = self.tracking.begin_trial(self.id, self.order, index).run_id
            self.tracking.log_metrics(run_id, {"score": score})
            self.tracking.end_trial(run_id, outcome, "", {"x": index})

    def close(self) -> None:
        self.tracking.close_sweep(self.id, "succeeded", "", SweepSummary(), "score")

    def board(self) -> Board:
        return Board(self.id, self.tracking, Executors([self.executor]))


@pytest.fixture
def bench(mlops_tracking: MlflowTracking, tmp_path: Path) -> Bench:
    return Bench(mlops_tracking, tmp_path)


def read_on(board: Board, since: str = "", limit: int = 2) -> tuple[str, list[TrialPage]]:
    """Everything after a revision, page by page, as a browser asks."""
    board.expire()
    pages = []
    while not pages or pages[-1].more:
        pages.append(board.changes(since, limit))
        assert len(pages[-1].trials) <= limit
        since = pages[-1].rev
    return since, pages


def states(pages: list[TrialPage]) -> dict[int, str]:
    return {trial.index: trial.state for page in pages for trial in page.trials}


def test_a_sweep_that_has_not_begun_shows_all_its_trials(bench: Bench) -> None:
    _, pages = read_on(bench.board())
    assert [page.reset for page in pages] == [True, False, False]
    assert {page.total for page in pages} == {5}
    rows = [trial for page in pages for trial in page.trials]
    assert rows == [Trial(index=i, state="queued", parameters={"x": i}) for i in range(5)]


def test_a_refresh_gives_what_has_changed_and_nothing_else(bench: Bench) -> None:
    board = bench.board()
    rev, _ = read_on(board)
    assert read_on(board, rev) == (rev, [TrialPage(rev=rev, reset=False, more=False, total=5, trials=[])])

    bench.begin(3, 1)
    rev, pages = read_on(board, rev)
    assert states(pages) == {1: "running", 3: "running"}
    assert not any(page.reset for page in pages)

    bench.end({3: 0.5})
    rev, pages = read_on(board, rev)
    assert states(pages) == {3: "succeeded"}
    (row,) = pages[0].trials
    assert (row.objective, row.has_notebook, row.parameters) == (0.5, True, {"x": 3})
    assert row.started is not None
    assert row.ended is not None
    assert read_on(board, rev)[1][0].trials == []


def test_what_changes_while_somebody_pages_is_not_missed(bench: Bench) -> None:
    bench.end({0: 1.0, 1: 2.0, 2: 3.0})
    board = bench.board()
    first = board.changes("", 2)
    assert (first.more, first.reset, len(first.trials)) == (True, True, 2)
    bench.end({4: 9.0})
    _, pages = read_on(board, first.rev)
    assert states([first, *pages]) == {0: "succeeded", 1: "succeeded", 2: "succeeded", 3: "queued", 4: "succeeded"}


def test_a_cold_start_shows_the_best_first(bench: Bench) -> None:
    bench.end({0: 1.0, 1: 3.0, 2: 2.0})
    bench.close()
    _, pages = read_on(bench.board(), limit=1000)
    rows = [trial for page in pages for trial in page.trials]
    assert [(t.index, t.objective, t.state) for t in rows] == [
        (1, 3.0, "succeeded"),
        (2, 2.0, "succeeded"),
        (0, 1.0, "succeeded"),
        (3, None, "cancelled"),
        (4, None, "cancelled"),
    ]


@pytest.mark.parametrize(
    "since", ["", "nonsense", "-", "deadbeef-3", "deadbeef-", "{epoch}-²", "{epoch}-" + "9" * 5000]
)
def test_a_revision_of_somebody_else_gives_everything_again(bench: Bench, since: str) -> None:
    board = bench.board()
    rev, _ = read_on(board)
    page = board.changes(since.format(epoch=rev.partition("-")[0]), 1000)
    assert (page.reset, len(page.trials)) == (True, 5)


def test_a_board_that_was_let_go_and_made_anew_starts_again(bench: Bench) -> None:
    """Its revisions begin at nothing again: an old one must not be taken for one of its own."""
    rev, _ = read_on(bench.board())
    bench.end({0: 1.0})
    page = bench.board().changes(rev, 1000)
    assert (page.reset, len(page.trials)) == (True, 5)


def test_states_follow_what_the_executor_sees(bench: Bench) -> None:
    board = bench.board()
    bench.begin(0, 1)
    rev, pages = read_on(board, limit=1000)
    assert states(pages)[0] == "running"
    bench.executor.seen = SweepPlacement(alive=True, active=frozenset({1}))
    rev, pages = read_on(board, rev)
    assert states(pages) == {0: "preempted"}
    assert pages[0].trials[0].reason == "Broke off; it will be tried again."
    bench.executor.seen = SweepPlacement(alive=False, message="Killed")
    rev, pages = read_on(board, rev)
    assert states(pages) == {0: "lost", 1: "lost"}
    board.expire()
    sweep = board.sweep()
    assert sweep.state == "lost"
    assert sweep.reason.startswith("The runner is gone: killed, or the machine was restarted. Nothing is lost.")
    assert sweep.reason.endswith("Its last words: Killed")
    assert sweep.counts == {"lost": 2, "queued": 3}


def test_the_head_of_the_page(bench: Bench) -> None:
    board = bench.board()
    bench.end({0: 0.5, 1: float("nan"), 2: float("inf")})
    bench.end({3: 9.0}, outcome="failed")
    bench.executor.seen = SweepPlacement(alive=True, parallelism=2)
    board.expire()
    sweep = board.sweep()
    assert (sweep.state, sweep.total, sweep.parallelism) == ("running", 5, 2)
    assert sweep.counts == {"succeeded": 3, "failed": 1, "queued": 1}
    assert sweep.best == Best(index=0, objective=0.5), "a failed trial and one without a number rank nowhere"
    assert sweep.seconds_left is not None
    reasons = {i: t.reason for i in (1, 2) if (t := board.trial(i)) is not None}
    assert reasons == {1: "score is nan.", 2: "score is inf."}
    assert board.trial(5) is None
    assert board.trial(-1) is None


def test_a_sweep_that_has_ended_is_not_asked_for_again(bench: Bench) -> None:
    bench.end(dict.fromkeys(range(5), 1.0))
    bench.close()
    fake, tracking = StoreThatGoesAway.around(bench.tracking)
    board = Board(bench.id, tracking, Executors([bench.executor]))
    rev, pages = read_on(board)
    assert states(pages) == dict.fromkeys(range(5), "succeeded")
    read_on(board, rev)  # whatever was written while the pages were read
    fake.away = True
    assert read_on(board, rev)[1][0].trials == []
    assert board.sweep().state == "succeeded"


def test_a_store_that_goes_away_and_comes_back_loses_nothing(bench: Bench) -> None:
    fake, tracking = StoreThatGoesAway.around(bench.tracking)
    board = Board(bench.id, tracking, Executors([bench.executor]))
    rev, _ = read_on(board)
    bench.end({2: 1.0})
    fake.away = True
    with pytest.raises(Unavailable):
        read_on(board, rev)
    fake.away = False
    _, pages = read_on(board, rev)
    assert states(pages) == {2: "succeeded"}


def test_what_moved_while_a_store_was_away_is_seen_afterwards(bench: Bench) -> None:
    bench.begin(2)
    fake, tracking = StoreThatGoesAway.around(bench.tracking)
    board = Board(bench.id, tracking, Executors([bench.executor]))
    rev, _ = read_on(board)
    bench.executor.seen = SweepPlacement(alive=True, reasons={4: "No node is free."})
    fake.away = True
    with pytest.raises(Unavailable):
        read_on(board, rev)
    fake.away = False
    rev, pages = read_on(board, rev)
    assert {t.index: t.reason for page in pages for t in page.trials if t.index == 4} == {4: "No node is free."}
    assert states(pages) == {2: "preempted", 4: "queued"}
    bench.executor.seen = SweepPlacement(alive=True)
    assert [t.reason for page in read_on(board, rev)[1] for t in page.trials] == [""]


def test_trials_that_take_long_to_read_are_read_less_often_while_they_run(bench: Bench) -> None:
    bench.begin(1)
    board = Board(bench.id, StoreThatIsSlow(bench.tracking, 0.5), Executors([bench.executor]))
    rev, _ = read_on(board)
    bench.begin(2)
    bench.end({1: 1.0})
    time.sleep(FRESH_SECONDS)
    page = board.changes(rev, 10)
    assert {t.index: t.state for t in page.trials} == {1: "succeeded"}
    rev, pages = read_on(board, page.rev)  # somebody has pressed something
    assert states(pages) == {2: "running"}


def test_no_look_waits_for_trials_that_take_long_to_read(bench: Bench) -> None:
    bench.begin(1)
    store = StoreThatIsSlow(bench.tracking, 0.15)
    board = Board(bench.id, store, Executors([bench.executor]))
    assert board.sweep().counts == {"running": 1, "queued": 4}
    bench.begin(2)
    eventually(lambda: board.sweep().counts == {"running": 2, "queued": 3})
    assert store.asked_by[0] == threading.get_ident()
    assert threading.get_ident() not in store.asked_by[1:]


def test_many_who_ask_at_once_cost_one_look(bench: Bench) -> None:
    fake, tracking = StoreThatGoesAway.around(bench.tracking)
    board = Board(bench.id, tracking, Executors([bench.executor]))
    read_on(board)
    asked = fake.asked
    for _ in range(50):
        board.changes("", 10)
        board.sweep()
    assert fake.asked == asked


def test_boards_are_made_once_and_the_one_longest_unseen_goes(bench: Bench) -> None:
    boards = Boards(bench.tracking, Executors([bench.executor]))
    first = boards.get(bench.id)
    assert boards.get(bench.id) is first
    for _ in range(MOST_BOARDS):
        boards.get(bench.tracking.create_sweep(bench.order, None))
    assert boards.get(bench.id) is not first
    with pytest.raises(NotFound):
        boards.get("0" * 32)


def test_all_trials_are_gathered_over_pages_by_index(bench: Bench) -> None:
    bench.end({4: 1.0, 0: 2.0})
    executors = Executors([bench.executor])
    trials = Trials(bench.tracking, executors, Boards(bench.tracking, executors))
    assert [t.index for t in trials.all(bench.id)] == [0, 1, 2, 3, 4]
    with pytest.raises(NotFound, match=r"has no trial 5; its trials are 0 to 4\."):
        trials.get(bench.id, 5)

"""Everything is killed at the worst moment: nothing is lost, nothing runs twice, nothing stays running for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import SweepRequest
from jupyter_mlops.services import Services
from tests.running import ended, eventually
from tests.sweeping import (
    SLOW,
    WITNESS,
    kernels,
    notebook,
    nothing_left,
    runs_per_index,
    start,
    work_of,
)


def test_a_killed_runner_is_replaced_and_its_running_trials_are_adopted(
    services: Services, data_dir: Path, tmp_path: Path
) -> None:
    sweep = start(services, notebook(tmp_path, SLOW, WITNESS), [1, 2, 3], seconds=4)
    work = work_of(data_dir, sweep)
    eventually(lambda: len(work.active()) == 2)
    runner = work.holder("runner")
    assert runner is not None
    runner.kill()
    eventually(lambda: services.sweeps.get(sweep.id).state == "lost")
    assert "Press Resume" in services.sweeps.get(sweep.id).reason

    services.sweeps.resume(sweep.id)
    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).state == "succeeded"
    assert runs_per_index(services, sweep) == [1, 1, 1]
    # The two that outlived their runner were not run again.
    assert sorted((tmp_path / "witness.txt").read_text().split()) == ["1", "2", "3"]
    eventually(lambda: nothing_left(data_dir))


@pytest.mark.parametrize("victim", ["trial", "kernel"])
def test_a_killed_process_is_tried_again_in_the_same_run(
    services: Services, data_dir: Path, tmp_path: Path, victim: str
) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [7], seconds=3)
    work = work_of(data_dir, sweep)
    eventually(lambda: work.active() and kernels(work.active()[0]))
    trial = work.active()[0]
    (trial if victim == "trial" else kernels(trial)[0]).kill()

    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).state == "succeeded"
    found = services.trials.get(sweep.id, 0)
    assert (found.state, found.attempt, found.objective) == ("succeeded", 2, 7.0)
    assert runs_per_index(services, sweep) == [1]


def test_a_trial_that_dies_every_time_fails_in_words(services: Services, data_dir: Path, tmp_path: Path) -> None:
    path = notebook(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    sweep = start(services, path, [1], seconds=0.1)
    eventually(ended(services, sweep))
    trial = services.trials.get(sweep.id, 0)
    assert (trial.state, trial.attempt) == ("failed", 3)
    assert "Tried 3 times" in trial.reason
    assert "kernel died" in services.trials.log(sweep.id, 0)["text"]
    assert services.sweeps.get(sweep.id).reason == "1 of 1 trials failed."


def test_pause_lets_what_runs_end_and_resume_goes_on(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [1, 2, 3], seconds=1, parallelism=1)
    work = work_of(data_dir, sweep)
    eventually(work.active)
    assert services.sweeps.pause(sweep.id).state == "paused"
    eventually(lambda: services.sweeps.get(sweep.id).counts == {"succeeded": 1, "queued": 2})
    eventually(lambda: work.holder("runner") is None)
    assert services.sweeps.get(sweep.id).state == "paused"
    assert services.sweeps.resume(sweep.id).state == "running"
    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).counts == {"succeeded": 3}


def test_stop_keeps_what_was_executed_and_leaves_no_process(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, "print('so far')", SLOW), [1, 2, 3], seconds=60)
    work = work_of(data_dir, sweep)
    eventually(lambda: len(work.active()) == 2 and all(kernels(p) for p in work.active().values()))
    processes = [p for trial in work.active().values() for p in (trial, *trial.children(recursive=True))]
    eventually(lambda: services.trials.get(sweep.id, 0).cells_done >= 2)
    services.sweeps.stop(sweep.id, "ann")
    eventually(ended(services, sweep))
    view = services.sweeps.get(sweep.id)
    assert (view.state, view.reason, view.counts) == ("cancelled", "Stopped by ann.", {"cancelled": 3})
    assert not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    content = services.trials.notebook(sweep.id, 0)["content"]
    assert "so far" in str(content["cells"])
    eventually(lambda: nothing_left(data_dir))


def test_one_trial_is_stopped_and_the_others_go_on(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [1, 2, 3], seconds=2, parallelism=1)
    eventually(lambda: work_of(data_dir, sweep).active())
    services.trials.stop(sweep.id, 0, "ann")
    services.trials.stop(sweep.id, 2, "ann")
    eventually(ended(services, sweep))
    states = [(t.state, t.reason) for t in services.trials.all(sweep.id)]
    assert states == [("cancelled", "Stopped by ann."), ("succeeded", ""), ("cancelled", "Stopped by ann.")]
    assert services.sweeps.get(sweep.id).state == "succeeded"


def test_a_trial_that_ignores_the_request_to_stop_is_killed(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [1], seconds=60)
    work = work_of(data_dir, sweep)
    eventually(lambda: work.active() and kernels(work.active()[0]))
    trial = work.active()[0]
    trial.suspend()  # deaf to SIGTERM
    services.sweeps.stop(sweep.id, "ann")
    eventually(ended(services, sweep))
    assert not trial.is_running() or trial.status() == psutil.STATUS_ZOMBIE
    assert services.trials.get(sweep.id, 0).state == "cancelled"


def test_stopping_a_lost_sweep_closes_it(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [1, 2], seconds=30, parallelism=1)
    work = work_of(data_dir, sweep)
    eventually(work.active)
    trial, runner = work.active()[0], work.holder("runner")
    assert runner is not None
    runner.kill()
    trial.kill()
    eventually(lambda: services.sweeps.get(sweep.id).state == "lost")
    assert services.trials.get(sweep.id, 0).state in ("lost", "queued")
    services.sweeps.stop(sweep.id, "ann")
    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).counts == {"cancelled": 2}


def test_starting_twice_runs_once(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW, WITNESS), [1, 2], seconds=1)
    order = services.tracking.sweep_order(sweep.id)
    work = work_of(data_dir, sweep)
    first = work.holder("runner")
    for _ in range(3):
        services.executors.default.start(sweep.id, order)
    assert work.holder("runner") == first
    eventually(ended(services, sweep))
    assert sorted((tmp_path / "witness.txt").read_text().split()) == ["1", "2"]


def test_a_trial_started_again_after_its_end_exits_at_once(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, WITNESS), [5], seconds=0.1)
    eventually(ended(services, sweep))
    environment = {**os.environ, **services.tracking.environment()}
    command = [sys.executable, "-m", "jupyter_mlops.worker.trial", sweep.id, "0"]
    again = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "witness.txt").read_text().split() == ["5"]


def test_an_unknown_objective_ends_the_sweep_and_names_the_metrics(services: Services, tmp_path: Path) -> None:
    request = SweepRequest(
        notebook=notebook(tmp_path),
        parameters={"x": Choice(values=list(range(20)))},
        objective="acuracy",
        parallelism=1,
    )
    sweep = services.sweeps.create(request, "ann")
    eventually(ended(services, sweep))
    view = services.sweeps.get(sweep.id)
    assert view.state == "failed"
    assert "'acuracy'" in view.reason
    assert "Logged: score" in view.reason
    assert view.counts["succeeded"] <= 2


def test_the_log_of_a_trial_that_raised_ends_with_the_traceback(services: Services, tmp_path: Path) -> None:
    cells = ("for n in range(300): print('line', n)", "def inner():\n    raise ValueError('halfway')\ninner()")
    sweep = start(services, notebook(tmp_path, *cells), [1], seconds=0)
    eventually(ended(services, sweep))
    whole = services.trials.log(sweep.id, 0)
    tail = services.trials.log(sweep.id, 0, offset=-600)
    assert "inner()" in whole["text"]
    assert "ValueError: halfway" in whole["text"]
    assert "\x1b" not in whole["text"]
    assert whole["text"].endswith(tail["text"])
    assert tail["ended"]
    assert 0 < len(tail["text"]) <= 600
    assert services.trials.log(sweep.id, 0, offset=-(10**9)) == whole

"""Trials in MLflow: one run each, written once, however often it is tried."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import pytest

from jupyter_mlops.backends.base import TrialRecord
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain import naming
from tests.tracked import artifacts_of, ended, sweep


def test_a_trial_has_one_run_however_often_it_begins(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    first = tracking.begin_trial(sweep_id, order, 1)
    assert first == TrialRecord(run_id=first.run_id, index=1, started=first.started)
    tracking.set_progress(first.run_id, 2, 7)
    live = tracking.trial_record(sweep_id, 1, None)
    assert live is not None
    assert (live.cells_done, live.cells_total, live.attempt) == (2, 7, 1)
    again = tracking.begin_trial(sweep_id, order, 1)
    assert (again.run_id, again.attempt) == (first.run_id, 2)
    assert tracking.trial_record(sweep_id, 1, None) == TrialRecord(
        run_id=first.run_id, index=1, attempt=2, started=first.started
    )
    tags = tracking.connection.client.get_run(first.run_id).data.tags
    assert tags[naming.PARENT] == sweep_id
    assert tags["mlflow.source.git.commit"] == "c" * 40
    assert tags[naming.DIRTY] == "true"
    assert tags["mlflow.user"] == "ann"


def test_an_outcome_is_written_once(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    run_id = tracking.begin_trial(sweep_id, order, 0).run_id
    tracking.end_trial(run_id, "failed", "ValueError in In [2]: ü", {"x": 1})
    (record,) = ended(tracking, sweep_id)
    assert (record.outcome, record.reason, record.ended_status) == ("failed", "ValueError in In [2]: ü", True)
    tracking.end_trial(run_id, "cancelled", "Stopped by eve.", {"x": 2})
    assert ended(tracking, sweep_id) == [record]
    assert tracking.begin_trial(sweep_id, order, 0) == record, "what has ended does not begin again"
    run = tracking.connection.client.get_run(run_id)
    assert (run.info.status, run.data.params) == ("FAILED", {"x": "1"})


def test_an_outcome_written_by_half_is_finished_by_the_next_attempt(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    run_id = tracking.begin_trial(sweep_id, order, 0).run_id
    tracking.connection.client.set_tag(run_id, naming.OUTCOME, "succeeded")  # and then the process was killed
    tracking.end_trial(run_id, "failed", "Its process is gone.", {})
    run = tracking.connection.client.get_run(run_id)
    assert (run.info.status, run.data.tags[naming.OUTCOME]) == ("FINISHED", "succeeded")
    assert naming.REASON not in run.data.tags


def test_long_values_are_cut_with_a_mark_and_kept_whole_beside(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    run_id = tracking.begin_trial(sweep_id, order, 0).run_id
    long = "ü" * 10_000
    parameters = {"text": long, "short": "a 'b' \"c\"", "none": None, "empty": "", "list": [1, "ü"]}
    tracking.end_trial(run_id, "failed", long, parameters)
    run = tracking.connection.client.get_run(run_id)
    mark = "… (10,000 characters)"
    assert run.data.params == {
        "text": "ü" * (naming.MAX_PARAM - len(mark)) + mark,
        "short": "a 'b' \"c\"",
        "none": "None",
        "empty": "",
        "list": "[1, 'ü']",
    }
    assert run.data.tags[naming.REASON] == "ü" * (naming.MAX_TAG - len(mark)) + mark
    kept = artifacts_of(tracking, run_id) / naming.PARAMETERS_FILE
    assert json.loads(kept.read_bytes()) == parameters


def test_more_parameters_than_mlflow_takes_at_once(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    run_id = tracking.begin_trial(sweep_id, order, 0).run_id
    tracking.end_trial(run_id, "succeeded", "", {f"p{i}": i for i in range(250)})
    assert len(tracking.connection.client.get_run(run_id).data.params) == 250


def test_a_parameter_that_the_notebook_logged_itself_stays_as_it_logged_it(
    tracking: MlflowTracking, tmp_path: Path
) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    run_id = tracking.begin_trial(sweep_id, order, 0).run_id
    tracking.connection.client.log_param(run_id, "x", "one")
    tracking.end_trial(run_id, "succeeded", "", {"x": 1, "y": 2})
    assert tracking.connection.client.get_run(run_id).data.params == {"x": "one", "y": "2"}


@pytest.mark.parametrize("value", [0.5, math.nan, math.inf, -math.inf, 1e308])
def test_an_objective_comes_back_as_it_was_logged(tracking: MlflowTracking, tmp_path: Path, value: float) -> None:
    sweep_id, order = sweep(tracking, tmp_path, objective="größe a/b: c.d-e_1")
    run_id = tracking.begin_trial(sweep_id, order, 0).run_id
    tracking.log_metrics(run_id, {"größe a/b: c.d-e_1": value})
    tracking.end_trial(run_id, "succeeded", "", {})
    (record,) = ended(tracking, sweep_id, order.objective)
    assert record.objective == pytest.approx(value, nan_ok=True)


def test_ended_trials_come_best_first_and_later_only_the_new_ones(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path, objective="score")
    for index, score in enumerate((1.0, 3.0, 2.0)):
        run_id = tracking.begin_trial(sweep_id, order, index).run_id
        tracking.log_metrics(run_id, {"score": score})
        if index < 2:
            tracking.end_trial(run_id, "succeeded", "", {})
    experiment = tracking.sweep_record(sweep_id).experiment_id

    def asked(direction: str, after: int) -> list[int]:
        pages = tracking.ended_records(sweep_id, experiment, "score", direction, after)
        return [r.index for page in pages for r in page if r.outcome is not None]

    assert asked("maximize", 0) == [1, 0]
    assert asked("minimize", 0) == [0, 1]
    assert sorted(asked("maximize", 1)) == [0, 1]
    assert asked("maximize", int(time.time() * 1000) + 60_000) == []
    assert [r.index for r in tracking.live_records(sweep_id, experiment, "score")] == [2]


def test_metrics_of_runs_that_the_notebook_opened_besides_count(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    client = tracking.connection.client
    run_id = tracking.begin_trial(sweep_id, order, 0).run_id
    elsewhere = client.create_experiment("elsewhere")
    old, new = (
        client.create_run(elsewhere, start_time=start, tags={naming.PARENT: run_id}).info.run_id for start in (1, 2)
    )
    tracking.log_metrics(run_id, {"own": 1.0})
    tracking.log_metrics(old, {"own": 9.0, "both": 1.0})
    tracking.log_metrics(new, {"both": 2.0})
    assert tracking.trial_metrics(run_id) == {"own": 1.0, "both": 2.0}
    assert ended(tracking, sweep_id) == [tracking.trial_record(sweep_id, 0, None)], "they are no trials"


def test_files_of_a_trial_are_whole_or_not_there(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    run_id = tracking.begin_trial(sweep_id, order, 0).run_id
    assert tracking.trial_notebook(run_id) is None
    assert tracking.trial_log(run_id) is None
    for content in (b"first", b"second"):
        tracking.keep_artifact(run_id, naming.NOTEBOOK_FILE, content)
        assert tracking.trial_notebook(run_id) == content
    assert [path.name for path in artifacts_of(tracking, run_id).iterdir()] == [naming.NOTEBOOK_FILE]


def test_metrics_that_an_experiment_has_seen(tracking: MlflowTracking, tmp_path: Path) -> None:
    assert tracking.known_metrics("never seen") == []
    sweep_id, order = sweep(tracking, tmp_path, experiment="mine")
    tracking.log_metrics(tracking.begin_trial(sweep_id, order, 0).run_id, {"b": 1.0, "a": 2.0})
    assert tracking.known_metrics("mine") == ["a", "b"]

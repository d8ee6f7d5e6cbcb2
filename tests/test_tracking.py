from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.base import SnapshotContents, TrialRecord
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import Missing, NotFound, Unavailable
from jupyter_mlops.domain.snapshot import GitState, Manifest, Sighting, Snapshot
from jupyter_mlops.domain.sweep import Best, SweepSummary
from jupyter_mlops.testing import (
    notebook,
    order_of,
    server_of_something_else,
    server_that_says_nothing,
    server_without_its_database,
)

MANIFEST = Manifest(notebook="0" * 64, name="train.ipynb", kernel="python3", language="python")
GIT = GitState(commit="c" * 40, branch="main", dirty=True)


@pytest.fixture
def tracking(mlops_tracking: MlflowTracking) -> MlflowTracking:
    return mlops_tracking


def sweep(tracking: MlflowTracking, folder: Path, **changes: Any) -> tuple[str, Any]:
    order = order_of(tracking, notebook(), folder, **changes)
    return tracking.create_sweep(order, GIT), order


def ended(tracking: MlflowTracking, sweep_id: str, objective: str | None = None) -> list[TrialRecord]:
    record = tracking.sweep_record(sweep_id)
    pages = tracking.ended_records(sweep_id, record.experiment_id, objective, "maximize", 0)
    return [r for page in pages for r in page]


def artifacts_of(tracking: MlflowTracking, run_id: str) -> Path:
    return Path(tracking.connection.client.get_run(run_id).info.artifact_uri.removeprefix("file://"))


# Snapshots


def keep(tracking: MlflowTracking, at: str = "train.ipynb", **fields: Any) -> Snapshot:
    """Keep MANIFEST, seen at a path; `fields` are those of its contents and of its sighting."""
    seen: dict[str, Any] = {"notebook": at, "user": "ann", "taken": 1}
    contents: dict[str, Any] = {"notebook": b"{}"}
    for name, value in fields.items():
        (contents if name in SnapshotContents.__struct_fields__ else seen)[name] = value
    return tracking.snapshots.keep(MANIFEST, SnapshotContents(**contents), Sighting(**seen), Path("/", at))


def test_a_snapshot_is_kept_once_and_found_by_its_digest_or_the_beginning_of_it(tracking: MlflowTracking) -> None:
    first = keep(tracking)
    again = keep(tracking, user="bob")
    assert (first.new, again.new) == (True, False)
    assert first.digest == MANIFEST.digest
    assert first.run_id == again.run_id
    assert tracking.snapshots.get(first.digest) == tracking.snapshots.get(first.digest[:12]) == again
    assert tracking.snapshots.find("f" * 64) is None
    assert tracking.snapshots.get(first.digest).manifest == MANIFEST
    assert tracking.snapshots.notebook(first.digest) == b"{}"
    with pytest.raises(NotFound, match=r"There is no snapshot 'ffffffffffff' in MLflow at .*mlflow.db"):
        tracking.snapshots.get("f" * 12)


def test_a_snapshot_written_by_half_is_never_found(tracking: MlflowTracking, mlops_store: Path) -> None:
    shutil.rmtree(mlops_store / "artifacts")
    (mlops_store / "artifacts").write_text("in the way, as a full disk would be")
    with pytest.raises(Unavailable, match=r"mlflow.db does not answer"):
        keep(tracking)
    with pytest.raises(NotFound):
        tracking.snapshots.get(MANIFEST.digest)
    (mlops_store / "artifacts").unlink()
    kept = keep(tracking)
    assert kept.new
    assert tracking.snapshots.get(MANIFEST.digest).run_id == kept.run_id


def test_a_snapshot_whose_files_were_deleted_says_so(tracking: MlflowTracking) -> None:
    kept = keep(tracking)
    (artifacts_of(tracking, kept.run_id) / naming.NOTEBOOK_FILE).unlink()
    with pytest.raises(NotFound, match=rf"MLflow run {kept.run_id} has no artifact 'notebook.ipynb': it was del"):
        tracking.snapshots.notebook(kept.digest)


def test_everything_that_is_kept_comes_back(tracking: MlflowTracking, tmp_path: Path) -> None:
    wheel = tmp_path / "ours-0.1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    files = {"helper.py": b"x = 1\n", "a/größer.txt": b""}
    digest = keep(tracking, files=files, outputs=b"[1]", diff=b"--- a", packages={"ours": wheel}).digest
    assert tracking.snapshots.files(digest) == files
    assert tracking.snapshots.outputs(digest) == b"[1]"
    assert tracking.snapshots.diff(digest) == b"--- a"
    assert tracking.snapshots.package_file(digest, "ours") == ("ours-0.1-py3-none-any.whl", b"wheel")
    with pytest.raises(NotFound, match="keeps no files of the package 'six'"):
        tracking.snapshots.package_file(digest, "six")


def test_a_snapshot_without_more_than_its_notebook(tracking: MlflowTracking) -> None:
    digest = keep(tracking).digest
    assert tracking.snapshots.files(digest) == {}
    assert tracking.snapshots.outputs(digest) is None
    assert tracking.snapshots.diff(digest) is None


def test_seen_again_it_is_listed_where_and_when_it_was_seen(tracking: MlflowTracking) -> None:
    notes = ["n" * 5000] * 100
    kept = keep(tracking, taken=1, notes=notes, outputs=b"first")
    keep(tracking, at="copy.ipynb", taken=2, user="bob")
    assert [s.digest for s in tracking.snapshots.newest(Path("/train.ipynb"), 5)] == [kept.digest]
    (found,) = tracking.snapshots.newest(Path("/copy.ipynb"), 5)
    assert found.sighting is not None
    assert (found.sighting.user, found.sighting.taken) == ("bob", 2)
    assert tracking.snapshots.newest(Path("/never.ipynb"), 5) == []
    assert len(tracking.snapshots.newest(None, 5)) == 1
    # Seen without outputs, it keeps those that it had.
    assert tracking.snapshots.outputs(kept.digest) == b"first"


# Sweeps


def test_an_order_is_kept_as_it_was_given(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path, experiment="a/b 'c' \"d\" 💥 `e`; DROP TABLE runs", name="größer 'als'")
    assert tracking.sweep_order(sweep_id) == order
    (record,) = tracking.sweep_records(10)
    assert record == tracking.sweep_record(sweep_id)
    assert (record.id, record.name, record.outcome, record.ended) == (sweep_id, "größer 'als'", None, None)
    tags = tracking.connection.client.get_run(sweep_id).data.tags
    assert {k: v for k, v in tags.items() if k not in ("mlflow.runName", naming.SNAPSHOT)} == {
        naming.KIND: "sweep",
        naming.PURPOSE: "sweep",
        naming.DIRTY: "true",
        "mlflow.user": "ann",
        "mlflow.source.name": "train.ipynb",
        "mlflow.source.type": "NOTEBOOK",
        "mlflow.source.git.commit": "c" * 40,
    }


def test_an_order_written_by_half_is_no_sweep(tracking: MlflowTracking, mlops_store: Path, tmp_path: Path) -> None:
    order = order_of(tracking, notebook(), tmp_path)
    shutil.rmtree(mlops_store / "artifacts")
    (mlops_store / "artifacts").write_text("in the way")
    with pytest.raises(Unavailable):
        tracking.create_sweep(order, None)
    assert tracking.sweep_records(10) == []


@pytest.mark.parametrize("sweep_id", ["", "0" * 32, "latest", "x' OR 1=1 --", "ü" * 32, "0" * 5000])
def test_what_is_no_sweep_is_not_found(tracking: MlflowTracking, sweep_id: str) -> None:
    with pytest.raises(NotFound, match=r"There is no sweep .* List them: jupyter mlops sweep list"):
        tracking.sweep_record(sweep_id)


def test_other_runs_are_no_sweeps_and_deleted_ones_neither(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, order = sweep(tracking, tmp_path)
    trial = tracking.begin_trial(sweep_id, order, 0)
    with pytest.raises(NotFound):
        tracking.sweep_record(trial.run_id)
    tracking.connection.client.delete_run(sweep_id)
    with pytest.raises(NotFound):
        tracking.sweep_order(sweep_id)
    assert tracking.sweep_records(10) == []


def test_a_sweep_is_closed_once(tracking: MlflowTracking, tmp_path: Path) -> None:
    sweep_id, _ = sweep(tracking, tmp_path, objective="score")
    summary = SweepSummary(counts={"succeeded": 3}, best=Best(index=1, objective=0.5))
    tracking.close_sweep(sweep_id, "succeeded", "", summary, "score")
    closed = tracking.sweep_record(sweep_id)
    assert (closed.outcome, closed.reason, closed.summary) == ("succeeded", "", summary)
    assert closed.ended is not None
    tracking.close_sweep(sweep_id, "cancelled", "Stopped by eve.", SweepSummary(), "score")
    assert tracking.sweep_record(sweep_id) == closed
    run = tracking.connection.client.get_run(sweep_id)
    assert (run.info.status, run.data.metrics) == ("FINISHED", {"score": 0.5})


def test_an_experiment_in_mlflows_trash_is_restored(tracking: MlflowTracking, tmp_path: Path) -> None:
    first, _ = sweep(tracking, tmp_path, experiment="mine")
    experiment = tracking.sweep_record(first).experiment_id
    tracking.connection.client.delete_experiment(experiment)
    other = MlflowTracking("", tracking.connection.database.parent)
    second, _ = sweep(other, tmp_path, experiment="mine")
    assert other.sweep_record(second).experiment_id == experiment


def test_an_experiment_deleted_while_we_run_is_restored_too(tracking: MlflowTracking, tmp_path: Path) -> None:
    first, _ = sweep(tracking, tmp_path, experiment="mine")
    experiment = tracking.sweep_record(first).experiment_id
    tracking.connection.client.delete_experiment(experiment)
    second, _ = sweep(tracking, tmp_path, experiment="mine")
    assert tracking.sweep_record(second).experiment_id == experiment


# Trials


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


# When the store fails


def test_a_store_that_cannot_be_made_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    tracking = MlflowTracking("", tmp_path / "file" / "mlops")
    with pytest.raises(Unavailable) as refused:
        tracking.ping()
    assert refused.value.message == (
        f"The MLflow store at {tmp_path}/file/mlops/mlflow.db cannot be created: Not a directory. "
        "Make room or give c.MLOps.data_dir a folder you can write to."
    )


def test_a_store_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(Unavailable, match=r"MLflow at .*mlflow.db does not answer \(.*not a database"):
        MlflowTracking("", tmp_path).sweep_records(1)


SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "nobody": lambda: nullcontext("http://127.0.0.1:1"),
    "silence": server_that_says_nothing,
    "something else": server_of_something_else,
    "no database": server_without_its_database,
}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_that_does_not_serve_is_said_so_soon_and_without_credentials(kind: str, tmp_path: Path) -> None:
    with SERVERS[kind]() as address:
        tracking = MlflowTracking(address.replace("//", "//ann:s3cret@"), tmp_path)
        calls: list[Callable[[], Any]] = [
            lambda: tracking.sweep_records(1),
            lambda: keep(tracking),
            lambda: tracking.begin_trial("0" * 32, None, 0),  # type: ignore[arg-type]
            lambda: tracking.known_metrics("a"),
            lambda: list(tracking.ended_records("0" * 32, "0", None, "maximize", 0)),
        ]
        start = time.monotonic()
        for call in calls:
            with pytest.raises(Unavailable) as refused:
                call()
            assert f"MLflow at {address} does not answer" in refused.value.message
            assert "s3cret" not in refused.value.message
        assert time.monotonic() - start < 10
        assert tracking.address == address


def test_an_address_that_is_none_is_said_so(tmp_path: Path) -> None:
    for uri in ("htp://example.org", "http://", "http://[broken", "postgresql+nodriver://ann:s3cret@h/db"):
        with pytest.raises(Unavailable) as refused:
            MlflowTracking(uri, tmp_path).sweep_records(1)
        assert "s3cret" not in refused.value.message


def test_a_database_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(Missing) as refused:
        MlflowTracking("mssql://ann:s3cret@h/db", tmp_path).sweep_records(1)
    assert refused.value.message == "MLflow at mssql://h/db needs a package: pip install pyodbc"

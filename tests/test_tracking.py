"""Sweeps in MLflow, and a store that fails."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import Missing, NotFound, Unavailable
from jupyter_mlops.domain.sweep import Best, SweepSummary
from jupyter_mlops.testing import (
    notebook,
    order_of,
    server_of_something_else,
    server_that_says_nothing,
    server_without_its_database,
)
from tests.tracked import keep, sweep

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

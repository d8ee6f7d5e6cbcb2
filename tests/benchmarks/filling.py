"""Fills a store with thousands of ended trials in seconds: one is made the real way, the others copy its rows."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlops.domain.space import Range
from jupyter_mlops.domain.sweep import SweepOrder, SweepSummary, best_of
from jupyter_mlops.testing import notebook, order_of

if TYPE_CHECKING:
    from jupyter_mlops.backends.tracking.store import MlflowTracking

TABLES = ("runs", "tags", "params", "metrics", "latest_metrics")
OBJECTIVE = "accuracy"
SPACE = {"C": Range(low=0.01, high=100, scale="log"), "gamma": Range(low=1e-5, high=0.1, scale="log")}


def accuracy(index: int) -> float:
    """Some number from 0.5 to 1, different for each trial."""
    return 0.5 + (index * 7919 % 10007) / 20014


def large_sweep(tracking: MlflowTracking, folder: Path, trials: int, ended: int) -> tuple[str, SweepOrder]:
    """A sweep of so many trials, of which the first `ended` have succeeded. It is closed when all have."""
    order = order_of(
        tracking,
        notebook("accuracy = C * gamma", parameters="C = 1.0\ngamma = 0.001"),
        folder,
        parameters=SPACE,
        algorithm="random",
        trials=trials,
        objective=OBJECTIVE,
        experiment="large",
        name="large",
    )
    sweep_id = tracking.create_sweep(order, None)
    if ended:
        first = end_one(tracking, sweep_id, order, 0)
        _copy(tracking.connection.database, order, first, range(1, ended))
    tracking.analyze()  # as the runner does every few hundred trials
    if ended == trials:
        best = best_of({index: accuracy(index) for index in range(trials)}, order.direction)
        summary = SweepSummary(counts={"succeeded": trials}, best=best)
        tracking.close_sweep(sweep_id, "succeeded", "", summary, OBJECTIVE)
    return sweep_id, order


def begin_many(tracking: MlflowTracking, sweep_id: str, order: SweepOrder, trials: int) -> None:
    """Let the first trials of a sweep have begun, all of them."""
    first = tracking.begin_trial(sweep_id, order, 0).run_id
    tracking.set_progress(first, 3, 7)
    _copy(tracking.connection.database, order, first, range(1, trials))


def end_one(tracking: MlflowTracking, sweep_id: str, order: SweepOrder, index: int) -> str:
    """One trial with everything that its worker writes, without its notebook; returns its run."""
    run_id = tracking.begin_trial(sweep_id, order, index).run_id
    tracking.set_progress(run_id, 7, 7)
    tracking.log_metrics(run_id, {OBJECTIVE: accuracy(index), "train_accuracy": 1.0})
    tracking.end_trial(run_id, "succeeded", "", order.point(index))
    return run_id


def _copy(database: Path, order: SweepOrder, model: str, indexes: Sequence[int]) -> None:
    with closing(sqlite3.connect(database)) as store, store:
        for table in TABLES:
            found = store.execute(f"SELECT * FROM {table} WHERE run_uuid = ?", (model,))
            columns = [column[0] for column in found.description]
            rows = [dict(zip(columns, row, strict=True)) for row in found]
            store.executemany(
                f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})",
                (list(_changed(row, model, order, index).values()) for index in indexes for row in rows),
            )


def _changed(row: dict[str, Any], model: str, order: SweepOrder, index: int) -> dict[str, Any]:
    """A row of the model's as a row of another trial's: its id, index, name, parameters, objective and times."""
    run_id = uuid.uuid5(uuid.UUID(model), str(index)).hex
    copy = {**row, "run_uuid": run_id}
    if "artifact_uri" in row:
        copy["artifact_uri"] = row["artifact_uri"].replace(model, run_id)
        copy["name"] = f"{order.name} {index}"
        if row["end_time"] is None:
            return copy
        # Two at once, a second each: they ended one after another, long ago.
        copy["start_time"] = row["start_time"] - 10_000_000 + index * 500
        copy["end_time"] = copy["start_time"] + 1_000
    elif row["key"] == "mlops.index":
        copy["value"] = str(index)
    elif row["key"] == "mlflow.runName":
        copy["value"] = f"{order.name} {index}"
    elif row["key"] == OBJECTIVE:
        copy["value"] = accuracy(index)
    elif row["key"] in SPACE:
        copy["value"] = str(order.point(index)[row["key"]])
    return copy

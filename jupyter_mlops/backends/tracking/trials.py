"""Trials, kept in MLflow: one child run each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_mlops.backends.base import TrialRecord
from jupyter_mlops.backends.tracking import artifacts, records
from jupyter_mlops.backends.tracking.connection import translated
from jupyter_mlops.backends.tracking.sweeps import SweepRuns
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.parameters import Value
from jupyter_mlops.domain.sweep import SweepOrder
from jupyter_mlops.domain.trial import Failure, Outcome

if TYPE_CHECKING:
    from mlflow.entities import Run

FIRST_PAGE = 200
PAGE = 1_000
_INHERITED = ("mlflow.user", naming.DIRTY, naming.SNAPSHOT)


class TrialRuns(SweepRuns):
    """The part of the store that holds trials, below their sweeps."""

    @translated
    def begin_trial(self, sweep_id: str, order: SweepOrder, index: int) -> TrialRecord:
        """The run of a trial: the one it has already, counted as one more attempt, else a new one."""
        client = self.connection.client
        sweep = self._sweep_run(sweep_id)
        known = self._find_trial(sweep.info.experiment_id, sweep_id, index)
        if known is not None:
            record = records.trial_record(known, order.objective)
            if record.outcome is None:
                record = msgspec.structs.replace(record, attempt=record.attempt + 1)
                records.set_tags(
                    self.connection.client, record.run_id, {naming.ATTEMPT: str(record.attempt), naming.PROGRESS: "0/0"}
                )
                client.update_run(record.run_id, status="RUNNING")
            return record
        inherited = {k: v for k, v in sweep.data.tags.items() if k.startswith("mlflow.source.") or k in _INHERITED}
        run = client.create_run(
            sweep.info.experiment_id,
            run_name=f"{order.name} {index}",
            tags={
                **inherited,
                naming.PARENT: sweep_id,
                naming.KIND: "trial",
                naming.INDEX: str(index),
                naming.ATTEMPT: "1",
            },
        )
        return records.trial_record(run, order.objective)

    def _find_trial(self, experiment_id: str, sweep_id: str, index: int) -> Run | None:
        found = self.connection.client.search_runs(
            [experiment_id],
            f"tags.`{naming.PARENT}` = '{sweep_id}' and tags.`{naming.INDEX}` = '{index}'",
            max_results=1,
            order_by=["attributes.start_time ASC"],
        )
        return found[0] if found else None

    @translated
    def trial_record(self, sweep_id: str, index: int, objective: str | None) -> TrialRecord | None:
        run = self._find_trial(self._sweep_run(sweep_id).info.experiment_id, sweep_id, index)
        return records.trial_record(run, objective) if run else None

    @translated
    def live_records(self, sweep_id: str, experiment_id: str, objective: str | None) -> list[TrialRecord]:
        """Trials whose MLflow run is RUNNING."""
        return [
            r
            for page in self._search(sweep_id, experiment_id, objective, "attributes.status = 'RUNNING'", [])
            for r in page
        ]

    def ended_records(
        self, sweep_id: str, experiment_id: str, objective: str | None, direction: str, after: int
    ) -> Iterator[list[TrialRecord]]:
        """Trials that ended at or after a time in milliseconds, in pages; best first when asked from the beginning."""
        where = f"attributes.end_time >= {after}" if after else ""
        best = "DESC" if direction == "maximize" else "ASC"
        order = [f"metrics.{_backticked(objective)} {best}"] if objective and not after else []
        return self._search(sweep_id, experiment_id, objective, where, order)

    def _search(
        self, sweep_id: str, experiment_id: str, objective: str | None, where: str, order: list[str]
    ) -> Iterator[list[TrialRecord]]:
        token: str | None = None
        size = FIRST_PAGE
        condition = f"tags.`{naming.PARENT}` = '{sweep_id}'" + (f" and {where}" if where else "")
        while True:
            page = self._page(experiment_id, condition, order, size, token)
            # Runs that notebook code nested below the sweep by its own means have no index.
            yield [r for r in (records.trial_record(run, objective) for run in page) if r.index >= 0]
            token, size = page.token, PAGE
            if not token:
                return

    @translated
    def _page(self, experiment_id: str, condition: str, order: list[str], size: int, token: str | None) -> Any:
        return self.connection.client.search_runs(
            [experiment_id], condition, max_results=size, order_by=order or None, page_token=token
        )

    @translated
    def end_trial(
        self,
        run_id: str,
        outcome: Outcome,
        reason: str,
        parameters: Mapping[str, Value],
        failure: Failure = "notebook",
    ) -> None:
        """Write a trial's outcome, once: a run that has one already keeps it.

        Parameters are written here and not at the start, so that a notebook which logs a parameter of the same name
        is not refused by MLflow, whose parameters never change.
        """
        from mlflow.entities import Param

        run = self.connection.client.get_run(run_id)
        texts = {name: str(value) for name, value in parameters.items() if name not in run.data.params}
        if any(len(text) > naming.MAX_PARAM for text in texts.values()):
            artifacts.write(self.connection.client, run, naming.PARAMETERS_FILE, msgspec.json.encode(dict(parameters)))
        params = [Param(name, naming.shortened(text, naming.MAX_PARAM)) for name, text in texts.items()]
        for start in range(0, len(params), 100):
            self.connection.client.log_batch(run_id, params=params[start : start + 100])
        if outcome == "failed" and failure != "notebook" and naming.OUTCOME not in run.data.tags:
            records.set_tags(self.connection.client, run_id, {naming.FAILURE: failure})
        self._finish(run, outcome, reason)

    @translated
    def set_progress(self, run_id: str, done: int, total: int) -> None:
        records.set_tags(self.connection.client, run_id, {naming.PROGRESS: f"{done}/{total}"})

    @translated
    def trial_metrics(self, run_id: str) -> dict[str, float]:
        """The trial's own metrics, and below them those of runs its notebook opened besides, newest first."""
        client = self.connection.client
        run = client.get_run(run_id)
        metrics = dict(run.data.metrics)
        experiments = [e.experiment_id for e in client.search_experiments(max_results=1000)]
        for child in client.search_runs(
            experiments,
            f"tags.`{naming.PARENT}` = '{run_id}'",
            max_results=100,
            order_by=["attributes.start_time DESC"],
        ):
            for name, value in child.data.metrics.items():
                metrics.setdefault(name, value)
        return metrics

    @translated
    def keep_artifact(self, run_id: str, name: str, content: bytes) -> None:
        artifacts.write(self.connection.client, self.connection.client.get_run(run_id), name, content)

    @translated
    def trial_notebook(self, run_id: str) -> bytes | None:
        return artifacts.read(self.connection.client, self.connection.client.get_run(run_id), naming.NOTEBOOK_FILE)

    @translated
    def trial_log(self, run_id: str) -> bytes | None:
        return artifacts.read(self.connection.client, self.connection.client.get_run(run_id), naming.LOG_FILE)

    @translated
    def known_metrics(self, experiment: str) -> list[str]:
        """Names of the metrics that the newest runs of an experiment logged."""
        client = self.connection.client
        found = client.get_experiment_by_name(experiment)
        if found is None:
            return []
        runs = client.search_runs([found.experiment_id], max_results=20, order_by=["attributes.start_time DESC"])
        return sorted({name for run in runs for name in run.data.metrics})


def _backticked(name: str | None) -> str:
    return f"`{name}`"

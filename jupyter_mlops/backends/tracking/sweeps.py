"""Sweeps, kept in MLflow: one parent run each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from jupyter_mlops.backends.base import SweepRecord
from jupyter_mlops.backends.tracking import artifacts, records
from jupyter_mlops.backends.tracking.connection import Connection, translated
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import NotFound
from jupyter_mlops.domain.snapshot import GitState
from jupyter_mlops.domain.sweep import SweepOrder, SweepOutcome, SweepSummary
from jupyter_mlops.domain.verification import VerificationResult

if TYPE_CHECKING:
    from mlflow.entities import Run


class SweepRuns:
    """The part of the store that holds sweeps."""

    connection: Connection

    @property
    def address(self) -> str:
        return self.connection.address

    @translated
    def create_sweep(self, order: SweepOrder, git: GitState | None) -> str:
        """Write a sweep's order. It becomes a sweep, with its kind tag, only when the order is whole."""
        client = self.connection.client
        tags = {
            "mlflow.user": order.user,
            "mlflow.source.name": order.notebook,
            "mlflow.source.type": "NOTEBOOK",
            naming.SNAPSHOT: order.snapshot,
            naming.PURPOSE: order.purpose,
        }
        if git is not None:
            tags |= {"mlflow.source.git.commit": git.commit, naming.DIRTY: str(git.dirty).lower()}
        run = client.create_run(self.connection.experiment_id(order.experiment), run_name=order.name, tags=tags)
        artifacts.write(
            self.connection.client,
            run,
            naming.SWEEP_FILE,
            msgspec.json.format(msgspec.json.encode(order), indent=1),
        )
        records.set_tags(self.connection.client, run.info.run_id, {naming.KIND: "sweep"})
        return str(run.info.run_id)

    def _sweep_run(self, sweep_id: str) -> Run:
        missing = NotFound(
            f"There is no sweep {sweep_id!r} in MLflow at {self.address}. List them: jupyter mlops sweep list"
        )
        if len(sweep_id) != 32 or not sweep_id.isalnum():
            raise missing
        try:
            run = _get_run(self.connection, sweep_id)
        except NotFound:
            raise missing from None
        if run.data.tags.get(naming.KIND) != "sweep":
            raise missing
        if run.info.lifecycle_stage == "deleted":
            raise NotFound(
                f"Sweep {run.info.run_name} was deleted in MLflow at {self.address}, or its experiment was. What has "
                f"been kept can be brought back there, then press Resume: mlflow runs restore --run-id {sweep_id}, or "
                f"mlflow experiments restore --experiment-id {run.info.experiment_id}"
            )
        return run

    @translated
    def sweep_order(self, sweep_id: str) -> SweepOrder:
        return msgspec.json.decode(
            artifacts.require(self.connection.client, self._sweep_run(sweep_id), naming.SWEEP_FILE), type=SweepOrder
        )

    @translated
    def sweep_record(self, sweep_id: str) -> SweepRecord:
        return records.sweep_record(self._sweep_run(sweep_id))

    @translated
    def sweep_records(self, limit: int, snapshot: str = "") -> list[SweepRecord]:
        """The newest sweeps of all experiments, verifications among them; or those of one snapshot."""
        client = self.connection.client
        experiments = [e.experiment_id for e in client.search_experiments(max_results=1000)]
        found = client.search_runs(
            experiments,
            f"tags.`{naming.KIND}` = 'sweep'" + (f" and tags.`{naming.SNAPSHOT}` = '{snapshot}'" if snapshot else ""),
            max_results=limit,
            order_by=["attributes.start_time DESC"],
        )
        return [records.sweep_record(run) for run in found]

    @translated
    def close_sweep(
        self, sweep_id: str, outcome: SweepOutcome, reason: str, summary: SweepSummary, objective: str | None
    ) -> None:
        """Write a sweep's outcome, once, with its best value as the parent run's metric for MLflow's own table."""
        run = self._sweep_run(sweep_id)
        if summary.best is not None and objective is not None:
            self.log_metrics(sweep_id, {objective: summary.best.objective})
        if naming.OUTCOME not in run.data.tags:
            records.set_tags(self.connection.client, sweep_id, {naming.SUMMARY: msgspec.json.encode(summary).decode()})
        self._finish(run, outcome, reason)

    @translated
    def keep_verdict(self, sweep_id: str, result: VerificationResult) -> None:
        """Write what a verification found, before its outcome."""
        run = self._sweep_run(sweep_id)
        content = msgspec.json.format(msgspec.json.encode(result), indent=1)
        artifacts.write(self.connection.client, run, naming.VERIFICATION_FILE, content)
        records.set_tags(self.connection.client, sweep_id, {naming.VERDICT: result.verdict})

    @translated
    def verification(self, sweep_id: str) -> bytes | None:
        """What a verification found, as JSON; None while it runs."""
        return artifacts.read(self.connection.client, self._sweep_run(sweep_id), naming.VERIFICATION_FILE)

    @translated
    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self.connection.client.log_batch(run_id, metrics=[Metric(k, v, now, 0) for k, v in metrics.items()])

    def _finish(self, run: Run, outcome: str, reason: str) -> None:
        known = run.data.tags.get(naming.OUTCOME)
        if known is None:
            why = {naming.REASON: reason} if reason else {}
            records.set_tags(self.connection.client, run.info.run_id, {**why, naming.OUTCOME: outcome})
        status = records.STATUS[known or outcome]
        if known is None or run.info.status != status:
            self.connection.client.set_terminated(run.info.run_id, status)


def _get_run(connection: Connection, run_id: str) -> Run:
    from mlflow.exceptions import MlflowException

    try:
        return connection.client.get_run(run_id)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise NotFound(str(error.message)) from error
        raise

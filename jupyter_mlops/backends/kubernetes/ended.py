"""What is left to write when a Job has ended: whoever looks at it does.

Pods write the outcomes of their own trials, and the last one closes the sweep. Left over are trials that the platform
ended, and sweeps that were stopped.
"""

from __future__ import annotations

import threading
import time

from jupyter_mlops.backends.base import Tracking, TrialRecord
from jupyter_mlops.backends.closing import close, end_trial, open_trials
from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.died import died, out_of_memory
from jupyter_mlops.backends.kubernetes.held_up import held_up
from jupyter_mlops.backends.kubernetes.manifests import STOPPED_BY
from jupyter_mlops.backends.kubernetes.objects import Job, condition
from jupyter_mlops.backends.kubernetes.observed import Observed, exit_code, finished, trials_of
from jupyter_mlops.domain import exits
from jupyter_mlops.domain.errors import MlopsError
from jupyter_mlops.domain.indexes import ranges
from jupyter_mlops.domain.sweep import SweepOrder
from jupyter_mlops.domain.trial import Failure

AGAIN_SECONDS = 5.0
"""Between tries to close the books of one sweep."""


class Ended:
    """Closes the books of sweeps whose Jobs have ended, one at a time."""

    def __init__(self, api: ApiServer, tracking: Tracking) -> None:
        self._api = api
        self._tracking = tracking
        self._lock = threading.Lock()
        self._settled: set[str] = set()
        """Sweeps that have their outcome: it never changes."""
        self._tried: dict[str, float] = {}

    def settle(self, sweep_id: str, order: SweepOrder, job: Job, observed: Observed) -> bool:
        """Write what is left to write; whether the sweep has its outcome now."""
        with self._lock:
            if sweep_id in self._settled:
                return True
            if time.monotonic() - self._tried.get(sweep_id, -AGAIN_SECONDS) < AGAIN_SECONDS:
                return False
            if not finished(job) and (job.status.active or job.status.terminating or observed.pods(sweep_id)):
                return False  # it was stopped, and its pods are ending
            self._tried[sweep_id] = time.monotonic()
            if self._tracking.sweep_record(sweep_id).outcome is None:
                self._write(sweep_id, order, job, observed)
            if self._tracking.sweep_record(sweep_id).outcome is None:
                return False
            self._settled.add(sweep_id)
            if STOPPED_BY in job.metadata.annotations:
                self._remove(job)
            return True

    def _write(self, sweep_id: str, order: SweepOrder, job: Job, observed: Observed) -> None:
        stopped_by = job.metadata.annotations.get(STOPPED_BY)
        if stopped_by is not None:
            reason = f"Stopped by {stopped_by}."
            self._cancel_begun(sweep_id, order, reason)
            close(self._tracking, sweep_id, order, "cancelled", reason)
            return
        failed = condition(job.status.conditions, "Failed")
        if failed is not None and failed.reason == "PodFailurePolicy":
            reason = self._hopeless(sweep_id, order, job, observed)
            self._cancel_begun(sweep_id, order, reason)
            close(self._tracking, sweep_id, order, "failed", reason)
            return
        if failed is not None and failed.reason == "DeadlineExceeded":
            reason = held_up(job)
            self._cancel_begun(sweep_id, order, reason)
            close(self._tracking, sweep_id, order, "failed", reason)
            return
        self._platform_failed(sweep_id, order, job, observed)
        if not open_trials(self._tracking, sweep_id, order):
            close(self._tracking, sweep_id, order)

    def _platform_failed(self, sweep_id: str, order: SweepOrder, job: Job, observed: Observed) -> None:
        """Trials whose pods failed as often as they may, and not by the notebook's doing."""
        pods = observed.failed(sweep_id)
        left = set(open_trials(self._tracking, sweep_id, order))
        for completion in ranges(job.status.failed_indexes):
            pod = pods.get(completion)
            said = died(pod, order.profile) if pod is not None and order.profile is not None else ""
            failure: Failure = "memory" if pod is not None and out_of_memory(pod) else "machine"
            tried = "" if failure == "memory" or order.max_attempts < 2 else f"Tried {order.max_attempts} times."
            why = f"{said or 'Its pod failed.'} {tried}".strip()
            for index in trials_of(job, completion):
                if index in left:
                    end_trial(self._tracking, sweep_id, order, index, "failed", why, failure)

    def _hopeless(self, sweep_id: str, order: SweepOrder, job: Job, observed: Observed) -> str:
        """Why every other trial would have ended like the one that failed the Job."""
        for completion, pod in observed.failed(sweep_id).items():
            if exit_code(pod) in (exits.NO_OBJECTIVE, exits.NO_ENVIRONMENT):
                for index in trials_of(job, completion):
                    record = self._tracking.trial_record(sweep_id, index, order.objective)
                    if record is not None and record.reason and exit_code(pod) == exits.NO_OBJECTIVE:
                        return f"No trial has logged the objective. {record.reason} Sweep again with one of these."
                    if record is not None and record.reason:
                        return record.reason
        return "A trial ended in a way that every other would."

    def _cancel_begun(self, sweep_id: str, order: SweepOrder, reason: str) -> None:
        experiment = self._tracking.sweep_record(sweep_id).experiment_id
        begun: list[TrialRecord] = self._tracking.live_records(sweep_id, experiment, None)
        for record in begun:
            end_trial(self._tracking, sweep_id, order, record.index, "cancelled", reason)

    def _remove(self, job: Job) -> None:
        """A Job that was stopped has nothing left to tell."""
        path = f"/apis/batch/v1/namespaces/{job.metadata.namespace}/jobs/{job.metadata.name}"
        try:
            self._api.delete(path, propagationPolicy="Background")
        except MlopsError:
            return  # it is suspended, and goes with its time to live or its namespace

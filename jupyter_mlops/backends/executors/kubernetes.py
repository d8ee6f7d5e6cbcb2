"""Trials as pods of a cluster: one Indexed Job per sweep.

Nothing about a sweep is remembered here. What people want stands in the Job, what came of it in MLflow, and what is
going on is watched; so another server, or a terminal, sees and can do the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from jupyter_mlops.backends.base import Tracking
from jupyter_mlops.backends.closing import close, end_trial, open_trials
from jupyter_mlops.backends.executors.base import ExecutorContext, SweepPlacement
from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.ended import Ended
from jupyter_mlops.backends.kubernetes.hold import Hold
from jupyter_mlops.backends.kubernetes.known import KnownSweeps
from jupyter_mlops.backends.kubernetes.manifests import CONTAINER, PAUSED_BY, STOPPED_BY, SWEEP, SweepJob, job
from jupyter_mlops.backends.kubernetes.objects import Job, Pod
from jupyter_mlops.backends.kubernetes.observed import Observed, completion_index, finished, number_of, trials_of
from jupyter_mlops.backends.kubernetes.reasons import died, waiting
from jupyter_mlops.backends.kubernetes.settings import Kubernetes, namespace_of, reachable_problem
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import Conflict, Invalid, MlopsError, NotFound
from jupyter_mlops.domain.indexes import ranges
from jupyter_mlops.domain.profile import ComputeProfile, ExecutorOffer, chosen, offer_of
from jupyter_mlops.domain.sweep import SweepOrder

LOG_BYTES = 4 * 1024 * 1024
"""The most of a running trial's log that is read; all of it is kept with its run when it ends."""


class KubernetesExecutor:
    """Runs sweeps as Jobs of a cluster.

    Args:
        tracking: the store, for orders, and for what a cluster's end of a trial means.
        tracking_uri: the store's address as pods reach it.
        user: who asks.
    """

    name = "kubernetes"

    def __init__(self, api: ApiServer, settings: Kubernetes, tracking: Tracking, tracking_uri: str, user: str) -> None:
        self._api = api
        self._settings = settings
        self._tracking = tracking
        self._uri = tracking_uri
        self._user = user
        self._profiles = settings.offered()
        self._known = KnownSweeps(api, tracking)
        self._ended = Ended(api, tracking)
        self._hold = Hold(api)

    @classmethod
    def from_context(cls, context: ExecutorContext) -> KubernetesExecutor:
        settings = Kubernetes.configured(context.config)
        uri = settings.tracking_uri or context.environment.get("MLFLOW_TRACKING_URI", "")
        api = ApiServer(settings.kubeconfig, settings.context)
        return cls(api, settings, context.tracking, uri, context.user)

    def close(self) -> None:
        """Watch nothing any more, and let go of the connections. What runs on the cluster goes on."""
        self._known.close()
        self._api.close()

    # What is offered

    def offer(self) -> ExecutorOffer:
        return ExecutorOffer(
            name=self.name,
            parallelism=self.default_parallelism(),
            profiles=[offer_of(profile) for profile in self._profiles],
            problem=self._problem(),
        )

    def _problem(self) -> str:
        if not self._profiles:
            return "No compute profiles are offered: an administrator sets c.Kubernetes.profiles."
        return reachable_problem(self._uri)

    def profile(self, name: str | None) -> ComputeProfile:
        problem = self._problem()
        if problem:
            raise Invalid.one("executor", problem)
        return chosen(self._profiles, name)

    def default_parallelism(self) -> int:
        return self._profiles[0].parallelism if self._profiles else 1

    def examine(self) -> list[Finding]:
        from jupyter_mlops.backends.kubernetes.checks import examine
        from jupyter_mlops.backends.kubernetes.probe import sample_job

        sample = sample_job(self._settings, self._user, self._uri)
        return examine(self._api, self._settings, self._user, self._uri, sample)

    # Starting

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        if self._tracking.sweep_record(sweep_id).outcome is not None:
            return
        observed = self._known.observed(sweep_id)
        known = self._known.job(sweep_id)
        if known is not None and not finished(known):
            if STOPPED_BY in known.metadata.annotations:
                self._ended.settle(sweep_id, order, known, observed)
            return
        indexes = list(range(order.trials)) if known is None else open_trials(self._tracking, sweep_id, order)
        if not indexes:
            close(self._tracking, sweep_id, order)
            return
        self._create(sweep_id, order, indexes, 1 if known is None else number_of(known) + 1)

    def _create(self, sweep_id: str, order: SweepOrder, indexes: list[int], number: int) -> None:
        profile = order.profile
        assert profile is not None
        namespace = namespace_of(profile, order.user)
        made = SweepJob(
            sweep_id=sweep_id,
            order=order,
            profile=profile,
            number=number,
            indexes=indexes,
            namespace=namespace,
            tracking_uri=self._uri,
            secret=self._settings.secret,
            keep_seconds=self._settings.keep_seconds,
        )
        try:
            created = self._api.create(f"/apis/batch/v1/namespaces/{namespace}/jobs", job(made))
        except Conflict:
            return  # whoever started it at the same time was first
        self._known.observed(sweep_id).put(msgspec.convert(created, Job))

    # Steering

    def pause(self, sweep_id: str) -> None:
        self._patch(sweep_id, {PAUSED_BY: self._user}, {"suspend": True})

    def resume(self, sweep_id: str) -> None:
        known = self._known.job(sweep_id)
        if known is not None and PAUSED_BY in known.metadata.annotations:
            self._patch(sweep_id, {PAUSED_BY: None}, {"suspend": False})

    def scale(self, sweep_id: str, parallelism: int) -> None:
        known = self._known.job(sweep_id)
        if known is not None:
            self._patch(sweep_id, {}, {"parallelism": min(parallelism, known.spec.completions or parallelism)})

    def stop(self, sweep_id: str, by: str) -> None:
        if not self._patch(sweep_id, {STOPPED_BY: by}, {"suspend": True}):
            order = self._known.order(sweep_id)
            if order is not None:
                close(self._tracking, sweep_id, order, "cancelled", f"Stopped by {by}.")

    def stop_trial(self, sweep_id: str, index: int, by: str) -> None:
        """Write that it was stopped, then end its pod: the one that replaces it finds the outcome, and ends at once."""
        order = self._known.order(sweep_id)
        known = self._known.job(sweep_id)
        if order is None:
            return
        end_trial(self._tracking, sweep_id, order, index, "cancelled", f"Stopped by {by}.")
        for pod in self._known.observed(sweep_id).pods(sweep_id):
            if known is not None and index in trials_of(known, completion_index(pod)):
                self._api.delete(f"/api/v1/namespaces/{pod.metadata.namespace}/pods/{pod.metadata.name}")

    def _patch(self, sweep_id: str, annotations: Mapping[str, str | None], spec: Mapping[str, Any]) -> bool:
        """Change what is wanted of a Job that has not ended; whether there is one."""
        known = self._known.job(sweep_id)
        if known is None or finished(known):
            return False
        path = f"/apis/batch/v1/namespaces/{known.metadata.namespace}/jobs/{known.metadata.name}"
        body: dict[str, Any] = {"metadata": {"annotations": dict(annotations)}, "spec": dict(spec)}
        try:
            changed = self._api.patch(path, body)
        except NotFound:
            return False
        self._known.observed(sweep_id).put(msgspec.json.decode(changed, type=Job))
        return True

    # Looking

    def placement(self, sweep_id: str) -> SweepPlacement:
        try:
            observed = self._known.observed(sweep_id)
        except NotFound:
            return SweepPlacement(alive=False)
        known = observed.job(sweep_id)
        if known is None:
            # Where the cluster cannot be asked, nothing is known to be lost.
            return SweepPlacement(alive=bool(observed.problem), message=observed.problem)
        over = bool(finished(known))
        stopped = STOPPED_BY in known.metadata.annotations
        if over or stopped:
            order = self._known.order(sweep_id)
            if order is not None and self._ended.settle(sweep_id, order, known, observed):
                return SweepPlacement(alive=False, stopped=stopped)
        pods = observed.pods(sweep_id)
        active, reasons = self._trials(known, pods, observed.failed(sweep_id))
        held = "" if over or stopped else self._hold.why(known, pods)
        return SweepPlacement(
            alive=not over,
            active=frozenset(active),
            paused=known.spec.suspend and PAUSED_BY in known.metadata.annotations,
            stopped=stopped,
            parallelism=known.spec.parallelism,
            message=observed.problem or held,
            reasons=reasons,
            waiting=held,
        )

    def _trials(self, known: Job, pods: list[Pod], failed: dict[int, Pod]) -> tuple[set[int], dict[int, str]]:
        """Trials that a pod runs, and why others do not run."""
        active: set[int] = set()
        reasons: dict[int, str] = {}
        order = self._known.order(known.metadata.labels[SWEEP])
        if order is None or order.profile is None:
            return active, reasons
        for_good = set(ranges(known.status.failed_indexes))
        for completion, pod in failed.items():
            said = died(pod, order.profile) + ("" if completion in for_good else " It is tried again.")
            reasons |= dict.fromkeys(trials_of(known, completion), said)
        for pod in pods:
            trials = trials_of(known, completion_index(pod))
            if pod.status.phase == "Running":
                active.update(trials)
            else:
                reasons |= dict.fromkeys(trials, waiting(pod, order.profile))
        return active, reasons

    def log(self, sweep_id: str, index: int) -> bytes | None:
        known = self._known.job(sweep_id)
        if known is None:
            return None
        for pod in self._known.observed(sweep_id).pods(sweep_id):
            if pod.status.phase == "Running" and index in trials_of(known, completion_index(pod)):
                path = f"/api/v1/namespaces/{pod.metadata.namespace}/pods/{pod.metadata.name}/log"
                try:
                    return self._api.text(path, container=CONTAINER, limitBytes=LOG_BYTES)
                except (NotFound, Invalid):
                    return b""  # it has just ended, or its container is not made yet
        return None

    def revision(self, sweep_id: str) -> str:
        try:
            return self._known.observed(sweep_id).revision(sweep_id)
        except MlopsError:
            return ""

    def live(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for profile in self._profiles:
            observed = self._known.namespace(namespace_of(profile, self._user))
            sweeps = observed.sweeps().items()
            found |= {sweep: revision for sweep, revision in sweeps if not self._is_over(sweep, observed)}
        return found

    def _is_over(self, sweep_id: str, observed: Observed) -> bool:
        """Whether a sweep needs nobody any more; closes its books when its Job has ended and nobody has."""
        known = observed.job(sweep_id)
        if known is None:
            return True
        if not finished(known) and STOPPED_BY not in known.metadata.annotations:
            return False
        order = self._known.order(sweep_id)
        return order is None or self._ended.settle(sweep_id, order, known, observed)

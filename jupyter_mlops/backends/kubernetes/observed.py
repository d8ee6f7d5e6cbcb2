"""What a namespace shows of our sweeps: their Jobs, the pods that wait or run, and how pods failed."""

from __future__ import annotations

import functools
import threading
from collections import defaultdict

from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.manifests import (
    COMPLETION_INDEX,
    CONTAINER,
    INDEXES,
    MANAGED,
    MANAGER,
    PER_POD,
    SWEEP,
)
from jupyter_mlops.backends.kubernetes.objects import Job, Pod, condition
from jupyter_mlops.backends.kubernetes.watch import Watch
from jupyter_mlops.domain import exits
from jupyter_mlops.domain.indexes import ranges

FIRST_LIST_SECONDS = 20.0
_OUTCOMES = (exits.SUCCEEDED, exits.NOTEBOOK_FAILED)
"""With these the trial's outcome stands in MLflow."""


class Observed:
    """Kept up to date by two watches; what has succeeded is forgotten at once, for MLflow knows of it."""

    def __init__(self, api: ApiServer, namespace: str) -> None:
        self.namespace = namespace
        self._lock = threading.Lock()
        self._jobs: dict[str, dict[int, Job]] = defaultdict(dict)
        """By sweep and number."""
        self._pods: dict[str, dict[str, Pod]] = defaultdict(dict)
        """Those that wait, run or end, by sweep and name."""
        self._failed: dict[str, dict[tuple[int, int], Pod]] = defaultdict(dict)
        """The last pod that failed, by sweep, and number of the Job and completion index."""
        self._changes: dict[str, int] = defaultdict(int)
        selector = f"{MANAGED}={MANAGER},{SWEEP}"
        self._watches = (
            Watch(
                api,
                f"/apis/batch/v1/namespaces/{namespace}/jobs",
                selector,
                Job,
                seen=self.put,
                gone=self._job_gone,
                listed=self._jobs_listed,
            ),
            Watch(
                api,
                f"/api/v1/namespaces/{namespace}/pods",
                selector,
                Pod,
                seen=self._pod_seen,
                gone=self._pod_gone,
                listed=self._pods_listed,
            ),
        )
        for watch in self._watches:
            watch.start()

    def stop(self) -> None:
        """Watch no longer."""
        for watch in self._watches:
            watch.stop()

    def ready(self) -> bool:
        """Whether everything was listed once; waits for it, not for ever."""
        return all(watch.wait(FIRST_LIST_SECONDS) for watch in self._watches)

    @property
    def problem(self) -> str:
        """Why what is shown may be old; empty while it is not."""
        return next((watch.problem for watch in self._watches if watch.problem), "")

    # Reading

    def job(self, sweep_id: str) -> Job | None:
        """The sweep's newest Job."""
        with self._lock:
            jobs = self._jobs.get(sweep_id)
            return jobs[max(jobs)] if jobs else None

    def pods(self, sweep_id: str) -> list[Pod]:
        """Pods of the sweep that wait, run or end."""
        with self._lock:
            return list(self._pods.get(sweep_id, {}).values())

    def failed(self, sweep_id: str) -> dict[int, Pod]:
        """The last pod that failed, by completion index of the newest Job."""
        with self._lock:
            newest = max(self._jobs.get(sweep_id, {0: None}))
            return {index: pod for (job, index), pod in self._failed.get(sweep_id, {}).items() if job == newest}

    def sweeps(self) -> dict[str, str]:
        """Sweeps that have a Job, each with its revision."""
        with self._lock:
            return {sweep_id: str(self._changes[sweep_id]) for sweep_id, jobs in self._jobs.items() if jobs}

    def revision(self, sweep_id: str) -> str:
        """Changes whenever something of the sweep does."""
        with self._lock:
            return str(self._changes.get(sweep_id, 0))

    # Watching

    def put(self, job: Job) -> None:
        """Take note of a Job: the watch's, or one that we have just made or changed and whose news are on their way."""
        sweep_id, number = job.metadata.labels.get(SWEEP, ""), number_of(job)
        with self._lock:
            known = self._jobs[sweep_id].get(number)
            if known is not None and known.metadata.uid == job.metadata.uid and _newer(known, job):
                return
            self._jobs[sweep_id][number] = job
            self._changes[sweep_id] += 1

    def _job_gone(self, job: Job) -> None:
        sweep_id = job.metadata.labels.get(SWEEP, "")
        with self._lock:
            known = self._jobs.get(sweep_id, {}).get(number_of(job))
            if known is not None and known.metadata.uid == job.metadata.uid:
                del self._jobs[sweep_id][number_of(job)]
            self._forget(sweep_id)
            self._changes[sweep_id] += 1

    def _forget(self, sweep_id: str) -> None:
        if not self._jobs.get(sweep_id):
            for kept in (self._jobs, self._pods, self._failed):
                kept.pop(sweep_id, None)

    def _jobs_listed(self, jobs: list[Job]) -> None:
        listed = {(job.metadata.labels.get(SWEEP, ""), number_of(job)) for job in jobs}
        with self._lock:
            gone = [job for kept in self._jobs.values() for job in kept.values()]
        for job in gone:
            if (job.metadata.labels.get(SWEEP, ""), number_of(job)) not in listed:
                self._job_gone(job)
        for job in jobs:
            self.put(job)

    def _pod_seen(self, pod: Pod) -> None:
        sweep_id, name = pod.metadata.labels.get(SWEEP, ""), pod.metadata.name
        with self._lock:
            if pod.status.phase in ("Succeeded", "Failed"):
                self._pods[sweep_id].pop(name, None)
                if pod.status.phase == "Failed" and exit_code(pod) not in _OUTCOMES:
                    self._failed[sweep_id][_job_number(pod), completion_index(pod)] = pod
            else:
                self._pods[sweep_id][name] = pod
            self._changes[sweep_id] += 1

    def _pod_gone(self, pod: Pod) -> None:
        sweep_id = pod.metadata.labels.get(SWEEP, "")
        with self._lock:
            if condition(pod.status.conditions, "DisruptionTarget") is not None:
                # Only this last news of a pod that was evicted or preempted says so.
                self._failed[sweep_id][_job_number(pod), completion_index(pod)] = pod
            self._pods.get(sweep_id, {}).pop(pod.metadata.name, None)
            self._changes[sweep_id] += 1

    def _pods_listed(self, pods: list[Pod]) -> None:
        with self._lock:
            self._pods.clear()
        for pod in pods:
            self._pod_seen(pod)


def number_of(job: Job) -> int:
    """Which Job of its sweep: the end of its name."""
    return int(job.metadata.name.rpartition("-")[2])


def _job_number(pod: Pod) -> int:
    name = pod.metadata.labels.get("batch.kubernetes.io/job-name", "-0")
    return int(name.rpartition("-")[2])


def completion_index(pod: Pod) -> int:
    """The pod's index among those of its Job."""
    return int(pod.metadata.labels.get(COMPLETION_INDEX, "-1"))


def trials_of(job: Job, completion: int) -> list[int]:
    """Trials that a pod of a Job runs."""
    which = _indexes(job.metadata.annotations.get(INDEXES, ""))
    per_pod = int(job.metadata.annotations.get(PER_POD, "1"))
    return which[completion * per_pod : (completion + 1) * per_pod]


@functools.lru_cache(maxsize=64)
def _indexes(written: str) -> list[int]:
    """Asked for every pod, of Jobs with ten thousand of them."""
    return ranges(written)


def exit_code(pod: Pod) -> int | None:
    """What the trial program ended with; None while it runs, or if it never did."""
    for status in pod.status.container_statuses:
        if status.name == CONTAINER and status.state.terminated is not None:
            return status.state.terminated.exit_code
    return None


def finished(job: Job) -> str:
    """`Complete` or `Failed` once nothing of a Job runs or will run; else empty."""
    for type_ in ("Complete", "Failed"):
        found = condition(job.status.conditions, type_)
        if found is not None and found.status == "True":
            return type_
    return ""


def _newer(one: Job, other: Job) -> bool:
    """Resource versions of one object grow: https://kubernetes.io/docs/reference/using-api/api-concepts/."""
    try:
        return int(one.metadata.resource_version) > int(other.metadata.resource_version)
    except ValueError:
        return False

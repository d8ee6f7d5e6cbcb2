"""Why nothing of a Job starts: asked of its events and of Kueue, only while somebody looks and something waits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

import msgspec

from jupyter_mlops.backends.kubernetes import queued
from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.held_up import QUEUE_LABEL, held_up
from jupyter_mlops.backends.kubernetes.objects import Event, Job, Pod, Workload
from jupyter_mlops.domain.errors import MlopsError, NotFound

FRESH_SECONDS = 10.0
OLD_SECONDS = 60.0
FIRST_SECONDS = 2.0
"""A look waits so long for an answer when there is none, or an old one. Others show the last one until there is a new
one: an API server that is busy with a sweep's pods takes a second."""


class _Events(msgspec.Struct, frozen=True):
    items: list[Event] = []


class _Workloads(msgspec.Struct, frozen=True):
    items: list[Workload] = []


class Hold:
    """Remembers for some seconds what a Job waits for, so that ten pages cost one question."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, str]] = {}
        self._asked: dict[str, Future[str]] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="mlops-hold")

    def why(self, job: Job, pods: list[Pod]) -> str:
        """Why a Job that has not ended has fewer pods than it may; empty when it has them, or nobody says."""
        wanted = job.spec.parallelism or 0
        if len(pods) >= wanted or (job.spec.suspend and QUEUE_LABEL not in job.metadata.labels):
            return ""
        uid = job.metadata.uid
        with self._lock:
            at, said = self._known.get(uid, (0.0, ""))
            if at and time.monotonic() - at < FRESH_SECONDS:
                return said
            asked = self._asked.get(uid)
            if asked is None:
                asked = self._asked[uid] = self._pool.submit(self._ask, job)
        if not at or time.monotonic() - at > OLD_SECONDS:
            wait([asked], FIRST_SECONDS)
        if not asked.done():
            return said
        with self._lock:
            self._asked.pop(uid, None)
            self._known[uid] = (time.monotonic(), asked.result())
            return self._known[uid][1]

    def events(self, namespace: str, uid: str) -> list[Event]:
        """Events of one object; none when they may not be read."""
        path = f"/api/v1/namespaces/{namespace}/events"
        try:
            return self._api.get(path, _Events, fieldSelector=f"involvedObject.uid={uid}", limit=100).items
        except MlopsError:
            return []

    def _ask(self, job: Job) -> str:
        if job.spec.suspend:
            return self._queue(job) or held_up(job)
        return held_up(job, self.events(job.metadata.namespace, job.metadata.uid))

    def _queue(self, job: Job) -> str:
        for version in queued.VERSIONS:
            path = queued.workloads_path(job.metadata.namespace, version)
            selector = f"{queued.JOB_UID_LABEL}={job.metadata.uid}"
            try:
                found = self._api.get(path, _Workloads, labelSelector=selector)
            except NotFound:
                continue  # another version of Kueue, or none
            except MlopsError:
                return ""
            workload = queued.workload_of(job, found.items)
            return "" if workload is None else queued.queued(workload, self._place(workload, version))
        return ""

    def _place(self, workload: Workload, version: str) -> int | None:
        path = queued.pending_path(workload.metadata.namespace, workload.spec.queue_name, version)
        try:
            return queued.position_of(workload, self._api.get(path, queued.PendingWorkloads))
        except MlopsError:
            return None  # not every cluster offers it, and not everybody may ask

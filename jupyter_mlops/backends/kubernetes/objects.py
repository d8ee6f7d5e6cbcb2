"""Kubernetes' objects as far as we read them.

Ten thousand pods are kept in memory while a sweep of that size runs: as the client's own classes they would take
hundreds of megabytes, and decoding them seconds. What is not named here is skipped while decoding.
https://kubernetes.io/docs/reference/kubernetes-api/
"""

from __future__ import annotations

import msgspec


class _Object(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Fields are Kubernetes' own, in Python's spelling."""


class OwnerReference(_Object, frozen=True):
    kind: str
    name: str
    uid: str


class Metadata(_Object, frozen=True):
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[OwnerReference] = []


class Condition(_Object, frozen=True):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


class Waiting(_Object, frozen=True):
    reason: str = ""
    message: str = ""


class Running(_Object, frozen=True):
    started_at: str = ""


class Terminated(_Object, frozen=True):
    exit_code: int
    signal: int = 0
    reason: str = ""
    message: str = ""
    finished_at: str = ""


class ContainerState(_Object, frozen=True):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(_Object, frozen=True):
    name: str
    image: str = ""
    state: ContainerState = ContainerState()


class PodSpec(_Object, frozen=True):
    node_name: str = ""
    node_selector: dict[str, str] = {}
    """Not always the profile's alone: Kueue adds that of the flavor it chose."""


class PodStatus(_Object, frozen=True):
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    nominated_node_name: str = ""
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []


class Pod(_Object, frozen=True):
    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class JobSpec(_Object, frozen=True):
    completions: int | None = None
    parallelism: int | None = None
    suspend: bool = False
    active_deadline_seconds: int | None = None


class JobStatus(_Object, frozen=True):
    active: int = 0
    failed: int = 0
    succeeded: int = 0
    terminating: int = 0
    completed_indexes: str = ""
    failed_indexes: str = ""
    conditions: list[Condition] = []


class Job(_Object, frozen=True):
    metadata: Metadata
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class ObjectReference(_Object, frozen=True):
    kind: str = ""
    name: str = ""
    uid: str = ""


class Event(_Object, frozen=True):
    metadata: Metadata
    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int | None = None
    last_timestamp: str | None = None
    event_time: str | None = None


class WorkloadSpec(_Object, frozen=True):
    queue_name: str = ""
    active: bool = True


class AdmissionCheck(_Object, frozen=True):
    name: str
    state: str = ""
    message: str = ""


class WorkloadStatus(_Object, frozen=True):
    conditions: list[Condition] = []
    admission_checks: list[AdmissionCheck] = []


class Workload(_Object, frozen=True):
    """Kueue's, of kueue.x-k8s.io/v1beta1 and later."""

    metadata: Metadata
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


def condition(conditions: list[Condition], type_: str) -> Condition | None:
    """The condition of a type, None when it is not there."""
    return next((one for one in conditions if one.type == type_), None)

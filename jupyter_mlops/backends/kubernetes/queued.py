"""Why Kueue does not let a sweep start, in one sentence.

Kueue keeps a Workload for each Job that names a queue, and says in its conditions what it waits for. At which place it
stands is asked of another API, which not every cluster has and not everybody may ask.
https://kueue.sigs.k8s.io/docs/concepts/workload and
https://kueue.sigs.k8s.io/docs/tasks/manage/monitor_pending_workloads/pending_workloads_on_demand
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from jupyter_mlops.backends.kubernetes.objects import Condition, Job, Metadata, Workload, condition
from jupyter_mlops.backends.kubernetes.sentence import ADMINISTRATOR, listed, quoted, sentence

GROUP: Final = "kueue.x-k8s.io"
VISIBILITY_GROUP: Final = "visibility.kueue.x-k8s.io"
VERSIONS: Final = ("v1beta2", "v1beta1")
"""Of both groups: the first since Kueue 0.15, the second until it is taken away."""
JOB_UID_LABEL: Final = "kueue.x-k8s.io/job-uid"

_QUEUE: Final = re.compile(r"(Local|Cluster)Queue (\S+) (doesn't exist|not found|is [a-z ]+)")
_SHORT: Final = re.compile(r"insufficient unused quota for (\S+) in flavor (\S+?), (\S+) more needed")
_NEVER: Final = re.compile(
    r"insufficient quota for (\S+) in flavor (\S+?), .*?> maximum capacity \(([^)]+)\)", re.DOTALL
)
_UNKNOWN: Final = re.compile(r"resource (\S+) unavailable in ClusterQueue")
_EVICTIONS: Final = {
    "Preempted": "had to make room for something more important",
    "PodsReadyTimeout": "too few of its pods had started in time",
    "AdmissionCheck": "a check of the cluster took back its consent",
    "ClusterQueueStopped": "the queue was stopped",
    "LocalQueueStopped": "the queue was stopped",
    "NodeFailures": "its nodes failed",
    "FlavorMigration": "it moves to other nodes",
}


class PendingWorkload(msgspec.Struct, frozen=True, rename="camel"):
    """One that waits, as Kueue's visibility API lists it."""

    metadata: Metadata
    position_in_local_queue: int = 0
    position_in_cluster_queue: int = 0


class PendingWorkloads(msgspec.Struct, frozen=True):
    """The answer of `pending_path`."""

    items: list[PendingWorkload] = []


def workloads_path(namespace: str, version: str = VERSIONS[0]) -> str:
    """Where the Workloads of a namespace are; ask with `labelSelector=kueue.x-k8s.io/job-uid=UID` for a Job's own."""
    return f"/apis/{GROUP}/{version}/namespaces/{namespace}/workloads"


def pending_path(namespace: str, queue: str, version: str = VERSIONS[0]) -> str:
    """Where Kueue lists what waits in a LocalQueue; `limit` is 1000 unless the query says otherwise."""
    return f"/apis/{VISIBILITY_GROUP}/{version}/namespaces/{namespace}/localqueues/{queue}/pendingworkloads"


def workload_of(job: Job, workloads: Sequence[Workload]) -> Workload | None:
    """The Workload that stands for a Job."""
    for workload in workloads:
        if workload.metadata.labels.get(JOB_UID_LABEL) == job.metadata.uid:
            return workload
    owned = (one for one in workloads if any(owner.uid == job.metadata.uid for owner in one.metadata.owner_references))
    return next(owned, None)


def position_of(workload: Workload, pending: PendingWorkloads) -> int | None:
    """At which place of the whole queue a Workload stands, the first is 1; None when it is not listed.

    The ClusterQueue's order is what counts: several LocalQueues, of other teams, may share it.
    """
    for one in pending.items:
        if one.metadata.name == workload.metadata.name:
            return one.position_in_cluster_queue + 1
    return None


def queued(workload: Workload, position: int | None = None) -> str:
    """What a Workload waits for in its queue, and what to do; empty when it has been let in or has ended.

    Args:
        position: from `position_of`.
    """
    conditions = workload.status.conditions
    if _is(conditions, "Finished") or (_is(conditions, "Admitted") and workload.spec.active):
        return ""
    queue = workload.spec.queue_name
    evicted = condition(conditions, "Evicted")
    if not workload.spec.active:
        return _set_aside(queue, evicted)
    if _is(conditions, "QuotaReserved"):
        return _checked(workload)
    reserved = condition(conditions, "QuotaReserved")
    said = _refusal(reserved.message if reserved else "", queue)
    if said:
        return said
    place = f", place {position}" if position else ""
    text = f"Waits in the queue {queue}{place}"
    if evicted is not None and evicted.status == "True":
        why = _EVICTIONS.get(evicted.reason, quoted(evicted.message, 120))
        return sentence(f"Has run already, and waits again in the queue {queue}{place}: {why}")
    return sentence(f"{text}{_missing(reserved.message if reserved else '')}")


def _is(conditions: list[Condition], type_: str) -> bool:
    found = condition(conditions, type_)
    return found is not None and found.status == "True"


def _set_aside(queue: str, evicted: Condition | None) -> str:
    message = evicted.message if evicted is not None else ""
    _, _, cause = message.partition(" due to ")
    why = f", due to {quoted(cause)}" if cause else ""
    return sentence(f"Was set aside in the queue {queue}{why}", "ask the administrator to activate it again")


def _checked(workload: Workload) -> str:
    """Quota is there, but checks such as the making of nodes may still have to say yes."""
    open_ = [check for check in workload.status.admission_checks if check.state != "Ready"]
    if not open_:
        return sentence(f"Has its place in the queue {workload.spec.queue_name}, and is about to start")
    said = f": {quoted(open_[0].message, 120)}" if open_[0].message else ""
    names = listed([check.name for check in open_])
    return sentence(f"The queue {workload.spec.queue_name} has room for it, and waits for the check {names}{said}")


def _refusal(message: str, queue: str) -> str:
    """What waiting does not change."""
    broken = _QUEUE.search(message)
    if broken:
        return _queue_problem(broken[1], broken[2], broken[3], queue)
    never = _NEVER.search(message)
    if never and not _SHORT.search(message):
        text = f"Needs more {never[1]} than the queue {queue} has at all, which is {never[3]}"
        return sentence(text, "run fewer trials at once or choose a smaller profile")
    unknown = _UNKNOWN.search(message)
    if unknown:
        return sentence(f"The queue {queue} has no {unknown[1]} to give", "choose another profile or queue")
    if "namespace doesn't match ClusterQueue selector" in message:
        return sentence(f"The queue {queue} does not serve this namespace", ADMINISTRATOR)
    if "LimitRange" in message or "resources validation failed" in message:
        return sentence(f"The queue {queue} refuses what the profile asks for: {quoted(message)}", ADMINISTRATOR)
    if not _SHORT.search(message) and re.search("untolerated taint|doesn't match node affinity", message):
        return sentence(f"No nodes of the queue {queue} fit the profile", f"choose another profile or {ADMINISTRATOR}")
    return ""


def _queue_problem(kind: str, name: str, problem: str, queue: str) -> str:
    if kind == "Local" and ("exist" in problem or "missing" in problem):
        return sentence(f"The namespace has no queue {name} (LocalQueue)", "ask the administrator to create it")
    if "exist" in problem or "missing" in problem or "not found" in problem:
        text = f"The queue {queue} leads to the ClusterQueue {name}, which does not exist"
        return sentence(text, ADMINISTRATOR)
    state = "stopped" if "stopped" in problem else "not in use"
    return sentence(f"The queue {name if kind == 'Local' else queue} is {state} and lets nothing in", ADMINISTRATOR)


def _missing(message: str) -> str:
    """How much is missing, of the flavor that Kueue names first."""
    if "preemption" in message:
        return ", until less important things have ended for it"
    by_resource: dict[str, str] = {}
    for resource, _, amount in _SHORT.findall(message):
        by_resource.setdefault(resource, amount)
    if by_resource:
        return f": {listed([f'{amount} {name}' for name, amount in by_resource.items()])} more must become free"
    if "topology" in message:
        return ": no nodes near each other are free for all its pods"
    if "PodsReady" in message:
        return ", until the pods of others have started"
    return ""

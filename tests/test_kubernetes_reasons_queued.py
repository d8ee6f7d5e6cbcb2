"""Why a queue does not let a sweep start: what Kueue says, and what a person reads of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jupyter_mlops.backends.kubernetes.objects import Job, Workload
from jupyter_mlops.backends.kubernetes.queued import PendingWorkloads, pending_path, position_of, workload_of
from jupyter_mlops.backends.kubernetes.reasons import queued
from tests.pods import readable

TELL = "tell the administrator."
NO_QUOTA = "couldn't assign flavors to pod set main: "


def workload(*conditions: tuple[str, str, str, str], active: bool = True, **status: Any) -> Workload:
    keys = ("type", "status", "reason", "message")
    listed = [dict(zip(keys, one, strict=True)) for one in conditions]
    owner = {"kind": "Job", "name": "sweep", "uid": "u1"}
    return msgspec.convert(
        {
            "metadata": {"name": "job-sweep-1a2b3", "labels": {}, "ownerReferences": [owner]},
            "spec": {"queueName": "team-a", "active": active},
            "status": {"conditions": listed, **status},
        },
        Workload,
    )


def unreserved(message: str, reason: str = "Pending") -> Workload:
    return workload(("QuotaReserved", "False", reason, message))


def evicted(reason: str, message: str) -> Workload:
    return workload(("QuotaReserved", "False", "Pending", message), ("Evicted", "True", reason, message))


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (workload(), "Waits in the queue team-a, place 4."),
        (
            unreserved("Workload is pending evaluation in the scheduling queue", "PendingEvaluation"),
            "Waits in the queue team-a, place 4.",
        ),
        (
            unreserved(f"{NO_QUOTA}insufficient unused quota for nvidia.com/gpu in flavor a100, 3 more needed"),
            "Waits in the queue team-a, place 4: 3 nvidia.com/gpu more must become free.",
        ),
        (
            unreserved(
                f"{NO_QUOTA}insufficient unused quota for cpu in flavor spot, 4 more needed, insufficient unused quota "
                "for memory in flavor spot, 2Gi more needed, insufficient unused quota for cpu in flavor other, 1 more "
                "needed"
            ),
            "Waits in the queue team-a, place 4: 4 cpu and 2Gi memory more must become free.",
        ),
        (
            unreserved(
                f"{NO_QUOTA}insufficient unused quota for cpu in flavor default, 2 more needed. Pending the preemption "
                "of 1 workload(s)"
            ),
            "Waits in the queue team-a, place 4, until less important things have ended for it.",
        ),
        (
            unreserved(
                f"{NO_QUOTA}insufficient quota for nvidia.com/gpu in flavor a100, previously considered podsets "
                "requests (0) + current podset request (64) > maximum capacity (32)",
                "ExceedsMaxQuota",
            ),
            (
                "Needs more nvidia.com/gpu than the queue team-a has at all, which is 32; run fewer trials at once or "
                "choose a smaller profile."
            ),
        ),
        (
            unreserved(f"{NO_QUOTA}resource nvidia.com/gpu unavailable in ClusterQueue", "NoMatchingFlavor"),
            "The queue team-a has no nvidia.com/gpu to give; choose another profile or queue.",
        ),
        (
            unreserved(f"{NO_QUOTA}untolerated taint {{gpu yes NoSchedule <nil>}} in flavor a100"),
            f"No nodes of the queue team-a fit the profile; choose another profile or {TELL}",
        ),
        (
            unreserved(f"{NO_QUOTA}flavor a100 doesn't match node affinity"),
            f"No nodes of the queue team-a fit the profile; choose another profile or {TELL}",
        ),
        (
            unreserved(f'{NO_QUOTA}topology "rack" doesn\'t allow to fit any of 8 pod(s)'),
            "Waits in the queue team-a, place 4: no nodes near each other are free for all its pods.",
        ),
        (
            unreserved("waiting for all admitted workloads to be in PodsReady condition", "Waiting"),
            "Waits in the queue team-a, place 4, until the pods of others have started.",
        ),
        (
            unreserved("LocalQueue team-a doesn't exist", "Inadmissible"),
            "The namespace has no queue team-a (LocalQueue); ask the administrator to create it.",
        ),
        (
            unreserved("LocalQueue team-a is terminating or missing", "Inadmissible"),
            "The namespace has no queue team-a (LocalQueue); ask the administrator to create it.",
        ),
        (
            unreserved("LocalQueue team-a is stopped", "Suspended"),
            f"The queue team-a is stopped and lets nothing in; {TELL}",
        ),
        (
            unreserved("LocalQueue team-a is inactive", "Inadmissible"),
            f"The queue team-a is not in use and lets nothing in; {TELL}",
        ),
        (
            unreserved("ClusterQueue gpus doesn't exist", "Misconfigured"),
            f"The queue team-a leads to the ClusterQueue gpus, which does not exist; {TELL}",
        ),
        (
            unreserved("ClusterQueue gpus is inactive", "Inadmissible"),
            f"The queue team-a is not in use and lets nothing in; {TELL}",
        ),
        (
            unreserved("workload namespace doesn't match ClusterQueue selector"),
            f"The queue team-a does not serve this namespace; {TELL}",
        ),
        (
            unreserved("resources didn't satisfy LimitRange constraints: spec.podSets[0]: must not be above the max"),
            (
                "The queue team-a refuses what the profile asks for: resources didn't satisfy LimitRange constraints: "
                f"spec.podSets[0]: must not be above the max; {TELL}"
            ),
        ),
        (
            evicted("Preempted", "Preempted to accommodate a workload (UID: 1, JobUID: 2) due to prioritization"),
            (
                "Has run already, and waits again in the queue team-a, place 4: had to make room for something more "
                "important."
            ),
        ),
        (
            evicted("PodsReadyTimeout", "Exceeded the PodsReady timeout team/job-sweep-1a2b3"),
            "Has run already, and waits again in the queue team-a, place 4: too few of its pods had started in time.",
        ),
        (
            evicted("SomethingNew", "moved away"),
            "Has run already, and waits again in the queue team-a, place 4: moved away.",
        ),
        (
            workload(
                (
                    "Evicted",
                    "True",
                    "DeactivatedDueToRequeuingLimitExceeded",
                    "The workload is deactivated due to exceeding the maximum number of re-queuing retries",
                ),
                active=False,
            ),
            (
                "Was set aside in the queue team-a, due to exceeding the maximum number of re-queuing retries; ask the "
                "administrator to activate it again."
            ),
        ),
        (workload(active=False), "Was set aside in the queue team-a; ask the administrator to activate it again."),
        (
            workload(
                ("QuotaReserved", "True", "QuotaReserved", "Quota reserved in ClusterQueue gpus"),
                admissionChecks=[{"name": "new-nodes", "state": "Pending", "message": "Node provisioning is ongoing"}],
            ),
            "The queue team-a has room for it, and waits for the check new-nodes: Node provisioning is ongoing.",
        ),
        (
            workload(("QuotaReserved", "True", "QuotaReserved", "Quota reserved in ClusterQueue gpus")),
            "Has its place in the queue team-a, and is about to start.",
        ),
    ],
)
def test_what_a_queue_says(of: Workload, text: str) -> None:
    assert readable(queued(of, 4)) == text
    assert "place" not in readable(queued(of)).replace("its place", "")


@pytest.mark.parametrize("type_", ["Admitted", "Finished"])
def test_what_is_no_longer_queued(type_: str) -> None:
    assert queued(workload((type_, "True", type_, "")), 1) == ""


def test_the_workload_of_a_job() -> None:
    job = msgspec.convert({"metadata": {"name": "sweep", "uid": "u1"}}, Job)
    other = msgspec.convert({"metadata": {"name": "b", "labels": {"kueue.x-k8s.io/job-uid": "u2"}}}, Workload)
    labelled = msgspec.convert({"metadata": {"name": "c", "labels": {"kueue.x-k8s.io/job-uid": "u1"}}}, Workload)
    assert workload_of(job, [other]) is None
    assert workload_of(job, [other, workload()]) == workload()
    assert workload_of(job, [other, workload(), labelled]) == labelled


def test_its_place_in_the_queue() -> None:
    answer = b"""{"kind": "PendingWorkloadsSummary", "apiVersion": "visibility.kueue.x-k8s.io/v1beta2", "metadata": {},
        "items": [
            {"metadata": {"name": "job-other-99999", "namespace": "team"}, "priority": 0, "localQueueName": "team-a",
             "positionInClusterQueue": 0, "positionInLocalQueue": 0},
            {"metadata": {"name": "job-sweep-1a2b3", "namespace": "team"}, "priority": 0, "localQueueName": "team-a",
             "positionInClusterQueue": 3, "positionInLocalQueue": 1}]}"""
    pending = msgspec.json.decode(answer, type=PendingWorkloads)
    assert position_of(workload(), pending) == 4
    assert position_of(workload(), PendingWorkloads()) is None
    assert pending_path("team", "team-a") == (
        "/apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/team/localqueues/team-a/pendingworkloads"
    )

"""Why a queue holds a sweep back, said of Workloads that a real API server keeps.

Kueue itself is not here: its kind is declared as openly as can be, and the conditions are written as Kueue writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from jupyter_mlops.backends.kubernetes.objects import Job, Workload
from jupyter_mlops.backends.kubernetes.queued import JOB_UID_LABEL, VERSIONS, workload_of, workloads_path
from jupyter_mlops.backends.kubernetes.reasons import queued
from jupyter_mlops.domain.errors import NotFound
from tests.running import eventually

from .asked import Asked
from .connection import Cluster
from .test_control_plane import pod as pod_spec

OPEN = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
KIND: dict[str, Any] = {
    "metadata": {"name": "workloads.kueue.x-k8s.io"},
    "spec": {
        "group": "kueue.x-k8s.io",
        "scope": "Namespaced",
        "names": {"kind": "Workload", "listKind": "WorkloadList", "plural": "workloads", "singular": "workload"},
        "versions": [
            {
                "name": name,
                "served": True,
                "storage": name == VERSIONS[0],
                "schema": OPEN,
                "subresources": {"status": {}},
            }
            for name in VERSIONS
        ],
    },
}


class Workloads(msgspec.Struct):
    items: list[Workload]


@pytest.fixture(scope="module")
def kueue(cluster: Cluster) -> Iterator[None]:
    """Kueue's kind, unless Kueue is there: it would not let others write."""
    kinds: Any = client.ApiextensionsV1Api(cluster.api)
    try:
        kinds.create_custom_resource_definition(KIND)
    except ApiException as error:
        if error.status == 409:
            pytest.skip("Kueue is installed in this cluster")
        raise
    objects: Any = client.CustomObjectsApi(cluster.api)

    def served() -> bool:
        try:
            return bool(objects.list_cluster_custom_object("kueue.x-k8s.io", VERSIONS[0], "workloads"))
        except ApiException:
            return False

    eventually(served)
    yield
    kinds.delete_custom_resource_definition(KIND["metadata"]["name"])


@pytest.fixture
def asked(cluster: Cluster, namespace: str) -> Asked:
    return Asked(cluster, namespace)


def write(asked: Asked, job: Job, conditions: list[dict[str, Any]], **spec: Any) -> None:
    """Make the Workload of a Job, as Kueue does."""
    path = workloads_path(asked.namespace)
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job.metadata.name, "uid": job.metadata.uid}
    asked.api.create(
        path,
        {
            "apiVersion": f"kueue.x-k8s.io/{VERSIONS[0]}",
            "kind": "Workload",
            "metadata": {
                "name": "job-job-1a2b3",
                "labels": {JOB_UID_LABEL: job.metadata.uid},
                "ownerReferences": [{**owner, "controller": True}],
            },
            "spec": {"queueName": "team-a", "active": True, "podSets": [{"name": "main", "count": 1}], **spec},
        },
    )
    asked.api.patch(f"{path}/job-job-1a2b3/status", {"status": {"conditions": conditions}})


def said_of(kind: str, status: str, reason: str, message: str) -> dict[str, Any]:
    changed = {"lastTransitionTime": "2026-08-01T10:00:00Z", "observedGeneration": 1}
    return {"type": kind, "status": status, "reason": reason, "message": message, **changed}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("conditions", "spec", "text"),
    [
        ([], {}, "Waits in the queue team-a, place 4."),
        (
            [said_of("QuotaReserved", "False", "Inadmissible", "LocalQueue team-a doesn't exist")],
            {},
            "The namespace has no queue team-a (LocalQueue); ask the administrator to create it.",
        ),
        (
            [
                said_of(
                    "QuotaReserved",
                    "False",
                    "Pending",
                    "couldn't assign flavors to pod set main: "
                    "insufficient unused quota for nvidia.com/gpu in flavor a100, 1 more needed",
                )
            ],
            {},
            "Waits in the queue team-a, place 4: 1 nvidia.com/gpu more must become free.",
        ),
        (
            [
                said_of("QuotaReserved", "False", "Pending", "Exceeded the PodsReady timeout ns/job-job-1a2b3"),
                said_of("Evicted", "True", "PodsReadyTimeout", "Exceeded the PodsReady timeout ns/job-job-1a2b3"),
            ],
            {},
            "Has run already, and waits again in the queue team-a, place 4: too few of its pods had started in time.",
        ),
        (
            [said_of("Evicted", "True", "Deactivated", "The workload is deactivated")],
            {"active": False},
            "Was set aside in the queue team-a; ask the administrator to activate it again.",
        ),
        (
            [
                said_of("QuotaReserved", "True", "QuotaReserved", "Quota reserved in ClusterQueue gpus"),
                said_of("Admitted", "True", "Admitted", "The workload is admitted"),
            ],
            {},
            "",
        ),
    ],
)
def test_what_kueue_says(
    asked: Asked, kueue: None, conditions: list[dict[str, Any]], spec: dict[str, Any], text: str, version: str
) -> None:
    asked.make_job({"spec": pod_spec({})}, {"kueue.x-k8s.io/queue-name": "team-a"}, suspend=True)
    job = asked.job()
    write(asked, job, conditions, **spec)
    query = {"labelSelector": f"{JOB_UID_LABEL}={job.metadata.uid}"}
    found = asked.api.get(workloads_path(asked.namespace, version), Workloads, **query).items
    workload = workload_of(job, found)
    assert workload is not None
    assert queued(workload, 4) == text


def test_a_cluster_without_kueue(asked: Asked) -> None:
    """What tells a cluster without it, or with another version."""
    with pytest.raises(NotFound):
        asked.api.get(workloads_path(asked.namespace, "v1alpha1"), Workloads)

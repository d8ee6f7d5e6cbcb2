"""Why a pod or a Job waits, said of what a real control plane answers."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlops.backends.kubernetes.reasons import died, held_up, waiting
from jupyter_mlops.domain.profile import ComputeProfile
from tests.running import eventually

from .asked import GPU, SMALL, Asked, all_gpus_are_taken, gpus, tainted
from .connection import Cluster
from .kwok import FAILS, STAYS, Kwok, exit_code
from .test_control_plane import pod as pod_spec


@pytest.fixture
def asked(cluster: Cluster, namespace: str) -> Asked:
    return Asked(cluster, namespace)


def test_gpus_that_are_taken(asked: Asked, kwok_nodes: Kwok) -> None:
    all_gpus_are_taken(asked, kwok_nodes)
    asked.make_pod(gpus(1, kwok_nodes.selector))
    said = asked.waits()
    assert said.startswith(f"Waits for 1 nvidia.com/gpu: 0 of {len(kwok_nodes.nodes)} nodes have one free")


def test_more_gpus_than_a_node_has(asked: Asked, kwok_nodes: Kwok) -> None:
    number = kwok_nodes.gpus + 1
    asked.make_pod(gpus(number, kwok_nodes.selector))
    said = asked.waits(ComputeProfile(name="large", accelerators={GPU: number}))
    assert said == (
        "No node has 9 nvidia.com/gpu, not even when nothing else runs there; "
        "choose a smaller profile or tell the administrator."
    )


def test_a_label_that_no_node_has(asked: Asked, kwok_nodes: Kwok) -> None:
    asked.make_pod(gpus(1, {"gpu": "h100"}))
    assert asked.waits() == (
        "No node has the label gpu=h100, which the profile 'small' asks for; "
        "choose another profile or tell the administrator."
    )


def test_nodes_for_others(asked: Asked, kwok_nodes: Kwok) -> None:
    nodes = len(kwok_nodes.nodes)
    with tainted(asked.cluster, kwok_nodes.nodes, "NoSchedule"):
        asked.make_pod(gpus(1, kwok_nodes.selector))
        said = asked.waits()
    assert said == (
        f"No node takes it: of {nodes}, {nodes} reserved for others or not usable (by their taints); "
        "choose another profile or tell the administrator."
    )


def test_a_volume_that_is_not_there(asked: Asked, kwok_nodes: Kwok) -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "pictures"}}
    asked.make_pod(gpus(1, kwok_nodes.selector, volumes=[volume]))
    assert asked.waits() == (
        "The namespace has no volume (PersistentVolumeClaim) pictures, which the profile 'small' uses; "
        "ask the administrator to create it."
    )


def test_a_volume_that_nothing_provides(asked: Asked, kwok_nodes: Kwok) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none"}
    asked.cluster.core.create_namespaced_persistent_volume_claim(
        asked.namespace, {"metadata": {"name": "kept"}, "spec": spec}
    )
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "kept"}}
    asked.make_pod(gpus(1, kwok_nodes.selector, volumes=[volume]))
    said = asked.waits(ComputeProfile(name="small", cache_claim="kept"))
    assert said == "Waits for its volume kept, which nothing has provided yet; if that lasts, tell the administrator."


def test_a_gate(asked: Asked, kwok_nodes: Kwok) -> None:
    asked.make_pod(gpus(1, kwok_nodes.selector, schedulingGates=[{"name": "example.org/later"}]))
    assert asked.waits() == (
        "Is held back until something in the cluster releases it; if that lasts, tell the administrator."
    )


def test_what_runs_does_not_wait(asked: Asked, kwok_nodes: Kwok) -> None:
    asked.make_pod(gpus(1, kwok_nodes.selector), labels=STAYS)
    eventually(lambda: asked.pod().status.phase == "Running")
    assert waiting(asked.pod(), SMALL, asked.events()) == ""
    assert died(asked.pod(), SMALL) == ""


def test_a_quota_that_is_used_up(asked: Asked, kwok_nodes: Kwok) -> None:
    quota = {"metadata": {"name": "gpus"}, "spec": {"hard": {f"requests.{GPU}": "4"}}}
    asked.cluster.core.create_namespaced_resource_quota(asked.namespace, quota)
    eventually(lambda: asked.cluster.core.read_namespaced_resource_quota("gpus", asked.namespace).status.used)
    template = {"metadata": {"labels": STAYS}, "spec": pod_spec(kwok_nodes.selector)}
    asked.make_job(template, completions=6, parallelism=6)
    assert asked.is_held_up() == (
        "The namespace's quota allows 4 of requests.nvidia.com/gpu, 4 are used and a trial needs 1."
    )


def test_a_quota_that_wants_limits(asked: Asked) -> None:
    quota = {"metadata": {"name": "all"}, "spec": {"hard": {"limits.cpu": "4"}}}
    asked.cluster.core.create_namespaced_resource_quota(asked.namespace, quota)
    eventually(lambda: asked.cluster.core.read_namespaced_resource_quota("all", asked.namespace).status.used)
    asked.make_job({"spec": pod_spec({})})
    assert asked.is_held_up() == ("The namespace's quota wants the profile to name limits.cpu; tell the administrator.")


def test_a_limit_range(asked: Asked) -> None:
    limits = {"metadata": {"name": "small"}, "spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}}]}}
    asked.cluster.core.create_namespaced_limit_range(asked.namespace, limits)
    spec = pod_spec({})
    spec["containers"][0]["resources"] = {"limits": {"cpu": "4"}}
    asked.make_job({"spec": spec})
    assert asked.is_held_up() == (
        "The namespace allows at most 2 of cpu per container, and the profile asks for 4; "
        "choose another profile or tell the administrator."
    )


def test_pods_that_violate_the_standard(asked: Asked) -> None:
    asked.make_job({"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]}})
    assert asked.is_held_up() == (
        "The namespace refuses its pods, which violate PodSecurity 'restricted': "
        "allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile; "
        "ask the administrator to change the profile."
    )


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"serviceAccountName": "trainer"}, "The namespace has no service account trainer"),
        ({"priorityClassName": "urgent"}, "The cluster has no priority class urgent"),
        ({"runtimeClassName": "nvidia"}, "The cluster has no runtime class nvidia"),
    ],
)
def test_what_a_profile_names_and_nobody_has(asked: Asked, settings: dict[str, str], missing: str) -> None:
    asked.make_job({"spec": pod_spec({}, **settings)})
    assert asked.is_held_up() == (
        f"{missing}, which the profile names; ask the administrator to create it or to change the profile."
    )


def test_pods_that_come_after_all(asked: Asked, kwok_nodes: Kwok) -> None:
    asked.make_job({"metadata": {"labels": STAYS}, "spec": pod_spec(kwok_nodes.selector, serviceAccountName="late")})
    assert asked.is_held_up()
    asked.cluster.core.create_namespaced_service_account(asked.namespace, {"metadata": {"name": "late"}})
    eventually(lambda: held_up(asked.job(), asked.events()) == "", seconds=60)


def test_a_paused_job(asked: Asked) -> None:
    asked.make_job({"spec": pod_spec({})}, suspend=True)
    assert asked.is_held_up() == "Is paused: resume it to go on."


def test_a_job_for_a_queue(asked: Asked) -> None:
    asked.make_job({"spec": pod_spec({})}, {"kueue.x-k8s.io/queue-name": "team-a"}, suspend=True)
    assert asked.is_held_up() == "Waits for the queue team-a to let it in."


def test_a_deadline(asked: Asked, kwok_nodes: Kwok) -> None:
    template = {"metadata": {"labels": STAYS}, "spec": pod_spec(kwok_nodes.selector)}
    asked.make_job(template, activeDeadlineSeconds=1)
    assert asked.is_held_up() == ("Took longer than its profile allows (1 s); resume it, or choose another profile.")


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"backoffLimit": 0}, "Too many of its pods failed; its trials say why."),
        ({"backoffLimitPerIndex": 0}, "Pods failed for good: number 0; its trials say why."),
        (
            {
                "podFailurePolicy": {
                    "rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [12]}}],
                }
            },
            "Stopped because of a failure that all trials would meet",
        ),
    ],
)
def test_pods_that_fail(asked: Asked, kwok_nodes: Kwok, spec: dict[str, Any], text: str) -> None:
    metadata = {"labels": FAILS, "annotations": exit_code(12)}
    asked.make_job({"metadata": metadata, "spec": pod_spec(kwok_nodes.selector)}, **spec)
    assert asked.is_held_up().startswith(text)

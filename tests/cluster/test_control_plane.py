"""That the cluster of the tests does what clusters do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.running import eventually

from .connection import Cluster, connect
from .control_plane import ControlPlane
from .kwok import FAILS, STAYS, Kwok, exit_code

JOB_RULE = {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get"]}

# Starts a control plane, tells the process ids, and waits to be killed.
STARTED = """
import pathlib, sys, time
from tests.cluster.control_plane import ControlPlane
control_plane = ControlPlane(pathlib.Path(sys.argv[1]))
control_plane.start()
print(*(component.pid for component in control_plane.components.values()), flush=True)
time.sleep(600)
"""


def pod(nodes: dict[str, str], **settings: Any) -> dict[str, Any]:
    """A pod spec that the restricted standard lets in, for some nodes, with one GPU."""
    safe = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    gpu = {"limits": {"nvidia.com/gpu": "1"}}
    return {
        "restartPolicy": "Never",
        "nodeSelector": nodes,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "main", "image": "none", "securityContext": safe, "resources": gpu}],
        **settings,
    }


def job(nodes: dict[str, str], spec: dict[str, Any], **metadata: dict[str, str]) -> Any:
    template = {"metadata": metadata, "spec": pod(nodes)}
    return {"metadata": {"name": "job"}, "spec": {"completionMode": "Indexed", "template": template, **spec}}


def test_an_indexed_job_succeeds_on_pretended_gpus(cluster: Cluster, namespace: str, kwok_nodes: Kwok) -> None:
    cluster.batch.create_namespaced_job(namespace, job(kwok_nodes.selector, {"completions": 40, "parallelism": 40}))
    eventually(lambda: cluster.batch.read_namespaced_job_status("job", namespace).status.succeeded == 40)
    status = cluster.batch.read_namespaced_job_status("job", namespace).status
    assert status.completed_indexes == "0-39"
    pods = cluster.core.list_namespaced_pod(namespace).items
    assert {each.spec.node_name for each in pods} <= set(kwok_nodes.nodes)


def test_no_more_pods_run_than_there_are_gpus(cluster: Cluster, namespace: str, kwok_nodes: Kwok) -> None:
    gpus = len(kwok_nodes.nodes) * kwok_nodes.gpus
    spec = {"completions": gpus + 3, "parallelism": gpus + 3}
    cluster.batch.create_namespaced_job(namespace, job(kwok_nodes.selector, spec, labels=STAYS))

    def phases() -> list[str]:
        return [each.status.phase for each in cluster.core.list_namespaced_pod(namespace).items]

    eventually(lambda: phases().count("Running") == gpus and phases().count("Pending") == 3)
    cluster.batch.patch_namespaced_job("job", namespace, {"spec": {"suspend": True}})
    eventually(lambda: not phases())


def test_a_pod_fails_as_it_asked_for(cluster: Cluster, namespace: str, kwok_nodes: Kwok) -> None:
    spec = {"completions": 1, "parallelism": 1, "backoffLimit": 0}
    cluster.batch.create_namespaced_job(
        namespace, job(kwok_nodes.selector, spec, labels=FAILS, annotations=exit_code(137, reason="OOMKilled"))
    )
    eventually(lambda: cluster.batch.read_namespaced_job_status("job", namespace).status.failed == 1)
    [failed] = cluster.core.list_namespaced_pod(namespace).items
    ended = failed.status.container_statuses[0].state.terminated
    assert (ended.exit_code, ended.reason) == (137, "OOMKilled")


def test_pods_have_logs(cluster: Cluster, control_plane: ControlPlane, namespace: str, kwok_nodes: Kwok) -> None:
    kwok_nodes.write_logs(["epoch 1", "epoch 2"])
    cluster.core.create_namespaced_pod(namespace, {"metadata": {"name": "pod"}, "spec": pod(kwok_nodes.selector)})
    eventually(lambda: cluster.core.read_namespaced_pod("pod", namespace).status.phase == "Running")
    assert cluster.core.read_namespaced_pod_log("pod", namespace) == "epoch 1\nepoch 2\n"
    assert cluster.core.read_namespaced_pod_log("pod", namespace, tail_lines=1) == "epoch 2\n"


def test_the_restricted_standard_refuses_a_privileged_pod(cluster: Cluster, namespace: str) -> None:
    container = {"name": "main", "image": "none", "securityContext": {"privileged": True}}
    body = {"metadata": {"name": "pod"}, "spec": pod({}, containers=[container])}
    with pytest.raises(ApiException, match=r"violates PodSecurity .+restricted") as refused:
        cluster.core.create_namespaced_pod(namespace, body)
    assert refused.value.status == 403


def test_a_service_account_may_do_what_its_rules_say(cluster: Cluster, namespace: str) -> None:
    batch: Any = client.BatchV1Api(connect(cluster.service_account(namespace, "submitter", [JOB_RULE])))
    batch.create_namespaced_job(namespace, job({}, {"completions": 1, "suspend": True}))
    with pytest.raises(ApiException) as refused:
        batch.delete_namespaced_job("job", namespace)
    assert refused.value.status == 403


def test_a_service_account_without_rules_gets_403(cluster: Cluster, namespace: str) -> None:
    core: Any = client.CoreV1Api(connect(cluster.service_account(namespace, "stranger")))
    with pytest.raises(ApiException) as refused:
        core.list_namespaced_pod(namespace)
    assert refused.value.status == 403


def test_objects_outlive_the_api_server(cluster: Cluster, control_plane: ControlPlane, namespace: str) -> None:
    cluster.core.create_namespaced_config_map(namespace, {"metadata": {"name": "kept"}, "data": {"a": "1"}})
    control_plane.restart_api_server()
    assert cluster.core.read_namespaced_config_map("kept", namespace).data == {"a": "1"}


def test_controllers_work_on_after_the_api_server_was_away(
    cluster: Cluster, control_plane: ControlPlane, namespace: str, kwok_nodes: Kwok
) -> None:
    cluster.batch.create_namespaced_job(namespace, job(kwok_nodes.selector, {"completions": 12, "parallelism": 2}))
    control_plane.restart_api_server()
    eventually(lambda: cluster.batch.read_namespaced_job_status("job", namespace).status.succeeded == 12)


def test_a_killed_test_run_leaves_nothing_running(control_plane: ControlPlane, tmp_path: Path) -> None:
    command, root = [sys.executable, "-c", STARTED, str(tmp_path)], Path(__file__).parents[2]
    starter = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    assert len(pids) == 4
    starter.kill()
    starter.wait()
    starter.stdout.close()
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in pids), seconds=30)


def test_secrets_of_the_control_plane_are_the_owners(control_plane: ControlPlane) -> None:
    for file in ("admin.kubeconfig", "service-accounts.key", "tokens.csv"):
        assert (control_plane.folder / file).stat().st_mode & 0o077 == 0

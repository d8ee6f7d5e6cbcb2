"""A pod that tries MLflow: what it is made of, what is said of its end, and that nothing of it stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops import cli
from jupyter_mlops.backends.kubernetes import reach
from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.installation import RULES
from jupyter_mlops.backends.kubernetes.probe import JobFor, probe, probe_job, sample_job
from jupyter_mlops.backends.kubernetes.settings import Kubernetes
from jupyter_mlops.cli.face import Face
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.domain.profile import ComputeProfile
from tests.running import eventually

from .connection import Cluster
from .kwok import FAILS, Kwok, exit_code

MLFLOW = "http://mlflow.team:5000"


class Probed:
    """A probe in one namespace, by whoever has the rights of the manifests."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.said: list[str] = []
        self._api = ApiServer(str(cluster.service_account(namespace, "server", RULES)))

    def __call__(self, job_for: JobFor | None = None, seconds: float = 60, **profile: Any) -> Finding:
        wanted = ComputeProfile(name="gpu", namespace=self.namespace, **profile)
        made = job_for or sample_job(Kubernetes(), "ann", MLFLOW)
        found = probe(self._api, wanted, self.namespace, MLFLOW, self.said.append, made, seconds)
        eventually(lambda: not self.cluster.batch.list_namespaced_job(self.namespace).items)
        eventually(lambda: not self.cluster.core.list_namespaced_pod(self.namespace).items)
        return found


@pytest.fixture
def probed(cluster: Cluster, namespace: str) -> Probed:
    eventually(lambda: cluster.core.list_namespaced_service_account(namespace).items)
    return Probed(cluster, namespace)


def failing(code: int) -> JobFor:
    """Jobs whose pods end so, on pretended nodes."""

    def job_for(profile: ComputeProfile) -> dict[str, Any]:
        made = dict(sample_job(Kubernetes(), "ann", MLFLOW)(profile))
        metadata = made["spec"]["template"]["metadata"]
        metadata["labels"] = {**metadata["labels"], **FAILS}
        metadata["annotations"] = exit_code(code)
        return made

    return job_for


def test_mlflow_that_pods_reach(probed: Probed, kwok_nodes: Kwok) -> None:
    found = probed(node_selector=kwok_nodes.selector, accelerators={"nvidia.com/gpu": kwok_nodes.gpus + 1})
    assert (found.name, found.status) == ("Pods of gpu", "ok")
    assert found.message.startswith(f"reach MLflow at {MLFLOW}; took ")
    assert set(probed.said) <= {"Waits for the cluster to make the pod", "Pending", "Running"}


@pytest.mark.parametrize(
    ("code", "fix"), [(reach.SILENT, "network policies"), (reach.REFUSED, "password into the Secret")]
)
def test_mlflow_that_pods_do_not_reach(probed: Probed, kwok_nodes: Kwok, code: int, fix: str) -> None:
    kwok_nodes.write_logs(["does not answer: timed out"])
    found = probed(failing(code), node_selector=kwok_nodes.selector)
    assert found.status == "error"
    assert found.message.startswith(f"From inside the cluster, MLflow at {MLFLOW} ")
    assert fix in found.fix


def test_an_image_without_python(probed: Probed, kwok_nodes: Kwok) -> None:
    found = probed(failing(127), node_selector=kwok_nodes.selector)
    assert (found.status, "exit code 127" in found.message) == ("error", True)
    assert "has `python`" in found.fix


def test_a_pod_that_no_node_takes(probed: Probed) -> None:
    found = probed(seconds=5, node_selector={"no": "where"})
    assert found.status == "error"
    assert found.message.startswith("The probe's pod was not done after 5 s. No node takes it: ")
    assert any(line.startswith("No node takes it: ") for line in probed.said)


def test_a_pod_that_a_quota_forbids(probed: Probed, cluster: Cluster, namespace: str) -> None:
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    cluster.core.create_namespaced_resource_quota(namespace, quota)
    eventually(lambda: cluster.core.read_namespaced_resource_quota("none", namespace).status.hard)
    found = probed()
    assert found.status == "error"
    assert found.message.startswith("The cluster lets no pod start: ")
    assert "exceeded quota" in found.message


def test_a_sweep_that_kueue_would_hold(probed: Probed) -> None:
    found = probed(seconds=1, queue="team")
    assert "Waits in Kueue's queue team" in found.message


def test_an_address_that_no_pod_can_reach_costs_no_pod(cluster: Cluster, namespace: str) -> None:
    api = ApiServer(str(cluster.kubeconfig))
    profile = ComputeProfile(name="gpu")
    found = probe(api, profile, namespace, "http://localhost:5000", print, failing(1))
    assert (found.status, found.message.startswith("Pods cannot reach MLflow")) == ("error", True)


def test_a_profile_that_the_cluster_refuses(probed: Probed) -> None:
    with pytest.raises(Invalid, match='Not found: "nothing"'):
        probed(volume_mounts=[{"name": "nothing", "mountPath": "/data"}])


def test_it_asks_for_next_to_nothing_and_is_no_sweep() -> None:
    profile = ComputeProfile(name="gpu", cpu="8", memory="64Gi", accelerators={"nvidia.com/gpu": 8}, queue="team")
    made = probe_job(profile, MLFLOW, sample_job(Kubernetes(), "ann", "http://elsewhere"))
    [container] = made["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}}
    assert container["command"][:2] == ["python", "-c"]
    assert {"name": "MLFLOW_TRACKING_URI", "value": MLFLOW} in container["env"]
    assert "http://elsewhere" not in str(container)
    for metadata in (made["metadata"], made["spec"]["template"]["metadata"]):
        assert not {"app.kubernetes.io/managed-by", "jupyter-mlops/sweep"} & set(metadata["labels"])
    assert made["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "team"
    assert made["spec"]["suspend"] is True


def test_the_command_says_it_and_its_exit_code_too(
    configured: None,
    cluster: Cluster,
    probed: Probed,
    kwok_nodes: Kwok,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    profiles = [{"name": "gpu", "namespace": probed.namespace, "node_selector": kwok_nodes.selector}]
    settings = {"kubeconfig": str(cluster.kubeconfig), "profiles": profiles, "tracking_uri": MLFLOW}
    file = tmp_path / "config" / "jupyter_mlops_config.json"
    file.write_text(json.dumps({"Kubernetes": settings}))
    assert cli.run(["kubernetes", "probe"], Face()) == 0
    assert f"reach MLflow at {MLFLOW}" in capsys.readouterr().out
    file.write_text(json.dumps({"Kubernetes": {**settings, "tracking_uri": "http://localhost:5000"}}))
    assert cli.run(["kubernetes", "probe", "gpu", "--json"], Face()) == 1
    assert json.loads(capsys.readouterr().out)[0]["status"] == "error"
    assert cli.run(["kubernetes", "probe", "huge"], Face()) == 3
    assert "There is no compute profile 'huge'" in capsys.readouterr().err

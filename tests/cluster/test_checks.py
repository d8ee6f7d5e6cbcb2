"""What `doctor` says of a cluster: what is missing, and nothing that only cannot be seen."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.checks import examine
from jupyter_mlops.backends.kubernetes.installation import RULES
from jupyter_mlops.backends.kubernetes.probe import sample_job
from jupyter_mlops.backends.kubernetes.settings import Kubernetes
from jupyter_mlops.domain.doctor import Finding
from tests.running import eventually

from .component import free_port
from .connection import Cluster
from .control_plane import write_kubeconfig
from .kwok import Kwok

MLFLOW = "http://mlflow.team:5000"
JOBS: list[Any] = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get"]}]


def look(kubeconfig: Path, *profiles: dict[str, Any], tracking_uri: str = MLFLOW) -> list[Finding]:
    """What the doctor finds, with its profiles' names and places; ann looks."""
    settings = Kubernetes(profiles=[{"name": "small", **profile} for profile in profiles])
    job_for = sample_job(settings, "ann", tracking_uri)
    found = examine(ApiServer(str(kubeconfig)), settings, "ann", tracking_uri, job_for)
    assert all(one.fix for one in found if one.status != "ok")
    return found


def of(found: list[Finding], name: str) -> list[tuple[str, str]]:
    return [(one.status, one.message) for one in found if one.name == name]


@pytest.fixture
def ready(cluster: Cluster, namespace: str) -> str:
    """A namespace whose service account is there: no pod is let in before."""
    eventually(lambda: cluster.core.list_namespaced_service_account(namespace).items)
    return namespace


def test_a_cluster_that_is_ready(cluster: Cluster, ready: str) -> None:
    found = look(cluster.kubeconfig, {"namespace": ready, "cpu": 2})
    assert [(one.name, one.status) for one in found] == [
        ("Cluster", "ok"),
        ("MLflow for pods", "ok"),
        (f"Namespace {ready}", "ok"),
        ("Secret jupyter-mlops-mlflow", "warning"),
        ("Profile small", "ok"),
    ]
    assert found[0].message.startswith(f"{cluster.api.configuration.host}, Kubernetes v1.")
    assert found[-1].message == f"2 CPU, 2Gi in {ready}"


def test_the_secret_is_there_and_not_told(cluster: Cluster, ready: str) -> None:
    secret = {"metadata": {"name": "jupyter-mlops-mlflow"}, "stringData": {"MLFLOW_TRACKING_PASSWORD": "hunter2"}}
    cluster.core.create_namespaced_secret(ready, secret)
    found = look(cluster.kubeconfig, {"namespace": ready})
    assert of(found, "Secret jupyter-mlops-mlflow") == [("ok", f"there, in {ready}")]
    assert "hunter2" not in str(found)


def test_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    port = free_port()
    file = write_kubeconfig(tmp_path / "config", f"https://127.0.0.1:{port}", {}, "token")
    [finding] = look(file, {})
    assert (finding.name, finding.status) == ("Cluster", "error")
    assert finding.message.startswith(f"The cluster at https://127.0.0.1:{port} does not answer")
    assert "c.Kubernetes.context" in finding.fix


@pytest.mark.parametrize("text", ["", "apiVersion: v1\nkind: Config\n", "{", "hello", "[]", "\t"])
def test_a_kubeconfig_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    [finding] = look(tmp_path / "config", {})
    assert (finding.name, finding.status) == ("Cluster", "error")
    assert re.search("No cluster is configured here|cannot be read as a kubeconfig", finding.message)


def test_somebody_whom_the_cluster_does_not_know(cluster: Cluster, tmp_path: Path) -> None:
    reached = cluster.api.configuration
    ca = {"certificate-authority": reached.ssl_ca_cert} if reached.ssl_ca_cert else {}
    [finding] = look(write_kubeconfig(tmp_path / "config", reached.host, ca, "forged"), {})
    assert "does not know who you are" in finding.message
    assert finding.fix.startswith("Log in to the cluster again")


@pytest.fixture
def half_dead(tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of an API server of old that still says its version, and whose store is gone."""

    class HalfDead(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there = self.path == "/version"
            self.answer(200 if there else 503, b'{"major": "1", "minor": "30+", "gitVersion": "v1.30.9"}')

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(503, b'{"message": "etcdserver: request timed out"}')

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), HalfDead) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield write_kubeconfig(tmp_path / "half-dead", f"http://127.0.0.1:{server.server_port}", {}, "token")
        server.shutdown()


def test_a_cluster_that_is_too_old_and_then_falls_silent(half_dead: Path) -> None:
    old, mlflow, silent = look(half_dead, {"namespace": "team"})
    assert (old.status, mlflow.status, silent.status) == ("error", "ok", "error")
    assert old.message.endswith("Kubernetes v1.30.9: sweeps need 1.31 or later.")
    assert "cannot answer now" in silent.message


def test_every_missing_right_is_named_with_the_command_that_brings_it(cluster: Cluster, ready: str) -> None:
    kubeconfig = cluster.service_account(ready, "half", [*JOBS, *RULES[2:]])
    found = look(kubeconfig, {"namespace": ready, "queue": "team", "priority_class": "none"})
    [finding] = [one for one in found if one.name == f"Namespace {ready}"]
    assert finding.message == (
        f"system:serviceaccount:{ready}:half may not: delete, list, patch, watch jobs; delete, get, list, watch pods; "
        "get, list, watch workloads; get localqueues; get localqueues/pendingworkloads."
    )
    assert finding.fix == (
        "An administrator applies what this prints: jupyter mlops kubernetes manifests "
        f"--namespace {ready} --subject {ready}:half --kueue"
    )
    assert of(found, "Secret jupyter-mlops-mlflow") == [], "what may not be read is not called missing"


def test_what_cannot_be_seen_is_not_called_missing(cluster: Cluster, ready: str, kwok_nodes: Kwok) -> None:
    kubeconfig = cluster.service_account(ready, "least", RULES)
    gpu = {"accelerators": {"nvidia.com/gpu": 1}, "priority_class": "none", "cache_claim": "envs"}
    found = look(kubeconfig, {"namespace": ready, **gpu})
    assert {one.status for one in found} == {"ok"}
    assert found[-1].message == (
        f"1 CPU, 2Gi, 1 nvidia.com/gpu in {ready}; "
        "not seen with these rights: PersistentVolumeClaim envs, PriorityClass none; "
        "which nodes have accelerators cannot be seen with these rights"
    )


def test_a_namespace_that_is_missing(cluster: Cluster) -> None:
    found = look(cluster.kubeconfig, {"namespace": "nowhere-{user}"})
    [finding] = [one for one in found if one.name == "Namespace nowhere-ann"]
    assert (finding.status, finding.message) == ("error", "There is no namespace nowhere-ann.")
    assert "manifests --namespace nowhere-ann" in finding.fix
    assert of(found, "Profile small") == [], "one cause, one finding"


def test_accelerators_that_nodes_offer(cluster: Cluster, ready: str, kwok_nodes: Kwok) -> None:
    profile = {"namespace": ready, "node_selector": kwok_nodes.selector}
    nodes, gpus = len(kwok_nodes.nodes), kwok_nodes.gpus
    found = look(cluster.kubeconfig, {**profile, "accelerators": {"nvidia.com/gpu": gpus}})
    assert of(found, "Profile small")[0][1].endswith(f"; {nodes * gpus} nvidia.com/gpu on {nodes} nodes")
    wanted = {"nvidia.com/gpu": gpus + 1, "amd.com/gpu": 1}
    found = look(cluster.kubeconfig, {**profile, "accelerators": wanted})
    no_node = "no node with the labels of node_selector"
    assert of(found, "Profile small") == [
        ("warning", f"It asks for {gpus + 1} nvidia.com/gpu, and {no_node} has more than {gpus} now."),
        ("warning", f"It asks for 1 amd.com/gpu, and {no_node} has any now."),
    ]


def test_what_a_profile_names_and_is_not_there(cluster: Cluster, ready: str) -> None:
    named = {
        "cache_claim": "envs",
        "service_account": "robot",
        "secrets": ["key"],
        "image_pull_secrets": ["registry"],
        "config_maps": ["settings"],
        "priority_class": "urgent",
        "runtime_class": "gvisor",
    }
    errors = of(look(cluster.kubeconfig, {"namespace": ready, **named}), "Profile small")
    missing = [
        f"There is no PersistentVolumeClaim envs in {ready}.",
        f"There is no ServiceAccount robot in {ready}.",
        f"There is no Secret key in {ready}.",
        f"There is no Secret registry in {ready}.",
        f"There is no ConfigMap settings in {ready}.",
        "There is no PriorityClass urgent.",
        "There is no RuntimeClass gvisor.",
    ]
    assert errors[:7] == [("error", message) for message in missing]
    found = look(cluster.kubeconfig, {"namespace": ready, "priority_class": "system-cluster-critical"})
    assert not any("There is no PriorityClass" in one.message for one in found)


def test_kueue_that_is_not_installed(cluster: Cluster, ready: str) -> None:
    found = look(cluster.kubeconfig, {"namespace": ready, "queue": "team"})
    assert of(found, "Profile small") == [("error", "Kueue is not installed, and the profile has queue.")]


def test_a_job_and_pods_that_the_cluster_would_refuse(cluster: Cluster, ready: str) -> None:
    mount = [{"name": "nothing", "mountPath": "/data"}]
    found = look(cluster.kubeconfig, {"namespace": ready, "volume_mounts": mount})
    [(status, message)] = of(found, "Profile small")
    assert (status, 'Not found: "nothing"' in message) == ("error", True)
    host = [{"name": "host", "hostPath": {"path": "/"}}]
    [(status, message)] = of(look(cluster.kubeconfig, {"namespace": ready, "volumes": host}), "Profile small")
    assert (status, "violates PodSecurity" in message) == ("error", True)
    assert cluster.batch.list_namespaced_job(ready).items == [], "nothing was made"


@pytest.mark.parametrize("tracking_uri", ["", "sqlite:///mlflow.db", "http://localhost:5000"])
def test_mlflow_that_no_pod_can_reach(cluster: Cluster, ready: str, tracking_uri: str) -> None:
    found = look(cluster.kubeconfig, {"namespace": ready}, tracking_uri=tracking_uri)
    [(status, message)] = of(found, "MLflow for pods")
    assert (status, message.startswith("Pods cannot reach")) == ("error", True)


def test_without_profiles_nobody_can_run_anything(cluster: Cluster) -> None:
    assert [(one.name, one.status) for one in look(cluster.kubeconfig)][2:] == [("Profiles", "error")]

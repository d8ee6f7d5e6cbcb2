"""What `kubernetes manifests` prints, applied: everything that sweeps need can be done with it, and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.checks import examine
from jupyter_mlops.backends.kubernetes.installation import Installation, as_yaml, documents, subject
from jupyter_mlops.backends.kubernetes.objects import Job, Pod
from jupyter_mlops.backends.kubernetes.probe import sample_job
from jupyter_mlops.backends.kubernetes.settings import Kubernetes
from jupyter_mlops.domain.errors import NotAllowed
from jupyter_mlops.domain.profile import ComputeProfile
from tests.running import eventually

from .connection import Cluster
from .control_plane import write_kubeconfig

MLFLOW = "http://mlflow.team:5000"
CORE, RBAC = "/api/v1", "/apis/rbac.authorization.k8s.io/v1"
BELOW = {
    "ServiceAccount": f"{CORE}/namespaces/{{}}/serviceaccounts",
    "Role": f"{RBAC}/namespaces/{{}}/roles",
    "RoleBinding": f"{RBAC}/namespaces/{{}}/rolebindings",
    "Secret": f"{CORE}/namespaces/{{}}/secrets",
    "PersistentVolumeClaim": f"{CORE}/namespaces/{{}}/persistentvolumeclaims",
}


class Pods(msgspec.Struct):
    items: list[Pod]


class Anything(msgspec.Struct):
    pass


@pytest.fixture
def administrator(cluster: Cluster) -> ApiServer:
    return ApiServer(str(cluster.kubeconfig))


@pytest.fixture
def new_namespace(cluster: Cluster) -> Iterator[str]:
    """The name of one that the manifests make."""
    name = f"test-{secrets.token_hex(4)}"
    yield name
    cluster.core.delete_namespace(name)


def apply(api: ApiServer, text: str) -> None:
    """As kubectl does: one after the other; unknown fields are refused."""
    for body in yaml.safe_load_all(text):
        if body:
            below = BELOW.get(body["kind"], f"{CORE}/namespaces").format(body["metadata"].get("namespace"))
            api.create(below, body)


def account(cluster: Cluster, namespace: str, folder: Path, name: str = "jupyter-mlops") -> ApiServer:
    """The API server as a Jupyter server with that service account has it."""
    wanted = {"spec": {"expirationSeconds": 3600}}
    eventually(lambda: cluster.core.list_namespaced_service_account(namespace).items)
    token = cluster.core.create_namespaced_service_account_token(name, namespace, wanted).status.token
    reached = cluster.api.configuration
    ca = {"certificate-authority": reached.ssl_ca_cert} if reached.ssl_ca_cert else {}
    return ApiServer(str(write_kubeconfig(folder / f"{name}.kubeconfig", reached.host, ca, token, namespace)))


@pytest.fixture
def server(cluster: Cluster, administrator: ApiServer, new_namespace: str, tmp_path: Path) -> ApiServer:
    """Whoever has the rights of the manifests, and no other."""
    apply(administrator, as_yaml(documents(Installation(namespaces=[new_namespace], cache="1Gi", kueue=True))))
    return account(cluster, new_namespace, tmp_path)


def job(namespace: str) -> dict[str, Any]:
    """A sweep's, whose pods wait: no node has that label."""
    profile = ComputeProfile(name="small", namespace=namespace, node_selector={"no": "where"})
    return dict(sample_job(Kubernetes(), "ann", MLFLOW)(profile))


def test_everything_that_sweeps_need_is_allowed(cluster: Cluster, server: ApiServer, new_namespace: str) -> None:
    jobs, pods = f"/apis/batch/v1/namespaces/{new_namespace}/jobs", f"{CORE}/namespaces/{new_namespace}/pods"
    made = server.create(jobs, job(new_namespace))
    mine = f"{jobs}/{made['metadata']['name']}"
    server.patch(mine, {"spec": {"parallelism": 1}})
    assert server.get(mine, Job).spec.parallelism == 1
    eventually(lambda: server.get(pods, Pods).items)
    pod = f"{pods}/{server.get(pods, Pods).items[0].metadata.name}"
    assert server.get(pod, Pod).metadata.owner_references[0].kind == "Job"
    # No node has it, so there is no log; what counts is that asking is not forbidden.
    assert server.text(f"{pod}/log") == b""
    server.get(f"{CORE}/namespaces/{new_namespace}/events", Anything)
    for watched in (jobs, pods, f"{CORE}/namespaces/{new_namespace}/events"):
        with server.stream(watched, 10, watch=True, timeoutSeconds=1) as (lines, _):
            list(lines)
    server.delete(pod)
    server.delete(mine, propagationPolicy="Background")
    server.get(f"{CORE}/namespaces/{new_namespace}/persistentvolumeclaims/jupyter-mlops-cache", Anything)


def test_everything_else_is_refused(cluster: Cluster, server: ApiServer, new_namespace: str, namespace: str) -> None:
    here, there = f"{CORE}/namespaces/{new_namespace}", f"{CORE}/namespaces/{namespace}"
    pod = {"apiVersion": "v1", "kind": "Pod", **job(new_namespace)["spec"]["template"]}
    pod["metadata"] = {"name": "pod"}
    for path in (
        f"{here}/secrets",
        f"{here}/secrets/jupyter-mlops-mlflow",
        f"{here}/configmaps",
        f"{here}/persistentvolumeclaims",
        f"{here}/persistentvolumeclaims/another",
        f"{there}/pods",
        f"/apis/batch/v1/namespaces/{namespace}/jobs",
        "/apis/batch/v1/jobs",
        f"{CORE}/pods",
        f"{CORE}/nodes",
        f"{CORE}/namespaces",
        f"{RBAC}/namespaces/{new_namespace}/roles",
    ):
        with pytest.raises(NotAllowed):
            server.get(path, Anything)
    with pytest.raises(NotAllowed):
        server.create(f"{here}/pods", pod)
    with pytest.raises(NotAllowed):
        server.create(f"{here}/serviceaccounts/jupyter-mlops/token", {"spec": {"expirationSeconds": 3600}})
    with pytest.raises(NotAllowed):
        server.create(f"/apis/batch/v1/namespaces/{namespace}/jobs", job(namespace))


def test_the_doctor_finds_nothing_missing_with_these_rights(server: ApiServer, new_namespace: str) -> None:
    settings = Kubernetes(
        profiles=[{"name": "small", "namespace": new_namespace, "cache_claim": "jupyter-mlops-cache"}],
        tracking_uri=MLFLOW,
    )
    found = examine(server, settings, "ann", "", sample_job(settings, "ann", MLFLOW))
    assert [(one.name, one.status) for one in found] == [
        ("Cluster", "ok"),
        ("MLflow for pods", "ok"),
        (f"Namespace {new_namespace}", "ok"),
        ("Profile small", "ok"),
    ]


def test_a_subject_of_another_namespace_has_the_rights(
    cluster: Cluster, administrator: ApiServer, new_namespace: str, namespace: str, tmp_path: Path
) -> None:
    chosen = Installation(namespaces=[new_namespace], subjects=[subject(f"{namespace}:default")])
    apply(administrator, as_yaml(documents(chosen)))
    hub = account(cluster, namespace, tmp_path, "default")
    hub.get(f"/apis/batch/v1/namespaces/{new_namespace}/jobs", Anything)
    with pytest.raises(NotAllowed):
        hub.get(f"/apis/batch/v1/namespaces/{namespace}/jobs", Anything)


def test_the_template_of_the_secret_is_a_secret_once_it_is_filled_in(
    cluster: Cluster, administrator: ApiServer, namespace: str
) -> None:
    printed = as_yaml([one for one in documents(Installation(namespaces=[namespace])) if one.template])
    filled_in = printed.partition("#\n")[2].replace("# ", "").replace("REPLACE THIS BY THE PASSWORD", "s3cret")
    apply(administrator, filled_in)
    kept = cluster.core.read_namespaced_secret("jupyter-mlops-mlflow", namespace).data
    assert kept["MLFLOW_TRACKING_PASSWORD"] == "czNjcmV0"


def test_its_namespace_refuses_pods_that_may_become_root(
    cluster: Cluster, administrator: ApiServer, new_namespace: str
) -> None:
    apply(administrator, as_yaml(documents(Installation(namespaces=[new_namespace]))))
    eventually(lambda: cluster.core.list_namespaced_service_account(new_namespace).items)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}}
    with pytest.raises(NotAllowed, match=r"violates PodSecurity .+restricted"):
        administrator.create(
            f"{CORE}/namespaces/{new_namespace}/pods", {**pod, "spec": {"containers": [{"name": "a", "image": "b"}]}}
        )

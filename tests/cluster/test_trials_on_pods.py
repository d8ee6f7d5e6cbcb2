"""Trials that truly run in pods, on a real node, against an MLflow server: the promises of all executors."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_mlops.backends.executors.base import Executor
from jupyter_mlops.backends.executors.kubernetes import KubernetesExecutor
from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.settings import Kubernetes
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain.profile import profiles_from
from jupyter_mlops.testing import ExecutorContract, order_of
from jupyter_mlops.testing import notebook as make_notebook

from .connection import Cluster
from .image import WORKER
from .mlflow_server import MlflowServer
from .node import Node


@pytest.fixture(scope="module")
def mlflow_server(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with MlflowServer(node.address, tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture
def mlops_tracking(mlflow_server: MlflowServer, tmp_path: Path) -> MlflowTracking:
    return MlflowTracking(mlflow_server.uri, tmp_path)


@pytest.fixture
def mlops_root() -> Iterator[Path]:
    """A folder that pods see, too: their user is another one."""
    folder = Path(tempfile.mkdtemp(prefix="mlops-shared-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def profile_for(node: Node, namespace: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "real",
        "image": WORKER,
        "image_pull_policy": "Never",
        "cpu": "100m",
        "memory": "1Gi",
        "namespace": namespace,
        "node_selector": node.selector,
        **changes,
    }


def executor_for(cluster: Cluster, tracking: MlflowTracking, uri: str, profile: dict[str, Any]) -> KubernetesExecutor:
    settings = Kubernetes(config=Config({"Kubernetes": {"profiles": [profile]}}))
    return KubernetesExecutor(ApiServer(str(cluster.kubeconfig)), settings, tracking, uri, "ann")


class TestKubernetesExecutor(ExecutorContract):
    """In a namespace that lets pods see a folder of the node: the contract's trials wait for a file in it."""

    pause_interrupts = True
    patience = 150.0

    @pytest.fixture
    def profile(self, cluster: Cluster, node: Node, mlops_root: Path) -> Iterator[dict[str, Any]]:
        shared = str(mlops_root)
        with cluster.namespace("privileged") as namespace:
            yield profile_for(
                node,
                namespace,
                volumes=[{"name": "shared", "hostPath": {"path": shared}}],
                volume_mounts=[{"name": "shared", "mountPath": shared}],
            )

    @pytest.fixture
    def executor(
        self, cluster: Cluster, mlops_tracking: MlflowTracking, mlflow_server: MlflowServer, profile: dict[str, Any]
    ) -> Iterator[Executor]:
        with closing(executor_for(cluster, mlops_tracking, mlflow_server.uri, profile)) as made:
            yield made

    @pytest.fixture
    def ordered(self, mlops_tracking: MlflowTracking, mlops_root: Path, profile: dict[str, Any]) -> Any:
        def make(*code: str, **changes: Any) -> Any:
            placed = {"executor": "kubernetes", "profile": profiles_from([profile])[0], **changes}
            order = order_of(mlops_tracking, make_notebook(*code), mlops_root, **placed)
            return mlops_tracking.create_sweep(order, None), order

        return make

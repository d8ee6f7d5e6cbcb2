"""From a notebook to trials in pods: a team's MLflow server, a namespace that enforces the restricted standard, a
kernel of its own with an editable install, a local module and a data file, and nothing of it in the image."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
import uv
from jupyter_core.paths import jupyter_data_dir
from traitlets.config import Config

from jupyter_mlops.backends.executors.kubernetes import KubernetesExecutor
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.configuration import MLOps
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import SweepRequest
from jupyter_mlops.services import Services
from jupyter_mlops.testing import NotebookFactory
from tests.running import ended, eventually

from .connection import Cluster
from .image import WORKER
from .mlflow_server import MlflowServer
from .node import Node
from .way_out import WayOut

KERNEL = "clustered"
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "ours"
version = "0.1"
"""


@pytest.fixture(scope="module")
def mlflow_server(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with MlflowServer(node.address, tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(scope="module")
def way_out(node: Node) -> Iterator[WayOut]:
    with WayOut(node.address) as way:
        yield way


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A kernel with a package of somebody's own, installed editable."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "ours").mkdir()
    (folder / "ours" / "__init__.py").write_text("def answer():\n    return 42\n")
    (folder / "pyproject.toml").write_text(PROJECT)
    venv = folder / ".venv"
    for words in (
        ["venv", "--quiet", "--python", sys.executable, str(venv)],
        ["pip", "install", "--quiet", "--python", str(venv), "ipykernel", "-e", str(folder)],
    ):
        subprocess.run([uv.find_uv_bin(), *words], check=True, capture_output=True, timeout=300)
    spec = Path(jupyter_data_dir(), "kernels", KERNEL)
    spec.mkdir(parents=True, exist_ok=True)
    argv = [str(venv / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": KERNEL, "language": "python"}))
    return KERNEL


@pytest.fixture
def services(
    cluster: Cluster,
    namespace: str,
    node: Node,
    mlflow_server: MlflowServer,
    way_out: WayOut,
    mlops_root: Path,
    tmp_path: Path,
) -> Iterator[Services]:
    """The verbs of a person whose administrator offers two profiles on the cluster."""
    # Whoever vouches for the package index here, an employer's proxy perhaps, does so in pods, too.
    bundle = Path(os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or certifi.where())
    cluster.core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "ca"}, "data": {"ca.crt": bundle.read_text()}}
    )
    profile: dict[str, Any] = {
        "image": WORKER,
        "image_pull_policy": "Never",
        "cpu": "100m",
        "namespace": namespace,
        "node_selector": node.selector,
        "environment": {"HTTPS_PROXY": way_out.uri, "SSL_CERT_FILE": "/ca/ca.crt"},
        "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "volume_mounts": [{"name": "ca", "mountPath": "/ca", "readOnly": True}],
    }
    profiles = [
        {**profile, "name": "usual", "memory": "1Gi"},
        {**profile, "name": "tiny", "memory": "512Mi", "max_memory": "2Gi", "trials_per_pod": 2},
    ]
    settings = {
        "MLOps": {"data_dir": str(tmp_path), "tracking_uri": mlflow_server.uri, "executors": ["local", "kubernetes"]},
        "Kubernetes": {"kubeconfig": str(cluster.kubeconfig), "profiles": profiles},
    }
    made = MLOps(config=Config(settings)).services(mlops_root)
    yield made
    executor = made.executors.get("kubernetes")
    assert isinstance(executor, KubernetesExecutor)
    executor.close()


def test_a_notebook_runs_in_pods_as_it_does_here(
    services: Services, mlops_notebook: NotebookFactory, mlops_root: Path, kernel: str, mlflow_server: MlflowServer
) -> None:
    (mlops_root / "helper.py").write_text("def half(x):\n    return x / 2\n")
    (mlops_root / "data.csv").write_text("7\n")
    code = "import helper, ours\nscore = helper.half(ours.answer()) * x + int(open('data.csv').read())\nscore"
    mlops_notebook(code, metrics="score = score", kernel=kernel)
    services.snapshots.create("train.ipynb", "ann", ["data.csv"])
    request = SweepRequest(
        notebook="train.ipynb",
        parameters={"x": Choice(values=[1, 2])},
        objective="score",
        executor="kubernetes",
        parallelism=1,
    )
    sweep = services.sweeps.create(request, "ann")
    eventually(ended(services, sweep), 240)
    done = services.sweeps.get(sweep.id)
    assert (done.state, done.reason) == ("succeeded", ""), services.trials.log(sweep.id, 0)["text"]
    assert [trial.objective for trial in services.trials.all(sweep.id)] == [28.0, 49.0]
    assert "Runs in the rebuilt environment" in services.trials.log(sweep.id, 0)["text"]
    tracking = MlflowTracking(mlflow_server.uri, mlops_root)
    assert tracking.trial_notebook(services.trials.get(sweep.id, 1).run_id) is not None


def test_a_trial_that_needs_too_much_memory_says_so_and_is_tried_again_with_twice_as_much(
    services: Services, mlops_notebook: NotebookFactory, kernel: str
) -> None:
    mlops_notebook("kept = bytearray(x * 2**20)", parameters="x = 1", kernel=kernel)
    space = {"x": Choice(values=[1, 600])}
    request = SweepRequest(notebook="train.ipynb", parameters=space, executor="kubernetes", profile="tiny")
    sweep = services.sweeps.create(request, "ann")
    eventually(ended(services, sweep), 240)
    well, killed = services.trials.all(sweep.id)
    assert (well.state, killed.state, killed.failure) == ("succeeded", "failed", "memory"), killed.reason
    assert killed.reason.startswith("Out of memory: ")
    assert services.sweeps.get(sweep.id).state == "failed"

    again = services.retries.start(sweep.id, "ann", twice_the_memory=True)
    eventually(ended(services, again), 240)
    (second,) = services.trials.all(again.id)
    assert (second.state, second.parameters["x"]) == ("succeeded", 600), second.reason

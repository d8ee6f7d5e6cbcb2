"""A sweep's Job on a real control plane; its pods run on pretended nodes, so what they would write is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_mlops.backends.executors.kubernetes import KubernetesExecutor
from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.manifests import SweepJob, job
from jupyter_mlops.backends.kubernetes.settings import Kubernetes
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain.errors import Invalid, NotAllowed, Unavailable
from jupyter_mlops.domain.profile import profiles_from
from jupyter_mlops.domain.space import Range
from jupyter_mlops.domain.sweep import SweepOrder
from jupyter_mlops.services.board import Board
from jupyter_mlops.services.executors import Executors
from jupyter_mlops.testing import eventually, notebook, order_of

from .connection import Cluster
from .control_plane import ControlPlane
from .kwok import FAILS, STAYS, Kwok, exit_code

URI = "http://mlflow.example:5000"
EVERYTHING = {
    "name": "everything",
    "image": "registry.example/team/worker:3",
    "image_pull_policy": "IfNotPresent",
    "image_pull_secrets": ["registry"],
    "cpu": "4",
    "cpu_limit": "8",
    "memory": "16Gi",
    "accelerators": {"nvidia.com/gpu": 1, "example.com/fpga": 2},
    "resource_claim_templates": ["big-gpu"],
    "labels": {"cost-centre": "42"},
    "annotations": {"sidecar.istio.io/inject": "false"},
    "node_selector": {"gpu": "h100"},
    "tolerations": [{"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}, {"key": "spot"}],
    "affinity": {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 1, "preference": {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}}
            ]
        }
    },
    "priority_class": "batch-low",
    "runtime_class": "gvisor",
    "service_account": "trials",
    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data", "readOnly": True}}],
    "volume_mounts": [{"name": "data", "mountPath": "/data", "readOnly": True}],
    "cache_claim": "cache",
    "environment": {"HF_HOME": "/data/hf"},
    "secrets": ["hub-token"],
    "config_maps": ["proxy"],
    "queue": "team-a",
    "workload_priority_class": "urgent",
    "deadline_seconds": 3600,
    "trials_per_pod": 4,
}

Make = Callable[..., tuple[str, SweepOrder]]


@pytest.fixture
def executor(cluster: Cluster, mlops_tracking: MlflowTracking, namespace: str) -> Iterator[KubernetesExecutor]:
    with closing(executor_for(cluster.kubeconfig, mlops_tracking, namespace)) as made:
        yield made


def executor_for(kubeconfig: Path, tracking: MlflowTracking, namespace: str) -> KubernetesExecutor:
    profiles = [{"name": "small", "namespace": namespace, "cpu": "1", "memory": "1Gi"}]
    settings = Kubernetes(config=Config({"Kubernetes": {"profiles": profiles}}))
    return KubernetesExecutor(ApiServer(str(kubeconfig)), settings, tracking, URI, "ann")


@pytest.fixture
def ordered(mlops_tracking: MlflowTracking, mlops_root: Path, namespace: str, kwok_nodes: Kwok) -> Make:
    """Makes a sweep that has been ordered for pretended nodes: `ordered(trials=10, labels={…})`."""

    def make(
        trials: int = 3, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, **changes: Any
    ) -> tuple[str, SweepOrder]:
        profile = {
            "name": "small",
            "namespace": namespace,
            "cpu": "1",
            "memory": "1Gi",
            "node_selector": kwok_nodes.selector,
            "labels": labels or {},
            "annotations": annotations or {},
            **changes.pop("profile", {}),
        }
        order = order_of(
            mlops_tracking,
            notebook("1"),
            mlops_root,
            parameters={"x": Range(low=1, high=trials, step=1)},
            trials=trials,
            executor="kubernetes",
            profile=profiles_from([profile])[0],
            **changes,
        )
        return mlops_tracking.create_sweep(order, None), order

    return make


@pytest.mark.parametrize("profile", [{"name": "bare"}, EVERYTHING], ids=["bare", "everything"])
def test_the_api_server_knows_every_field(
    profile: dict[str, Any], cluster: Cluster, mlops_tracking: MlflowTracking, mlops_root: Path, namespace: str
) -> None:
    order = order_of(mlops_tracking, notebook("1"), mlops_root, trials=10, trials_per_pod=4)
    (read,) = profiles_from([profile])
    made = job(
        SweepJob(
            sweep_id="5" * 32,
            order=order,
            profile=read,
            indexes=list(range(10)),
            namespace=namespace,
            tracking_uri=URI,
            secret="mlflow",
            keep_seconds=60,
        )
    )
    api = ApiServer(str(cluster.kubeconfig))
    created = api.create(f"/apis/batch/v1/namespaces/{namespace}/jobs", made, dryRun="All")
    assert created["spec"]["completions"] == 3
    made["spec"]["paralelism"] = 3
    with pytest.raises(Invalid, match=r"refuses it: .*unknown field \"spec\.paralelism\""):
        api.create(f"/apis/batch/v1/namespaces/{namespace}/jobs", made, dryRun="All")


def test_started_twice_it_is_one_job_that_everybody_sees(
    executor: KubernetesExecutor,
    ordered: Make,
    cluster: Cluster,
    mlops_tracking: MlflowTracking,
    namespace: str,
) -> None:
    sweep_id, order = ordered(labels=STAYS)
    assert not executor.placement(sweep_id).alive
    executor.start(sweep_id, order)
    executor.start(sweep_id, order)
    assert executor.placement(sweep_id).alive
    eventually(lambda: executor.placement(sweep_id).active == {0})
    assert executor.placement(sweep_id).of(1) == "waiting"
    assert len(cluster.batch.list_namespaced_job(namespace).items) == 1
    assert executor.live() == {sweep_id: executor.revision(sweep_id)}

    with closing(executor_for(cluster.kubeconfig, mlops_tracking, namespace)) as another:
        assert another.placement(sweep_id) == executor.placement(sweep_id)
        another.stop(sweep_id, "eve")
    eventually(lambda: not executor.live())
    record = mlops_tracking.sweep_record(sweep_id)
    assert (record.outcome, record.reason) == ("cancelled", "Stopped by eve.")
    eventually(lambda: not cluster.batch.list_namespaced_job(namespace).items)


def test_paused_its_pods_go_and_resumed_they_come_back(executor: KubernetesExecutor, ordered: Make) -> None:
    sweep_id, order = ordered(labels=STAYS, parallelism=2)
    executor.start(sweep_id, order)
    eventually(lambda: executor.placement(sweep_id).active == {0, 1})
    executor.pause(sweep_id)
    assert executor.placement(sweep_id).paused
    eventually(lambda: not executor.placement(sweep_id).active)
    assert executor.placement(sweep_id).alive
    executor.resume(sweep_id)
    executor.start(sweep_id, order)
    assert not executor.placement(sweep_id).paused
    eventually(lambda: executor.placement(sweep_id).active == {0, 1})


def test_a_job_whose_trials_wrote_no_outcome_is_lost_and_resumed_with_what_is_open(
    executor: KubernetesExecutor, ordered: Make, mlops_tracking: MlflowTracking, cluster: Cluster, namespace: str
) -> None:
    sweep_id, order = ordered(trials=4, parallelism=4)
    run = mlops_tracking.begin_trial(sweep_id, order, 2)
    mlops_tracking.end_trial(run.run_id, "succeeded", "", {})
    executor.start(sweep_id, order)
    eventually(lambda: not executor.placement(sweep_id).alive)
    assert mlops_tracking.sweep_record(sweep_id).outcome is None
    view = Board(sweep_id, mlops_tracking, Executors([executor])).sweep()
    assert view.state == "lost"
    assert view.reason.startswith("Its Job has ended or was deleted")
    executor.start(sweep_id, order)
    jobs = {one.metadata.name: one for one in cluster.batch.list_namespaced_job(namespace).items}
    second = jobs[f"mlops-{sweep_id}-2"]
    assert second.metadata.annotations["jupyter-mlops/indexes"] == "0-1,3"
    assert second.spec.completions == 3


@pytest.mark.parametrize("code", [1, 137])
def test_a_trial_that_the_machine_fails_too_often_has_failed(
    code: int, executor: KubernetesExecutor, ordered: Make, mlops_tracking: MlflowTracking
) -> None:
    labels, annotations = FAILS, exit_code(code, reason="OOMKilled" if code == 137 else "Error")
    sweep_id, order = ordered(trials=1, labels=labels, annotations=annotations, max_attempts=2)
    executor.start(sweep_id, order)
    eventually(lambda: not executor.live(), 90)
    record = mlops_tracking.trial_record(sweep_id, 0, None)
    assert record is not None
    assert record.outcome == "failed"
    assert ("Out of memory: it needed more than the 1Gi" in record.reason) == (code == 137)
    assert ("Tried 2 times." in record.reason) == (code == 1)
    assert record.failure == ("memory" if code == 137 else "machine")
    assert mlops_tracking.sweep_record(sweep_id).outcome == "failed"


def test_a_trial_like_which_all_others_would_end_fails_the_sweep(
    executor: KubernetesExecutor, ordered: Make, mlops_tracking: MlflowTracking
) -> None:
    sweep_id, order = ordered(trials=50, labels=FAILS, annotations=exit_code(12))
    run = mlops_tracking.begin_trial(sweep_id, order, 0)
    mlops_tracking.end_trial(run.run_id, "failed", "numpy 1.0 cannot be had.", {})
    executor.start(sweep_id, order)
    eventually(lambda: not executor.live())
    record = mlops_tracking.sweep_record(sweep_id)
    assert (record.outcome, record.reason) == ("failed", "numpy 1.0 cannot be had.")


def test_an_api_server_that_is_away_loses_nothing(
    executor: KubernetesExecutor, ordered: Make, control_plane: ControlPlane
) -> None:
    sweep_id, order = ordered(labels=STAYS)
    executor.start(sweep_id, order)
    eventually(lambda: executor.placement(sweep_id).active == {0})
    control_plane.kill_api_server()
    try:
        eventually(lambda: "does not answer" in executor.placement(sweep_id).message)
        assert executor.placement(sweep_id).active == {0}
        with pytest.raises(Unavailable, match="What runs there goes on"):
            executor.pause(sweep_id)
    finally:
        control_plane.start_api_server()
    eventually(lambda: not executor.placement(sweep_id).message)
    executor.stop(sweep_id, "ann")
    eventually(lambda: not executor.live())


def test_what_may_not_be_done_is_said(
    cluster: Cluster, ordered: Make, mlops_tracking: MlflowTracking, namespace: str
) -> None:
    watcher = [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
    ]
    kubeconfig = cluster.service_account(namespace, "watcher", watcher)
    sweep_id, order = ordered()
    executor = executor_for(kubeconfig, mlops_tracking, namespace)
    with (
        closing(executor),
        pytest.raises(NotAllowed, match=r'does not allow it: .*cannot create resource "jobs".*Ask its administrator'),
    ):
        executor.start(sweep_id, order)


def test_every_trial_that_does_not_run_says_why(
    executor: KubernetesExecutor, ordered: Make, mlops_tracking: MlflowTracking
) -> None:
    sweep_id, order = ordered(trials=30, parallelism=2, profile={"accelerators": {"nvidia.com/gpu": 9}})
    executor.start(sweep_id, order)
    board = Board(sweep_id, mlops_tracking, Executors([executor]))
    eventually(lambda: "No node has 9 nvidia.com/gpu" in reason(board, 0))
    eventually(lambda: "No node has 9 nvidia.com/gpu" in reason(board, 1))
    assert not reason(board, 2), "it waits for its turn"


def test_a_quota_holds_up_the_whole_sweep_and_says_so(
    executor: KubernetesExecutor, ordered: Make, mlops_tracking: MlflowTracking, cluster: Cluster, namespace: str
) -> None:
    quota = {"metadata": {"name": "team"}, "spec": {"hard": {"pods": "0"}}}
    cluster.core.create_namespaced_resource_quota(namespace, quota)
    sweep_id, order = ordered(trials=30)
    executor.start(sweep_id, order)
    board = Board(sweep_id, mlops_tracking, Executors([executor]))
    eventually(lambda: "The namespace's quota allows 0 of pods" in reason(board, 29))
    assert "quota allows 0 of pods" in board.sweep().reason


def reason(board: Board, index: int) -> str:
    trial = board.trial(index)
    return trial.reason if trial is not None else ""

"""Pods that truly run, as a sweep's do: by the restricted standard, nothing to write to but what is mounted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.running import eventually

from .connection import Cluster
from .image import USER_ID, WORKER
from .node import Node

CONTAINER = "main"
# Keeps what is said of a deleted pod, its log and how it ended, until it is taken away.
KEPT = "jupyter-mlops.example/kept"


class RunningPod:
    """A pod on a real node, in a namespace."""

    def __init__(self, cluster: Cluster, namespace: str, name: str = "pod") -> None:
        self.name = name
        self._core = cluster.core
        self._namespace = namespace

    def start(self, node: Node, *command: str, memory: str = "512Mi", **metadata: Any) -> None:
        """Make it, for that node."""
        body = {"metadata": {"name": self.name, **metadata}, "spec": pod_spec(node, command, memory)}
        self._core.create_namespaced_pod(self._namespace, body)

    def delete(self) -> None:
        self._core.delete_namespaced_pod(self.name, self._namespace)

    def release(self) -> None:
        """Let it go that was KEPT."""
        self._core.patch_namespaced_pod(self.name, self._namespace, {"metadata": {"finalizers": None}})

    def log(self) -> str:
        return str(self._core.read_namespaced_pod_log(self.name, self._namespace))

    def started(self) -> bool:
        """Whether its program runs; before, there is no log."""
        status = self._status()
        return bool(status and status.state.running)

    def ended(self, seconds: float = 90.0) -> Any:
        """Wait until its program has ended; returns how: `exit_code` and `reason`."""
        eventually(self._terminated, seconds)
        return self._terminated()

    def _terminated(self) -> Any:
        status = self._status()
        return status and status.state.terminated

    def _status(self) -> Any:
        """The container's, None before the kubelet knows of it."""
        statuses = self._core.read_namespaced_pod(self.name, self._namespace).status.container_statuses
        return statuses[0] if statuses else None


def pod_spec(node: Node, command: Sequence[str], memory: str = "512Mi") -> dict[str, Any]:
    """Of a pod that runs a command on that node, in the worker's image."""
    container = {
        "name": CONTAINER,
        "image": WORKER,
        "imagePullPolicy": "Never",
        "command": list(command),
        "resources": {"requests": {"cpu": "100m", "memory": memory}, "limits": {"memory": memory}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "home", "mountPath": "/home/worker"}, {"name": "tmp", "mountPath": "/tmp"}],
    }
    return {
        "restartPolicy": "Never",
        "nodeSelector": node.selector,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "home", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}],
    }

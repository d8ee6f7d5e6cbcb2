"""Pretended nodes with GPUs, by the hundred: kwok plays their kubelets."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

from kubernetes import client

from .build import BUILT, binary, build, module_folder
from .component import Component, free_port
from .connection import connect

# kwok's own, unchanged. `fast`: no delays; `chaos`: pods that fail, where they ask for it.
# https://kwok.sigs.k8s.io/docs/user/stages-configuration
OFFICIAL_STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
    "pod/chaos/pod-container-running-failed.yaml",
)
OWN_STAGES = Path(__file__).parent / "stages"

# What a pod says, in its labels and annotations, when it shall not just succeed.
STAYS = {"pod-stays.stage.kwok.x-k8s.io": "true"}
FAILS = {"pod-container-running-failed.stage.kwok.x-k8s.io": "true"}


def exit_code(code: int, after_seconds: float = 0, reason: str = "Error") -> dict[str, str]:
    """The annotations of a pod that FAILS: its containers' exit code, when, and why, such as OOMKilled."""
    stage = "pod-container-running-failed.stage.kwok.x-k8s.io"
    delay = f"{round(after_seconds * 1000)}ms"
    how = {"exit-code": str(code), "reason": reason, "delay": delay, "jitter-delay": delay}
    return {f"{stage}/{name}": value for name, value in how.items()}


class Kwok:
    """Nodes on which pods become Running at once, and those of Jobs Succeeded, without a container.

    In a `with`, or with `start()` and `stop()`. A pod whose node selector is `selector` gets to these nodes only: not
    to real ones, nor to another kwok's. With the labels STAYS it runs until it is deleted; with the labels FAILS and
    the annotations of `exit_code` its containers fail.
    """

    def __init__(self, kubeconfig: Path, folder: Path, nodes: int = 8, gpus: int = 8) -> None:
        self.gpus = gpus
        self.selector = {"kwok-run": secrets.token_hex(4)}
        self._kubeconfig = kubeconfig
        self._folder = folder
        self._logs = folder / "pods.log"
        self._wanted = nodes
        self._kwok: Component | None = None
        self._api: Any = client.CoreV1Api(connect(kubeconfig))

    def __enter__(self) -> Kwok:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def nodes(self) -> list[str]:
        """The names of the nodes there are."""
        return [node.metadata.name for node in self._list()]

    def start(self) -> None:
        """Start kwok, make the nodes, and wait until they are ready.

        Raises:
            BuildFailed: when kwok is not built and cannot be.
            ComponentFailed: when it ended, or the nodes did not get ready.
        """
        build("kwok")
        self._folder.mkdir(parents=True, exist_ok=True)
        self.write_logs([])
        self._kwok = Component([binary("kwok"), *self._options()], self._folder / "kwok.log")
        try:
            self.add(self._wanted)
        except BaseException:
            self.stop()
            raise

    def add(self, nodes: int) -> None:
        """Bring so many nodes more, and wait until they are ready."""
        assert self._kwok is not None
        first = len(self.nodes)
        for number in range(first, first + nodes):
            self._api.create_node(self._node(number))
        self._kwok.wait_until(lambda: sum(map(_ready, self._list())) == first + nodes)

    def write_logs(self, lines: Iterable[str]) -> None:
        """Say what the logs of every pod here read from now on."""
        # As container runtimes write them: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
        now = datetime.now(timezone.utc).isoformat()
        self._logs.write_text("".join(f"{now} stdout F {line}\n" for line in lines))

    def stop(self) -> None:
        """Take the nodes away, and end kwok."""
        if self._kwok is None:
            return
        try:
            self._api.delete_collection_node(label_selector=self._label)
        finally:
            self._kwok.kill()
            self._kwok = None

    def _list(self) -> list[Any]:
        return list(self._api.list_node(label_selector=self._label).items)

    @property
    def _label(self) -> str:
        return ",".join(f"{key}={value}" for key, value in self.selector.items())

    def _node(self, number: int) -> dict[str, Any]:
        name = f"kwok-{self.selector['kwok-run']}-{number}"
        size = {"cpu": "64", "memory": "512Gi", "pods": "110", "ephemeral-storage": "1Ti"}
        size["nvidia.com/gpu"] = str(self.gpus)
        labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
        return {
            "metadata": {"name": name, "labels": {**labels, **self.selector}},
            "status": {"capacity": size, "allocatable": size},
        }

    def _options(self) -> Iterator[str]:
        yield f"--kubeconfig={self._kubeconfig}"
        yield f"--manage-nodes-with-label-selector={self._label}"
        yield "--cidr=10.128.0.0/9"
        # A kubelet's, who renews four times as often. Without leases nodes are lost after a minute.
        yield "--node-lease-duration-seconds=40"
        # Where the API server asks for a pod's logs.
        yield "--node-ip=127.0.0.1"
        yield f"--node-port={free_port()}"
        for file in (*self._settings(), *_official_stages(), *sorted(OWN_STAGES.glob("*.yaml"))):
            yield f"--config={file}"

    def _settings(self) -> Iterator[Path]:
        parallel = {"podPlayStageParallelism": 16, "nodePlayStageParallelism": 16, "nodeLeaseParallelism": 16}
        # "Debugging" is what it calls the serving of logs.
        options = {**parallel, "enableDebuggingHandlers": True}
        logs = {"logs": [{"logsFile": str(self._logs), "follow": False}]}
        for text in (
            {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration", "options": options},
            {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterLogs", "metadata": {"name": "all"}, "spec": logs},
        ):
            file = self._folder / f"{text['kind']}.json"
            file.write_text(json.dumps(text))
            yield file


def _official_stages() -> list[Path]:
    # Beside the binary, so that where this is cached without Go's own caches, kwok still starts.
    folder = binary("kwok").parent / "stages"
    if not folder.exists():
        unfinished = BUILT / f"stages-{os.getpid()}"
        unfinished.mkdir()
        source = module_folder("sigs.k8s.io/kwok") / "kustomize" / "stage"
        for stage in OFFICIAL_STAGES:
            shutil.copyfile(source / stage, unfinished / Path(stage).name)
        unfinished.rename(folder)
    return sorted(folder.glob("*.yaml"))


def _ready(node: Any) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in node.status.conditions or [])

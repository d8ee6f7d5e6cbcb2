"""A namespace, asked as the product asks it, and pods that need GPUs in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.objects import Event, Job, Pod
from jupyter_mlops.backends.kubernetes.reasons import died, held_up, waiting
from jupyter_mlops.domain.profile import ComputeProfile
from tests.running import eventually

from .connection import Cluster
from .kwok import STAYS, Kwok
from .test_control_plane import pod as pod_spec

T = TypeVar("T")

GPU = "nvidia.com/gpu"
SMALL = ComputeProfile(name="small", accelerators={GPU: 1})


class Events(msgspec.Struct):
    items: list[Event]


class Pods(msgspec.Struct):
    items: list[Pod]


class Change(msgspec.Struct):
    type: str
    object: Pod


class Asked:
    """One namespace of the cluster, asked as the product asks it: its own client, its own classes."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.api = ApiServer(str(cluster.kubeconfig))
        self._core = f"/api/v1/namespaces/{namespace}"
        self._batch = f"/apis/batch/v1/namespaces/{namespace}"

    def pod(self, name: str = "pod") -> Pod:
        return self.api.get(f"{self._core}/pods/{name}", Pod)

    def pods(self) -> list[Pod]:
        return self.api.get(f"{self._core}/pods", Pods).items

    def job(self) -> Job:
        return self.api.get(f"{self._batch}/jobs/job", Job)

    def events(self) -> list[Event]:
        return self.api.get(f"{self._core}/events", Events).items

    def make_pod(self, spec: dict[str, Any], name: str = "pod", **metadata: Any) -> None:
        self.api.create(f"{self._core}/pods", {"metadata": {"name": name, **metadata}, "spec": spec})

    def make_job(self, template: dict[str, Any], labels: dict[str, str] | None = None, **spec: Any) -> None:
        body = {"completionMode": "Indexed", "completions": 1, "parallelism": 1, "template": template, **spec}
        metadata = {"name": "job", "labels": labels or {}}
        self.api.create(f"{self._batch}/jobs", {"metadata": metadata, "spec": body})

    def waits(self, profile: ComputeProfile = SMALL) -> str:
        """What is said of the pod once the scheduler has looked at it."""

        def looked() -> bool:
            return any(one.type == "PodScheduled" and one.message for one in self.pod().status.conditions)

        eventually(looked)
        return waiting(self.pod(), profile, self.events())

    def is_held_up(self) -> str:
        return soon(lambda: held_up(self.job(), self.events()))

    def seen_to_die(self, meanwhile: Callable[[], None]) -> str:
        """What is said of the first pod here that is ended from outside, in its last moments."""
        found: list[str] = []
        version = self.api.get(f"{self._core}/pods", dict[str, Any])["metadata"]["resourceVersion"]
        with self.api.stream(f"{self._core}/pods", 30, watch=True, resourceVersion=version) as (lines, _):
            started = threading.Thread(target=meanwhile)
            started.start()
            for line in lines:
                found = [text for text in [died(msgspec.json.decode(line, type=Change).object, SMALL)] if text]
                if found:
                    break
            started.join()
        return found[0]


def soon(what: Callable[[], T]) -> T:
    """What something answers, as soon as it is anything."""
    found: list[T] = []

    def asked() -> bool:
        found[:] = [what()]
        return bool(found[0])

    eventually(asked)
    return found[0]


def gpus(number: int, nodes: dict[str, str], **settings: Any) -> dict[str, Any]:
    spec = pod_spec(nodes, **settings)
    spec["containers"][0]["resources"] = {"limits": {GPU: str(number)}}
    return spec


def all_gpus_are_taken(asked: Asked, kwok: Kwok, **settings: Any) -> None:
    for number in range(len(kwok.nodes)):
        asked.make_pod(gpus(kwok.gpus, kwok.selector, **settings), f"full-{number}", labels=STAYS)
    eventually(lambda: [one.status.phase for one in asked.pods()] == ["Running"] * len(kwok.nodes))


@contextmanager
def tainted(cluster: Cluster, nodes: list[str], effect: str) -> Iterator[None]:
    def set_taints(taints: list[dict[str, str]]) -> None:
        for name in nodes:
            cluster.core.patch_node(name, {"spec": {"taints": taints}})

    set_taints([{"key": "team", "value": "other", "effect": effect}])
    try:
        yield
    finally:
        set_taints([])

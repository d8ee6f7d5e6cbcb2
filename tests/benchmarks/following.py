"""Two programs that follow the pods of one sweep: ours, and one made of the official client's informer."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
import psutil

from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.manifests import MANAGED, MANAGER, SWEEP
from jupyter_mlops.backends.kubernetes.observed import Observed

Who = Literal["ours", "theirs"]


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What following cost, without what importing and connecting cost."""

    imported: float
    """Megabytes before it began."""
    grown: float
    """Megabytes that it had more at the end."""
    cpu: float
    """Seconds."""
    listed: float
    """Seconds until it knew everything that was there when it began."""
    held: int
    """Pods that it had in memory at the end."""


class Follower:
    """A process that follows from its start until it is asked what that cost."""

    def __init__(self, who: Who, kubeconfig: Path, namespace: str, sweep_id: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_follow, args=(who, str(kubeconfig), namespace, sweep_id, there))
        self._process.start()

    def used(self) -> Used:
        self._here.send("enough")
        used: Used = self._here.recv()
        self._process.join(30)
        return used


def _follow(who: Who, kubeconfig: str, namespace: str, sweep_id: str, asked: Any) -> None:
    start = _ours(kubeconfig, namespace, sweep_id) if who == "ours" else _theirs(kubeconfig, namespace)
    process = psutil.Process()
    imported, before = process.memory_info().rss / 1e6, sum(process.cpu_times()[:2])
    began = time.monotonic()
    held = start()
    listed = time.monotonic() - began
    asked.recv()
    cpu = sum(process.cpu_times()[:2]) - before
    grown = process.memory_info().rss / 1e6 - imported
    asked.send(Used(imported=imported, grown=grown, cpu=cpu, listed=listed, held=held()))


def _ours(kubeconfig: str, namespace: str, sweep_id: str) -> Callable[[], Callable[[], int]]:
    api = ApiServer(kubeconfig)
    api.text("/version")

    def start() -> Callable[[], int]:
        observed = Observed(api, namespace)
        assert observed.ready(), observed.problem
        return lambda: len(observed.pods(sweep_id)) + len(observed.failed(sweep_id))

    return start


def _theirs(kubeconfig: str, namespace: str) -> Callable[[], Callable[[], int]]:
    from kubernetes import client, config
    from kubernetes.informer import SharedInformer

    core: Any = client.CoreV1Api(config.new_client_from_config(kubeconfig))  # type: ignore[no-untyped-call]
    core.list_namespaced_pod(namespace, limit=1)

    def start() -> Callable[[], int]:
        selector = f"{MANAGED}={MANAGER},{SWEEP}"
        make: Any = SharedInformer  # has no types
        informer = make(core.list_namespaced_pod, namespace=namespace, label_selector=selector)
        informer.start()
        while not informer.cache.list():
            time.sleep(0.05)
        return lambda: len(informer.cache.list())

    return start

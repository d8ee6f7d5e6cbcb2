"""What a pod died of, said of what a real control plane answers."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from jupyter_mlops.backends.kubernetes.reasons import died
from tests.running import eventually

from .asked import SMALL, Asked, all_gpus_are_taken, gpus, soon, tainted
from .connection import Cluster
from .kwok import FAILS, STAYS, Kwok, exit_code
from .test_control_plane import pod as pod_spec


@pytest.fixture
def asked(cluster: Cluster, namespace: str) -> Asked:
    return Asked(cluster, namespace)


@pytest.fixture
def priority_class(cluster: Cluster) -> Iterator[str]:
    scheduling: Any = client.SchedulingV1Api(cluster.api)
    name = f"important-{secrets.token_hex(4)}"
    scheduling.create_priority_class({"metadata": {"name": name}, "value": 1000})
    yield name
    scheduling.delete_priority_class(name)


@pytest.mark.parametrize(
    ("code", "reason", "text"),
    [
        (
            137,
            "OOMKilled",
            "Out of memory: it needed more than the 2Gi that the profile 'small' allows; choose a larger profile.",
        ),
        (
            137,
            "Error",
            (
                "Its process was killed, and the cluster does not say why: most often the memory was too little; "
                "choose a larger profile."
            ),
        ),
        (
            139,
            "Error",
            "Its process crashed (signal 11): a library with compiled code failed, not the notebook's Python.",
        ),
    ],
)
def test_what_containers_die_of(asked: Asked, kwok_nodes: Kwok, code: int, reason: str, text: str) -> None:
    asked.make_pod(pod_spec(kwok_nodes.selector), labels=FAILS, annotations=exit_code(code, reason=reason))
    assert soon(lambda: died(asked.pod(), SMALL)) == text


def test_making_room_for_something_more_important(asked: Asked, kwok_nodes: Kwok, priority_class: str) -> None:
    all_gpus_are_taken(asked, kwok_nodes)
    important = gpus(1, kwok_nodes.selector, priorityClassName=priority_class)
    assert asked.seen_to_die(lambda: asked.make_pod(important)) == "It had to make room for something more important."


def test_being_asked_to_leave(asked: Asked, kwok_nodes: Kwok) -> None:
    asked.make_pod(pod_spec(kwok_nodes.selector), labels=STAYS)
    eventually(lambda: asked.pod().status.phase == "Running")
    node = asked.pod().spec.node_name
    evict = asked.cluster.core.create_namespaced_pod_eviction
    said = asked.seen_to_die(lambda: evict("pod", asked.namespace, {"metadata": {"name": "pod"}}))
    assert said == f"It was asked to leave its node {node}, as when a node is emptied for maintenance."


def test_a_node_that_is_closed(asked: Asked, kwok_nodes: Kwok) -> None:
    asked.make_pod(pod_spec(kwok_nodes.selector), labels=STAYS)
    eventually(lambda: asked.pod().status.phase == "Running")
    node = asked.pod().spec.node_name
    closed = threading.Event()

    def close() -> None:
        with tainted(asked.cluster, [node], "NoExecute"):
            closed.wait(30)

    said = asked.seen_to_die(threading.Thread(target=close).start)
    closed.set()
    assert said == f"Its node {node} stopped answering or was closed."

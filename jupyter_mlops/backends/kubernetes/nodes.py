"""Which accelerators a cluster's nodes offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.domain.errors import NotAllowed


class _Labels(msgspec.Struct, frozen=True):
    labels: dict[str, str] = {}


class _Spec(msgspec.Struct, frozen=True):
    unschedulable: bool = False


class _Status(msgspec.Struct, frozen=True):
    allocatable: dict[str, str] = {}


class Node(msgspec.Struct, frozen=True):
    metadata: _Labels = _Labels()
    spec: _Spec = _Spec()
    status: _Status = _Status()


class _List(msgspec.Struct, frozen=True):
    items: list[Node] = []


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What the nodes that a profile may use have of one resource, whether in use or not."""

    nodes: int
    total: int
    most: int
    """What a single one has: no pod gets more."""


def nodes_of(api: ApiServer) -> list[Node] | None:
    """The cluster's nodes; None when they may not be listed."""
    try:
        # As the API server has them in memory: a few seconds old will do.
        return api.get("/api/v1/nodes", _List, resourceVersion="0").items
    except NotAllowed:
        return None


def offered(nodes: Sequence[Node], resource: str, selector: Mapping[str, str]) -> Offer:
    """What nodes with these labels have of a resource."""
    from kubernetes.utils import quantity

    read: Any = quantity.parse_quantity  # has no types
    counts = [
        int(read(node.status.allocatable.get(resource, "0")))
        for node in nodes
        if not node.spec.unschedulable and selector.items() <= node.metadata.labels.items()
    ]
    having = [count for count in counts if count]
    return Offer(nodes=len(having), total=sum(having), most=max(having, default=0))

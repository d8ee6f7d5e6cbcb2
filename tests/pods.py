"""Pods and events as an API server answers them, and what makes a sentence readable."""

from __future__ import annotations

from typing import Any

import msgspec

from jupyter_mlops.backends.kubernetes.objects import Event, Pod


def readable(text: str) -> str:
    """The sentence, if a person can read it in one line."""
    assert text.endswith(".")
    assert not text.endswith("..")
    assert len(text) < 300
    assert text.isprintable()
    return text


def pod(status: dict[str, Any], node: str = "", **metadata: Any) -> Pod:
    spec = {"nodeName": node} if node else {"nodeSelector": {"gpu": "h100"}}
    return msgspec.convert({"metadata": {"name": "pod", "uid": "1", **metadata}, "spec": spec, "status": status}, Pod)


def unplaced(reason: str, message: str) -> Pod:
    placed = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    return pod({"phase": "Pending", "conditions": [placed]})


def container(state: dict[str, Any], kind: str = "containerStatuses") -> dict[str, Any]:
    return {kind: [{"name": "main", "image": "team/worker:1", "state": state}]}


def event(reason: str, message: str = "", at: str = "2026-08-01T10:00:00Z", uid: str = "1") -> Event:
    metadata = {"name": "event"}
    of = {"metadata": metadata, "reason": reason, "message": message, "lastTimestamp": at}
    return msgspec.convert({**of, "involvedObject": {"uid": uid}}, Event)

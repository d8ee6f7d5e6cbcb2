"""What the scheduler says of a pod that no node takes, in words.

Its message counts nodes by what keeps the pod from them: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had
untolerated taint {a: b}. preemption: 0/3 nodes are available: …`. Each node is counted once, but for resources: there
it is counted with every one that is too little.
https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from jupyter_mlops.backends.kubernetes.sentence import ADMINISTRATOR, listed, quoted, sentence
from jupyter_mlops.domain.profile import ComputeProfile

_MESSAGE: Final = re.compile(r"0/(\d+) nodes are available: (.*)", re.DOTALL)
_COUNTED: Final = re.compile(r"(\d+) (.+?)(?=, \d+ |$)", re.DOTALL)
_TOO_MANY: Final = "Too many pods"
_CLAIMS: Final = "cannot allocate all claims"
_UNSIZED: Final = {_TOO_MANY, _CLAIMS}
_RESOURCE: Final = re.compile(rf"Insufficient (\S+)|{_TOO_MANY}|{_CLAIMS}")
# A node that would not take the pod even if nothing else ran there. Older schedulers do not look that far, and say "No
# preemption victims" of one that is too small: it then counts among those that the pod waits for.
_HOPELESS: Final = re.compile(r"(\d+) Preemption is not helpful")
_NONE: Final = "no nodes available to schedule pods"
_OTHER_PROFILE: Final = f"choose another profile or {ADMINISTRATOR}"

# Adjectives, so that they stand after any number.
_ADJECTIVES: Final = (
    (r"taint \{(?P<taint>[^}]*)\}", "reserved for others or not usable (taint {taint})"),
    (r"taint", "reserved for others or not usable (by their taints)"),
    (r"were unschedulable", "closed for maintenance"),
    (r"match Pod's node affinity|node selector", "{labels}"),
    (r"find available persistent volumes|available volume zone|free storage", "without room for its volume"),
    (r"volume node affinity|PersistentVolume's node affinity", "away from its volume"),
    (r"max volume count", "with as many volumes as they can have"),
    (r"ReadWriteOncePod", "unusable while another pod uses its volume"),
    (r"topology spread|affinity rules|anti-affinity", "ruled out by the profile's affinity"),
    (r"free ports", "without the port it asks for"),
    (r"unknown conditions", "not ready"),
)


class _Verdict(msgspec.Struct, frozen=True):
    nodes: int
    short_of: list[str]
    """Resources that are too little."""
    others: dict[str, int]
    """How many nodes other things keep it from."""
    able: int
    """Nodes that would take it if they were empty."""


def unschedulable(message: str, profile: ComputeProfile, labels: Mapping[str, str]) -> str:
    """Why no node takes a pod with these node labels wanted, and what to do."""
    if _NONE in message:
        return sentence("No node of the cluster can be used", ADMINISTRATOR)
    found = _MESSAGE.fullmatch(message.strip())
    if not found:
        return _of_volumes(message, profile) or sentence(f"No node takes it yet: {quoted(message)}")
    # A full stop inside a resource's or label's name has no space behind it.
    reasons, _, tried = found[2].partition(". ")
    counted = [(int(number), reason) for number, reason in _COUNTED.findall(reasons.rstrip("."))]
    if not counted:
        # Said of the pod before any node was looked at.
        return _of_volumes(reasons, profile) or sentence(f"No node takes it yet: {quoted(reasons)}")
    verdict = _verdict(int(found[1]), counted, tried, _described(labels, profile))
    return _short(verdict, profile) if verdict.short_of else _excluded(verdict, profile)


def _verdict(nodes: int, counted: list[tuple[int, str]], tried: str, labels: str) -> _Verdict:
    short_of: list[str] = []
    others: dict[str, int] = {}
    for number, reason in counted:
        resource = _RESOURCE.fullmatch(reason)
        if resource:
            short_of.append(resource[1] or resource[0])
        else:
            adjective = _adjective(reason, labels)
            others[adjective] = others.get(adjective, 0) + number
    hopeless = sum(int(number) for number in _HOPELESS.findall(tried))
    if _UNSIZED.intersection(short_of):
        hopeless = 0
    return _Verdict(nodes, short_of, others, nodes - max(hopeless, sum(others.values())))


def _short(verdict: _Verdict, profile: ComputeProfile) -> str:
    asked = list(_asked(verdict.short_of, profile))
    if verdict.able <= 0:
        no_node = f"Apart from {_counts(verdict)}, no node" if verdict.others else "No node"
        text = f"{no_node} has {listed(asked)}, not even when nothing else runs there"
        return sentence(text, f"choose a smaller profile or {ADMINISTRATOR}")
    much = "one" if len(asked) == 1 and asked[0].startswith(("1 ", "a ")) else "that much"
    rest = f" (apart from {_counts(verdict)})" if verdict.others else ""
    have = "node has" if verdict.able == 1 else "nodes have"
    return sentence(f"Waits for {listed(asked)}: 0 of {verdict.able} {have} {much} free{rest}")


def _asked(resources: list[str], profile: ComputeProfile) -> Iterator[str]:
    known = {
        "cpu": f"{profile.cpu} CPU",
        "memory": f"{profile.memory} of memory",
        "ephemeral-storage": "room on the node's disk",
        _TOO_MANY: "a place for a pod",
        _CLAIMS: "a device",
    }
    for name in resources:
        count = profile.accelerators.get(name)
        yield known.get(name) or (f"{count} {name}" if count else name)


def _excluded(verdict: _Verdict, profile: ComputeProfile) -> str:
    others = list(verdict.others)
    if len(others) == 1 and others[0].startswith("without the label"):
        labels = others[0].removeprefix("without the ")
        return sentence(f"No node has the {labels}, which the profile {profile.name!r} asks for", _OTHER_PROFILE)
    return sentence(f"No node takes it: of {verdict.nodes}, {_counts(verdict)}", _OTHER_PROFILE)


def _counts(verdict: _Verdict) -> str:
    return ", ".join(f"{number} {adjective}" for adjective, number in verdict.others.items())


def _adjective(reason: str, labels: str) -> str:
    for pattern, adjective in _ADJECTIVES:
        found = re.search(pattern, reason)
        if found:
            named = {name: quoted(text, 60) for name, text in found.groupdict().items()}
            return adjective.format(labels=labels, **named)
    return f"that {quoted(reason.removeprefix('node(s) '), 80)}"


def _described(labels: Mapping[str, str], profile: ComputeProfile) -> str:
    if not labels:
        return f"ruled out by the affinity of the profile {profile.name!r}"
    names = listed([f"{name}={value}" for name, value in labels.items()])
    return f"without the label{'s' if len(labels) > 1 else ''} {quoted(names, 120)}"


def _of_volumes(message: str, profile: ComputeProfile) -> str:
    missing = re.search(r'(persistentvolumeclaim|resourceclaim(?:template)?) "?([^\s"]+)"? not found', message)
    if missing:
        kind = "volume (PersistentVolumeClaim)" if missing[1] == "persistentvolumeclaim" else "device claim"
        text = f"The namespace has no {kind} {missing[2]}, which the profile {profile.name!r} uses"
        return sentence(text, "ask the administrator to create it")
    claims = listed(_claims(profile))
    if "unbound immediate PersistentVolumeClaims" in message:
        text = f"Waits for its volume{f' {claims}' if claims else ''}, which nothing has provided yet"
        return sentence(text, f"if that lasts, {ADMINISTRATOR}")
    broken = re.search(r'persistentvolumeclaim "([^"]+)" (is being deleted|bound to non-existent)', message)
    if broken:
        how = "is being deleted" if broken[2] == "is being deleted" else "has lost its storage"
        return sentence(f"The volume {broken[1]}, which it needs, {how}", ADMINISTRATOR)
    return ""


def _claims(profile: ComputeProfile) -> list[str]:
    named = [one.get("persistentVolumeClaim", {}).get("claimName", "") for one in profile.volumes]
    return [name for name in dict.fromkeys([*named, profile.cache_claim]) if name]

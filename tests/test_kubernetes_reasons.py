"""Why a pod waits: what clusters say, and what a person reads of it."""

from __future__ import annotations

import msgspec
import pytest

from jupyter_mlops.backends.kubernetes.objects import Pod, PodSpec
from jupyter_mlops.backends.kubernetes.reasons import waiting
from jupyter_mlops.backends.kubernetes.sentence import listed, quoted, sentence
from jupyter_mlops.domain.profile import ComputeProfile
from tests.pods import container, event, pod, readable, unplaced

GPU = "nvidia.com/gpu"
PROFILE = ComputeProfile(name="small", image="team/worker:1", cpu="4", accelerators={GPU: 1}, cache_claim="cache")
OTHER = "choose another profile or tell the administrator."
SMALLER = "choose a smaller profile or tell the administrator."
CREATE = "ask the administrator to create it."
TELL = "tell the administrator."
NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"

SCHEDULER = [
    (
        f"0/3 nodes are available: 3 Insufficient {GPU}. preemption: 0/3 nodes are available: 3 {NO_VICTIMS}.",
        "Waits for 1 nvidia.com/gpu: 0 of 3 nodes have one free.",
    ),
    (
        (
            f"0/3 nodes are available: 3 Insufficient {GPU}. no new claims to deallocate, preemption: "
            f"0/3 nodes are available: 2 {NOT_HELPFUL}, 1 {NO_VICTIMS}."
        ),
        "Waits for 1 nvidia.com/gpu: 0 of 1 node has one free.",
    ),
    (
        (
            "0/3 nodes are available: 1 Insufficient memory, 3 Insufficient cpu. preemption: not eligible due to "
            "preemptionPolicy=Never.."
        ),
        "Waits for 2Gi of memory and 4 CPU: 0 of 3 nodes have that much free.",
    ),
    (
        f"0/3 nodes are available: 3 Insufficient {GPU}. preemption: 0/3 nodes are available: 3 {NOT_HELPFUL}.",
        f"No node has 1 nvidia.com/gpu, not even when nothing else runs there; {SMALLER}",
    ),
    (
        (
            "0/4 nodes are available: 1 node(s) had untolerated taint {team: vision}, 3 Insufficient cpu. "
            f"preemption: 0/4 nodes are available: 4 {NOT_HELPFUL}."
        ),
        (
            "Apart from 1 reserved for others or not usable (taint team: vision), no node has 4 CPU, "
            f"not even when nothing else runs there; {SMALLER}"
        ),
    ),
    (
        (
            "0/6 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
            f"2 node(s) didn't match Pod's node affinity/selector, 3 Insufficient {GPU}. preemption: 0/6 nodes are "
            f"available: 3 {NOT_HELPFUL}, 3 {NO_VICTIMS}."
        ),
        (
            "Waits for 1 nvidia.com/gpu: 0 of 3 nodes have one free (apart from 1 reserved for "
            "others or not usable (taint "
            "node-role.kubernetes.io/control-plane), 2 without the label gpu=h100)."
        ),
    ),
    (
        f"0/2 nodes are available: 2 Too many pods. preemption: 0/2 nodes are available: 2 {NO_VICTIMS}.",
        "Waits for a place for a pod: 0 of 2 nodes have one free.",
    ),
    (
        (
            "0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are "
            f"available: 2 {NOT_HELPFUL}."
        ),
        "Waits for a device: 0 of 2 nodes have one free.",
    ),
    (
        (
            "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are "
            f"available: 3 {NOT_HELPFUL}."
        ),
        f"No node has the label gpu=h100, which the profile 'small' asks for; {OTHER}",
    ),
    (
        (
            f"0/2 nodes are available: 2 node(s) had untolerated taint(s). preemption: 0/2 nodes are available: "
            f"2 {NOT_HELPFUL}."
        ),
        f"No node takes it: of 2, 2 reserved for others or not usable (by their taints); {OTHER}",
    ),
    (
        (
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's "
            "node affinity/selector. "
            f"preemption: 0/3 nodes are available: 3 {NOT_HELPFUL}."
        ),
        f"No node takes it: of 3, 1 closed for maintenance, 2 without the label gpu=h100; {OTHER}",
    ),
    (
        "0/3 nodes are available: 1 node(s) had volume node affinity conflict, 2 node(s) exceed max volume count.",
        f"No node takes it: of 3, 1 away from its volume, 2 with as many volumes as they can have; {OTHER}",
    ),
    (
        "0/1 nodes are available: 1 node(s) were struck by lightning.",
        f"No node takes it: of 1, 1 that were struck by lightning; {OTHER}",
    ),
    (
        (
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are "
            f"available: 3 {NOT_HELPFUL}."
        ),
        "Waits for its volume cache, which nothing has provided yet; if that lasts, tell the administrator.",
    ),
    (
        'persistentvolumeclaim "cache" not found',
        f"The namespace has no volume (PersistentVolumeClaim) cache, which the profile 'small' uses; {CREATE}",
    ),
    (
        '0/3 nodes are available: persistentvolumeclaim "cache" is being deleted.',
        f"The volume cache, which it needs, is being deleted; {TELL}",
    ),
    (
        '0/3 nodes are available: persistentvolumeclaim "cache" bound to non-existent persistentvolume "pv-1".',
        f"The volume cache, which it needs, has lost its storage; {TELL}",
    ),
    ("no nodes available to schedule pods", f"No node of the cluster can be used; {TELL}"),
    ("0/3 nodes are available: something new.", "No node takes it yet: something new."),
    ("something else that is new", "No node takes it yet: something else that is new."),
]


@pytest.mark.parametrize(("message", "text"), SCHEDULER)
def test_what_the_scheduler_says(message: str, text: str) -> None:
    assert readable(waiting(unplaced("Unschedulable", message), PROFILE)) == text


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (pod({}), "The cluster has taken it and looks for a node."),
        (pod({"nominatedNodeName": "n1"}), "Waits until less important pods have left the node n1 to it."),
        (pod({}, deletionTimestamp="2026-08-01T10:00:00Z"), "Its pod is being removed."),
        (pod({}, "n1"), "Its pod is being started on node n1."),
        (
            pod(container({"running": {}}, "initContainerStatuses"), "n1"),
            "Its pod is being prepared on node n1, now by 'main'.",
        ),
        (
            unplaced("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates"),
            "Is held back until something in the cluster releases it; if that lasts, tell the administrator.",
        ),
        (
            unplaced("SchedulerError", "running PreBind plugin: timed out"),
            "The cluster could not look for a node and tries again: running PreBind plugin: timed out.",
        ),
    ],
)
def test_a_pod_on_its_way(of: Pod, text: str) -> None:
    assert readable(waiting(of, PROFILE)) == text


def test_a_node_that_is_being_added() -> None:
    found = unplaced("Unschedulable", SCHEDULER[0][0])
    said = waiting(found, PROFILE, [event("TriggeredScaleUp", "pod triggered scale-up: [{gpus 0->1 (max: 4)}]")])
    assert readable(said) == "Waits for a node that is being added to the cluster for it."


@pytest.mark.parametrize("phase", ["Running", "Succeeded", "Failed", "Unknown"])
def test_only_pending_pods_wait(phase: str) -> None:
    assert waiting(pod({"phase": phase}), PROFILE) == ""


def test_labels_that_a_node_must_have_are_all_named() -> None:
    two = msgspec.structs.replace(
        unplaced("Unschedulable", "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
        spec=PodSpec(node_selector={"gpu": "h100", "zone": "b"}),
    )
    assert "No node has the labels gpu=h100 and zone=b," in readable(waiting(two, PROFILE))
    none = msgspec.structs.replace(two, spec=PodSpec())
    assert "ruled out by the affinity of the profile 'small'" in readable(waiting(none, PROFILE))


def test_words_of_a_cluster_fit_into_a_line() -> None:
    assert quoted("two\nlines\x1b[31m.\n") == "two lines [31m"
    assert len(readable(sentence("x" * 1000, "do something"))) < 300
    assert sentence("It broke", "mend it") == "It broke; mend it."
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]

"""What a pod died of: what clusters say, and what a person reads of it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlops.backends.kubernetes.objects import Pod
from jupyter_mlops.backends.kubernetes.reasons import died
from jupyter_mlops.domain.profile import ComputeProfile
from tests.pods import container, pod, readable

PROFILE = ComputeProfile(name="small", image="team/worker:1")
LARGER = "choose a larger profile."


def ended(code: int, reason: str = "Error", message: str = "", **status: Any) -> Pod:
    terminated = {"exitCode": code, "reason": reason, "message": message}
    return pod({"phase": "Failed", **container({"terminated": terminated}), **status}, "n1")


def disrupted(reason: str, message: str, code: int = 143) -> Pod:
    target = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": message}
    return ended(code, conditions=[target])


def failed(reason: str, message: str = "") -> Pod:
    return pod({"phase": "Failed", "reason": reason, "message": message}, "n1")


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (
            ended(137, "OOMKilled"),
            f"Out of memory: it needed more than the 2Gi that the profile 'small' allows; {LARGER}",
        ),
        (
            failed(
                "Evicted",
                "The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. Container main was "
                "using 3Gi, request is 2Gi, has larger consumption of memory. ",
            ),
            f"Its node ran out of memory while the trial used 3Gi (the profile 'small' has 2Gi); {LARGER}",
        ),
        (
            failed("Evicted", "The node was low on resource: ephemeral-storage. "),
            "Its node ran out of disk space; write less to the disk, or elsewhere.",
        ),
        (
            failed("Evicted", "The node was low on resource: pids. "),
            "Its node ran out of pids; tell the administrator.",
        ),
        (
            failed("Evicted", 'Usage of EmptyDir volume "work" exceeds the limit "1Gi". '),
            "It wrote more than 1Gi to the temporary volume work; write less to it.",
        ),
        (
            failed("Evicted", 'Container main exceeded its local ephemeral storage limit "2Gi". '),
            "It wrote more than 2Gi to its disk; write less, or elsewhere.",
        ),
        (
            failed("Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 3Gi. "),
            "It wrote more than 3Gi to its disk; write less, or elsewhere.",
        ),
        (
            failed("Evicted", "The node had condition: [DiskPressure]. "),
            "Its node threw it out: The node had condition: [DiskPressure].",
        ),
        (
            disrupted("PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod"),
            "It had to make room for something more important.",
        ),
        (
            disrupted("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"),
            "Its node n1 stopped answering or was closed.",
        ),
        (
            disrupted("EvictionByEvictionAPI", "Eviction API: evicting"),
            "It was asked to leave its node n1, as when a node is emptied for maintenance.",
        ),
        (disrupted("DeletionByPodGC", "PodGC: node no longer exists"), "Its node n1 is gone from the cluster."),
        (
            disrupted("TerminationByKubelet", "Pod was terminated in response to imminent node shutdown."),
            "Its node n1 was shut down.",
        ),
        (
            disrupted("TerminationByKubelet", "Pod was preempted by Kubelet to accommodate a critical pod."),
            "Its node n1 needed its room for a part of the cluster itself.",
        ),
        (
            disrupted("TerminationByKubelet", "The node had condition: [PIDPressure]. "),
            "Its node n1 threw it out: The node had condition: [PIDPressure].",
        ),
        (disrupted("SomethingNew", "moved by hand"), "The cluster ended it: moved by hand."),
        (
            failed("Terminated", "Pod was terminated in response to imminent node shutdown."),
            "Its node n1 was shut down.",
        ),
        (failed("NodeShutdown", "Pod was rejected as the node is shutting down."), "Its node n1 was shut down."),
        (failed("Preempting", "…"), "Its node n1 needed its room for a part of the cluster itself."),
        (
            failed("DeadlineExceeded", "Pod was active on the node longer than the specified deadline"),
            "It ran longer than its pod may.",
        ),
        (
            ended(137, "ContainerStatusUnknown", "The container could not be located when the pod was terminated"),
            "Its node n1 stopped answering, and what became of the trial is not known.",
        ),
        (
            pod({"phase": "Unknown", "reason": "NodeLost"}, "n1"),
            "Its node n1 stopped answering, and what became of the trial is not known.",
        ),
        (pod({"phase": "Unknown"}, "n1"), "Its node n1 does not answer."),
        (
            failed("OutOfcpu", "Node didn't have enough resource: cpu"),
            "Its node n1 refused it: too little CPU was free after all.",
        ),
        (
            failed(
                "UnexpectedAdmissionError",
                "Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 1, "
                "Available: 0, which is unexpected",
            ),
            "Its node n1 refused it: 0 of the 1 nvidia.com/gpu it asked for were usable.",
        ),
        (
            failed("NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed"),
            "Its node n1 refused it: Pod was rejected: Predicate NodeAffinity failed.",
        ),
        (
            ended(128, "StartError", 'exec: "python": executable file not found in $PATH'),
            (
                'Its image could not be started: exec: "python": executable file not found in $PATH; '
                "tell the administrator."
            ),
        ),
        (
            ended(137),
            f"Its process was killed, and the cluster does not say why: most often the memory was too little; {LARGER}",
        ),
        (
            ended(139),
            "Its process crashed (signal 11): a library with compiled code failed, not the notebook's Python.",
        ),
        (
            ended(135),
            "Its process crashed (signal 7): often shared memory, /dev/shm, is too small for data loaders.",
        ),
        (ended(143), "Its process was asked to end."),
        (ended(130), "Its process was ended by signal 2 (SIGINT)."),
        (ended(10), "The notebook ended with an error."),
        (ended(12), "The packages that the snapshot was taken with cannot be had."),
        (ended(75), "The machine failed the trial, not the notebook: its log says how."),
        (
            ended(127),
            "The image does not have the program that runs trials (code 127), so jupyter_mlops is not installed in it.",
        ),
        (ended(3), "Its process ended with code 3; its log says more."),
        (ended(255), "Its process ended with code 255; its log says more."),
        (pod({"phase": "Failed"}), "Its pod failed, and the cluster does not say why."),
    ],
)
def test_what_a_pod_died_of(of: Pod, text: str) -> None:
    assert readable(died(of, PROFILE)) == text


@pytest.mark.parametrize("of", [pod({}), pod({"phase": "Running"}, "n1"), pod({"phase": "Succeeded"}, "n1")])
def test_what_has_not_died(of: Pod) -> None:
    assert died(of, PROFILE) == ""

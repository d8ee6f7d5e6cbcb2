"""What a pod died of, in one sentence."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from typing import Final

from jupyter_mlops.backends.kubernetes.objects import Pod, Terminated, condition
from jupyter_mlops.backends.kubernetes.sentence import ADMINISTRATOR, quoted, sentence
from jupyter_mlops.domain import exits
from jupyter_mlops.domain.profile import ComputeProfile

# https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
_DISRUPTIONS: Final = {
    "PreemptionByScheduler": "It had to make room for something more important",
    "DeletionByTaintManager": "{node} stopped answering or was closed",
    "EvictionByEvictionAPI": "It was asked to leave {node}, as when a node is emptied for maintenance",
    "DeletionByPodGC": "{node} is gone from the cluster",
}
_NODE_SHUTDOWN: Final = {"Terminated", "NodeShutdown", "Shutdown"}
_NODE_LOST: Final = {"NodeLost", "ContainerStatusUnknown"}
_NOT_STARTED: Final = {"StartError", "ContainerCannotRun", "CreateContainerError", "RunContainerError"}
_SIGNALS: Final = {
    signal.SIGKILL: "Its process was killed, and the cluster does not say why: most often the memory was too little",
    signal.SIGTERM: "Its process was asked to end",
    signal.SIGSEGV: "Its process crashed (signal 11): a library with compiled code failed, not the notebook's Python",
    signal.SIGABRT: "Its process gave up (signal 6): a library with compiled code failed",
    signal.SIGBUS: "Its process crashed (signal 7): often shared memory, /dev/shm, is too small for data loaders",
    signal.SIGILL: "Its process crashed (signal 4): a library was built for another processor",
    signal.SIGFPE: "Its process crashed (signal 8): a library with compiled code calculated what it cannot",
}
_CODES: Final = {
    exits.NOTEBOOK_FAILED: "The notebook ended with an error",
    exits.NO_OBJECTIVE: "The notebook ran without logging the metric that ranks the trials",
    exits.NO_ENVIRONMENT: "The packages that the snapshot was taken with cannot be had",
    exits.TRY_AGAIN: "The machine failed the trial, not the notebook: its log says how",
    exits.RUNS_ALREADY: "The same trial runs elsewhere already",
    126: "The image does not allow its program to be started (code 126)",
    127: "The image does not have the program that runs trials (code 127), so jupyter_mlops is not installed in it",
}


def out_of_memory(pod: Pod) -> bool:
    """Whether a container was killed for needing more than its limit: more memory may mend that."""
    return any(one.reason == "OOMKilled" for one in _ended(pod))


def died(pod: Pod, profile: ComputeProfile) -> str:
    """What ended a pod that failed or is being ended; empty when nothing did.

    What the cluster did to it comes before the exit code: that is then only the trace of a signal.
    """
    status = pod.status
    ended = list(_ended(pod))
    if out_of_memory(pod):
        return sentence(
            f"Out of memory: it needed more than the {profile.memory} that the profile {profile.name!r} allows",
            "choose a larger profile",
        )
    if status.reason == "Evicted":
        return _evicted(status.message, profile)
    if status.reason == "DeadlineExceeded":
        return "It ran longer than its pod may."
    node = f"Its node {pod.spec.node_name}" if pod.spec.node_name else "Its node"
    if status.reason in _NODE_SHUTDOWN:
        return sentence(f"{node} was shut down")
    if status.reason == "Preempting":
        return sentence(f"{node} needed its room for a part of the cluster itself")
    disrupted = condition(status.conditions, "DisruptionTarget")
    if disrupted is not None and disrupted.status == "True":
        return _disrupted(disrupted.reason, disrupted.message, node)
    if status.reason in _NODE_LOST or any(one.reason in _NODE_LOST for one in ended):
        return sentence(f"{node} stopped answering, and what became of the trial is not known")
    if status.phase == "Failed" and status.reason and not ended:
        return _not_admitted(status.reason, status.message, node)
    return next((_by_code(one) for one in ended if one.exit_code), "") or _by_phase(pod)


def _ended(pod: Pod) -> Iterator[Terminated]:
    for container in (*pod.status.init_container_statuses, *pod.status.container_statuses):
        if container.state.terminated is not None:
            yield container.state.terminated


def _evicted(message: str, profile: ComputeProfile) -> str:
    low = re.search(r"low on resource: (\S+?)\.(?:\s|$)", message)
    if low and low[1] == "memory":
        using = re.search(r"was using (\S+), request is", message)
        used = f" while the trial used {using[1]}" if using else ""
        text = f"Its node ran out of memory{used} (the profile {profile.name!r} has {profile.memory})"
        return sentence(text, "choose a larger profile")
    if low:
        disk = low[1] in ("ephemeral-storage", "inodes")
        text = f"Its node ran out of {'disk space' if disk else low[1]}"
        return sentence(text, "write less to the disk, or elsewhere" if disk else ADMINISTRATOR)
    volume = re.search(r'EmptyDir volume "([^"]+)" exceeds the limit "([^"]+)"', message)
    if volume:
        return sentence(f"It wrote more than {volume[2]} to the temporary volume {volume[1]}", "write less to it")
    storage = re.search(r'(?:storage limit|limit of containers) "?([^\s"]+?)"?[.\s]*$', message)
    if storage:
        return sentence(f"It wrote more than {storage[1]} to its disk", "write less, or elsewhere")
    return sentence(f"Its node threw it out: {quoted(message) or 'it was short of something'}")


def _disrupted(reason: str, message: str, node: str) -> str:
    if reason == "TerminationByKubelet":
        if "shutdown" in message:
            return sentence(f"{node} was shut down")
        if "critical pod" in message:
            return sentence(f"{node} needed its room for a part of the cluster itself")
        return sentence(f"{node} threw it out: {quoted(message)}")
    known = _DISRUPTIONS.get(reason)
    if known:
        return sentence(known.format(node=node if known.startswith("{") else node[0].lower() + node[1:]))
    return sentence(f"The cluster ended it: {quoted(message or reason)}")


def _not_admitted(reason: str, message: str, node: str) -> str:
    """A node may refuse a pod that it was given. https://kubernetes.io/docs/reference/node/kubelet-files/."""
    if reason.startswith("OutOf"):
        resource = {"cpu": "CPU", "pods": "places for pods"}.get(reason[5:], reason[5:])
        return sentence(f"{node} refused it: too little {resource} was free after all")
    device = re.search(r"devices unavailable for (\S+?)[.,]? Requested: (\d+), Available: (\d+)", message)
    if device:
        return sentence(f"{node} refused it: {device[3]} of the {device[2]} {device[1]} it asked for were usable")
    return sentence(f"{node} refused it: {quoted(message or reason)}")


def _by_code(ended: Terminated) -> str:
    if ended.reason in _NOT_STARTED or ended.exit_code == 128:
        return sentence(f"Its image could not be started: {quoted(ended.message or ended.reason)}", ADMINISTRATOR)
    if ended.exit_code in _CODES:
        return sentence(_CODES[ended.exit_code])
    number = ended.signal or (ended.exit_code - 128 if ended.exit_code > 128 else 0)
    try:
        known = signal.Signals(number)
    except ValueError:
        return sentence(f"Its process ended with code {ended.exit_code}", "its log says more")
    text = _SIGNALS.get(known) or f"Its process was ended by signal {known.value} ({known.name})"
    return sentence(text, "choose a larger profile" if known is signal.SIGKILL else "")


def _by_phase(pod: Pod) -> str:
    if pod.status.phase == "Failed":
        said = quoted(pod.status.message or pod.status.reason)
        return sentence(f"Its pod failed: {said}" if said else "Its pod failed, and the cluster does not say why")
    if pod.status.phase == "Unknown":
        return sentence(f"Its node {pod.spec.node_name} does not answer")
    return ""

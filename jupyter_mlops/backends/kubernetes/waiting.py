"""Why a pod does not run yet, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from jupyter_mlops.backends.kubernetes.objects import ContainerStatus, Event, Pod, Waiting, condition
from jupyter_mlops.backends.kubernetes.sentence import ADMINISTRATOR, quoted, sentence
from jupyter_mlops.backends.kubernetes.unschedulable import unschedulable
from jupyter_mlops.domain.profile import ComputeProfile

# https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go
_PULLS: Final = {
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
}
_CONFIGURATION: Final = "CreateContainerConfigError"
_STARTS: Final = {"CreateContainerError", "RunContainerError", "CrashLoopBackOff", "PreCreateHookError"}
_ORDINARY: Final = {"", "ContainerCreating", "PodInitializing"}
# What registries and container runtimes say, the first that fits.
_PULL_CAUSES: Final = (
    (r"toomanyrequests|rate limit", "its registry allows no more downloads for now"),
    (r"x509|certificate", "its registry's certificate is not trusted"),
    (r"no such host|timeout|timed out|refused|unreachable|EOF", "its registry does not answer"),
    (r"no match for platform|exec format", "it was not built for this kind of processor"),
    (r"no space left", "the node's disk is full"),
    (r"denied|unauthorized|authorization|40[13]", "there is none, or the cluster may not read it"),
    (r"not found|manifest unknown|does not exist|404", "there is none of that name and tag"),
)
_MOUNTS: Final = {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}
_SANDBOX: Final = "FailedCreatePodSandBox"
_SCALING: Final = {"TriggeredScaleUp", "Nominated"}


def waiting(pod: Pod, profile: ComputeProfile, events: Sequence[Event] = ()) -> str:
    """Why a pod waits, and what to do about it; empty when it does not wait.

    A pod's own state leaves out why a volume cannot be mounted and that a node is being added: only its events say so.
    Without them the sentence is more general.
    """
    status = pod.status
    if status.phase != "Pending":
        return ""
    if pod.metadata.deletion_timestamp:
        return "Its pod is being removed."
    own = [event for event in events if event.involved_object.uid in ("", pod.metadata.uid)]
    if pod.spec.node_name:
        return _starting(pod, profile, own)
    if status.nominated_node_name:
        return sentence(f"Waits until less important pods have left the node {status.nominated_node_name} to it")
    if any(event.reason in _SCALING for event in own):
        return "Waits for a node that is being added to the cluster for it."
    placed = condition(status.conditions, "PodScheduled")
    if placed is None or placed.status == "True":
        return "The cluster has taken it and looks for a node."
    if placed.reason == "SchedulingGated":
        return sentence("Is held back until something in the cluster releases it", f"if that lasts, {ADMINISTRATOR}")
    if placed.reason == "SchedulerError":
        return sentence(f"The cluster could not look for a node and tries again: {quoted(placed.message)}")
    return unschedulable(placed.message, profile, pod.spec.node_selector)


def _starting(pod: Pod, profile: ComputeProfile, events: Iterable[Event]) -> str:
    status = pod.status
    for container in (*status.init_container_statuses, *status.container_statuses):
        state = container.state.waiting
        if state is not None and state.reason not in _ORDINARY:
            return _refused(container, state, profile, events)
    for event in events:
        if event.reason in _MOUNTS:
            return _unmounted(event.message)
        if event.reason == _SANDBOX:
            text = f"Node {pod.spec.node_name} cannot prepare its pod: {quoted(_cause(event.message))}"
            return sentence(text, f"if that lasts, {ADMINISTRATOR}")
    running = [one.name for one in status.init_container_statuses if one.state.running]
    if running:
        return sentence(f"Its pod is being prepared on node {pod.spec.node_name}, now by {running[0]!r}")
    return sentence(f"Its pod is being started on node {pod.spec.node_name}")


def _refused(container: ContainerStatus, state: Waiting, profile: ComputeProfile, events: Iterable[Event]) -> str:
    if state.reason in _PULLS:
        return _unpulled(container.image or profile.image, state, events)
    if state.reason == _CONFIGURATION:
        return _misconfigured(container.image or profile.image, state.message, profile)
    if state.reason in _STARTS:
        text = f"The image {container.image or profile.image} cannot be started: {quoted(_cause(state.message))}"
        return sentence(text, ADMINISTRATOR)
    return sentence(f"Its pod cannot be started: {quoted(state.message or state.reason)}", ADMINISTRATOR)


def _unpulled(image: str, state: Waiting, events: Iterable[Event]) -> str:
    """A back-off does not always repeat what went wrong; the first event still says it."""
    said = [state.message, *(event.message for event in events if event.reason in ("Failed", "InspectFailed"))]
    if state.reason == "InvalidImageName":
        return sentence(f"The image {image} cannot be pulled: that is not an image's name", ADMINISTRATOR)
    if state.reason == "ErrImageNeverPull":
        text = f"The image {image} is not on the node, and the profile forbids to pull it"
        return sentence(text, ADMINISTRATOR)
    for pattern, cause in _PULL_CAUSES:
        # The image's own name may hold any of these words.
        if any(re.search(pattern, message.replace(image, ""), re.IGNORECASE) for message in said):
            return sentence(f"The image {image} cannot be pulled: {cause}", ADMINISTRATOR)
    cause = quoted(_cause(state.message)) if ": " in state.message else "the node tries again"
    return sentence(f"The image {image} cannot be pulled: {cause}")


def _misconfigured(image: str, message: str, profile: ComputeProfile) -> str:
    missing = re.search(r'(secret|configmap) "([^"]+)" not found', message)
    if missing:
        kind = {"secret": "Secret", "configmap": "ConfigMap"}[missing[1]]
        text = f"The namespace has no {kind} {missing[2]}, which the profile {profile.name!r} uses"
        return sentence(text, "ask the administrator to create it")
    key = re.search(r"couldn't find key (\S+) in (Secret|ConfigMap) [^/\s]+/(\S+)", message)
    if key:
        return sentence(f"The {key[2]} {key[3]} has no key {key[1]}, which the trial needs", ADMINISTRATOR)
    if "run as root" in message or "non-root" in message or "runAsNonRoot" in message:
        text = f"The image {image} wants to run as root, or does not say otherwise by a number, which is not allowed"
        return sentence(text, "ask for an image with a numeric USER")
    return sentence(f"Its pod cannot be set up: {quoted(message)}", ADMINISTRATOR)


def _unmounted(message: str) -> str:
    missing = re.search(r'(secret|configmap|persistentvolumeclaim) "([^"]+)" not found', message)
    if missing:
        kind = {"secret": "Secret", "configmap": "ConfigMap"}.get(missing[1], "volume")
        return sentence(f"The namespace has no {kind} {missing[2]}, which its pod mounts", "ask for it to be created")
    volume = re.search(r'(?:for|attach) volume "([^"]+)"|unmounted volumes=\[([^\]]+)\]', message)
    named = f"The volume {volume[1] or volume[2]}" if volume else "A volume"
    if "Multi-Attach" in message:
        return sentence(f"{named} is in use on another node", "it starts when that has let go of it")
    if "timed out waiting" in message:
        return sentence(f"{named} is not ready", f"if that lasts, {ADMINISTRATOR}")
    return sentence(f"{named} cannot be mounted: {quoted(_cause(message))}", ADMINISTRATOR)


def _cause(message: str) -> str:
    """Programs put what they were doing in front of what went wrong: the end tells most."""
    parts = re.split(r"(?<=[^\s:]): ", message.removesuffix(": unknown"))
    return ": ".join(parts[-2:])

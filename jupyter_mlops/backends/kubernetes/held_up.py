"""Why a Job has no pods, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from jupyter_mlops.backends.kubernetes.objects import Condition, Event, Job, condition
from jupyter_mlops.backends.kubernetes.sentence import ADMINISTRATOR, listed, quoted, sentence

QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"
# What comes before the cause, https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/controller_utils.go,
# and once more in front of that when there were many.
_PREFIX: Final = re.compile(r'.*?Error creating: (?:pods "[^"]*" is forbidden: )?', re.DOTALL)
_QUOTA: Final = re.compile(r"exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)")
_STANDARD: Final = re.compile(r'violates PodSecurity "([a-z]+)[^"]*": (.*)', re.DOTALL)
_WEBHOOK: Final = re.compile(r'admission webhook "([^"]+)" denied the request:? *(.*)', re.DOTALL)
_POLICY: Final = re.compile(r"ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: (.*)", re.DOTALL)
# An object that the profile names and the cluster does not have.
_MISSING: Final = (
    (r'serviceaccount "([^"]+)" not found', "The namespace has no service account {0}"),
    (r"no PriorityClass with name (\S+) was found", "The cluster has no priority class {0}"),
    (r'RuntimeClass "?([^"\s]+?)"? not found', "The cluster has no runtime class {0}"),
)


def held_up(job: Job, events: Sequence[Event] = ()) -> str:
    """Why a Job is not getting its pods, and what to do; empty when it gets them.

    Args:
        events: of the Job. A refused pod does not exist, so that nothing else tells of it.
    """
    for type_ in ("Failed", "FailureTarget"):
        ended = condition(job.status.conditions, type_)
        if ended is not None and ended.status == "True":
            return _ended(job, ended)
    if job.spec.suspend:
        queue = job.metadata.labels.get(QUEUE_LABEL)
        return sentence(f"Waits for the queue {queue} to let it in") if queue else "Is paused: resume it to go on."
    refusal = _refusal(job, events)
    return _refused(refusal) if refusal else ""


def _refusal(job: Job, events: Sequence[Event]) -> str:
    """The last refusal, when no pod has been made since."""
    wanted = job.spec.parallelism if job.spec.parallelism is not None else 1
    done = condition(job.status.conditions, "Complete")
    if job.status.active >= wanted or (done is not None and done.status == "True"):
        return ""
    own = [event for event in events if event.involved_object.uid in ("", job.metadata.uid)]
    made = max((_when(event) for event in own if event.reason == "SuccessfulCreate"), default="")
    refused = max((event for event in own if event.reason == "FailedCreate"), key=_when, default=None)
    return refused.message if refused is not None and _when(refused) >= made else ""


def _when(event: Event) -> str:
    """Times of Kubernetes sort as they are."""
    return event.last_timestamp or event.event_time or event.metadata.creation_timestamp


def _ended(job: Job, ended: Condition) -> str:
    if ended.reason == "DeadlineExceeded":
        seconds = job.spec.active_deadline_seconds
        limit = f" ({_length(seconds)})" if seconds else ""
        return sentence(f"Took longer than its profile allows{limit}", "resume it, or choose another profile")
    if ended.reason in ("FailedIndexes", "MaxFailedIndexesExceeded"):
        which = quoted(job.status.failed_indexes, 60)
        return sentence(f"Pods failed for good{f': number {which}' if which else ''}", "its trials say why")
    if ended.reason == "BackoffLimitExceeded":
        return sentence("Too many of its pods failed", "its trials say why")
    if ended.reason == "PodFailurePolicy":
        return _by_policy(ended.message)
    return sentence(f"The cluster gave up on it: {quoted(ended.message or ended.reason)}")


def _length(seconds: int) -> str:
    """As an administrator would have written it: `2 h`, `90 min`."""
    size, unit = next(one for one in ((3600, "h"), (60, "min"), (1, "s")) if seconds % one[0] == 0)
    return f"{seconds // size} {unit}"


def _by_policy(message: str) -> str:
    code = re.search(r"pod \S+/(\S+) failed with exit code (\d+)", message)
    if code:
        text = f"Stopped because of a failure that all trials would meet (pod {code[1]}, code {code[2]})"
        return sentence(text, "the trial's log says more")
    return sentence(f"Stopped because of a failure that all trials would meet: {quoted(message)}")


def _refused(message: str) -> str:
    cause = _PREFIX.sub("", message, count=1)
    for judge in (_by_quota, _by_standard, _by_what_is_missing, _by_limits, _by_webhook):
        said = judge(cause)
        if said:
            return said
    if "is being terminated" in cause:
        return sentence("The namespace is being deleted, and takes nothing new", ADMINISTRATOR)
    return sentence(f"The cluster refuses its pods: {quoted(cause)}", ADMINISTRATOR)


def _by_quota(cause: str) -> str:
    found = _QUOTA.search(cause)
    if found:
        needed, used, allowed = (_amounts(found[number]) for number in (2, 3, 4))
        parts = [
            f"{allowed[name]} of {name}, {used.get(name, '0')} are used and a trial needs {amount}"
            for name, amount in needed.items()
            if name in allowed
        ]
        return sentence(f"The namespace's quota allows {listed(parts[:2])}")
    unnamed = re.search(r"failed quota: (\S+): must specify (.*)", cause, re.DOTALL)
    if unnamed:
        # Behind each resource stand the containers.
        names = re.sub(r" for: [^;]*", "", unnamed[2])
        return sentence(f"The namespace's quota wants the profile to name {quoted(names)}", ADMINISTRATOR)
    return ""


def _amounts(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.rstrip(".").split(",") if "=" in part)


def _by_standard(cause: str) -> str:
    found = _STANDARD.search(cause)
    if not found:
        return ""
    # In parentheses stands which container and what it should have said.
    broken = quoted(re.sub(r"\s*\((?:[^()]|\([^()]*\))*\)", "", found[2]), 110)
    text = f"The namespace refuses its pods, which violate PodSecurity {found[1]!r}: {broken}"
    return sentence(text, "ask the administrator to change the profile")


def _by_what_is_missing(cause: str) -> str:
    for pattern, text in _MISSING:
        found = re.search(pattern, cause)
        if found:
            named = f"{text.format(found[1])}, which the profile names"
            return sentence(named, "ask the administrator to create it or to change the profile")
    return ""


def _by_limits(cause: str) -> str:
    found = re.search(
        r"(maximum|minimum) (\S+) usage per (\w+) is ([^\s,\]]+?)[.,] +(?:but (?:limit|request) is ([^\s,\]]+))?", cause
    )
    if not found:
        return ""
    most = "most" if found[1] == "maximum" else "least"
    asked = f"and the profile asks for {found[5]}" if found[5] else "and the profile names no amount"
    text = f"The namespace allows at {most} {found[4]} of {found[2]} per {found[3].lower()}, {asked}"
    return sentence(text, f"choose another profile or {ADMINISTRATOR}")


def _by_webhook(cause: str) -> str:
    denied = _WEBHOOK.search(cause) or _POLICY.search(cause)
    if denied:
        text = f"A rule of the cluster, {denied[1]}, refuses its pods: {quoted(denied[2]) or 'it does not say why'}"
        return sentence(text, ADMINISTRATOR)
    silent = re.search(r'failed calling webhook "([^"]+)"', cause)
    if silent:
        return sentence(f"A part of the cluster that checks new pods, {silent[1]}, does not answer", ADMINISTRATOR)
    return ""

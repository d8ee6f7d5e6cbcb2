"""Why a Job has no pods: what clusters say, and what a person reads of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jupyter_mlops.backends.kubernetes.objects import Event, Job
from jupyter_mlops.backends.kubernetes.reasons import held_up
from tests.pods import event, readable

MEND = "ask the administrator to create it or to change the profile."
FORBIDDEN = 'Error creating: pods "sweep-0-x7k2p" is forbidden: '


def job(status: dict[str, Any] | None = None, labels: dict[str, str] | None = None, **spec: Any) -> Job:
    metadata = {"name": "sweep", "uid": "1", "labels": labels or {}}
    return msgspec.convert({"metadata": metadata, "spec": {"parallelism": 4, **spec}, "status": status or {}}, Job)


def given_up(reason: str, message: str = "", **status: Any) -> dict[str, Any]:
    return {"conditions": [{"type": "Failed", "status": "True", "reason": reason, "message": message}], **status}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            (
                f"{FORBIDDEN}exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: "
                "requests.nvidia.com/gpu=4, "
                "limited: requests.nvidia.com/gpu=4"
            ),
            "The namespace's quota allows 4 of requests.nvidia.com/gpu, 4 are used and a trial needs 1.",
        ),
        (
            (
                f"(combined from similar events): {FORBIDDEN}exceeded quota: all, requested: limits.memory=2Gi,pods=1, "
                "used: limits.memory=7Gi,pods=9, limited: limits.memory=8Gi,pods=9"
            ),
            (
                "The namespace's quota allows 8Gi of limits.memory, 7Gi are used and a trial needs 2Gi and 9 of pods, "
                "9 are used and a trial needs 1."
            ),
        ),
        (
            f"{FORBIDDEN}failed quota: all: must specify limits.cpu for: main; requests.cpu for: main",
            "The namespace's quota wants the profile to name limits.cpu; requests.cpu; tell the administrator.",
        ),
        (
            (
                f'{FORBIDDEN}violates PodSecurity "restricted:latest": allowPrivilegeEscalation != '
                'false (container "main" '
                'must set securityContext.allowPrivilegeEscalation=false), hostPath volumes (volume "data")'
            ),
            (
                "The namespace refuses its pods, which violate PodSecurity 'restricted': "
                "allowPrivilegeEscalation != false, "
                "hostPath volumes; ask the administrator to change the profile."
            ),
        ),
        (
            f'{FORBIDDEN}error looking up service account team/trainer: serviceaccount "trainer" not found',
            f"The namespace has no service account trainer, which the profile names; {MEND}",
        ),
        (
            f"{FORBIDDEN}no PriorityClass with name urgent was found",
            f"The cluster has no priority class urgent, which the profile names; {MEND}",
        ),
        (
            f'{FORBIDDEN}pod rejected: RuntimeClass "nvidia" not found',
            f"The cluster has no runtime class nvidia, which the profile names; {MEND}",
        ),
        (
            (
                f"{FORBIDDEN}[maximum cpu usage per Container is 2, but limit is 4, maximum memory "
                "usage per Container is "
                "1Gi, but limit is 2Gi]"
            ),
            (
                "The namespace allows at most 2 of cpu per container, and the profile asks for 4; "
                "choose another profile "
                "or tell the administrator."
            ),
        ),
        (
            f"{FORBIDDEN}minimum memory usage per Pod is 1Gi.  No request is specified",
            (
                "The namespace allows at least 1Gi of memory per pod, and the profile names no amount; choose another "
                "profile or tell the administrator."
            ),
        ),
        (
            (
                'Error creating: admission webhook "validate.kyverno.svc-fail" denied the request: '
                "\n\nresource Pod/team/x "
                "was blocked due to the following policies"
            ),
            (
                "A rule of the cluster, validate.kyverno.svc-fail, refuses its pods: resource "
                "Pod/team/x was blocked due to "
                "the following policies; tell the administrator."
            ),
        ),
        (
            (
                'Error creating: Internal error occurred: failed calling webhook "mutate.example.org": failed to call '
                'webhook: Post "https://hook.example.svc:443/": no endpoints available'
            ),
            "A part of the cluster that checks new pods, mutate.example.org, does not answer; tell the administrator.",
        ),
        (
            f"{FORBIDDEN}ValidatingAdmissionPolicy 'images' with binding 'images-all' denied request: only r.example/",
            "A rule of the cluster, images, refuses its pods: only r.example/; tell the administrator.",
        ),
        (
            f"{FORBIDDEN}unable to create new content in namespace team because it is being terminated",
            "The namespace is being deleted, and takes nothing new; tell the administrator.",
        ),
        (
            'Error creating: Pod "sweep-0-x" is invalid: spec.containers[0].name: Required value',
            (
                'The cluster refuses its pods: Pod "sweep-0-x" is invalid: spec.containers[0].name: Required value; '
                "tell the administrator."
            ),
        ),
    ],
)
def test_pods_that_are_refused(message: str, text: str) -> None:
    assert readable(held_up(job(), [event("FailedCreate", message)])) == text


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (job(suspend=True), "Is paused: resume it to go on."),
        (
            job(labels={"kueue.x-k8s.io/queue-name": "team-a"}, suspend=True),
            "Waits for the queue team-a to let it in.",
        ),
        (
            job(
                given_up("DeadlineExceeded", "Job was active longer than specified deadline"),
                activeDeadlineSeconds=7200,
            ),
            "Took longer than its profile allows (2 h); resume it, or choose another profile.",
        ),
        (
            job(given_up("BackoffLimitExceeded", "Job has reached the specified backoff limit")),
            "Too many of its pods failed; its trials say why.",
        ),
        (
            job(given_up("FailedIndexes", "Job has failed indexes", failedIndexes="3,7-9")),
            "Pods failed for good: number 3,7-9; its trials say why.",
        ),
        (
            job(
                given_up(
                    "PodFailurePolicy",
                    "Container main for pod team/sweep-0-x failed with exit code 12 matching FailJob rule at index 0",
                )
            ),
            (
                "Stopped because of a failure that all trials would meet (pod sweep-0-x, code 12); "
                "the trial's log says more."
            ),
        ),
        (
            job(given_up("PodFailurePolicy", "Pod team/x has condition ConfigIssue matching FailJob rule at index 1")),
            (
                "Stopped because of a failure that all trials would meet: Pod team/x has condition "
                "ConfigIssue matching "
                "FailJob rule at index 1."
            ),
        ),
        (job(given_up("SomethingNew", "for a new reason")), "The cluster gave up on it: for a new reason."),
    ],
)
def test_what_a_job_says_itself(of: Job, text: str) -> None:
    assert readable(held_up(of)) == text


REFUSED = event("FailedCreate", f"{FORBIDDEN}no PriorityClass with name urgent was found")


@pytest.mark.parametrize(
    ("of", "events"),
    [
        (job(), []),
        (job({"active": 4}), [REFUSED]),
        (job(), [REFUSED, event("SuccessfulCreate", at="2026-08-01T10:00:01Z")]),
        (job({"conditions": [{"type": "Complete", "status": "True"}]}), [REFUSED]),
        (job(), [event("FailedCreate", REFUSED.message, uid="another job's")]),
    ],
)
def test_a_job_that_gets_its_pods(of: Job, events: list[Event]) -> None:
    assert held_up(of, events) == ""


def test_a_refusal_in_the_second_of_a_success_is_still_told() -> None:
    assert held_up(job({"active": 2}), [event("SuccessfulCreate"), REFUSED])

"""What we ask a cluster for, as plain dicts: one Indexed Job runs a sweep.

The Job is the queue (`completions`, `parallelism`), the pause button (`suspend`) and the retry policy; nothing of ours
runs beside it. https://kubernetes.io/docs/concepts/workloads/controllers/job/
"""

from __future__ import annotations

from typing import Any

import msgspec

from jupyter_mlops.backends.kubernetes.settings import slug
from jupyter_mlops.domain import exits
from jupyter_mlops.domain.indexes import as_ranges
from jupyter_mlops.domain.profile import ComputeProfile
from jupyter_mlops.domain.sweep import SweepOrder

MANAGED = "app.kubernetes.io/managed-by"
MANAGER = "jupyter-mlops"
SWEEP = "jupyter-mlops/sweep"
STOPPED_BY = "jupyter-mlops/stopped-by"
PAUSED_BY = "jupyter-mlops/paused-by"
INDEXES = "jupyter-mlops/indexes"
PER_POD = "jupyter-mlops/trials-per-pod"
COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
CONTAINER = "trial"
HOME = "/work"
CACHE = "/cache"
GRACE_SECONDS = 60
"""Between SIGTERM and SIGKILL: time to keep what a trial has executed so far."""
USER_ID = 1000


class SweepJob(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep's Job, before it is written down for Kubernetes."""

    sweep_id: str
    order: SweepOrder
    profile: ComputeProfile
    number: int = 1
    """A sweep that is resumed after its Job ended, or extended, gets another one."""
    indexes: list[int]
    """Trials that it runs."""
    namespace: str
    tracking_uri: str
    secret: str
    keep_seconds: int

    @property
    def name(self) -> str:
        return job_name(self.sweep_id, self.number)


def job_name(sweep_id: str, number: int) -> str:
    """Derived from the sweep, so that whoever starts it twice starts one."""
    return f"mlops-{sweep_id}-{number}"


def labels(sweep_id: str, user: str) -> dict[str, str]:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/, and our own."""
    return {
        "app.kubernetes.io/name": "jupyter-mlops",
        "app.kubernetes.io/component": "trial",
        "app.kubernetes.io/instance": sweep_id,
        MANAGED: MANAGER,
        SWEEP: sweep_id,
        "jupyter-mlops/user": slug(user),
    }


def job(of: SweepJob) -> dict[str, Any]:
    """The Indexed Job of a sweep; of all its trials, or of those that are open."""
    order, profile = of.order, of.profile
    pods = -(-len(of.indexes) // order.trials_per_pod)
    named = labels(of.sweep_id, order.user)
    annotations = {INDEXES: as_ranges(of.indexes), PER_POD: str(order.trials_per_pod), "jupyter-mlops/name": order.name}
    spec: dict[str, Any] = {
        "completionMode": "Indexed",
        "completions": pods,
        "parallelism": min(order.parallelism, pods),
        # Kueue lets a Job go on that is suspended; it looks at no other.
        "suspend": bool(profile.queue),
        # Of several trials each may break off as often as one alone.
        "backoffLimitPerIndex": (order.max_attempts - 1) * order.trials_per_pod,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": _failure_rules(order)},
        "ttlSecondsAfterFinished": of.keep_seconds,
        "template": {"metadata": _pod_metadata(profile, named), "spec": pod(of)},
    }
    if profile.deadline_seconds is not None:
        spec["activeDeadlineSeconds"] = profile.deadline_seconds
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": of.name,
            "namespace": of.namespace,
            "labels": {**named, **_queue(profile)},
            "annotations": annotations,
        },
        "spec": spec,
    }


def _pod_metadata(profile: ComputeProfile, named: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"labels": {**profile.labels, **named}}
    if profile.annotations:
        found["annotations"] = profile.annotations
    return found


def _queue(profile: ComputeProfile) -> dict[str, str]:
    """https://kueue.sigs.k8s.io/docs/tasks/run/jobs/."""
    found = {
        "kueue.x-k8s.io/queue-name": profile.queue,
        "kueue.x-k8s.io/priority-class": profile.workload_priority_class,
    }
    return {key: value for key, value in found.items() if value}


def _failure_rules(order: SweepOrder) -> list[dict[str, Any]]:
    """What a pod's end means. The first rule that fits holds; what fits none counts as an attempt."""

    def exited(*codes: int) -> dict[str, Any]:
        return {"onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": sorted(codes)}}

    # Killed, and by none of the above: out of memory. It would need as much the next time; others in its pod may not.
    killed = [exits.KILLED] if order.trials_per_pod == 1 else []
    return [
        # Evicted, preempted, its node drained: not its fault, however often.
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": "Ignore", **exited(exits.INTERRUPTED)},
        # Every other trial would end like this one.
        {"action": "FailJob", **exited(exits.NO_OBJECTIVE, exits.NO_ENVIRONMENT)},
        {"action": "FailIndex", **exited(exits.NOTEBOOK_FAILED, *killed)},
    ]


def pod(of: SweepJob) -> dict[str, Any]:
    """A trial's pod: what the *restricted* Pod Security Standard lets in.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    """
    profile = of.profile
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        # One variable per Service of the namespace and port would reach the notebook.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(of)],
        "volumes": [
            {"name": "work", "emptyDir": {}},
            {"name": "tmp", "emptyDir": {}},
            {"name": "cache", **_cache(profile)},
            *profile.volumes,
        ],
        "nodeSelector": profile.node_selector,
        "tolerations": [msgspec.to_builtins(one) for one in _plain(profile.tolerations)],
        "affinity": profile.affinity,
        "priorityClassName": profile.priority_class,
        "runtimeClassName": profile.runtime_class,
        "serviceAccountName": profile.service_account,
        "imagePullSecrets": [{"name": name} for name in profile.image_pull_secrets],
        "resourceClaims": [
            {"name": f"device-{number}", "resourceClaimTemplateName": template}
            for number, template in enumerate(profile.resource_claim_templates)
        ],
    }
    return {key: value for key, value in spec.items() if value not in ("", [], {})}


def _plain(tolerations: list[Any]) -> list[dict[str, Any]]:
    return [{k: v for k, v in msgspec.to_builtins(one).items() if v is not None} for one in tolerations]


def _cache(profile: ComputeProfile) -> dict[str, Any]:
    if profile.cache_claim:
        return {"persistentVolumeClaim": {"claimName": profile.cache_claim}}
    return {"emptyDir": {}}


def _container(of: SweepJob) -> dict[str, Any]:
    profile = of.profile
    variables = {
        **profile.environment,
        "MLFLOW_TRACKING_URI": of.tracking_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # nobody watches it, and a log would be full of it
        "JUPYTER_MLOPS_INDEXES": as_ranges(of.indexes),
        "JUPYTER_MLOPS_TRIALS_PER_POD": str(of.order.trials_per_pod),
        "JUPYTER_MLOPS_CACHE": CACHE,
        "HOME": HOME,
    }
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": profile.image,
        "command": ["python", "-m", "jupyter_mlops.worker.pod", of.sweep_id],
        "workingDir": HOME,
        "env": [{"name": name, "value": value} for name, value in variables.items()],
        "envFrom": [
            {"secretRef": {"name": of.secret, "optional": True}},
            *({"secretRef": {"name": name}} for name in profile.secrets),
            *({"configMapRef": {"name": name}} for name in profile.config_maps),
        ],
        "resources": _resources(profile),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "work", "mountPath": HOME},
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "cache", "mountPath": CACHE},
            *profile.volume_mounts,
        ],
        # The last lines of the log stand in the pod's status when a program writes nothing there.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if profile.image_pull_policy is not None:
        container["imagePullPolicy"] = profile.image_pull_policy
    return container


def _resources(profile: ComputeProfile) -> dict[str, Any]:
    accelerators = {name: str(count) for name, count in profile.accelerators.items()}
    found: dict[str, Any] = {
        "requests": {"cpu": profile.cpu, "memory": profile.memory, **accelerators},
        "limits": {"memory": profile.memory, **accelerators},
    }
    if profile.cpu_limit is not None:
        found["limits"]["cpu"] = profile.cpu_limit
    if profile.resource_claim_templates:
        found["claims"] = [{"name": f"device-{number}"} for number, _ in enumerate(profile.resource_claim_templates)]
    return found

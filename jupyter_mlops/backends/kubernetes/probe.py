"""A pod that tries whether trials would reach MLflow: what no look from outside can tell."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from jupyter_mlops.backends.kubernetes import reach
from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.manifests import MANAGED, SWEEP, SweepJob, job
from jupyter_mlops.backends.kubernetes.objects import ContainerState, Event, Job, Pod, condition
from jupyter_mlops.backends.kubernetes.settings import Kubernetes, namespace_of, reachable_problem
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import MlopsError
from jupyter_mlops.domain.profile import ComputeProfile
from jupyter_mlops.domain.sweep import SweepOrder

JobFor = Callable[[ComputeProfile], Mapping[str, Any]]
"""The Job that a sweep of a profile would get."""
SECONDS = 60.0
"""How long a pod may take to start and to answer."""
_NO_SWEEP = "0" * 32
_LOOK_AGAIN = 0.5
_KEPT_SECONDS = 60
_IDENTITY = (MANAGED, "app.kubernetes.io/instance", SWEEP)
"""Labels by which sweeps are found; this is none."""
_NEVER_STARTS = {"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"}
_FIXES = {
    reach.SILENT: "Check c.Kubernetes.tracking_uri, that MLflow listens on more than 127.0.0.1, and the cluster's DNS "
    "and network policies.",
    reach.STRANGE: "Check c.Kubernetes.tracking_uri: what answers there is not MLflow, or not well.",
    reach.REFUSED: "Put MLflow's password into the Secret: jupyter mlops kubernetes manifests prints a template.",
    reach.MISNAMED: "Start MLflow with --allowed-hosts and the name that stands in c.Kubernetes.tracking_uri.",
}


class _List(msgspec.Struct, frozen=True):
    items: list[Pod] = []


class _Events(msgspec.Struct, frozen=True):
    items: list[Event] = []


def probe(
    api: ApiServer,
    profile: ComputeProfile,
    namespace: str,
    tracking_uri: str,
    say: Callable[[str], None],
    job_for: JobFor,
    seconds: float = SECONDS,
) -> Finding:
    """Start a pod like a trial's, without its accelerators, that asks MLflow; say what it found and delete it.

    Raises:
        NotAllowed, NotFound, Invalid: the cluster does not let it start.
        Unavailable: the cluster does not answer.
    """
    problem = reachable_problem(tracking_uri)
    if problem:
        return _finding(profile, "error", problem, _FIXES[reach.SILENT])
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    body = probe_job(profile, tracking_uri, job_for)
    name = body["metadata"]["name"]
    api.create(jobs, body)
    try:
        return _Watched(api, profile, namespace, name, tracking_uri).until(time.monotonic() + seconds, say)
    finally:
        # Where this fails, ttlSecondsAfterFinished does it.
        with contextlib.suppress(MlopsError):
            api.delete(f"{jobs}/{name}", propagationPolicy="Background")


def sample_job(settings: Kubernetes, user: str, tracking_uri: str) -> JobFor:
    """The Job of a sweep that nobody ordered: one trial of no notebook."""

    def job_for(profile: ComputeProfile) -> dict[str, Any]:
        order = SweepOrder(
            name="sample",
            notebook="",
            cwd="",
            snapshot="",
            parameters={},
            algorithm="grid",
            trials=1,
            parallelism=1,
            objective=None,
            direction="maximize",
            experiment="",
            seed=0,
            kernel="",
            executor="kubernetes",
            profile=profile,
            user=user,
        )
        sample = SweepJob(
            sweep_id=_NO_SWEEP,
            order=order,
            profile=profile,
            indexes=[0],
            namespace=namespace_of(profile, user),
            tracking_uri=tracking_uri,
            secret=settings.secret,
            keep_seconds=_KEPT_SECONDS,
        )
        return job(sample)

    return job_for


def probe_job(profile: ComputeProfile, tracking_uri: str, job_for: JobFor) -> dict[str, Any]:
    """A Job of one pod: where a trial of the profile would run and with its Secret, but asking for next to nothing."""
    small = msgspec.structs.replace(
        profile, cpu="100m", cpu_limit=None, memory="128Mi", accelerators={}, resource_claim_templates=[]
    )
    wanted = job_for(small)
    template = wanted["spec"]["template"]
    container = dict(template["spec"]["containers"][0])
    variables = [one for one in container.get("env", []) if one["name"] != "MLFLOW_TRACKING_URI"]
    container |= {
        "command": ["python", "-c", Path(reach.__file__).read_text(encoding="utf-8")],
        "env": [*variables, {"name": "MLFLOW_TRACKING_URI", "value": tracking_uri}],
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    metadata = {"labels": _labels(template.get("metadata", {})), **_annotations(template.get("metadata", {}))}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"mlops-probe-{secrets.token_hex(4)}", "labels": _labels(wanted["metadata"])},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": 2 * round(SECONDS),
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            # Kueue lets a Job go on that is suspended; it looks at no other.
            "suspend": bool(wanted["spec"].get("suspend")),
            "template": {"metadata": metadata, "spec": {**template["spec"], "containers": [container]}},
        },
    }


def _labels(metadata: Mapping[str, Any]) -> dict[str, str]:
    kept = {name: value for name, value in metadata.get("labels", {}).items() if name not in _IDENTITY}
    return {**kept, "app.kubernetes.io/component": "probe"}


def _annotations(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"annotations": metadata["annotations"]} if "annotations" in metadata else {}


def _finding(profile: ComputeProfile, status: Any, message: str, fix: str = "") -> Finding:
    return Finding(name=f"Pods of {profile.name}", status=status, message=message, fix=fix)


class _Watched:
    """A probe that runs, looked at until it ends."""

    def __init__(self, api: ApiServer, profile: ComputeProfile, namespace: str, name: str, tracking_uri: str) -> None:
        self._api = api
        self._profile = profile
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self._events = f"/api/v1/namespaces/{namespace}/events"
        self._job = f"/apis/batch/v1/namespaces/{namespace}/jobs/{name}"
        self._name = name
        self._tracking_uri = tracking_uri
        self._began = time.monotonic()

    def until(self, deadline: float, say: Callable[[str], None]) -> Finding:
        said = ""
        while True:
            pods = self._api.get(self._pods, _List, labelSelector=f"batch.kubernetes.io/job-name={self._name}").items
            ended = self._ended(pods[0]) if pods else self._refused()
            if ended is not None:
                return ended
            state = _state(pods[0]) if pods else self._waits()
            if time.monotonic() >= deadline:
                return self._too_long(state)
            if state != said:
                say(state)
                said = state
            time.sleep(_LOOK_AGAIN)

    def _ended(self, pod: Pod) -> Finding | None:
        container = _container(pod)
        if pod.status.phase == "Succeeded":
            took = time.monotonic() - self._began
            return _finding(self._profile, "ok", f"reach MLflow at {self._tracking_uri}; took {took:.0f} s")
        if pod.status.phase == "Failed":
            return self._failed(pod, container)
        if container.waiting is not None and container.waiting.reason in _NEVER_STARTS:
            message = f"The probe's pod cannot start: {_state(pod)}"
            fix = "Check image, image_pull_secrets, secrets and config_maps of the profile in c.Kubernetes.profiles."
            return _finding(self._profile, "error", message, fix)
        return None

    def _failed(self, pod: Pod, container: ContainerState) -> Finding:
        ended = container.terminated
        code = ended.exit_code if ended is not None else None
        if code in _FIXES:
            said = (ended.message if ended is not None else "").strip() or self._log(pod)
            message = f"From inside the cluster, MLflow at {self._tracking_uri} {said or 'does not answer'}"
            return _finding(self._profile, "error", message, _FIXES[code])
        why = ended.reason if ended is not None else pod.status.reason
        message = f"The probe's pod failed: {why or 'no reason given'}, exit code {code}. {self._log(pod)}".strip()
        fix = "Check that the image of the profile has `python`, and that its nodes can run it."
        return _finding(self._profile, "error", message, fix)

    def _log(self, pod: Pod) -> str:
        try:
            log = self._api.text(f"{self._pods}/{pod.metadata.name}/log", tailLines=3, limitBytes=2000)
        except MlopsError:
            return ""
        return log.decode(errors="replace").strip()

    def _refused(self) -> Finding | None:
        """No pod: its Job may not make one, by a quota or a policy; only an event says so."""
        for event in self._api.get(self._events, _Events, fieldSelector=f"involvedObject.name={self._name}").items:
            if event.reason == "FailedCreate":
                fix = "Change the profile in c.Kubernetes.profiles, or what refuses its pods."
                return _finding(self._profile, "error", f"The cluster lets no pod start: {event.message}", fix)
        return None

    def _waits(self) -> str:
        if self._api.get(self._job, Job).spec.suspend:
            return f"Waits in Kueue's queue {self._profile.queue}".strip()
        return "Waits for the cluster to make the pod"

    def _too_long(self, state: str) -> Finding:
        took = time.monotonic() - self._began
        fix = "Mend what it waits for, or try again: a large image is quicker the second time."
        return _finding(self._profile, "error", f"The probe's pod was not done after {took:.0f} s. {state}", fix)


def _container(pod: Pod) -> ContainerState:
    statuses = pod.status.container_statuses
    return statuses[0].state if statuses else ContainerState()


def _state(pod: Pod) -> str:
    waiting = _container(pod).waiting
    scheduled = condition(pod.status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        return f"No node takes it: {scheduled.message}"
    if waiting is not None and waiting.reason:
        return f"{waiting.reason}: {waiting.message}" if waiting.message else waiting.reason
    return f"{pod.status.phase}"

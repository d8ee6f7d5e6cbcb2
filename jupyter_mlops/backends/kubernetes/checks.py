"""What `doctor` finds of a cluster, asked with the rights one has: what they do not show is not called missing."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from typing import Any

import msgspec

from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.installation import ACCOUNT, KUEUE_RULES, RULES
from jupyter_mlops.backends.kubernetes.nodes import Node, nodes_of, offered
from jupyter_mlops.backends.kubernetes.probe import JobFor
from jupyter_mlops.backends.kubernetes.references import KUEUE, References, references_of
from jupyter_mlops.backends.kubernetes.settings import Kubernetes, namespace_of, reachable_problem
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import Missing, MlopsError, NotAllowed, Unavailable
from jupyter_mlops.domain.profile import ComputeProfile

OLDEST = (1, 31)
"""podFailurePolicy is stable from there on: https://kubernetes.io/docs/concepts/workloads/controllers/job/."""
_MANIFESTS = "jupyter mlops kubernetes manifests"
_ACCOUNT = re.compile(r"system:serviceaccount:(?P<namespace>[^:]+):(?P<name>.+)")


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    major: str = ""
    minor: str = ""
    git_version: str = "of an unknown version"


def examine(api: ApiServer, settings: Kubernetes, user: str, tracking_uri: str, job_for: JobFor) -> list[Finding]:
    """Look at everything that sweeps need of a cluster, and make nothing.

    Never raises: the first request that gets no answer is the last finding.

    Args:
        user: whose namespaces are looked at.
        tracking_uri: MLflow's address, where `c.Kubernetes.tracking_uri` names no other for pods.
        job_for: the Job that a sweep of a profile would get.
    """
    return list(_Examination(api, settings, user, job_for).until_silence(settings.tracking_uri or tracking_uri))


class _Examination:
    """One look at a cluster."""

    def __init__(self, api: ApiServer, settings: Kubernetes, user: str, job_for: JobFor) -> None:
        self._api = api
        self._settings = settings
        self._user = user
        self._job_for = job_for
        self._references = References(api)
        self._me = ""
        self._missing: set[str] = set()
        """Namespaces in which nothing can be started."""

    def until_silence(self, tracking_uri: str) -> Iterator[Finding]:
        try:
            yield from self._findings(tracking_uri)
        except MlopsError as error:
            yield _finding("Cluster", "error", error.message, _fix(error))

    def _findings(self, tracking_uri: str) -> Iterator[Finding]:
        yield self._cluster()
        yield _mlflow(tracking_uri)
        profiles = self._settings.offered()
        if not profiles:
            fix = "Set c.Kubernetes.profiles: docs/administrator.md has an example."
            yield _finding("Profiles", "error", "There is no compute profile, so nobody can run anything there.", fix)
        placed = [(profile, namespace_of(profile, self._user)) for profile in profiles]
        for namespace in dict.fromkeys(namespace for _, namespace in placed):
            here = [profile for profile, at in placed if at == namespace]
            yield self._namespace(namespace, any(profile.queue for profile in here))
            yield from self._secret(namespace)
        nodes = nodes_of(self._api) if any(profile.accelerators for profile in profiles) else None
        for profile, namespace in placed:
            if namespace not in self._missing:
                yield from self._profile(profile, namespace, nodes)

    def _cluster(self) -> Finding:
        version = self._api.get("/version", _Version)
        with contextlib.suppress(MlopsError):  # only known since Kubernetes 1.28
            me = self._api.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
            self._me = str(me["status"]["userInfo"]["username"])
        message = f"{self._api.address}, Kubernetes {version.git_version}{f', as {self._me}' if self._me else ''}"
        numbers = re.match(r"(\d+)\.(\d+)", f"{version.major}.{version.minor}")
        if numbers is not None and (int(numbers[1]), int(numbers[2])) < OLDEST:
            needed = ".".join(map(str, OLDEST))
            fix = f"Upgrade the cluster to {needed} or later, or name another: c.Kubernetes.context."
            return _finding("Cluster", "error", f"{message}: sweeps need {needed} or later.", fix)
        return _finding("Cluster", "ok", message)

    def _namespace(self, namespace: str, kueue: bool) -> Finding:
        name = f"Namespace {namespace}"
        apply = f"An administrator applies what this prints: {self._manifests(namespace, kueue)}"
        if self._references.there(f"/api/v1/namespaces/{namespace}") is False:
            self._missing.add(namespace)
            return _finding(name, "error", f"There is no namespace {namespace}.", apply)
        missing = list(self._missing_rights(namespace, kueue))
        if missing:
            who = self._me or "You"
            return _finding(name, "error", f"{who} may not: {'; '.join(missing)}.", apply)
        return _finding(name, "ok", "sweeps may be started, stopped and followed")

    def _manifests(self, namespace: str, kueue: bool) -> str:
        account = _ACCOUNT.fullmatch(self._me)
        who = f"{account['namespace']}:{account['name']}" if account else f"user={self._me}"
        words = ["--namespace", namespace]
        if self._me and who != f"{namespace}:{ACCOUNT}":
            words += ["--subject", who]
        return f"{_MANIFESTS} {shlex.join(words)}{' --kueue' if kueue else ''}"

    def _missing_rights(self, namespace: str, kueue: bool) -> Iterator[str]:
        """`create, patch jobs`, resource by resource."""
        for rule in [*RULES, *(KUEUE_RULES if kueue else [])]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    refused = [verb for verb in rule["verbs"] if not self._may(verb, group, resource, namespace)]
                    if refused:
                        yield f"{', '.join(refused)} {resource}"

    def _may(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        """https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access."""
        noun, _, below = resource.partition("/")
        asked = {"namespace": namespace, "verb": verb, "group": group, "resource": noun, "subresource": below}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = self._api.create(path, {"spec": {"resourceAttributes": asked}})
        return bool(answer["status"]["allowed"])

    def _secret(self, namespace: str) -> Iterator[Finding]:
        """Nothing when it may not be looked at, as is right."""
        secret = self._settings.secret
        there = None
        if secret and namespace not in self._missing:
            there = self._references.there(f"/api/v1/namespaces/{namespace}/secrets/{secret}")
        name = f"Secret {secret}"
        if there is False:
            fix = f"If MLflow asks for them, make it: {_MANIFESTS} --namespace {namespace} prints a template."
            message = f"There is none in {namespace}: trials have no user name and password for MLflow."
            yield _finding(name, "warning", message, fix)
        elif there:
            yield _finding(name, "ok", f"there, in {namespace}")

    def _profile(self, profile: ComputeProfile, namespace: str, nodes: list[Node] | None) -> Iterator[Finding]:
        name = f"Profile {profile.name}"
        notes: list[str] = []
        problems = [*self._absent(name, profile, namespace, notes), *_scarce(name, profile, nodes, notes)]
        problems += self._refused(name, profile, namespace)
        yield from problems
        if not problems:
            yield _finding(name, "ok", "; ".join([f"{profile.resources()} in {namespace}", *notes]))

    def _absent(self, name: str, profile: ComputeProfile, namespace: str, notes: list[str]) -> Iterator[Finding]:
        """What a profile names and is not there."""
        unseen = []
        for one in references_of(profile):
            if self._references.served(one.group) is None:
                what = "Kueue" if one.group == KUEUE else f"The API {one.group}"
                fix = f"Install it in the cluster, or take {one.key} out of the profile."
                yield _finding(name, "error", f"{what} is not installed, and the profile has {one.key}.", fix)
                continue
            found = self._references.found(one, namespace)
            where = f" in {namespace}" if one.namespaced else ""
            if found is None:
                unseen.append(f"{one.kind} {one.name}")
            elif not found:
                fix = f"Make it, or mend {one.key} of the profile in c.Kubernetes.profiles."
                yield _finding(name, "error", f"There is no {one.kind} {one.name}{where}.", fix)
        if unseen:
            notes.append(f"not seen with these rights: {', '.join(unseen)}")

    def _refused(self, name: str, profile: ComputeProfile, namespace: str) -> Iterator[Finding]:
        """What the API server says of the profile's Job, and of a pod of it if one may make pods."""
        if not self._may("create", "batch", "jobs", namespace):
            return  # said already
        job = self._job_for(profile)
        template = job["spec"]["template"]
        metadata = {**template.get("metadata", {}), "generateName": "mlops-doctor-"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
        try:
            self._api.create(f"/apis/batch/v1/namespaces/{namespace}/jobs", job, dryRun="All")
            # A Job is taken whatever its pods are; policies and classes are looked at when a pod is made.
            if self._may("create", "", "pods", namespace):
                self._api.create(f"/api/v1/namespaces/{namespace}/pods", pod, dryRun="All")
        except Unavailable:
            raise
        except MlopsError as error:
            fix = "Change the profile in c.Kubernetes.profiles, or what refuses it."
            yield _finding(name, "error", error.message, fix)


def _mlflow(tracking_uri: str) -> Finding:
    problem = reachable_problem(tracking_uri)
    if problem:
        return _finding("MLflow for pods", "error", problem, "Then try it: jupyter mlops kubernetes probe")
    return _finding("MLflow for pods", "ok", f"{tracking_uri}; jupyter mlops kubernetes probe tries it from inside")


def _scarce(name: str, profile: ComputeProfile, nodes: list[Node] | None, notes: list[str]) -> Iterator[Finding]:
    """Accelerators that no node has as many of."""
    if profile.accelerators and nodes is None:
        notes.append("which nodes have accelerators cannot be seen with these rights")
    for resource, count in profile.accelerators.items() if nodes is not None else ():
        offer = offered(nodes or [], resource, profile.node_selector)
        if offer.most >= count:
            notes.append(f"{offer.total} {resource} on {offer.nodes} {'node' if offer.nodes == 1 else 'nodes'}")
            continue
        has = f"has more than {offer.most}" if offer.most else "has any"
        labels = " with the labels of node_selector" if profile.node_selector else ""
        message = f"It asks for {count} {resource}, and no node{labels} {has} now."
        fix = "Wait for it only if the cluster adds such nodes by itself; else mend accelerators or node_selector."
        yield _finding(name, "warning", message, fix)


def _fix(error: MlopsError) -> str:
    if isinstance(error, Missing):
        return "Install it where Jupyter runs, and start Jupyter again."
    if isinstance(error, NotAllowed):
        return "Log in to the cluster again, or name another context: c.Kubernetes.context."
    return (
        "Check that kubectl cluster-info answers here. c.Kubernetes.kubeconfig and c.Kubernetes.context say which "
        "cluster is meant."
    )


def _finding(name: str, status: Any, message: str, fix: str = "") -> Finding:
    return Finding(name=name, status=status, message=message, fix=fix)

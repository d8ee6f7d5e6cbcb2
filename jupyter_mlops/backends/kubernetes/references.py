"""What a profile names and does not bring along: claims, classes, queues, Secrets."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.domain.errors import NotAllowed, NotFound
from jupyter_mlops.domain.profile import ComputeProfile

KUEUE = "kueue.x-k8s.io"


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One object, and the key of the profile that names it."""

    key: str
    group: str
    """API group; empty for Kubernetes' core."""
    kind: str
    name: str
    namespaced: bool

    @property
    def resource(self) -> str:
        """As it is written in a path."""
        plural = "es" if self.kind.endswith("s") else "s"
        return f"{self.kind.lower()}{plural}"


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    group_version: str


class _Group(msgspec.Struct, frozen=True, rename="camel"):
    preferred_version: _Version


class _Anything(msgspec.Struct, frozen=True):
    """Of an object only that it is there: what is in a Secret is not even decoded."""


def references_of(profile: ComputeProfile) -> Iterator[Reference]:
    """Everything that a profile names."""
    for key, group, kind, names, namespaced in (
        ("cache_claim", "", "PersistentVolumeClaim", [profile.cache_claim], True),
        ("service_account", "", "ServiceAccount", [profile.service_account], True),
        ("secrets", "", "Secret", profile.secrets, True),
        ("image_pull_secrets", "", "Secret", profile.image_pull_secrets, True),
        ("config_maps", "", "ConfigMap", profile.config_maps, True),
        ("priority_class", "scheduling.k8s.io", "PriorityClass", [profile.priority_class], False),
        ("runtime_class", "node.k8s.io", "RuntimeClass", [profile.runtime_class], False),
        ("queue", KUEUE, "LocalQueue", [profile.queue], True),
        ("workload_priority_class", KUEUE, "WorkloadPriorityClass", [profile.workload_priority_class], False),
        (
            "resource_claim_templates",
            "resource.k8s.io",
            "ResourceClaimTemplate",
            profile.resource_claim_templates,
            True,
        ),
    ):
        for name in names:
            if name:
                yield Reference(key=key, group=group, kind=kind, name=name, namespaced=namespaced)


class References:
    """Looks whether objects are there."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._groups: dict[str, str | None] = {}

    def served(self, group: str) -> str | None:
        """Where an API group's objects are, in the version that the cluster prefers; None when it has no such group."""
        if not group:
            return "/api/v1"
        if group not in self._groups:
            try:
                version = self._api.get(f"/apis/{group}", _Group).preferred_version.group_version
                self._groups[group] = f"/apis/{version}"
            except NotFound:
                self._groups[group] = None
        return self._groups[group]

    def found(self, reference: Reference, namespace: str) -> bool | None:
        """Whether what a profile names is there; None when it may not be looked at."""
        base = self.served(reference.group)
        if base is None:
            return False
        where = f"{base}/namespaces/{namespace}" if reference.namespaced else base
        return self.there(f"{where}/{reference.resource}/{reference.name}")

    def there(self, path: str) -> bool | None:
        """Whether there is such an object; None when it may not be looked at."""
        try:
            self._api.get(path, _Anything)
        except NotFound:
            return False
        except NotAllowed:
            return None
        return True

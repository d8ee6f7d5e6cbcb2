"""What a test does with a cluster, ours or another: namespaces of its own, and people with some rights only."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes import client, config

from .control_plane import ControlPlane, write_kubeconfig

ENFORCE = "pod-security.kubernetes.io/enforce"


def connect(kubeconfig: Path) -> client.ApiClient:
    """The client of whoever the kubeconfig names."""
    api: client.ApiClient = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
    return api


class Cluster:
    """A cluster seen by its administrator."""

    def __init__(self, kubeconfig: Path, folder: Path, control_plane: ControlPlane | None = None) -> None:
        self.kubeconfig = kubeconfig
        self.api = connect(kubeconfig)
        # Of any type, because in the client's own types nearly everything that a cluster answers may be None.
        self.core: Any = client.CoreV1Api(self.api)
        self.batch: Any = client.BatchV1Api(self.api)
        # None where the cluster is somebody else's: nothing of it can be killed.
        self.control_plane = control_plane
        self._folder = folder

    @contextmanager
    def namespace(self, pod_security: str = "restricted") -> Iterator[str]:
        """A new namespace that enforces a pod security standard, and is deleted with all that is in it."""
        name = f"test-{secrets.token_hex(4)}"
        self.core.create_namespace({"metadata": {"name": name, "labels": {ENFORCE: pod_security}}})
        try:
            yield name
        finally:
            self.core.delete_namespace(name)

    def service_account(self, namespace: str, name: str, rules: Sequence[dict[str, Any]] = ()) -> Path:
        """Make a service account with these RBAC rules in its namespace and no other right; returns its kubeconfig.

        The rules are a Role's: `{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]}`.
        """
        rbac: Any = client.RbacAuthorizationV1Api(self.api)
        metadata = {"metadata": {"name": name}}
        self.core.create_namespaced_service_account(namespace, metadata)
        rbac.create_namespaced_role(namespace, {**metadata, "rules": list(rules)})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
        rbac.create_namespaced_role_binding(namespace, {**metadata, "roleRef": role, "subjects": [subject]})
        wanted = {"spec": {"expirationSeconds": 3600}}
        token = self.core.create_namespaced_service_account_token(name, namespace, wanted)
        file = self._folder / f"{namespace}.{name}.kubeconfig"
        reached = self.api.configuration
        ca = {"certificate-authority": reached.ssl_ca_cert} if reached.ssl_ca_cert else {}
        return write_kubeconfig(file, reached.host, ca, token.status.token, namespace)

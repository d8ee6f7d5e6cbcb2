"""A real Kubernetes control plane on loopback: etcd, API server, controller manager and scheduler."""

from __future__ import annotations

import json
import secrets
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .build import CONTROL_PLANE, binary, build
from .component import Component, free_port

ADMIN = "admin"
CONTROLLER_MANAGER = "system:kube-controller-manager"
SCHEDULER = "system:kube-scheduler"

# Who may do what is said by Kubernetes' own roles, which name the last two.
GROUPS = {ADMIN: "system:masters", CONTROLLER_MANAGER: "", SCHEDULER: ""}

# What tests' own service accounts ask for, each request once, when it comes: a watch that goes on is counted, too.
# https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["ResponseStarted", "ResponseComplete", "Panic"],
    "rules": [
        {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
        {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
    ],
}


class ControlPlane:
    """Starts with the first line of a `with`, or with `start()`, and ends with it.

    It decides everything that a cluster decides — admission, rights, Jobs, quotas, where a pod goes — but has no node
    yet: `Kwok` brings pretended ones. Node and RBAC authorization and Pod Security admission are on, as in clusters of
    companies. Only speed was tuned: how often the controllers may ask, and that etcd does not wait for the disk.

    Args:
        audited: whether what service accounts ask for is written down, a line of JSON each, in `audit_log`.
    """

    def __init__(self, folder: Path, audited: bool = False) -> None:
        self.folder = folder
        self.audited = audited
        self.url = f"https://127.0.0.1:{free_port()}"
        self._etcd_url = f"http://127.0.0.1:{free_port()}"
        self._tokens = {user: secrets.token_hex(16) for user in GROUPS}
        self._components: dict[str, Component] = {}

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, who may do everything."""
        return self._kubeconfig(ADMIN)

    @property
    def ca(self) -> Path:
        """The certificates that vouch for the API server; it makes them itself on its first start."""
        return self.folder / "certificates" / "apiserver.crt"

    @property
    def key(self) -> Path:
        """The private key to those certificates."""
        return self.ca.with_suffix(".key")

    @property
    def audit_log(self) -> Path:
        """What was asked by whom; there is one only when it was wanted."""
        return self.folder / "audit.log"

    @property
    def components(self) -> dict[str, Component]:
        """What runs now, by the name of its binary."""
        return dict(self._components)

    def __enter__(self) -> ControlPlane:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all of it, and wait until it answers and its controllers work.

        Raises:
            BuildFailed: when the programs are not built and cannot be.
            ComponentFailed: when one of them ended, with the end of its log.
        """
        build(*CONTROL_PLANE)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_credentials()
        try:
            self._run("server", *self._etcd_options())
            self.start_api_server()
            self._run("kube-controller-manager", *self._controller_manager_options())
            self._run("kube-scheduler", *self._client_options(SCHEDULER))
            # Made by a controller, and no pod is let in before.
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self._components["kube-controller-manager"].wait_until(lambda: self._answers(account))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End what runs, the last started first. What it wrote stays in the folder."""
        while self._components:
            _, component = self._components.popitem()
            component.kill()

    def kill_api_server(self) -> None:
        """End the API server as a crash does; the others go on and find nobody."""
        self._components.pop("kube-apiserver").kill()

    def start_api_server(self) -> None:
        """Start the API server at its address, with what it had stored, and wait until it is ready."""
        server = self._run("kube-apiserver", *self._api_server_options())
        server.wait_until(lambda: self._answers("/readyz"))

    def restart_api_server(self) -> None:
        """Kill the API server and start it again: same address, same objects, every connection lost."""
        self.kill_api_server()
        self.start_api_server()

    def _run(self, name: str, *options: str) -> Component:
        log = self.folder / f"{name}.log"
        self._components[name] = Component([binary(name), *options], log)
        return self._components[name]

    def _etcd_options(self) -> list[str]:
        peers = f"http://127.0.0.1:{free_port()}"
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={self._etcd_url}",
            f"--advertise-client-urls={self._etcd_url}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--log-level=warn",
            "--unsafe-no-fsync",
        ]

    def _api_server_options(self) -> list[str]:
        return [
            f"--etcd-servers={self._etcd_url}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.url.rpartition(':')[2]}",
            f"--cert-dir={self.ca.parent}",
            # The service `kubernetes` may not lead to loopback, and no pod here asks for it.
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._account_key}",
            f"--service-account-signing-key-file={self._account_key}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            # A privileged pod is then refused by Pod Security, as in a real cluster, not by this server's own rule.
            "--allow-privileged=true",
            # Where nodes serve logs; their names lead nowhere.
            "--kubelet-preferred-address-types=InternalIP",
            *self._audit_options(),
        ]

    def _audit_options(self) -> list[str]:
        if not self.audited:
            return []
        policy = self.folder / "audit-policy.json"
        policy.write_text(json.dumps(AUDIT_POLICY))
        return [f"--audit-policy-file={policy}", f"--audit-log-path={self.audit_log}"]

    def _controller_manager_options(self) -> list[str]:
        return [
            *self._client_options(CONTROLLER_MANAGER),
            "--use-service-account-credentials",
            f"--service-account-private-key-file={self._account_key}",
            f"--root-ca-file={self.ca}",
        ]

    def _client_options(self, user: str) -> list[str]:
        config = self._kubeconfig(user)
        return [
            f"--kubeconfig={config}",
            "--leader-elect=false",
            "--secure-port=0",
            # As large clusters have it; with the default, 20, a Job's pods start half as fast.
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
        ]

    @property
    def _account_key(self) -> Path:
        return self.folder / "service-accounts.key"

    def _kubeconfig(self, user: str) -> Path:
        return self.folder / f"{user.rpartition(':')[2]}.kubeconfig"

    def _write_credentials(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        _write_secret(self._account_key, pem.decode())
        lines = (f'{self._tokens[user]},{user},{user},"{group}"\n' for user, group in GROUPS.items())
        _write_secret(self.folder / "tokens.csv", "".join(lines))
        for user, token in self._tokens.items():
            write_kubeconfig(self._kubeconfig(user), self.url, {"certificate-authority": str(self.ca)}, token)

    def _answers(self, path: str) -> bool:
        if not self.ca.exists():
            return False
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self._tokens[ADMIN]}"})
        trust = ssl.create_default_context(cafile=str(self.ca))
        try:
            with urllib.request.urlopen(request, timeout=5, context=trust) as answer:
                return int(answer.status) == 200
        except (urllib.error.URLError, OSError):
            return False


def write_kubeconfig(file: Path, url: str, ca: dict[str, str], token: str, namespace: str = "default") -> Path:
    """Write the settings with which one user reaches one cluster; readable by nobody else."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url, **ca}}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
        "current-context": "test",
    }
    # JSON is YAML too.
    _write_secret(file, json.dumps(config, indent=2))
    return file


def _write_secret(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)

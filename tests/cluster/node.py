"""A real node: containerd and a kubelet, whose pods truly run.

Everything that runs and is mounted lives in a process and a mount namespace of its own. The kernel ends and unmounts
all of it when the first process of that namespace ends, which is on a leash: containers, shims and pods' networks end
with the process that started the node, however that ends. https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from filelock import FileLock
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from .build import binary, build
from .cgroup import Cgroup
from .component import Component, free_port
from .connection import connect
from .control_plane import ControlPlane
from .image import PAUSE, Images
from .network import Bridge

PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip", "unshare", "nsenter", "mount")
PACKAGES = "apt-get install containerd runc containernetworking-plugins iproute2"
PLUGIN_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
PLUGINS = ("bridge", "host-local", "loopback")
# Where these programs write whatever they are told; inside the node's mounts each is an empty one of its own.
HIDDEN = ("/run/containerd", "/var/lib/kubelet", "/var/lib/cni", "/var/log/containers")

# How long one waits for another test run's node.
LOCK_SECONDS = 900
SOCKET = "/run/containerd/node.sock"


def missing() -> str | None:
    """What this machine lacks for a real node, in one line; None when it lacks nothing."""
    if os.geteuid() != 0:
        return "a real node needs root"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    absent += [f"the CNI plugin {name}" for name in PLUGINS if not any((at / name).exists() for at in PLUGIN_FOLDERS)]
    return f"a real node needs {', '.join(absent)} (Debian: {PACKAGES})" if absent else None


class Node:
    """A node of a control plane, in a `with`, or with `start()` and `stop()`.

    Pods that shall run here, and not on a pretended node, say its `selector`. They reach this machine at `address`, and
    nothing else: whoever serves something for them binds to that. The images in the folder stay for the next time; two
    nodes at once need two folders.
    """

    def __init__(self, control_plane: ControlPlane, folder: Path) -> None:
        self.folder = folder.resolve()
        # The same each time, so that what a killed one left is found, and its like not used by two.
        self.name = f"mlops-{hashlib.sha256(bytes(self.folder)).hexdigest()[:8]}"
        self.selector = {"kubernetes.io/hostname": self.name}
        self.took: dict[str, float] = {}
        self._control_plane = control_plane
        self._bridge = Bridge(self.name, self.folder / "network")
        self._cgroup = Cgroup(self.name)
        self._lock = FileLock(self.folder / "lock", timeout=LOCK_SECONDS)
        self._containerd: Component | None = None
        self._kubelet: Component | None = None

    @property
    def address(self) -> str:
        """Where pods reach this machine."""
        return self._bridge.address

    @property
    def pid(self) -> int:
        """The first process of the node's namespaces: with it ends all of it."""
        assert self._containerd is not None
        return psutil.Process(self._containerd.pid).children()[0].pid

    def __enter__(self) -> Node:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, bring its images, and wait until it takes pods.

        Raises:
            BuildFailed: when the kubelet is not built and cannot be.
            ComponentFailed: when a program ended, or was not ready in time, with the end of its log.
            ImportFailed: when an image was not taken.
        """
        build("kubelet")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self._tidy()
            self._bridge.make()
            self._cgroup.make()
            self._timed("containerd", self._start_containerd)
            self._timed("images", self.bring_images)
            self._timed("kubelet", self._start_kubelet)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End what runs, and take away what is not this folder's."""
        if self._kubelet:
            # At once, or it would ask for the node anew. Its parent, nsenter, ends with it.
            for kubelet in psutil.Process(self._kubelet.pid).children():
                kubelet.kill()
            self._kubelet.stop()
            self._kubelet = None
            # The API server may be gone already.
            with contextlib.suppress(ApiException, HTTPError):
                self._api.delete_node(self.name, _request_timeout=5)
        if self._containerd:
            self._containerd.kill()
            self._containerd = None
        self._cgroup.remove()
        self._bridge.remove()
        self._lock.release()

    def bring_images(self) -> list[str]:
        """Bring the images as they would be made now, after an edit of the project for example; returns which.

        Raises:
            ImportFailed: when an image was not taken.
        """
        return Images(self._inside("ctr", f"--address={SOCKET}"), self._store).bring()

    def _tidy(self) -> None:
        """Begin without what the last one had, except for its images.

        What was a container is there too; the kubelet does with it what it does after a machine was switched off.
        """
        self._cgroup.remove()
        self._bridge.remove()
        for each in self.folder.iterdir():
            if each.is_dir() and each != self._store:
                shutil.rmtree(each)
        self._store.mkdir(exist_ok=True)

    def _timed(self, what: str, do: Any) -> None:
        started = time.monotonic()
        do()
        self.took[what] = time.monotonic() - started

    # --- containerd -------------------------------------------------------------------------------

    def _start_containerd(self) -> None:
        config = self.folder / "containerd.toml"
        config.write_text(self._containerd_settings())
        # A shell, because the first process of a process namespace has to wait for those whose parents ended.
        hide = " && ".join(f"mkdir -p {each} && mount -t tmpfs tmpfs {each}" for each in HIDDEN)
        script = f"{hide} && {{ containerd --config {shlex.quote(str(config))} & wait $!; }}"
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]
        log = self.folder / "containerd.log"
        log.unlink(missing_ok=True)
        self._containerd = Component(unshare, log)
        # Its socket answers before its part for Kubernetes does, and a kubelet that comes too early ends.
        self._containerd.wait_until(lambda: "containerd successfully booted" in log.read_text(errors="replace"))

    def _containerd_settings(self) -> str:
        plugins = next(at for at in PLUGIN_FOLDERS if (at / PLUGINS[0]).exists())
        cri = 'plugins."io.containerd.grpc.v1.cri"'
        # Strings of TOML and JSON are written alike.
        return f"""
version = 2
root = {json.dumps(str(self._store))}
state = {json.dumps(str(self.folder / "state"))}
[grpc]
address = "{SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
path = {json.dumps(str(self.folder / "opt"))}
[{cri}]
sandbox_image = {json.dumps(PAUSE)}
disable_apparmor = true
# What only CAP_SYS_RESOURCE may do.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
[{cri}.cni]
bin_dir = {json.dumps(str(plugins))}
conf_dir = {json.dumps(str(self._bridge.folder))}
[{cri}.containerd]
snapshotter = "overlayfs"
[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
"""

    @property
    def _store(self) -> Path:
        return self.folder / "store"

    @property
    def _api(self) -> Any:
        return client.CoreV1Api(connect(self._control_plane.kubeconfig))

    def _inside(self, *command: str | Path) -> list[str | Path]:
        return ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--", *command]

    # --- kubelet ----------------------------------------------------------------------------------

    def _start_kubelet(self) -> None:
        config = self.folder / "kubelet.json"
        config.write_text(json.dumps(self._kubelet_settings(), indent=2))
        options = [
            f"--config={config}",
            f"--kubeconfig={self._control_plane.kubeconfig}",
            f"--hostname-override={self.name}",
            f"--node-ip={self.address}",
            f"--root-dir={self.folder / 'kubelet'}",
            f"--cert-dir={self.folder / 'kubelet' / 'pki'}",
        ]
        log = self.folder / "kubelet.log"
        log.unlink(missing_ok=True)
        self._kubelet = Component(self._inside(binary("kubelet"), *options), log)
        self._kubelet.wait_until(self._ready)

    def _kubelet_settings(self) -> dict[str, Any]:
        """https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/."""
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "podLogsDir": str(self.folder / "logs"),
            # Reached by the API server and by our own pods only, and the API server has no certificate to show.
            "address": self.address,
            "port": free_port(),
            "healthzPort": 0,
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "resolvConf": "",
            "makeIPTablesUtilChains": False,
            "failSwapOn": False,
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": self._cgroup.root,
            "enforceNodeAllocatable": [],
            # What a container without CAP_SYS_RESOURCE may ask for.
            "oomScoreAdj": 0,
            "maxOpenFiles": 20_000,
            # A full disk of whoever tests is not what is tested; and our images come from nowhere.
            "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%"},
            "imageGCHighThresholdPercent": 100,
        }

    def _ready(self) -> bool:
        try:
            node = self._api.read_node(self.name)
        except ApiException:
            return False
        tainted = any(each.effect == "NoSchedule" for each in node.spec.taints or [])
        return not tainted and any(each.type == "Ready" and each.status == "True" for each in node.status.conditions)

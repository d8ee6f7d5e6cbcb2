"""That a real node ends with whoever started it; apart, because two nodes do not share their images."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.running import eventually

from .build import BUILT, go
from .build import missing as not_built
from .cgroup import MOUNTED
from .control_plane import ControlPlane
from .node import Node, missing

# Starts a control plane, a node and a pod on it, tells its name and first process, and waits to be killed.
STARTED = """
import pathlib, sys, time
from tests.cluster.connection import Cluster
from tests.cluster.control_plane import ControlPlane
from tests.cluster.node import Node
from tests.cluster.running_pod import RunningPod
from tests.running import eventually
folder = pathlib.Path(sys.argv[1])
control_plane = ControlPlane(folder)
control_plane.start()
node = Node(control_plane, pathlib.Path(sys.argv[2]))
node.start()
pod = RunningPod(Cluster(control_plane.kubeconfig, folder, control_plane), "default")
pod.start(node, "python", "-c", "import time; time.sleep(1234)")
eventually(pod.started)
print(node.name, node.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing() or "")
def test_a_killed_test_run_leaves_nothing_running(control_plane: ControlPlane, tmp_path: Path) -> None:
    if not_built("kubelet") and go() is None:
        pytest.skip("a real node needs a kubelet, which is built with Go (https://go.dev/dl), and there is none")
    command, root = [sys.executable, "-c", STARTED, str(tmp_path), str(BUILT / "node")], Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as starter:
        try:
            assert starter.stdout is not None
            name, first = starter.stdout.readline().split()
            inside = processes_of(name, int(first))
        finally:
            starter.kill()
    assert {"containerd", "containerd-shim", "kubelet", "sleep", "python"} <= {each[:15] for each in inside.values()}
    eventually(lambda: not any(each.is_running() for each in inside), seconds=30)
    # What is no process, the next one takes away.
    with Node(control_plane, BUILT / "node") as again:
        assert again.name == name
    assert name not in psutil.net_if_addrs()
    assert not [*MOUNTED.glob(name), *MOUNTED.glob(f"*/{name}")]


def processes_of(node: str, first: int) -> dict[psutil.Process, str]:
    """The first process of a node and all below it, and the kubelet; with their names."""
    found = {each: each.name() for each in (psutil.Process(first), *psutil.Process(first).children(recursive=True))}
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):
            if f"--hostname-override={node}" in each.cmdline():
                found[each] = each.name()
    return found

"""A cluster to try things on: `make cluster` and `make cluster-stop`.

python -m tests.cluster up [--nodes 8] [--gpus 8] [--real-node]
python -m tests.cluster stop
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import threading

import psutil

from .build import BUILT, CONTROL_PLANE, BuildFailed, binary, build
from .component import ComponentFailed
from .control_plane import ControlPlane
from .image import WORKER, ImportFailed
from .kwok import Kwok
from .node import Node, missing

FOLDER = BUILT / "cluster"
# Not in it, because the node's images stay for the next time.
NODE_FOLDER = BUILT / "cluster-node"
KUBECONFIG = FOLDER / "admin.kubeconfig"
READY = FOLDER / "ready"
PID = FOLDER / "pid"


def main() -> int:
    arguments = _parser().parse_args()
    try:
        return int({"up": _up, "serve": _serve, "stop": _stop}[arguments.what](arguments))
    except (BuildFailed, ComponentFailed, ImportFailed) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description="A Kubernetes cluster on loopback.")
    parser.add_argument("what", choices=["up", "serve", "stop"])
    parser.add_argument("--nodes", type=int, default=8, help="how many pretended nodes")
    parser.add_argument("--gpus", type=int, default=8, help="how many GPUs each has")
    parser.add_argument("--real-node", action="store_true", help="and a real node, on which pods truly run")
    return parser


def _up(arguments: argparse.Namespace) -> int:
    """Start a process of its own that is the cluster, and return when it is ready."""
    if _server():
        return _tell("The cluster runs already.")
    absent = missing() if arguments.real_node else None
    if absent:
        print(f"Skipped: {absent}.", file=sys.stderr)
        return 0
    kubelet = ["kubelet"] if arguments.real_node else []
    build(*CONTROL_PLANE, "kwok", "kubectl", *kubelet, tell=lambda text: print(text, flush=True))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.cluster", "serve", f"--nodes={arguments.nodes}", f"--gpus={arguments.gpus}"]
    command += ["--real-node"] if arguments.real_node else []
    log = FOLDER / "serve.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    PID.write_text(f"{server.pid} {psutil.Process(server.pid).create_time()}")
    while not READY.exists():
        try:
            server.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        print(log.read_text(), file=sys.stderr)
        return 1
    real = f" and a real one, whose pods run from the image {WORKER}" if arguments.real_node else ""
    return _tell(f"The cluster runs, with {arguments.nodes} pretended nodes of {arguments.gpus} GPUs{real}.")


def _serve(arguments: argparse.Namespace) -> int:
    """Be the cluster until SIGTERM."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with contextlib.ExitStack() as running:
        control_plane = running.enter_context(ControlPlane(FOLDER))
        running.enter_context(Kwok(control_plane.kubeconfig, FOLDER, arguments.nodes, arguments.gpus))
        if arguments.real_node:
            running.enter_context(Node(control_plane, NODE_FOLDER))
        READY.touch()
        ended.wait()
    return 0


def _stop(_: argparse.Namespace) -> int:
    server = _server()
    if server is None:
        print("No cluster runs.")
        return 0
    server.terminate()
    server.wait()
    shutil.rmtree(FOLDER, ignore_errors=True)
    print("The cluster is stopped.")
    return 0


def _tell(what: str) -> int:
    print(f"{what}\n\n    export KUBECONFIG={KUBECONFIG}\n    {binary('kubectl')} get nodes\n")
    print("Stop it with `make cluster-stop`.")
    return 0


def _server() -> psutil.Process | None:
    """The process that is the cluster, if it still runs; process ids are used again, start times are not."""
    try:
        pid, started = PID.read_text().split()
        server = psutil.Process(int(pid))
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return server if server.create_time() == float(started) else None


if __name__ == "__main__":
    sys.exit(main())

"""A cluster to try things on: `make cluster` and `make cluster-stop`.

python -m tests.cluster up [--nodes 8] [--gpus 8]
python -m tests.cluster stop
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import threading

import psutil

from .build import BUILT, CONTROL_PLANE, BuildFailed, binary, build
from .component import ComponentFailed
from .control_plane import ControlPlane
from .kwok import Kwok

FOLDER = BUILT / "cluster"
KUBECONFIG = FOLDER / "admin.kubeconfig"
READY = FOLDER / "ready"
PID = FOLDER / "pid"


def main() -> int:
    arguments = _parser().parse_args()
    try:
        return int({"up": _up, "serve": _serve, "stop": _stop}[arguments.what](arguments))
    except (BuildFailed, ComponentFailed) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description="A Kubernetes cluster on loopback.")
    parser.add_argument("what", choices=["up", "serve", "stop"])
    parser.add_argument("--nodes", type=int, default=8, help="how many pretended nodes")
    parser.add_argument("--gpus", type=int, default=8, help="how many GPUs each has")
    return parser


def _up(arguments: argparse.Namespace) -> int:
    """Start a process of its own that is the cluster, and return when it is ready."""
    if _server():
        return _tell("The cluster runs already.")
    build(*CONTROL_PLANE, "kwok", "kubectl", tell=lambda text: print(text, flush=True))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.cluster", "serve", f"--nodes={arguments.nodes}", f"--gpus={arguments.gpus}"]
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
    return _tell(f"The cluster runs, with {arguments.nodes} pretended nodes of {arguments.gpus} GPUs.")


def _serve(arguments: argparse.Namespace) -> int:
    """Be the cluster until SIGTERM."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with ControlPlane(FOLDER) as control_plane, Kwok(control_plane.kubeconfig, FOLDER, arguments.nodes, arguments.gpus):
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

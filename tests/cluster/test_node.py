"""That pods on the real node truly run, as in the clusters of companies."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.running import eventually

from .connection import Cluster
from .image import BASE
from .node import Node
from .running_pod import KEPT, RunningPod

# Says that it runs; when it is asked to end, says so and ends in its own way.
WAITS_FOR_SIGTERM = """
import signal, sys, time
def end(*_):
    print("asked to end", flush=True)
    sys.exit(43)
signal.signal(signal.SIGTERM, end)
print("runs", flush=True)
time.sleep(300)
"""
WHAT_IT_MAY = """
import os, pathlib
print("user", os.getuid())
print("home", os.access(pathlib.Path.home(), os.W_OK))
print("root", os.access("/", os.W_OK))
for line in pathlib.Path("/proc/self/status").read_text().splitlines():
    if line.startswith(("CapEff", "CapBnd", "NoNewPrivs", "Seccomp:")):
        print(*line.split())
"""


@pytest.fixture
def running(cluster: Cluster, namespace: str) -> RunningPod:
    return RunningPod(cluster, namespace)


@pytest.fixture
def served(node: Node) -> Iterator[str]:
    """The address of a web server of this machine, which serves nothing to anybody but the node's pods."""

    class Greets(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"hello {self.client_address[0]}".encode())

    with http.server.ThreadingHTTPServer((node.address, 0), Greets) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{node.address}:{server.server_port}"
        server.shutdown()


def test_a_trials_program_is_in_the_image(running: RunningPod, node: Node) -> None:
    running.start(node, "python", "-c", "import jupyter_mlops.worker.trial as trial; print(trial.__file__)")
    assert running.ended().exit_code == 0
    assert running.log().startswith("/opt/venv/lib/python")


def test_a_pod_may_nothing_but_what_the_restricted_standard_leaves(running: RunningPod, node: Node) -> None:
    running.start(node, "python", "-c", WHAT_IT_MAY)
    assert running.ended().exit_code == 0
    said = dict(line.rsplit(maxsplit=1) for line in running.log().splitlines())
    nothing = "0000000000000000"
    assert said == {
        "user": "1000",
        "home": "True",
        "root": "False",
        "CapEff:": nothing,
        "CapBnd:": nothing,
        "NoNewPrivs:": "1",
        "Seccomp:": "2",
    }


def test_an_exit_code_comes_through(running: RunningPod, node: Node) -> None:
    running.start(node, "sh", "-c", "echo told; exit 7")
    ended = running.ended()
    assert (ended.exit_code, ended.reason) == (7, "Error")
    assert running.log() == "told\n"


def test_a_pod_over_its_memory_is_oom_killed(running: RunningPod, node: Node) -> None:
    running.start(node, "python", "-c", "kept = b'x' * 10**9", memory="64Mi")
    ended = running.ended()
    assert (ended.exit_code, ended.reason) == (137, "OOMKilled")


def test_a_deleted_pods_program_is_asked_to_end(running: RunningPod, node: Node) -> None:
    running.start(node, "python", "-c", WAITS_FOR_SIGTERM, finalizers=[KEPT])
    try:
        eventually(lambda: running.started() and running.log() == "runs\n")
        running.delete()
        assert running.ended(seconds=20).exit_code == 43
        assert running.log() == "runs\nasked to end\n"
    finally:
        running.release()


def test_a_pod_reaches_a_server_of_this_machine(running: RunningPod, node: Node, served: str) -> None:
    fetch = f"import urllib.request; print(urllib.request.urlopen({served!r}, timeout=10).read().decode())"
    running.start(node, "python", "-c", fetch)
    assert running.ended().exit_code == 0
    network = node.address.rpartition(".")[0]
    assert running.log().startswith(f"hello {network}.")


def test_a_pod_reaches_nobody_else(running: RunningPod, node: Node) -> None:
    # An address for documentation, which nobody has: https://www.rfc-editor.org/rfc/rfc5737
    running.start(node, "python", "-c", "import socket; socket.create_connection(('203.0.113.1', 80), timeout=10)")
    assert running.ended().exit_code == 1
    assert "Network is unreachable" in running.log()


def test_images_are_imported_once(node: Node) -> None:
    assert not [name for name in node.bring_images() if name.startswith(BASE)]

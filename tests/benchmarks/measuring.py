"""What the benchmarks share: a server to ask, quantiles, and one way to say what came out."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests
from requests.adapters import HTTPAdapter


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least so large a share of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def arithmetic(milliseconds: float) -> float:
    """Milliseconds on the clock that so much work takes now: what a busy machine does to all times."""
    began, used = time.perf_counter(), time.thread_time()
    while time.thread_time() - used < milliseconds / 1000:
        pass
    return (time.perf_counter() - began) * 1000


def say(what: str, measured: str, peer: str, ratio: float | None, promise: str = "", kept: bool | None = None) -> None:
    """One line of the table: what was measured, beside which peer, and whether the promise was kept."""
    times = f"× {ratio:.2f}" if ratio is not None else ""
    verdict = {True: "kept", False: "MISSED", None: ""}[kept]
    print(f"\n| {what} | {measured} | {peer} | {times} | {promise} | {verdict} |", flush=True)


class Client:
    """REST of one server over one kept-alive connection, as a browser has it."""

    def __init__(self, port: int, token: str, server: int) -> None:
        self._server = psutil.Process(server)
        self.address = f"127.0.0.1:{port}"
        self.token = token
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"token {token}"
        self.session.mount("http://", HTTPAdapter(pool_maxsize=1))

    def get(self, path: str, **query: Any) -> Any:
        answer = self.session.get(f"http://{self.address}/mlops/{path}", params=query, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def cpu(self) -> float:
        """Milliseconds of CPU that the server has used since it was started."""
        used = self._server.cpu_times()
        return float(used.user + used.system) * 1000

    def memory(self) -> float:
        """Megabytes of memory that the server has now."""
        return float(self._server.memory_info().rss) / 1e6

    def timed(self, path: str, **query: Any) -> tuple[float, Any]:
        """Milliseconds until the whole answer was there, and the answer. Reading its JSON is not counted."""
        began = time.perf_counter()
        answer = self.session.get(f"http://{self.address}/mlops/{path}", params=query, timeout=120)
        took = (time.perf_counter() - began) * 1000
        answer.raise_for_status()
        return took, json.loads(answer.content)


@contextmanager
def jupyter_server(data_dir: Path, root: Path) -> Iterator[Client]:
    """A Jupyter server in a process of its own, with our extension on a store; MLflow is imported when it is given."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    log = root / f"server-{port}.log"
    settings = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
        "ServerApp.jpserver_extensions": "jupyter_mlops=True",
        "MLOps.data_dir": data_dir,
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command + [f"--{name}={value}" for name, value in settings.items()],
            env={**os.environ, "JUPYTER_TOKEN": token, "MLFLOW_TRACKING_URI": ""},
            stdout=output,
            stderr=output,
        )
    client = Client(port, token, server.pid)
    try:
        _wait_for(server, client, log)
        yield client
    finally:
        client.session.close()
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(server: subprocess.Popen[bytes], client: Client, log: Path) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            assert client.get("status")["online"]
            client.get("sweeps")  # the first search makes MLflow put its queries together
        except requests.ConnectionError:
            waited = server.poll() is None and time.monotonic() < deadline
            assert waited, log.read_text(errors="replace")
            time.sleep(0.1)
        else:
            return

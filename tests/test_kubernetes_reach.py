"""The program that a probe's pod runs, run here: against a real MLflow server and against what is none."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.kubernetes import reach
from tests.cluster.component import free_port
from tests.running import eventually

PROGRAM = Path(reach.__file__).read_text()


def run(address: str, **variables: str) -> tuple[int, str]:
    """As in a pod: `python -c`, with nothing of this package and no other variable of MLflow's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    environment = {**clean, "MLFLOW_TRACKING_URI": address, **variables}
    ended = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.strip()


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], tuple[int, str]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
def test_an_mlflow_server_answers(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path / 'mlflow.db'}"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    server = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, **quiet},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: run(address)[0] != reach.SILENT)
        assert run(address) == (0, "answers")
        assert run(f"{address}/") == (0, "answers")
        # Another name of the same address, as a Service's is.
        code, said = run(f"http://127.1:{port}")
        assert code == reach.MISNAMED
        assert said.startswith("answers 403 Forbidden: Invalid Host header")
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def test_nobody_answers() -> None:
    code, said = run(f"http://127.0.0.1:{free_port()}")
    assert code == reach.SILENT
    assert said.startswith("does not answer: ")
    assert "refused" in said


def test_an_address_that_is_none() -> None:
    assert run("http://[mlflow")[0] == reach.SILENT
    assert run("mlflow:5000")[0] == reach.SILENT


def test_the_secret_lets_one_in() -> None:
    """MLflow's health is anybody's; its experiments want a login."""
    basic = f"Basic {base64.b64encode(b'ann:s3cret').decode()}"

    def guarded(request: BaseHTTPRequestHandler) -> tuple[int, str]:
        known = request.headers["Authorization"] in (basic, "Bearer t0ken")
        return (200, "{}") if known or request.path == "/health" else (401, "who are you?")

    with answering(guarded) as address:
        assert run(address, MLFLOW_TRACKING_USERNAME="ann", MLFLOW_TRACKING_PASSWORD="s3cret") == (0, "answers")
        assert run(address, MLFLOW_TRACKING_TOKEN="t0ken") == (0, "answers")
        assert run(address) == (reach.REFUSED, "answers 401 Unauthorized: who are you?")
        wrong = run(address, MLFLOW_TRACKING_USERNAME="ann", MLFLOW_TRACKING_PASSWORD="guess")
        assert wrong == (reach.REFUSED, "answers 401 Unauthorized: who are you?")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "<html>Log in</html>", "answers with a page that is not MLflow's, such as a login"),
        (404, "", "answers 404 Not Found"),
        (503, "", "answers 503 Service Unavailable"),
    ],
)
def test_what_answers_is_not_mlflow(status: int, body: str, said: str) -> None:
    with answering(lambda _: (status, body)) as address:
        assert run(address) == (reach.STRANGE, said)

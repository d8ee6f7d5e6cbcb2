"""A web host on this machine: files, and git repositories as forges serve them."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest


class WebHost:
    """Answers with its files, hands what begins with `/git/` to git's own program, and knows nothing else.

    Args:
        folder: where its repositories are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.private = False
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.answer(self)

            def do_HEAD(self) -> None:
                host.answer(self)

            def do_POST(self) -> None:
                host.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        if self.private:
            status, headers, body = 401, [("WWW-Authenticate", "Basic")], b""
        elif path.startswith("/git/"):
            status, headers, body = self._git(request)
        elif path in self.files:
            status, headers, body = 200, [("Content-Type", "application/octet-stream")], self.files[path]
        else:
            status, headers, body = 404, [], b""
        request.send_response(status)
        for name, value in headers:
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    def _git(self, request: BaseHTTPRequestHandler) -> tuple[int, list[tuple[str, str]], bytes]:
        """https://git-scm.com/docs/git-http-backend, as the web server that it expects around itself."""
        url, said = urlsplit(request.path), request.headers
        variables = {
            "CONTENT_TYPE": said.get("Content-Type", ""),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_PROTOCOL": said.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": said.get("Content-Encoding", ""),
            "PATH_INFO": url.path.removeprefix("/git"),
            "QUERY_STRING": url.query,
            "REMOTE_ADDR": "127.0.0.1",
            "REQUEST_METHOD": request.command,
        }
        sent = request.rfile.read(int(said.get("Content-Length", "0")))
        # What it refuses it says in its answer, and ends with an error besides.
        done = subprocess.run(
            ["git", "http-backend"], input=sent, env={**os.environ, **variables}, capture_output=True, check=False
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in head.decode().splitlines())]
        status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
        return status, [each for each in headers if each[0] != "Status"], body

    def close(self) -> None:
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[WebHost]:
    """One that has nothing yet."""
    made = WebHost(tmp_path / "repositories")
    yield made
    made.close()

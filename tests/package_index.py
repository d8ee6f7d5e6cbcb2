"""A package index of the test's own, on this machine."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


def wheel(name: str, version: str, **files: str) -> tuple[str, bytes]:
    """A wheel with a module of that name, and a command."""
    packed = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    module = f"__version__ = {version!r}\ndef main():\n    print({name!r}, __version__)\n"
    with zipfile.ZipFile(packed, "w") as into:
        for path, text in {f"{name}.py": module, **files}.items():
            into.writestr(path, text)
        into.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        into.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        into.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name}-says = {name}:main\n")
        into.writestr(f"{info}/RECORD", "".join(f"{each},,\n" for each in into.namelist()))
    return f"{name}-{version}-py3-none-any.whl", packed.getvalue()


class Index:
    """A package index on this machine: what it has, what it was asked for, and a gate that lets nobody through."""

    def __init__(self) -> None:
        self.files = dict(wheel(name, "1.0") for name in ("alpha", "beta", "gamma", "slow"))
        self.files["onlyother-1.0-py3-none-win_amd64.whl"] = wheel("onlyother", "1.0")[1]
        self.asked: list[str] = []
        self.gate = threading.Event()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}/simple"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.rstrip("/").rpartition("/")[2]
        self.asked.append(name)
        if name == "slow":
            self.gate.wait(60)
        mine = [file for file in self.files if file.startswith(f"{name}-")]
        body = self.files.get(name) or "".join(f'<a href="/files/{file}">{file}</a>\n' for file in mine).encode()
        request.send_response(200 if body else 404)
        request.send_header("Content-Type", "text/html")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def close(self) -> None:
        self.gate.set()
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The only index there is, for a uv without any cache."""
    for name in [each for each in os.environ if each.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    made = Index()
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://ann:t0ken@{made.address}")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    yield made
    made.close()

"""The one way that pods of the real node have to a package index: a proxy on the address at which they reach us."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

CONNECT_SECONDS = 30.0
PIECE = 65536


class WayOut:
    """In a `with`: tunnels TLS to wherever it is asked for, and ends with it. Serves at `uri`, for nobody but pods."""

    def __init__(self, address: str) -> None:
        self._server = ThreadingHTTPServer((address, 0), _Tunnel)
        self._server.daemon_threads = True
        self.uri = f"http://{address}:{self._server.server_port}"

    def __enter__(self) -> WayOut:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Tunnel(BaseHTTPRequestHandler):
    """https://www.rfc-editor.org/rfc/rfc9110#CONNECT."""

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        try:
            there = socket.create_connection((host, int(port)), CONNECT_SECONDS)
        except (OSError, ValueError):
            self.send_error(502)
            return
        with there, contextlib.suppress(ConnectionError):
            self.send_response(200)
            self.end_headers()
            self._relay(there)

    def _relay(self, there: socket.socket) -> None:
        ends = {self.connection: there, there: self.connection}
        while True:
            ready, _, _ = select.select(list(ends), [], [], CONNECT_SECONDS)
            if not ready:
                return
            for end in ready:
                piece = end.recv(PIECE)
                if not piece:
                    return
                ends[end].sendall(piece)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

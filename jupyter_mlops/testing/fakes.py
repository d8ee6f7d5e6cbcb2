"""Fakes, each named after how it fails."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

from jupyter_mlops.backends.base import Tracking
from jupyter_mlops.backends.executors.base import SweepPlacement
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import Unavailable
from jupyter_mlops.domain.profile import ExecutorOffer
from jupyter_mlops.domain.sweep import SweepOrder


class NothingEverStarts:
    """An executor that takes every order and starts nothing; `seen` is what it says of a sweep."""

    name = "local"

    def __init__(self) -> None:
        self.seen = SweepPlacement(alive=False)
        self.started: list[str] = []

    def offer(self) -> ExecutorOffer:
        return ExecutorOffer(name=self.name, parallelism=2)

    def profile(self, name: str | None) -> None:
        return None

    def examine(self) -> list[Finding]:
        return []

    def default_parallelism(self) -> int:
        return 2

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        self.started.append(sweep_id)

    def placement(self, sweep_id: str) -> SweepPlacement:
        return self.seen

    def pause(self, sweep_id: str) -> None: ...
    def resume(self, sweep_id: str) -> None: ...
    def scale(self, sweep_id: str, parallelism: int) -> None: ...
    def stop(self, sweep_id: str, by: str) -> None: ...
    def stop_trial(self, sweep_id: str, index: int, by: str) -> None: ...

    def log(self, sweep_id: str, index: int) -> bytes | None:
        return None

    def revision(self, sweep_id: str) -> str:
        return "0"

    def live(self) -> dict[str, str]:
        return {}


class FailsAtStart(NothingEverStarts):
    """An executor whose machine has no room: every start is refused until `room` is made."""

    room = False

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        if not self.room:
            raise Unavailable("The runner cannot be started: no space left on device.")
        super().start(sweep_id, order)


class StoreThatGoesAway:
    """A store that answers like the one it is given until `away` is set; then nothing of it does."""

    def __init__(self, tracking: Tracking, whole: StoreThatGoesAway | None = None, part: Any = None) -> None:
        self._tracking = tracking
        self._whole = whole or self
        self._of = part or tracking
        self.away = False
        self.asked = 0
        """How many calls it was asked for."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if name == "snapshots":
            return StoreThatGoesAway(self._tracking, self._whole, found)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._whole.asked += 1
            if self._whole.away:
                raise Unavailable(f"MLflow at {self._tracking.address} does not answer (it went away).")
            return found(*args, **kwargs)

        return call

    @classmethod
    def around(cls, tracking: Tracking) -> tuple[StoreThatGoesAway, Tracking]:
        """The fake, and the same object as the protocol that services ask for."""
        fake = cls(tracking)
        return fake, cast(Tracking, fake)


@contextmanager
def server_that_says_nothing() -> Iterator[str]:
    """Address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def server_of_something_else() -> Iterator[str]:
    """Address of a web server that is not MLflow: a page of its own for everything."""
    with _serving(lambda path: (404, b"<!doctype html><title>Somebody else</title>")) as address:
        yield address


@contextmanager
def server_without_its_database() -> Iterator[str]:
    """Address of a server that is healthy by its own account, and answers 503 to everything that needs its database."""
    with _serving(lambda path: (200, b"OK") if path == "/health" else (503, b"no database")) as address:
        yield address


@contextmanager
def _serving(answer: Callable[[str], tuple[int, bytes]]) -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

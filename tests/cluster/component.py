"""One program of the cluster: started, watched while it starts, stopped, killed."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

SHOWN_LINES = 30


class ComponentFailed(Exception):
    """A program of the cluster ended by itself, or was not ready in time."""


class Component:
    """A program that lives no longer than the process that started it.

    It runs on the leash on which the sweeps' trials run, so that a killed test run leaves nothing behind.
    """

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self.name = Path(command[0]).name
        self.log = log
        words = [sys.executable, "-m", "jupyter_mlops.worker.leash", *map(str, command)]
        with log.open("ab") as output:
            self._leash = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT)

    @property
    def pid(self) -> int:
        """The program's own process id, not its leash's; waits for the leash to start it."""
        self.wait_until(lambda: bool(self._children()), seconds=10)
        return self._children()[0].pid

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until it is ready.

        Raises:
            ComponentFailed: if it ended instead, or took longer; with the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self._leash.poll() is not None:
                raise ComponentFailed(f"{self.name} ended with code {self._leash.returncode}. {self._end_of_log()}")
            if time.monotonic() > deadline:
                raise ComponentFailed(f"{self.name} was not ready within {seconds:.0f} s. {self._end_of_log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end, and end it when it does not within some seconds."""
        # Closed, because then the leash asks first, and kills later.
        if self._leash.stdin:
            self._leash.stdin.close()
        self._leash.wait()

    def kill(self) -> None:
        """End it as a crash does: at once, with nothing tidied."""
        for child in self._children():
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        self.stop()

    def memory(self) -> int:
        """The bytes of memory it uses itself, without its leash."""
        return sum(int(child.memory_info().rss) for child in self._children())

    def _children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._leash.pid).children()
        except psutil.NoSuchProcess:
            return []

    def _end_of_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
        return "\n".join([f"The end of {self.log}:", *lines])


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

"""MLflow's own pages for a store that no server shows: `mlflow server`, started when somebody wants to look."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_mlops.backends.tracking.connection import Connection

REST_SECONDS = 30 * 60
"""After so long without a look the server is ended: it takes half a gigabyte."""


class MlflowPages:
    """One `mlflow server` process, reachable only through a socket in a folder that is its user's alone.

    No port is opened, so nobody else on the machine can get past Jupyter's login.

    Args:
        connection: makes the connection to the store; called when the first page is asked for.
    """

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._used = 0.0

    @property
    def socket(self) -> str:
        return str(self._folder / "mlflow.sock") if self._folder else ""

    def ready(self) -> bool:
        """Whether the server takes connections; starts it when there is none. Does not wait."""
        self._used = time.monotonic()
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._start()
        return Path(self.socket).exists()

    def _start(self) -> None:
        connection = self._connection()
        _ = connection.client  # creates the embedded store when it is not there yet
        # A socket's path may have about a hundred characters: too few for a deep home folder.
        self._folder = Path(tempfile.mkdtemp(prefix="mlops-"))
        command = [sys.executable, "-m", "jupyter_mlops.worker.leash", sys.executable, "-m", "mlflow", "server"]
        command += ["--backend-store-uri", connection.uri, "--workers", "1", "--port", "0"]
        if connection.artifact_root:
            command += ["--default-artifact-root", connection.artifact_root, "--serve-artifacts"]
        command += ["--uvicorn-opts", f"--uds {shlex.quote(self.socket)} --log-level warning"]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    **connection.environment(),
                    "MLFLOW_TRACKING_URI": "",
                    # Without its job workers it is two processes instead of eleven.
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                },
            )

    def rest(self) -> None:
        """End the server when nobody has looked for half an hour."""
        if self._process is not None and time.monotonic() - self._used > REST_SECONDS:
            self.stop()

    def stop(self) -> None:
        """End the server, if there is one."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process, self._folder = None, None

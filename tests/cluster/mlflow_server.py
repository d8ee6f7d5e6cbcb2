"""MLflow as a team has it: a server, on PostgreSQL where that is installed, that pods of the real node reach."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType

from .component import Component, free_port

POSTGRES_USER = "postgres"
"""PostgreSQL refuses to run as root; its package makes this user."""


class MlflowServer:
    """In a `with`: serves at one address of this machine, artifacts included, and ends with all it has started."""

    def __init__(self, address: str, folder: Path) -> None:
        self._folder = folder
        self._address = address
        with socket.socket() as listener:
            listener.bind((address, 0))
            self._port = int(listener.getsockname()[1])
        self.uri = f"http://{address}:{self._port}"
        self._database: Component | None = None
        self._server: Component | None = None
        self.store = f"sqlite:///{folder}/mlflow.db"

    def __enter__(self) -> MlflowServer:
        postgres = _postgres()
        if postgres is not None:
            self._start_postgres(postgres)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._database is not None:
            self._database.stop()

    def start(self) -> None:
        """Serve, at the same address and from the same store as before."""
        command = [sys.executable, "-m", "mlflow", "server", "--host", self._address, "--port", str(self._port)]
        command += ["--workers", "1", "--backend-store-uri", self.store, "--allowed-hosts", "*"]
        command += ["--artifacts-destination", str(self._folder / "artifacts")]
        quiet = ["env", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "MLFLOW_DISABLE_TELEMETRY=true"]
        self._server = Component([*quiet, *command], self._folder / "mlflow.log")
        self._server.wait_until(self._answers, 120)

    def stop(self) -> None:
        """Serve no more, for a while."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _start_postgres(self, programs: Path) -> None:
        port, data = free_port(), self._folder / "postgres"
        data.mkdir()
        as_user: list[str] = []
        if os.geteuid() == 0:
            user = pwd.getpwnam(POSTGRES_USER)
            os.chown(data, user.pw_uid, user.pw_gid)
            as_user = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
            for folder in (self._folder, *self._folder.parents):
                if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
                    folder.chmod(folder.stat().st_mode | 0o011)
        init = [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "mlflow", "-A", "trust", "-E", "UTF8"]
        subprocess.run(init, check=True, capture_output=True)
        serve = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", ""]
        self._database = Component([*as_user, *serve, "-F"], self._folder / "postgres.log")
        ready = [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
        self._database.wait_until(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0)
        create = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "mlflow", "mlflow"]
        subprocess.run(create, check=True, capture_output=True)
        self.store = f"postgresql+psycopg://mlflow@127.0.0.1:{port}/mlflow"


def _postgres() -> Path | None:
    """The folder of PostgreSQL's programs, the newest; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found and (os.geteuid() != 0 or (_user_exists() and shutil.which("setpriv"))):
        return found[-1].parent
    return None


def _user_exists() -> bool:
    try:
        pwd.getpwnam(POSTGRES_USER)
    except KeyError:
        return False
    return True

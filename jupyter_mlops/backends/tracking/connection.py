"""The connection to an MLflow store: the embedded one, or a server's."""

from __future__ import annotations

import functools
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import urlsplit, urlunsplit

from filelock import FileLock

from jupyter_mlops.domain.errors import Missing, MlopsError, NotFound, Unavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient

P = ParamSpec("P")
T = TypeVar("T")

DATABASE = "mlflow.db"
ARTIFACTS = "artifacts"
_SERVER_ROOT = "_MLFLOW_SERVER_ARTIFACT_ROOT"
"""MLflow's own variable for the artifact root of a SQL store; without it experiments that notebook code creates put
their artifacts into ./mlruns of whatever folder they run in."""
_SIGN_OF_LIFE = "/api/2.0/mlflow/experiments/search?max_results=1"


class Connection:
    """A lazily opened MLflow client and what others need to reach the same store.

    Args:
        uri: MLflow tracking URI, or "" for the embedded store.
        data_dir: where the embedded store lives: a SQLite file and a folder of artifacts.
        artifact_root: where a SQL store that was named by its URI keeps artifacts of new experiments.
    """

    def __init__(self, uri: str, data_dir: Path, artifact_root: str | None = None) -> None:
        self.embedded = not uri
        self._artifact_root = artifact_root
        self._data_dir = data_dir
        self.database = data_dir / DATABASE
        self.uri = uri or f"sqlite:///{self.database}"
        self._client: MlflowClient | None = None
        self._opening = threading.Lock()
        self._answered = -math.inf
        self._silent = -math.inf
        self._unavailable = Unavailable("")

    @property
    def address(self) -> str:
        """The store's address without user name and password, fit to be shown."""
        return str(self.database) if self.embedded else without_credentials(self.uri)

    @property
    def artifact_root(self) -> str | None:
        """Where new experiments keep their artifacts; None when a server decides."""
        return (self._data_dir / ARTIFACTS).as_uri() if self.embedded else self._artifact_root

    def environment(self) -> dict[str, str]:
        """Variables that lead another process to this store. MLflow's telemetry stays off."""
        variables = {
            "MLFLOW_TRACKING_URI": self.uri,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }
        if self.artifact_root:
            variables[_SERVER_ROOT] = self.artifact_root
        return variables

    @property
    def client(self) -> MlflowClient:
        """The client; the first use imports mlflow (about two seconds) and creates the embedded store."""
        with self._opening:
            if self._client is None:
                os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
                from mlflow import MlflowClient

                if self.embedded:
                    self._create_store()
                self._client = self._open(MlflowClient)
            return self._client

    def _open(self, client: type[MlflowClient]) -> MlflowClient:
        """
        Raises:
            Missing: the database's driver is not installed.
            Unavailable: the address is none that MLflow knows.
        """
        try:
            return client(self.uri, self.uri)
        except ModuleNotFoundError as error:
            raise Missing(f"MLflow at {self.address} needs a package: pip install {error.name}") from error
        except Exception as error:
            detail = _first_line(error).replace(self.uri, self.address)
            raise self.unavailable(f"{detail} Check c.MLOps.tracking_uri and MLFLOW_TRACKING_URI") from error

    def _create_store(self) -> None:
        """Create the SQLite schema beside its final name and rename it, so that a half-made store is never opened."""
        if self.database.exists():
            return
        try:
            (self._data_dir / ARTIFACTS).mkdir(parents=True, exist_ok=True)
            with FileLock(self._data_dir / f"{DATABASE}.lock", timeout=120):
                if self.database.exists():
                    return
                from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

                # It would tell everybody, on the first use in a terminal or a cell, which tables it makes.
                logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
                draft = self._data_dir / f"{DATABASE}.{os.getpid()}.new"
                draft.unlink(missing_ok=True)
                store = SqlAlchemyStore(f"sqlite:///{draft}", self.artifact_root)  # type: ignore[no-untyped-call]
                store.engine.dispose()
                draft.replace(self.database)
        except OSError as error:
            raise Unavailable(
                f"The MLflow store at {self.database} cannot be created: {error.strerror or error}. "
                "Make room or give c.MLOps.data_dir a folder you can write to."
            ) from error

    def experiment_id(self, name: str) -> str:
        """The id of an experiment, created on first use; restored if it lies in MLflow's trash."""
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(name)
        if found is None:
            root = self.artifact_root
            try:
                location = f"{root}/{os.urandom(8).hex()}" if root else None
                return str(self.client.create_experiment(name, artifact_location=location))
            except MlflowException:
                # Somebody else was faster; anything else shows again in the next line.
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def ping(self, patience: float = 3.0) -> None:
        """Ask the store for a sign of life.

        MLflow's own HTTP client retries for minutes, far too long for somebody who looks at a page; this asks once,
        for one experiment: the health route says OK also while the server has lost its database. An answer holds for
        two seconds, a silence for one.

        Raises:
            Unavailable: it does not answer, answers 5xx, or the embedded one cannot be opened.
        """
        now = time.monotonic()
        if now - self._answered < 2.0:
            return
        if now - self._silent < 1.0:
            raise self._unavailable
        if self.uri.startswith(("http://", "https://")):
            import requests

            try:
                answer = requests.get(self.uri.rstrip("/") + _SIGN_OF_LIFE, timeout=patience)
            except requests.RequestException as error:
                raise self.unavailable(type(error).__name__) from error
            # Any other answer, also 401 or 404 behind a proxy, shows that somebody is there.
            if answer.status_code >= 500:
                raise self.unavailable(f"it says {answer.status_code} {answer.reason}")
        elif self.embedded:
            if not self.database.exists():
                self.client  # noqa: B018 - creates the store
            if not os.access(self.database, os.R_OK):
                raise self.unavailable("permission denied")
        self._answered = time.monotonic()

    def unavailable(self, detail: str) -> Unavailable:
        """The one sentence for a store that does not answer."""
        self._answered = -math.inf
        if not self.uri.startswith("sqlite:"):  # a file on this disk answers at once or not at all
            self._silent = time.monotonic()
        self._unavailable = Unavailable(
            f"MLflow at {self.address} does not answer ({detail}). Running trials go on and report when it is back."
        )
        return self._unavailable

    def analyze(self) -> None:
        """Let SQLite look at its tables: a search among 10,000 runs then takes milliseconds instead of seconds.

        At all of their rows, 25 ms: from a sample it concludes wrongly how many runs share a tag, and searches take
        five times as long.
        """
        if not self.uri.startswith("sqlite:///"):
            return
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self.uri.removeprefix("sqlite:///"), timeout=30)) as database:
            database.execute("ANALYZE")


def without_credentials(uri: str) -> str:
    """A URI without its user name and password; nothing of one that cannot be taken apart."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    if "@" not in parts.netloc:
        return uri
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[1]))


_TRANSIENT = {"TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR", "REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"}
_NOT_FOR_US = {"ENDPOINT_NOT_FOUND", "UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED"}
"""Another server at that address, or one that wants to know who asks."""


def translated(method: Callable[P, T]) -> Callable[P, T]:
    """Turn MLflow's and the disk's errors into ours: what is gone is NotFound, what may come back is Unavailable."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        connection: Connection = args[0].connection  # type: ignore[attr-defined]
        try:
            connection.ping()
            return method(*args, **kwargs)
        except MlopsError:
            raise
        except Exception as error:
            raise _translate(error, connection) from error

    return call


def _translate(error: Exception, connection: Connection) -> Exception:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    if isinstance(error, MlflowException):
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return NotFound(str(error.message).split("\n")[0])
        if "must be in the 'active' state" in str(error.message):
            # MLflow's one sentence, under several codes, for writing to what lies in its trash.
            return NotFound(f"It was deleted in MLflow at {connection.address}: {_first_line(error)}")
        # MLflow's REST client raises a bare MlflowException, code INTERNAL_ERROR, for a refused connection.
        lost = error.error_code in _TRANSIENT | _NOT_FOR_US
        return connection.unavailable(_first_line(error)) if lost else error
    if isinstance(error, (OSError, SQLAlchemyError)):
        return connection.unavailable(_first_line(error))
    return error


def _first_line(error: Any) -> str:
    text = (str(error).splitlines() or [type(error).__name__])[0]
    return text if len(text) < 160 else text[:159] + "…"

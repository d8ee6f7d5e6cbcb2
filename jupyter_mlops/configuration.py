"""What an administrator can set, and the one place where services get their backends.

The same settings hold for the server, the command line, the magics and the SDK: they are read from Jupyter's own
configuration files (`jupyter_mlops_config.py` or `.json` in any of Jupyter's config folders) as `c.MLOps.…`.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Int, List, Unicode, default
from traitlets.config import Config, Configurable

from jupyter_mlops.domain.snapshot import MAX_BYTES

if TYPE_CHECKING:
    from jupyter_mlops.backends.base import Tracking
    from jupyter_mlops.backends.executors.base import Executor
    from jupyter_mlops.services import Services

CONFIG_FILE = "jupyter_mlops_config"


class MLOps(Configurable):
    """Settings of jupyter_mlops."""

    tracking_uri = Unicode(
        help="MLflow tracking URI. Empty means the embedded store: SQLite and a folder below data_dir. "
        "Defaults to the environment variable MLFLOW_TRACKING_URI.",
    ).tag(config=True)
    data_dir = Unicode(
        help="Folder of the embedded store and of running local sweeps. Defaults to `mlops` in Jupyter's data folder.",
    ).tag(config=True)
    cache_dir = Unicode(
        help="Folder of what can be made again: rebuilt environments, built wheels. Several servers may share it. "
        "Defaults to `mlops` in the system's folder for caches.",
    ).tag(config=True)
    max_snapshot_bytes = Int(
        MAX_BYTES, min=0, help="Most bytes of local code and included files that one snapshot may keep."
    ).tag(config=True)
    max_trials = Int(10_000, min=1, help="Most trials that one sweep may have.").tag(config=True)
    executors = List(
        Unicode(),
        ["local"],
        minlen=1,
        help="Where trials may run, names of the entry-point group jupyter_mlops.executors; the first is the default. "
        "`kubernetes` needs c.Kubernetes.profiles.",
    ).tag(config=True)

    @default("tracking_uri")
    def _tracking_uri(self) -> str:
        return os.environ.get("MLFLOW_TRACKING_URI", "")

    @default("data_dir")
    def _data_dir(self) -> str:
        from jupyter_core.paths import jupyter_data_dir

        return str(Path(jupyter_data_dir()) / "mlops")

    @default("cache_dir")
    def _cache_dir(self) -> str:
        from platformdirs import user_cache_dir

        return os.environ.get("JUPYTER_MLOPS_CACHE") or user_cache_dir("mlops", appauthor=False)

    def mlflow_ui(self) -> str | None:
        """Address of MLflow's own pages when a server shows them; None when we have to start one."""
        from urllib.parse import urlsplit, urlunsplit

        if not self.tracking_uri.startswith(("http://", "https://")):
            return None
        parts = urlsplit(self.tracking_uri)
        return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1]))

    def services(self, root: Path | None = None, mlflow_ui: str = "", tracking: Tracking | None = None) -> Services:
        """Everything put together. Imports what takes time; call it where that does no harm.

        Args:
            root: folder that notebook paths may not leave; None for a terminal, where paths are the person's own.
            mlflow_ui: where MLflow's pages are for embedded stores.
            tracking: another store than the one that is set, for tests.
        """
        from jupyter_mlops import __version__
        from jupyter_mlops.backends.analysis.check import Analysis
        from jupyter_mlops.backends.comparison import compare_snapshots
        from jupyter_mlops.backends.environments.cache import EnvironmentCache
        from jupyter_mlops.backends.environments.capture import KernelProbe
        from jupyter_mlops.backends.layout import lay_out
        from jupyter_mlops.backends.notebooks import NotebookFiles
        from jupyter_mlops.backends.tracking.store import MlflowTracking
        from jupyter_mlops.services import Services
        from jupyter_mlops.services.executors import Executors

        data_dir = Path(self.data_dir).expanduser().absolute()
        cache = Path(self.cache_dir).expanduser().absolute()
        tracking = tracking or MlflowTracking(self.tracking_uri, data_dir)
        probe = KernelProbe(cache / "wheels")
        return Services(
            tracking,
            Executors([self._executor(name, tracking) for name in self.executors]),
            NotebookFiles(root, self.max_snapshot_bytes),
            environments=EnvironmentCache(cache / "environments", tracking.environment(), probe),
            analysis=Analysis(),
            compare=compare_snapshots,
            lay_out=lay_out,
            version=__version__,
            data_dir=data_dir,
            max_trials=self.max_trials,
            mlflow_ui=self.mlflow_ui() or mlflow_ui,
        )

    def _executor(self, name: str, tracking: Tracking) -> Executor:
        """The executor of a name.

        Raises:
            Missing: no installed package offers one of that name.
        """
        from importlib.metadata import entry_points

        from jupyter_mlops.backends.executors.base import ExecutorContext
        from jupyter_mlops.backends.tracking.connection import Connection
        from jupyter_mlops.domain.errors import Missing

        data_dir = Path(self.data_dir).expanduser().absolute()
        environment = Connection(self.tracking_uri, data_dir).environment()
        environment["JUPYTER_MLOPS_CACHE"] = str(Path(self.cache_dir).expanduser().absolute())
        context = ExecutorContext(
            data_dir=data_dir, environment=environment, tracking=tracking, config=self.config, user=current_user()
        )
        offered = entry_points(group="jupyter_mlops.executors")
        for entry in offered:
            if entry.name == name:
                made: Executor = entry.load()(context)
                return made
        known = ", ".join(sorted(entry.name for entry in offered)) or "none"
        raise Missing(f"There is no executor {name!r} (c.MLOps.executors). Installed: {known}.")


def load(**overrides: Any) -> MLOps:
    """Settings as Jupyter's configuration files and the environment say, for faces without a server."""
    from jupyter_core.application import JupyterApp

    class Reader(JupyterApp):
        name = "jupyter-mlops"
        config_file_name = Unicode(CONFIG_FILE)

    # Going on without a setting could mean another store than the one that was meant.
    reader = Reader(raise_config_file_errors=True)
    reader.load_config_file(suppress_errors=False)
    config = Config(reader.config)
    for name, value in overrides.items():
        setattr(config.MLOps, name, value)
    return MLOps(config=config)


def current_user() -> str:
    """Who works here: the hub's name for them, else the system's."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's uid without a name
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"

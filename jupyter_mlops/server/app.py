"""The server extension: settings and wiring, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Unicode

from jupyter_mlops.backends.kubernetes.settings import Kubernetes
from jupyter_mlops.configuration import CONFIG_FILE, MLOps
from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.server.events import SCHEMA, Hints
from jupyter_mlops.server.handlers import routes
from jupyter_mlops.server.mlflow_ui import MlflowUI
from jupyter_mlops.server.services import LazyServices

UI_PATH = "mlops/mlflow/"


class MLOpsApp(ExtensionApp):
    """Snapshots and sweeps of notebooks, as an extension of Jupyter Server."""

    name = "mlops"
    config_file_name = Unicode(CONFIG_FILE)
    load_other_extensions = True
    classes = [MLOps, Kubernetes]  # noqa: RUF012 - traitlets' own way

    def initialize_settings(self) -> None:
        """Put together what the handlers need. Services themselves come into being on first use, in a thread."""
        assert self.serverapp is not None
        bus = self.serverapp.event_logger
        assert bus is not None
        mlops = MLOps(config=self.config, parent=self)
        self._check_profiles()
        root = Path(self.serverapp.root_dir)
        self.services = LazyServices(lambda: mlops.services(root, UI_PATH))
        self.mlflow_ui = MlflowUI(mlops)
        bus.register_event_schema(SCHEMA)
        self.hints = Hints(self.services, bus, self.mlflow_ui.rest)

    def _check_profiles(self) -> None:
        """Say what is wrong with them now. Until it is mended, everything that is asked is answered with it."""
        try:
            Kubernetes.configured(self.config)
        except Invalid as error:
            self.log.critical("jupyter_mlops: %s", error.message)

    def initialize_handlers(self) -> None:
        self.handlers.extend(routes(self.services, self.mlflow_ui))

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        self.hints.start()

    async def stop_extension(self) -> None:
        """End what this server started for itself. Sweeps go on: they are nobody's children."""
        self.hints.stop()
        self.mlflow_ui.stop()
        self.services.close()

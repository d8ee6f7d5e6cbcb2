"""The verbs. They decide, know no tornado, mlflow, papermill or kubernetes, and are given their backends."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlops.backends.analysis.base import Analysis
from jupyter_mlops.backends.base import Environments as EnvironmentsOfMachine
from jupyter_mlops.backends.base import Notebooks, Tracking
from jupyter_mlops.domain.doctor import Finding, Status
from jupyter_mlops.domain.errors import MlopsError
from jupyter_mlops.services.boards import Boards
from jupyter_mlops.services.checks import Checks
from jupyter_mlops.services.doctor import examine
from jupyter_mlops.services.environments import Environments
from jupyter_mlops.services.executors import Executors
from jupyter_mlops.services.retries import Retries
from jupyter_mlops.services.snapshots import Compare, LayOut, Snapshots
from jupyter_mlops.services.sweeps import Sweeps
from jupyter_mlops.services.trials import Trials
from jupyter_mlops.services.verifications import Verifications


class Services:
    """All verbs over one store, its executors and one set of notebooks: what every face calls."""

    def __init__(
        self,
        tracking: Tracking,
        executors: Executors,
        notebooks: Notebooks,
        *,
        version: str,
        data_dir: Path,
        max_trials: int,
        mlflow_ui: str,
        environments: EnvironmentsOfMachine,
        analysis: Analysis,
        compare: Compare,
        lay_out: LayOut,
    ) -> None:
        self.tracking = tracking
        self.executors = executors
        self._notebooks = notebooks
        self._version = version
        self._data_dir = data_dir
        self._max_trials = max_trials
        self._mlflow_ui = mlflow_ui
        boards = Boards(tracking, executors)
        self.environments = Environments(environments)
        self.checks = Checks(notebooks, analysis)
        self.snapshots = Snapshots(tracking, notebooks, environments, compare, lay_out)
        self.verifications = Verifications(tracking, executors, self.snapshots, boards)
        self.sweeps = Sweeps(tracking, executors, notebooks, self.snapshots, boards, max_trials)
        self.trials = Trials(tracking, executors, boards)
        self.retries = Retries(tracking, executors, boards, self.trials)

    def status(self) -> Status:
        """Version, store and limits; never fails, for it is what says that something else does."""
        message = ""
        try:
            self.tracking.ping()
        except MlopsError as error:
            message = error.message
        return Status(
            version=self._version,
            tracking=self.tracking.address,
            embedded=self.tracking.embedded,
            online=not message,
            message=message,
            mlflow_ui=self._mlflow_ui,
            max_trials=self._max_trials,
            executors=self.executors.offers(),
        )

    def doctor(self) -> list[Finding]:
        """What is found, what is missing, and what to do."""
        return examine(self.tracking, self.executors, self._notebooks.kernels(), self._data_dir)

"""The executor of this machine keeps the promises of all executors."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlops.backends.executors.base import Executor
from jupyter_mlops.backends.executors.local import LocalExecutor
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.testing import ExecutorContract


class TestLocalExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self, mlops_store: Path, mlops_tracking: MlflowTracking) -> Executor:
        return LocalExecutor(mlops_store, mlops_tracking.environment())

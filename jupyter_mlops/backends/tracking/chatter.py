"""What MLflow prints of its own accord: addresses of runs and progress bars, between a command's own lines."""

from __future__ import annotations

import os
from collections.abc import Mapping

_QUIET = {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
_silenced: set[str] = set()


def silence() -> None:
    """Keep MLflow quiet in this process, unless somebody has decided otherwise."""
    for name, value in _QUIET.items():
        if name not in os.environ:
            os.environ[name] = value
            _silenced.add(name)


def for_others(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for other processes: notebooks there say what they would say without us."""
    return {name: value for name, value in environment.items() if name not in _silenced}

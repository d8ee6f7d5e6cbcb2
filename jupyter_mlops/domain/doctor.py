"""What `doctor` finds: one line a thing, with what to do about it."""

from __future__ import annotations

from typing import Literal

import msgspec

from jupyter_mlops.domain.profile import ExecutorOffer


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    status: Literal["ok", "warning", "error"]
    message: str
    fix: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What the sidebar needs to know before anything else."""

    version: str
    tracking: str
    """Address of the MLflow store, without credentials."""
    embedded: bool
    """Whether it is the store under Jupyter's data directory."""
    online: bool
    message: str = ""
    """When offline: what does not answer and what goes on all the same."""
    mlflow_ui: str
    """Where MLflow's own pages are: an address, or a path below this server's base URL."""
    max_trials: int
    executors: list[ExecutorOffer] = []
    """Where trials can run; the first is the default."""

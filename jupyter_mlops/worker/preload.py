"""Imported once by the process from which trials are forked, so that no trial pays for these imports again.

Modules only: no store, no socket, no thread is opened here, for a fork copies none of them whole. What a trial still
imports by itself shows in `sys.modules` before and after.
"""

import alembic.command
import ipykernel.kernelspec
import IPython.core.interactiveshell
import jupyter_client
import mlflow
import mlflow.store.tracking.sqlalchemy_store
import nbformat
import papermill
import sqlalchemy.dialects.sqlite

import jupyter_mlops.worker.engine
import jupyter_mlops.worker.trial

__all__ = [
    "IPython",
    "alembic",
    "ipykernel",
    "jupyter_client",
    "jupyter_mlops",
    "mlflow",
    "nbformat",
    "papermill",
    "sqlalchemy",
]

"""Imported once by the process from which trials are forked, so that no trial pays for these imports again.

Modules only: no store, no socket, no thread is opened here, for a fork copies none of them whole.
"""

import jupyter_client
import mlflow
import mlflow.store.tracking.sqlalchemy_store
import nbformat
import papermill

import jupyter_mlops.worker.engine
import jupyter_mlops.worker.trial

__all__ = ["jupyter_client", "jupyter_mlops", "mlflow", "nbformat", "papermill"]

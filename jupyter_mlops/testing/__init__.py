"""For tests, ours and those of people who extend jupyter_mlops; also a pytest plugin.

Fixtures: `mlops_store` (a data folder with a ready MLflow store), `mlops_root` (a folder of notebooks),
`mlops_notebook` (writes one), `mlops_services` (the verbs over all of that). Everything is real: MLflow on SQLite,
processes, kernels. What must fail on command is a fake, named after how it fails.

`ExecutorContract` holds what an executor promises: inherit it, override the fixture `executor`, and run pytest.
"""

from jupyter_mlops.testing.contracts import ExecutorContract
from jupyter_mlops.testing.fakes import (
    FailsAtStart,
    NothingEverStarts,
    StoreThatGoesAway,
    server_of_something_else,
    server_that_says_nothing,
    server_without_its_database,
)
from jupyter_mlops.testing.fixtures import (
    end_sweeps,
    mlops_notebook,
    mlops_root,
    mlops_schema,
    mlops_services,
    mlops_store,
    mlops_tracking,
)
from jupyter_mlops.testing.notebooks import WAITS, NotebookFactory, eventually, notebook, order_of

__all__ = [
    "WAITS",
    "ExecutorContract",
    "FailsAtStart",
    "NotebookFactory",
    "NothingEverStarts",
    "StoreThatGoesAway",
    "end_sweeps",
    "eventually",
    "mlops_notebook",
    "mlops_root",
    "mlops_schema",
    "mlops_services",
    "mlops_store",
    "mlops_tracking",
    "notebook",
    "order_of",
    "server_of_something_else",
    "server_that_says_nothing",
    "server_without_its_database",
]

"""papermill's own engine, with an ear for progress and for cells tagged `metrics`.

Registered under papermill's entry-point group, so `papermill --engine jupyter_mlops` works too. What it writes into
the notebook is what papermill writes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import zmq
from jupyter_core.utils import ensure_async
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.utils import merge_kwargs, remove_args

from jupyter_mlops.backends.reading import assigned_names, language_of, source_of

log = logging.getLogger("jupyter_mlops")

METRICS_TAG = "metrics"
IOPUB_SECONDS = 60
"""How long a cell's last outputs may take to arrive after it has ended; nbclient's four are too few under load."""


class TrialEngine(NBClientEngine):  # type: ignore[misc]  # papermill is published without types
    """NBClientEngine that tells how far it is and what cells tagged `metrics` assigned."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        on_cell: Callable[[int, int], None] = lambda done, total: None,
        on_metrics: Callable[[Mapping[str, float]], None] | None = None,
        **kwargs: Any,
    ) -> None:
        """Run the cells.

        Args:
            on_cell: called with code cells done and in all, when the first starts and whenever one has ended.
            on_metrics: called with the numbers that a cell tagged `metrics` assigned (Python kernels only).
        """
        total = sum(1 for cell in nb_man.nb.cells if cell.cell_type == "code" and cell.source.strip())
        done = 0
        python = language_of(nb_man.nb) == "python"

        def started(cell: Any, cell_index: int) -> None:
            if done == 0:
                on_cell(done, total)

        async def executed(cell: Any, cell_index: int, execute_reply: Any) -> None:
            nonlocal done
            if execute_reply["content"]["status"] == "ok":
                done += 1
                if python and on_metrics and METRICS_TAG in cell.metadata.get("tags", []):
                    on_metrics(await _scalars(client, source_of(cell)))
            on_cell(done, total)

        arguments = merge_kwargs(
            remove_args(["timeout", "startup_timeout", "input_path"], **kwargs),
            timeout=execution_timeout if execution_timeout else kwargs.get("timeout"),
            startup_timeout=start_timeout,
            kernel_name=kernel_name,
            log=logging.getLogger("papermill"),
            log_output=log_output,
            stdout_file=stdout_file,
            stderr_file=stderr_file,
            iopub_timeout=IOPUB_SECONDS,
            on_cell_start=started,
            on_cell_executed=executed,
        )
        client = _Client(nb_man, **arguments)
        client.execute()


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, that misses no answer of the kernel while it answers a widget.

    nbclient sends from inside a message's handler past the event loop, and ZeroMQ tells only once that something has
    come: without asking again, cells with output widgets sometimes wait for ever.
    https://github.com/jupyter/nbclient/issues/312
    """

    def process_message(self, *arguments: Any, **named: Any) -> Any:
        try:
            return super().process_message(*arguments, **named)
        finally:
            self.kc.shell_channel.socket.get(zmq.EVENTS)


async def _scalars(client: Any, source: str) -> dict[str, float]:
    """Ask the kernel for the numbers a cell assigned, without leaving a trace in the notebook or its counter."""
    names = assigned_names(source)
    if not names:
        return {}
    expressions = {name: f"None if isinstance({name}, (str, bytes)) else float({name})" for name in names}
    try:
        reply = await ensure_async(
            client.kc.execute(
                "", silent=True, store_history=False, user_expressions=expressions, reply=True, timeout=30
            )
        )
    except Exception as error:
        log.warning("The numbers of the cell tagged metrics could not be read: %s", error)
        return {}
    found: dict[str, float] = {}
    for name, answer in reply["content"].get("user_expressions", {}).items():
        try:
            found[name] = float(answer["data"]["text/plain"])
        except (KeyError, ValueError):
            continue
    return found

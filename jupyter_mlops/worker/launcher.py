"""How the runner brings a trial to life: the seam for faster ways."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable
from multiprocessing import forkserver
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.managers import BaseManager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.worker.ledger import Ledger


class _Books(BaseManager):
    """Serves one Ledger to the runner, over a socket that only its user can open."""


_Books.register("Ledger", Ledger)


class ForkLauncher:
    """Starts each trial as a fork of one clean process that has imported MLflow and papermill.

    The fork server of Python's multiprocessing: single-threaded, started before anything is open, and each trial a
    process of its own with its own folder, environment and signals. Saves about two seconds of imports per trial.
    The kernel is started afresh by every trial, so results are those of a fresh interpreter.
    """

    def __init__(self, sweep_id: str, work: WorkDir) -> None:
        self._sweep_id = sweep_id
        self._work = work
        self._books: _Books | None = None
        if "forkserver" in multiprocessing.get_all_start_methods():
            self._context: ForkServerContext | SpawnContext = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload(["jupyter_mlops.worker.preload"])
            # Now, so that it imports while the runner reads its orders.
            forkserver.ensure_running()
        else:
            self._context = multiprocessing.get_context("spawn")

    def ledger(self) -> Ledger:
        """The sweep's books, kept by a process that is forked from the same one."""
        self._books = _Books(ctx=self._context)
        self._books.start(_ignore_interrupts)
        books: Any = self._books
        ledger: Ledger = books.Ledger(self._sweep_id, self._work.folder)
        return ledger

    def start(self, index: int) -> BaseProcess:
        """Start a trial; returns its process, which ends with the trial's exit code."""
        process = self._context.Process(
            target=_trial, args=(self._sweep_id, index, str(self._work.folder)), name=f"trial-{index}"
        )
        process.start()
        return process

    @staticmethod
    def wait(processes: Iterable[BaseProcess], seconds: float) -> None:
        """Wait until one of the processes ends, at most so long."""
        wait_for_any([process.sentinel for process in processes], timeout=seconds)


def _ignore_interrupts() -> None:
    """Ctrl-C in a terminal is meant for whoever waits there, not for the books."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _trial(sweep_id: str, index: int, folder: str) -> None:
    """Runs in the forked process."""
    from jupyter_mlops.worker import trial

    work = WorkDir(Path(folder))
    output = os.open(work.log(str(index)), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr, force=True)
    code = trial.guarded(sweep_id, index, trial.tracking_from(os.environ), work)
    logging.shutdown()
    # Threads of libraries may still hold on to the process; its work is done and written.
    os._exit(code)

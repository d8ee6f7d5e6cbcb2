"""Tells MLflow how far a trial is, beside the notebook and never in its way."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from types import TracebackType

from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import MlopsError

log = logging.getLogger("jupyter_mlops")

EVERY_SECONDS = 1.0
NOTEBOOK_EVERY_SECONDS = 3.0


class Reporter:
    """A thread that writes the newest progress, and the notebook executed so far, at most once a second.

    Only the newest counts: what the store refuses is not repeated but overtaken. A trial shorter than a second
    reports nothing but its outcome.
    """

    def __init__(self, tracking: MlflowTracking, work: WorkDir, run_id: str, output: Path) -> None:
        self._tracking = tracking
        self._work = work
        self._run_id = run_id
        self._output = output
        self._cells = (0, 0)
        self._told = (0, 0)
        self._copied = 0
        self._rounds = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="mlops-reporter", daemon=True)

    def __enter__(self) -> Reporter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join(timeout=30)
        if kind is None:
            self._tell()

    def cells(self, done: int, total: int) -> None:
        """Take note that so many code cells are done."""
        self._cells = (done, total)

    def last_words(self) -> None:
        """Keep what has been executed so far, now: the trial is being interrupted."""
        self._closed.set()
        self._thread.join(timeout=5)
        self._tell()
        self._copy()

    def _loop(self) -> None:
        while not self._closed.wait(EVERY_SECONDS):
            self._rounds += 1
            self._tell()
            if self._rounds % round(NOTEBOOK_EVERY_SECONDS / EVERY_SECONDS) == 1:
                self._copy()

    def _tell(self) -> None:
        cells = self._cells
        if cells == self._told:
            return
        try:
            self._tracking.set_progress(self._run_id, *cells)
        except MlopsError as error:
            log.info("%s", error)
            return
        self._told = cells
        self._work.touch()

    def _copy(self) -> None:
        try:
            changed = self._output.stat().st_mtime_ns
            if changed == self._copied:
                return
            content = self._output.read_bytes()
            json.loads(content)  # papermill writes in place: half a notebook is left for the next round
            self._tracking.keep_artifact(self._run_id, naming.NOTEBOOK_FILE, content)
            self._copied = changed
            self._work.touch()
        except (OSError, ValueError, MlopsError) as error:
            log.info("The notebook so far was not copied: %s", error)

"""The trials of sweeps: looked at, opened, stopped."""

from __future__ import annotations

import json
from typing import Any

from jupyter_mlops.backends.base import Tracking
from jupyter_mlops.domain.errors import Conflict, NotFound
from jupyter_mlops.domain.trial import OUTCOMES, Trial, TrialPage
from jupyter_mlops.services.boards import Boards
from jupyter_mlops.services.executors import Executors

LOG_PIECE = 256 * 1024
"""Bytes of a log per answer."""


class Trials:
    """What can be asked of a sweep's trials."""

    def __init__(self, tracking: Tracking, executors: Executors, boards: Boards) -> None:
        self._tracking = tracking
        self._executors = executors
        self._boards = boards

    def changes(self, sweep_id: str, since: str = "", limit: int = 1000) -> TrialPage:
        """Trials that changed since a revision; see `TrialPage`."""
        return self._boards.get(sweep_id).changes(since, limit)

    def all(self, sweep_id: str) -> list[Trial]:
        """All trials, by index."""
        since, trials, more = "", {}, True
        while more:
            page = self.changes(sweep_id, since, 5000)
            trials.update({trial.index: trial for trial in page.trials})
            since, more = page.rev, page.more
        return [trials[index] for index in sorted(trials)]

    def get(self, sweep_id: str, index: int) -> Trial:
        """One trial.

        Raises:
            NotFound: the sweep has no such index.
        """
        board = self._boards.get(sweep_id)
        trial = board.trial(index)
        if trial is None:
            raise NotFound(f"Sweep {sweep_id} has no trial {index}; its trials are 0 to {board.order.trials - 1}.")
        return trial

    def stop(self, sweep_id: str, index: int, by: str) -> Trial:
        """Stop a running trial, or keep a waiting one from starting.

        Raises:
            Conflict: it has ended already.
        """
        trial = self.get(sweep_id, index)
        if trial.state in OUTCOMES:
            raise Conflict(f"Trial {index} has ended already: {trial.state}.")
        order = self._boards.get(sweep_id).order
        executor = self._executors.get(order.executor)
        executor.stop_trial(sweep_id, index, by)
        executor.start(sweep_id, order)
        self._boards.get(sweep_id).expire()
        return self.get(sweep_id, index)

    def notebook(self, sweep_id: str, index: int) -> dict[str, Any]:
        """The executed notebook, whole or so far: `name`, `content`, and the `failed_cell`'s index or None.

        Raises:
            NotFound: nothing has been executed yet.
        """
        trial = self.get(sweep_id, index)
        content = self._tracking.trial_notebook(trial.run_id) if trial.run_id else None
        if content is None:
            raise NotFound(f"Trial {index} has no executed notebook yet: it is {trial.state}.")
        notebook = json.loads(content)
        stem = self._boards.get(sweep_id).order.name
        return {"name": f"{stem}.ipynb", "content": notebook, "failed_cell": failed_cell(notebook)}

    def log(self, sweep_id: str, index: int, offset: int = 0) -> dict[str, Any]:
        """A piece of the log: `text`, the `next` offset, and whether that is all there will be.

        Args:
            offset: in bytes from the beginning; below zero, from the end as it is now.
        """
        trial = self.get(sweep_id, index)
        ended = trial.state in OUTCOMES
        content = self._executors.get(self._boards.get(sweep_id).order.executor).log(sweep_id, index)
        if content is None and trial.run_id:
            content = self._tracking.trial_log(trial.run_id)
        content = content or b""
        if offset < 0:
            offset = _whole_line(content, max(0, len(content) + offset))
        piece = content[offset : offset + LOG_PIECE]
        if offset + len(piece) < len(content) or not ended:
            # Not in the middle of a character: at most three bytes wait for the next piece.
            cut = next((n for n in range(4) if _decodes(piece[: len(piece) - n])), 0)
            piece = piece[: len(piece) - cut]
        reached = offset + len(piece)
        return {
            "text": piece.decode("utf-8", errors="replace"),
            "next": reached,
            "ended": ended and reached >= len(content),
        }


def _whole_line(content: bytes, offset: int) -> int:
    """The first beginning of a line at or after an offset."""
    if offset == 0 or content[offset - 1 : offset] == b"\n":
        return offset
    return content.find(b"\n", offset) + 1 or len(content)


def _decodes(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def failed_cell(notebook: dict[str, Any]) -> int | None:
    """Index of the cell that papermill marked as failed."""
    for index, cell in enumerate(notebook.get("cells", [])):
        if cell.get("metadata", {}).get("papermill", {}).get("status") == "failed":
            return index
    return None

"""The boards of the sweeps that somebody looks at."""

from __future__ import annotations

import threading
from collections import OrderedDict

from jupyter_mlops.backends.base import SweepRecord, Tracking
from jupyter_mlops.domain.sweep import Sweep, SweepOrder
from jupyter_mlops.services.board import Board, ended_view
from jupyter_mlops.services.executors import Executors

MOST_BOARDS = 20
"""Boards kept in memory; the one that was not looked at longest goes first. 10,000 trials take about 20 MB."""


class Boards:
    """Boards by sweep id, made on first use; and the orders of sweeps, which never change."""

    def __init__(self, tracking: Tracking, executors: Executors) -> None:
        self._tracking = tracking
        self._executors = executors
        self._boards: OrderedDict[str, Board] = OrderedDict()
        self._orders: dict[str, SweepOrder] = {}
        self._lock = threading.Lock()

    def get(self, sweep_id: str) -> Board:
        """The board of a sweep.

        Raises:
            NotFound: there is no such sweep.
        """
        with self._lock:
            board = self._boards.get(sweep_id)
        if board is None:
            made = Board(sweep_id, self._tracking, self._executors)
            with self._lock:
                board = self._boards.setdefault(sweep_id, made)
        with self._lock:
            self._boards.move_to_end(sweep_id)
            while len(self._boards) > MOST_BOARDS:
                self._boards.popitem(last=False)
        return board

    def view(self, record: SweepRecord) -> Sweep:
        """A sweep for a list: one that has ended costs no look at its trials."""
        if record.outcome is None:
            return self.get(record.id).sweep()
        if record.id not in self._orders:
            self._orders[record.id] = self._tracking.sweep_order(record.id)
        return ended_view(record, self._orders[record.id])

"""The local twin of a Kubernetes Job: N indexes, P at once.

    python -m jupyter_mlops.worker.runner SWEEP WORK_FOLDER

Detached from whoever started it. It keeps nothing to itself: what has ended stands in MLflow, what people want in the
work folder, so a runner that was killed is replaced by starting another.
"""

from __future__ import annotations

import logging
import random
import sys
import time
from collections import deque
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from jupyter_mlops.backends.executors.workdir import Desired, WorkDir
from jupyter_mlops.domain.errors import MlopsError
from jupyter_mlops.domain.sweep import SweepOutcome

log = logging.getLogger("jupyter_mlops")

GRACE_SECONDS = 10.0
"""Between SIGTERM and SIGKILL."""
TICK_SECONDS = 0.2


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 2:
        sys.stderr.write(__doc__ or "")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    work = WorkDir(Path(arguments[1]))
    while True:
        # First say that somebody is there, then import what takes seconds.
        with work.holding("runner") as mine:
            if not mine:
                return 0
            try:
                left = Runner(arguments[0], work).run()
            except MlopsError as error:
                log.error("The runner stopped: %s", error)
                return 1
            except Exception as error:
                log.exception("The runner stopped: %s", error)
                return 1
        if left is None:
            work.remove()
            return 0
        if work.desired() == left:
            return 0
        # Somebody pressed Resume, saw this runner still there and started no other: it goes on.


class Runner:
    """Starts, watches, stops and retries the trials of one sweep."""

    def __init__(self, sweep_id: str, work: WorkDir) -> None:
        from jupyter_mlops.worker.launcher import ForkLauncher

        self.work = work
        self.launcher = ForkLauncher(sweep_id, work)
        self.ledger = self.launcher.ledger()
        self.waiting: deque[int] = deque()
        self.later: dict[int, float] = {}
        """Trials to be tried again, each with the time before which it is not."""
        self.own: dict[int, BaseProcess] = {}
        self.adopted: dict[int, psutil.Process] = {}
        """Trials that an earlier runner started and that outlived it."""
        self.stopping: dict[int, float] = {}
        """Trials that were asked to stop, each with the time at which it is killed."""

    def run(self) -> Desired | None:
        """Work until nothing is left to do; None if the sweep has ended, else what is desired: a pause."""
        self.adopted = self.work.active()
        pending = self.ledger.open()
        self.parallelism = self.ledger.parallelism()
        self.waiting.extend(index for index in pending if index not in self.adopted)
        while True:
            desired = self.work.desired()
            self._reap(desired)
            if desired.stopped_by is not None:
                self._end("cancelled", f"Stopped by {desired.stopped_by}.")
                return None
            hopeless = self.ledger.hopeless()
            if hopeless:
                self._end("failed", hopeless)
                return None
            self._cancel(desired)
            if not desired.paused:
                self._fill(desired)
            if not self.own and not self.adopted:
                if desired.paused:
                    return desired
                if not self.waiting and not self.later:
                    self.ledger.close()
                    return None
            self._wait()

    def _fill(self, desired: Desired) -> None:
        now = time.monotonic()
        due = [index for index, when in self.later.items() if when <= now]
        for index in due:
            del self.later[index]
        self.waiting.extendleft(sorted(due, reverse=True))
        parallelism = desired.parallelism or self.parallelism
        while self.waiting and len(self.own) + len(self.adopted) < parallelism:
            index = self.waiting.popleft()
            self.own[index] = self.launcher.start(index)

    def _wait(self) -> None:
        if self.own:
            self.launcher.wait(self.own.values(), TICK_SECONDS)
        else:
            time.sleep(TICK_SECONDS)

    def _reap(self, desired: Desired, reason: str | None = None) -> None:
        """Settle the trials that have ended; `reason` is why all of them were made to."""
        stopped = {index: f"Stopped by {by}." for index, by in desired.cancelled.items()}
        for index, process in list(self.own.items()):
            if process.exitcode is not None:
                del self.own[index]
                self._ended(index, process.exitcode, stopped.get(index, reason))
        for index, orphan in list(self.adopted.items()):
            if not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE:
                del self.adopted[index]
                self._ended(index, None, stopped.get(index, reason))
        for index, deadline in list(self.stopping.items()):
            if time.monotonic() > deadline:
                self._kill(index)

    def _ended(self, index: int, code: int | None, cancelled: str | None) -> None:
        self.stopping.pop(index, None)
        attempt = self.ledger.settle(index, code, cancelled)
        if attempt is not None:
            # Growing pause with jitter: what killed it (a full disk, memory) may need a while to pass.
            self.later[index] = time.monotonic() + min(60.0, 2.0**attempt) * random.uniform(0.5, 1.0)
        self.work.touch()

    def _cancel(self, desired: Desired) -> None:
        for index, by in desired.cancelled.items():
            if index in self.own or index in self.adopted:
                self._terminate(index)
            elif index in self.waiting or index in self.later:
                if index in self.waiting:
                    self.waiting.remove(index)
                self.later.pop(index, None)
                self.ledger.cancel(index, f"Stopped by {by}.")
                self.work.touch()

    def _end(self, outcome: SweepOutcome, reason: str) -> None:
        """Stop what runs, then close the sweep."""
        for index in [*self.own, *self.adopted]:
            self._terminate(index)
        while self.own or self.adopted:
            self._reap(self.work.desired(), reason)
            self._wait()
        self.ledger.close(outcome, reason)

    def _terminate(self, index: int) -> None:
        if index in self.stopping:
            return
        self.stopping[index] = time.monotonic() + GRACE_SECONDS
        process = self._process(index)
        if process is not None:
            process.terminate()

    def _kill(self, index: int) -> None:
        """Kill a trial that did not stop when asked to, and the kernels it started."""
        process = self._process(index)
        if process is None:
            return
        try:
            family = [process, *process.children(recursive=True)]
        except psutil.Error:
            family = [process]
        for member in family:
            try:
                member.kill()
            except psutil.Error:
                continue

    def _process(self, index: int) -> psutil.Process | None:
        if index in self.adopted:
            return self.adopted[index]
        own = self.own.get(index)
        try:
            return psutil.Process(own.pid) if own is not None and own.is_alive() else None
        except psutil.Error:
            return None


if __name__ == "__main__":
    sys.exit(main())

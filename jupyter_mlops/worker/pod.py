"""The program of a sweep's pod: one trial, or several one after another.

    python -m jupyter_mlops.worker.pod SWEEP

Which ones follows from the pod's completion index, so that a pod that is started again runs the same. It keeps nothing
to itself: a trial whose outcome stands in MLflow is passed over, and an interrupted one goes on in its run. The pod
that ends the last trial closes the sweep, for nobody else may be there to do it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.domain import exits
from jupyter_mlops.domain.indexes import ranges
from jupyter_mlops.worker.memory import Memory

if TYPE_CHECKING:
    from jupyter_mlops.worker.ledger import Ledger

log = logging.getLogger("jupyter_mlops")

WHICH = "JUPYTER_MLOPS_INDEXES"
PER_POD = "JUPYTER_MLOPS_TRIALS_PER_POD"
OWN = "JOB_COMPLETION_INDEX"
"""https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode"""
TICK_SECONDS = 0.2
ENDED = (exits.SUCCEEDED, exits.NOTEBOOK_FAILED)
_KNOWN = (*ENDED, exits.NO_OBJECTIVE, exits.NO_ENVIRONMENT, exits.INTERRUPTED)
"""With these a trial's program has said itself how it ended."""
T = TypeVar("T")


class Interrupted(SystemExit):
    """SIGTERM: the pod is deleted, evicted or preempted."""


def own_trials(environment: Mapping[str, str]) -> list[int]:
    """Indexes of the trials that this pod runs.

    Raises:
        ValueError: the variables of a Job of ours are not there.
    """
    try:
        which = ranges(environment[WHICH])
        per_pod, own = int(environment.get(PER_POD, "1")), int(environment[OWN])
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is not set: this program runs in a pod of a sweep's Job.") from None
    return which[own * per_pod : (own + 1) * per_pod]


class Pod:
    """Runs trials in processes of their own and follows what they print."""

    def __init__(self, sweep_id: str, work: WorkDir) -> None:
        from jupyter_mlops.worker.launcher import ForkLauncher

        self._sweep_id = sweep_id
        self._work = work
        self._launcher = ForkLauncher(sweep_id, work)
        self._process: BaseProcess | None = None
        self._memory = Memory()
        work.create()
        self.ledger = self._launcher.ledger()

    def run(self, trials: Sequence[int]) -> int:
        """Run them; the exit code is what the Job's podFailurePolicy makes its decision from."""
        codes = []
        for index in trials:
            if len(trials) > 1 and self._exhausted(index):
                continue
            code = self._judged(index, self._one(index))
            log.info("Trial %s ended with code %s.", index, code)
            hopeless = code == exits.NO_OBJECTIVE and not self._asked(lambda ledger: ledger.any_ranked())
            if code == exits.NO_ENVIRONMENT or hopeless:
                return code
            codes.append(code)
        self._asked(lambda ledger: ledger.close_if_last(trials))
        again = [code for code in codes if code not in (*ENDED, exits.NO_OBJECTIVE)]
        if again:
            return again[0] if again[0] > 0 else 128 - again[0]
        # Of several the outcomes stand in MLflow, and none is worth a pod started again.
        return exits.NOTEBOOK_FAILED if codes == [exits.NOTEBOOK_FAILED] else exits.SUCCEEDED

    def _one(self, index: int) -> int:
        path = self._work.log(str(index))
        path.touch()
        self._process = process = self._launcher.start(index)
        done = threading.Event()
        follower = threading.Thread(target=_follow, args=(path, done), daemon=True)
        follower.start()
        while process.exitcode is None:
            self._launcher.wait([process], TICK_SECONDS)
        self._process = None
        done.set()
        follower.join()
        self._work.clear_trial(index)
        return process.exitcode

    def _judged(self, index: int, code: int) -> int:
        """What a trial's end means: when one of its processes was killed for want of memory, it died of that."""
        if code in _KNOWN or not self._memory.was_exceeded():
            return code
        reason = f"Out of memory: {self._memory.words()}."
        self._memory = Memory()
        self._asked(lambda ledger: ledger.fail(index, reason, "memory"))
        return exits.NOTEBOOK_FAILED

    def _exhausted(self, index: int) -> bool:
        return self._asked(lambda ledger: ledger.exhausted(index))

    def _asked(self, question: Callable[[Ledger], T]) -> T:
        """Ask the ledger; another one, when its process was killed too."""
        try:
            return question(self.ledger)
        except (EOFError, OSError):
            self.ledger = self._launcher.ledger()
            return question(self.ledger)

    def interrupt(self) -> None:
        """Hand SIGTERM on and wait: what has been executed is kept by the trial."""
        process = self._process
        if process is not None and process.is_alive():
            process.terminate()
            process.join()


def _follow(path: Path, done: threading.Event) -> None:
    """Print what a trial prints, so that the pod's log holds it while it runs and after it was killed."""
    with path.open("rb") as log_file:
        while True:
            last = done.is_set()
            piece = log_file.read(65536)
            if piece:
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
            elif last:
                return
            else:
                time.sleep(TICK_SECONDS)


def main(argv: list[str] | None = None) -> int:
    """Command line of the program; the store is the one that MLFLOW_TRACKING_URI names."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        sys.stderr.write(__doc__ or "")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        trials = own_trials(os.environ)
    except ValueError as error:
        log.error("%s", error)
        return 2

    def interrupt(signum: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Interrupted

    signal.signal(signal.SIGTERM, interrupt)
    pod = None
    try:
        pod = Pod(arguments[0], WorkDir(Path.home() / "sweep"))
        return pod.run(trials)
    except Interrupted:
        if pod is not None:
            pod.interrupt()
        log.warning("Interrupted. The trial goes on when the pod is started again.")
        return exits.INTERRUPTED
    except Exception:
        log.exception("The pod's program broke off.")
        return exits.TRY_AGAIN


if __name__ == "__main__":
    sys.exit(main())

"""One trial: a program that can be started twice.

    python -m jupyter_mlops.worker.trial SWEEP INDEX [WORK_FOLDER]

It reads its orders from MLflow, runs one notebook, writes the outcome to MLflow and exits. If the outcome is there
already, it exits at once; if an earlier attempt broke off, it goes on in the same MLflow run.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from jupyter_mlops.backends.base import TrialRecord
from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.backends.reading import sets_other_experiment
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import Missing, MlopsError, Unavailable
from jupyter_mlops.domain.exits import (
    INTERRUPTED,
    NO_ENVIRONMENT,
    NO_OBJECTIVE,
    NOTEBOOK_FAILED,
    RUNS_ALREADY,
    SUCCEEDED,
    TRY_AGAIN,
)
from jupyter_mlops.domain.sweep import SweepOrder
from jupyter_mlops.domain.trial import Failure, Outcome
from jupyter_mlops.worker.memory import Memory
from jupyter_mlops.worker.patience import patiently
from jupyter_mlops.worker.place import kernel_for, laid_out
from jupyter_mlops.worker.reporter import Reporter

log = logging.getLogger("jupyter_mlops")

_EXIT_CODES: dict[Outcome, int] = {
    "succeeded": SUCCEEDED,
    "failed": NOTEBOOK_FAILED,
    "pruned": SUCCEEDED,
    "cancelled": SUCCEEDED,
}


class Interrupted(SystemExit):
    """SIGTERM: stop the kernel, keep what has been executed, leave the run to be resumed or cancelled.

    A SystemExit, because asyncio lets only that and KeyboardInterrupt out of a task at once; anything else it keeps
    in the task that happened to run, and the trial would go on.
    https://docs.python.org/3/library/asyncio-task.html#asyncio.Task
    """


class OutOfMemory(Exception):
    """The kernel was killed because its control group may use no more memory."""


def run(sweep_id: str, index: int, tracking: MlflowTracking, work: WorkDir) -> int:
    """Run one trial to its outcome; the exit code says how it ended."""
    with work.holding(str(index)) as mine:
        if not mine:
            log.info("Another process runs trial %s already.", index)
            return RUNS_ALREADY
        order = patiently(lambda: tracking.sweep_order(sweep_id))
        record = patiently(lambda: tracking.begin_trial(sweep_id, order, index))
        if record.outcome is not None:
            patiently(lambda: tracking.end_trial(record.run_id, record.outcome or "failed", record.reason, {}))
            return _EXIT_CODES[record.outcome]
        work.touch()
        return _Trial(sweep_id, order, record, tracking, work).run()


class _Trial:
    def __init__(
        self, sweep_id: str, order: SweepOrder, record: TrialRecord, tracking: MlflowTracking, work: WorkDir
    ) -> None:
        self.sweep_id = sweep_id
        self.order = order
        self.record = record
        self.tracking = tracking
        self.work = work
        self.parameters = order.point(record.index)
        self.output = work.notebook(record.index)
        self.memory = Memory()

    def run(self) -> int:
        snapshots = self.tracking.snapshots
        snapshot = patiently(lambda: snapshots.get(self.order.snapshot))
        content = patiently(lambda: snapshots.notebook(snapshot.digest))
        os.environ.update(self._environment(content))
        try:
            kernel = kernel_for(self.order, snapshot, self.tracking, self.work)
        except (Missing, Unavailable) as error:
            log.error("%s", error)
            self._end("failed", naming.shortened(error.message, 1000))
            return NO_ENVIRONMENT
        index = self.record.index
        with (
            laid_out(self.order, snapshot, index, content, self.tracking, self.work) as folder,
            Reporter(self.tracking, self.work, self.record.run_id, self.output) as reporter,
        ):
            try:
                reason = self._execute(content, folder, kernel, reporter)
            except OutOfMemory as error:
                # It would need as much the next time.
                reporter.last_words()
                log.error("%s", error)
                self._end("failed", str(error), "memory")
                return NOTEBOOK_FAILED
            except Interrupted:
                reporter.last_words()
                raise
        if reason is not None:
            self._end("failed", reason)
            return NOTEBOOK_FAILED
        missing = patiently(self._lift_objective)
        self._end("succeeded", missing)
        return NO_OBJECTIVE if missing else SUCCEEDED

    def _environment(self, content: bytes) -> dict[str, str]:
        """What makes unmodified notebook code land in this trial's run.

        MLflow's `start_run()` resumes MLFLOW_RUN_ID once and deletes it; every further run carries the tags of
        MLFLOW_RUN_CONTEXT, which make it a child of the trial.
        """
        run_id = self.record.run_id
        context = {
            naming.PARENT: run_id,
            "mlflow.source.name": self.order.notebook,
            "mlflow.source.type": "NOTEBOOK",
            "mlflow.user": self.order.user,
        }
        variables = {
            **self.tracking.environment(),
            "MLFLOW_EXPERIMENT_NAME": self.order.experiment,
            "MLFLOW_RUN_CONTEXT": msgspec.json.encode(context).decode(),
            "JUPYTER_MLOPS_SWEEP": self.sweep_id,
            "JUPYTER_MLOPS_TRIAL": str(self.record.index),
        }
        if not sets_other_experiment(msgspec.json.decode(content), self.order.experiment):
            variables["MLFLOW_RUN_ID"] = run_id
        return variables

    def _execute(self, content: bytes, folder: Path, kernel: str, reporter: Reporter) -> str | None:
        """Run the notebook; None if it ended well, else the reason in one line.

        Raises:
            Unavailable: the machine failed it, not the notebook.
        """
        import nbformat
        import papermill
        from jupyter_client.kernelspec import NoSuchKernel
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from papermill.engines import papermill_engines

        from jupyter_mlops.worker.engine import TrialEngine

        papermill_engines.register("jupyter_mlops", TrialEngine)
        try:
            papermill.execute_notebook(
                nbformat.reads(content.decode(), as_version=4),  # type: ignore[no-untyped-call]
                str(self.output),
                parameters=self.parameters,
                engine_name="jupyter_mlops",
                kernel_name=kernel,
                progress_bar=False,
                cwd=str(folder),
                autosave_cell_every=5,
                on_cell=reporter.cells,
                on_metrics=lambda metrics: patiently(lambda: self.tracking.log_metrics(self.record.run_id, metrics)),
            )
        except papermill.PapermillExecutionError as error:
            log.error("The notebook raised:\n%s", _plain(error.traceback))
            return _in_words(error)
        except NoSuchKernel:
            return f"The kernel {kernel!r} is not installed where the trial ran. Install it, or choose another."
        except CellTimeoutError as error:
            # No cell has a time limit: it is the kernel's messages that did not come on an overloaded machine.
            raise Unavailable("The kernel's answers did not arrive in time.") from error
        except DeadKernelError as error:
            if self.memory.was_exceeded():
                raise OutOfMemory(f"Out of memory: {self.memory.words()}.") from error
            raise Unavailable("The kernel died: killed, out of memory, or crashed by native code.") from error
        return None

    def _lift_objective(self) -> str:
        """See that the objective stands on the trial's own run; returns what is wrong, or "".

        Notebook code may have logged it to a run of its own below the trial.
        """
        name = self.order.objective
        if name is None:
            return ""
        metrics = self.tracking.trial_metrics(self.record.run_id)
        if name in metrics:
            self.tracking.log_metrics(self.record.run_id, {name: metrics[name]})
            return ""
        logged = ", ".join(sorted(metrics)) or "none"
        return f"The notebook logged no metric {name!r}. Logged: {logged}."

    def _end(self, outcome: Outcome, reason: str, failure: Failure = "notebook") -> None:
        patiently(lambda: keep_files(self.tracking, self.work, self.record))
        patiently(lambda: self.tracking.end_trial(self.record.run_id, outcome, reason, self.parameters, failure))


def keep_files(tracking: MlflowTracking, work: WorkDir, record: TrialRecord) -> None:
    """Keep a trial's executed notebook and log with its run, as far as there are any."""
    for path, name in (
        (work.notebook(record.index), naming.NOTEBOOK_FILE),
        (work.log(str(record.index)), naming.LOG_FILE),
    ):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        tracking.keep_artifact(record.run_id, name, content)


def _plain(traceback: Any) -> str:
    """A kernel's traceback without the colours of a terminal."""
    lines = traceback if isinstance(traceback, list) else [str(traceback)]
    return _COLOURS.sub("", "\n".join(str(line) for line in lines))


_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def _in_words(error: Any) -> str:
    """papermill's error in one line: what, where, why."""
    first = (str(error.evalue).strip().splitlines() or [""])[0]
    cell = f"In [{error.exec_count}]" if error.exec_count else f"cell {error.cell_index + 1}"
    return naming.shortened(f"{error.ename} in {cell}: {first}" if first else f"{error.ename} in {cell}", 500)


def guarded(sweep_id: str, index: int, tracking: MlflowTracking, work: WorkDir) -> int:
    """`run`, with every way of breaking off turned into an exit code."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Interrupted

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return run(sweep_id, index, tracking, work)
    except Interrupted:
        log.warning("Interrupted. What has been executed is kept; the trial can be started again.")
        return INTERRUPTED
    except (MlopsError, OSError) as error:
        log.error("%s", error)
        return TRY_AGAIN
    except Exception:
        log.exception("The trial broke off.")
        return TRY_AGAIN


def main(argv: list[str] | None = None) -> int:
    """Command line of the program; the store is the one that MLFLOW_TRACKING_URI names."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) not in (2, 3) or not arguments[1].isdigit():
        sys.stderr.write(__doc__ or "")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    with ExitStack() as stack:
        folder = Path(arguments[2]) if len(arguments) == 3 else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return guarded(arguments[0], int(arguments[1]), tracking_from(os.environ), WorkDir(folder))


def tracking_from(environment: Mapping[str, str]) -> MlflowTracking:
    """The store that a worker's environment names.

    Raises:
        Unavailable: it names none.
    """
    uri = environment.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        raise Unavailable("MLFLOW_TRACKING_URI is not set: a worker has no store of its own.")
    return MlflowTracking(
        uri, Path(tempfile.gettempdir()), artifact_root=environment.get("_MLFLOW_SERVER_ARTIFACT_ROOT")
    )


if __name__ == "__main__":
    sys.exit(main())

"""The program of a sweep's pod, run as a process here: what the Job makes of its end is what it exits with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain import exits
from jupyter_mlops.domain.indexes import as_ranges, ranges
from jupyter_mlops.domain.sweep import SweepOrder
from jupyter_mlops.testing import eventually, notebook, order_of
from jupyter_mlops.worker.pod import own_trials


@pytest.mark.parametrize(
    ("written", "indexes"), [("", []), ("0", [0]), ("1,3-5,7", [1, 3, 4, 5, 7]), ("0-9999", list(range(10_000)))]
)
def test_indexes_are_written_briefly(written: str, indexes: list[int]) -> None:
    assert ranges(written) == indexes
    assert as_ranges(indexes) == written


@pytest.mark.parametrize(("own", "trials"), [("0", [4, 7]), ("1", [8, 9]), ("2", [12])])
def test_a_pods_trials_follow_from_its_index(own: str, trials: list[int]) -> None:
    variables = {"JUPYTER_MLOPS_INDEXES": "4,7-9,12", "JUPYTER_MLOPS_TRIALS_PER_POD": "2", "JOB_COMPLETION_INDEX": own}
    assert own_trials(variables) == trials


class Pod:
    """A pod's program, and what it printed."""

    def __init__(self, sweep_id: str, variables: dict[str, str], output: Path) -> None:
        self._output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_mlops.worker.pod", sweep_id], env=variables, stdout=file, stderr=file
            )

    def wait(self) -> int:
        return self.process.wait(60)

    @property
    def said(self) -> str:
        return self._output.read_text()


Start = Callable[..., Pod]


@pytest.fixture
def pod(mlops_tracking: MlflowTracking, tmp_path: Path) -> Start:
    """Starts a pod's program: `pod(sweep_id, own=0, which="0-2", per_pod=3)`."""

    def start(sweep_id: str, own: int = 0, which: str = "0-2", per_pod: int = 1) -> Pod:
        variables = {
            "JUPYTER_MLOPS_INDEXES": which,
            "JUPYTER_MLOPS_TRIALS_PER_POD": str(per_pod),
            "JOB_COMPLETION_INDEX": str(own),
            "HOME": str(tmp_path),
        }
        return Pod(sweep_id, {**os.environ, **mlops_tracking.environment(), **variables}, tmp_path / "pod.log")

    return start


@pytest.fixture
def ordered(mlops_tracking: MlflowTracking, mlops_root: Path) -> Callable[..., tuple[str, SweepOrder]]:
    def make(*code: str, **changes: Any) -> tuple[str, SweepOrder]:
        order = order_of(mlops_tracking, notebook(*code), mlops_root, **changes)
        return mlops_tracking.create_sweep(order, None), order

    return make


def outcome(tracking: MlflowTracking, sweep_id: str, index: int) -> str | None:
    record = tracking.trial_record(sweep_id, index, None)
    return record.outcome if record is not None else None


def test_the_last_pod_closes_the_sweep(pod: Start, ordered: Any, mlops_tracking: MlflowTracking) -> None:
    sweep_id, _ = ordered("print('hello from', x)\nassert x != 2")
    first = pod(sweep_id, own=1)
    assert first.wait() == exits.NOTEBOOK_FAILED, first.said
    assert outcome(mlops_tracking, sweep_id, 1) == "failed"
    assert "AssertionError" in first.said
    assert mlops_tracking.sweep_record(sweep_id).outcome is None

    again = pod(sweep_id, own=1)
    assert again.wait() == exits.NOTEBOOK_FAILED, "it has its outcome, and keeps it"
    assert pod(sweep_id, own=0).wait() == exits.SUCCEEDED
    assert pod(sweep_id, own=2).wait() == exits.SUCCEEDED
    record = mlops_tracking.sweep_record(sweep_id)
    assert (record.outcome, record.reason) == ("failed", "1 of 3 trials failed.")


def test_several_trials_in_a_pod_have_an_outcome_each(pod: Start, ordered: Any, mlops_tracking: MlflowTracking) -> None:
    sweep_id, _ = ordered("assert x != 2")
    one = pod(sweep_id, per_pod=3)
    assert one.wait() == exits.SUCCEEDED, one.said
    assert [outcome(mlops_tracking, sweep_id, index) for index in range(3)] == ["succeeded", "failed", "succeeded"]
    assert mlops_tracking.sweep_record(sweep_id).outcome == "failed"


def test_an_objective_that_nobody_logs_fails_the_whole_job(
    pod: Start, ordered: Any, mlops_tracking: MlflowTracking
) -> None:
    sweep_id, _ = ordered("1", objective="accuracy")
    assert pod(sweep_id).wait() == exits.NO_OBJECTIVE
    assert mlops_tracking.sweep_record(sweep_id).outcome is None, "whoever looks at the Job closes it"


def test_sigterm_leaves_a_run_that_goes_on(
    pod: Start, ordered: Any, mlops_tracking: MlflowTracking, mlops_root: Path
) -> None:
    sweep_id, _ = ordered("import time\nfrom pathlib import Path\nwhile not Path('go').exists(): time.sleep(0.05)")
    one = pod(sweep_id)
    eventually(lambda: mlops_tracking.trial_record(sweep_id, 0, None))
    one.process.send_signal(signal.SIGTERM)
    assert one.wait() == exits.INTERRUPTED, one.said
    record = mlops_tracking.trial_record(sweep_id, 0, None)
    assert record is not None
    assert record.outcome is None
    (mlops_root / "go").touch()
    assert pod(sweep_id).wait() == exits.SUCCEEDED
    after = mlops_tracking.trial_record(sweep_id, 0, None)
    assert after is not None
    assert (after.run_id, after.outcome, after.attempt) == (record.run_id, "succeeded", 2)


def test_outside_a_job_it_says_so() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "jupyter_mlops.worker.pod", "0" * 32], capture_output=True, text=True, check=False
    )
    assert said.returncode == 2
    assert "JUPYTER_MLOPS_INDEXES is not set: this program runs in a pod" in said.stderr

"""Everything is killed at the worst moment: nothing is lost, nothing runs twice, nothing stays running for ever."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.configuration import MLOps
from jupyter_mlops.domain.errors import NotFound
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import Sweep, SweepRequest
from jupyter_mlops.services import Services
from tests.running import ended, eventually

SLOW = "import time\nfor _ in range(int(seconds * 20)): time.sleep(0.05)"
WITNESS = "with open('witness.txt', 'a') as f: f.write(f'{x}\\n')"
"""Leaves a line in the notebook's folder for every time a trial ran to this cell."""


@pytest.fixture
def mlops_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    MlflowTracking("", folder).sweep_records(1)
    return folder


@pytest.fixture
def services(mlops_data_dir: Path) -> Services:
    return MLOps(config=Config({"MLOps": {"data_dir": str(mlops_data_dir), "tracking_uri": ""}})).services()


@pytest.fixture
def data_dir(mlops_data_dir: Path) -> Path:
    return mlops_data_dir


def notebook(folder: Path, *cells: str, name: str = "slow.ipynb") -> str:
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nb = new_notebook(metadata={"kernelspec": kernelspec})
    nb.cells = [
        new_code_cell("x = 0\nseconds = 0.1", metadata={"tags": ["parameters"]}),
        *(new_code_cell(cell) for cell in cells),
        new_code_cell("score = float(x)", metadata={"tags": ["metrics"]}),
    ]
    path = folder / name
    nbformat.write(nb, path)
    return str(path)


def start(services: Services, path: str, xs: list[int], seconds: float, parallelism: int = 2) -> Sweep:
    space = {"x": Choice(values=list(xs)), "seconds": Choice(values=[seconds])}
    request = SweepRequest(notebook=path, parameters=space, objective="score", parallelism=parallelism)
    return services.sweeps.create(request, "ann")


def work_of(data_dir: Path, sweep: Sweep) -> WorkDir:
    return WorkDir(data_dir / "sweeps" / sweep.id)


def runs_per_index(services: Services, sweep: Sweep) -> list[int]:
    """How many MLflow runs each index has: exactly one, whatever happened."""
    order = services.tracking.sweep_order(sweep.id)
    record = services.tracking.sweep_record(sweep.id)
    pages = services.tracking.ended_records(sweep.id, record.experiment_id, order.objective, "maximize", 0)
    indexes = [r.index for page in pages for r in page]
    return [indexes.count(index) for index in range(order.trials)]


def kernels(trial: psutil.Process) -> list[psutil.Process]:
    """The kernels that a trial runs: before them it asks an interpreter what is installed."""
    return [child for child in trial.children() if any("ipykernel" in word for word in child.cmdline())]


def nothing_left(data_dir: Path) -> bool:
    return not any((data_dir / "sweeps").iterdir())


def test_a_killed_runner_is_replaced_and_its_running_trials_are_adopted(
    services: Services, data_dir: Path, tmp_path: Path
) -> None:
    sweep = start(services, notebook(tmp_path, SLOW, WITNESS), [1, 2, 3], seconds=4)
    work = work_of(data_dir, sweep)
    eventually(lambda: len(work.active()) == 2)
    runner = work.holder("runner")
    assert runner is not None
    runner.kill()
    eventually(lambda: services.sweeps.get(sweep.id).state == "lost")
    assert "Press Resume" in services.sweeps.get(sweep.id).reason

    services.sweeps.resume(sweep.id)
    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).state == "succeeded"
    assert runs_per_index(services, sweep) == [1, 1, 1]
    # The two that outlived their runner were not run again.
    assert sorted((tmp_path / "witness.txt").read_text().split()) == ["1", "2", "3"]
    eventually(lambda: nothing_left(data_dir))


@pytest.mark.parametrize("victim", ["trial", "kernel"])
def test_a_killed_process_is_tried_again_in_the_same_run(
    services: Services, data_dir: Path, tmp_path: Path, victim: str
) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [7], seconds=3)
    work = work_of(data_dir, sweep)
    eventually(lambda: work.active() and kernels(work.active()[0]))
    trial = work.active()[0]
    (trial if victim == "trial" else kernels(trial)[0]).kill()

    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).state == "succeeded"
    found = services.trials.get(sweep.id, 0)
    assert (found.state, found.attempt, found.objective) == ("succeeded", 2, 7.0)
    assert runs_per_index(services, sweep) == [1]


def test_a_trial_that_dies_every_time_fails_in_words(services: Services, data_dir: Path, tmp_path: Path) -> None:
    path = notebook(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    sweep = start(services, path, [1], seconds=0.1)
    eventually(ended(services, sweep))
    trial = services.trials.get(sweep.id, 0)
    assert (trial.state, trial.attempt) == ("failed", 3)
    assert "Tried 3 times" in trial.reason
    assert "kernel died" in services.trials.log(sweep.id, 0)["text"]
    assert services.sweeps.get(sweep.id).reason == "1 of 1 trials failed."


def test_pause_lets_what_runs_end_and_resume_goes_on(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [1, 2, 3], seconds=1, parallelism=1)
    work = work_of(data_dir, sweep)
    eventually(work.active)
    assert services.sweeps.pause(sweep.id).state == "paused"
    eventually(lambda: services.sweeps.get(sweep.id).counts == {"succeeded": 1, "queued": 2})
    eventually(lambda: work.holder("runner") is None)
    assert services.sweeps.get(sweep.id).state == "paused"
    assert services.sweeps.resume(sweep.id).state == "running"
    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).counts == {"succeeded": 3}


def test_stop_keeps_what_was_executed_and_leaves_no_process(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, "print('so far')", SLOW), [1, 2, 3], seconds=60)
    work = work_of(data_dir, sweep)
    eventually(lambda: len(work.active()) == 2 and all(kernels(p) for p in work.active().values()))
    processes = [p for trial in work.active().values() for p in (trial, *trial.children(recursive=True))]
    eventually(lambda: services.trials.get(sweep.id, 0).cells_done >= 2)
    services.sweeps.stop(sweep.id, "ann")
    eventually(ended(services, sweep))
    view = services.sweeps.get(sweep.id)
    assert (view.state, view.reason, view.counts) == ("cancelled", "Stopped by ann.", {"cancelled": 3})
    assert not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    content = services.trials.notebook(sweep.id, 0)["content"]
    assert "so far" in str(content["cells"])
    eventually(lambda: nothing_left(data_dir))


def test_one_trial_is_stopped_and_the_others_go_on(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [1, 2, 3], seconds=2, parallelism=1)
    eventually(lambda: work_of(data_dir, sweep).active())
    services.trials.stop(sweep.id, 0, "ann")
    services.trials.stop(sweep.id, 2, "ann")
    eventually(ended(services, sweep))
    states = [(t.state, t.reason) for t in services.trials.all(sweep.id)]
    assert states == [("cancelled", "Stopped by ann."), ("succeeded", ""), ("cancelled", "Stopped by ann.")]
    assert services.sweeps.get(sweep.id).state == "succeeded"


def test_a_trial_that_ignores_the_request_to_stop_is_killed(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [1], seconds=60)
    work = work_of(data_dir, sweep)
    eventually(lambda: work.active() and kernels(work.active()[0]))
    trial = work.active()[0]
    trial.suspend()  # deaf to SIGTERM
    services.sweeps.stop(sweep.id, "ann")
    eventually(ended(services, sweep))
    assert not trial.is_running() or trial.status() == psutil.STATUS_ZOMBIE
    assert services.trials.get(sweep.id, 0).state == "cancelled"


def test_stopping_a_lost_sweep_closes_it(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW), [1, 2], seconds=30, parallelism=1)
    work = work_of(data_dir, sweep)
    eventually(work.active)
    trial, runner = work.active()[0], work.holder("runner")
    assert runner is not None
    runner.kill()
    trial.kill()
    eventually(lambda: services.sweeps.get(sweep.id).state == "lost")
    assert services.trials.get(sweep.id, 0).state in ("lost", "queued")
    services.sweeps.stop(sweep.id, "ann")
    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).counts == {"cancelled": 2}


def test_starting_twice_runs_once(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, SLOW, WITNESS), [1, 2], seconds=1)
    order = services.tracking.sweep_order(sweep.id)
    work = work_of(data_dir, sweep)
    first = work.holder("runner")
    for _ in range(3):
        services.executor.start(sweep.id, order)
    assert work.holder("runner") == first
    eventually(ended(services, sweep))
    assert sorted((tmp_path / "witness.txt").read_text().split()) == ["1", "2"]


def test_a_trial_started_again_after_its_end_exits_at_once(services: Services, data_dir: Path, tmp_path: Path) -> None:
    sweep = start(services, notebook(tmp_path, WITNESS), [5], seconds=0.1)
    eventually(ended(services, sweep))
    environment = {**os.environ, **services.tracking.environment()}
    command = [sys.executable, "-m", "jupyter_mlops.worker.trial", sweep.id, "0"]
    again = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "witness.txt").read_text().split() == ["5"]


def test_an_unknown_objective_ends_the_sweep_and_names_the_metrics(services: Services, tmp_path: Path) -> None:
    request = SweepRequest(
        notebook=notebook(tmp_path),
        parameters={"x": Choice(values=list(range(20)))},
        objective="acuracy",
        parallelism=1,
    )
    sweep = services.sweeps.create(request, "ann")
    eventually(ended(services, sweep))
    view = services.sweeps.get(sweep.id)
    assert view.state == "failed"
    assert "'acuracy'" in view.reason
    assert "Logged: score" in view.reason
    assert view.counts["succeeded"] <= 2


def test_mlflow_gone_for_a_while_loses_nothing(mlops_data_dir: Path, tmp_path: Path) -> None:
    """The store is a server that is killed while trials run and started again ten seconds later."""
    unused_tcp_port = _free_port()
    server = _mlflow_server(mlops_data_dir, unused_tcp_port)
    uri = f"http://127.0.0.1:{unused_tcp_port}"
    config = Config({"MLOps": {"data_dir": str(tmp_path / "work"), "tracking_uri": uri}})
    services = MLOps(config=config).services()
    try:
        sweep = start(services, notebook(tmp_path, SLOW, WITNESS), [1, 2, 3, 4], seconds=3)
        work = work_of(tmp_path / "work", sweep)
        eventually(lambda: len(work.active()) == 2)
        _end(server)
        status = services.status()
        assert not status.online
        assert uri in status.message
        time.sleep(10)
        server = _mlflow_server(mlops_data_dir, unused_tcp_port)
        eventually(lambda: services.status().online)
        eventually(ended(services, sweep), 120)
        assert services.sweeps.get(sweep.id).counts == {"succeeded": 4}
        assert runs_per_index(services, sweep) == [1, 1, 1, 1]
        assert sorted((tmp_path / "witness.txt").read_text().split()) == ["1", "2", "3", "4"]
    finally:
        _end(server)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _mlflow_server(data_dir: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{data_dir / 'mlflow.db'}"]
    command += ["--artifacts-destination", str(data_dir / "artifacts")]
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    import requests

    def up() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/health", timeout=1).ok
        except requests.RequestException:
            return False

    eventually(up)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can only be mounted by root on Linux")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_named_and_trials_wait_for_room(small_disk: Path, tmp_path: Path) -> None:
    config = Config({"MLOps": {"data_dir": str(small_disk / "data"), "tracking_uri": ""}})
    services = MLOps(config=config).services()
    services.status()
    ballast = small_disk / "ballast"
    sweep = start(services, notebook(tmp_path, SLOW, "print('y' * 200_000)"), [1, 2], seconds=3)
    work = work_of(small_disk / "data", sweep)
    eventually(lambda: len(work.active()) == 2)
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(b"x" * (16 << 20))
    eventually(lambda: "is full: trials wait. Make room" in services.sweeps.get(sweep.id).reason)
    time.sleep(5)
    assert services.sweeps.get(sweep.id).ended is None
    ballast.unlink()
    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).counts == {"succeeded": 2}
    assert runs_per_index(services, sweep) == [1, 1]


def test_a_sweep_deleted_in_mlflow_is_said_so_and_goes_on_after_it_was_brought_back(
    services: Services, data_dir: Path, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    sweep = start(services, notebook(tmp_path, SLOW, WITNESS), [1, 2, 3, 4], seconds=2, parallelism=1)
    work = work_of(data_dir, sweep)
    eventually(lambda: len(work.active()) == 1)
    client = MlflowClient(f"sqlite:///{data_dir / 'mlflow.db'}")
    client.delete_experiment(sweep.experiment_id)
    with pytest.raises(NotFound, match=r"was deleted in MLflow at .* mlflow experiments restore --experiment-id"):
        eventually(lambda: services.sweeps.get(sweep.id) is None)
    assert services.sweeps.list() == []
    eventually(lambda: work.holder("runner") is None and not work.active())
    last = work.log("runner").read_text().strip().splitlines()[-1]
    assert "was deleted in MLflow" in last
    assert "Traceback" not in work.log("runner").read_text()

    client.restore_experiment(sweep.experiment_id)
    assert services.sweeps.get(sweep.id).state == "lost"
    services.sweeps.resume(sweep.id)
    eventually(ended(services, sweep))
    assert services.sweeps.get(sweep.id).state == "succeeded"
    assert runs_per_index(services, sweep) == [1, 1, 1, 1]


def test_the_log_of_a_trial_that_raised_ends_with_the_traceback(services: Services, tmp_path: Path) -> None:
    cells = ("for n in range(300): print('line', n)", "def inner():\n    raise ValueError('halfway')\ninner()")
    sweep = start(services, notebook(tmp_path, *cells), [1], seconds=0)
    eventually(ended(services, sweep))
    whole = services.trials.log(sweep.id, 0)
    tail = services.trials.log(sweep.id, 0, offset=-600)
    assert "inner()" in whole["text"]
    assert "ValueError: halfway" in whole["text"]
    assert "\x1b" not in whole["text"]
    assert whole["text"].endswith(tail["text"])
    assert tail["ended"]
    assert 0 < len(tail["text"]) <= 600
    assert services.trials.log(sweep.id, 0, offset=-(10**9)) == whole

"""MLflow, the disk or the sweep's runs are gone for a while: nothing is lost, and what stands still says so."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from traitlets.config import Config

from jupyter_mlops.configuration import MLOps
from jupyter_mlops.domain.errors import NotFound
from jupyter_mlops.services import Services
from tests.running import ended, eventually
from tests.sweeping import (
    SLOW,
    WITNESS,
    notebook,
    runs_per_index,
    start,
    work_of,
)


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

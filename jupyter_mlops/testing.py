"""For tests, ours and those of people who extend jupyter_mlops; also a pytest plugin.

Fixtures: `mlops_store` (a data folder with a ready MLflow store), `mlops_root` (a folder of notebooks),
`mlops_notebook` (writes one), `mlops_services` (the verbs over all of that). Everything is real: MLflow on SQLite,
processes, kernels. What must fail on command is a fake, named after how it fails.

`ExecutorContract` holds what an executor promises: inherit it, override the fixture `executor`, and run pytest.
"""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import psutil
import pytest

from jupyter_mlops.backends.base import Executor, SweepPlacement, Tracking
from jupyter_mlops.domain.errors import Unavailable
from jupyter_mlops.domain.snapshot import Manifest, canonical, content_digest, stripped
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import SweepOrder

if TYPE_CHECKING:
    from jupyter_mlops.backends.tracking.store import MlflowTracking
    from jupyter_mlops.services import Services


# Notebooks


def notebook(
    *code: str,
    parameters: str | None = "x = 1",
    kernel: str | None = "python3",
    language: str = "python",
    metrics: str | None = None,
) -> dict[str, Any]:
    """A notebook, nbformat 4.

    Args:
        code: sources of its code cells, after the parameters cell.
        parameters: source of the cell tagged `parameters`; None for a notebook without one.
        kernel: kernelspec name; None for a notebook without a kernelspec.
        metrics: source of a last cell tagged `metrics`.
    """
    cells: list[tuple[list[str], str]] = [([], source) for source in code]
    tagged = ([(["parameters"], parameters)] if parameters is not None else []) + cells
    tagged += [(["metrics"], metrics)] if metrics is not None else []
    kernelspec = {"name": kernel, "display_name": kernel, "language": language}
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{index}",
                "metadata": {"tags": tags} if tags else {},
                "outputs": [],
                "source": source,
            }
            for index, (tags, source) in enumerate(tagged)
        ],
        "metadata": {"kernelspec": kernelspec} if kernel else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


class NotebookFactory(Protocol):
    """What the fixture `mlops_notebook` gives; see `notebook` for the arguments."""

    def __call__(self, *code: str, name: str = "train.ipynb", **options: Any) -> Path:
        """Write the notebook below `mlops_root` and return its file."""


def eventually(check: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it is not so after that many seconds.
    """
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"still not so after {seconds:g} s"
        time.sleep(0.05)


# Fixtures


@pytest.fixture(scope="session")
def mlops_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty MLflow store, made once: its tables take MLflow some seconds."""
    from jupyter_mlops.backends.tracking.store import MlflowTracking

    folder = tmp_path_factory.mktemp("mlops-schema")
    MlflowTracking("", folder).ping()
    return folder


@pytest.fixture
def mlops_store(mlops_schema: Path, tmp_path: Path) -> Iterator[Path]:
    """A data folder of its own for each test, with an empty MLflow store; what runs in it is killed afterwards."""
    import sqlite3

    folder = tmp_path / "mlops"
    shutil.copytree(mlops_schema, folder)
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        # MLflow's default experiment knows by its full path where its artifacts are.
        database.execute(
            "UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)",
            (str(mlops_schema), str(folder)),
        )
    yield folder
    end_sweeps(folder)


def end_sweeps(data_dir: Path) -> None:
    """Kill every local runner and trial that works below a data folder, and the kernels they started."""
    from jupyter_mlops.backends.executors import local
    from jupyter_mlops.backends.executors.workdir import WorkDir

    for folder in (data_dir / "sweeps").glob("*"):
        work = WorkDir(folder)
        roots = [p for p in (work.holder("runner"), *work.active().values()) if p is not None]
        for process in [child for root in roots for child in (root, *_children(root))]:
            try:
                process.kill()
                process.wait(5)
            except psutil.Error:
                continue
    for started in local._started:
        started.poll()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


@pytest.fixture
def mlops_root(tmp_path: Path) -> Path:
    """The folder in which a test's notebooks lie."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    return folder


@pytest.fixture
def mlops_notebook(mlops_root: Path) -> NotebookFactory:
    """Writes notebooks: `mlops_notebook("score = x * 2", parameters="x = 1", name="a.ipynb")`."""

    def write(*code: str, name: str = "train.ipynb", **options: Any) -> Path:
        path = mlops_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook(*code, **options)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def mlops_tracking(mlops_store: Path) -> MlflowTracking:
    """The embedded MLflow store of a test."""
    from jupyter_mlops.backends.tracking.store import MlflowTracking

    return MlflowTracking("", mlops_store)


@pytest.fixture
def mlops_services(mlops_store: Path, mlops_root: Path) -> Services:
    """All verbs over a test's own store and the local executor; notebook paths start from `mlops_root`."""
    from traitlets.config import Config

    from jupyter_mlops.configuration import MLOps

    config = Config({"MLOps": {"data_dir": str(mlops_store), "tracking_uri": ""}})
    return MLOps(config=config).services(mlops_root)


# Fakes, named after how they fail


class NothingEverStarts:
    """An executor that takes every order and starts nothing; `seen` is what it says of a sweep."""

    name = "nothing"

    def __init__(self) -> None:
        self.seen = SweepPlacement(alive=False)
        self.started: list[str] = []

    def default_parallelism(self) -> int:
        return 2

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        self.started.append(sweep_id)

    def placement(self, sweep_id: str) -> SweepPlacement:
        return self.seen

    def pause(self, sweep_id: str) -> None: ...
    def resume(self, sweep_id: str) -> None: ...
    def stop(self, sweep_id: str, by: str) -> None: ...
    def stop_trial(self, sweep_id: str, index: int, by: str) -> None: ...

    def log(self, sweep_id: str, index: int) -> bytes | None:
        return None

    def revision(self, sweep_id: str) -> str:
        return "0"

    def live(self) -> dict[str, str]:
        return {}


class FailsAtStart(NothingEverStarts):
    """An executor whose machine has no room: every start is refused until `room` is made."""

    room = False

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        if not self.room:
            raise Unavailable("The runner cannot be started: no space left on device.")
        super().start(sweep_id, order)


class StoreThatGoesAway:
    """A store that answers like the one it is given until `away` is set; then nothing of it does."""

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking
        self.away = False
        self.asked = 0
        """How many calls it was asked for."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._tracking, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self.asked += 1
            if self.away:
                raise Unavailable(f"MLflow at {self._tracking.address} does not answer (it went away).")
            return found(*args, **kwargs)

        return call

    @classmethod
    def around(cls, tracking: Tracking) -> tuple[StoreThatGoesAway, Tracking]:
        """The fake, and the same object as the protocol that services ask for."""
        fake = cls(tracking)
        return fake, cast(Tracking, fake)


@contextmanager
def server_that_says_nothing() -> Iterator[str]:
    """Address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def server_of_something_else() -> Iterator[str]:
    """Address of a web server that is not MLflow: a page of its own for everything."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Somebody else</title>")

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


# Contracts

WAITS = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)"
"""A cell that waits until the test writes the file `go` beside the notebook."""


def order_of(tracking: MlflowTracking, content: dict[str, Any], folder: Path, **changes: Any) -> SweepOrder:
    """Keep a notebook and make an order for it: three trials, one at once, unless `changes` say otherwise."""
    kept = canonical(stripped(content))
    manifest = Manifest(notebook=content_digest(kept), name="train.ipynb", kernel="python3", language="python")
    snapshot = tracking.keep_snapshot(manifest, kept, "ann")
    usual: dict[str, Any] = {
        "name": "train",
        "notebook": "train.ipynb",
        "cwd": str(folder),
        "snapshot": snapshot.digest,
        "parameters": {"x": Choice(values=[1, 2, 3])},
        "algorithm": "grid",
        "trials": 3,
        "parallelism": 1,
        "objective": None,
        "direction": "maximize",
        "experiment": "contract",
        "seed": 1,
        "kernel": "python3",
        "user": "ann",
    }
    return SweepOrder(**{**usual, **changes})


class ExecutorContract:
    """What every executor promises. Override the fixture `executor`; it must write to `mlops_store`'s MLflow."""

    @pytest.fixture
    def executor(self) -> Executor:
        raise NotImplementedError("Override the fixture `executor` with one of your executor.")

    @pytest.fixture
    def ordered(self, mlops_tracking: MlflowTracking, mlops_root: Path) -> Callable[..., tuple[str, SweepOrder]]:
        """Makes a sweep of a notebook with the given cells that has been ordered and not started."""

        def make(*code: str, **changes: Any) -> tuple[str, SweepOrder]:
            order = order_of(mlops_tracking, notebook(*code), mlops_root, **changes)
            return mlops_tracking.create_sweep(order, None), order

        return make

    @staticmethod
    def outcomes(tracking: MlflowTracking, sweep_id: str, order: SweepOrder) -> list[tuple[str | None, str]]:
        """Outcome and reason of every trial; fails if one has two runs."""
        record = tracking.sweep_record(sweep_id)
        pages = tracking.ended_records(sweep_id, record.experiment_id, None, "maximize", 0)
        found = [r for page in pages for r in page]
        assert len({r.index for r in found}) == len(found), "a trial has more than one MLflow run"
        by_index: dict[int, tuple[str | None, str]] = {r.index: (r.outcome, r.reason) for r in found}
        return [by_index.get(index, (None, "")) for index in range(order.trials)]

    def test_it_has_a_name_and_runs_at_least_one_trial_at_once(self, executor: Executor) -> None:
        assert executor.name
        assert executor.default_parallelism() >= 1

    def test_a_sweep_it_has_never_heard_of_is_nowhere(self, executor: Executor) -> None:
        unknown = "0" * 32
        assert executor.placement(unknown) == SweepPlacement(alive=False)
        assert executor.placement(unknown).of(0) == "none"
        assert executor.log(unknown, 0) is None
        assert executor.revision(unknown) == executor.revision(unknown)
        assert unknown not in executor.live()

    def test_started_twice_it_runs_once_and_ends_without_a_trace(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking, mlops_root: Path
    ) -> None:
        sweep_id, order = ordered("print('hello from', x)", WAITS)
        before = executor.revision(sweep_id)
        executor.start(sweep_id, order)
        executor.start(sweep_id, order)
        placement = executor.placement(sweep_id)
        assert (placement.alive, placement.paused, placement.stopped) == (True, False, False)
        eventually(lambda: executor.placement(sweep_id).active == {0})
        assert executor.placement(sweep_id).of(1) == "waiting"
        assert executor.live()[sweep_id] == executor.revision(sweep_id) != before
        assert isinstance(executor.log(sweep_id, 0), bytes)
        assert executor.log(sweep_id, 1) is None
        running = executor.revision(sweep_id)
        (mlops_root / "go").touch()
        eventually(lambda: executor.revision(sweep_id) != running)
        eventually(lambda: sweep_id not in executor.live())
        assert not executor.placement(sweep_id).alive
        assert self.outcomes(mlops_tracking, sweep_id, order) == [("succeeded", "")] * 3
        record = mlops_tracking.sweep_record(sweep_id)
        assert (record.outcome, record.reason) == ("succeeded", "")

        executor.start(sweep_id, order)
        eventually(lambda: sweep_id not in executor.live())
        assert self.outcomes(mlops_tracking, sweep_id, order) == [("succeeded", "")] * 3
        assert mlops_tracking.sweep_record(sweep_id) == record

    def test_paused_it_starts_no_further_trial_until_it_is_resumed(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking, mlops_root: Path
    ) -> None:
        sweep_id, order = ordered(WAITS)
        executor.start(sweep_id, order)
        eventually(lambda: executor.placement(sweep_id).active == {0})
        before = executor.revision(sweep_id)
        executor.pause(sweep_id)
        assert executor.revision(sweep_id) != before
        assert executor.placement(sweep_id).paused
        assert executor.placement(sweep_id).active == {0}, "what runs goes on"
        (mlops_root / "go").touch()
        eventually(lambda: not executor.placement(sweep_id).active)
        assert executor.placement(sweep_id).paused
        assert self.outcomes(mlops_tracking, sweep_id, order) == [("succeeded", ""), (None, ""), (None, "")]

        executor.resume(sweep_id)
        executor.start(sweep_id, order)
        assert not executor.placement(sweep_id).paused
        eventually(lambda: sweep_id not in executor.live())
        assert self.outcomes(mlops_tracking, sweep_id, order) == [("succeeded", "")] * 3

    def test_a_trial_is_stopped_and_then_the_sweep(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking
    ) -> None:
        sweep_id, order = ordered(
            "import time\nwhile x != 2: time.sleep(0.05)", parameters={"x": Choice(values=[1, 2, 3, 4, 5])}, trials=5
        )
        executor.start(sweep_id, order)
        eventually(lambda: executor.placement(sweep_id).active == {0})
        executor.stop_trial(sweep_id, 3, "bob")
        executor.stop_trial(sweep_id, 0, "ann")
        eventually(lambda: executor.placement(sweep_id).active == {2})
        assert not executor.placement(sweep_id).stopped
        executor.stop(sweep_id, "eve")
        assert executor.placement(sweep_id).stopped
        eventually(lambda: sweep_id not in executor.live())
        assert self.outcomes(mlops_tracking, sweep_id, order) == [
            ("cancelled", "Stopped by ann."),
            ("succeeded", ""),
            ("cancelled", "Stopped by eve."),
            ("cancelled", "Stopped by bob."),
            (None, ""),
        ]
        record = mlops_tracking.sweep_record(sweep_id)
        assert (record.outcome, record.reason) == ("cancelled", "Stopped by eve.")

    def test_stopped_before_it_was_started_it_never_runs(
        self, executor: Executor, ordered: Any, mlops_tracking: MlflowTracking
    ) -> None:
        sweep_id, order = ordered("raise RuntimeError('this must not run')")
        executor.stop(sweep_id, "ann")
        executor.start(sweep_id, order)
        eventually(lambda: sweep_id not in executor.live())
        assert self.outcomes(mlops_tracking, sweep_id, order) == [(None, "")] * 3
        assert mlops_tracking.sweep_record(sweep_id).outcome == "cancelled"

"""The SDK, on real notebooks, kernels and stores."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy
import pytest

import jupyter_mlops
from jupyter_mlops import configuration, sdk
from jupyter_mlops.backends.executors.local import LocalExecutor
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain.errors import Conflict, Invalid, NotFound
from jupyter_mlops.domain.space import Choice, Fixed, Range
from jupyter_mlops.domain.sweep import SweepRequest
from jupyter_mlops.testing import WAITS, NotebookFactory, StoreThatGoesAway, eventually
from jupyter_mlops.watching import watch

TYPED = "lr: float = 0.1\ndepth: int = 3\nname: str = 'a'\nlayers: list = [1]\nfree = None"
pytestmark = pytest.mark.usefixtures("configured")


def test_a_sweep_from_order_to_data_frame(mlops_notebook: NotebookFactory) -> None:
    mlops_notebook(
        "assert reason != 3, '<b>three</b>'", parameters="x = 1\nreason = 0\nstate = 'is taken'", metrics="score = -x"
    )
    handle = jupyter_mlops.sweep(
        "train.ipynb", {"x": [1, 2], "reason": [0, 3], "state": "mine"}, objective="score", direction="minimize"
    )
    assert isinstance(handle, jupyter_mlops.SweepHandle)
    assert handle.wait(timeout=120) is handle
    assert handle.state == "failed"
    assert handle.best is not None
    assert (handle.best.parameters["x"], handle.best.objective) == (2, -2.0)

    frame = handle.trials()
    assert list(frame.columns) == [
        *("index", "state", "objective", "x", "parameter.reason", "parameter.state"),
        *("reason", "started", "ended", "run_id"),
    ]
    assert frame["state"].tolist() == ["succeeded", "failed", "succeeded", "failed"]
    assert frame["objective"].isna().tolist() == [False, True, False, True]
    assert (frame["ended"] > frame["started"]).all()
    assert "<b>three</b>" in frame["reason"][1]

    shown = handle._repr_html_()
    assert "&lt;b&gt;three&lt;/b&gt;" in shown
    assert "<b>three" not in shown
    with pytest.raises(Conflict, match="ended already: failed"):
        handle.stop()


def test_a_sweep_is_waited_for_paused_and_stopped(mlops_notebook: NotebookFactory, mlops_root: Path) -> None:
    mlops_notebook(WAITS)
    handle = jupyter_mlops.sweep(Path("train.ipynb"), {"x": range(4)}, parallel=1)
    with pytest.raises(TimeoutError, match=r"has not ended after 0.1 s \(0/4.* It goes on"):
        handle.wait(timeout=0.1)
    handle.pause()
    assert handle.state == "paused"
    (mlops_root / "go").touch()
    handle.resume()
    eventually(lambda: handle.sweep.counts.get("succeeded", 0) >= 1)
    (mlops_root / "go").unlink()
    handle.stop()
    assert handle.wait().state == "cancelled"
    assert handle.best is None


def test_a_sweep_whose_runner_is_killed_is_not_waited_for_for_ever(
    mlops_notebook: NotebookFactory, mlops_store: Path, mlops_root: Path
) -> None:
    mlops_notebook(WAITS)
    handle = jupyter_mlops.sweep("train.ipynb", parallel=1)
    work = LocalExecutor(mlops_store, {}).work(handle.id)
    eventually(lambda: handle.sweep.counts.get("running") == 1)
    running = work.active()[0]
    runner = work.holder("runner")
    assert runner is not None
    runner.kill()
    running.kill()
    assert handle.wait(timeout=120).state == "lost"
    (mlops_root / "go").touch()
    handle.resume()
    assert handle.wait(timeout=120).state == "succeeded"


def test_a_store_that_goes_away_is_waited_for(mlops_notebook: NotebookFactory, mlops_store: Path) -> None:
    mlops_notebook("import time\ntime.sleep(1)")
    fake, seen = StoreThatGoesAway.around(MlflowTracking("", mlops_store))
    services = configuration.load().services(tracking=seen)
    handle = sdk.start(services, SweepRequest(notebook="train.ipynb"))
    fake.away = True
    threading.Timer(2.0, lambda: setattr(fake, "away", False)).start()
    said: list[str] = []
    states = [view.sweep.state for view in watch(services, handle.id, said.append)]
    assert states[-1] == "succeeded"
    assert len(said) == 2, said
    assert "Running trials go on" in said[0] or "does not answer" in said[0]
    assert said[1] == "MLflow answers again."

    fake.away = True
    assert "does not answer" in sdk.SweepHandle("0" * 32, services)._repr_html_()


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"lr": [1e-3, 1e-2]}, Choice(values=[1e-3, 1e-2])),
        ({"lr": 0.5}, Fixed(value=0.5)),
        ({"lr": (0, 1)}, Range(low=0, high=1)),
        ({"depth": (2, 8)}, Range(low=2, high=8, scale="int")),
        ({"free": (2, 8)}, Range(low=2, high=8, scale="int")),
        ({"lr": (0.01, 10, "log")}, Range(low=0.01, high=10, scale="log")),
        ({"lr": (0, 1, 0.25)}, Range(low=0, high=1, step=0.25)),
        ({"depth": (2, 8, 2)}, Range(low=2, high=8, scale="int", step=2)),
        ({"depth": "2..8:int"}, Range(low=2, high=8, scale="int")),
        ({"depth": range(2, 5)}, Choice(values=[2, 3, 4])),
        ({"name": "2..8"}, Fixed(value="2..8")),
        ({"name": ["a", "b"]}, Choice(values=["a", "b"])),
        ({"name": Path("data")}, Fixed(value="data")),
        ({"layers": [[1, 2], [3]]}, Choice(values=[[1, 2], [3]])),
        ({"layers": Fixed(value=[1, 2])}, Fixed(value=[1, 2])),
        ({"free": {"a": (1, 2)}}, Fixed(value={"a": [1, 2]})),
        ({"lr": numpy.array([0.5, 1.0])}, Choice(values=[0.5, 1.0])),
        ({"lr": [numpy.float32(0.5)]}, Choice(values=[0.5])),
        ({"depth": numpy.int64(3)}, Fixed(value=3)),
    ],
)
def test_python_values_become_a_search_space(
    given: dict[str, Any], meant: Any, mlops_notebook: NotebookFactory
) -> None:
    mlops_notebook(parameters=TYPED)
    assert list(sdk.dimensions(sdk.services(), "train.ipynb", given).values()) == [meant]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lr": (1,)}, "is not a range"),
        ({"lr": ("a", "b")}, "a list [ ] for chosen values"),
        ({"lr": (1, 2, "exp")}, "is not a range"),
        ({"lr": object()}, "A value of type object cannot be written into a notebook"),
        ({"lr": "1..x"}, "is not a range; write LOW..HIGH"),
        ({"lr": (2, 1)}, "its low end must be below its high end"),
        ({"lr": []}, "The list is empty"),
        ({"other": 1}, "has no parameter 'other'"),
    ],
)
def test_what_cannot_be_swept_is_said_in_words(
    given: dict[str, Any], words: str, mlops_notebook: NotebookFactory
) -> None:
    mlops_notebook(parameters=TYPED)
    with pytest.raises(Invalid) as error:
        jupyter_mlops.sweep("train.ipynb", given)
    assert [problem.field for problem in error.value.problems] == [f"parameters.{next(iter(given))}"]
    assert words in error.value.message


def test_a_snapshot_of_the_same_content_is_the_same(mlops_notebook: NotebookFactory) -> None:
    path = mlops_notebook("print(x)")
    first, second = jupyter_mlops.snapshot(path), jupyter_mlops.snapshot("train.ipynb")
    assert (first.new, second.new) == (True, False)
    assert first.digest == second.digest
    with pytest.raises(NotFound, match=r"no notebook 'other\.ipynb'"):
        jupyter_mlops.snapshot("other.ipynb")


def test_files_that_were_named_are_kept_by_later_snapshots(mlops_notebook: NotebookFactory, mlops_root: Path) -> None:
    mlops_notebook("1")
    settings = mlops_root / "settings.yaml"
    settings.write_text("depth: 3")
    bare = jupyter_mlops.snapshot("train.ipynb")
    named = jupyter_mlops.snapshot("train.ipynb", ["*.yaml"])
    state = sdk.services().snapshots.state
    assert [file.path for file in named.manifest.files] == ["settings.yaml"]
    assert (state("train.ipynb").kept, state("train.ipynb").changed) == (True, [])
    assert jupyter_mlops.snapshot("train.ipynb").digest == named.digest

    settings.write_text("depth: 4")
    assert (state("train.ipynb").kept, state("train.ipynb").changed) == (False, ["files"])
    settings.unlink()
    without = jupyter_mlops.snapshot("train.ipynb")
    assert without.digest == bare.digest
    assert without.sighting is not None
    assert any("'*.yaml', which was named for its last" in note for note in without.sighting.notes)
    settings.write_text("depth: 3")
    assert jupyter_mlops.snapshot("train.ipynb").digest == named.digest
    assert jupyter_mlops.snapshot("train.ipynb", []).digest == bare.digest
    assert jupyter_mlops.snapshot("train.ipynb").digest == bare.digest
    with pytest.raises(Invalid, match="name their folder, or use a glob"):
        jupyter_mlops.snapshot("train.ipynb", [f"{number:09}.csv" for number in range(500)])


def test_a_trial_starts_no_sweeps(mlops_notebook: NotebookFactory) -> None:
    code = "import jupyter_mlops\njupyter_mlops.sweep('train.ipynb')"
    mlops_notebook(code, parameters="x = 1")
    handle = jupyter_mlops.sweep("train.ipynb").wait(120)
    assert handle.state == "failed"
    assert "a trial starts no sweeps" in handle.trials()["reason"][0]
    assert [sweep.id for sweep in handle.services.sweeps.list()] == [handle.id]


def test_services_follow_changed_settings_and_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sdk.services()
    assert sdk.services() is first
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert sdk.services().tracking.address == "http://127.0.0.1:9"
    (Path(os.environ["JUPYTER_CONFIG_DIR"]) / "jupyter_mlops_config.py").write_text("c.MLOps.max_trials = 1 / 0\n")
    with pytest.raises(Invalid, match=r"cannot be read: .*division by zero.*Mend jupyter_mlops_config\.py"):
        sdk.services()


def test_a_handle_needs_no_store_to_be_named() -> None:
    assert repr(sdk.SweepHandle("f" * 32, sdk.services())) == f"SweepHandle('{'f' * 32}')"


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import jupyter_mlops, jupyter_mlops.sdk, jupyter_mlops.magics, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"mlflow", "pandas", "numpy", "papermill", "nbformat", "nbclient", "rich", "IPython", "tornado"}
    assert not heavy & set(done.stdout.split())

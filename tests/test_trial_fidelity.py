"""A trial is what papermill would have produced, and lands in the right MLflow run whatever the notebook does."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config

from jupyter_mlops.backends.executors.workdir import WorkDir
from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.configuration import MLOps
from jupyter_mlops.domain.space import Dimension, Fixed
from jupyter_mlops.domain.sweep import Sweep, SweepRequest
from jupyter_mlops.domain.trial import Trial
from jupyter_mlops.services import Services
from tests.running import ended, eventually

PARAMETERS = "x = 1\nname = 'plain'"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("data")
    MlflowTracking("", folder).sweep_records(1)
    return MLOps(config=Config({"MLOps": {"data_dir": str(folder), "tracking_uri": ""}})).services()


def write(path: Path, *cells: Any, kernel: str = "python3", language: str = "python") -> str:
    kernelspec = {"name": kernel, "display_name": kernel, "language": language}
    nb = new_notebook(metadata={"kernelspec": kernelspec})
    nb.cells = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(nb, path)
    return str(path)


def parameters_cell(source: str = PARAMETERS) -> Any:
    return new_code_cell(source, metadata={"tags": ["parameters"]})


def run(
    services: Services,
    path: str,
    parameters: dict[str, Dimension] | None = None,
    objective: str | None = None,
    **more: Any,
) -> tuple[Sweep, Trial]:
    request = SweepRequest(notebook=path, parameters=parameters or {}, objective=objective, **more)
    sweep = services.sweeps.create(request, "ann")
    eventually(ended(services, sweep))
    return services.sweeps.get(sweep.id), services.trials.get(sweep.id, 0)


def joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outputs, pieces of one stream put together: the kernel sends what has come up in a fifth of a second."""
    whole: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"])
            if whole and whole[-1].get("name") == output["name"]:
                whole[-1]["text"] += output["text"]
                continue
        whole.append(output)
    return whole


def comparable(notebook: Any) -> Any:
    """A notebook without what differs from run to run: times, paths, ids of injected cells, when prints were sent."""
    nb = copy.deepcopy(notebook)
    meta = nb["metadata"].get("papermill", {})
    for key in ("start_time", "end_time", "duration", "input_path", "output_path"):
        meta.pop(key, None)
    for cell in nb["cells"]:
        cell.pop("id", None)
        cell["metadata"].pop("execution", None)
        if "outputs" in cell:
            cell["outputs"] = joined(cell["outputs"])
        for key in ("start_time", "end_time", "duration"):
            cell["metadata"].get("papermill", {}).pop(key, None)
    return json.loads(json.dumps(nb))


NOTEBOOKS: dict[str, list[Any]] = {
    "plain": [parameters_cell(), "print(x, name)", "x * 2"],
    "markdown and raw": [new_markdown_cell("# Title"), parameters_cell(), nbformat.v4.new_raw_cell("raw"), "x"],
    "no parameters cell": ["y = 3\ny"],
    "magics and shell": [
        parameters_cell(),
        "%precision 3",
        "!echo $name hello",
        "%%capture out\nprint(1)",
        "out.stdout",
    ],
    "prints a lot": [parameters_cell(), "for i in range(20000): print(i, 'x' * 40)"],
    "pictures": [
        parameters_cell(),
        "import base64\nfrom IPython.display import Image, HTML, display",
        (
            "display(HTML('<b>bold</b>'))\nImage(base64.b64decode("
            "'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='))"
        ),
    ],
    "async": [parameters_cell(), "import asyncio\nawait asyncio.sleep(0.01)\nx"],
    "updates a display": [
        parameters_cell(),
        (
            "from IPython.display import display, update_display\ndisplay('first', display_id='d')\n"
            "update_display('second', display_id='d')"
        ),
    ],
    "raises": [parameters_cell(), "print('before')", "raise ValueError('no ' + name)", "print('never')"],
    "exits": [parameters_cell(), "import sys\nsys.exit(0)"],
}


@pytest.mark.parametrize("kind", NOTEBOOKS)
def test_the_executed_notebook_is_papermills(services: Services, tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "n.ipynb", *NOTEBOOKS[kind])
    given = {} if kind == "no parameters cell" else {"name": "swept"}
    expected_path = tmp_path / "expected.ipynb"
    try:
        papermill.execute_notebook(path, str(expected_path), parameters=given, progress_bar=False, cwd=tmp_path)
    except papermill.PapermillExecutionError:
        assert kind == "raises"
    sweep, trial = run(services, path, {k: Fixed(value=v) for k, v in given.items()})
    ours = services.trials.notebook(sweep.id, 0)["content"]
    assert comparable(ours) == comparable(json.loads(expected_path.read_text()))
    assert trial.state == ("failed" if kind == "raises" else "succeeded")


def test_a_failed_trial_says_why_and_where(services: Services, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", *NOTEBOOKS["raises"])
    sweep, trial = run(services, path)
    assert (sweep.state, sweep.reason) == ("failed", "1 of 1 trials failed.")
    assert trial.reason == "ValueError in In [3]: no plain"
    opened = services.trials.notebook(sweep.id, 0)
    cell = opened["content"]["cells"][opened["failed_cell"]]
    assert "".join(cell["source"]).startswith("raise ValueError")


MLFLOW_USES = {
    "with start_run": "import mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('acc', x / 10)",
    "start_run and end_run": "import mlflow\nmlflow.start_run()\nmlflow.log_metric('acc', x / 10)\nmlflow.end_run()",
    "never starts a run": "import mlflow\nmlflow.log_metric('acc', x / 10)",
    "twice": "import mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('other', 1)\n"
    "with mlflow.start_run(run_name='second'):\n    mlflow.log_metric('acc', x / 10)",
    "nested": "import mlflow\nwith mlflow.start_run():\n    with mlflow.start_run(nested=True):\n"
    "        mlflow.log_metric('acc', x / 10)",
    "names another experiment": "import mlflow\nmlflow.set_experiment('elsewhere')\nmlflow.log_metric('acc', x / 10)",
    "chooses the experiment by code": "import mlflow\nmlflow.set_experiment('else' + 'where')\n"
    "with mlflow.start_run():\n    mlflow.log_metric('acc', x / 10)",
    "autolog": "import mlflow, numpy as np\nfrom sklearn.linear_model import LogisticRegression\n"
    "mlflow.sklearn.autolog(log_models=False)\nX = np.arange(20).reshape(-1, 1)\n"
    "LogisticRegression(C=x).fit(X, (X > 9).ravel())\nmlflow.log_metric('acc', x / 10)",
    "autolog and start_run": "import mlflow, numpy as np\nfrom sklearn.linear_model import LogisticRegression\n"
    "mlflow.autolog(log_models=False, silent=True)\nX = np.arange(20).reshape(-1, 1)\nwith mlflow.start_run():\n"
    "    LogisticRegression(C=x).fit(X, (X > 9).ravel())\n    mlflow.log_metric('acc', x / 10)",
    "logs the parameter itself, changed": "import mlflow\nmlflow.log_param('x', x * 2)\n"
    "mlflow.log_metric('acc', x / 10)",
    "without MLflow": new_code_cell("acc = x / 10\nlabel = 'no number'", metadata={"tags": ["metrics"]}),
}


@pytest.mark.parametrize("use", MLFLOW_USES)
def test_metrics_end_in_the_trials_run(services: Services, tmp_path: Path, use: str) -> None:
    path = write(tmp_path / f"{use.replace(' ', '-')}.ipynb", parameters_cell("x = 1"), MLFLOW_USES[use])
    sweep, trial = run(services, path, {"x": Fixed(value=7)}, objective="acc", experiment="fidelity")
    assert (trial.state, trial.objective, trial.reason) == ("succeeded", 0.7, "")
    client = services.tracking.connection.client  # type: ignore[attr-defined]
    found = client.get_run(trial.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics["acc"] == 0.7
    assert found.data.params["x"] == ("14" if "changed" in use else "7")
    assert found.data.tags["mlflow.parentRunId"] == sweep.id
    assert found.data.tags["mlflow.user"] == "ann"
    assert found.data.tags["mlflow.source.name"] == path
    # Whatever else the notebook opened hangs below the trial, and nothing runs for ever.
    for experiment in client.search_experiments():
        for child in client.search_runs([experiment.experiment_id]):
            assert child.info.status != "RUNNING" or child.info.start_time < found.info.start_time
            if child.data.tags.get("mlflow.parentRunId") == trial.run_id:
                assert child.data.tags["mlflow.source.name"] == path


def test_a_kernel_that_is_not_installed_is_refused_before_anything_starts(services: Services, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", parameters_cell(), kernel="julia-9", language="julia")
    plan = services.sweeps.plan(SweepRequest(notebook=path))
    assert [p.field for p in plan.problems] == ["kernel"]
    assert "python3" in plan.problems[0].message


def test_long_and_strange_values_arrive_whole(services: Services, tmp_path: Path) -> None:
    long = "é" * 20_000
    path = write(tmp_path / "n.ipynb", parameters_cell("x = {}\nname = 'plain'"), "print(len(name), x)")
    sweep, trial = run(services, path, {"name": Fixed(value=long), "x": Fixed(value={"ключ": [1, None, "</script>"]})})
    assert trial.state == "succeeded"
    assert trial.parameters["name"] == long
    assert "20000 {'ключ': [1, None, '</script>']}" in str(services.trials.notebook(sweep.id, 0)["content"])
    found = services.tracking.connection.client.get_run(trial.run_id)  # type: ignore[attr-defined]
    assert found.data.params["name"].endswith("… (20,000 characters)")


def test_the_work_folder_is_gone_afterwards(services: Services, tmp_path: Path) -> None:
    sweep, _ = run(services, write(tmp_path / "n.ipynb", "1"))
    work: WorkDir = services.executors.default.work(sweep.id)  # type: ignore[attr-defined]
    eventually(lambda: not work.exists())


def test_another_kernel_runs_its_own_language(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = [sys.executable, "-m", "bash_kernel.install", "--prefix", str(tmp_path / "kernels")]
    subprocess.run(install, check=True, capture_output=True)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "kernels" / "share" / "jupyter"))
    path = write(
        tmp_path / "n.ipynb", parameters_cell("x=1\nname=plain"), "echo $name $x", kernel="bash", language="bash"
    )
    info = services.sweeps.inspect(path)
    assert (info.readable, info.has_parameters_cell, info.kernel) == (False, True, "bash")
    sweep, trial = run(services, path, {"x": Fixed(value=2), "name": Fixed(value="it's")})
    assert (trial.state, trial.reason) == ("succeeded", "")
    assert "it's 2" in str(services.trials.notebook(sweep.id, 0)["content"]["cells"][-1]["outputs"])


def test_output_widgets_do_not_make_a_trial_wait_for_ever(services: Services, tmp_path: Path) -> None:
    """With nbclient's own client this stood still in four runs of four: nbclient issue 312."""
    source = "import ipywidgets\nout = ipywidgets.Output()\ndisplay(out)\nwith out:\n    for i in range(40): display(i)"
    path = write(tmp_path / "n.ipynb", parameters_cell(), *([source] * 10))
    _, trial = run(services, path, {})
    assert (trial.state, trial.cells_done) == ("succeeded", 11)

"""A month later: what exactly ran, and does it still? From a notebook with a local module and an editable install, in
a kernel of its own, to its restored twin."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uv
from jupyter_core.paths import jupyter_data_dir

from jupyter_mlops.domain.errors import Unavailable
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import SweepRequest
from jupyter_mlops.services import Services
from jupyter_mlops.testing import NotebookFactory, notebook
from tests.running import ended, eventually

KERNEL = "month"
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "ours"
version = "0.1"
"""


def uv_(*arguments: str) -> None:
    subprocess.run([uv.find_uv_bin(), *arguments], check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of somebody's own, and a kernel in which it is installed editable."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "ours").mkdir()
    (folder / "ours" / "__init__.py").write_text("def answer():\n    return 42\n")
    (folder / "pyproject.toml").write_text(PROJECT)
    kernel = folder / ".venv"
    uv_("venv", "--quiet", "--python", sys.executable, str(kernel))
    uv_("pip", "install", "--quiet", "--python", str(kernel), "ipykernel", "-e", str(folder))
    spec = Path(jupyter_data_dir(), "kernels", KERNEL)
    spec.mkdir(parents=True)
    argv = [str(kernel / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    content = {"argv": argv, "display_name": KERNEL, "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def train(mlops_notebook: NotebookFactory, mlops_root: Path, project: Path) -> Path:
    (mlops_root / "helper.py").write_text("def half(x):\n    return x / 2\n")
    cells = ("import helper, ours\nprint(helper.half(ours.answer()) * x)", "score = helper.half(x)\nscore")
    return mlops_notebook(*cells, kernel=KERNEL)


def test_the_same_content_is_the_same_snapshot(mlops_services: Services, train: Path) -> None:
    text = train.read_text()
    first = mlops_services.snapshots.create("train.ipynb", "ann")
    assert first.new
    assert [file.path for file in first.manifest.files] == ["helper.py"]
    assert first.manifest.environment is not None
    ours = next(p for p in first.manifest.environment.packages if p.name == "ours")
    assert (ours.kind, ours.version) == ("wheel", "0.1")

    train.write_text(text.replace("score = ", "score =  # edited\\n"))
    edited = mlops_services.snapshots.create("train.ipynb", "ann")
    assert edited.digest != first.digest
    assert mlops_services.snapshots.state("train.ipynb").kept
    train.write_text(text)
    again = mlops_services.snapshots.create("train.ipynb", "ann")
    assert (again.digest, again.new) == (first.digest, False)
    assert [s.digest for s in mlops_services.snapshots.list_of("train.ipynb")] == [first.digest, edited.digest]

    helper = train.parent / "helper.py"
    helper.write_text(helper.read_text().replace("/ 2", "/ 3"))
    state = mlops_services.snapshots.state("train.ipynb")
    assert not state.kept
    assert state.changed == ["files"]
    difference = mlops_services.snapshots.diff(first.digest, edited.digest)
    assert [c.change for c in difference.cells] == ["changed"]


def test_what_was_kept_runs_again_and_says_the_same(
    mlops_services: Services, train: Path, mlops_root: Path, project: Path
) -> None:
    kept = mlops_services.snapshots.create("train.ipynb", "ann")
    (mlops_root / "helper.py").unlink()
    module = project / "ours" / "__init__.py"
    before = module.read_text()
    module.write_text("def answer():\n    raise RuntimeError('changed since')\n")
    try:
        restored = mlops_services.snapshots.restore(kept.digest, "there")
        assert (mlops_root / "there" / "helper.py").exists()
        steps: list[str] = []
        ready = mlops_services.snapshots.rebuilt(kept.digest, steps.append)
        assert ready is not None
        assert (ready.status, bool(steps)) == ("ready", True)
        # The restored notebook asks for the rebuilt kernel, which has the package as it was.
        run = [sys.executable, "-m", "papermill", restored.notebook, "out.ipynb", "--cwd", "there"]
        done = subprocess.run(run, cwd=mlops_root, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert "21.0" in (mlops_root / "out.ipynb").read_text()

        sweep = mlops_services.verifications.start(kept.digest, "ann")
        assert sweep.total == 2  # there were no outputs to compare with
        eventually(ended(mlops_services, sweep))
        assert mlops_services.verifications.result(sweep.id).sentence == "reproduces"
        (use,) = mlops_services.snapshots.details(kept.digest).uses
        assert (use.kind, use.verdict) == ("verification", "reproduces")
        assert mlops_services.sweeps.list() == []
    finally:
        module.write_text(before)


def test_a_notebook_that_needs_a_file_that_was_not_kept_fails_and_says_where(
    mlops_services: Services, mlops_notebook: NotebookFactory, mlops_root: Path, project: Path
) -> None:
    (mlops_root / "data.csv").write_text("1,2")
    mlops_notebook("x", "open('data.csv').read()", kernel=KERNEL)
    sweep = mlops_services.verifications.start(mlops_services.snapshots.create("train.ipynb", "ann").digest, "ann")
    eventually(ended(mlops_services, sweep))
    result = mlops_services.verifications.result(sweep.id)
    assert result.verdict == "fails"
    assert result.sentence.startswith("fails in cell 3 because FileNotFoundError:")

    whole = mlops_services.snapshots.create("train.ipynb", "ann", ["*.csv"])
    assert [file.path for file in whole.manifest.files] == ["data.csv"]
    sweep = mlops_services.verifications.start(whole.digest, "ann")
    eventually(ended(mlops_services, sweep))
    assert mlops_services.verifications.result(sweep.id).verdict == "reproduces"


def test_outputs_that_were_kept_are_what_is_compared_with(
    mlops_services: Services, train: Path, mlops_root: Path
) -> None:
    content = json.loads(train.read_text())
    for cell, said in zip(content["cells"][1:], ("21.0\n", "7.0"), strict=True):
        data = {"output_type": "stream", "name": "stdout", "text": said}
        if said == "7.0":
            data = {"output_type": "execute_result", "execution_count": 3, "metadata": {}, "data": {"text/plain": said}}
        cell |= {"outputs": [data], "execution_count": 3}
    train.write_text(json.dumps(content))
    sweep = mlops_services.verifications.start(mlops_services.snapshots.create("train.ipynb", "ann").digest, "ann")
    assert sweep.total == 1
    eventually(ended(mlops_services, sweep))
    result = mlops_services.verifications.result(sweep.id)
    assert (result.verdict, result.sentence) == ("differs", "runs, outputs differ in cell 3")
    assert any("7.0" in line for line in result.cells[0].lines)


def test_sweep_again_runs_the_same_snapshot_whatever_has_become_of_the_notebook(
    mlops_services: Services, train: Path, mlops_root: Path
) -> None:
    (mlops_root / "seen.txt").write_text("data beside the notebook")
    content = json.loads(train.read_text())
    extra = notebook("assert open('seen.txt').read()", parameters=None)["cells"][0]
    content["cells"].append({**extra, "id": "extra"})
    train.write_text(json.dumps(content))
    space = {"x": Choice(values=[2, 4])}
    first = mlops_services.sweeps.create(SweepRequest(notebook="train.ipynb", parameters=space), "ann")
    eventually(ended(mlops_services, first))
    assert mlops_services.sweeps.get(first.id).state == "succeeded", mlops_services.trials.log(first.id, 0)["text"]

    train.write_text(json.dumps(notebook("raise RuntimeError('another notebook')")))
    (mlops_root / "helper.py").write_text("def half(x):\n    raise RuntimeError('changed since')\n")
    request = mlops_services.sweeps.request_again(first.id)
    assert (request.snapshot, request.notebook) == (first.snapshot, "train.ipynb")
    again = mlops_services.sweeps.create(request, "ann")
    eventually(ended(mlops_services, again))
    assert mlops_services.sweeps.get(again.id).state == "succeeded", mlops_services.trials.log(again.id, 0)["text"]
    assert again.snapshot == first.snapshot
    assert "Local code has changed" in mlops_services.trials.log(again.id, 0)["text"]


@contextmanager
def installed(project: Path, name: str, version: str) -> Iterator[None]:
    """As if somebody had installed one more package into the kernel's environment."""
    site = next((project / ".venv" / "lib").glob("python*/site-packages"))
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("")
    try:
        yield
    finally:
        for file in info.iterdir():
            file.unlink()
        info.rmdir()


def test_trials_run_in_the_environment_that_was_kept(
    mlops_services: Services, mlops_notebook: NotebookFactory, project: Path
) -> None:
    mlops_notebook("import sys; print(sys.prefix)", kernel=KERNEL)
    first = mlops_services.sweeps.create(SweepRequest(notebook="train.ipynb"), "ann")
    eventually(ended(mlops_services, first))
    assert str(project / ".venv") in json.dumps(mlops_services.trials.notebook(first.id, 0)["content"])

    with installed(project, "one_more", "1.0"):
        again = mlops_services.sweeps.create(mlops_services.sweeps.request_again(first.id), "ann")
        eventually(ended(mlops_services, again))
    log = mlops_services.trials.log(again.id, 0)["text"]
    assert mlops_services.sweeps.get(again.id).state == "succeeded", log
    assert "Runs in the rebuilt environment" in log
    assert str(project / ".venv") not in json.dumps(mlops_services.trials.notebook(again.id, 0)["content"])


def test_a_package_that_is_gone_is_named(mlops_services: Services, train: Path, project: Path) -> None:
    with installed(project, "never_published", "9.9"):
        kept = mlops_services.snapshots.create("train.ipynb", "ann")
        with pytest.raises(Unavailable, match=r"never-published.*9\.9"):
            mlops_services.snapshots.rebuilt(kept.digest, lambda line: None)
    # A sweep of it says the same, and does not wait for ever.
    sweep = mlops_services.verifications.start(kept.digest, "ann")
    eventually(ended(mlops_services, sweep))
    assert "never-published" in mlops_services.verifications.result(sweep.id).sentence

"""What is understood of a notebook without running it, and its place in git."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.base import NotebookSource
from jupyter_mlops.backends.notebooks import NotebookFiles
from jupyter_mlops.backends.reading import assigned_names, sets_other_experiment
from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.domain.parameters import Parameter
from jupyter_mlops.domain.snapshot import GitState
from jupyter_mlops.testing import NotebookFactory, notebook


@pytest.fixture
def files(mlops_root: Path) -> NotebookFiles:
    return NotebookFiles(mlops_root)


def source(content: dict[str, Any]) -> NotebookSource:
    return NotebookSource(path="train.ipynb", file=Path("/nowhere/train.ipynb"), content=content)


# Understanding


def test_what_a_form_needs_to_know(files: NotebookFiles) -> None:
    content = notebook(
        "%matplotlib inline\n!ls",
        "import mlflow\nmlflow.set_experiment('digits')",
        "mlflow.log_metric('accuracy', 0.9)\nmlflow.log_metric(key=\"loss\", value=1)",
        parameters="C = 1.0  # penalty\nkernel: str = 'rbf'  # which\nn = 10\nflags = [1, 2]\nm = make()\nquiet = True",
        metrics="f1 = 0.5\n_hidden = 1",
    )
    content["cells"].append({"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# mlflow.log_metric('no')"})
    info = files.inspect(source(content), ["known"], parallelism=2, max_trials=10)
    assert info == NotebookInfo(
        path="train.ipynb",
        name="train",
        kernel="python3",
        language="python",
        kernels=files.kernels(),
        has_parameters_cell=True,
        parameters=[
            Parameter(name="C", type="float", default=1.0, source="1.0", help="penalty"),
            Parameter(name="kernel", type="str", default="rbf", source="'rbf'", help="which"),
            Parameter(name="n", type="int", default=10, source="10"),
            Parameter(name="flags", type="list", default=[1, 2], source="[1, 2]"),
            Parameter(name="m", type="any", default=None, source="make()"),
            Parameter(name="quiet", type="bool", default=True, source="True"),
        ],
        readable=True,
        metrics=["accuracy", "f1", "known", "loss"],
        experiment="digits",
        cells=5,
        suggested_parameters_cell=None,
        parallelism=2,
        max_trials=10,
    )
    assert "python3" in info.kernels


def test_a_notebook_without_a_tag_gets_a_cell_suggested(files: NotebookFiles) -> None:
    content = notebook("import os", "%time", "def f(): pass", "lr = 0.1\ndepth: int = 3", "x = 1", parameters=None)
    info = files.inspect(source(content), [], 1, 1)
    assert (info.has_parameters_cell, info.parameters, info.suggested_parameters_cell) == (False, [], 3)
    only_code = notebook("import os", "x = f()", parameters=None)
    assert files.inspect(source(only_code), [], 1, 1).suggested_parameters_cell is None


def test_another_language_is_said_so(files: NotebookFiles) -> None:
    content = notebook("print(x)", parameters="x <- 1", kernel="ir", language="R")
    info = files.inspect(source(content), [], 1, 1)
    assert (info.kernel, info.language, info.readable, info.parameters) == ("ir", "r", False, [])
    assert files.parameters(content) is None


@pytest.mark.parametrize(
    ("metadata", "kernel"),
    [
        ({}, ("python3", "python")),
        ({"language_info": {"name": "Julia"}}, ("python3", "julia")),
        ({"kernelspec": {"name": "ir", "display_name": "R"}, "language_info": {"name": "R"}}, ("ir", "r")),
        ({"kernelspec": {"name": "my-env", "display_name": "E", "language": "python"}}, ("my-env", "python")),
    ],
)
def test_which_kernel_a_notebook_asks_for(
    files: NotebookFiles, metadata: dict[str, Any], kernel: tuple[str, str]
) -> None:
    content = {**notebook(), "metadata": metadata}
    assert files.kernel(source(content)) == kernel
    if kernel[1] == "python":
        assert [p.name for p in files.parameters(content) or []] == ["x"]


def test_a_kernel_that_is_not_installed_is_named_with_those_that_are(files: NotebookFiles) -> None:
    files.require_kernel("python3")
    with pytest.raises(Invalid) as refused:
        files.require_kernel("jüliä")
    (problem,) = refused.value.problems
    assert problem.field == "kernel"
    assert problem.message == (
        f"The kernel 'jüliä' is not installed here. Installed: {', '.join(files.kernels())}. "
        "Install it or choose another."
    )


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (["mlflow.set_experiment('a')"], "a"),
        (['%pip list\nmlflow.set_experiment( "a b/ü" )'], "a b/ü"),
        (["set_experiment(experiment_name='a')"], "a"),
        (["mlflow.set_experiment('a')", "mlflow.set_experiment('a')"], "a"),
        (["mlflow.set_experiment('a')", "mlflow.set_experiment('b')"], None),
        (["mlflow.set_experiment(name)"], None),
        (["# mlflow.set_experiment('old')\nmlflow.set_experiment('new')"], "new"),
        (["my_set_experiment('a')"], None),
        (["x = 1"], None),
    ],
)
def test_the_experiment_that_the_source_names(files: NotebookFiles, code: list[str], name: str | None) -> None:
    assert files.named_experiment(notebook(*code)) == name


@pytest.mark.parametrize(
    ("code", "other"),
    [
        (["x = 1"], False),
        (["mlflow.set_experiment('mine')"], False),
        (["mlflow.set_experiment('mine')", "mlflow.set_experiment('mine')"], False),
        (["mlflow.set_experiment('theirs')"], True),
        (["mlflow.set_experiment('mine')", "mlflow.set_experiment('theirs')"], True),
        (["mlflow.set_experiment(name)"], True),
        (["# mlflow.set_experiment('theirs')"], False),
    ],
)
def test_whether_the_source_chooses_another_experiment(code: list[str], other: bool) -> None:
    assert sets_other_experiment(notebook(*code), "mine") is other


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("a = 1\nb: int = 2\nc += 1", ["a", "b", "c"]),
        ("a, b = 1, 2\na = 3", ["a", "b"]),
        ("%time\n!ls\na = 1", ["a"]),
        ("a.b = 1\nc[0] = 2\n_d = 3", []),
        ("def f():\n    a = 1", []),
        ("not python (", []),
    ],
)
def test_which_names_a_cell_assigns(code: str, names: list[str]) -> None:
    assert assigned_names(code) == names


# Its place in git


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_state_of_its_repository(files: NotebookFiles, mlops_root: Path, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook()
    read = files.read("train.ipynb")
    assert files.git_state(read) is None

    git(mlops_root, "init", "-b", "größer")
    assert files.git_state(read) is None, "no commit yet"

    git(mlops_root, "add", ".")
    git(mlops_root, "commit", "-m", "first")
    commit = git(mlops_root, "rev-parse", "HEAD")
    assert files.git_state(read) == GitState(commit=commit, branch="größer")

    (mlops_root / "data.csv").touch()
    assert files.git_state(read) == GitState(commit=commit, branch="größer"), "data beside it is no change of code"

    mlops_notebook("y = 2")
    git(mlops_root, "remote", "add", "origin", "https://ann:s3cret@example.org/ann/x.git")
    assert files.git_state(read) == GitState(
        commit=commit, branch="größer", dirty=True, remote="https://example.org/ann/x.git"
    )
    git(mlops_root, "checkout", "-f", "--detach")
    assert files.git_state(read) == GitState(commit=commit, remote="https://example.org/ann/x.git")


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("git@example.org:ann/x.git", "git@example.org:ann/x.git"),
        ("https://tok:en@x@example.org/a", "https://example.org/a"),
        ("ssh://ann@example.org:22/a", "ssh://example.org:22/a"),
        ("https://[broken/a", ""),
        ("/some/folder", "/some/folder"),
    ],
)
def test_a_remote_is_shown_without_credentials(
    files: NotebookFiles, mlops_root: Path, mlops_notebook: NotebookFactory, remote: str, shown: str
) -> None:
    mlops_notebook()
    git(mlops_root, "init")
    git(mlops_root, "add", ".")
    git(mlops_root, "commit", "-m", "first")
    git(mlops_root, "config", "remote.origin.url", remote)
    state = files.git_state(files.read("train.ipynb"))
    assert state is not None
    assert state.remote == shown


def test_a_notebook_is_shown_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    folder = str(tmp_path / "a" / "b")
    server = NotebookFiles(tmp_path / "a")
    assert server.shown(folder, "../b/n.ipynb") == "b/n.ipynb"
    assert server.shown(str(tmp_path), "n.ipynb") == "n.ipynb"  # out of the root: as it was named
    assert server.shown("", "n.ipynb") == "n.ipynb"
    monkeypatch.chdir(tmp_path / "a")
    terminal = NotebookFiles()
    assert terminal.shown(folder, "b/n.ipynb") == "b/n.ipynb"
    assert terminal.shown(folder, "n.ipynb") == f"{folder}/n.ipynb"

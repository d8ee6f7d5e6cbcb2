from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.backends.base import NotebookSource
from jupyter_mlops.backends.notebooks import NotebookFiles
from jupyter_mlops.backends.reading import assigned_names, sets_other_experiment
from jupyter_mlops.domain.canonical import canonical
from jupyter_mlops.domain.errors import Invalid, MlopsError, NotAllowed, NotFound
from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.domain.parameters import Parameter
from jupyter_mlops.domain.snapshot import GitState, stripped
from jupyter_mlops.testing import NotebookFactory, notebook


@pytest.fixture
def files(mlops_root: Path) -> NotebookFiles:
    return NotebookFiles(mlops_root)


def source(content: dict[str, Any]) -> NotebookSource:
    return NotebookSource(path="train.ipynb", file=Path("/nowhere/train.ipynb"), content=content)


# Reading


def test_a_notebook_is_read_as_it_is_written(files: NotebookFiles, mlops_notebook: NotebookFactory) -> None:
    file = mlops_notebook("größer = '💥'", name="ordner/größer als.ipynb")
    for path in ("ordner/größer als.ipynb", "/ordner/größer als.ipynb", "ordner/../ordner//größer als.ipynb"):
        read = files.read(path)
        assert read == NotebookSource(path=path, file=file, content=notebook("größer = '💥'"))


def write(text: str | bytes) -> Callable[[Path], str]:
    def make(root: Path) -> str:
        (root / "a.ipynb").write_bytes(text if isinstance(text, bytes) else text.encode())
        return "a.ipynb"

    return make


def outside(root: Path) -> Path:
    secret = root.parent / "secret.ipynb"
    secret.write_text(json.dumps(notebook()))
    return secret


def symlink_to_a_file(root: Path) -> str:
    (root / "link.ipynb").symlink_to(outside(root))
    return "link.ipynb"


def symlink_to_a_folder(root: Path) -> str:
    (root / "up").symlink_to(outside(root).parent)
    return "up/secret.ipynb"


def sibling_with_the_same_beginning(root: Path) -> str:
    folder = root.with_name(f"{root.name}-private")
    folder.mkdir()
    (folder / "a.ipynb").write_text(json.dumps(notebook()))
    return f"../{folder.name}/a.ipynb"


def folder(root: Path) -> str:
    (root / "a.ipynb").mkdir()
    return "a.ipynb"


def endless_symlink(root: Path) -> str:
    (root / "a.ipynb").symlink_to(root / "a.ipynb")
    return "a.ipynb"


V3 = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}
NO_CELLS = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda root: "a.ipynb", NotFound, "There is no notebook 'a.ipynb'. Check the name, or save it first."),
        (lambda root: "no/such/a.ipynb", NotFound, "There is no notebook 'no/such/a.ipynb'."),
        (lambda root: "", Invalid, "notebook: Name a notebook, for example digits.ipynb."),
        (lambda root: "a\0.ipynb", Invalid, "notebook: Name a notebook, for example digits.ipynb."),
        (lambda root: "x" * 5000 + ".ipynb", Invalid, "cannot be read: File name too long."),
        (folder, Invalid, "notebook: 'a.ipynb' is a folder. Name a notebook (.ipynb) in it."),
        (lambda root: ".", Invalid, "notebook: '.' is a folder."),
        (endless_symlink, Invalid, "notebook: 'a.ipynb' cannot be read: "),
        (write(""), Invalid, "notebook: 'a.ipynb' is not a notebook: it is not JSON (line 1)."),
        (write("{\n'a': 1}"), Invalid, "notebook: 'a.ipynb' is not a notebook: it is not JSON (line 2)."),
        (write(b"\xff\xfe\x00"), Invalid, "notebook: 'a.ipynb' is not a notebook: its bytes are not text."),
        (write("[" * 100_000), Invalid, "notebook: 'a.ipynb' is not a notebook: it is not JSON"),
        (write("[]"), Invalid, "notebook: 'a.ipynb' is not a notebook: it has no nbformat version."),
        (write("4"), Invalid, "notebook: 'a.ipynb' is not a notebook: it has no nbformat version."),
        (write("{}"), Invalid, "notebook: 'a.ipynb' is not a notebook: it has no nbformat version."),
        (
            write(json.dumps(V3)),
            Invalid,
            "notebook: 'a.ipynb' has notebook format 3, and only 4 can be run. Convert it: jupyter nbconvert --to ",
        ),
        (write(json.dumps(NO_CELLS)), Invalid, "notebook: 'a.ipynb' is not a valid notebook: nbformat cannot"),
        (
            write(json.dumps({**notebook(), "metadata": {"kernelspec": "python3"}})),
            Invalid,
            "notebook: 'a.ipynb' is not a valid notebook: 'python3' is not of type 'object'",
        ),
        (
            write(json.dumps(notebook("DEEP")).replace('"DEEP"', "[" * 700 + "]" * 700)),
            Invalid,
            "notebook: 'a.ipynb' is not a valid notebook: it is nested too deep.",
        ),
        (
            write(json.dumps(notebook("print('\ud83d')"))),
            Invalid,
            "notebook: 'a.ipynb' is not a notebook: it holds half a character (a lone surrogate).",
        ),
        (lambda root: f"../{outside(root).name}", NotAllowed, "lies outside the folder that this server shows."),
        (lambda root: f"a/../../{outside(root).name}", NotAllowed, "lies outside the folder that this server shows."),
        (symlink_to_a_file, NotAllowed, "'link.ipynb' lies outside the folder that this server shows."),
        (symlink_to_a_folder, NotAllowed, "'up/secret.ipynb' lies outside the folder that this server shows."),
        (sibling_with_the_same_beginning, NotAllowed, "lies outside the folder that this server shows."),
    ],
)
def test_what_is_no_notebook_of_ours_is_refused_in_words(
    files: NotebookFiles, mlops_root: Path, make: Callable[[Path], str], kind: type[MlopsError], words: str
) -> None:
    path = make(mlops_root)
    with pytest.raises(kind) as refused:
        files.read(path)
    assert words in refused.value.message


def test_an_absolute_path_starts_from_the_servers_root(files: NotebookFiles, mlops_root: Path) -> None:
    with pytest.raises(NotFound):
        files.read(str(outside(mlops_root)))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said_so(files: NotebookFiles, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook().chmod(0)
    with pytest.raises(NotAllowed, match=r"'train.ipynb' may not be read: permission denied."):
        files.read("train.ipynb")


def test_without_a_root_paths_are_the_persons_own(
    mlops_notebook: NotebookFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = mlops_notebook()
    monkeypatch.chdir(file.parent)
    assert NotebookFiles().read("train.ipynb").file == file
    assert NotebookFiles().read(str(file)).file == file
    monkeypatch.setenv("HOME", str(file.parent))
    assert NotebookFiles().read("~/train.ipynb").file == file


def test_a_nan_in_an_old_output_does_no_harm(files: NotebookFiles, mlops_root: Path) -> None:
    content = notebook("x")
    content["cells"][1]["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"application/json": {"loss": float("nan")}}}
    ]
    content["metadata"]["mine"] = float("inf")
    (mlops_root / "a.ipynb").write_text(json.dumps(content))
    assert b"NaN" not in canonical(stripped(files.read("a.ipynb").content))


# Whatever stands in the file

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values below this one."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in below for place in places(inner, (*path, key)))]


WHOLE = {
    **notebook("mlflow.set_experiment('a')", parameters="x = 1 # help", metrics="y = 1"),
    "metadata": {
        "kernelspec": {"name": "python3", "display_name": "P", "language": "python"},
        "language_info": {"name": "python"},
        "papermill": {},
    },
}
PLACES = places(WHOLE)


def replaced(place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(WHOLE)
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
@given(st.sampled_from(PLACES), JSON)
def test_a_notebook_with_anything_anywhere_is_understood_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], value: Any
) -> None:
    root = tmp_path_factory.getbasetemp()
    (root / "fuzz.ipynb").write_text(json.dumps(replaced(place, value)))
    files = NotebookFiles(root)
    try:
        read = files.read("fuzz.ipynb")
    except MlopsError:
        return
    files.inspect(read, [], 1, 1)
    files.parameters(read.content)
    files.kernel(read)
    assert json.loads(canonical(stripped(read.content)))


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

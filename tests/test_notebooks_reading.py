"""Which files are read as notebooks, and in which words all others are refused."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.backends.base import NotebookSource
from jupyter_mlops.backends.notebooks import NotebookFiles
from jupyter_mlops.domain.canonical import canonical
from jupyter_mlops.domain.errors import Invalid, MlopsError, NotAllowed, NotFound
from jupyter_mlops.domain.snapshot import stripped
from jupyter_mlops.testing import NotebookFactory, notebook


@pytest.fixture
def files(mlops_root: Path) -> NotebookFiles:
    return NotebookFiles(mlops_root)


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

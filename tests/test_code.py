"""Local files that a notebook needs, found by reading it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.backends.base import LocalFiles, NotebookSource
from jupyter_mlops.backends.code.cells import python_cells
from jupyter_mlops.backends.code.files import local_files
from jupyter_mlops.backends.notebooks import NotebookFiles
from jupyter_mlops.domain.errors import Invalid, NotAllowed
from jupyter_mlops.domain.snapshot import MAX_BYTES
from jupyter_mlops.testing import NotebookFactory, notebook

Tree = Callable[..., None]


@pytest.fixture
def tree(mlops_root: Path) -> Tree:
    """Writes files below the root: `tree({"helper.py": "x = 1"})`."""

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            file = mlops_root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    return write


class Looked:
    """What was found, by path from the root."""

    def __init__(self, found: LocalFiles, root: Path) -> None:
        self.files = [file.relative_to(root).as_posix() for file in found.files]
        self.base = found.base.relative_to(root).as_posix()
        self.notes = found.notes


Look = Callable[..., Looked]


@pytest.fixture
def look(mlops_notebook: NotebookFactory, mlops_root: Path) -> Look:
    """Writes a notebook and finds its files: `look("import helper", name="deep/a.ipynb", include=["*.csv"])`."""

    def find(
        *code: str, name: str = "nb/train.ipynb", include: list[str] | None = None, limit: int = MAX_BYTES
    ) -> Looked:
        mlops_notebook(*code, name=name)
        source = NotebookFiles(mlops_root).read(name)
        return Looked(local_files(source, mlops_root, include or [], limit), mlops_root)

    return find


# Code that is imported


def test_a_module_and_what_it_imports_in_turn(look: Look, tree: Tree) -> None:
    tree({"nb/helper.py": "def f():\n    import deeper", "nb/deeper.py": "import json", "nb/unused.py": ""})
    found = look("import os, numpy\nimport helper as h")
    assert (found.files, found.base, found.notes) == (["nb/deeper.py", "nb/helper.py"], "nb", [])


@pytest.mark.parametrize(
    "importing",
    [
        "from helper import x",
        "try:\n    import helper\nexcept ImportError:\n    pass",
        "%%time\nimport helper",
        "%matplotlib inline\nfiles = !ls\nimport helper",
        "import importlib\nimportlib.import_module('helper')",
        "NAME = 'helper'\n__import__(NAME)",
        "await go()\nasync def go():\n    import helper",
        "%load_ext helper",
        "%run helper.py --option 1",
        "%run -i helper",
        "!python helper.py --epochs 3",
        "!{sys.executable} -m helper",
        "import helper.inner",
        "%time import helper",
    ],
)
def test_the_ways_to_import(importing: str, look: Look, tree: Tree) -> None:
    tree({"nb/helper.py": ""})
    assert look(importing).files == ["nb/helper.py"]


@pytest.mark.parametrize(
    "not_importing",
    ["import os", "# import helper", "'import helper'", "%%bash\nimport helper", "import statistics", "helper = 1"],
)
def test_what_is_left_alone(not_importing: str, look: Look, tree: Tree) -> None:
    tree({"nb/helper.py": "", "nb/statistics.py": ""})
    assert look(not_importing).files == []


def test_a_package_is_taken_whole(look: Look, tree: Tree) -> None:
    tree(
        {
            "nb/mine/__init__.py": "from .models import Model",
            "nb/mine/models.py": "from . import layers\nimport lonely",
            "nb/mine/layers.py": "",
            "nb/mine/plugin.py": "import other",
            "nb/mine/data/table.csv": "1",
            "nb/mine/__pycache__/x.pyc": "",
            "nb/mine/.hidden/y.py": "",
            "nb/mine/.ipynb_checkpoints/z.py": "",
            "nb/lonely.py": "",
            "nb/other.py": "",
        }
    )
    expected = ["lonely", "mine/__init__", "mine/data/table.csv", "mine/layers", "mine/models", "mine/plugin", "other"]
    assert look("from mine import Model").files == sorted(
        f"nb/{name}" + ("" if "." in name else ".py") for name in expected
    )


def test_a_folder_without_an_init_gives_its_modules_only(look: Look, tree: Tree) -> None:
    tree({"nb/src/features.py": "", "nb/src/sub/more.py": "", "nb/src/large.bin": "", "nb/plots/a.png": ""})
    assert look("from src import features\nimport plots").files == ["nb/src/features.py", "nb/src/sub/more.py"]
    assert look("import src.gone").files == []


@pytest.mark.parametrize(
    "adding",
    [
        "sys.path.append('../lib')",
        "sys.path.insert(0, str(Path.cwd().parent / 'lib'))",
        "sys.path.extend([os.path.join('..', 'lib')])",
        "sys.path += [os.path.abspath('../lib')]",
        "LIB = Path('..') / 'lib'\nsys.path = [str(LIB)] + sys.path",
        "sys.path.append(os.path.join(os.path.dirname(os.getcwd()), 'lib'))",
        "sys.path.append(str(Path('x').resolve().parents[1].joinpath('lib')))",
    ],
)
def test_folders_on_the_path(adding: str, look: Look, tree: Tree) -> None:
    tree({"lib/shared.py": "import beside", "nb/beside.py": ""})
    found = look("import sys, os\nfrom pathlib import Path", adding, "import shared")
    assert (found.files, found.base) == (["lib/shared.py", "nb/beside.py"], ".")


def test_a_module_that_adds_a_folder_of_its_own(look: Look, tree: Tree) -> None:
    setup = "import sys, pathlib\nsys.path.append(str(pathlib.Path(__file__).parent / 'vendored'))"
    tree({"nb/setup_paths.py": setup, "nb/vendored/late.py": ""})
    assert look("import late", "import setup_paths").files == ["nb/setup_paths.py", "nb/vendored/late.py"]


def test_what_cannot_be_known_is_said(look: Look) -> None:
    found = look("import sys\nsys.path.append(where())", "this be text")
    assert len(found.notes) == 2
    assert any("Cell 3" in note for note in found.notes)


def test_names_that_the_system_refuses(look: Look) -> None:
    long = "x" * 300
    assert look(f"import {long}\nfrom {long} import y", f"%run {long}", "%run ~nobody_at_all/x.py").files == []
    with pytest.raises(Invalid):
        look("1", include=[long])


def test_another_notebook_that_is_run(look: Look, tree: Tree) -> None:
    tree({"nb/setup.ipynb": json.dumps(notebook("import helper")), "nb/helper.py": ""})
    assert look("%run setup.ipynb").files == ["nb/helper.py", "nb/setup.ipynb"]


def test_notebooks_that_run_each_other_come_to_an_end(look: Look, tree: Tree) -> None:
    tree({"nb/a.ipynb": json.dumps(notebook("%run b.ipynb")), "nb/b.ipynb": json.dumps(notebook("%run a.ipynb"))})
    assert look("%run a.ipynb").files == ["nb/a.ipynb", "nb/b.ipynb"]
    tree({"nb/one.py": "import two", "nb/two.py": "import one"})
    assert look("import one").files == ["nb/one.py", "nb/two.py"]


def test_a_module_that_the_notebook_writes_itself(look: Look, tree: Tree) -> None:
    tree({"nb/made.py": "import helper", "nb/helper.py": ""})
    assert look("%%writefile made.py\nx = 1", "%run made.py").files == []


def test_modules_that_cannot_be_read_are_taken_as_they_are(look: Look, tree: Tree) -> None:
    tree({"nb/broken.py": "def ("})
    found = look("import broken")
    assert found.files == ["nb/broken.py"]
    assert found.notes == ["broken.py cannot be parsed: what it imports is not known."]


def test_another_language_has_only_files_that_are_named(mlops_notebook: NotebookFactory, mlops_root: Path) -> None:
    (mlops_root / "helper.py").write_text("")
    mlops_notebook("import helper", language="R", kernel="ir")
    found = local_files(NotebookFiles(mlops_root).read("train.ipynb"), mlops_root, [], MAX_BYTES)
    assert found.files == []
    assert "notebook is in r" in found.notes[0]


# Files that are named


def test_files_by_glob(look: Look, tree: Tree) -> None:
    tree({"nb/data/a.csv": "", "nb/data/b.csv": "", "nb/deep/er/c.yaml": "", "config.yml": "", "nb/data/.hidden": ""})
    assert look("1", include=["data/*.csv"]).files == ["nb/data/a.csv", "nb/data/b.csv"]
    assert look("1", include=["**/*.yaml"]).files == ["nb/deep/er/c.yaml"]
    assert look("1", include=["data"]).files == ["nb/data/a.csv", "nb/data/b.csv"]
    found = look("1", include=["../config.yml", "data/a.csv"])
    assert (found.files, found.base) == (["config.yml", "nb/data/a.csv"], ".")


def test_a_name_with_brackets_means_itself(look: Look, tree: Tree) -> None:
    tree({"nb/a[1].csv": "", "nb/a1.csv": ""})
    assert look("1", include=["a[1].csv"]).files == ["nb/a[1].csv"]


def test_globs_that_match_nothing_are_all_named(look: Look) -> None:
    with pytest.raises(Invalid) as raised:
        look("1", include=["gone.csv", "*.none", "", "\0"])
    assert [problem.field for problem in raised.value.problems] == ["include"] * 4
    assert "'gone.csv' matches no file" in raised.value.problems[0].message


def test_the_notebook_itself_is_none_of_its_files(look: Look, tree: Tree) -> None:
    tree({"nb/a.csv": ""})
    assert look("1", include=["*"]).files == ["nb/a.csv"]


# Limits


def test_nothing_outside_the_root(look: Look, tree: Tree, mlops_root: Path) -> None:
    outside = mlops_root.parent / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("")
    with pytest.raises(NotAllowed, match="outside the folder that this server shows"):
        look("1", include=["../../outside/secret.py"])
    with pytest.raises(NotAllowed):
        look("1", include=[str(outside / "secret.py")])
    (mlops_root / "nb" / "link.py").symlink_to(outside / "secret.py")
    with pytest.raises(NotAllowed):
        look("1", include=["link.py"])
    for code in ("import link", "import sys\nsys.path.append('../../outside')\nimport secret"):
        found = look(code)
        assert found.files == []
        assert "was left out" in found.notes[0]


def test_links_within_the_root_stay_where_they_are(look: Look, tree: Tree, mlops_root: Path) -> None:
    tree({"shared/real.py": "", "nb/x": ""})
    (mlops_root / "nb" / "helper.py").symlink_to(mlops_root / "shared" / "real.py")
    assert look("import helper").files == ["nb/helper.py"]


@pytest.mark.parametrize("root", [None, Path(os.sep)])
def test_the_topmost_folder_is_no_base(root: Path | None, mlops_notebook: NotebookFactory) -> None:
    source = NotebookFiles().read(str(mlops_notebook("import sys\nsys.path.append('/usr')\nimport lib.none")))
    assert local_files(source, root, [], MAX_BYTES).base == source.file.parent
    with pytest.raises(Invalid, match="no folder in common"):
        local_files(source, root, ["/etc/passwd"], MAX_BYTES)


def test_too_much_names_the_largest(look: Look, tree: Tree) -> None:
    tree({f"nb/data/{i}.bin": "x" * (i * 1000) for i in range(1, 8)})
    with pytest.raises(Invalid) as raised:
        look("1", include=["data"], limit=20_000)
    said = raised.value.message
    assert "have 28.0 kB, and a snapshot may have 20.0 kB" in said
    assert "data/7.bin (7.0 kB), data/6.bin (6.0 kB), data/5.bin" in said
    assert "2.bin" not in said
    assert "c.MLOps.max_snapshot_bytes" in said
    assert len(look("1", include=["data"], limit=28_000).files) == 7


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8")), max_size=4))
def test_no_text_is_too_strange(sources: list[str]) -> None:
    content = notebook(*sources, "%run " + "".join(sources), parameters=None)
    source = NotebookSource(path="a.ipynb", file=Path("/nowhere/at/all/a.ipynb"), content=content)
    assert local_files(source, None, [], MAX_BYTES).base == source.file.parent


# Cells


def test_cells_as_python() -> None:
    content = notebook("%%capture out\n%time x = 1\n!ls \\\n  -l\ny = 2", "%%bash\necho", "ls -l", parameters=None)
    captured, bash, listing = python_cells(content)
    assert ([magic.name for magic in captured.magics], captured.python.split("\n")[0]) == (["capture"], "x = 1")
    assert captured.shell == [(3, "ls    -l")]
    assert captured.line(captured.tree.body[-1].lineno) == 5
    assert (bash.python, bash.shell) == ("", [(1, ""), (1, "echo")])
    assert listing.magics[0].name == "ls"


def test_cells_that_a_run_leaves_out_are_left_out() -> None:
    content = notebook("import a", "import b", parameters=None)
    content["cells"][0]["metadata"]["tags"] = ["skip-execution"]
    assert [cell.index for cell in python_cells(content)] == [1]

"""What a notebook needs around it and has not: packages, modules and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mlops.backends.code.cells import python_cells
from jupyter_mlops.backends.code.follow import LocalCode
from jupyter_mlops.testing import notebook
from tests.checked import Check, found, one

# Packages and modules


def test_a_package_that_the_kernel_has_not(check: Check) -> None:
    finding = one(check("import os", "import sys, no_such_package_1.deep"), "missing-package")
    assert (finding.level, finding.cell, finding.line) == ("error", 1, 1)
    assert "%pip install no_such_package_1" in finding.fix
    assert one(check("def f():\n    import no_such_package_1"), "missing-package").level == "warning"
    guarded = "try:\n    import no_such_package_1\nexcept ImportError:\n    pass"
    assert one(check(guarded), "missing-package").level == "hint"
    assert found(check("%pip install no-such-package-1", "import no_such_package_1"), "missing-package") == []
    for bringing in (
        "!git clone https://example.org/x",
        "%pip install -r more.txt",
        "import sys\nsys.path.append(f())",
    ):
        assert one(check(bringing, "import no_such_package_1"), "missing-package").level == "warning"


def test_the_name_under_which_a_package_is_installed(check: Check) -> None:
    from jupyter_mlops.backends.analysis.packages import DISTRIBUTIONS

    assert [DISTRIBUTIONS[n] for n in ("sklearn", "cv2", "PIL", "yaml")] == [
        "scikit-learn",
        "opencv-python",
        "Pillow",
        "PyYAML",
    ]


def test_a_package_that_a_local_module_needs(check: Check, mlops_root: Path) -> None:
    (mlops_root / "helper.py").write_text("import no_such_package_1")
    finding = one(check("import helper"), "missing-package")
    assert finding.message.startswith("helper.py, which this cell imports, needs `no_such_package_1`")


def test_a_package_that_a_notebook_of_run_needs(check: Check, mlops_root: Path) -> None:
    (mlops_root / "setup.ipynb").write_text(json.dumps(notebook("import no_such_package_1")))
    finding = one(check("1", "%run setup.ipynb"), "missing-package")
    assert finding.message.startswith("setup.ipynb, which this cell runs, needs `no_such_package_1`")
    assert (finding.cell, finding.line) == (1, 1)


def test_to_run_a_notebook_takes_nbformat_which_ipykernel_does_not_bring(mlops_root: Path) -> None:
    (mlops_root / "setup.ipynb").write_text(json.dumps(notebook("x = 1")))
    (mlops_root / "setup.py").write_text("x = 1")
    for script, wanted in (("setup.ipynb", ["nbformat"]), ("setup.py", [])):
        code = LocalCode(mlops_root / "main.ipynb", python_cells(notebook(f"%run {script}")))
        assert [found.name for found in code.outside] == wanted


def test_looking_for_packages_runs_nothing_of_the_persons(check: Check, mlops_root: Path) -> None:
    for name in ("json", "ast", "helper", "warnings"):
        (mlops_root / f"{name}.py").write_text("open('ran', 'w').close()")
    assert found(check("import helper, json", "open('ran2', 'w')")) == []
    assert sorted(p.suffix for p in mlops_root.iterdir()) == [".ipynb", ".py", ".py", ".py", ".py"]


def test_a_local_module_that_does_not_exist(check: Check, mlops_root: Path) -> None:
    (mlops_root / "mine").mkdir()
    (mlops_root / "mine" / "__init__.py").write_text("")
    (mlops_root / "mine" / "here.py").write_text("")
    assert one(check("from mine.gone import x\nx"), "missing-module").message.startswith("The module `mine.gone`")
    assert one(check("from . import x\nx"), "missing-module").level == "error"
    assert one(check("%run gone.py"), "missing-module").message.startswith("%run gone.py")
    assert found(check("import mine.here\nfrom mine import here"), "missing-module") == []


# Paths


def test_a_path_of_this_machine(check: Check, mlops_root: Path) -> None:
    report = check(
        "import pandas as pd\nHOME = '/home/ann/data'",
        "df = pd.read_csv(r'C:\\data\\a.csv')\nshow(path='~/pictures/a.png')",
        "get('/api/home/x', '/dev/null', 'a/b')\n'/home/ann/text'\n@app.route('/home/page')\ndef page(): ...",
    )
    (windows,) = found(report, "missing-path")
    assert [f.message.split("'")[1] for f in found(report, "absolute-path")] == ["/home/ann/data", "~/pictures/a.png"]
    assert all(f.level == "warning" for f in found(report, "absolute-path"))
    assert "on this machine" in windows.message
    (mlops_root / "data.csv").write_text("a")
    there = check(f"import pandas as pd\npd.read_csv({str(mlops_root / 'data.csv')!r})")
    assert one(there, "absolute-path").level == "warning"


@pytest.mark.parametrize(
    "read",
    [
        "open('gone.txt')",
        "open('gone.txt', mode='rb')",
        "import pandas as pd\npd.read_csv('gone.txt')",
        "import pandas\npandas.read_csv(filepath_or_buffer='gone.txt')",
        "from pandas import read_csv as read\nread('gone.txt')",
        "import numpy as np\nnp.load('gone.txt')",
        "from pathlib import Path\nPath('gone.txt').read_text()",
        "from pathlib import Path\n(Path.cwd() / 'gone.txt').open()",
        "import os, joblib\njoblib.load(os.path.join('.', 'gone.txt'))",
        "from PIL import Image\nNAME = 'gone'\nImage.open(f'{NAME}.txt')",
    ],
)
def test_a_file_that_is_read_and_not_there(read: str, check: Check, mlops_root: Path) -> None:
    finding = one(check(read), "missing-path")
    assert (finding.level, finding.line) == ("error", read.count("\n") + 1)
    assert "gone.txt' is read here and does not exist beside the notebook" in finding.message
    (mlops_root / "gone.txt").write_text("")
    assert found(check(read), "missing-path") == []


@pytest.mark.parametrize(
    ("before", "level"),
    [
        ("open('gone.txt', 'w')", None),
        ("save(frame, 'gone.txt')", None),
        ("if exists('gone.txt'): pass", None),
        ("%%writefile gone.txt\ntext", None),
        ("%cd elsewhere", None),
        ("!curl -O https://example.org/gone.txt", "warning"),
        ("archive.extractall()", "warning"),
        ("print('nothing of the kind')", "error"),
    ],
)
def test_a_file_that_the_notebook_makes_itself(before: str, level: str | None, check: Check) -> None:
    assert [f.level for f in found(check(before, "open('gone.txt')"), "missing-path")] == ([level] if level else [])


def test_reads_that_may_not_happen(check: Check) -> None:
    assert found(check("try:\n    open('gone.txt')\nexcept FileNotFoundError: ..."), "missing-path") == []
    assert one(check("if ready:\n    open('gone.txt')"), "missing-path").level == "warning"
    assert one(check("open(data)", parameters="data = 'gone.txt'"), "missing-path").level == "warning"

"""What can be said against a notebook without running it; and that nothing is said against a good one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.backends.analysis.check import Analysis
from jupyter_mlops.backends.base import NotebookSource
from jupyter_mlops.backends.code.cells import python_cells
from jupyter_mlops.backends.code.follow import LocalCode
from jupyter_mlops.backends.notebooks import NotebookFiles
from jupyter_mlops.domain.check import CheckFinding, CheckReport
from jupyter_mlops.services.checks import Checks
from jupyter_mlops.testing import NotebookFactory, notebook

Check = Callable[..., CheckReport]

GOOD = {
    "magics": r"""
%matplotlib inline
%load_ext autoreload
%autoreload 2
!pip install \
  -q nothing-much
files = !ls
---
%%time
total = sum(len(f) for f in files)
---
%%capture captured
print(total)
---
captured.show()
print?
%time slow = total ** 2
%timeit -n1 -r1 slow + 1
---
%%bash --out listing
ls $HOME
---
print(listing, slow, _, __, _1, Out, In)
%store -r kept
kept
---
%%writefile made.txt
anything
---
open('made.txt').read()
---
pip install nothing-much
---
%%timeit seed = 3
seed * total
""",
    "plots": """
import numpy as np
import matplotlib.pyplot as plt
---
fig, axes = plt.subplots(1, 2)
for ax, f in zip(axes, (np.sin, np.cos)):
    ax.plot(f(np.arange(10)))
---
fig.savefig('figure.png')
image = plt.imread('figure.png')
ax.set_title(f'{image.shape!r:>{20}}')
""",
    "pandas": """
import pandas as pd
from pathlib import Path
DATA = Path('data')
DATA.mkdir(exist_ok=True)
---
df = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})
df.to_csv(DATA / 'table.csv')
---
df = pd.read_csv(DATA / 'table.csv').assign(c=lambda d: d.a + d.b).query('a > @limit')
limit = 1
---
remote = 'https://example.org/a.csv'
web = pd.read_csv(remote)
other = pd.read_json('[{"a": 1}]')
---
!wget https://example.org/got.zip && unzip got.zip
---
display(df.groupby('a').agg(total=('b', 'sum')))
""",
    "scikit-learn": """
from sklearn.datasets import load_digits
from sklearn.svm import SVC
import joblib
---
X, y = load_digits(return_X_y=True)
model = SVC().fit(X, y)
joblib.dump(model, 'model.joblib')
---
model = joblib.load('model.joblib')
scores = [s for s in model.predict(X[:3])]
accuracy = sum(scores)
""",
    "async": """
import asyncio
async def twice(x):
    await asyncio.sleep(0)
    return 2 * x
---
four = await twice(2)
many = await asyncio.gather(*(twice(i) for i in range(3)))
---
async def numbers():
    yield 1
async for number in numbers():
    print(number)
[n async for n in numbers()]
---
if (got := await twice(four)) > 3:
    print(got, many)
""",
    "classes": """
from __future__ import annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import nowhere_to_be_found
---
@dataclass
class Node:
    value: int
    next: Node | None = None
    size = 3
    half = size // 2
    def last(self) -> Node:
        return helper(self)
---
def helper(node):
    global calls
    calls = 1
    return node.next or node
helper(Node(1))
print(calls)
---
class Model(Node):
    def forward(self, x: nowhere_to_be_found.Tensor):
        return super().last(), __class__
""",
    "scopes": """
pairs = {k: v for k, v in zip('ab', range(2))}
matrix = [[x * y for x in range(3)] for y in range(3)]
---
if (n := len(pairs)) > 1:
    first, *rest = matrix
add = lambda a, b=n: a + b + n
add(1)
---
try:
    import cupy as xp
except ImportError:
    xp = None
try:
    undefined_so_far
except NameError:
    undefined_so_far = 1
undefined_so_far
---
with open('out.txt', 'w') as f:
    print(xp, rest, file=f)
for i in range(3):
    pass
print(i)
match matrix:
    case [head, *_]:
        print(head)
---
if 'again' not in globals():
    again = 0
again += 1
if 'df' in locals():
    print(df)
---
del i
i = 4
print(i)
assert (total := 3) and total
print(f'{total=}')
""",
    "widgets": """
import IPython.display as d
---
slider = type('Slider', (), {'observe': lambda self, f: None})()
def on_change(change):
    print(later)
---
slider.observe(on_change)
later = 1
d.display(d.HTML('<b>/home/page</b>'))
""",
    "stars": """
from math import *
from os.path import *
---
print(sqrt(2), join('a', 'b'))
""",
    "pylab": """
%pylab inline
---
plot(arange(3))
""",
    "languages": """
%%html
<b>{undefined}</b>
---
%%javascript
let x = y;
---
%%sql result <<
SELECT 1
---
result.head()
---
%R -o fitted fitted <- lm(y ~ x)
---
fitted
---
%%cython
def fast(int x): return x
---
fast(1)
---
# just a comment
""",
    "expected failures": """
#: raises-exception
1 / nothing
---
#: skip-execution
nothing at all (
""",
    "dynamic": """
exec('made = 1')
print(made)
---
globals()['other'] = 2
---
print(other)
""",
}
"""Notebooks of many kinds that run from top to bottom: cells between lines of dashes, a tag behind `#:`."""


@pytest.fixture
def check(mlops_notebook: NotebookFactory, mlops_root: Path) -> Check:
    """Writes a notebook and checks it: `check("first cell", "second cell")`; options as of `notebook`."""

    def written(*code: str, counts: list[int] | None = None, **options: Any) -> CheckReport:
        file = mlops_notebook(*code, **{"parameters": None, **options})
        content = json.loads(file.read_text())
        for cell, count in zip(content["cells"], counts or [None] * len(content["cells"]), strict=True):
            cell["execution_count"] = count
            if cell["source"].startswith("#: "):
                cell["metadata"]["tags"] = [cell["source"].splitlines()[0].removeprefix("#: ")]
        file.write_text(json.dumps(content))
        return Checks(NotebookFiles(mlops_root), Analysis()).check(file.name)

    return written


def found(report: CheckReport, *rules: str) -> list[CheckFinding]:
    """Findings of some rules; without any, those that are more than hints."""
    return [f for f in report.findings if (f.rule in rules if rules else f.level != "hint")]


def one(report: CheckReport, rule: str) -> CheckFinding:
    (finding,) = found(report, rule)
    assert finding.fix.endswith("."), finding
    return finding


@pytest.mark.parametrize("kind", GOOD)
def test_nothing_is_said_against_notebooks_that_run(kind: str, check: Check) -> None:
    cells = GOOD[kind].strip("\n").split("\n---\n")
    assert found(check(*cells)) == []


def test_local_modules_are_no_missing_packages(check: Check, mlops_root: Path) -> None:
    (mlops_root / "helper.py").write_text("import json\ndef score(): ...")
    (mlops_root / "src" / "deep").mkdir(parents=True)
    (mlops_root / "src" / "deep" / "__init__.py").write_text("from .inner import x")
    (mlops_root / "src" / "deep" / "inner.py").write_text("x = 1")
    report = check(
        "import sys\nsys.path.insert(0, 'src')", "import helper\nfrom deep import inner, x", "x, helper, inner"
    )
    assert found(report) == []


# Names


def test_a_name_used_before_it_is_defined(check: Check) -> None:
    finding = one(check("import math", "print(math.pi)\nprint(df)", "df = 1"), "used-before-defined")
    assert (finding.level, finding.cell, finding.line) == ("error", 1, 2)
    assert finding.message == "`df` is used in cell 2 but first defined in cell 3."
    assert "above cell 2" in finding.fix
    within = one(check("print(df)\ndf = 1"), "used-before-defined")
    assert within.message == "`df` is used in line 1 of cell 1 and first defined in line 2."
    assert found(check("df = 1", "print(df)", "df = 2"), "used-before-defined") == []


def test_a_name_defined_nowhere(check: Check) -> None:
    finding = one(check("accuracy = 1", "print(acuracy)"), "undefined-name")
    assert (finding.level, finding.cell, finding.line) == ("error", 1, 1)
    assert "`accuracy` perhaps" in finding.fix
    assert "import numpy as np" in one(check("np.ones(3)"), "undefined-name").fix
    assert one(check("def f():\n    return gone"), "undefined-name").level == "warning"
    assert one(check("x = 1\ndel x", "x"), "undefined-name").message.startswith("`x` is used in cell 2 after `del`")
    assert "Path.cwd()" in one(check("here = __file__"), "undefined-name").fix
    assert one(check("q", parameters="x = 1"), "undefined-name").cell == 1


def test_parameters_define_names(check: Check) -> None:
    assert found(check("print(x)", parameters="x = 1")) == []


def test_names_that_a_star_may_bring_are_not_guessed_at(check: Check) -> None:
    report = check("print(before)", "from math import *", "sqrt(2)\ntypo")
    assert [f.message for f in found(report)] == ["`before` is used in cell 1 and defined nowhere."]
    assert any("`sqrt`, `typo`" in said and "`from math import *` (cell 2)" in said for said in report.unknown)


# Order


def test_a_name_that_was_there_only_because_of_a_deleted_cell(check: Check) -> None:
    finding = one(check("x = 1", "print(deleted)", counts=[1, 5]), "execution-order")
    assert (finding.level, finding.cell) == ("error", 1)
    assert "changed or deleted since" in finding.message


def test_a_name_that_had_another_cells_value(check: Check) -> None:
    cells = ["rate = 0.1", "print(rate)", "rate = 0.2"]
    finding = one(check(*cells, counts=[1, 3, 2]), "execution-order")
    assert (finding.level, finding.cell, finding.line) == ("warning", 1, 1)
    assert "came from cell 3 when it was last run; from top to bottom it comes from cell 1" in finding.message
    assert found(check(*cells, counts=[1, 2, 3]), "execution-order") == []


def test_an_order_that_changes_nothing_is_a_single_hint(check: Check) -> None:
    cells = ["import os", "a = os.sep", "import os\nb = 2", "print(a, b)"]
    (hint,) = found(check(*cells, counts=[9, 4, 3, 5]), "execution-order")
    assert (hint.level, hint.cell) == ("hint", 1)


# Syntax


def test_a_cell_that_is_not_python(check: Check) -> None:
    report = check("good = 1", "%matplotlib inline\nthis be text", "is_ = 2", "is_")
    finding = one(report, "syntax")
    assert (finding.level, finding.cell, finding.line) == ("error", 1, 2)
    assert "`this be text`" in finding.message
    assert one(check("return 1"), "syntax").message.startswith("This is not Python: 'return' outside function")
    assert "first line" in one(check("x = 1\n%%time\ny = 2"), "syntax").message


def test_lines_are_those_of_the_cell_below_magics_over_several_lines(check: Check) -> None:
    assert one(check("\n\n!echo a \\\n  b \\\n  c\n\nx = 1\ngone"), "undefined-name").line == 8


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


# The whole


def test_a_kernel_that_is_not_installed(check: Check) -> None:
    report = check("import no_such_package_1", kernel="no-such-kernel")
    finding = one(report, "missing-kernel")
    assert (finding.level, finding.cell) == ("error", None)
    assert report.findings[0] == finding
    assert found(report, "missing-package") == []
    assert any("Packages" in said for said in report.unknown)


def test_another_language_is_not_looked_into(check: Check) -> None:
    report = check("print(undefined", kernel="ir", language="R")
    assert [f.rule for f in found(report)] == ["missing-kernel"]
    assert one(report, "unreadable-language").level == "hint"
    assert report.unknown


def test_what_a_sweep_needs(check: Check) -> None:
    bare = check("import os", "rate = 0.1", "print(rate)")
    assert one(bare, "no-parameters").cell == 1
    assert "Tag cell 2" in one(bare, "no-parameters").fix
    assert one(bare, "no-metric").cell is None
    logged = "import mlflow\nmlflow.log_metrics({'a': x})"
    assert check(logged, parameters="x = 1").findings == []
    assert found(check("a = x", parameters="x = 1", metrics="b = 2"), "no-metric") == []


def test_metrics_that_a_local_module_logs(check: Check, mlops_root: Path) -> None:
    (mlops_root / "training.py").write_text("import mlflow\ndef fit(x):\n    mlflow.log_metric('loss', x)\n")
    assert found(check("import training\ntraining.fit(1)"), "no-metric") == []


def test_an_empty_notebook(check: Check) -> None:
    assert check().findings == []


@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8"))
        | st.sampled_from(["%%time\n", "%run ", "x?", "!", "if a:\n  %x", "("]),
        max_size=4,
    )
)
def test_no_text_is_too_strange(sources: list[str]) -> None:
    content = notebook(*sources, "".join(sources), parameters=None)
    source = NotebookSource(path="a.ipynb", file=Path("/nowhere/a.ipynb"), content=content)
    report = Analysis().examine(source, None)
    assert all(f.cell is not None and f.cell <= len(sources) for f in report.findings)


@pytest.mark.parametrize("source", ["x = " + "(" * 500 + ")" * 500, "x = " + "+".join(["1"] * 5000), "\0", "\ud800"])
def test_code_that_cannot_be_parsed_is_no_accident(source: str) -> None:
    content = notebook(source, "fine = 1", parameters=None)
    Analysis().examine(NotebookSource(path="a.ipynb", file=Path("/nowhere/a.ipynb"), content=content), None)


# On the command line


@pytest.mark.usefixtures("configured")
def test_check_as_it_is_typed(mlops_notebook: NotebookFactory, capsys: pytest.CaptureFixture[str]) -> None:
    from jupyter_mlops import cli
    from jupyter_mlops.cli.face import Face

    mlops_notebook("print(df)", "df = 1", parameters=None)
    assert cli.run(["check", "train.ipynb"], Face()) == 1
    out = capsys.readouterr().out
    assert "✕ cell 1, line 1: `df` is used in cell 1 but first defined in cell 2.\n    → Move the definition" in out
    assert out.endswith("train.ipynb: 1 error, 2 hints in 2 code cells, kernel python3.\n")

    import msgspec

    assert cli.run(["check", "train.ipynb", "--json"], Face()) == 1
    report = msgspec.json.decode(capsys.readouterr().out, type=CheckReport)
    assert [f.rule for f in report.findings] == ["used-before-defined", "no-metric", "no-parameters"]

    mlops_notebook("print(x)", metrics="y = x")
    assert cli.run(["check", "train.ipynb"], Face()) == 0
    assert capsys.readouterr().out == "train.ipynb: nothing found in 3 code cells, kernel python3.\n"
    assert cli.run(["check", "gone.ipynb"], Face()) == 3

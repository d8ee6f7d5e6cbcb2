"""Nothing is said against notebooks that run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checked import Check, found

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

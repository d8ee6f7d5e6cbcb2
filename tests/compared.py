"""Snapshots that are compared, made up by hand."""

from __future__ import annotations

from typing import Any

import msgspec
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from jupyter_mlops.backends.comparison import compare_snapshots
from jupyter_mlops.domain.canonical import canonical, content_digest
from jupyter_mlops.domain.difference import SnapshotDiff
from jupyter_mlops.domain.environment import Environment, Package
from jupyter_mlops.domain.snapshot import GitState, Manifest, Sighting, Snapshot, stripped


def notebook(*sources: str, ids: bool = True, **metadata: Any) -> dict[str, Any]:
    """A notebook of code cells; a source that begins with `#md ` makes a Markdown cell."""
    cells = [
        new_markdown_cell(source[4:], id=f"c{n}") if source.startswith("#md ") else new_code_cell(source, id=f"c{n}")
        for n, source in enumerate(sources)
    ]
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(new_notebook(cells=cells, metadata=metadata)))
    if ids:
        return made
    for cell in made["cells"]:
        del cell["id"]
    return made | {"nbformat_minor": 4}


ENVIRONMENT = Environment(
    python="3.12.4",
    platform="linux-x86_64",
    packages=[
        Package(name="helper", version="0.1.0", kind="wheel", content="aa"),
        Package(name="numpy", version="2.1.0"),
        Package(name="tool", version="1.0", kind="vcs", url="git+https://example.org/tool@0123456789abcdef0123"),
    ],
)


def snapshot(of: dict[str, Any], git: GitState | None = None, **changes: Any) -> Snapshot:
    """One of a notebook; `changes` are fields of its manifest that are not the usual ones."""
    usual: dict[str, Any] = {"name": "train.ipynb", "kernel": "python3", "language": "python"}
    usual |= {"environment": ENVIRONMENT, "notebook": content_digest(canonical(stripped(of)))}
    manifest = Manifest(**(usual | changes))
    sighting = Sighting(notebook="work/train.ipynb", user="ann", taken=1, git=git)
    return Snapshot(digest=manifest.digest, manifest=manifest, run_id="r", created=1, sighting=sighting)


def compare(left: dict[str, Any], right: dict[str, Any]) -> SnapshotDiff:
    """Two notebooks with the usual contents."""
    return compare_snapshots(snapshot(left), snapshot(right), left, right)


def contents(**changes: Any) -> SnapshotDiff:
    """The usual snapshot against one of the same notebook with other contents."""
    same = notebook("x = 1")
    return compare_snapshots(snapshot(same), snapshot(same, **changes), same, same)


def cells(diff: SnapshotDiff) -> list[tuple[str, int | None, int | None]]:
    """Which cells differ, and their numbers on either side."""
    return [(cell.change, cell.left, cell.right) for cell in diff.cells]


TRAIN = "model = fit(\n    X,\n    y,\n    C=1.0,\n    seed=0,\n)\nprint(model)"
LOAD = "import pandas as pd\nX, y = pd.read_csv('x.csv'), pd.read_csv('y.csv')"

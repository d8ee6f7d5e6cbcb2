"""How two snapshots differ: notebook, packages, files, git, datasets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jupyter_mlops.backends.comparison.notebooks import notebook_differences
from jupyter_mlops.domain.difference import FieldDifference, SnapshotDiff, differing
from jupyter_mlops.domain.environment import Environment, Package
from jupyter_mlops.domain.snapshot import Manifest, Snapshot, SnapshotFile

_COMMIT = 12
"""Characters of a commit that are shown."""


def compare_snapshots(
    left: Snapshot, right: Snapshot, left_notebook: dict[str, Any], right_notebook: dict[str, Any]
) -> SnapshotDiff:
    """Everything in which two snapshots differ.

    Args:
        left_notebook: the first one's notebook, format 4, outputs stripped.
        right_notebook: the second one's.
    """
    a, b = left.manifest, right.manifest
    cells, beside = notebook_differences(left_notebook, right_notebook)
    notebook = [*differing(_names(a), _names(b)), *beside]
    if a.notebook != b.notebook and not cells and not beside:
        # Two digests are two: whatever it is, "nothing differs" would be wrong.
        what = "in how it is written, or in long values of its metadata; no cell differs"
        notebook.append(FieldDifference(change="changed", name="notebook file", right=what))
    return SnapshotDiff(
        left=left,
        right=right,
        cells=cells,
        notebook=notebook,
        environment=differing(_environment(a.environment), _environment(b.environment)) + _conda(a, b),
        packages=_packages(a.environment, b.environment),
        files=differing(_files(a), _files(b), _size, lambda f: f"{_size(f)}, content changed"),
        git=differing(_git(left), _git(right)),
        datasets=differing(dict.fromkeys(a.datasets, ""), dict.fromkeys(b.datasets, "")),
    )


def _names(of: Manifest) -> dict[str, str]:
    names = {"name": of.name, "kernel": of.kernel, "language": of.language, "manifest version": str(of.version)}
    return names | ({"folder": of.folder} if of.folder else {})


def _environment(of: Environment | None) -> dict[str, str]:
    if of is None:
        return {"packages": "not known: the kernel could not be asked"}
    return {"python": of.python, "implementation": of.implementation, "platform": of.platform}


def _conda(left: Manifest, right: Manifest) -> list[FieldDifference]:
    """How many packages conda installed, and how many of them are others; which, the list of packages mostly says."""
    a, b = (set(of.environment.conda) if of.environment else set() for of in (left, right))
    if a == b:
        return []
    after = f"{len(b):,}, {len(b - a):,} of them others" if a and b else f"{len(b):,}"
    change = {"left": f"{len(a):,}" if a else "", "right": after if b else ""}
    if not (a and b):
        return [FieldDifference(change="added" if b else "removed", name="conda packages", **change)]
    return [FieldDifference(change="changed", name="conda packages", **change)]


def _packages(left: Environment | None, right: Environment | None) -> list[FieldDifference]:
    if left is None or right is None:
        # Not known is not the same as none: that all were added would be wrong.
        return []
    return differing(_by_name(left.packages), _by_name(right.packages), _package, _package_changed)


def _by_name(packages: list[Package]) -> Mapping[str, Package]:
    return {re.sub(r"[-_.]+", "-", package.name).lower(): package for package in packages}


def _package(of: Package, *notes: str) -> str:
    said = [_origin(of), *notes]
    said = [note for note in said if note]
    return f"{of.version} ({', '.join(said)})" if said else of.version


def _package_changed(of: Package) -> str:
    return _package(of, "changed")


def _origin(of: Package) -> str:
    if of.kind == "vcs":
        address, _, commit = of.url.rpartition("@")
        return f"from {address} at {commit[:_COMMIT]}" if address else f"from {of.url}"
    if of.kind == "archive":
        return f"from {of.url}"
    return {"index": "", "wheel": "from a folder", "sources": "from a folder, as sources"}[of.kind]


def _files(of: Manifest) -> dict[str, SnapshotFile]:
    return {file.path: file for file in of.files}


def _size(of: SnapshotFile) -> str:
    size = float(of.size)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _git(of: Snapshot) -> dict[str, str]:
    state = of.sighting.git if of.sighting else None
    if state is None:
        return {}
    known = {
        "commit": state.commit[:_COMMIT],
        "branch": state.branch,
        "working tree": "with changes that are not committed" if state.dirty else "clean",
        "remote": state.remote,
    }
    return {name: value for name, value in known.items() if value}

"""What differs between two snapshots beside the cells' text: all is found, and nothing is named that is the same."""

from __future__ import annotations

import copy

import msgspec

from jupyter_mlops.backends.comparison import compare_snapshots
from jupyter_mlops.domain.environment import Environment, Package
from jupyter_mlops.domain.snapshot import GitState, SnapshotFile
from tests.compared import ENVIRONMENT, LOAD, compare, contents, notebook, snapshot

# Beside the cells


def test_metadata_that_differs_is_named() -> None:
    left = notebook("x = 1", LOAD, kernelspec={"name": "python3", "display_name": "Python 3"}, toc={"depth": 1})
    right = copy.deepcopy(left)
    right["cells"][0]["metadata"] = {"tags": ["parameters", "a"], "jupyter": {"source_hidden": True}}
    right["cells"][1] = {k: v for k, v in right["cells"][1].items() if k not in ("outputs", "execution_count")}
    right["cells"][1]["cell_type"] = "raw"
    right["metadata"]["kernelspec"]["display_name"] = "Other"
    right["metadata"]["toc"] = {"depth": 2}
    right["nbformat_minor"] = 6
    diff = compare(left, right)
    assert [(row.change, row.name, row.left, row.right) for row in diff.notebook] == [
        ("changed", "kernel's display name", "Python 3", "Other"),
        ("changed", "metadata: toc", '{"depth": 1}', '{"depth": 2}'),
        ("changed", "notebook format", "4.5", "4.6"),
        ("added", "cell 1, metadata: jupyter", "", '{"source_hidden": true}'),
        ("added", "cell 1, tags", "", "parameters, a"),
        ("changed", "cell 2, type", "code", "raw"),
    ]
    assert not diff.cells


def test_what_no_rule_names_is_still_not_called_nothing() -> None:
    left, right = notebook("x = 1", toc="a" * 500 + "b"), notebook("x = 1", toc="a" * 500 + "c")
    diff = compare(left, right)
    assert [row.name for row in diff.notebook] == ["notebook file"]


def test_the_manifests_names() -> None:
    diff = contents(kernel="conda-x", name="other.ipynb", folder="deep")
    assert [(row.change, row.name, row.left, row.right) for row in diff.notebook] == [
        ("added", "folder", "", "deep"),
        ("changed", "kernel", "python3", "conda-x"),
        ("changed", "name", "train.ipynb", "other.ipynb"),
    ]


# Contents


def test_packages() -> None:
    other = Environment(
        python="3.12.4",
        platform="linux-x86_64",
        packages=[
            Package(name="Helper", version="0.1.0", kind="wheel", content="bb"),
            Package(name="scikit_learn", version="1.5"),
            Package(name="tool", version="1.0", kind="vcs", url="git+https://example.org/tool@fedcba9876543210fedc"),
        ],
    )
    diff = contents(environment=other)
    assert [(row.change, row.name, row.left, row.right) for row in diff.packages] == [
        ("changed", "helper", "0.1.0 (from a folder)", "0.1.0 (from a folder, changed)"),
        ("removed", "numpy", "2.1.0", ""),
        ("added", "scikit-learn", "", "1.5"),
        (
            "changed",
            "tool",
            "1.0 (from git+https://example.org/tool at 0123456789ab)",
            "1.0 (from git+https://example.org/tool at fedcba987654)",
        ),
    ]
    assert not diff.environment


def test_a_local_package_that_an_index_has_now_is_a_change() -> None:
    other = msgspec.structs.replace(ENVIRONMENT, packages=[Package(name="helper", version="0.1.0")])
    row = contents(environment=other).packages[0]
    assert (row.change, row.left, row.right) == ("changed", "0.1.0 (from a folder)", "0.1.0")


def test_python_platform_and_conda() -> None:
    numpy, scipy = "https://example.org/numpy-2.1.0-py312_0.conda#aa", "https://example.org/scipy-1.1-py312_0.conda#bb"
    left = msgspec.structs.replace(ENVIRONMENT, conda=[numpy, scipy])
    right = msgspec.structs.replace(left, python="3.13.0", platform="darwin-arm64", conda=[numpy, f"{scipy}c"])
    same = notebook("x = 1")
    diff = compare_snapshots(snapshot(same, environment=left), snapshot(same, environment=right), same, same)
    assert [(row.name, row.left, row.right) for row in diff.environment] == [
        ("platform", "linux-x86_64", "darwin-arm64"),
        ("python", "3.12.4", "3.13.0"),
        ("conda packages", "2", "2, 1 of them others"),
    ]
    assert [(r.change, r.name, r.right) for r in contents(environment=left).environment] == [
        ("added", "conda packages", "2")
    ]


def test_packages_that_are_not_known_are_not_called_removed() -> None:
    diff = contents(environment=None)
    assert not diff.packages
    assert ("added", "packages") in [(row.change, row.name) for row in diff.environment]


def test_files_datasets_and_git() -> None:
    def file(path: str, size: int, sha256: str) -> SnapshotFile:
        return SnapshotFile(path=path, size=size, sha256=sha256)

    same = notebook("x = 1")
    here = GitState(commit="a" * 40, branch="main", remote="https://example.org/x")
    there = GitState(commit="b" * 40, branch="main", dirty=True, remote="https://example.org/x")
    left = snapshot(
        same, here, files=[file("a.py", 10, "1"), file("b.py", 1234, "2"), file("d.py", 5, "3")], datasets=["sales@1"]
    )
    right = snapshot(
        same,
        there,
        files=[file("a.py", 10, "9"), file("b.py", 2_500_000, "8"), file("e.py", 0, "")],
        datasets=["sales@2"],
    )
    diff = compare_snapshots(left, right, same, same)
    assert [(row.change, row.name, row.left, row.right) for row in diff.files] == [
        ("changed", "a.py", "10 bytes", "10 bytes, content changed"),
        ("changed", "b.py", "1.2 kB", "2.5 MB"),
        ("removed", "d.py", "5 bytes", ""),
        ("added", "e.py", "", "0 bytes"),
    ]
    assert [(row.name, row.left, row.right) for row in diff.git] == [
        ("commit", "a" * 12, "b" * 12),
        ("working tree", "clean", "with changes that are not committed"),
    ]
    assert [(row.change, row.name) for row in diff.datasets] == [("removed", "sales@1"), ("added", "sales@2")]
    assert {row.change for row in compare_snapshots(snapshot(same), right, same, same).git} == {"added"}

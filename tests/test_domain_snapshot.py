from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.domain import naming
from jupyter_mlops.domain.snapshot import GitState, Manifest, canonical, content_digest, stripped
from jupyter_mlops.testing import notebook

AS_WRITTEN: dict[str, Any] = notebook("y = x\ny", parameters="x = 1")


def as_executed() -> dict[str, Any]:
    """The same notebook after JupyterLab and papermill have run it."""
    executed = copy.deepcopy(AS_WRITTEN)
    injected = {
        "cell_type": "code",
        "id": "injected",
        "metadata": {"tags": ["injected-parameters"]},
        "source": "x = 2",
        "outputs": [],
        "execution_count": 2,
    }
    executed["cells"].insert(1, injected)
    for cell in executed["cells"]:
        cell["execution_count"] = 7
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "much"}]
        cell["metadata"] |= {
            "papermill": {"status": "completed"},
            "execution": {"iopub.status.busy": "2026"},
            "ExecuteTime": {},
            "collapsed": True,
            "scrolled": False,
        }
    executed["metadata"] |= {"papermill": {"version": "2.7"}, "widgets": {}}
    return executed


def test_running_a_notebook_leaves_its_content_the_same() -> None:
    assert stripped(as_executed()) == AS_WRITTEN


def test_stripping_keeps_what_the_author_wrote_and_does_not_touch_its_argument() -> None:
    authored = copy.deepcopy(AS_WRITTEN)
    authored["cells"][1]["metadata"] = {"tags": ["metrics"], "mine": {"a": 1}, "jupyter": {"source_hidden": True}}
    authored["cells"].append({"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Title"})
    authored["metadata"]["authors"] = ["ann"]
    before = copy.deepcopy(authored)
    assert stripped(authored) == before == authored
    executed = as_executed()
    untouched = copy.deepcopy(executed)
    stripped(executed)
    assert executed == untouched


@given(st.integers(0, 2**32))
def test_stripping_twice_is_stripping_once(count: int) -> None:
    executed = as_executed()
    executed["cells"][0]["execution_count"] = count
    assert stripped(stripped(executed)) == stripped(executed)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, 1.5]}, '{"a":[true,null,1.5],"b":1}'),
        ({"ü": "größer 💥"}, '{"ü":"größer 💥"}'),
        ([], "[]"),
    ],
)
def test_canonical_json(value: Any, text: str) -> None:
    assert canonical(value) == text.encode()


def test_what_json_cannot_say_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        canonical({"a": math.nan})


MANIFEST = Manifest(
    notebook="0" * 64,
    name="train.ipynb",
    kernel="python3",
    language="python",
    git=GitState(commit="1" * 40, branch="main", dirty=True, remote="https://example.org/x.git"),
)


def test_a_digest_never_changes() -> None:
    """Snapshots kept by earlier versions are found by these; a new field of the manifest needs a new version."""
    assert content_digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert content_digest(canonical(AS_WRITTEN)) == "4ff642e00ec00a650155f176693c9500ea38a74bc74c5f26779defc0309060be"
    assert MANIFEST.digest == "d5414f9d17e8836f60dbb124fa9a2c95834e11926cc2649062577b2f97f5ee6f"


@pytest.mark.parametrize(
    "other",
    [
        {"notebook": "1" * 64},
        {"name": "other.ipynb"},
        {"kernel": "ir"},
        {"language": "r"},
        {"git": None},
        {"git": GitState(commit="2" * 40)},
    ],
)
def test_other_content_is_another_snapshot(other: dict[str, Any]) -> None:
    fields = {f: getattr(MANIFEST, f) for f in ("notebook", "name", "kernel", "language", "git")}
    assert Manifest(**{**fields, **other}).digest != MANIFEST.digest
    assert Manifest(**fields).digest == MANIFEST.digest


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("short", 5, "short"),
        ("x" * 100, 30, "x" * 12 + "… (100 characters)"),
        ("ü" * 12_000, 40, "ü" * 19 + "… (12,000 characters)"),
    ],
)
def test_a_long_text_is_cut_with_a_mark_that_can_be_seen(text: str, limit: int, kept: str) -> None:
    assert naming.shortened(text, limit) == kept
    assert len(kept) <= limit

from __future__ import annotations

import copy
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.domain import naming
from jupyter_mlops.domain.canonical import canonical, content_digest
from jupyter_mlops.domain.environment import Environment, Package
from jupyter_mlops.domain.snapshot import (
    Manifest,
    SnapshotFile,
    has_outputs,
    notebook_digest,
    parts_that_differ,
    stripped,
)
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


ENVIRONMENT = Environment(
    python="3.12.4",
    platform="linux-x86_64",
    packages=[
        Package(name="ours", version="0.1", kind="wheel", content="a" * 64),
        Package(name="six", version="1.17.0"),
        Package(name="tool", version="2", kind="vcs", url="git+https://example.org/tool@" + "c" * 40),
    ],
)
MANIFEST = Manifest(
    notebook="0" * 64,
    name="train.ipynb",
    folder="notebooks",
    kernel="python3",
    language="python",
    files=[SnapshotFile(path="helper.py", size=3, sha256="b" * 64)],
    environment=ENVIRONMENT,
    datasets=["digits@3"],
)


def test_a_digest_never_changes() -> None:
    """Snapshots kept by earlier versions are found by these; a new field of the manifest needs a new version."""
    assert content_digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert content_digest(canonical(AS_WRITTEN)) == "4ff642e00ec00a650155f176693c9500ea38a74bc74c5f26779defc0309060be"
    assert ENVIRONMENT.digest == "e7e7c79263b7c2d3980ba727cee909e94052a146cb87ec0db57ff1848c76088f"
    assert MANIFEST.digest == "121d02b00f3bf8b61425f4bcbcc5446d05420476f2bae78417094e365345e112"


@pytest.mark.parametrize(
    ("other", "part"),
    [
        ({"notebook": "1" * 64}, "notebook"),
        ({"name": "other.ipynb"}, "name"),
        ({"folder": ""}, "name"),
        ({"kernel": "ir"}, "kernel"),
        ({"files": []}, "files"),
        ({"environment": None}, "environment"),
        ({"environment": msgspec.structs.replace(ENVIRONMENT, python="3.12.5")}, "environment"),
        ({"datasets": ["digits@4"]}, "datasets"),
    ],
)
def test_other_content_is_another_snapshot(other: dict[str, Any], part: str) -> None:
    changed = msgspec.structs.replace(MANIFEST, **other)
    assert changed.digest != MANIFEST.digest
    assert parts_that_differ(MANIFEST, changed) == [part]
    assert parts_that_differ(MANIFEST, msgspec.structs.replace(MANIFEST)) == []


def test_a_manifest_read_back_is_the_same() -> None:
    again = msgspec.json.decode(msgspec.json.encode(MANIFEST), type=Manifest)
    assert (again, again.digest) == (MANIFEST, MANIFEST.digest)


def test_the_two_ways_of_writing_a_source_are_one_content() -> None:
    lines = copy.deepcopy(AS_WRITTEN)
    lines["cells"][1]["source"] = ["y = x\n", "y"]
    assert canonical(stripped(lines)) == canonical(stripped(AS_WRITTEN))


def test_what_jupyter_writes_when_it_runs_a_notebook_is_no_content() -> None:
    opened = copy.deepcopy(AS_WRITTEN)
    opened["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    opened["metadata"]["language_info"] = {"name": "python", "version": "3.12.4", "codemirror_mode": {"version": 3}}
    assert notebook_digest(opened) == notebook_digest(as_executed()) == notebook_digest(AS_WRITTEN)
    # The notebook that is kept says which language it is in: papermill asks for it.
    assert stripped(opened)["metadata"]["language_info"] == {"name": "python"}
    edited = copy.deepcopy(AS_WRITTEN)
    edited["cells"][1]["source"] += "  # edited"
    assert notebook_digest(edited) != notebook_digest(AS_WRITTEN)


def test_only_what_running_leaves_behind_counts_as_outputs() -> None:
    assert has_outputs(as_executed())
    assert not has_outputs(AS_WRITTEN)
    assert not has_outputs(stripped(as_executed()))


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

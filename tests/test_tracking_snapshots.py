"""Snapshots in MLflow: kept once, found whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jupyter_mlops.backends.tracking.store import MlflowTracking
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import NotFound, Unavailable
from tests.tracked import MANIFEST, artifacts_of, keep


def test_a_snapshot_is_kept_once_and_found_by_its_digest_or_the_beginning_of_it(tracking: MlflowTracking) -> None:
    first = keep(tracking)
    again = keep(tracking, user="bob")
    assert (first.new, again.new) == (True, False)
    assert first.digest == MANIFEST.digest
    assert first.run_id == again.run_id
    assert tracking.snapshots.get(first.digest) == tracking.snapshots.get(first.digest[:12]) == again
    assert tracking.snapshots.find("f" * 64) is None
    assert tracking.snapshots.get(first.digest).manifest == MANIFEST
    assert tracking.snapshots.notebook(first.digest) == b"{}"
    with pytest.raises(NotFound, match=r"There is no snapshot 'ffffffffffff' in MLflow at .*mlflow.db"):
        tracking.snapshots.get("f" * 12)


def test_a_snapshot_written_by_half_is_never_found(tracking: MlflowTracking, mlops_store: Path) -> None:
    shutil.rmtree(mlops_store / "artifacts")
    (mlops_store / "artifacts").write_text("in the way, as a full disk would be")
    with pytest.raises(Unavailable, match=r"mlflow.db does not answer"):
        keep(tracking)
    with pytest.raises(NotFound):
        tracking.snapshots.get(MANIFEST.digest)
    (mlops_store / "artifacts").unlink()
    kept = keep(tracking)
    assert kept.new
    assert tracking.snapshots.get(MANIFEST.digest).run_id == kept.run_id


def test_a_snapshot_whose_files_were_deleted_says_so(tracking: MlflowTracking) -> None:
    kept = keep(tracking)
    (artifacts_of(tracking, kept.run_id) / naming.NOTEBOOK_FILE).unlink()
    with pytest.raises(NotFound, match=rf"MLflow run {kept.run_id} has no artifact 'notebook.ipynb': it was del"):
        tracking.snapshots.notebook(kept.digest)


def test_everything_that_is_kept_comes_back(tracking: MlflowTracking, tmp_path: Path) -> None:
    wheel = tmp_path / "ours-0.1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    files = {"helper.py": b"x = 1\n", "a/größer.txt": b""}
    digest = keep(tracking, files=files, outputs=b"[1]", diff=b"--- a", packages={"ours": wheel}).digest
    assert tracking.snapshots.files(digest) == files
    assert tracking.snapshots.outputs(digest) == b"[1]"
    assert tracking.snapshots.diff(digest) == b"--- a"
    assert tracking.snapshots.package_file(digest, "ours") == ("ours-0.1-py3-none-any.whl", b"wheel")
    with pytest.raises(NotFound, match="keeps no files of the package 'six'"):
        tracking.snapshots.package_file(digest, "six")


def test_a_snapshot_without_more_than_its_notebook(tracking: MlflowTracking) -> None:
    digest = keep(tracking).digest
    assert tracking.snapshots.files(digest) == {}
    assert tracking.snapshots.outputs(digest) is None
    assert tracking.snapshots.diff(digest) is None


def test_seen_again_it_is_listed_where_and_when_it_was_seen(tracking: MlflowTracking) -> None:
    notes = ["n" * 5000] * 100
    kept = keep(tracking, taken=1, notes=notes, outputs=b"first")
    keep(tracking, at="copy.ipynb", taken=2, user="bob")
    assert [s.digest for s in tracking.snapshots.newest(Path("/train.ipynb"), 5)] == [kept.digest]
    (found,) = tracking.snapshots.newest(Path("/copy.ipynb"), 5)
    assert found.sighting is not None
    assert (found.sighting.user, found.sighting.taken) == ("bob", 2)
    assert tracking.snapshots.newest(Path("/never.ipynb"), 5) == []
    assert len(tracking.snapshots.newest(None, 5)) == 1
    # Seen without outputs, it keeps those that it had.
    assert tracking.snapshots.outputs(kept.digest) == b"first"

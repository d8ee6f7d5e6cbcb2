"""A snapshot's files in a folder: whole, as they were kept, and never outside of it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.backends.layout import is_inside, lay_out, overlay, unchanged
from jupyter_mlops.domain.canonical import canonical, content_digest
from jupyter_mlops.domain.errors import Conflict, Invalid, NotAllowed
from jupyter_mlops.domain.snapshot import Manifest, SnapshotFile, notebook_digest
from jupyter_mlops.testing import notebook

NOTEBOOK = notebook("print(x)")
CONTENT = canonical(NOTEBOOK)
FILES = {"helper.py": b"x = 1\n", "pkg/__init__.py": b"", "pkg/data.txt": b"1"}


def manifest(files: dict[str, bytes], folder: str = "notebooks") -> Manifest:
    kept = [SnapshotFile(path=p, size=len(c), sha256=content_digest(c)) for p, c in files.items()]
    return Manifest(
        notebook=notebook_digest(NOTEBOOK),
        name="train.ipynb",
        folder=folder,
        kernel="python3",
        language="python",
        files=kept,
    )


def below(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_it_is_laid_out_as_it_lay(tmp_path: Path) -> None:
    lay_out(tmp_path / "a" / "there", manifest(FILES), CONTENT, FILES)
    assert below(tmp_path / "a" / "there") == {*FILES, "notebooks/train.ipynb"}
    assert (tmp_path / "a/there/helper.py").read_bytes() == b"x = 1\n"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["there"]  # no draft is left beside it


def test_an_empty_folder_will_do_and_a_full_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    lay_out(tmp_path / "empty", manifest(FILES), CONTENT, FILES)
    assert (tmp_path / "empty" / "helper.py").exists()
    (tmp_path / "empty" / "helper.py").write_text("mine")
    with pytest.raises(Conflict, match="is there already and not empty"):
        lay_out(tmp_path / "empty", manifest(FILES), CONTENT, FILES)
    assert (tmp_path / "empty" / "helper.py").read_text() == "mine"
    (tmp_path / "file").write_text("")
    with pytest.raises((Conflict, NotAllowed)):
        lay_out(tmp_path / "file" / "below", manifest(FILES), CONTENT, FILES)


@pytest.mark.parametrize(
    "path", ["../out.py", "/etc/out.py", "a/../../out.py", "C:/out.py", "a\\..\\..\\out.py", "", "a\0b"]
)
def test_nothing_is_ever_written_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(Invalid, match="is damaged"):
        lay_out(tmp_path / "in" / "there", manifest({path: b""}), CONTENT, {path: b""})
    with pytest.raises(Invalid, match="leads out of it"):
        lay_out(tmp_path / "in" / "there", manifest({}, folder="../.."), CONTENT, {})
    assert below(tmp_path) == set()


@given(st.text(max_size=20))
def test_whatever_a_manifest_says_a_path_stays_inside_or_is_refused(path: str) -> None:
    if is_inside(path):
        assert os.path.normpath(f"/base/{path}").startswith("/base")


@pytest.mark.parametrize("given", [{}, {**FILES, "helper.py": b"x = 2\n"}])
def test_files_that_are_not_what_was_kept_are_refused(tmp_path: Path, given: dict[str, bytes]) -> None:
    with pytest.raises(Invalid, match=r"its file 'helper.py' is missing or is not what was kept"):
        lay_out(tmp_path / "there", manifest(FILES), CONTENT, given)
    assert not (tmp_path / "there").exists()


def test_a_notebook_that_is_not_what_was_kept_is_refused(tmp_path: Path) -> None:
    other = canonical(notebook("print('something else')"))
    with pytest.raises(Invalid, match="its notebook is not what was kept"):
        lay_out(tmp_path / "there", manifest(FILES), other, FILES)
    assert not (tmp_path / "there").exists()


def test_a_change_of_local_code_is_noticed(tmp_path: Path) -> None:
    lay_out(tmp_path / "there", manifest(FILES), CONTENT, FILES)
    kept = manifest(FILES)
    assert unchanged(tmp_path / "there", kept)
    assert unchanged(tmp_path / "there", msgspec.structs.replace(kept, files=[]))
    (tmp_path / "there" / "helper.py").write_bytes(b"x = 2\n")
    assert not unchanged(tmp_path / "there", kept)
    (tmp_path / "there" / "helper.py").unlink()
    assert not unchanged(tmp_path / "there", kept)


def test_an_overlay_has_the_code_that_was_kept_and_the_data_that_is_there(tmp_path: Path) -> None:
    origin, laid = tmp_path / "origin", tmp_path / "laid"
    lay_out(origin, manifest(FILES), CONTENT, FILES)
    (origin / "helper.py").write_bytes(b"x = 'changed'\n")
    (origin / "notebooks" / "data.csv").write_text("1,2")
    (origin / "models").mkdir()
    overlay(laid, origin, manifest(FILES), FILES)
    assert (laid / "helper.py").read_bytes() == b"x = 1\n"
    assert (laid / "notebooks" / "data.csv").read_text() == "1,2"
    (laid / "models" / "new.bin").write_bytes(b"1")
    assert (origin / "models" / "new.bin").exists()
    # What was kept is never written back.
    assert (origin / "helper.py").read_bytes() == b"x = 'changed'\n"
    assert not (laid / "helper.py").is_symlink()

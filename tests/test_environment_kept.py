"""Packages that no index has are installed from what the snapshot keeps of them, and from nothing else."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_mlops.backends.base import SnapshotContents
from jupyter_mlops.backends.environments import members
from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.domain.environment import Package
from jupyter_mlops.domain.errors import NotFound
from jupyter_mlops.domain.snapshot import Manifest, Sighting
from jupyter_mlops.worker import restore

if TYPE_CHECKING:
    from jupyter_mlops.backends.tracking.store import MlflowTracking
from tests.package_index import Index, wheel
from tests.rebuilt import NoKernel, environment, python, slot


class Store:
    """Files of packages, by name."""

    def __init__(self, **files: tuple[str, bytes]) -> None:
        self.files = files

    def fetch(self, package: str) -> tuple[str, bytes]:
        if package not in self.files:
            raise NotFound(f"keeps no files of {package!r}.")
        return self.files[package]


def content_of(tmp_path: Path, file: tuple[str, bytes]) -> str:
    (tmp_path / file[0]).write_bytes(file[1])
    return members.wheel_content(tmp_path / file[0])


def test_a_kept_wheel_is_installed(cache: EnvironmentCache, index: Index, tmp_path: Path) -> None:
    mine = wheel("mine", "0.1", **{"mine_data/table.csv": "1,2\n"})
    of = environment(
        "alpha==1.0", packages=[Package(name="mine", version="0.1", kind="wheel", content=content_of(tmp_path, mine))]
    )
    assert restore.restore(slot(cache, of), of, Store(mine=mine).fetch) == restore.READY
    state = cache.state(of.digest)
    assert python(state, "import mine, alpha; print(mine.__version__, alpha.__version__)") == "0.1 1.0"


def test_a_builder_gets_kept_wheels_from_mlflow(
    cache: EnvironmentCache, index: Index, tmp_path: Path, mlops_tracking: MlflowTracking
) -> None:
    name, content = wheel("mine", "0.1")
    (tmp_path / name).write_bytes(content)
    package = Package(name="mine", version="0.1", kind="wheel", content=members.wheel_content(tmp_path / name))
    of = environment(packages=[package])
    manifest = Manifest(notebook="0" * 64, name="a.ipynb", kernel="python3", language="python", environment=of)
    contents = SnapshotContents(notebook=b"{}", packages={"mine": tmp_path / name})
    seen = Sighting(notebook="a.ipynb", user="ann", taken=1)
    snapshot = mlops_tracking.snapshots.keep(manifest, contents, seen, tmp_path / "a.ipynb").digest
    with_store = EnvironmentCache(cache._folder, mlops_tracking.environment(), NoKernel())

    lines: list[str] = []
    state = with_store.wait(of, snapshot, lines.append)
    assert "Fetching mine 0.1 from the snapshot…" in lines
    assert python(state, "import mine; print(mine.__version__)") == "0.1"

    # By hand, the program needs no more than the snapshot's digest.
    with_store.prune([], 0)
    program = [sys.executable, "-m", "jupyter_mlops.worker.restore", snapshot, str(cache._folder)]
    for _ in range(2):
        subprocess.run(program, env={**os.environ, **mlops_tracking.environment()}, check=True, timeout=120)
        assert cache.state(of.digest).status == "ready"


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (wheel("mine", "0.1", **{"mine_data/table.csv": "3\n"}), r"mine 0\.1 is not the one.*wheel has other content"),
        (("mine-0.1-py3-none-any.whl", b"no zip"), r"mine 0\.1 is not the one.*its wheel cannot be read"),
        (("../mine-0.1-py3-none-any.whl", b""), r"a name that no package has"),
        (None, r"The snapshot's file of mine 0\.1 is gone"),
    ],
)
def test_a_kept_wheel_that_was_changed(
    kept: tuple[str, bytes] | None, says: str, cache: EnvironmentCache, index: Index, tmp_path: Path
) -> None:
    package = Package(name="mine", version="0.1", kind="wheel", content=content_of(tmp_path, wheel("mine", "0.1")))
    of = environment(packages=[package])
    store = Store(mine=kept) if kept else Store()
    assert restore.restore(slot(cache, of), of, store.fetch) == restore.FAILED
    state = cache.state(of.digest)
    assert state.status == "failed"
    assert re.search(says, state.message), state.message
    assert not slot(cache, of).finished.exists()
    assert not list(slot(cache, of).work.folder.glob("prefix-*"))


def test_an_error_that_nobody_thought_of_is_kept_too(cache: EnvironmentCache, index: Index) -> None:
    of = environment(packages=[Package(name="mine", version="0.1", kind="wheel", content="0")])

    def broken(package: str) -> tuple[str, bytes]:
        raise KeyError(package)

    assert restore.restore(slot(cache, of), of, broken) == restore.FAILED
    assert cache.state(of.digest).message == "The rebuild broke off: KeyError: 'mine'. Restore it again."


BACKEND = """
import os, pathlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    version = os.environ["SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MY_OWN"]
    info = f"my_own-{version}.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, f"my_own-{version}-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("my_own.py", "built = True")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: my-own\\nVersion: {version}\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return f"my_own-{version}-py3-none-any.whl"
"""
PROJECT = (
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    '[project]\nname = "my-own"\ndynamic = ["version"]\n'
)


def sources(**files: str) -> tuple[str, bytes]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"my_own-2.5/{name}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return "my_own-2.5.tar.gz", packed.getvalue()


def test_kept_sources_are_built_as_the_version_they_were(cache: EnvironmentCache, index: Index) -> None:
    of = environment("alpha==1.0", packages=[Package(name="my-own", version="2.5", kind="sources")])
    kept = sources(**{"backend.py": BACKEND, "pyproject.toml": PROJECT})
    assert restore.restore(slot(cache, of), of, Store(**{"my-own": kept}).fetch) == restore.READY
    code = "import my_own, importlib.metadata as m; print(my_own.built, m.version('my-own'))"
    assert python(cache.state(of.digest), code) == "True 2.5"


def test_kept_sources_that_lead_out_of_their_folder(cache: EnvironmentCache, index: Index, tmp_path: Path) -> None:
    of = environment(packages=[Package(name="my-own", version="2.5", kind="sources")])
    kept = sources(**{"../../../escaped.py": "", "pyproject.toml": PROJECT})
    assert restore.restore(slot(cache, of), of, Store(**{"my-own": kept}).fetch) == restore.FAILED
    assert "its sources cannot be unpacked" in cache.state(of.digest).message
    assert not list(tmp_path.rglob("escaped.py"))

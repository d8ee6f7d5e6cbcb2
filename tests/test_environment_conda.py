"""Environments that conda made, rebuilt: their explicit packages, and what pip put beside them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlops.backends.environments import commands
from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.backends.environments.slot import Slot
from jupyter_mlops.domain.environment import Captured, Environment, EnvironmentState, Package
from jupyter_mlops.domain.errors import Missing, Unavailable

SNAPSHOT = "5" * 64


class NoKernel:
    """A probe that nobody asks."""

    def capture(self, kernel: str) -> Captured:
        return Captured(environment=None, notes=[kernel])


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnvironmentCache:
    """Beside it a folder with the only wheel that uv finds."""
    for name in [each for each in os.environ if each.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "alpha-1.0-py3-none-any.whl", "w") as into:
        into.writestr("alpha.py", "__version__ = '1.0'\n")
        into.writestr("alpha-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n")
        into.writestr("alpha-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        into.writestr("alpha-1.0.dist-info/RECORD", "".join(f"{each},,\n" for each in into.namelist()))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    return EnvironmentCache(tmp_path / "environments", {}, NoKernel())


def environment(*pins: str, conda: list[str]) -> Environment:
    return Environment(
        python=platform.python_version(),
        platform=f"{sys.platform}-{platform.machine().lower()}",
        packages=[Package(name=name, version=version) for name, _, version in (pin.partition("==") for pin in pins)],
        conda=conda,
    )


def slot(cache: EnvironmentCache, of: Environment) -> Slot:
    return Slot(cache._folder, of.digest)


def built(cache: EnvironmentCache, of: Environment) -> EnvironmentState:
    return cache.wait(of, SNAPSHOT, lambda line: None)


def python(state: EnvironmentState, code: str) -> str:
    command = [str(Path(state.folder, "bin", "python")), "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


# Conda: its programs are played by scripts; what real ones do is not tried here

FAKES = {
    "MakesAPrefix": '#!/bin/sh\nwhile [ "$1" != --prefix ]; do shift; done\ngrep -q "^@EXPLICIT" "$4" || exit 9\n'
    'exec "{uv}" venv --quiet --python "{python}" "$2"\n',
    "ChannelHasItNoMore": "#!/bin/sh\necho 'error    Download failed: numpy-2.1.0-py312_0.conda: 404' >&2\nexit 1\n",
    "MakesNoPython": "#!/bin/sh\nexit 0\n",
}
CONDA = ["https://conda.example/noarch/tzdata-1-0.conda#a", "https://conda.example/numpy-2.1.0-py312_0.conda#b"]


@pytest.fixture
def micromamba(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def put(fake: str) -> None:
        folder = tmp_path / "programs"
        folder.mkdir()
        script = folder / "micromamba"
        script.write_text(FAKES[fake].replace("{uv}", commands.uv_program()).replace("{python}", sys.executable))
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


def test_a_conda_environment_is_found_through_a_link_made_last(
    cache: EnvironmentCache, micromamba: Callable[[str], None]
) -> None:
    micromamba("MakesAPrefix")
    of = environment("alpha==1.0", conda=CONDA)
    state = built(cache, of)
    assert (state.status, state.packages) == ("ready", 3)
    assert slot(cache, of).finished.is_symlink()
    assert python(state, "import alpha; print(alpha.__version__)") == "1.0"
    cache.prune([], 0)
    assert list(cache._folder.iterdir()) == []


@pytest.mark.parametrize(
    ("fake", "says"),
    [
        ("ChannelHasItNoMore", r"micromamba could not install numpy-2\.1\.0-py312_0\.conda: .*404"),
        ("MakesNoPython", r"micromamba made no Python"),
    ],
)
def test_a_conda_that_fails(fake: str, says: str, cache: EnvironmentCache, micromamba: Callable[[str], None]) -> None:
    micromamba(fake)
    with pytest.raises(Unavailable, match=says):
        built(cache, environment(conda=CONDA))


def test_no_conda_is_installed(cache: EnvironmentCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(Missing, match=r"none of micromamba, mamba and conda is on the PATH\. Install one"):
        built(cache, environment(conda=CONDA))

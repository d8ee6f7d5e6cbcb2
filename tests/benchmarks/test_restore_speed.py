"""Promises: an environment in the cache is there in less than 0.2 s; a cold one is not slower than venv and pip."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.domain.environment import Captured, Environment, Package
from tests.benchmarks.measuring import median, say

pytestmark = pytest.mark.benchmark

PROMISE = 0.2
ROUNDS = 20
COLD_ROUNDS = 3
SNAPSHOT = "5" * 64


class NoKernel:
    """A probe that nobody asks."""

    def capture(self, kernel: str) -> Captured:
        return Captured(environment=None, notes=[kernel])


def pins(*names: str) -> dict[str, str]:
    """Packages that are installed here and all that they need, with their versions."""
    found: dict[str, str] = {}
    left = list(names)
    while left:
        one = left.pop()
        if one in found:
            continue
        found[one] = metadata.version(one)
        needs = [Requirement(text) for text in metadata.requires(one) or []]
        left += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return dict(sorted(found.items()))


@pytest.fixture
def environment() -> Environment:
    """JupyterLab and scikit-learn, as they are installed here: about a hundred packages."""
    packages = [Package(name=name, version=version) for name, version in pins("jupyterlab", "scikit-learn").items()]
    machine = f"{sys.platform}-{platform.machine().lower()}"
    return Environment(python=platform.python_version(), platform=machine, packages=packages)


def uncached(folder: Path) -> dict[str, str]:
    """Variables under which neither uv nor pip has anything downloaded."""
    return {"UV_CACHE_DIR": str(folder / "uv"), "PIP_CACHE_DIR": str(folder / "pip")}


def with_pip(environment: Environment, folder: Path, *options: str) -> float:
    """Seconds of `python -m venv` and `pip install -r` of the same pins."""
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(f"{package.name}=={package.version}\n" for package in environment.packages))
    python = folder / "venv" / "bin" / "python"
    began = time.perf_counter()
    for command in (
        [sys.executable, "-m", "venv", folder / "venv"],
        [python, "-m", "pip", "install", "--quiet", *options, "-r", requirements],
    ):
        subprocess.run(command, check=True, env={**os.environ, **uncached(folder)}, timeout=900)
    return time.perf_counter() - began


def test_restore(environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    count = len(environment.packages)
    cold, pip, bare = [], [], []
    for number in range(COLD_ROUNDS):
        folder = tmp_path / str(number)
        for name in ("ours", "pip", "bare"):
            (folder / name).mkdir(parents=True)
        cache = EnvironmentCache(folder / "ours" / "environments", {}, NoKernel())
        with monkeypatch.context() as patch:
            for name, value in uncached(folder / "ours").items():
                patch.setenv(name, value)
            began = time.perf_counter()
            state = cache.wait(environment, SNAPSHOT, lambda line: None)
            cold.append(time.perf_counter() - began)
        assert state.status == "ready"
        pip.append(with_pip(environment, folder / "pip"))
        bare.append(with_pip(environment, folder / "bare", "--no-deps", "--no-compile"))
    say(
        f"restore of {count} packages, nothing downloaded",
        f"{median(cold):.1f} s",
        f"venv and pip install -r: {median(pip):.1f} s",
        median(cold) / median(pip),
        "no slower",
        median(cold) <= median(pip),
    )
    say(
        "the same, beside pip that resolves and compiles nothing either",
        f"{median(cold):.1f} s",
        f"venv and pip install --no-deps --no-compile -r: {median(bare):.1f} s",
        median(cold) / median(bare),
    )

    again = EnvironmentCache(tmp_path / "again", {}, NoKernel())
    began = time.perf_counter()
    with monkeypatch.context() as patch:
        patch.setenv("UV_CACHE_DIR", str(tmp_path / "0" / "ours" / "uv"))
        again.wait(environment, SNAPSHOT, lambda line: None)
    say(
        f"restore of {count} packages that uv has downloaded before",
        f"{time.perf_counter() - began:.1f} s",
        f"venv and pip install -r, nothing downloaded: {median(pip):.1f} s",
        None,
    )

    warm = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ready = cache.state(environment.digest)
        assert cache.wait(environment, SNAPSHOT, lambda line: None).kernel == ready.kernel != ""
        warm.append(time.perf_counter() - began)
    kept = max(warm) < PROMISE
    say(
        "restore from a warm cache: state and wait",
        f"{median(warm) * 1000:.1f} ms, at most {max(warm) * 1000:.1f} ms",
        f"a cold one: {median(cold):.1f} s",
        None,
        f"< {PROMISE} s",
        kept,
    )
    assert kept
    assert median(cold) <= median(pip)

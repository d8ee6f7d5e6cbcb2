"""Environments as tests order them, and a cache in which they are rebuilt."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.backends.environments.slot import BUILDER, Slot
from jupyter_mlops.domain.environment import Captured, Environment, EnvironmentState, Package

SNAPSHOT = "5" * 64
HERE = f"{sys.platform}-{platform.machine().lower()}"
PYTHON = platform.python_version()


class NoKernel:
    """A probe that nobody asks."""

    def capture(self, kernel: str) -> Captured:
        return Captured(environment=None, notes=[kernel])


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EnvironmentCache]:
    """An empty one, with kernelspecs of its own; whoever still builds in it is ended."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    folder = tmp_path / "environments"
    yield EnvironmentCache(folder, {}, NoKernel())
    for work in folder.glob("*.building"):
        process = Slot(folder, work.name[:64]).work.holder(BUILDER)
        if process is not None:
            process.kill()
            process.wait(10)


def environment(*pins: str, python: str = PYTHON, platform: str = HERE, **more: Any) -> Environment:
    """One with these packages of an index, and what else is named."""
    packages = [Package(name=name, version=version) for name, _, version in (pin.partition("==") for pin in pins)]
    return Environment(python=python, platform=platform, packages=[*packages, *more.pop("packages", [])], **more)


def slot(cache: EnvironmentCache, of: Environment) -> Slot:
    """Its place in the cache."""
    return Slot(cache._folder, of.digest)


def built(cache: EnvironmentCache, of: Environment) -> EnvironmentState:
    """Rebuild it, and wait for it."""
    return cache.wait(of, SNAPSHOT, lambda line: None)


def python(state: EnvironmentState, code: str) -> str:
    """What a rebuilt environment's interpreter prints."""
    command = [str(Path(state.folder, "bin", "python")), "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def until(what: Callable[[], Any], seconds: float = 30) -> Any:
    """What a look gives as soon as it gives something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)
    return found

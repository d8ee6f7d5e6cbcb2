"""Virtual environments, what is in them, and kernelspecs that lead there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from jupyter_mlops.backends.environments.capture import KernelProbe
from jupyter_mlops.domain.environment import Captured, Environment, Package

Kernel = Callable[..., str]


def uv(*arguments: str | Path) -> None:
    """Run uv."""
    subprocess.run([find_uv_bin(), "--quiet", *arguments], check=True, timeout=120)


def venv(folder: Path) -> Path:
    """An empty one of this Python."""
    uv("venv", "--python", sys.executable, folder)
    return folder


def python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def site_of(folder: Path) -> Path:
    return next((folder / "lib").glob("python*")) / "site-packages"


def installed(site: Path, name: str, version: str, origin: dict[str, Any] | None = None, installer: str = "") -> Path:
    """As little of a distribution as an installer leaves."""
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))
    if installer:
        (info / "INSTALLER").write_text(installer + "\n")
    return info


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """Writes a kernelspec."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))

    def write(name: str, *argv: str | Path, language: str = "python", **more: Any) -> str:
        folder = tmp_path / "jupyter" / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        spec = {"argv": [str(word) for word in argv], "display_name": name, "language": language, **more}
        (folder / "kernel.json").write_text(json.dumps(spec))
        return name

    return write


def started(python: str | Path) -> tuple[str | Path, ...]:
    """How a kernelspec starts a kernel with an interpreter."""
    return python, "-m", "ipykernel_launcher", "-f", "{connection_file}"


@pytest.fixture
def probe(tmp_path: Path) -> KernelProbe:
    """One that has kept nothing yet."""
    return KernelProbe(tmp_path / "wheels")


@pytest.fixture
def one(tmp_path: Path, kernel: Kernel) -> Path:
    """A venv, and the kernel `one` in it."""
    folder = venv(tmp_path / "one")
    kernel("one", *started(python_of(folder)))
    return folder


def environment(captured: Captured) -> Environment:
    """The one that was captured, for it could be."""
    assert captured.environment is not None, captured.notes
    return captured.environment


def packages(captured: Captured) -> dict[str, Package]:
    """By name."""
    return {package.name: package for package in environment(captured).packages}

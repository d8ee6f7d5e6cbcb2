"""Promise: what is installed where a kernel runs is known in less than a second, beside pip's and uv's own lists."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

from jupyter_mlops.backends.environments.capture import KernelProbe
from jupyter_mlops.services import Services
from jupyter_mlops.testing import NotebookFactory
from tests.benchmarks.measuring import median, say

pytestmark = pytest.mark.benchmark

PACKAGES = 200
ROUNDS = 7
PROMISE = 1.0


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A venv with pip and 200 distributions, one of them an editable folder; the kernel `many` runs in it."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    description = "A line of its description, as long as such lines are.\n" * 200
    have = len(list(site.glob("*.dist-info")))
    for number in range(PACKAGES - have - 1):
        info = site / f"package_{number}-1.{number}.dist-info"
        info.mkdir()
        needs = "".join(f"Requires-Dist: package-{other}>=1.0\n" for other in range(max(0, number - 5), number))
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: package-{number}\nVersion: 1.{number}\n{needs}\n{description}"
        )
        (info / "RECORD").write_text(f"{info.name}/METADATA,,\n")
        (info / "INSTALLER").write_text("pip\n")
    source = tmp_path / "own"
    (source / "own").mkdir(parents=True)
    (source / "own" / "__init__.py").touch()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "own"\nversion = "1.0"\n'
    )
    python = folder / "bin" / "python"
    install: list[str | Path] = [find_uv_bin(), "pip", "install", "--quiet", "--python", python, "--editable", source]
    subprocess.run(install, check=True, timeout=120)
    kernels = tmp_path / "jupyter" / "kernels" / "many"
    kernels.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernels / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "many", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return folder


def seconds(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def test_capture_of_an_environment(environment: Path, tmp_path: Path) -> None:
    python = environment / "bin" / "python"
    probe = KernelProbe(tmp_path / "wheels")

    def run(*command: str | Path) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # The first one builds the wheel of the editable folder.
    cold = seconds(lambda: probe.capture("many"))
    captured, stamp = probe.capture_stamped("many")
    assert captured.environment is not None
    assert len(captured.environment.packages) == PACKAGES
    assert list(captured.wheels) == ["own"]

    took: dict[str, list[float]] = {"ours": [], "pip": [], "uv": [], "stamp": []}
    for _ in range(ROUNDS):
        took["ours"].append(seconds(lambda: probe.capture("many")))
        took["pip"].append(seconds(run(python, "-m", "pip", "freeze")))
        took["uv"].append(seconds(run(find_uv_bin(), "pip", "freeze", "--python", python)))
        took["stamp"].append(seconds(stamp.holds))
    assert stamp.holds()
    ours, pip, uv = (median(took[name]) for name in ("ours", "pip", "uv"))
    what = f"{PACKAGES} packages of a kernel, one of them editable"
    mine = f"{ours:.3f} s (the first time, with its build: {cold:.2f} s)"
    say(what, mine, f"pip freeze: {pip:.3f} s", ours / pip, f"< {PROMISE:.0f} s", ours < PROMISE)
    say(what, f"{ours:.3f} s", f"uv pip freeze: {uv:.3f} s", ours / uv, f"< {PROMISE:.0f} s", ours < PROMISE)
    say("… whether they are still the same", f"{median(took['stamp']) * 1000:.2f} ms", "", None, "< 5 ms")
    assert ours < PROMISE


def test_a_snapshot_of_a_notebook(
    environment: Path, mlops_services: Services, mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    """The whole of it: notebook, imports, environment, git, and what MLflow writes; new each time, and known."""
    (mlops_root / "helper.py").write_text("x = 1")
    path = mlops_notebook("import helper", kernel="many")
    content = json.loads(path.read_text())

    def create(text: str) -> None:
        content["cells"][0]["source"] = text
        path.write_text(json.dumps(content))
        mlops_services.snapshots.create("train.ipynb", "ann")

    create("x = 0")  # imports MLflow, builds the wheel
    new = [seconds(lambda n=n: create(f"x = {n}")) for n in range(1, ROUNDS)]
    known = [seconds(lambda: create("x = 1")) for _ in range(ROUNDS)]
    python = environment / "bin" / "python"
    freeze = [python, "-m", "pip", "freeze"]
    pip = [seconds(lambda: subprocess.run(freeze, check=True, capture_output=True)) for _ in range(3)]
    for what, times in (("not kept before", new), ("kept before", known)):
        say(
            f"snapshot of a notebook with {PACKAGES} packages, {what}",
            f"{median(times):.3f} s",
            f"pip freeze alone: {median(pip):.3f} s",
            median(times) / median(pip),
            f"< {PROMISE:g} s",
            median(times) < PROMISE,
        )
    assert max(median(new), median(known)) < PROMISE

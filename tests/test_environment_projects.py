"""Packages of the person's own are kept as wheels, built from their folders or put together from what is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlops.backends.environments.capture import KernelProbe
from jupyter_mlops.backends.environments.members import in_wheel, wheel_content
from jupyter_mlops.backends.environments.wheels import _run
from jupyter_mlops.domain.environment import Captured, Package
from tests.venvs import Kernel, environment, installed, packages, python_of, site_of, started, uv, venv

BACKEND = """
import os, pathlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open(os.environ["BUILDS"], "a") as builds:
        builds.write("built\\n")
    if pathlib.Path("broken").exists():
        raise RuntimeError("no compiler here: //ann:secret@host")
    name = "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for file in sorted(pathlib.Path("demo").glob("*.py")):
            wheel.write(file, file.as_posix())
        wheel.writestr("demo-1.0.data/scripts/demo-tool", "#!python\\nprint(1)\\n")
        wheel.writestr("demo-1.0.data/data/share/demo/table.csv", "1\\n")
        wheel.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n")
        wheel.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("demo-1.0.dist-info/entry_points.txt", "[console_scripts]\\ndemo = demo:main\\n")
        wheel.writestr("demo-1.0.dist-info/RECORD", "".join(f"{n},,\\n" for n in wheel.namelist()))
    return name
"""


def project(folder: Path) -> Path:
    """A project whose build needs no network: its backend lies in it."""
    (folder / "demo").mkdir(parents=True)
    (folder / "demo" / "__init__.py").write_text("def main(): pass\n")
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "demo"\nversion = "1.0"\n'
    )
    return folder


def editable(site: Path, folder: Path) -> None:
    installed(site, "demo", "1.0", {"url": folder.as_uri(), "dir_info": {"editable": True}})
    (site / "demo.pth").write_text(f"{folder}\n")


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many builds there were."""
    log = tmp_path / "builds"
    log.touch()
    monkeypatch.setenv("BUILDS", str(log))
    return lambda: len(log.read_text().splitlines())


def test_an_editable_folder_becomes_a_wheel_and_a_warm_capture_builds_nothing(
    tmp_path: Path, one: Path, probe: KernelProbe, builds: Callable[[], int]
) -> None:
    source = project(tmp_path / "source")
    editable(site_of(one), source)
    first, stamp = probe.capture_stamped("one")
    package = packages(first)["demo"]
    assert (package.kind, package.version) == ("wheel", "1.0")
    assert wheel_content(Path(first.wheels["demo"])) == package.content
    assert "demo/__init__.py" in in_wheel(Path(first.wheels["demo"])).hashes
    assert first.notes == []
    assert builds() == 1

    # What does not go into a wheel builds nothing.
    (source / "study.ipynb").write_text("{}")
    (source / "results").mkdir()
    (source / "results" / "table.csv").write_text("1")
    assert probe.capture("one") == first
    assert builds() == 1

    module = source / "demo" / "__init__.py"
    text = module.read_text()
    module.write_text(text + "changed = True\n")
    assert not stamp.holds()
    assert packages(probe.capture("one"))["demo"].content != package.content
    assert builds() == 2
    module.write_text(text)
    assert packages(probe.capture("one"))["demo"] == package
    (source / "demo" / "added.py").touch()
    assert "demo/added.py" in in_wheel(Path(probe.capture("one").wheels["demo"])).hashes


def test_the_same_sources_elsewhere_give_the_same_digest(
    tmp_path: Path, one: Path, kernel: Kernel, builds: Callable[[], int]
) -> None:
    other = venv(tmp_path / "other")
    kernel("other", *started(python_of(other)))
    editable(site_of(one), project(tmp_path / "source"))
    clone = project(tmp_path / "far" / "clone")
    os.utime(clone / "demo" / "__init__.py", (1e9, 1e9))
    editable(site_of(other), clone)
    first = KernelProbe(tmp_path / "wheels").capture("one")
    assert environment(first).digest == environment(KernelProbe(tmp_path / "others").capture("other")).digest
    assert builds() == 2


def test_sources_are_kept_where_no_wheel_can_be_built(
    tmp_path: Path, one: Path, kernel: Kernel, probe: KernelProbe, builds: Callable[[], int]
) -> None:
    captured = {}
    other = venv(tmp_path / "other")
    kernel("other", *started(python_of(other)))
    for name, folder, home in (("one", one, "a"), ("other", other, "b")):
        source = project(tmp_path / home / "source")
        (source / "broken").touch()
        editable(site_of(folder), source)
        captured[name] = probe.capture(name)
    first = captured["one"]
    assert packages(first)["demo"].kind == "sources"
    assert environment(captured["other"]).digest == environment(first).digest
    assert Path(first.wheels["demo"]).name == "demo-1.0.tar.gz"
    assert Path(first.wheels["demo"]).read_bytes() == Path(captured["other"].wheels["demo"]).read_bytes()
    [note] = first.notes
    assert note.startswith("demo is installed from the folder")
    assert "no compiler here" in note
    assert "secret" not in note

    tried = builds()
    assert probe.capture("one") == first
    assert builds() == tried, "a build that failed is not tried at every snapshot"

    # The sources that were kept can be built where a compiler is.
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(first.wheels["demo"], unpacked, filter="data")
    assert (unpacked / "demo-1.0" / "demo" / "__init__.py").is_file()


def test_a_folder_is_built_once_however_many_ask(
    tmp_path: Path, one: Path, probe: KernelProbe, builds: Callable[[], int]
) -> None:
    editable(site_of(one), project(tmp_path / "source"))
    captured: list[Captured] = []
    threads = [threading.Thread(target=lambda: captured.append(probe.capture("one"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(captured) == 3
    assert captured[0] == captured[1] == captured[2]
    assert builds() == 1


def test_setuptools_leaves_nothing_in_the_folder(tmp_path: Path, one: Path, probe: KernelProbe) -> None:
    source = tmp_path / "source"
    (source / "legacy").mkdir(parents=True)
    (source / "legacy" / "__init__.py").write_text("")
    (source / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='legacy', version='0.3', packages=['legacy'])\n"
    )
    # As `setup.py develop` leaves it.
    info = source / "legacy.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: legacy\nVersion: 0.3\n")
    (site_of(one) / "easy-install.pth").write_text(f"{source}\n")
    before = sorted(path.name for path in source.iterdir())

    captured = probe.capture("one")
    assert packages(captured)["legacy"].kind == "wheel", captured.notes
    assert "legacy/__init__.py" in in_wheel(Path(captured.wheels["legacy"])).hashes
    assert sorted(path.name for path in source.iterdir()) == before


def test_what_was_installed_from_a_local_wheel_is_kept_though_the_wheel_is_gone(
    tmp_path: Path, one: Path, probe: KernelProbe, builds: Callable[[], int]
) -> None:
    uv("build", "--wheel", "--out-dir", tmp_path / "dist", project(tmp_path / "source"))
    wheel = tmp_path / "dist" / "demo-1.0-py3-none-any.whl"
    content = wheel_content(wheel)
    uv("pip", "install", "--python", python_of(one), wheel)
    wheel.unlink()

    captured = probe.capture("one")
    assert packages(captured)["demo"] == Package(name="demo", version="1.0", kind="wheel", content=content)
    kept = Path(captured.wheels["demo"])
    assert kept.name == "demo-1.0-py3-none-any.whl"
    assert wheel_content(kept) == content

    again = venv(tmp_path / "again")
    uv("pip", "install", "--python", python_of(again), kept)
    assert {"demo", "demo-tool"} <= {path.name for path in (again / "bin").iterdir()}
    assert (again / "share" / "demo" / "table.csv").read_text() == "1\n"
    assert builds() == 1


def test_a_projects_ignored_files_do_not_count(
    tmp_path: Path, one: Path, probe: KernelProbe, builds: Callable[[], int]
) -> None:
    source = project(tmp_path / "source")
    (source / ".gitignore").write_text("scratch.py\n")
    subprocess.run(["git", "init", "--quiet"], cwd=source, check=True)
    editable(site_of(one), source)
    first = probe.capture("one")
    (source / "scratch.py").write_text("1")
    assert probe.capture("one") == first
    assert builds() == 1


def test_installed_files_that_were_edited_are_kept_as_they_are(
    tmp_path: Path, one: Path, probe: KernelProbe, builds: Callable[[], int]
) -> None:
    source = project(tmp_path / "source")
    uv("pip", "install", "--python", python_of(one), source)
    first = probe.capture("one")
    assert packages(first)["demo"].kind == "wheel"
    # The folder may go on; what is installed is what runs.
    (source / "demo" / "__init__.py").write_text("new = True\n")
    assert probe.capture("one") == first
    (site_of(one) / "demo" / "__init__.py").unlink()
    (site_of(one) / "demo" / "__init__.py").write_text("patched = True\n")
    patched = KernelProbe(tmp_path / "other wheels").capture("one")
    assert packages(patched)["demo"].content != packages(first)["demo"].content
    assert wheel_content(Path(patched.wheels["demo"])) == packages(patched)["demo"].content


def test_a_build_that_takes_too_long_ends_with_all_that_it_started(tmp_path: Path) -> None:
    late = tmp_path / "late"
    began = time.monotonic()
    assert _run(["sh", "-c", f"(sleep 3; touch {late}) & sleep 60"], dict(os.environ), 0.2) == (None, "")
    time.sleep(max(0.0, began + 3.5 - time.monotonic()))
    assert not late.exists()

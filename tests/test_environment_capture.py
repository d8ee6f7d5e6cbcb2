"""Environments as kernels' own interpreters say them: real venvs, real builds, kernelspecs written by hand."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uv import find_uv_bin

from jupyter_mlops.backends.environments import interpreter
from jupyter_mlops.backends.environments.capture import PROBE, KernelProbe, Stamp
from jupyter_mlops.backends.environments.indexes import configured_indexes
from jupyter_mlops.backends.environments.members import in_wheel, wheel_content
from jupyter_mlops.backends.environments.wheels import _run
from jupyter_mlops.domain.environment import Captured, Environment, Package, assembled, normalised, public_address
from jupyter_mlops.domain.errors import Invalid

Kernel = Callable[..., str]

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


def uv(*arguments: str | Path) -> None:
    subprocess.run([find_uv_bin(), "--quiet", *arguments], check=True, timeout=120)


def venv(folder: Path) -> Path:
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
    return python, "-m", "ipykernel_launcher", "-f", "{connection_file}"


@pytest.fixture
def probe(tmp_path: Path) -> KernelProbe:
    return KernelProbe(tmp_path / "wheels")


@pytest.fixture
def one(tmp_path: Path, kernel: Kernel) -> Path:
    """A venv, and the kernel `one` in it."""
    folder = venv(tmp_path / "one")
    kernel("one", *started(python_of(folder)))
    return folder


def environment(captured: Captured) -> Environment:
    assert captured.environment is not None, captured.notes
    return captured.environment


def packages(captured: Captured) -> dict[str, Package]:
    return {package.name: package for package in environment(captured).packages}


# The same content, the same digest


def test_the_same_packages_in_two_places_are_one_environment(tmp_path: Path, kernel: Kernel, one: Path) -> None:
    other = venv(tmp_path / "elsewhere" / "other")
    kernel("other", *started(python_of(other)))
    uv("pip", "install", "--python", python_of(one), "iniconfig==2.0.0", "idna==3.10")
    uv("pip", "install", "--python", python_of(other), "idna==3.10")
    uv("pip", "install", "--python", python_of(other), "iniconfig==2.0.0")
    probe = KernelProbe(tmp_path / "wheels")

    first, stamp = probe.capture_stamped("one")
    assert [(p.name, p.version, p.kind) for p in environment(first).packages] == [
        ("idna", "3.10", "index"),
        ("iniconfig", "2.0.0", "index"),
    ]
    assert environment(first).python == ".".join(map(str, sys.version_info[:3]))
    assert environment(KernelProbe(tmp_path / "other wheels").capture("other")).digest == environment(first).digest

    assert stamp.holds()
    assert msgspec.json.decode(msgspec.json.encode(stamp), type=Stamp).holds()
    uv("pip", "install", "--python", python_of(one), "six==1.16.0")
    assert not stamp.holds()
    assert environment(probe.capture("one")).digest != environment(first).digest
    uv("pip", "uninstall", "--python", python_of(one), "six")
    assert environment(probe.capture("one")) == environment(first)


words = st.text("abcxyz-_.09", min_size=1, max_size=8)
some_packages = st.lists(
    st.builds(Package, name=words.map(normalised), version=words, kind=st.sampled_from(["index", "vcs"]), url=words),
    unique_by=lambda package: package.name,
)


@given(some_packages, st.lists(words), st.randoms())
def test_the_order_of_discovery_is_not_in_the_digest(found: list[Package], conda: list[str], chance: Any) -> None:
    def digest() -> str:
        return assembled(
            python="3.12.4", implementation="cpython", platform="linux-x86_64", packages=found, conda=conda
        ).digest

    before = digest()
    chance.shuffle(found)
    chance.shuffle(conda)
    assert digest() == before


def test_our_own_kernel(kernel: Kernel) -> None:
    """`python` means the interpreter that Jupyter itself runs with."""
    command, variables = interpreter.command(interpreter.kernelspec(kernel("native", *started("python"))))
    assert command == [sys.executable]
    assert variables["PATH"] == os.environ["PATH"]


# What counts as installed


def test_the_first_of_a_name_on_the_path_wins(tmp_path: Path, one: Path, kernel: Kernel, probe: KernelProbe) -> None:
    installed(site_of(one), "Foo_Bar.baz", "1.0")
    installed(site_of(one), "~ip", "23.0")
    (site_of(one) / "empty-1.0.dist-info").mkdir()
    before = tmp_path / "before"
    installed(before, "foo-bar-baz", "2.0+cu121")
    (before / "old-3.1-py3.11.egg-info").write_text("Name: old\nVersion: 3.1\n")
    odd = before / "odd.dist-info"
    odd.mkdir()
    (odd / "METADATA").write_text("Metadata-Version: 2.1\nName: Odd\nVersion: 4\n\nVersion: 5\n")
    kernel("before", *started(python_of(one)), env={"PYTHONPATH": str(before), "SECRET": "hunter2"})

    found = {name: package.version for name, package in packages(probe.capture("before")).items()}
    assert found == {"foo-bar-baz": "2.0+cu121", "odd": "4", "old": "3.1"}
    assert b"hunter2" not in msgspec.json.encode(probe.capture_stamped("before"))
    assert [p.version for p in environment(probe.capture("one")).packages] == ["1.0"]


def test_a_folder_on_the_path_without_distributions_is_named(
    tmp_path: Path, one: Path, kernel: Kernel, probe: KernelProbe
) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "tools.py").touch()
    kernel("loose", *started(python_of(one)), env={"PYTHONPATH": str(loose)})
    assert str(loose) in " ".join(probe.capture("loose").notes)
    assert probe.capture("one").notes == []


def test_the_probe_is_read_by_old_pythons() -> None:
    ast.parse(PROBE.read_text(), feature_version=(3, 7))


# Where packages came from


@pytest.mark.parametrize(
    ("origin", "kind", "url", "content", "noted"),
    [
        (
            {"url": "https://ann:t0ken@git.example/x.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            "vcs",
            "git+https://git.example/x.git@c0ffee",
            "",
            True,
        ),
        (
            {
                "url": "ssh://git@git.example/x.git",
                "vcs_info": {"vcs": "git", "commit_id": "c0ffee"},
                "subdirectory": "python",
            },
            "vcs",
            "git+ssh://git@git.example/x.git@c0ffee#subdirectory=python",
            "",
            False,
        ),
        (
            {"url": "https://files.example/x.whl?X-Signature=t0ken", "archive_info": {"hash": "sha256=ab12"}},
            "archive",
            "https://files.example/x.whl",
            "ab12",
            True,
        ),
        (
            {"url": "https://files.example/x.tgz?raw=true", "archive_info": {"hashes": {"sha256": "ab12"}}},
            "archive",
            "https://files.example/x.tgz?raw=true",
            "ab12",
            False,
        ),
        ({"url": "file:///gone/x", "dir_info": {"editable": True}}, "index", "", "", True),
        ({"url": "file:///gone/x", "dir_info": {}}, "index", "", "", True),
    ],
)
def test_origins(
    origin: dict[str, Any], kind: str, url: str, content: str, noted: bool, one: Path, probe: KernelProbe
) -> None:
    installed(site_of(one), "x", "1.0", origin)
    captured = probe.capture("one")
    assert environment(captured).packages == [Package(name="x", version="1.0", kind=kind, url=url, content=content)]  # type: ignore[arg-type]
    assert bool(captured.notes) is noted
    assert all("x " in note for note in captured.notes)
    assert b"t0ken" not in msgspec.json.encode(captured)


@given(st.from_regex(r"[a-z0-9]{8}", fullmatch=True), st.sampled_from(["https", "git+https", "http", "ssh"]))
def test_no_password_stays_in_an_address(secret: str, scheme: str) -> None:
    for url in (f"{scheme}://ann:{secret}@host.example/a", f"{scheme}://host.example/t/{secret}/a?sig={secret}"):
        address, removed = public_address(url)
        assert removed
        assert secret not in address.removeprefix(scheme)


def test_conda_says_what_it_installed(one: Path, probe: KernelProbe) -> None:
    site = site_of(one)
    records = one / "conda-meta"
    records.mkdir()
    inside = site.relative_to(one).as_posix()
    for name, build in (("numpy", "py312_0"), ("attrs", "0"), ("idna", "0")):
        record = {
            "name": name,
            "url": f"https://conda.example/t/t0ken/main/linux-64/{name}-2.0-{build}.conda",
            "md5": f"md5of{name}",
            "files": [f"{inside}/{name}-2.0.dist-info/METADATA"],
        }
        (records / f"{name}-2.0-{build}.json").write_text(json.dumps(record))
    (records / "history").touch()
    installed(site, "numpy", "2.0", installer="conda")
    installed(site, "attrs", "2.0")
    installed(site, "idna", "3.0", installer="pip")
    installed(site, "six", "1.0", installer="pip")

    captured = probe.capture("one")
    assert environment(captured).conda == [
        "https://conda.example/main/linux-64/attrs-2.0-0.conda#md5ofattrs",
        "https://conda.example/main/linux-64/idna-2.0-0.conda#md5ofidna",
        "https://conda.example/main/linux-64/numpy-2.0-py312_0.conda#md5ofnumpy",
    ]
    assert {p.name: p.version for p in environment(captured).packages} == {"idna": "3.0", "six": "1.0"}
    assert any("conda package numpy" in note for note in captured.notes)
    assert b"t0ken" not in msgspec.json.encode(captured)


# Packages of the person's own


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


# Kernels that cannot be asked, and those that are started in roundabout ways


@pytest.mark.parametrize(
    ("argv", "more", "why"),
    [
        (["R", "--slave"], {"language": "R"}, "only Python kernels can be asked."),
        (["docker", "run", "image", "python", "-m", "ipykernel"], {}, "docker runs it where"),
        (["/nowhere/bin/python", "-m", "ipykernel"], {}, "/nowhere/bin/python is not there"),
        (["bash", "-c", "start"], {}, "no Python is to be seen"),
        ([], {}, "names no program"),
        (
            ["python", "-m", "ipykernel"],
            {"metadata": {"kernel_provisioner": {"provisioner_name": "far"}}},
            "another machine",
        ),
    ],
)
def test_a_kernel_that_cannot_be_asked(
    argv: list[str], more: dict[str, Any], why: str, kernel: Kernel, probe: KernelProbe
) -> None:
    captured, stamp = probe.capture_stamped(kernel("strange", *argv, **more))
    assert captured.environment is None
    [note] = captured.notes
    assert note.startswith("The packages of kernel 'strange' (")
    assert why in note
    assert stamp.holds()


def test_an_interpreter_that_breaks(tmp_path: Path, kernel: Kernel, probe: KernelProbe) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho loading\necho 'libpython is gone' >&2\nexit 3\n")
    broken.chmod(0o755)
    captured = probe.capture(kernel("broken", *started(broken)))
    assert captured.environment is None
    assert "libpython is gone" in captured.notes[0]


def test_a_kernel_that_is_not_installed(kernel: Kernel, probe: KernelProbe) -> None:
    kernel("mine", "python")
    with pytest.raises(Invalid, match=r"'yours' is not installed here\. Installed: .*mine.*\. Install it or choose"):
        probe.capture("yours")


def test_wrapped_interpreters(tmp_path: Path, one: Path, kernel: Kernel, probe: KernelProbe) -> None:
    installed(site_of(one), "six", "1.0")
    direct = environment(probe.capture("one"))
    python = python_of(one)
    chatty = tmp_path / "chatty"
    chatty.write_text('#!/bin/sh\necho activated\nexec "$@"\n')
    chatty.chmod(0o755)
    for argv in (
        ["/usr/bin/env", "A=1", python, "-m", "ipykernel_launcher"],
        [python, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"],
        [chatty, *started(python)],
        [python, "launcher.py", "-f", "{connection_file}"],
        ["{resource_dir}/../../../one/bin/python", "-m", "ipykernel_launcher"],
    ):
        captured = probe.capture(kernel("wrapped", *argv))
        assert environment(captured) == direct
        assert Path(captured.interpreter).parent.samefile(python.parent)


# Indexes


def test_indexes_are_shown_without_credentials(tmp_path: Path) -> None:
    home, prefix = tmp_path / "home", tmp_path / "prefix"
    for file, text in {
        prefix / "pip.conf": "[global]\nindex-url = https://ann:t0ken@site.example/simple\n",
        home / ".config/pip/pip.conf": "[install]\nextra_index_url =\n  https://a.example/s\n  https://b.example/s\n",
        home / ".config/uv/uv.toml": '[[index]]\nurl = "https://uv.example/simple"\n',
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    variables = {
        "HOME": str(home),
        "XDG_CONFIG_DIRS": str(tmp_path / "none"),
        "UV_INDEX": "mine=https://bob:t0ken@named.example/simple https://a.example/s",
        "PIP_INDEX_URL": "https://env.example/simple",
        "OTHER": "https://other.example",
    }
    indexes, notes = configured_indexes(prefix, variables)
    assert [index for index in indexes if ".example" in index] == [
        "https://env.example/simple",
        "https://named.example/simple",
        "https://a.example/s",
        "https://b.example/s",
        "https://site.example/simple",
        "https://uv.example/simple",
    ]
    assert "the variable UV_INDEX" in notes[0]
    assert str(prefix / "pip.conf") in notes[1]
    assert "t0ken" not in str((indexes, notes))

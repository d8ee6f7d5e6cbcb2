"""Environments as kernels' own interpreters say them: real venvs, and kernelspecs written by hand."""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.backends.environments import interpreter
from jupyter_mlops.backends.environments.capture import PROBE, KernelProbe, Stamp
from jupyter_mlops.backends.environments.indexes import configured_indexes
from jupyter_mlops.domain.environment import Package, assembled, normalised, public_address
from jupyter_mlops.domain.errors import Invalid
from tests.venvs import Kernel, environment, installed, packages, python_of, site_of, started, uv, venv

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

"""Environments that cannot be rebuilt: which package it is, why, and what can be done, in words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_mlops.backends.environments import refusals
from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.domain.environment import Package
from jupyter_mlops.domain.errors import Unavailable

if TYPE_CHECKING:
    pass
from tests.package_index import Index, wheel
from tests.rebuilt import PYTHON, SNAPSHOT, NoKernel, built, environment, slot


def test_packages_that_the_index_lacks_are_all_named(cache: EnvironmentCache, index: Index) -> None:
    of = environment("alpha==1.0", "beta==9.9", "nobodys==1.0", "onlyother==1.0")
    with pytest.raises(Unavailable) as error:
        built(cache, of)
    said = str(error.value)
    assert "beta 9.9 (no index has that version)" in said
    assert "nobodys 1.0 (no index has a package of that name)" in said
    assert "onlyother 1.0 (there is no build of it for this platform)" in said
    assert "alpha" not in said
    assert "UV_INDEX" in said
    assert "t0ken" not in said
    state = cache.state(of.digest)
    assert (state.status, state.message) == ("failed", said)
    assert not slot(cache, of).finished.exists()

    index.files |= dict([wheel("beta", "9.9"), wheel("nobodys", "1.0"), wheel("onlyother", "1.0")])
    (Path(os.environ["UV_CACHE_DIR"])).rename(Path(os.environ["UV_CACHE_DIR"]).with_name("old"))
    assert built(cache, of).status == "ready"


def test_told_to_work_offline(cache: EnvironmentCache, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    built(cache, environment("alpha==1.0"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(Unavailable, match=r"UV_OFFLINE.*not in uv's cache: beta 1\.0 \(.*gamma 1\.0 \(") as error:
        built(cache, environment("alpha==1.0", "beta==1.0", "gamma==1.0"))
    assert "alpha" not in str(error.value)


def test_an_index_that_does_not_answer(cache: EnvironmentCache, index: Index) -> None:
    built(cache, environment("alpha==1.0", "beta==1.0"))
    index.close()
    with pytest.raises(Unavailable, match=r"index does not answer.*not in uv's cache: gamma 1\.0 \(") as error:
        built(cache, environment("alpha==1.0", "gamma==1.0"))
    assert "t0ken" not in str(error.value)
    # What is in the cache needs no index.
    assert built(cache, environment("beta==1.0")).status == "ready"


def test_a_python_that_is_not_there(cache: EnvironmentCache, index: Index) -> None:
    with pytest.raises(Unavailable, match=r"3\.99\.1 is not on this machine, nor another 3\.99: .*UV_PYTHON_DOW"):
        built(cache, environment("alpha==1.0", python="3.99.1"))


def test_another_patch_of_python_will_do_and_is_told(cache: EnvironmentCache, index: Index) -> None:
    line = ".".join(PYTHON.split(".")[:2])
    lines: list[str] = []
    state = cache.wait(environment("alpha==1.0", python=f"{line}.99"), SNAPSHOT, lines.append)
    assert state.python.startswith(f"{line}.")
    assert state.python != f"{line}.99"
    assert f"Python {line}.99 is not on this machine" in state.message
    assert state.message.split(" It holds")[0] in lines


def test_another_platform_is_told_first(cache: EnvironmentCache, index: Index) -> None:
    lines: list[str] = []
    assert cache.wait(environment("alpha==1.0", platform="sunos5-sparc"), SNAPSHOT, lines.append).status == "ready"
    assert lines[0].startswith("The snapshot was taken on sunos5-sparc and this machine is")
    with pytest.raises(Unavailable, match=r"^The snapshot was taken on sunos5-sparc.*onlyother 1\.0"):
        built(cache, environment("onlyother==1.0", platform="sunos5-sparc"))


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    of = environment("alpha==1.0")
    cache = EnvironmentCache(tmp_path / "file" / "environments", {}, NoKernel())
    assert cache.state(of.digest).status == "absent"
    assert cache.known() == []
    with pytest.raises(Unavailable, match=r"cannot be rebuilt: .*Make room or mend the permissions"):
        cache.start(of, SNAPSHOT)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (
            (
                "error: Failed to install: networkx-3.4-py3-none-any.whl (networkx==3.4)\n"
                "  cause: failed to copy file: No space left on device (os error 28)"
            ),
            "The disk is full.",
        ),
        (
            (
                "Resolved 2 packages in 162ms\nerror: Failed to build `numpy==1.11.0`\n"
                "  cause: The build backend returned an error\n\n         [stderr]\n"
                "         NameError: name 'CCompiler' is not defined.\n\nhint: Build failures usually indicate"
            ),
            "The package numpy 1.11.0 could not be built from its sources: NameError: name 'CCompiler' is not defined.",
        ),
        (
            (
                "error: Failed to download and build `six @ git+https://git.example/six.git@0000`\n"
                "  cause: Git operation failed\n         --- stderr\n"
                "         fatal: unable to access 'https://git.example/six.git/': Failed to connect"
            ),
            "The package six 1.16.0 cannot be fetched. The address it came from does not answer, or has it no more",
        ),
        (
            (
                "error: Failed to fetch: https://files.example/six-1.16.0.tar.gz\n"
                "  cause: HTTP status client error (404 Not Found) for url (https://files.example/six-1.16.0.tar.gz)"
            ),
            "The package six 1.16.0 cannot be fetched.",
        ),
        ("error: something new\n  cause: of an unknown kind", "The environment cannot be installed: of an unknown"),
    ],
)
def test_other_errors_of_uv_in_words(output: str, says: str) -> None:
    packages = [
        Package(name="networkx", version="3.4"),
        Package(name="numpy", version="1.11.0"),
        Package(name="six", version="1.16.0", kind="vcs", url="git+https://git.example/six.git@0000"),
    ]
    assert refusals.refusal(output) is None
    assert refusals.other(output, packages).message.startswith(says)


@pytest.mark.parametrize(
    ("output", "name", "kind"),
    [
        ("Because there is no version of a.b-c==99 and you require a.b-c==99, we", "a-b-c", "gone"),
        ("Because there are no versions of six and you require six, we", "six", "gone"),
        ("Because pywin32==306 has no wheels with a matching platform tag (e.g., `x`) and", "pywin32", "platform"),
        ("Because tensorflow==2.10.0 has no wheels with a matching Python ABI tag (e.g.", "tensorflow", "platform"),
        (
            (
                "Because the current Python version (3.9.1) does not satisfy Python>=3.11 and pandas==3.0.0 depends on "
                "Python>=3.11, we can conclude that pandas==3.0.0 cannot be used."
            ),
            "pandas",
            "platform",
        ),
    ],
)
def test_refusals_of_uv(output: str, name: str, kind: str) -> None:
    found = refusals.refusal(f"error: No solution found when resolving dependencies\n  cause: {output}")
    assert found is not None
    assert (found.name, found.kind) == (name, kind)

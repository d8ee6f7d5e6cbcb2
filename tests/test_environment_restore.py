"""Environments rebuilt by real uv from a package index of the test's own, in processes of their own."""

from __future__ import annotations

import subprocess
import threading
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager

from jupyter_mlops.backends.environments import commands
from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.backends.environments.slot import BUILDER
from jupyter_mlops.domain.environment import EnvironmentState
from jupyter_mlops.domain.errors import Conflict
from jupyter_mlops.worker import restore

if TYPE_CHECKING:
    pass
from tests.package_index import Index, wheel
from tests.rebuilt import PYTHON, SNAPSHOT, built, environment, python, slot, until

# Built, and built no more


def test_an_environment_is_rebuilt_and_found_again(cache: EnvironmentCache, index: Index) -> None:
    of = environment("alpha==1.0", "beta==1.0")
    assert cache.state(of.digest) == EnvironmentState(
        digest=of.digest, status="absent", folder=str(slot(cache, of).finished)
    )
    lines: list[str] = []
    state = cache.wait(of, SNAPSHOT, lines.append)
    assert (state.status, state.python, state.packages) == ("ready", PYTHON, 2)
    assert state.size > 0
    assert [line for line in lines if "package" in line] == [
        "Looking for 2 packages…",
        "Found 2 packages.",
        "Installing 2 packages…",
        "Installed 2 packages.",
    ]
    assert python(state, "import alpha; print(alpha.__version__)") == "1.0"
    # Its commands work where it is now, not where it was built.
    said = subprocess.run([Path(state.folder, "bin", "beta-says")], capture_output=True, text=True, check=True).stdout
    assert said == "beta 1.0\n"
    assert python(state, "import sys; print(sys.prefix)") == state.folder
    assert [path.name for path in cache._folder.iterdir()] == [of.digest]

    asked = len(index.asked)
    assert built(cache, of).status == "ready"
    assert cache.start(of, SNAPSHOT).status == "ready"
    assert len(index.asked) == asked
    assert [known.digest for known in cache.known()] == [of.digest]


def test_many_at_once_build_it_once(cache: EnvironmentCache, index: Index) -> None:
    """As the trials of a sweep do."""
    of = environment("slow==1.0")
    ends: list[EnvironmentState] = []
    waiting = [threading.Thread(target=lambda: ends.append(built(cache, of))) for _ in range(6)]
    for each in waiting:
        each.start()
    until(lambda: "slow" in index.asked)
    builder = slot(cache, of).work.holder(BUILDER)
    state = cache.start(of, SNAPSHOT)
    assert (state.status, state.message, state.python) == ("building", "Looking for 1 package…", PYTHON)
    assert slot(cache, of).work.holder(BUILDER) == builder
    assert restore.main([SNAPSHOT, str(cache._folder), of.digest]) == restore.RUNS_ALREADY
    index.gate.set()
    for each in waiting:
        each.join(60)
    assert [end.status for end in ends] == ["ready"] * 6
    assert index.asked.count("slow-1.0-py3-none-any.whl") == 1
    assert [path.name for path in cache._folder.iterdir()] == [of.digest]


def test_a_builder_that_is_killed_leaves_nothing_and_the_next_one_succeeds(
    cache: EnvironmentCache, index: Index
) -> None:
    of = environment("alpha==1.0", "slow==1.0")
    cache.start(of, SNAPSHOT)
    until(lambda: "slow" in index.asked)
    builder = slot(cache, of).work.holder(BUILDER)
    assert builder is not None
    started = until(lambda: [each for each in builder.children(recursive=True) if "pip" in each.cmdline()])
    builder.kill()
    _, alive = psutil.wait_procs([builder, *started], timeout=20)
    assert not alive, "uv outlived its builder"

    state = cache.state(of.digest)
    assert not slot(cache, of).finished.exists()
    assert state.status == "failed"
    assert state.message.startswith("Its rebuild was broken off at: Looking for 2 packages…")
    left = list(slot(cache, of).work.folder.glob("prefix-*"))
    assert left

    index.gate.set()
    assert built(cache, of).status == "ready"
    assert [path.name for path in cache._folder.iterdir()] == [of.digest]


def test_what_was_installed_afterwards_is_noticed_and_put_right(cache: EnvironmentCache, index: Index) -> None:
    of = environment("alpha==1.0")
    state = built(cache, of)
    target = str(Path(state.folder, "bin", "python"))
    commands.run([commands.uv_program(), "pip", "install", "--no-deps", "--python", target, "gamma==1.0"])
    changed = cache.state(of.digest)
    assert changed.status == "failed"
    assert changed.message.startswith("Packages were installed into it or removed from it since: gamma-1.0.")
    assert built(cache, of).status == "ready"
    assert python(state, "import importlib.util as u; print(u.find_spec('gamma'))") == "None"
    assert [path.name for path in cache._folder.iterdir()] == [of.digest]


def test_a_python_that_was_removed_is_noticed(cache: EnvironmentCache, index: Index) -> None:
    of = environment("alpha==1.0")
    executable = Path(built(cache, of).folder, "bin", "python")
    executable.unlink()
    executable.symlink_to("/nowhere/python")
    assert "was removed from this machine" in cache.state(of.digest).message
    assert built(cache, of).status == "ready"


# As a kernel of Jupyter's


def needed_by(name: str) -> dict[str, str]:
    """A package that is installed here and all that it needs, with their versions."""
    from packaging.requirements import Requirement

    found: dict[str, str] = {}
    left = [name]
    while left:
        one = left.pop()
        if one in found:
            continue
        found[one] = metadata.version(one)
        needs = [Requirement(text) for text in metadata.requires(one) or []]
        left += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found


def test_its_kernel_runs_and_is_registered_again_and_removed(cache: EnvironmentCache) -> None:
    """The one test with a real index: a kernel needs some twenty packages."""
    from jupyter_client.manager import start_new_kernel

    of = environment(*(f"{name}=={version}" for name, version in needed_by("ipykernel").items()))
    state = built(cache, of)
    assert state.message == ""
    assert state.kernel == f"mlops-{of.digest[:12]}"
    assert KernelSpecManager().get_kernel_spec(state.kernel).display_name == (
        f"Python {PYTHON} · snapshot env {of.digest[:12]}"
    )

    manager, client = start_new_kernel(kernel_name=state.kernel, startup_timeout=60)
    try:
        answer = client.execute_interactive(
            "import sys", user_expressions={"prefix": "sys.prefix"}, timeout=60, output_hook=lambda message: None
        )
        said = answer["content"]["user_expressions"]["prefix"]["data"]["text/plain"]
        assert Path(said.strip("'")).samefile(state.folder)
        with pytest.raises(Conflict, match="runs as process"):
            cache.prune([of.digest], 0)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()

    file = Path(KernelSpecManager().find_kernel_specs()[state.kernel], "kernel.json")
    before = file.read_bytes()
    for broken in (b"{}", None):
        if broken is None:
            file.unlink()
        else:
            file.write_bytes(broken)
        assert cache.state(of.digest).kernel == state.kernel
        assert file.read_bytes() == before

    assert [each.digest for each in cache.prune([of.digest], 0)] == [of.digest]
    assert state.kernel not in KernelSpecManager().find_kernel_specs()


def test_no_kernel_without_ipykernel(cache: EnvironmentCache, index: Index) -> None:
    state = built(cache, environment("alpha==1.0"))
    assert (state.kernel, state.message) == ("", "It holds no ipykernel: notebooks cannot run in it.")
    assert KernelSpecManager().find_kernel_specs().keys().isdisjoint({f"mlops-{state.digest[:12]}"})


def test_a_folder_of_kernels_that_cannot_be_written(
    cache: EnvironmentCache, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.files["ipykernel-1.0-py3-none-any.whl"] = wheel("ipykernel", "1.0", **{"ipykernel_launcher.py": ""})[1]
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file"))
    state = built(cache, environment("ipykernel==1.0"))
    assert (state.status, state.kernel) == ("ready", "")
    assert "cannot be registered as a kernel" in state.message

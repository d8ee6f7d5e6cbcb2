"""Environments rebuilt by real uv from a package index of the test's own, in processes of their own."""

from __future__ import annotations

import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from click.testing import CliRunner
from jupyter_client.kernelspec import KernelSpecManager

from jupyter_mlops.backends.base import SnapshotContents
from jupyter_mlops.backends.environments import commands, members, refusals
from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.backends.environments.record import RECORD
from jupyter_mlops.backends.environments.slot import BUILDER, Slot
from jupyter_mlops.cli.environment import environment as environment_commands
from jupyter_mlops.cli.face import Face
from jupyter_mlops.domain.environment import Captured, Environment, EnvironmentState, Package
from jupyter_mlops.domain.errors import Conflict, Invalid, NotFound, Unavailable
from jupyter_mlops.domain.snapshot import Manifest, Sighting
from jupyter_mlops.services.environments import Environments
from jupyter_mlops.worker import restore

if TYPE_CHECKING:
    from jupyter_mlops.backends.tracking.store import MlflowTracking

SNAPSHOT = "5" * 64
HERE = f"{sys.platform}-{platform.machine().lower()}"
PYTHON = platform.python_version()


def wheel(name: str, version: str, **files: str) -> tuple[str, bytes]:
    """A wheel with a module of that name, and a command."""
    packed = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(packed, "w") as into:
        into.writestr(f"{name}.py", f"__version__ = {version!r}\ndef main():\n    print({name!r}, __version__)\n")
        for path, text in files.items():
            into.writestr(path, text)
        into.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        into.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        into.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name}-says = {name}:main\n")
        into.writestr(f"{info}/RECORD", "".join(f"{each},,\n" for each in into.namelist()))
    return f"{name}-{version}-py3-none-any.whl", packed.getvalue()


class Index:
    """A package index on this machine: what it has, what it was asked for, and a gate that lets nobody through."""

    def __init__(self) -> None:
        self.files = dict(wheel(name, "1.0") for name in ("alpha", "beta", "gamma", "slow"))
        self.files["onlyother-1.0-py3-none-win_amd64.whl"] = wheel("onlyother", "1.0")[1]
        self.asked: list[str] = []
        self.gate = threading.Event()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}/simple"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.rstrip("/").rpartition("/")[2]
        self.asked.append(name)
        if name == "slow":
            self.gate.wait(60)
        mine = [file for file in self.files if file.startswith(f"{name}-")]
        body = self.files.get(name) or "".join(f'<a href="/files/{file}">{file}</a>\n' for file in mine).encode()
        request.send_response(200 if body else 404)
        request.send_header("Content-Type", "text/html")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def close(self) -> None:
        self.gate.set()
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The only index there is, for a uv without any cache."""
    for name in [each for each in os.environ if each.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    made = Index()
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://ann:t0ken@{made.address}")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    yield made
    made.close()


class NoKernel:
    """A probe that nobody asks."""

    def capture(self, kernel: str) -> Captured:
        return Captured(environment=None, notes=[kernel])


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EnvironmentCache]:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    folder = tmp_path / "environments"
    yield EnvironmentCache(folder, {}, NoKernel())
    for work in folder.glob("*.building"):
        process = Slot(folder, work.name[:64]).work.holder(BUILDER)
        if process is not None:
            process.kill()
            process.wait(10)


def environment(*pins: str, python: str = PYTHON, platform: str = HERE, **more: Any) -> Environment:
    packages = [Package(name=name, version=version) for name, _, version in (pin.partition("==") for pin in pins)]
    return Environment(python=python, platform=platform, packages=[*packages, *more.pop("packages", [])], **more)


def slot(cache: EnvironmentCache, of: Environment) -> Slot:
    return Slot(cache._folder, of.digest)


def built(cache: EnvironmentCache, of: Environment) -> EnvironmentState:
    return cache.wait(of, SNAPSHOT, lambda line: None)


def python(state: EnvironmentState, code: str) -> str:
    command = [str(Path(state.folder, "bin", "python")), "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def until(what: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)
    return found


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


# What cannot be had


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


# What the snapshot keeps itself


class Store:
    """Files of packages, by name."""

    def __init__(self, **files: tuple[str, bytes]) -> None:
        self.files = files

    def fetch(self, package: str) -> tuple[str, bytes]:
        if package not in self.files:
            raise NotFound(f"keeps no files of {package!r}.")
        return self.files[package]


def content_of(tmp_path: Path, file: tuple[str, bytes]) -> str:
    (tmp_path / file[0]).write_bytes(file[1])
    return members.wheel_content(tmp_path / file[0])


def test_a_kept_wheel_is_installed(cache: EnvironmentCache, index: Index, tmp_path: Path) -> None:
    mine = wheel("mine", "0.1", **{"mine_data/table.csv": "1,2\n"})
    of = environment(
        "alpha==1.0", packages=[Package(name="mine", version="0.1", kind="wheel", content=content_of(tmp_path, mine))]
    )
    assert restore.restore(slot(cache, of), of, Store(mine=mine).fetch) == restore.READY
    state = cache.state(of.digest)
    assert python(state, "import mine, alpha; print(mine.__version__, alpha.__version__)") == "0.1 1.0"


def test_a_builder_gets_kept_wheels_from_mlflow(
    cache: EnvironmentCache, index: Index, tmp_path: Path, mlops_tracking: MlflowTracking
) -> None:
    name, content = wheel("mine", "0.1")
    (tmp_path / name).write_bytes(content)
    package = Package(name="mine", version="0.1", kind="wheel", content=members.wheel_content(tmp_path / name))
    of = environment(packages=[package])
    manifest = Manifest(notebook="0" * 64, name="a.ipynb", kernel="python3", language="python", environment=of)
    contents = SnapshotContents(notebook=b"{}", packages={"mine": tmp_path / name})
    seen = Sighting(notebook="a.ipynb", user="ann", taken=1)
    snapshot = mlops_tracking.snapshots.keep(manifest, contents, seen, tmp_path / "a.ipynb").digest
    with_store = EnvironmentCache(cache._folder, mlops_tracking.environment(), NoKernel())

    lines: list[str] = []
    state = with_store.wait(of, snapshot, lines.append)
    assert "Fetching mine 0.1 from the snapshot…" in lines
    assert python(state, "import mine; print(mine.__version__)") == "0.1"

    # By hand, the program needs no more than the snapshot's digest.
    with_store.prune([], 0)
    program = [sys.executable, "-m", "jupyter_mlops.worker.restore", snapshot, str(cache._folder)]
    for _ in range(2):
        subprocess.run(program, env={**os.environ, **mlops_tracking.environment()}, check=True, timeout=120)
        assert cache.state(of.digest).status == "ready"


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (wheel("mine", "0.1", **{"mine_data/table.csv": "3\n"}), r"mine 0\.1 is not the one.*wheel has other content"),
        (("mine-0.1-py3-none-any.whl", b"no zip"), r"mine 0\.1 is not the one.*its wheel cannot be read"),
        (("../mine-0.1-py3-none-any.whl", b""), r"a name that no package has"),
        (None, r"The snapshot's file of mine 0\.1 is gone"),
    ],
)
def test_a_kept_wheel_that_was_changed(
    kept: tuple[str, bytes] | None, says: str, cache: EnvironmentCache, index: Index, tmp_path: Path
) -> None:
    package = Package(name="mine", version="0.1", kind="wheel", content=content_of(tmp_path, wheel("mine", "0.1")))
    of = environment(packages=[package])
    store = Store(mine=kept) if kept else Store()
    assert restore.restore(slot(cache, of), of, store.fetch) == restore.FAILED
    state = cache.state(of.digest)
    assert state.status == "failed"
    assert re.search(says, state.message), state.message
    assert not slot(cache, of).finished.exists()
    assert not list(slot(cache, of).work.folder.glob("prefix-*"))


def test_an_error_that_nobody_thought_of_is_kept_too(cache: EnvironmentCache, index: Index) -> None:
    of = environment(packages=[Package(name="mine", version="0.1", kind="wheel", content="0")])

    def broken(package: str) -> tuple[str, bytes]:
        raise KeyError(package)

    assert restore.restore(slot(cache, of), of, broken) == restore.FAILED
    assert cache.state(of.digest).message == "The rebuild broke off: KeyError: 'mine'. Restore it again."


BACKEND = """
import os, pathlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    version = os.environ["SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MY_OWN"]
    info = f"my_own-{version}.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, f"my_own-{version}-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("my_own.py", "built = True")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: my-own\\nVersion: {version}\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return f"my_own-{version}-py3-none-any.whl"
"""
PROJECT = (
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    '[project]\nname = "my-own"\ndynamic = ["version"]\n'
)


def sources(**files: str) -> tuple[str, bytes]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"my_own-2.5/{name}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return "my_own-2.5.tar.gz", packed.getvalue()


def test_kept_sources_are_built_as_the_version_they_were(cache: EnvironmentCache, index: Index) -> None:
    of = environment("alpha==1.0", packages=[Package(name="my-own", version="2.5", kind="sources")])
    kept = sources(**{"backend.py": BACKEND, "pyproject.toml": PROJECT})
    assert restore.restore(slot(cache, of), of, Store(**{"my-own": kept}).fetch) == restore.READY
    code = "import my_own, importlib.metadata as m; print(my_own.built, m.version('my-own'))"
    assert python(cache.state(of.digest), code) == "True 2.5"


def test_kept_sources_that_lead_out_of_their_folder(cache: EnvironmentCache, index: Index, tmp_path: Path) -> None:
    of = environment(packages=[Package(name="my-own", version="2.5", kind="sources")])
    kept = sources(**{"../../../escaped.py": "", "pyproject.toml": PROJECT})
    assert restore.restore(slot(cache, of), of, Store(**{"my-own": kept}).fetch) == restore.FAILED
    assert "its sources cannot be unpacked" in cache.state(of.digest).message
    assert not list(tmp_path.rglob("escaped.py"))


# Removing


def test_prune(cache: EnvironmentCache, index: Index) -> None:
    one, other, failed = environment("alpha==1.0"), environment("beta==1.0"), environment("nobodys==1.0")
    states = [built(cache, of) for of in (one, other)]
    with pytest.raises(Unavailable):
        built(cache, failed)
    verbs = Environments(cache)
    long_ago = time.time() - 40 * 86400
    os.utime(Path(states[0].folder, RECORD), (long_ago, long_ago))
    assert [state.digest for state in verbs.list()][-1] == one.digest

    runs = subprocess.Popen([Path(states[0].folder, "bin", "python"), "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert verbs.prune([], 30) == []
        with pytest.raises(Conflict, match=rf"{one.digest[:12]} runs as process {runs.pid}"):
            verbs.prune([one.digest[:12], other.digest])
        assert verbs.state(other.digest[:16]).status == "ready"
    finally:
        runs.communicate(b"\n", timeout=30)
    assert [state.digest for state in verbs.prune([], 30)] == [one.digest]
    assert verbs.state(one.digest).status == "absent"
    assert {state.digest for state in verbs.prune()} == {other.digest, failed.digest}
    assert list(cache._folder.iterdir()) == []


def test_use_makes_an_environment_young_again(cache: EnvironmentCache, index: Index) -> None:
    of = environment("alpha==1.0")
    record = Path(built(cache, of).folder, RECORD)
    os.utime(record, (0, 0))
    assert cache.state(of.digest).used == 0
    built(cache, of)
    assert cache.state(of.digest).used > 0
    os.utime(record, (0, 0))
    cache.touch(of.digest)
    assert cache.state(of.digest).used > 0


def test_one_that_is_being_built_is_kept(cache: EnvironmentCache, index: Index) -> None:
    of = environment("slow==1.0")
    cache.start(of, SNAPSHOT)
    assert cache.prune([], 0) == []
    with pytest.raises(Conflict, match="is being built"):
        cache.prune([of.digest], 0)


@pytest.mark.parametrize("digest", ["", "latest", "3f2a", "../../etc/passwd", "3" * 65, "A" * 64])
def test_what_is_no_digest(digest: str, cache: EnvironmentCache) -> None:
    verbs = Environments(cache)
    with pytest.raises(Invalid, match="is not an environment's digest"):
        verbs.state(digest)
    with pytest.raises(Invalid, match="is not an environment's digest"):
        verbs.prune([digest])


def test_what_is_not_here(cache: EnvironmentCache) -> None:
    verbs = Environments(cache)
    assert verbs.state("3f2a9c1b04de").status == "absent"
    assert verbs.state("3" * 64).status == "absent"
    with pytest.raises(NotFound, match="3f2a9c1b04de"):
        verbs.prune(["3f2a9c1b04de"])
    with pytest.raises(Invalid, match="negative"):
        verbs.prune([], -1)


# The command line


def typed(cache: EnvironmentCache, *words: str) -> str:
    class Typed(Face):
        def services(self) -> Any:
            return SimpleNamespace(environments=Environments(cache))

    result = CliRunner().invoke(environment_commands, [*words], obj=Typed(), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_commands(cache: EnvironmentCache, index: Index) -> None:
    assert "snapshot restore DIGEST FOLDER" in typed(cache, "list")
    assert typed(cache, "prune") == "There are no environments to remove.\n"
    of = environment("alpha==1.0")
    built(cache, of)
    with pytest.raises(Unavailable):
        built(cache, environment("nobodys==1.0"))
    listed = typed(cache, "list")
    assert re.search(rf"^{of.digest[:12]} +✓ ready +{re.escape(PYTHON)} +1 +[\d.]+ [KM]B +now", listed, re.MULTILINE)
    assert "✕ failed" in listed
    assert "nobodys 1.0" in listed
    assert {each["status"] for each in json.loads(typed(cache, "list", "--json"))} == {"ready", "failed"}
    assert "within 3 days" in typed(cache, "prune", "--unused-for", "3")
    assert re.fullmatch(r"Removed 1 environment \([\d.]+ [KM]B\)\.\n", typed(cache, "prune", of.digest[:12], "--yes"))
    assert [each["status"] for each in json.loads(typed(cache, "prune", "--json"))] == ["failed"]

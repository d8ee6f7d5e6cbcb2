"""Environments that conda made, rebuilt from their explicit packages: by rattler for real, by programs in scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from jupyter_mlops.backends.environments import commands
from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.backends.environments.capture import KernelProbe
from jupyter_mlops.backends.environments.slot import BUILDER
from jupyter_mlops.domain.environment import EnvironmentState
from jupyter_mlops.domain.errors import Missing, Unavailable
from tests import venvs
from tests.conda_channel import Channel, package, pure_package, tool_package
from tests.package_index import Index
from tests.rebuilt import PYTHON, SNAPSHOT, built, environment, python, slot, until
from tests.venvs import Kernel, started


def said(folder: str | Path, *command: str) -> str:
    """What a command of an environment prints."""
    program = Path(folder, "bin", command[0])
    return subprocess.run([program, *command[1:]], check=True, capture_output=True, text=True, timeout=60).stdout


def alone(cache: EnvironmentCache, state: EnvironmentState) -> bool:
    """Whether nothing is in the cache but one environment: the link, and the prefix it leads to."""
    return {path.name for path in cache._folder.iterdir()} == {state.digest, Path(state.folder).resolve().name}


@pytest.fixture
def channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    """The only one there is, for a rattler without any cache or settings, and no conda program on the PATH."""
    (tmp_path / "home").mkdir()
    (tmp_path / "no-programs").mkdir()
    for name in [each for each in os.environ if each.startswith(("CONDA_", "MAMBA_", "RATTLER_", "PIXI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'no-programs'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    made = Channel()
    yield made
    made.close()


# rattler


def test_an_environment_is_rebuilt_and_captured_as_the_same(
    cache: EnvironmentCache, index: Index, channel: Channel, kernel: Kernel, probe: KernelProbe, tmp_path: Path
) -> None:
    """Its Python, a module for every Python, a command with the prefix written into it, and what pip put beside."""
    theirs = Path(built(cache, environment("alpha==1.0", conda=channel.explicit())).folder).resolve()
    away = shutil.copytree(theirs, tmp_path / "theirs", symlinks=True)
    captured = venvs.environment(probe.capture(kernel("theirs", *started(away / "bin" / "python"))))
    assert captured.conda == channel.explicit()
    assert [package.name for package in captured.packages] == ["alpha"]

    cache.prune([], 0)
    (tmp_path / "rattler").rename(tmp_path / "rattler-of-before")
    lines: list[str] = []
    state = cache.wait(captured, SNAPSHOT, lines.append)
    assert (state.status, state.python, state.packages) == ("ready", PYTHON, 4)
    assert lines[:3] == [
        "Installing 3 conda packages with rattler…",
        "Downloading 3 of 3 conda packages…",
        "Linking 3 conda packages…",
    ]
    prefix = Path(state.folder).resolve()
    assert python(state, "import alpha, pure; pure.main()") == "pure 1.0"
    assert said(state.folder, "pure-says") == "pure 1.0\n"
    assert said(state.folder, "tool") == f"tool 2.0 {prefix}\n"
    assert (prefix / "linked.txt").read_text() == "linked\n"
    assert alone(cache, state)

    again = venvs.environment(probe.capture(kernel("again", *started(Path(state.folder, "bin", "python")))))
    assert again == captured


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_what_was_fetched_for_one_environment_is_not_fetched_for_another(
    algorithm: str, cache: EnvironmentCache, index: Index, channel: Channel
) -> None:
    built(cache, environment(conda=channel.explicit()))
    before = len(channel.asked)
    channel.files["noarch/more-1-0.conda"] = package("more-1-0", {"share/more.txt": b"more"}, noarch="generic")
    built(cache, environment(conda=channel.explicit(algorithm)))
    assert channel.asked[before:] == ["noarch/more-1-0.conda"]
    channel.close()
    assert built(cache, environment("alpha==1.0", conda=channel.explicit())).packages == 5


def test_another_file_of_the_same_name_is_not_taken_from_the_cache(
    cache: EnvironmentCache, index: Index, channel: Channel
) -> None:
    built(cache, environment(conda=channel.explicit()))
    channel.files |= [tool_package("tool of another day")]
    state = built(cache, environment(conda=channel.explicit()))
    assert said(state.folder, "tool").startswith("tool of another day ")


def test_a_package_that_was_changed_in_its_channel(
    cache: EnvironmentCache, index: Index, channel: Channel, tmp_path: Path
) -> None:
    for algorithm in ("md5", "sha256"):
        of = environment(conda=channel.explicit(algorithm))
        kept = channel.files["linux-64/tool-2.0-h1_0.tar.bz2"]
        channel.files |= [tool_package("tool with something in it")]
        with pytest.raises(Unavailable) as error:
            built(cache, of)
        channel.files["linux-64/tool-2.0-h1_0.tar.bz2"] = kept
        assert "could not install tool-2.0-h1_0.tar.bz2: " in str(error.value)
        assert f"the channel gives a file with other content (its {algorithm} is " in str(error.value)
        assert "pure" not in str(error.value)
        assert [path.name for path in cache._folder.iterdir() if path.name.startswith(of.digest)] == [
            f"{of.digest}.building"
        ]
    assert not list(tmp_path.rglob("bin/tool"))


def test_packages_that_the_channel_has_no_more_are_all_named(
    cache: EnvironmentCache, index: Index, channel: Channel
) -> None:
    of = environment(conda=channel.explicit())
    gone = {name: channel.files.pop(name) for name in ("linux-64/tool-2.0-h1_0.tar.bz2", "noarch/pure-1.0-pyh_0.conda")}
    with pytest.raises(Unavailable) as error:
        built(cache, of)
    message = str(error.value)
    assert "could not install tool-2.0-h1_0.tar.bz2, pure-1.0-pyh_0.conda: " in message
    assert "404" in message
    assert ".rattler/config.toml ([mirrors]) and restore again" in message
    assert "python-" not in message

    # A mirror has them.
    mirror = Channel()
    try:
        mirror.files |= gone
        settings = Path(os.environ["HOME"], ".rattler", "config.toml")
        settings.parent.mkdir()
        settings.write_text(f'[mirrors]\n"{channel.address}" = ["{mirror.address}"]\n')
        state = built(cache, of)
    finally:
        mirror.close()
    assert said(state.folder, "pure-says") == "pure 1.0\n"


def test_a_channel_that_does_not_answer(cache: EnvironmentCache, index: Index, channel: Channel) -> None:
    of = environment(conda=channel.explicit())
    channel.close()
    with pytest.raises(
        Unavailable, match=r"pure-1\.0-pyh_0\.conda.*its channel does not answer\. Look at the network, then restore"
    ):
        built(cache, of)


def test_a_channel_that_asks_for_credentials(cache: EnvironmentCache, index: Index, channel: Channel) -> None:
    channel.authorised = f"Basic {b64encode(b'ann:t0ken').decode()}"
    # Snapshots keep no credentials; a list that was written by hand may have some, and they are wrong here.
    by_hand = [address.replace("http://", "http://bob:s3cret@") for address in channel.explicit()]
    with pytest.raises(Unavailable, match=r"asks for credentials: put them into ~/\.netrc") as error:
        built(cache, environment(conda=by_hand))
    assert "s3cret" not in str(error.value)
    netrc = Path(os.environ["HOME"], ".netrc")
    netrc.write_text("machine 127.0.0.1 login ann password t0ken\n")
    netrc.chmod(0o600)
    state = built(cache, environment(conda=channel.explicit()))
    assert said(state.folder, "pure-says") == "pure 1.0\n"
    records = "".join(path.read_text() for path in Path(state.folder, "conda-meta").glob("*.json"))
    assert "t0ken" not in records


def test_a_builder_that_is_killed_ends_rattler_and_the_next_one_succeeds(
    cache: EnvironmentCache, index: Index, channel: Channel
) -> None:
    channel.files["noarch/slow-1-0.conda"] = package("slow-1-0", {"share/slow.txt": b"slow"}, noarch="generic")
    of = environment(conda=channel.explicit())
    cache.start(of, SNAPSHOT)
    until(lambda: len(channel.asked) == 4)
    builder = slot(cache, of).work.holder(BUILDER)
    assert builder is not None
    running = builder.children(recursive=True)
    assert len(running) == 2, "the leash and rattler"
    builder.kill()
    _, alive = psutil.wait_procs([builder, *running], timeout=20)
    assert not alive, "rattler outlived its builder"
    state = cache.state(of.digest)
    assert state.status == "failed"
    assert state.message == ("Its rebuild was broken off at: Downloading 4 of 4 conda packages…. Restore it again.")
    assert not slot(cache, of).finished.exists()

    channel.gate.set()
    assert alone(cache, built(cache, of))


def test_packages_without_a_python(cache: EnvironmentCache, index: Index, channel: Channel) -> None:
    channel.files = dict([tool_package()])
    with pytest.raises(Unavailable, match=r"rattler made no Python"):
        built(cache, environment(conda=channel.explicit()))
    channel.files = dict([pure_package()])
    with pytest.raises(Unavailable, match=r"rattler could not install pure-1\.0-pyh_0\.conda: .*no python"):
        built(cache, environment(conda=channel.explicit()))


def test_what_is_no_package(cache: EnvironmentCache, index: Index, channel: Channel) -> None:
    for wrong in ("..", "tool.conda", "a-1-0.zip", ""):
        with pytest.raises(Unavailable, match="this is not the name of a conda package"):
            built(cache, environment(conda=[f"{channel.address}/noarch/{wrong}#00"]))


def test_nothing_can_install_conda_packages(
    cache: EnvironmentCache, index: Index, channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rattler.py").write_text("raise ImportError('made for another system')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(
        Missing, match=r"Type pip install 'jupyter-mlops\[conda\]'.* or install one of micromamba, mamba"
    ):
        built(cache, environment(conda=channel.explicit()))


# Programs of conda's, played by scripts

FAKES = {
    "MakesAPrefix": '#!/bin/sh\nwhile [ "$1" != --prefix ]; do shift; done\ngrep -q "^@EXPLICIT" "$4" || exit 9\n'
    'exec "{uv}" venv --quiet --python "{python}" "$2"\n',
    "ChannelHasItNoMore": "#!/bin/sh\necho 'error    Download failed: numpy-2.1.0-py312_0.conda: 404' >&2\n"
    "echo 'Simple retries often help.' >&2\nexit 1\n",
    "MakesNoPython": "#!/bin/sh\nexit 0\n",
    "DiskIsFull": "#!/bin/sh\necho 'OSError: [Errno 28] No space left on device' >&2\nexit 1\n",
    "BreaksDown": "#!/bin/sh\necho 'Traceback' >&2\necho 'KeyError: 1' >&2\nexit 1\n",
}
CONDA = ["https://conda.example/noarch/tzdata-1-0.conda#a", "https://conda.example/numpy-2.1.0-py312_0.conda#b"]


@pytest.fixture
def micromamba(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def put(fake: str) -> None:
        folder = tmp_path / "programs"
        folder.mkdir()
        script = folder / "micromamba"
        script.write_text(FAKES[fake].replace("{uv}", commands.uv_program()).replace("{python}", sys.executable))
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


def test_a_conda_environment_is_found_through_a_link_made_last(
    cache: EnvironmentCache, index: Index, micromamba: Callable[[str], None]
) -> None:
    micromamba("MakesAPrefix")
    of = environment("alpha==1.0", conda=CONDA)
    state = built(cache, of)
    assert (state.status, state.packages) == ("ready", 3)
    assert slot(cache, of).finished.is_symlink()
    assert python(state, "import alpha; print(alpha.__version__)") == "1.0"
    cache.prune([], 0)
    assert list(cache._folder.iterdir()) == []


@pytest.mark.parametrize(
    ("fake", "says"),
    [
        ("ChannelHasItNoMore", r"micromamba could not install numpy-2\.1\.0-py312_0\.conda: Download failed: .* 404\."),
        ("MakesNoPython", r"micromamba made no Python"),
        ("DiskIsFull", r"The disk is full\. Make room"),
        ("BreaksDown", r"micromamba could not make the environment: KeyError: 1\."),
    ],
)
def test_a_conda_that_fails(
    fake: str, says: str, cache: EnvironmentCache, index: Index, micromamba: Callable[[str], None]
) -> None:
    micromamba(fake)
    with pytest.raises(Unavailable, match=says):
        built(cache, environment(conda=CONDA))

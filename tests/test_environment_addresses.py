"""Packages that came from an address, a git repository's commit or an archive: captured, and rebuilt elsewhere."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.backends.environments.capture import KernelProbe
from jupyter_mlops.backends.environments.members import wheel_content
from jupyter_mlops.domain.environment import Environment, EnvironmentState, Package
from jupyter_mlops.domain.errors import Unavailable
from jupyter_mlops.worker.restore import READY, restore
from tests.package_index import wheel
from tests.rebuilt import built, python, slot
from tests.rebuilt import environment as ordered
from tests.venvs import Kernel, environment, installed, packages, python_of, site_of, started, uv
from tests.web_host import WebHost

pytestmark = pytest.mark.usefixtures("index")

BACKEND = """
import pathlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "forecast-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("forecast.py", pathlib.Path("forecast.py").read_text())
        info = "forecast-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: forecast\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "".join(f"{each},,\\n" for each in wheel.namelist()))
    return name
"""
PROJECT = (
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    '[project]\nname = "forecast"\nversion = "1.0"\n'
)


def project(says: str) -> dict[str, str]:
    """Files of a package whose build needs no network, and whose version is always the same."""
    return {"backend.py": BACKEND, "pyproject.toml": PROJECT, "forecast.py": f"says = {says!r}\n"}


def sdist(says: str, folder: str = "forecast-1.0") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in project(says).items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


class Repository:
    """A bare git repository at the host, and the desk of whoever works on it."""

    def __init__(self, host: WebHost, desk: Path, subdirectory: str = "") -> None:
        self.bare = host.folder / "forecast.git"
        self.address = f"{host.address}/git/forecast.git"
        self._desk = desk
        self._folder = desk / subdirectory
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", self.bare], check=True)
        subprocess.run(["git", "clone", "--quiet", self.bare, desk], check=True, capture_output=True)
        self.first = self.commit("first")

    def commit(self, says: str, *options: str) -> str:
        self._folder.mkdir(exist_ok=True)
        for file, text in project(says).items():
            (self._folder / file).write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "-m", says, *options)
        self._git("push", "--quiet", "--force", "origin", "HEAD:main")
        return self._git("rev-parse", "HEAD")

    def tidy(self) -> None:
        """Forget what no branch has, as hosts do some day."""
        subprocess.run(["git", "gc", "--quiet", "--prune=now"], cwd=self.bare, check=True)

    def _git(self, *words: str) -> str:
        name = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        done = subprocess.run(["git", *name, *words], cwd=self._desk, check=True, capture_output=True, text=True)
        return done.stdout.strip()


@pytest.fixture
def repository(host: WebHost, tmp_path: Path) -> Repository:
    return Repository(host, tmp_path / "desk")


def another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was fetched there yet."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv of another machine"))


def says(state: EnvironmentState) -> str:
    return python(state, "import forecast; print(forecast.says)")


def captured_again(state: EnvironmentState, kernel: Kernel, tmp_path: Path) -> Environment:
    """What a rebuilt environment holds, asked by somebody who has seen none of it."""
    kernel("rebuilt", *started(python_of(Path(state.folder))))
    return environment(KernelProbe(tmp_path / "wheels of another machine").capture("rebuilt"))


# Commits


@pytest.mark.parametrize("subdirectory", ["", "python"])
def test_a_commit_is_rebuilt_though_its_branch_has_moved_on(
    subdirectory: str,
    host: WebHost,
    one: Path,
    probe: KernelProbe,
    cache: EnvironmentCache,
    kernel: Kernel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository = Repository(host, tmp_path / "desk", subdirectory)
    fragment = f"#subdirectory={subdirectory}" if subdirectory else ""
    uv("pip", "install", "--python", python_of(one), f"git+{repository.address}@main{fragment}")
    of = environment(probe.capture("one"))
    pinned = f"git+{repository.address}@{repository.first}{fragment}"
    assert of.packages == [Package(name="forecast", version="1.0", kind="vcs", url=pinned)]

    repository.commit("second")
    another_machine(tmp_path, monkeypatch)
    state = built(cache, of)
    assert says(state) == "first"
    assert captured_again(state, kernel, tmp_path).digest == of.digest


def commit_of(repository: Repository) -> Environment:
    pinned = f"git+{repository.address}@{repository.first}"
    return ordered(packages=[Package(name="forecast", version="1.0", kind="vcs", url=pinned)])


def test_a_commit_that_no_branch_has_any_more(repository: Repository, cache: EnvironmentCache) -> None:
    repository.commit("second", "--amend")
    assert says(built(cache, commit_of(repository))) == "first"
    cache.prune([], 0)
    uv("cache", "clean")
    repository.tidy()
    with pytest.raises(Unavailable, match=r"forecast 1\.0 cannot be fetched.*has that commit no more.*insteadOf"):
        built(cache, commit_of(repository))


def test_a_repository_that_asks_for_credentials(repository: Repository, host: WebHost, cache: EnvironmentCache) -> None:
    host.private = True
    with pytest.raises(Unavailable, match=r"forecast 1\.0 cannot be fetched.*asks for credentials.*~/\.netrc"):
        built(cache, commit_of(repository))


def test_a_repository_that_was_removed(repository: Repository, cache: EnvironmentCache) -> None:
    repository.bare.rename(repository.bare.with_name("moved.git"))
    with pytest.raises(Unavailable, match=r"forecast 1\.0 cannot be fetched.*has it no more: .*insteadOf"):
        built(cache, commit_of(repository))


def test_a_copy_of_the_repository_will_do_when_its_host_is_gone(
    repository: Repository, host: WebHost, cache: EnvironmentCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.close()
    with pytest.raises(Unavailable, match=r"forecast 1\.0 cannot be fetched.*does not answer.*url\.COPY\.insteadOf"):
        built(cache, commit_of(repository))
    # As the message says; in variables, for the tests' git reads no configuration.
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{repository.bare.as_uri()}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", repository.address)
    assert says(built(cache, commit_of(repository))) == "first"


# Archives


def pip(one: Path, address: str) -> None:
    """pip writes down which hash an archive had; uv does not."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python_of(one))]
    subprocess.run([*command, "install", "--quiet", "--no-cache-dir", address], check=True, timeout=120)


WHEEL = wheel("forecast", "1.0", **{"forecast.py": "says = 'first'\n"})[1]
ARCHIVES = [
    ("/forecast-1.0-py3-none-any.whl", WHEEL, ""),
    ("/forecast-1.0.tar.gz", sdist("first"), ""),
    ("/monorepo.tar.gz", sdist("first", "monorepo/python"), "#subdirectory=python"),
]


@pytest.mark.parametrize(("path", "content", "fragment"), ARCHIVES)
def test_an_archive_is_rebuilt_from_its_address_and_hash(
    path: str,
    content: bytes,
    fragment: str,
    host: WebHost,
    one: Path,
    probe: KernelProbe,
    cache: EnvironmentCache,
    kernel: Kernel,
    tmp_path: Path,
) -> None:
    host.files[path] = content
    address, sha256 = f"{host.address}{path}{fragment}", hashlib.sha256(content).hexdigest()
    pip(one, f"forecast @ {address}")
    captured = probe.capture("one")
    assert "forecast" not in " ".join(captured.notes)
    of = environment(captured)
    assert of.packages == [Package(name="forecast", version="1.0", kind="archive", url=address, content=sha256)]

    state = built(cache, of)
    assert says(state) == "first"
    assert captured_again(state, kernel, tmp_path).digest == of.digest


@pytest.mark.parametrize(("path", "content", "fragment"), ARCHIVES)
def test_an_archive_whose_hash_nobody_wrote_down_is_kept_as_it_is_installed(
    path: str,
    content: bytes,
    fragment: str,
    host: WebHost,
    one: Path,
    probe: KernelProbe,
    cache: EnvironmentCache,
    kernel: Kernel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host.files[path] = content
    uv("pip", "install", "--python", python_of(one), f"forecast @ {host.address}{path}{fragment}")
    captured = probe.capture("one")
    assert "forecast" not in " ".join(captured.notes)
    of, kept = environment(captured), Path(captured.wheels["forecast"])
    assert of.packages == [Package(name="forecast", version="1.0", kind="wheel", content=wheel_content(kept))]

    host.close()
    another_machine(tmp_path, monkeypatch)
    assert restore(slot(cache, of), of, lambda package: (kept.name, kept.read_bytes())) == READY
    state = cache.state(of.digest)
    assert says(state) == "first"
    assert captured_again(state, kernel, tmp_path).digest == of.digest


def test_a_large_archive_is_not_kept_and_that_its_hash_is_not_known_is_told(one: Path, probe: KernelProbe) -> None:
    address = "https://ann:t0ken@files.example/x-1.0-py3-none-any.whl"
    info = installed(site_of(one), "x", "1.0", {"url": address, "archive_info": {}})
    (info / "RECORD").write_text("x.so,sha256=,2000000000\nx-1.0.dist-info/METADATA,,\n")
    captured = probe.capture("one")
    public = "https://files.example/x-1.0-py3-none-any.whl"
    assert packages(captured)["x"] == Package(name="x", version="1.0", kind="archive", url=public)
    assert f"x was installed from {public} without its hash being written down" in captured.notes[1]
    assert captured.wheels == {}


def archive_at(host: WebHost, content: bytes) -> Environment:
    package = Package(
        name="forecast",
        version="1.0",
        kind="archive",
        url=f"{host.address}/forecast-1.0.tar.gz",
        content=hashlib.sha256(content).hexdigest(),
    )
    return ordered(packages=[package])


def test_an_archive_that_is_another_one_by_now_is_refused(host: WebHost, cache: EnvironmentCache) -> None:
    first = sdist("first")
    of = archive_at(host, first)
    host.files["/forecast-1.0.tar.gz"] = sdist("second")
    with pytest.raises(Unavailable, match=r"forecast 1\.0 is another one by now.*Take a new snapshot"):
        built(cache, of)
    assert not slot(cache, of).finished.exists()
    host.files["/forecast-1.0.tar.gz"] = first
    assert says(built(cache, of)) == "first"


def test_an_archive_that_cannot_be_fetched(host: WebHost, cache: EnvironmentCache) -> None:
    of = archive_at(host, b"")
    with pytest.raises(Unavailable, match=r"forecast 1\.0 cannot be fetched.*has it no more: .*404.*Put it there"):
        built(cache, of)
    host.private = True
    with pytest.raises(Unavailable, match=r"forecast 1\.0 cannot be fetched.*asks for credentials.*~/\.netrc"):
        built(cache, of)
    host.close()
    with pytest.raises(Unavailable, match=r"forecast 1\.0 cannot be fetched.*does not answer, or .*Look at the net"):
        built(cache, of)

"""The images of the tests' pods, from no registry: this machine's own interpreter, packages and C library.

The worker's is laid out as the one that the Dockerfile at the root builds: Python in /usr/local, the packages in
/opt/venv, a user 1000.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import jupyter_mlops

from .archive import Blob, Files, Image, write_archive, write_layer

WORKER = "jupyter-mlops-worker:test"
PAUSE = "jupyter-mlops-pause:test"
BASE = "jupyter-mlops-base"
# What a name without a registry means, to everybody who looks for it.
REGISTRY = "docker.io/library/"

VENV = "opt/venv"
USER_ID = 1000
SETTINGS = {
    "User": str(USER_ID),
    "WorkingDir": "/home/worker",
    "Env": [
        f"PATH=/{VENV}/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG=C.UTF-8",
        "PYTHONUNBUFFERED=1",
        "JUPYTER_MLOPS_CACHE=/cache",
        "GIT_PYTHON_REFRESH=quiet",
    ],
}
PASSWD = f"root:x:0:0:root:/root:/bin/sh\nworker:x:{USER_ID}:{USER_ID}:worker:/home/worker:/bin/sh\n"
# Their mode, and whose they are.
FOLDERS = {"tmp": (0o1777, 0), "home/worker": (0o755, USER_ID), "cache": (0o755, USER_ID)}
# Parts of the standard library, and of packages, that no trial asks for.
LEFT_OUT = {"__pycache__", "test", "tests", "idlelib", "turtledemo", "site-packages", "labextension", "labextensions"}


class ImportFailed(Exception):
    """containerd did not take an image."""


class Images:
    """The images in a containerd's store: made when they are not there, or are not what would be made now.

    What is large and seldom changes (interpreter, packages) is a layer of its own; so is the project, which is neither.
    After an edit of the project a megabyte is imported, and otherwise nothing.
    """

    def __init__(self, ctr: Sequence[str | Path], folder: Path) -> None:
        self._ctr = [*map(str, ctr), "--namespace=k8s.io", "images"]
        self._folder = folder

    def bring(self) -> list[str]:
        """Make and import what is missing; returns the names of what was imported.

        Raises:
            ImportFailed: with containerd's words.
        """
        there = self._list()
        with tempfile.TemporaryDirectory(dir=self._folder) as made:
            new = dict(self._base(there, Path(made)))
            base = msgspec.json.decode(self._kept.read_bytes(), type=Blob)
            worker = Image([base, write_layer(project_files(), {}, Path(made))], **SETTINGS)
            if new or there.get(WORKER) != worker.manifest.digest:
                new[WORKER] = worker
                self._import(Path(made), new)
        if PAUSE in new:
            for name in (one for one in there if one.startswith(BASE) and one not in new):
                self._run("remove", "--sync", REGISTRY + name)
        return list(new)

    def _base(self, there: dict[str, str], made: Path) -> Iterator[tuple[str, Image]]:
        """What the worker's image stands on, unless it is there; its layer is remembered."""
        name = f"{BASE}:{_base_key()}"
        if name in there and PAUSE in there and self._kept.exists():
            return
        base = write_layer(base_files(), FOLDERS, made)
        yield name, Image([base])
        yield PAUSE, Image([write_layer(pause_files(), {}, made)], Entrypoint=["/bin/sleep", "infinity"])
        self._kept.write_bytes(msgspec.json.encode(base))

    @property
    def _kept(self) -> Path:
        return self._folder / "base-layer.json"

    def _list(self) -> dict[str, str]:
        """Their names and digests."""
        lines = (line.split() for line in self._run("list").splitlines()[1:])
        return {line[0].removeprefix(REGISTRY): line[2] for line in lines}

    def _import(self, made: Path, images: dict[str, Image]) -> None:
        command = [*self._ctr, "import", "-"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError), process.stdin:
                write_archive(process.stdin, {REGISTRY + name: image for name, image in images.items()}, made)
            said = process.stdout.read() if process.stdout else b""
        if process.returncode:
            raise ImportFailed(f"containerd did not take {', '.join(images)}: {said.decode(errors='replace').strip()}")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*self._ctr, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ImportFailed(f"`ctr images {' '.join(arguments)}` failed: {done.stderr.strip()}")
        return done.stdout


# --- What is in them ------------------------------------------------------------------------------


def base_files() -> Files:
    """Interpreter, standard library, the packages that the worker depends on, what these are linked to, and a shell."""
    files = {**_interpreter(), **_packages()}
    programs = [Path("/bin/sh"), *(from_ for from_ in files.values() if isinstance(from_, Path) and _linked(from_))]
    return {**files, **_shared_libraries(programs), "bin/sh": Path("/bin/sh").resolve(), "etc/passwd": PASSWD.encode()}


def pause_files() -> Files:
    """A program that holds a pod's namespaces and sleeps."""
    sleep = Path(shutil.which("sleep") or "/bin/sleep")
    return {**_shared_libraries([sleep]), "bin/sleep": sleep.resolve()}


def project_files() -> Files:
    """This project as it is now, installed or a checkout."""
    root = Path(jupyter_mlops.__file__).parent
    files: Files = {}
    for file in _with_bytecode(each for each in root.rglob("*") if each.is_file() and _wanted(each.relative_to(root))):
        files[f"{_site_packages()}/jupyter_mlops/{file.relative_to(root)}"] = file
    for one in distribution("jupyter_mlops").files or []:
        # Its entry points are found by these.
        if one.parent.name.endswith(".dist-info"):
            files[f"{_site_packages()}/{one}"] = Path(str(one.locate()))
    return files


def _interpreter() -> Files:
    python, version = Path(sys.executable).resolve(), sysconfig.get_python_version()
    library = Path(sysconfig.get_path("stdlib"))
    files: Files = {f"usr/local/bin/python{version}": python}
    # config-…: what is needed to embed Python into a program.
    inside = (each for each in library.rglob("*") if each.is_file() and _wanted(each.relative_to(library)))
    for file in _with_bytecode(each for each in inside if not each.relative_to(library).parts[0].startswith("config-")):
        files[f"usr/local/lib/python{version}/{file.relative_to(library)}"] = file
    for name in ("python", "python3", f"python{version}"):
        files[f"{VENV}/bin/{name}"] = f"/usr/local/bin/python{version}"
    files[f"{VENV}/pyvenv.cfg"] = f"home = /usr/local/bin\nversion = {platform.python_version()}\n".encode()
    return files


def _packages() -> Files:
    prefix = Path(sys.prefix)
    files: Files = {}
    for each in _dependencies():
        listed = (Path(str(one.locate())).resolve() for one in each.files or [] if _wanted(Path(one)))
        for file in _with_bytecode(one for one in listed if one.is_file()):
            # Scripts start with this machine's path to Python; what a trial needs is started as a module, or binary.
            if file.parent != prefix / "bin" or not file.read_bytes().startswith(b"#!"):
                files[f"{VENV}/{file.relative_to(prefix)}"] = file
    return files


def _dependencies() -> list[Distribution]:
    """All that jupyter-mlops needs, and what that needs; without the project itself."""
    found: dict[tuple[str, str], Distribution] = {}
    open_ = [("jupyter-mlops", "")]
    while open_:
        name, extra = open_.pop()
        if (name, extra) in found:
            continue
        try:
            found[name, extra] = distribution(name)
        except PackageNotFoundError:
            continue  # needed on another platform
        for one in map(Requirement, found[name, extra].requires or []):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                open_ += [(canonicalize_name(one.name), also) for also in ("", *one.extras)]
    return [each for (name, extra), each in sorted(found.items()) if not extra and name != "jupyter-mlops"]


def _with_bytecode(files: Iterable[Path]) -> Iterator[Path]:
    """With what is compiled already; in a pod nothing can be kept, and every start would compile again."""
    for file in files:
        yield file
        compiled = file.parent / "__pycache__" / f"{file.stem}.{sys.implementation.cache_tag}.pyc"
        if file.suffix == ".py" and compiled.exists():
            yield compiled


def _wanted(path: Path) -> bool:
    return not LEFT_OUT.intersection(path.parts)


def _linked(file: Path) -> bool:
    return ".so" in file.suffixes or file.parent.name == "bin"


def _shared_libraries(programs: Sequence[Path]) -> Files:
    """The libraries of this machine that these are linked to, where its own loader looks for them."""
    said = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    found = {Path(path) for path in re.findall(r"(?:=> |^\t)(/\S+) \(", said, re.MULTILINE)}
    where = next(each for each in found if each.name.startswith("libc.")).parent
    files: Files = {}
    for each in found:
        if not each.is_relative_to(sys.prefix):
            # The loader's own path is written in every program.
            files[str(each if each.name.startswith("ld-") else where / each.name)[1:]] = each.resolve()
    return files


def _site_packages() -> str:
    return f"{VENV}/lib/python{sysconfig.get_python_version()}/site-packages"


def _base_key() -> str:
    """Another one as soon as the interpreter, a package or this file is another."""
    packages = [(each.name, each.version, str(each.locate_file(""))) for each in _dependencies()]
    records = [Path(str(one.locate())).stat().st_mtime_ns for each in _dependencies() for one in _records(each)]
    what = repr((sys.version, sys.base_prefix, packages, records)).encode() + Path(__file__).read_bytes()
    return hashlib.sha256(what).hexdigest()[:12]


def _records(of: Distribution) -> Iterator[PackagePath]:
    return (one for one in of.files or [] if one.name == "RECORD")

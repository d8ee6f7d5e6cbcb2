"""Where each installed distribution came from, and so what has to be kept to install it again."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from jupyter_mlops.backends.environments.projects import MOST_BYTES
from jupyter_mlops.backends.environments.wheels import Kept, WheelCache
from jupyter_mlops.domain.environment import Package, normalised, public_address


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """An installed distribution, as the probe reports it."""

    name: str
    version: str
    info: str
    """Folder, or file, of its metadata."""
    location: str
    direct_url: dict[str, Any] | None = None
    installer: str = ""
    """Asked for only where conda is."""
    project: str = ""
    """Folder of the sources, of one that `setup.py develop` installed."""


class Found(msgspec.Struct, kw_only=True):
    """What was found, as it is gathered."""

    packages: list[Package] = []
    wheels: dict[str, str] = {}
    notes: list[str] = []
    watched: list[str] = []
    folders: list[str] = []
    """Projects whose sources are imported where they lie."""


class Origins:
    """Turns distributions into packages, and keeps those that no index has."""

    def __init__(self, wheels: WheelCache, python: str, prefix: str) -> None:
        self._wheels = wheels
        self._python = python
        self._prefix = Path(prefix)
        self.found = Found()

    def add(self, distribution: Distribution) -> None:
        """Find out about one."""
        name, origin = normalised(distribution.name), distribution.direct_url or {}
        url = str(origin.get("url", ""))
        local = url.startswith("file:")
        if distribution.project:
            self._editable(distribution, distribution.project)
        elif isinstance(origin.get("vcs_info"), dict):
            self._vcs(distribution, url, origin["vcs_info"], str(origin.get("subdirectory") or ""))
        elif local and isinstance(origin.get("dir_info"), dict) and origin["dir_info"].get("editable"):
            folder = unquote(urlsplit(url).path)
            self._editable(distribution, str(Path(folder, str(origin.get("subdirectory") or ""))))
        elif local:
            kept = self._wheels.of_installed(Path(distribution.info), self._prefix)
            self._keep(distribution, kept, f"was installed from {folder_of(url)}, and cannot be kept")
        elif isinstance(origin.get("archive_info"), dict) and url:
            self._archive(distribution, url, _sha256(origin["archive_info"]), str(origin.get("subdirectory") or ""))
        else:
            self._add(Package(name=name, version=distribution.version))

    def _add(self, package: Package) -> None:
        self.found.packages.append(package)

    def _public(self, distribution: Distribution, url: str, subdirectory: str) -> str:
        address, removed = public_address(url)
        if removed:
            self.found.notes.append(
                f"Credentials in the address that {distribution.name} was installed from were removed: "
                "whoever rebuilds the environment needs their own."
            )
        return f"{address}#subdirectory={subdirectory}" if subdirectory else address

    def _vcs(self, distribution: Distribution, url: str, vcs: dict[str, Any], subdirectory: str) -> None:
        commit = str(vcs.get("commit_id") or "")
        if url.startswith("file:") or not commit:
            # Nobody else reaches a repository of this machine.
            kept = self._wheels.of_installed(Path(distribution.info), self._prefix)
            self._keep(distribution, kept, f"was installed from {folder_of(url)}, and cannot be kept")
            return
        address, _, fragment = self._public(distribution, url, subdirectory).partition("#")
        pinned = f"{vcs.get('vcs', 'git')}+{address}@{commit}" + (f"#{fragment}" if fragment else "")
        self._add(Package(name=normalised(distribution.name), version=distribution.version, kind="vcs", url=pinned))

    def _archive(self, distribution: Distribution, url: str, content: str, subdirectory: str) -> None:
        """By its address and hash. uv writes no hash down: then what is installed is kept, for it is what ran."""
        info, why = Path(distribution.info), "too large to be kept"
        if not content and _size(info) <= MOST_BYTES:
            kept = self._wheels.of_installed(info, self._prefix)
            if kept.kind == "wheel":
                self._keep(distribution, kept, "")
                return
            why = f"not to be kept: {kept.reason}"
        address = self._public(distribution, url, subdirectory)
        name = normalised(distribution.name)
        self._add(Package(name=name, version=distribution.version, kind="archive", url=address, content=content))
        if not content:
            self.found.notes.append(
                f"{distribution.name} was installed from {address} without its hash being written down, and is {why}. "
                "Whether that address gives the same file later cannot be told. pip, not uv, writes hashes down."
            )

    def _editable(self, distribution: Distribution, folder: str) -> None:
        self.found.folders.append(folder)
        if not Path(folder).is_dir():
            kept = Kept(kind="index", reason="the folder is gone")
        else:
            name = normalised(distribution.name)
            kept = self._wheels.of_project(Path(folder), name, distribution.version, self._python)
        self.found.watched += kept.watched
        self._keep(distribution, kept, f"is installed from the folder {folder}, of which no wheel could be built")

    def _keep(self, distribution: Distribution, kept: Kept, story: str) -> None:
        name = normalised(distribution.name)
        package = Package(name=name, version=distribution.version, kind=kept.kind, content=kept.content)
        self._add(package)
        if kept.file:
            self.found.wheels[name] = str(self._wheels.path(kept))
        if kept.reason:
            ending = {
                "sources": "Its sources are kept instead, and built when the environment is rebuilt.",
                "index": f"Only its version, {distribution.version}, is known: a package index may have it, or not.",
            }[kept.kind]
            self.found.notes.append(f"{distribution.name} {story}: {kept.reason.rstrip('.')}. {ending}")


def folder_of(url: str) -> str:
    """A `file:` address as a path."""
    return unquote(urlsplit(url).path) if url.startswith("file:") else public_address(url)[0]


def _size(info: Path) -> int:
    """Bytes of an installed distribution's files, as far as its installer wrote them down."""
    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as file:
            return sum(int(row[2]) for row in csv.reader(file) if len(row) > 2 and row[2].isdigit())
    except (OSError, ValueError, csv.Error):
        return 0


def _sha256(archive: dict[str, Any]) -> str:
    hashes = archive.get("hashes")
    if isinstance(hashes, dict) and hashes.get("sha256"):
        return str(hashes["sha256"])
    algorithm, _, digest = str(archive.get("hash") or "").partition("=")
    return digest if algorithm == "sha256" else ""


class _Record(msgspec.Struct):
    """Of a file in conda-meta what concerns us."""

    name: str = ""
    url: str = ""
    md5: str = ""
    files: list[str] = []


class Conda(msgspec.Struct, frozen=True, kw_only=True):
    """What conda says that it installed."""

    explicit: list[str] = []
    """As `conda list --explicit --md5` prints it, without credentials."""
    infos: frozenset[str] = frozenset()
    """Metadata folders of Python distributions, from the prefix."""
    notes: list[str] = []

    def owns(self, distribution: Distribution, prefix: Path) -> bool:
        """Whether a distribution is conda's, and not one that pip put over it or beside it."""
        if distribution.installer == "conda":
            return True
        try:
            info = Path(distribution.info).relative_to(prefix).as_posix()
        except ValueError:
            return False
        return info in self.infos and distribution.installer not in {"pip", "uv"}


def conda_packages(prefix: Path) -> Conda:
    """Read conda-meta; empty where conda is not."""
    explicit, infos, notes = [], set(), []
    for file in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            record = msgspec.json.decode(file.read_bytes(), type=_Record)
        except (OSError, msgspec.DecodeError):
            notes.append(f"conda's record {file.name} cannot be read; what it is of is not in the snapshot.")
            continue
        for path in record.files:
            head, ending, _ = path.partition(".dist-info/")
            if not ending:
                head, ending, _ = path.partition(".egg-info")
            if ending:
                infos.add(head + ending.rstrip("/"))
        address, removed = public_address(record.url)
        if removed:
            notes.append(f"Credentials in the address of the conda package {record.name} were removed.")
        if address.startswith(("http:", "https:")):
            explicit.append(f"{address}#{record.md5}" if record.md5 else address)
        else:
            notes.append(f"The conda package {record.name or file.stem} came from no channel; it is not kept.")
    return Conda(explicit=sorted(explicit), infos=frozenset(infos), notes=notes)

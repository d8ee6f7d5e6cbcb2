"""The environment of a kernel: what has to be installed so that a notebook runs as it ran."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msgspec

from jupyter_mlops.domain.canonical import canonical, content_digest

PackageKind = Literal["index", "vcs", "archive", "wheel", "sources"]
EnvironmentStatus = Literal["absent", "building", "ready", "failed"]


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One installed distribution."""

    name: str
    """Normalised: https://packaging.python.org/en/latest/specifications/name-normalization/"""
    version: str
    kind: PackageKind = "index"
    """index: any package index has it; vcs: a pinned commit; archive: a URL; wheel: built from a folder of the
    person's own and kept with the snapshot; sources: that folder's sources, where no wheel could be built of them."""
    url: str = ""
    """For vcs `git+https://…@commit`, for archive its address; never with credentials."""
    content: str = ""
    """sha256 of what the wheel, the sources or the archive holds: independent of when and where it was packed."""


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Everything installed where a kernel runs. Its digest names it in caches: nothing of this machine is in it."""

    python: str
    """Full version, `3.12.4`."""
    implementation: str = "cpython"
    platform: str
    """`sys.platform` and the machine, `linux-x86_64`."""
    packages: list[Package] = []
    """By name."""
    conda: list[str] = []
    """Explicit addresses with their hashes, `https://…/numpy-2.1.0-py312_0.conda#md5`, when conda made it; sorted."""

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON."""
        return content_digest(canonical(msgspec.to_builtins(self)))


class EnvironmentState(msgspec.Struct, frozen=True, kw_only=True):
    """A rebuilt environment as it is on this machine now."""

    digest: str
    status: EnvironmentStatus
    message: str = ""
    """What is being done, or why it failed and what can be done."""
    kernel: str = ""
    """Kernelspec that runs it, once it is ready."""
    folder: str = ""
    python: str = ""
    packages: int = 0
    size: int = 0
    """Bytes on the disk."""
    used: int = 0
    """Milliseconds since 1970 when it was last used."""


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """What a kernel's own interpreter said of itself."""

    environment: Environment | None
    """None when it could not be asked: another language, no interpreter."""
    interpreter: str = ""
    """Its path on this machine."""
    indexes: list[str] = []
    """Package indexes configured for it, without credentials."""
    wheels: dict[str, str] = {}
    """For packages of kind wheel or sources: the kept file's path on this machine, by package name."""
    notes: list[str] = []
    """What could not be known, or was removed, in sentences for the person."""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot laid out in a folder."""

    folder: str
    notebook: str
    """Path of its notebook, beginning with the folder."""
    files: int
    environment: EnvironmentState | None = None
    """None when the snapshot knows of none; else ready, or being built."""
    notes: list[str] = []


def normalised(name: str) -> str:
    """A distribution's name as all ways to write it have in common."""
    return re.sub(r"[-_.]+", "-", name).lower()


def assembled(
    *, python: str, implementation: str, platform: str, packages: Iterable[Package], conda: Iterable[str] = ()
) -> Environment:
    """An environment from what was found, in whatever order it was found."""
    return Environment(
        python=python,
        implementation=implementation,
        platform=platform,
        packages=sorted(packages, key=lambda package: package.name),
        conda=sorted(conda),
    )


_HARMLESS = {"archive", "download", "format", "inline", "path", "raw", "ref", "version"}
"""Query parameters that no server takes for a key. All others may be one: signatures have a hundred names."""
_CONDA_TOKEN = re.compile(r"/t/[^/]+/")


def public_address(url: str) -> tuple[str, bool]:
    """An address without credentials, and whether there were any; nothing of one that cannot be taken apart.

    A user name alone stays where SSH needs one (`ssh://git@…`): its secret is a key elsewhere.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", True
    user, at, host = parts.netloc.rpartition("@")
    keeps_user = at and parts.scheme.endswith("ssh") and ":" not in user
    query = parts.query
    if any(name.lower() not in _HARMLESS for name, _ in parse_qsl(query, keep_blank_values=True)):
        query = ""
    path = _CONDA_TOKEN.sub("/", parts.path)
    public = parts._replace(netloc=parts.netloc if keeps_user else host, path=path, query=query, fragment="")
    removed = (bool(at) and not keeps_user) or query != parts.query or path != parts.path
    return urlunsplit(public), removed

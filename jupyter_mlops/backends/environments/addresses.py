"""Packages that came from an address of their own: how uv is asked for them, and what it leaves out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from jupyter_mlops.backends.environments.record import packages_folder
from jupyter_mlops.domain.environment import Package


def requirement(package: Package) -> str:
    """The line of a requirements file that asks for a package at its address, of an archive with its hash."""
    if package.kind != "archive" or not package.content:
        return f"{package.name} @ {package.url}"
    address, _, fragment = package.url.partition("#")
    parts = [fragment] if fragment else []
    return f"{package.name} @ {address}#{'&'.join([*parts, f'sha256={package.content}'])}"


def note_hashes(prefix: Path, packages: Iterable[Package]) -> None:
    """Write down beside installed archives which hash they were checked against, as pip does and uv does not.

    Without it, whoever asks the rebuilt environment what it holds gets another answer than it was built from.
    https://packaging.python.org/en/latest/specifications/direct-url-data-structure/#archive-urls
    """
    hashes = {package.url.partition("#")[0]: package.content for package in packages if package.kind == "archive"}
    for file in packages_folder(prefix).glob("*.dist-info/direct_url.json") if hashes else ():
        with contextlib.suppress(ValueError):
            origin = json.loads(file.read_text(encoding="utf-8"))
            sha256 = hashes.get(origin.get("url", ""))
            if sha256 and "archive_info" in origin:
                origin["archive_info"] = {"hash": f"sha256={sha256}", "hashes": {"sha256": sha256}}
                file.unlink()  # the name may be one of several that a file in uv's cache has
                file.write_text(json.dumps(origin), encoding="utf-8")

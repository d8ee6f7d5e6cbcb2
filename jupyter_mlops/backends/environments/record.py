"""What was built, written into a finished environment, and whether it still is that."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from jupyter_mlops.domain.environment import Environment

RECORD = "mlops.json"
"""The file's name. Its time is when the environment was of use last."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What was built."""

    python: str
    packages: int
    size: int
    installed: list[str]
    """Names of the folders with metadata: whoever installs or removes something afterwards changes them."""
    notes: list[str] = []

    @classmethod
    def of(cls, prefix: Path, environment: Environment, notes: list[str]) -> Record:
        """Of an environment that has just been built in a folder."""
        return cls(
            python=_version_of(prefix) or environment.python,
            packages=len(environment.packages) + len(environment.conda),
            size=_size(prefix),
            installed=_installed(prefix),
            notes=notes,
        )

    def wrong(self, folder: Path) -> str:
        """Why what is in a folder is not what was built, and what can be done; empty if it is."""
        if not (folder / "bin" / "python").exists():
            return f"Its Python {self.python} was removed from this machine. Restore it again."
        differ = sorted(set(self.installed) ^ set(_installed(folder)))
        if not differ:
            return ""
        names = ", ".join(name.removesuffix(".dist-info") for name in differ[:4])
        more = f" and {len(differ) - 4} more" if len(differ) > 4 else ""
        return f"Packages were installed into it or removed from it since: {names}{more}. Restore it again."


def packages_folder(prefix: Path) -> Path:
    """Where an environment's modules are."""
    return next(prefix.glob("lib/p*/site-packages"), prefix)


def _installed(prefix: Path) -> list[str]:
    with os.scandir(packages_folder(prefix)) as entries:
        return sorted(entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))


def _version_of(prefix: Path) -> str:
    """Python's version as the venv has it written down."""
    with contextlib.suppress(OSError):
        for line in (prefix / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "version_info":
                return value.strip()
    return ""


def _size(folder: Path) -> int:
    """Bytes of all files, also of those that uv's cache shares with it."""
    total, folders = 0, [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total

"""Finds, or fetches, the Python that an environment was made with."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from jupyter_mlops.backends.environments import commands
from jupyter_mlops.domain.errors import Unavailable

_FIND_SECONDS = 60.0
_DOWNLOAD_SECONDS = 900.0


class Interpreter(msgspec.Struct, frozen=True):
    """A Python of this machine."""

    version: str
    path: str
    note: str = ""
    """Why it is not the one that was asked for."""


def find(implementation: str, version: str, say: Callable[[str], None]) -> Interpreter:
    """Exactly that version: of this machine, else downloaded; else another patch of it, with a note.

    Raises:
        Unavailable: there is none; says what can be done.
    """
    uv = commands.uv_program()
    exact = _exact(uv, implementation, version)
    if exact is not None:
        return exact
    here = _installed(uv, implementation)
    for each in here:
        if each.version == version:
            return each
    reason = _downloaded(uv, implementation, version, say)
    exact = None if reason else _exact(uv, implementation, version)
    if exact is not None:
        return exact
    alike = [each for each in here if _line(each.version) == _line(version)]
    if alike:
        nearest = max(alike, key=lambda each: _numbers(each.version))
        note = f"Python {version} is not on this machine ({reason}): Python {nearest.version} is used instead."
        return msgspec.structs.replace(nearest, note=note)
    raise Unavailable(
        f"Python {version} is not on this machine, nor another {_line(version)}: {reason}. "
        f"Install it (uv python install {version}, or the system's packages), then restore again."
    )


def _exact(uv: str, implementation: str, version: str) -> Interpreter | None:
    command = [uv, "python", "find", "--system", "--no-python-downloads", "--no-project", f"{implementation}@{version}"]
    try:
        return Interpreter(version, commands.run(command, seconds=_FIND_SECONDS).splitlines()[-1])
    except (commands.Failed, IndexError):
        return None


def _installed(uv: str, implementation: str) -> list[Interpreter]:
    """Those that uv sees on the path and among its own, and pyenv's: their shims work for the chosen version only."""
    command = [uv, "python", "list", "--only-installed", "--all-versions", "--output-format", "json"]
    try:
        output = commands.run(command, seconds=_FIND_SECONDS)
    except commands.Failed as error:
        output = error.output
    found = []
    for row in json.loads(next((line for line in output.splitlines() if line.startswith("[")), "[]")):
        if row["implementation"] == implementation and row["path"]:
            threads = "t" if row.get("variant") == "freethreaded" else ""
            found.append(Interpreter(row["version"] + threads, row["path"]))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    if implementation == "cpython":
        paths = pyenv.glob("versions/[0-9]*/bin/python")
        found += [Interpreter(path.parents[1].name, str(path)) for path in paths if path.is_file()]
    return found


def _downloaded(uv: str, implementation: str, version: str, say: Callable[[str], None]) -> str:
    """Fetch it; returns why that did not work, empty if it did."""
    if os.environ.get("UV_PYTHON_DOWNLOADS", "").lower() in {"never", "manual", "false", "0"}:
        return "downloads of Python are forbidden by UV_PYTHON_DOWNLOADS"
    if os.environ.get("UV_OFFLINE", "").lower() in {"1", "true", "yes"}:
        return "uv is told to work offline by UV_OFFLINE"
    say(f"Downloading Python {version}…")
    command = [uv, "python", "install", "--no-bin", f"{implementation}@{version}"]
    try:
        commands.run(command, seconds=_DOWNLOAD_SECONDS)
    except commands.Failed as error:
        if "No download found" in error.output:
            return "nobody offers it for download"
        if "os error 28" in error.output:
            return "the disk is full"
        return "it could not be downloaded"
    except Unavailable:
        return "its download took too long"
    return ""


def _line(version: str) -> str:
    """`3.12` of `3.12.4`, `3.13t` of `3.13.1t`."""
    return ".".join(version.split(".")[:2]) + ("t" if version.endswith("t") and version.count(".") > 1 else "")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]

"""Runs the programs that build environments: watched line by line, ended with whoever started them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jupyter_mlops.domain.environment import public_address
from jupyter_mlops.domain.errors import Missing, Unavailable

SECONDS = 3600.0
"""The longest that one step may take: gigabytes over a slow line, or something large built from its sources."""

_ADDRESS = re.compile(r"[A-Za-z][\w+.-]*://[^\s`'\"<>)]+")
_DECIDED_HERE = (
    "CONDA_PREFIX",
    "PYTHONHOME",
    "UV_BREAK_SYSTEM_PACKAGES",
    "UV_CONSTRAINT",
    "UV_OVERRIDE",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "VIRTUAL_ENV",
)
"""Variables that would lead a tool to another environment than the one it is given, or to other packages."""


class Failed(Exception):
    """A program ended with an error; what it printed, without credentials."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def uv_program() -> str:
    """Path of uv.

    Raises:
        Missing: it is not installed.
    """
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        raise Missing("Environments are rebuilt with uv, which is not installed here: pip install uv") from None


def run(
    command: Sequence[str],
    on_line: Callable[[str], None] = lambda line: None,
    *,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> str:
    """What a program prints.

    It is on a leash: when this process is killed, the program is too, and writes into no folder any more.

    Raises:
        Failed: it ended with an error.
        Unavailable: it took too long.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_mlops.worker.leash", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={**_environment(), **(variables or {})},
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    late = threading.Event()

    def end() -> None:
        late.set()
        process.terminate()

    timer = threading.Timer(seconds, end)
    timer.start()
    lines: list[str] = []
    try:
        with process:
            for line in process.stdout or ():
                lines.append(public(line.rstrip()))
                on_line(lines[-1])
    finally:
        timer.cancel()
    output = "\n".join(lines)
    if late.is_set():
        raise Unavailable(f"{Path(command[0]).name} was ended: it took more than {seconds / 60:.0f} minutes.")
    if process.returncode != 0:
        raise Failed(output)
    return output


def public(text: str) -> str:
    """A text whose addresses are without credentials."""
    return _ADDRESS.sub(lambda found: public_address(found.group())[0] or "(an address)", text)


def _environment() -> dict[str, str]:
    """Variables for tools that build: not the store's, for packages run code of their own while they are built."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _DECIDED_HERE and not name.startswith(("MLFLOW_", "_MLFLOW_"))
    }
    return {**kept, **_settings_of_pip(kept), "NO_COLOR": "1", "UV_NO_PROGRESS": "1"}


def _settings_of_pip(variables: Mapping[str, str]) -> dict[str, str]:
    """pip's indexes as uv's variables, unless uv has its own: uv does not read pip's configuration.

    They go through the environment, where other users of the machine do not see their credentials.
    """
    if any(variables.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")):
        return {}
    pip = _pip(variables)
    found = {}
    if pip.get("index-url"):
        found["UV_DEFAULT_INDEX"] = pip["index-url"].split()[0]
    if pip.get("extra-index-url"):
        found["UV_INDEX"] = " ".join(pip["extra-index-url"].split())
        # As pip does: a version that the first index lacks may be in the next one.
        found["UV_INDEX_STRATEGY"] = variables.get("UV_INDEX_STRATEGY", "unsafe-first-match")
    links = [link for link in pip.get("find-links", "").split() if "://" in link or Path(link).is_dir()]
    if links and not variables.get("UV_FIND_LINKS"):
        found["UV_FIND_LINKS"] = ",".join(links)
    if pip.get("cert") and not variables.get("SSL_CERT_FILE"):
        found["SSL_CERT_FILE"] = pip["cert"]
    return found


def _pip(variables: Mapping[str, str]) -> dict[str, str]:
    """What pip is told: variables before files, later files before earlier ones."""
    import configparser

    from jupyter_mlops.backends.environments.indexes import pip_files

    found: dict[str, str] = {}
    for file in pip_files(Path(sys.prefix), variables):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(file.read_text(encoding="utf-8", errors="replace"))
        except (OSError, configparser.Error):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    for name, value in variables.items():
        if name.startswith("PIP_"):
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return found

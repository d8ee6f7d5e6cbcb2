"""Package indexes that are configured for a kernel: shown to people, no part of what a snapshot is."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from jupyter_mlops.domain.environment import public_address

_VARIABLES = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
)
_KEYS = ("index-url", "extra-index-url")


def configured_indexes(prefix: Path, environment: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Addresses without credentials, and notes that say where there were some.

    Args:
        prefix: the kernel's `sys.prefix`, where pip keeps the settings of one environment.
        environment: variables that the kernel runs with. Of all of them only those that name indexes are read.
    """
    found: dict[str, None] = {}
    notes: dict[str, None] = {}
    for where, text in _configured(prefix, environment):
        address, removed = public_address(text)
        if removed:
            notes[f"Credentials of a package index in {where} were removed."] = None
        if address:
            found[address] = None
    return list(found), list(notes)


def _configured(prefix: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in _VARIABLES:
        for text in environment.get(name, "").split():
            yield f"the variable {name}", _unnamed(text) if name in {"UV_INDEX", "UV_DEFAULT_INDEX"} else text
    for file in pip_files(prefix, environment):
        for text in _pip(file):
            yield str(file), text
    for file in _uv_files(environment):
        for text in _uv(file):
            yield str(file), text


def _unnamed(text: str) -> str:
    """uv lets an index have a name: `name=https://…`."""
    name, equals, address = text.partition("=")
    return address if equals and name.replace("-", "").replace("_", "").replace(".", "").isalnum() else text


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or Path.home())


def _settings(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CONFIG_HOME") or _home(environment) / ".config")


def pip_files(prefix: Path, environment: Mapping[str, str]) -> list[Path]:
    """https://pip.pypa.io/en/stable/topics/configuration/#location"""
    named = environment.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    home = _home(environment)
    shared = [Path(folder) for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep) if folder]
    files = [*(folder / "pip" / "pip.conf" for folder in shared), Path("/etc/pip.conf")]
    files += [home / ".pip" / "pip.conf", _settings(environment) / "pip" / "pip.conf"]
    if sys.platform == "darwin":
        support = Path("Library", "Application Support", "pip", "pip.conf")
        files += [Path("/") / support, home / support]
    return [*files, prefix / "pip.conf", *([Path(named)] if named else [])]


def _pip(file: Path) -> Iterator[str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return
    for section in parser.sections():
        for key, value in parser.items(section):
            if key.replace("_", "-") in _KEYS:
                yield from value.split()


def _uv_files(environment: Mapping[str, str]) -> list[Path]:
    """https://docs.astral.sh/uv/concepts/configuration-files/"""
    named = environment.get("UV_CONFIG_FILE")
    return [Path(named)] if named else [_settings(environment) / "uv" / "uv.toml", Path("/etc/uv/uv.toml")]


def _uv(file: Path) -> Iterator[str]:
    try:
        content: dict[str, Any] = msgspec.toml.decode(file.read_bytes())
    except (OSError, ValueError, ImportError):  # Python 3.10 reads no TOML by itself
        return
    tables = [table for table in (content, content.get("pip")) if isinstance(table, dict)]
    for table in tables:
        for key in _KEYS:
            value = table.get(key, [])
            yield from (str(each) for each in (value if isinstance(value, list) else [value]))
    for index in content.get("index", []):
        if isinstance(index, dict) and isinstance(index.get("url"), str):
            yield index["url"]

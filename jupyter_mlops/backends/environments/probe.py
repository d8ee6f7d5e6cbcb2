"""Says which Python this is and what is installed where it looks for modules. Run by a kernel's own interpreter.

That may be any Python from 3.7 on, without any package: only the standard library is imported, and little of it. Names
and versions are read off folder names, as `uv pip freeze` does: metadata of 200 packages take a second to parse.
"""
# Without pathlib, whose import would take as long as all the rest.
# ruff: noqa: PTH112, PTH113, PTH118, PTH119, PTH120, PTH123, PTH208

from __future__ import annotations

import sys

if __name__ == "__main__":
    # A script's own folder comes first on the path; a kernel's does not, and nothing is to be imported from there.
    _own = __file__.replace("\\", "/").rpartition("/")[0]
    if sys.path and sys.path[0].replace("\\", "/") == _own:
        del sys.path[0]

import itertools
import json
import os
import re

MARK = "jupyter_mlops probe: "
"""Begins the line with the answer: what the interpreter runs at its start may print, too."""

_DIST_INFO = re.compile(r"(?P<name>[^~].*)-(?P<version>[0-9][^-_]*)\.dist-info$")
_EGG_INFO = re.compile(r"(?P<name>[^-~][^-]*)-(?P<version>[0-9][^-_]*)(-py[^-]+)?(-[^/]+)?\.egg(-info)?$")


def main() -> None:
    site = sys.modules.get("site")
    answer = {
        "python": python_version(),
        "implementation": sys.implementation.name,
        "platform": sys.platform + "-" + machine(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "user_site": site.getusersitepackages() if site is not None and site.ENABLE_USER_SITE else "",
        "path": [entry for entry in sys.path if entry and os.path.isdir(entry)],
        "stdlib": os.path.dirname(os.__file__),
        "distributions": distributions(),
    }
    sys.stdout.write("\n" + MARK + json.dumps(answer) + "\n")


def python_version() -> str:
    """`3.12.4`, `3.14.0rc1`, and `3.13.1t` of a build without the global lock, as uv and pyenv name it."""
    info = sys.version_info
    stage = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(info.releaselevel, "")
    version = ".".join(map(str, info[:3])) + (stage + str(info.serial) if stage else "")
    return version + ("t" if "t" in getattr(sys, "abiflags", "") else "")


def machine() -> str:
    if hasattr(os, "uname"):
        return os.uname().machine.lower()
    return os.environ.get("PROCESSOR_ARCHITECTURE", "unknown").lower()


def distributions() -> list[dict[str, object]]:
    """As `import` and importlib.metadata see them: of two with one name, the first on the path."""
    conda = os.path.isdir(os.path.join(sys.prefix, "conda-meta"))
    found: dict[str, dict[str, object]] = {}
    seen: set[str] = set()
    for entry in sys.path:
        if not entry or entry in seen:
            continue
        seen.add(entry)
        for each in folder(entry, conda):
            found.setdefault(re.sub(r"[-_.]+", "-", str(each["name"])).lower(), each)
    return list(found.values())


def folder(entry: str, conda: bool) -> list[dict[str, object]]:
    """Distributions whose metadata lie in one folder of the path."""
    if entry.endswith(".egg") and os.path.isdir(entry):
        each = distribution(entry, os.path.basename(entry), os.path.join(entry, "EGG-INFO"), "PKG-INFO", _EGG_INFO)
        return [each] if each else []
    try:
        names = sorted(os.listdir(entry))
    except OSError:
        return []
    result = []
    for name in names:
        each = None
        if name.startswith("~"):  # what pip left behind when it was interrupted
            continue
        if name.endswith(".dist-info"):
            each = distribution(entry, name, os.path.join(entry, name), "METADATA", _DIST_INFO)
            if each:
                each["direct_url"] = direct_url(os.path.join(entry, name))
                if conda:
                    each["installer"] = (first_lines(os.path.join(entry, name, "INSTALLER"), 1) or [""])[0].strip()
        elif name.endswith(".egg-info"):
            info = os.path.join(entry, name)
            each = distribution(entry, name, info, "PKG-INFO" if os.path.isdir(info) else "", _EGG_INFO)
            if each and os.path.isdir(info):
                each["project"] = project(entry)
        if each:
            result.append(each)
    return result


def distribution(entry: str, name: str, info: str, metadata: str, pattern: re.Pattern[str]) -> dict[str, object] | None:
    """Name and version, off the folder's name if it says both, else off the first lines of its metadata."""
    path = os.path.join(info, metadata) if metadata else info
    if not os.path.isfile(path):
        return None
    match = pattern.match(name)
    if match:
        return {"name": match.group("name"), "version": match.group("version"), "info": info, "location": entry}
    fields: dict[str, str] = {}
    for line in first_lines(path, 60):
        key, colon, value = line.partition(":")
        if not colon:
            break
        fields.setdefault(key.strip().lower(), value.strip())
    if not fields.get("name") or not fields.get("version"):
        return None
    return {"name": fields["name"], "version": fields["version"], "info": info, "location": entry}


def direct_url(info: str) -> dict[str, object] | None:
    """Where it was installed from, if not from an index: PEP 610."""
    try:
        with open(os.path.join(info, "direct_url.json"), encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def project(entry: str) -> str:
    """The project whose sources lie in a folder of the path (`setup.py develop`): the folder, or the one above."""
    for root in (entry, os.path.dirname(entry)):
        if any(os.path.isfile(os.path.join(root, name)) for name in ("pyproject.toml", "setup.py")):
            return root
    return ""


def first_lines(path: str, most: int) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return list(itertools.islice(file, most))
    except OSError:
        return []


if __name__ == "__main__":
    main()

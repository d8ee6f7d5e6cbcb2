"""Builds an environment anew in a folder: its Python, then every package in exactly its version."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from jupyter_mlops.backends.environments import addresses, commands, conda, members, pythons, refusals
from jupyter_mlops.domain.environment import Environment, Package
from jupyter_mlops.domain.errors import NotFound, Unavailable

Fetch = Callable[[str], tuple[str, bytes]]
"""File name and content of the wheel or sources that a snapshot keeps of a package, by its name."""
Say = Callable[[str], None]

_STEPS: tuple[tuple[str, str], ...] = (
    (r"Resolved (\d+) packages? in", r"Found \1 packages."),
    (r"\s*Downloading (\S+) \((\S+)\)", r"Downloading \1 (\2)…"),
    (r"\s*Building (\S+?)(?:==(\S+)| @ .*)?$", r"Building \1 from its sources…"),
    (r"\s*Updating (\S+) ", r"Fetching \1…"),
    (r"Prepared (\d+) packages? in", r"Installing \1 packages…"),
)


def build(environment: Environment, fetch: Fetch, target: Path, say: Say) -> list[str]:
    """Build it in `target`, which does not exist yet; returns what is not as it was, in sentences.

    Without a conda part the folder can be renamed afterwards.

    Raises:
        Missing: uv, or a conda for an environment that conda made, is not installed.
        Unavailable: a Python or package cannot be had; names it and says what can be done.
    """
    notes = _platform(environment)
    for note in notes:
        say(note)
    try:
        notes += _build(environment, fetch, target, say)
    except Unavailable as error:
        raise (Unavailable(" ".join([*notes, error.message])) if notes else error) from error
    return notes


def _platform(environment: Environment) -> list[str]:
    import platform
    import sys

    here = f"{sys.platform}-{platform.machine().lower()}"
    if environment.platform == here:
        return []
    return [f"The snapshot was taken on {environment.platform} and this machine is {here}: packages may differ."]


def _build(environment: Environment, fetch: Fetch, target: Path, say: Say) -> list[str]:
    uv = commands.uv_program()
    notes = []
    if environment.conda:
        conda.create(environment.conda, target, say)
    else:
        python = pythons.find(environment.implementation, environment.python, say)
        if python.note:
            say(python.note)
            notes.append(python.note)
        _venv(uv, python.path, target)
    _Installation(uv, environment.packages, fetch, target, say).run()
    return notes


def _venv(uv: str, python: str, target: Path) -> None:
    command = [uv, "venv", "--relocatable", "--no-project", "--python", python, str(target)]
    try:
        commands.run(command, folder=target.parent)
    except commands.Failed as error:
        raise refusals.other(error.output, []) from error


class _Installation:
    """All packages of one environment: what has files first, then what must be built with its version in hand."""

    def __init__(self, uv: str, packages: Sequence[Package], fetch: Fetch, target: Path, say: Say) -> None:
        self._uv = uv
        self._packages = packages
        self._fetch = fetch
        self._target = target
        self._say = say
        self._files = target.parent / f"{target.name}-packages"

    def run(self) -> None:
        self._files.mkdir()
        ready = [package for package in self._packages if package.kind != "sources"]
        lines = [self._requirement(package) for package in ready]
        if ready:
            self._say(f"Looking for {counted(len(ready))}…")
            self._install(ready, lines)
            addresses.note_hashes(self._target, ready)
        for package in self._packages:
            if package.kind == "sources":
                self._build_sources(package)

    def _requirement(self, package: Package) -> str:
        """Its line of a requirements file."""
        if package.kind == "index":
            return f"{package.name}=={package.version}"
        if package.kind == "wheel":
            return f"{package.name} @ {self._wheel(package).as_uri()}"
        return addresses.requirement(package)

    def _fetched(self, package: Package) -> tuple[str, bytes]:
        self._say(f"Fetching {package.name} {package.version} from the snapshot…")
        try:
            name, content = self._fetch(package.name)
        except NotFound as error:
            raise Unavailable(f"The snapshot's file of {package.name} {package.version} is gone. {error}") from error
        if PurePosixPath(name).name != name or name.startswith("."):
            raise Unavailable(f"The snapshot's file of {package.name} has a name that no package has: {name[:80]!r}.")
        return name, content

    def _wheel(self, package: Package) -> Path:
        name, content = self._fetched(package)
        folder = self._files / package.name
        folder.mkdir()
        file = folder / name
        file.write_bytes(content)
        try:
            found = members.wheel_content(file)
        except Exception as error:  # a damaged zip file is told in many ways
            raise _damaged(package, f"its wheel cannot be read ({error})") from error
        if found != package.content:
            raise _damaged(package, "its wheel has other content")
        return file

    def _build_sources(self, package: Package) -> None:
        _, content = self._fetched(package)
        folder = self._files / package.name
        try:
            with tarfile.open(fileobj=io.BytesIO(content)) as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise _damaged(package, f"its sources cannot be unpacked ({error})") from error
        roots = list(folder.iterdir())
        if len(roots) != 1 or (package.content and _content_of(roots[0]) != package.content):
            raise _damaged(package, "its sources have other content")
        name = re.sub(r"[^A-Z0-9]", "_", package.name.upper())
        self._say(f"Building {package.name} from its sources…")
        # Tools that ask git for the version: there is no git here, and the version is known.
        told = {"SETUPTOOLS_SCM_PRETEND_VERSION": package.version, "PDM_BUILD_SCM_VERSION": package.version}
        told[f"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{name}"] = package.version
        self._install([package], [f"{package.name} @ {roots[0].as_uri()}"], told)

    def _install(
        self, packages: Sequence[Package], lines: Sequence[str], variables: dict[str, str] | None = None
    ) -> None:
        try:
            self._uv_install(lines, (), variables)
            return
        except commands.Failed as error:
            output = error.output
        first = refusals.refusal(output)
        if first is None and refusals.unreachable(output):
            self._say("Something does not answer; trying with what is in uv's cache…")
            try:
                self._uv_install(lines, ("--offline",), variables)
                return
            except commands.Failed as error:
                # What the network said names the address that is not in the cache either.
                first = refusals.refusal(error.output)
                if first is not None and _from_elsewhere(first, packages):
                    first = None
        if first is None:
            raise refusals.other(output, packages)
        raise self._refused(packages, first, output)

    def _refused(self, packages: Sequence[Package], first: refusals.Refusal, output: str) -> Unavailable:
        """The error that names all packages that cannot be had."""
        pins = [package for package in packages if package.kind == "index"]

        def attempt(left: list[Package]) -> str:
            options = ["--dry-run", *(["--offline"] if first.kind == "offline" else [])]
            try:
                self._uv_install([self._requirement(package) for package in left], options, None, lambda line: None)
            except commands.Failed as error:
                return error.output
            return ""

        found = refusals.all_refused(pins, first, attempt)
        return refusals.refused(packages, found, output, told_offline=not refusals.unreachable(output))

    def _uv_install(
        self,
        lines: Sequence[str],
        options: Sequence[str],
        variables: dict[str, str] | None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        requirements = self._files / "requirements.txt"
        requirements.write_text("\n".join([*lines, ""]), encoding="utf-8")
        python = self._target / "bin" / "python"
        command = [self._uv, "pip", "install", "--no-deps", "--python", str(python), "-r", str(requirements), *options]
        commands.run(command, on_line or self._progress, folder=self._files, variables=variables)

    def _progress(self, line: str) -> None:
        for pattern, words in _STEPS:
            found = re.match(pattern, line)
            if found:
                self._say(found.expand(words).replace(" 1 packages", " 1 package"))
                return


def counted(packages: int) -> str:
    """`1 package`, `98 packages`."""
    return f"{packages} package{'' if packages == 1 else 's'}"


def _from_elsewhere(refusal: refusals.Refusal, packages: Sequence[Package]) -> bool:
    """Whether a package comes from an address of its own, not from an index."""
    return any(package.name == refusal.name and package.kind != "index" for package in packages)


def _content_of(folder: Path) -> str:
    files = (path for path in folder.rglob("*") if path.is_file())
    return members.listed(
        {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    )


def _damaged(package: Package, why: str) -> Unavailable:
    return Unavailable(
        f"The snapshot's file of {package.name} {package.version} is not the one that was kept: {why}. It was changed "
        "in the store. Take a new snapshot where the package is installed."
    )

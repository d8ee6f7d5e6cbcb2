"""Conda's part of an environment: explicit packages, laid out in a prefix by whichever conda there is."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from jupyter_mlops.backends.environments import commands
from jupyter_mlops.backends.executors.workdir import write
from jupyter_mlops.domain.errors import Missing, Unavailable

PROGRAMS = ("micromamba", "mamba", "conda")
"""The fastest first."""


class Installer(msgspec.Struct, frozen=True):
    """What makes a prefix from an explicit list."""

    name: str
    command: list[str]
    mirrors: str
    """Where it is told of another server for a channel."""

    def arguments(self, listed: Path, prefix: Path) -> list[str]:
        """Its whole command line."""
        if self.name == "rattler":
            return [*self.command, str(listed), str(prefix)]
        return [*self.command, "create", "--yes", "--quiet", "--prefix", str(prefix), "--file", str(listed)]


def installer() -> Installer:
    """A conda program; without one rattler, the library, which pip can install.

    Raises:
        Missing: neither is installed.
    """
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            return Installer(name, [found], "conda's configuration (custom_channels)")
    try:
        import rattler  # noqa: F401 -- whether it can be loaded here, too
    except ImportError:
        raise Missing(
            "The environment was made with conda, and nothing here can install conda's packages. Type pip install "
            "'jupyter-mlops[conda]', which brings rattler (py-rattler), or install one of micromamba, mamba and conda; "
            "then restore again."
        ) from None
    command = [sys.executable, "-m", "jupyter_mlops.backends.environments.explicit"]
    return Installer("rattler", command, "rattler's configuration ([mirrors] in ~/.config/rattler/config.toml)")


def create(explicit: Sequence[str], prefix: Path, say: Callable[[str], None]) -> None:
    """Make a prefix with exactly these packages; each address names its file's hash, which is checked.

    A prefix cannot be renamed afterwards: its path is written into the files.

    Raises:
        Missing: nothing that can do it is installed.
        Unavailable: it failed; says which package, as far as is known.
    """
    using = installer()
    listed = prefix.parent / f"{prefix.name}.txt"
    write(listed, "\n".join(["@EXPLICIT", *explicit, ""]).encode())
    say(f"Installing {len(explicit)} conda packages with {using.name}…")

    def step(line: str) -> None:
        if using.name == "rattler" and line.endswith("…"):
            say(line)

    try:
        commands.run(using.arguments(listed, prefix), step, folder=prefix.parent)
    except commands.Failed as error:
        raise Unavailable(_explained(using, error.output, explicit)) from error
    finally:
        listed.unlink(missing_ok=True)
    if not (prefix / "bin" / "python").exists():
        raise Unavailable(f"{using.name} made no Python: the snapshot's conda packages hold none.")


def _explained(using: Installer, output: str, explicit: Sequence[str]) -> str:
    if "No space left" in output:
        return "The disk is full. Make room (jupyter mlops environment prune), then restore again."
    files = [address.partition("#")[0].rpartition("/")[2] for address in explicit]
    blamed = [file for file in files if file in output]
    said = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "it said nothing")
    said = said.removeprefix("error: ")[:300].rstrip(".") + "."
    if not blamed:
        return f"{using.name} could not make the environment: {said}"
    more = f" and {len(blamed) - 6} more" if len(blamed) > 6 else ""
    return (
        f"{using.name} could not install {', '.join(blamed[:6])}{more}: {said} If its channel has it no more, or no "
        f"longer as it was, name a mirror in {using.mirrors}, then restore again."
    )

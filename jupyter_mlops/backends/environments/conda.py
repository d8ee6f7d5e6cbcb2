"""Conda's part of an environment: explicit packages, laid out in a prefix by whichever conda there is."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

import msgspec

from jupyter_mlops.backends.environments import commands
from jupyter_mlops.domain.errors import Missing, Unavailable

PROGRAMS = ("micromamba", "mamba", "conda")
"""The fastest first."""
SHOWN = 6

_OTHER_KERNEL = "run the notebook with a kernel that is installed here"
"""All there is to do with conda: it asks for explicit addresses as they are, whatever its channels are set to."""


class Installer(msgspec.Struct, frozen=True):
    """What makes a prefix from an explicit list."""

    name: str
    command: list[str]
    advice: str
    """What to do about a package that its channel has no more."""

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
            return Installer(name, [found], _OTHER_KERNEL)
    try:
        import rattler  # noqa: F401 -- whether it can be loaded here, too
    except ImportError:
        raise Missing(
            "The environment was made with conda, and nothing here can install conda's packages. Type pip install "
            "'jupyter-mlops[conda]', which brings rattler (py-rattler), or install one of micromamba, mamba and conda; "
            "then restore again."
        ) from None
    command = [sys.executable, "-m", "jupyter_mlops.backends.environments.explicit"]
    mirror = "name a mirror of it in ~/.rattler/config.toml ([mirrors]) and restore again; or "
    return Installer("rattler", command, mirror + _OTHER_KERNEL)


def create(explicit: Sequence[str], prefix: Path, say: Callable[[str], None]) -> None:
    """Make a prefix with exactly these packages; each address names its file's hash, which is checked.

    A prefix cannot be renamed afterwards: its path is written into the files.

    Raises:
        Missing: nothing that can do it is installed.
        Unavailable: it failed; says which package, as far as is known.
    """
    using = installer()
    say(f"Installing {len(explicit)} conda packages with {using.name}…")

    def step(line: str) -> None:
        if using.name == "rattler" and line.endswith("…"):
            say(line)

    # Named after the prefix, so that whoever removes what a killed builder left removes it, too.
    with tempfile.TemporaryDirectory(prefix=f"{prefix.name}-", dir=prefix.parent) as folder:
        listed = Path(folder, "explicit.txt")
        listed.write_text("\n".join(["@EXPLICIT", *explicit, ""]), encoding="utf-8")
        try:
            commands.run(using.arguments(listed, prefix), step, folder=prefix.parent)
        except commands.Failed as error:
            raise Unavailable(_explained(using, error.output, explicit)) from error
    if not (prefix / "bin" / "python").exists():
        raise Unavailable(f"{using.name} made no Python: the snapshot's conda packages hold none.")


def _explained(using: Installer, output: str, explicit: Sequence[str]) -> str:
    if "No space left" in output:
        return "The disk is full. Make room (jupyter mlops environment prune), then restore again."
    files = [address.partition("#")[0].rpartition("/")[2] for address in explicit]
    blamed = [file for file in map(unquote, files) if file in unquote(output)]
    said = _said(output)
    if not blamed:
        return f"{using.name} could not make the environment: {said}"
    names = ", ".join(blamed[:SHOWN]) + (f" and {len(blamed) - SHOWN} more" if len(blamed) > SHOWN else "")
    if re.search(r"\b40[13]\b", said):
        todo = "Its channel asks for credentials: put them into ~/.netrc, then restore again."
    elif re.search(r"does not answer|CONNECTION FAILED", said):
        todo = "Look at the network, then restore again."
    else:
        todo = f"If its channel has it no more, or no longer as it was, {using.advice}."
    return f"{using.name} could not install {names}: {said} {todo}"


def _said(output: str) -> str:
    """The line that says most: conda ends with general advice."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?:\w*Error|error|critical)\b", line)]
    chosen = (errors or lines or ["it said nothing"])[-1]
    return re.sub(r"^error:? +", "", chosen)[:300].rstrip(".") + "."

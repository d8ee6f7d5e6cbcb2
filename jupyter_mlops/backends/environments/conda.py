"""Conda's part of an environment: explicit packages, laid out in a prefix by whichever conda there is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_mlops.backends.environments import commands
from jupyter_mlops.backends.executors.workdir import write
from jupyter_mlops.domain.errors import Missing, Unavailable

PROGRAMS = ("micromamba", "mamba", "conda")
"""The fastest first."""


def program() -> str:
    """Path of a conda.

    Raises:
        Missing: none is installed.
    """
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    raise Missing(
        "The environment was made with conda, and none of micromamba, mamba and conda is on the PATH. Install one "
        "(https://mamba.readthedocs.io), then restore again."
    )


def create(explicit: Sequence[str], prefix: Path, say: Callable[[str], None]) -> None:
    """Make a prefix with exactly these packages; each address names its file's hash, which conda checks.

    A prefix cannot be renamed afterwards: conda writes its path into the files.

    Raises:
        Missing: no conda is installed.
        Unavailable: it failed; says which package, as far as conda does.
    """
    conda = program()
    name = Path(conda).name
    listed = prefix.parent / f"{prefix.name}.txt"
    write(listed, "\n".join(["@EXPLICIT", *explicit, ""]).encode())
    say(f"Installing {len(explicit)} conda packages with {name}…")
    try:
        commands.run(
            [conda, "create", "--yes", "--quiet", "--prefix", str(prefix), "--file", str(listed)], folder=prefix.parent
        )
    except commands.Failed as error:
        raise Unavailable(_explained(name, error.output, explicit)) from error
    finally:
        listed.unlink(missing_ok=True)
    if not (prefix / "bin" / "python").exists():
        raise Unavailable(f"{name} made no Python: the snapshot's conda packages hold none.")


def _explained(name: str, output: str, explicit: Sequence[str]) -> str:
    if "No space left" in output:
        return "The disk is full. Make room (jupyter mlops environment prune), then restore again."
    files = [address.partition("#")[0].rpartition("/")[2] for address in explicit]
    blamed = [file for file in files if file in output]
    said = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "it said nothing")[:300]
    if not blamed:
        return f"{name} could not make the environment: {said}"
    return (
        f"{name} could not install {', '.join(blamed[:6])}: {said} If its channel has it no more, name a mirror in "
        "conda's configuration (custom_channels), then restore again."
    )

"""Which interpreter a kernelspec starts, found the way jupyter_client starts it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import warnings
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from jupyter_mlops.domain.errors import Invalid

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec

_LOCAL = "local-provisioner"
_PYTHON = re.compile(r"(python|pypy)[0-9.]*t?(\.exe)?$")
_ELSEWHERE = {"apptainer", "docker", "kubectl", "nerdctl", "podman", "singularity", "srun", "ssh"}
"""Their Python does not see this machine's files."""


class Unknown(Exception):
    """A kernel that cannot be asked; the message says why."""


def kernelspec(name: str) -> KernelSpec:
    """An installed kernelspec.

    Raises:
        Invalid: it is not installed; the message lists those that are.
    """
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    try:
        with warnings.catch_warnings():
            # Kernels of other languages have keys in their kernel.json that traitlets does not expect.
            warnings.simplefilter("ignore", DeprecationWarning)
            return manager.get_kernel_spec(name)
    except NoSuchKernel:
        installed = manager.find_kernel_specs()
        if name in installed:  # what would start it is not: the specification says what it is all the same
            return KernelSpec.from_resource_dir(installed[name])
        known = ", ".join(sorted(installed)) or "none"
        raise Invalid.one(
            "kernel",
            f"The kernel {name!r} is not installed here. Installed: {known}. Install it or choose another.",
        ) from None
    except (OSError, ValueError) as error:
        raise Invalid.one("kernel", f"The kernel {name!r} cannot be read ({error}). Install it again.") from None


def command(spec: KernelSpec) -> tuple[list[str], dict[str, str]]:
    """What starts the kernel's Python, and the variables it runs with.

    Raises:
        Unknown: it is not Python, or which Python is not to be seen.
    """
    if not (spec.language or "").lower().startswith("python"):
        raise Unknown("only Python kernels can be asked.")
    metadata = spec.metadata or {}
    provisioner = metadata.get("kernel_provisioner") or {}
    if metadata.get("process_proxy") or provisioner.get("provisioner_name", _LOCAL) != _LOCAL:
        raise Unknown("it runs on another machine.")
    words = [word.replace("{resource_dir}", spec.resource_dir).replace("{prefix}", sys.prefix) for word in spec.argv]
    found = _prefix(words)
    environment = dict(os.environ)
    environment.update({name: Template(str(value)).safe_substitute(os.environ) for name, value in spec.env.items()})
    environment.pop("PYTHONEXECUTABLE", None)  # of the Python that asks
    if found[0] in {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info)}:
        found[0] = sys.executable
    started = shutil.which(found[0], path=environment.get("PATH"))
    if started is None:
        raise Unknown(f"its program {found[0]} is not there. Install the kernel again.")
    return [started, *found[1:]], environment


def _prefix(argv: list[str]) -> list[str]:
    """The beginning of a kernel's command that starts Python: up to `-m`, whatever sets the scene before it."""
    if not argv:
        raise Unknown("its kernelspec names no program.")
    if Path(argv[0]).name in _ELSEWHERE:
        raise Unknown(f"{Path(argv[0]).name} runs it where this machine's files are not.")
    pythons = [at for at, word in enumerate(argv) if _PYTHON.match(Path(word).name)]
    if not pythons:
        beside = Path(argv[0]).with_name("python")  # xeus-python is a program of its own, in an environment like others
        if beside.is_absolute() and beside.is_file():
            return [str(beside)]
        raise Unknown(f"no Python is to be seen in its command, {' '.join(argv)}.")
    ends = [at for at, word in enumerate(argv) if word == "-m" and at > pythons[0]]
    found = argv[: ends[0]] if ends else argv[: pythons[0] + 1]
    if any("{connection_file}" in word for word in found):
        raise Unknown(f"no Python is to be seen in its command, {' '.join(argv)}.")
    return found

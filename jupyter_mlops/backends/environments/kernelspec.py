"""Rebuilt environments among Jupyter's kernels, so that every notebook can be opened with one."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

from jupyter_mlops.backends.executors.workdir import write


def kernel_name(digest: str) -> str:
    """Name of the kernelspec that runs an environment."""
    return f"mlops-{digest[:12]}"


def display_name(digest: str, python: str) -> str:
    """What the launcher calls it."""
    return f"Python {python} · snapshot env {digest[:12]}"


def register(digest: str, python: str, executable: Path) -> str:
    """See that an environment is among the person's kernels; returns its name. Writes only what is missing.

    Raises:
        OSError: Jupyter's data folder cannot be written.
    """
    spec = {
        "argv": [str(executable), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": display_name(digest, python),
        "language": "python",
        "metadata": {"debugger": True, "jupyter_mlops": {"environment": digest}},
    }
    content = (json.dumps(spec, indent=1, ensure_ascii=False) + "\n").encode()
    file = _folder(digest) / "kernel.json"
    if _content(file) != content:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, content)
    return kernel_name(digest)


def remove(digest: str) -> None:
    """Take an environment from the person's kernels."""
    with contextlib.suppress(OSError):
        # Without this file Jupyter sees no kernel, whatever becomes of the folder.
        (_folder(digest) / "kernel.json").unlink(missing_ok=True)
        shutil.rmtree(_folder(digest), ignore_errors=True)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _folder(digest: str) -> Path:
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "kernels" / kernel_name(digest)

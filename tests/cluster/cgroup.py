"""A cgroup of its own for all of a real node's pods, in both versions of cgroups."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

MOUNTED = Path("/sys/fs/cgroup")
PATIENCE_SECONDS = 10.0


class Cgroup:
    """A cgroup in every hierarchy: one with version 2, one for each controller with version 1."""

    def __init__(self, name: str) -> None:
        self.root = f"/{name}"

    def make(self) -> None:
        """Make it; the kubelet wants to find it."""
        for folder in self._folders():
            folder.mkdir(exist_ok=True)

    def remove(self) -> None:
        """Take it away with all that are in it; waits for the kernel to end what was in there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for folder in self._folders():
            while folder.exists():
                for inner, _, _ in os.walk(folder, topdown=False):
                    with contextlib.suppress(OSError):
                        Path(inner).rmdir()
                if time.monotonic() > deadline:
                    return
                time.sleep(0.02)

    def _folders(self) -> list[Path]:
        if (MOUNTED / "cgroup.controllers").exists():
            return [MOUNTED / self.root[1:]]
        return [each / self.root[1:] for each in MOUNTED.iterdir() if each.is_mount() and not each.is_symlink()]

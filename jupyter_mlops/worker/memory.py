"""How much memory a trial may use, has used, and whether the kernel killed something of it for using more.

Asked of the control group that the trial runs in, of either version; outside of containers the limit is often none.
https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files and
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from __future__ import annotations

import re
from pathlib import Path

GROUP = Path("/sys/fs/cgroup")
"""Where a container sees its own group."""


class Memory:
    """The group's memory, from when this was made on."""

    def __init__(self, group: Path = GROUP) -> None:
        self._group = group
        self._killed = self._kills()

    def was_exceeded(self) -> bool:
        """Whether something of the group has been killed since for want of memory."""
        return self._kills() > self._killed

    def words(self) -> str:
        """`it may use 2.0 GiB, and had used 2.0 GiB`, as far as the system says."""
        limit = self._bytes("memory.max", "memory/memory.limit_in_bytes")
        peak = self._bytes("memory.peak", "memory/memory.max_usage_in_bytes")
        parts = [f"it may use {_size(limit)}"] if limit is not None else []
        parts += [f"{'had' if parts else 'it had'} used {_size(peak)}"] if peak is not None else []
        return " and ".join(parts)

    def _kills(self) -> int:
        for name in ("memory.events", "memory/memory.oom_control"):
            found = re.search(r"^oom_kill (\d+)$", self._read(name), re.MULTILINE)
            if found:
                return int(found[1])
        return 0

    def _bytes(self, *names: str) -> int | None:
        """The first that says a number; "no limit" is the largest number there is, or a word."""
        for name in names:
            text = self._read(name).strip()
            if text.isdigit() and int(text) < 1 << 60:
                return int(text)
        return None

    def _read(self, name: str) -> str:
        try:
            return (self._group / name).read_text()
        except OSError:
            return ""


def _size(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"

"""What git knows of a folder. Asked of git itself, with a time-out; no git is no repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

from jupyter_mlops.backends.tracking.connection import without_credentials
from jupyter_mlops.domain.snapshot import GitState

SECONDS = 10
MAX_DIFF = 5 * 1024 * 1024
"""Bytes of changes that are kept: more are data, not code."""


def state(folder: Path) -> GitState | None:
    """Commit, branch and dirtiness of the repository that a folder lies in; None outside of one."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    return GitState(
        commit=commit.decode().strip(),
        branch=_text(_git(folder, "symbolic-ref", "--short", "-q", "HEAD")),
        dirty=bool(_git(folder, "status", "--porcelain", "--untracked-files=no")),
        remote=without_credentials(_text(_git(folder, "config", "--get", "remote.origin.url"))),
    )


def diff(folder: Path) -> bytes:
    """The changes that were not committed, of the whole repository; empty when they are too many to keep."""
    found = _git(folder, "diff", "HEAD", "--no-color", "--no-ext-diff", "--binary") or b""
    return found if len(found) <= MAX_DIFF else b""


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _text(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace").strip()

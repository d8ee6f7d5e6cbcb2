"""Waiting for what happens in other processes."""

from __future__ import annotations

import time
from collections.abc import Callable

from jupyter_mlops.domain.sweep import Sweep
from jupyter_mlops.services import Services


def eventually(check: Callable[[], object], seconds: float = 90.0) -> None:
    """Wait until the check holds; fails after so many seconds, generous because CI has two cores."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def ended(services: Services, sweep: Sweep) -> Callable[[], bool]:
    """Whether a sweep has ended, as a check for `eventually`."""
    return lambda: services.sweeps.get(sweep.id).ended is not None

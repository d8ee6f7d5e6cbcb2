"""How long a worker waits for MLflow: it may be gone for minutes, and a trial's result may not be lost for that."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TypeVar

import tenacity

from jupyter_mlops.domain.errors import Unavailable

T = TypeVar("T")
log = logging.getLogger("jupyter_mlops")

PATIENCE_SECONDS = float(os.environ.get("JUPYTER_MLOPS_PATIENCE", "1800"))
"""Give up after this long; the trial then counts as not run and can be started again."""


def patiently(call: Callable[[], T]) -> T:
    """Call until the store answers, with growing pauses and jitter.

    Raises:
        Unavailable: it did not answer for PATIENCE_SECONDS.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Unavailable),
        wait=tenacity.wait_exponential_jitter(initial=0.3, max=15),
        stop=tenacity.stop_after_delay(PATIENCE_SECONDS),
        before_sleep=lambda state: log.warning("%s Trying again.", state.outcome.exception() if state.outcome else ""),
        reraise=True,
    )(call)

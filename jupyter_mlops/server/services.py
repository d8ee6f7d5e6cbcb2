"""Services on first use, in threads: MLflow takes seconds to import and the event loop has none to spare."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from jupyter_mlops.domain.errors import Unavailable

if TYPE_CHECKING:
    from jupyter_mlops.services import Services

T = TypeVar("T")

ANSWER_SECONDS = 60.0
THREADS = 8


class LazyServices:
    """Runs calls on the services in a small pool of threads; makes the services when the first call comes."""

    def __init__(self, make: Callable[[], Services]) -> None:
        self._make = make
        self._made: Services | None = None
        self._making = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="mlops")

    def _services(self) -> Services:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    async def call(self, verb: Callable[[Services], T]) -> T:
        """Run a verb in a thread.

        Raises:
            Unavailable: it took longer than a minute. The thread goes on and ends by the store's own time-outs.
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, lambda: verb(self._services()))
        try:
            return await asyncio.wait_for(work, ANSWER_SECONDS)
        except asyncio.TimeoutError:
            raise Unavailable(f"MLflow has not answered for {ANSWER_SECONDS:.0f} s. Try again in a while.") from None

    def close(self) -> None:
        """Let running calls end, start no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

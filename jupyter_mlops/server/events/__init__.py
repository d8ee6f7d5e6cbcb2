"""Hints on Jupyter's event bus: "sweep X may have changed". Whoever cares then asks for the truth."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_mlops.server.services import LazyServices

SCHEMA = Path(__file__).parent / "changed.yaml"
SCHEMA_ID = "https://schema.jupyter.org/jupyter_mlops/changed/v1"

BUSY_SECONDS = 0.25
"""Between looks while something goes on: at most four hints a second and sweep."""
IDLE_SECONDS = 1.0

log = logging.getLogger("jupyter_mlops")


class Hints:
    """Looks at the revisions of all executors and tells the bus which have changed.

    Args:
        rest: called on every look, for what wants to notice that nobody has used it for long.
    """

    def __init__(self, services: LazyServices, bus: Any, rest: Callable[[], None]) -> None:
        self._services = services
        self._bus = bus
        self._rest = rest
        self._seen: dict[str, str] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._loop())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _loop(self) -> None:
        while True:
            try:
                busy = await self._look()
            except Exception as error:
                log.warning("Looking for changes failed: %s", error)
                busy = False
            self._rest()
            await asyncio.sleep(BUSY_SECONDS if busy else IDLE_SECONDS)

    async def _look(self) -> bool:
        now = await self._services.call(lambda services: services.executors.live())
        before = self._seen if self._seen is not None else now
        self._seen = now
        for sweep in now.keys() | before.keys():
            if now.get(sweep) != before.get(sweep):
                self._bus.emit(schema_id=SCHEMA_ID, data={"kind": "sweep", "id": sweep})
        return bool(now)

"""One kind of object in one namespace, kept up to date: list, watch, and list again when the watch is lost.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from jupyter_mlops.backends.kubernetes.api import ApiServer, Gone
from jupyter_mlops.domain.errors import MlopsError

T = TypeVar("T")
log = logging.getLogger("jupyter_mlops")

PAGE = 500
WATCH_SECONDS = 240
"""After which the API server ends a watch and another one goes on where it ended: two requests in eight minutes."""
SHORTEST_WATCH = 1.0
LONGEST_PAUSE = 30.0
_chance = random.Random()
"""Of its own: what a person has seeded stays as it is."""


class _ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, frozen=True):
    metadata: _ListMeta
    items: list[msgspec.Raw] = []


class _Change(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _Bookmark(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()
    code: int = 0
    message: str = ""


class Watch(Generic[T]):
    """A thread that tells of every object that is there, changes or goes.

    Args:
        seen: called with each object that is there or has changed.
        gone: called with each object that was deleted while it was watched.
        listed: called with all objects when a list is whole: what is not among them is no more.
    """

    def __init__(
        self,
        api: ApiServer,
        path: str,
        selector: str,
        type_: type[T],
        *,
        seen: Callable[[T], None],
        gone: Callable[[T], None],
        listed: Callable[[list[T]], None],
    ) -> None:
        self._api = api
        self._path = path
        self._selector = selector
        self._decoder = msgspec.json.Decoder(type_)
        self._seen, self._gone, self._listed = seen, gone, listed
        self._ready = threading.Event()
        self._closed = threading.Event()
        self._told = threading.Event()
        self._end: Callable[[], None] = lambda: None
        self.problem = ""
        """Why it is not up to date now; empty while it is."""
        self._thread = threading.Thread(target=self._loop, name=f"watch {path}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Tell no more, and end the thread."""
        self._closed.set()
        with contextlib.suppress(OSError, ValueError):  # it has just ended by itself
            self._end()
        self._thread.join(timeout=10)

    def wait(self, seconds: float) -> bool:
        """Wait for the first list, or for the reason why there is none; whether there is one."""
        self._told.wait(seconds)
        return self._ready.is_set()

    def _loop(self) -> None:
        failures = 0
        version = ""
        while not self._closed.is_set():
            try:
                version = version or self._list()
                self.problem, failures = "", 0
                self._told.set()
                began = time.monotonic()
                version = self._watch(version)
                if time.monotonic() - began < SHORTEST_WATCH:
                    # An overloaded API server ends watches at once: it is not asked again at once.
                    self._closed.wait(_chance.uniform(1.0, 3.0))
                continue
            except Gone:
                version = ""
                continue
            except MlopsError as error:
                self.problem = error.message
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                self.problem = f"The cluster's answer could not be read: {error}."
            log.info("%s", self.problem)
            version = ""
            failures += 1
            self._told.set()
            self._closed.wait(min(LONGEST_PAUSE, 0.5 * 2.0**failures) * _chance.uniform(0.5, 1.0))

    def _list(self) -> str:
        found: list[T] = []
        following = ""
        while True:
            query = {"labelSelector": self._selector, "limit": PAGE, "continue": following}
            page = self._api.get(self._path, _Page, **query)
            found.extend(self._decoder.decode(item) for item in page.items)
            following = page.metadata.continue_
            if not following:
                break
        self._listed(found)
        self._ready.set()
        return page.metadata.resource_version

    def _watch(self, version: str) -> str:
        """Follow changes until the API server ends the watch; returns where to go on."""
        query = {
            "watch": 1,
            "resourceVersion": version,
            "labelSelector": self._selector,
            "allowWatchBookmarks": True,
            "timeoutSeconds": WATCH_SECONDS,
        }
        with self._api.stream(self._path, WATCH_SECONDS + 10, **query) as (lines, self._end):
            for line in lines:
                if self._closed.is_set():
                    break
                change = msgspec.json.decode(line, type=_Change)
                at = msgspec.json.decode(change.object, type=_Bookmark)
                if change.type == "ERROR":
                    raise Gone(at.message) if at.code == 410 else MlopsError(at.message)
                version = at.metadata.resource_version or version
                if change.type == "DELETED":
                    self._gone(self._decoder.decode(change.object))
                elif change.type != "BOOKMARK":
                    self._seen(self._decoder.decode(change.object))
        return version

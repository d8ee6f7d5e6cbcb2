"""What a row of the table of operations is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from jupyter_mlops.domain.errors import Invalid

if TYPE_CHECKING:
    from jupyter_mlops.services import Services


class Request(msgspec.Struct, frozen=True):
    """What a row's `call` gets: path and query arguments as text, the decoded body, and who asks."""

    arguments: Mapping[str, str]
    body: Any
    user: str

    def text(self, name: str, default: str = "") -> str:
        return self.arguments.get(name, default)

    def integer(self, name: str, default: int, low: int = 0, high: int = 2**31) -> int:
        """A whole number from the path or the query, kept within its limits.

        Raises:
            Invalid: the text is not a whole number.
        """
        raw = self.arguments.get(name, "")
        if not raw:
            return default
        try:
            return min(max(int(raw), low), high)
        except ValueError:
            raise Invalid.one(name, f"{raw[:40]!r} is not a whole number.") from None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    """The operation's id: the name of the generated TypeScript function's types."""
    method: Literal["GET", "POST"]
    path: str
    """Below `/mlops/`, with `{arguments}`."""
    summary: str
    answer: Any
    call: Callable[[Services, Request], Any]
    body: Any = None
    query: tuple[str, ...] = ()
    status: int = 200

"""The server, asked over REST."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse
from traitlets.config import Config

from jupyter_mlops.server.operations import Operation

NO_SWEEP = "0" * 32


def server_config(mlops_store: Path) -> Config:
    """Of a server with nothing but this extension, and this store."""
    extensions = {"jupyter_mlops": True, "jupyter_server_terminals": False}
    return Config(
        {"ServerApp": {"jpserver_extensions": extensions}, "MLOps": {"data_dir": str(mlops_store), "tracking_uri": ""}}
    )


class Rest:
    """Asks the server, and takes an answer that is not 2xx for an answer."""

    def __init__(self, fetch: Callable[..., Any]) -> None:
        self._fetch = fetch

    async def __call__(self, method: str, path: str, body: Any = None, /, **params: str) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        answer = await self.answer(method, path, raw, **params)
        return answer.code, json.loads(answer.body)

    async def answer(self, method: str, path: str, body: bytes, /, **params: str) -> HTTPResponse:
        content = None if method == "GET" else body
        answer: HTTPResponse = await self._fetch(
            "mlops", path, method=method, body=content, params=params, raise_error=False
        )
        return answer


@pytest.fixture
def rest(jp_fetch: Callable[..., Any]) -> Rest:
    """The running server, asked as somebody who may."""
    return Rest(jp_fetch)


def filled(operation: Operation) -> str:
    """An operation's path, of what does not exist."""
    return operation.path.format(sweep=NO_SWEEP, index="0", digest="0" * 64, other="0" * 64)

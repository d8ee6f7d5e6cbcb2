"""MLflow's own pages behind Jupyter's login: a proxy to a server that is started when somebody looks."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado import web
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.netutil import Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from jupyter_mlops.configuration import MLOps

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length", "host"}
_KEPT_HERE = {"cookie", "authorization", "origin", "referer", "x-xsrftoken", "accept-encoding"}
"""Jupyter's credentials are not MLflow's business, and MLflow would refuse a foreign origin: we have checked it."""
_ARTIFACTS = ("get-artifact", "mlflow-artifacts", "model-versions/get-artifact")
ANSWER_SECONDS = 120
MOST_BYTES = 2 << 30

_WAITING = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>MLflow is starting</title>
<meta name="color-scheme" content="light dark"></head>
<body style="font-family: sans-serif; margin: 3em"><h1>MLflow is starting</h1>
<p role="status">This takes about ten seconds; the page opens by itself.</p>
<script>setTimeout(() => location.reload(), 1000)</script></body></html>"""


class _UnixResolver(Resolver):
    """Every name leads to one socket file."""

    def initialize(self, path: str) -> None:
        self.path = path

    async def resolve(self, host: str, port: int, family: int = 0) -> list[tuple[int, Any]]:
        return [(socket.AF_UNIX, self.path)]


class MlflowUI:
    """The server behind the proxy and a client that reaches it."""

    def __init__(self, mlops: MLOps) -> None:
        self._mlops = mlops
        self._pages: Any = None
        self._clients: dict[str, SimpleAsyncHTTPClient] = {}

    def _make(self) -> Any:
        from jupyter_mlops.backends.tracking.connection import Connection
        from jupyter_mlops.backends.tracking.pages import MlflowPages

        data_dir = Path(self._mlops.data_dir).expanduser().absolute()
        return MlflowPages(lambda: Connection(self._mlops.tracking_uri, data_dir))

    async def client(self) -> SimpleAsyncHTTPClient | None:
        """A client for the running server; None while it starts."""
        if self._pages is None:
            self._pages = self._make()
        if not await asyncio.to_thread(self._pages.ready):
            return None
        path = self._pages.socket
        if path not in self._clients:
            self._clients = {
                path: SimpleAsyncHTTPClient(
                    force_instance=True,
                    resolver=_UnixResolver(path=path),
                    max_clients=50,
                    max_buffer_size=MOST_BYTES,
                    max_body_size=MOST_BYTES,
                )
            }
        return self._clients[path]

    @property
    def elsewhere(self) -> str | None:
        """Address of the MLflow server whose own pages people should use instead."""
        return self._mlops.mlflow_ui()

    def rest(self) -> None:
        if self._pages is not None:
            self._pages.rest()

    def stop(self) -> None:
        if self._pages is not None:
            self._pages.stop()


class MlflowUIHandler(ExtensionHandlerMixin, JupyterHandler):
    """Passes a request on to MLflow and its answer back."""

    auth_resource = "mlops"

    def initialize(self, name: str, ui: MlflowUI) -> None:
        super().initialize(name)
        self.pages = ui

    def check_xsrf_cookie(self) -> None:
        """MLflow's pages do not know Jupyter's token; `_refuse_other_sites` stands in for it."""

    def _refuse_other_sites(self) -> None:
        """Believe the browser's own word on where a request comes from, which a page cannot forge."""
        site = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        origin = urlsplit(self.request.headers.get("Origin", "")).netloc
        if site not in ("same-origin", "none") or (origin and origin != self.request.host):
            raise web.HTTPError(403, "This request comes from another site.")

    @web.authenticated
    @authorized
    async def get(self, path: str | None = None) -> None:
        await self._pass(path)

    @web.authenticated
    @authorized
    async def post(self, path: str | None = None) -> None:
        await self._pass(path)

    @web.authenticated
    @authorized
    async def put(self, path: str | None = None) -> None:
        await self._pass(path)

    @web.authenticated
    @authorized
    async def patch(self, path: str | None = None) -> None:
        await self._pass(path)

    @web.authenticated
    @authorized
    async def delete(self, path: str | None = None) -> None:
        await self._pass(path)

    async def _pass(self, path: str | None) -> None:
        if self.pages.elsewhere is not None:
            raise web.HTTPError(404, f"MLflow's pages are at {self.pages.elsewhere}.")
        if self.request.method != "GET":
            self._refuse_other_sites()
        if path is None:
            self.redirect(f"{self.request.path}/")
            return
        client = await self.pages.client()
        if client is None:
            await self._wait(path)
            return
        query = f"?{self.request.query}" if self.request.query else ""
        try:
            answer = await client.fetch(
                HTTPRequest(
                    f"http://localhost/{path}{query}",
                    method=self.request.method or "GET",
                    headers={k: v for k, v in self.request.headers.get_all() if _passes(k)},
                    body=self.request.body or None,
                    allow_nonstandard_methods=True,
                    follow_redirects=False,
                    request_timeout=ANSWER_SECONDS,
                    decompress_response=False,
                ),
                raise_error=False,
            )
        except (HTTPClientError, OSError) as error:
            raise web.HTTPError(502, f"MLflow's pages do not answer: {error}") from error
        if answer.code == 599:
            raise web.HTTPError(504, f"MLflow's pages do not answer: {answer.error}")
        self._copy(answer, path)
        await self.finish(answer.body)

    async def _wait(self, path: str) -> None:
        if path:
            raise web.HTTPError(503, "MLflow's pages are starting. Try again in some seconds.")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        await self.finish(_WAITING)

    def _copy(self, answer: HTTPResponse, path: str) -> None:
        self.set_status(answer.code, answer.reason)
        for name, value in answer.headers.get_all():
            if _passes(name):
                self.set_header(name, value)
        if any(part in path for part in _ARTIFACTS):
            # A file that a notebook wrote: shown, if at all, without scripts and without this origin.
            self.set_header("Content-Security-Policy", "sandbox")


def _passes(header: str) -> bool:
    return header.lower() not in _HOP_BY_HOP | _KEPT_HERE

"""Thin REST: each row of the table of operations becomes a route, and errors become HTTP in one place."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado import web
from tornado.iostream import StreamClosedError

from jupyter_mlops.configuration import current_user
from jupyter_mlops.domain.errors import Invalid, MlopsError
from jupyter_mlops.server.mlflow_ui import MlflowUI, MlflowUIHandler
from jupyter_mlops.server.operations import OPERATIONS, Operation, Request
from jupyter_mlops.server.services import LazyServices

AUTH_RESOURCE = "mlops"
"""What an authorizer is asked about; reading is `read`, everything else `write`."""


class OperationHandler(ExtensionHandlerMixin, APIHandler):
    """Answers one path of the table."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, name: str, operations: dict[str, Operation], services: LazyServices) -> None:
        super().initialize(name)
        self.operations = operations
        self.services = services

    @web.authenticated
    @authorized
    async def get(self, **path: str) -> None:
        await self._answer(path)

    @web.authenticated
    @authorized
    async def post(self, **path: str) -> None:
        await self._answer(path)

    async def _answer(self, path: dict[str, str]) -> None:
        try:
            operation = self._operation()
            request = Request({**self._query(operation), **path}, self._body(operation), self._user())
            content = await self.services.call(lambda s: msgspec.json.encode(operation.call(s, request)))
            self.set_status(operation.status)
        except MlopsError as error:
            self.set_status(error.status)
            content = msgspec.json.encode(error.body())
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        with contextlib.suppress(StreamClosedError):  # whoever asked has gone away meanwhile
            await self.finish(content)

    def _operation(self) -> Operation:
        operation = self.operations.get(self.request.method or "")
        if operation is None:
            raise web.HTTPError(405, f"Only {', '.join(sorted(self.operations))} is offered here.")
        return operation

    def _query(self, operation: Operation) -> dict[str, str]:
        return {name: self.get_query_argument(name, "") for name in operation.query}

    def _body(self, operation: Operation) -> Any:
        if operation.body is None:
            return None
        try:
            return msgspec.json.decode(self.request.body, type=operation.body)
        except msgspec.ValidationError as error:
            raise _invalid(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid.one("body", f"This is not JSON: {error}") from None

    def _user(self) -> str:
        """Who asks. Without a hub or login system, Jupyter invents names; then the system's user says more."""
        if type(self.identity_provider) in (IdentityProvider, PasswordIdentityProvider):
            return current_user()
        return str(self.current_user.username)


def _invalid(message: str) -> Invalid:
    """msgspec's `what - at `$.where`` as a problem of that field."""
    text, _, where = message.partition(" - at `$")
    field = re.sub(r"^\.|`$", "", where).replace("[...]", "") or "body"
    return Invalid.one(field, f"{text}.")


class OpenApiHandler(ExtensionHandlerMixin, APIHandler):
    """The OpenAPI document."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        from jupyter_mlops import __version__
        from jupyter_mlops.server.openapi import document

        await self.finish(json.dumps(document(__version__)))


def routes(services: LazyServices, mlflow_ui: MlflowUI) -> list[tuple[str, type, dict[str, Any]]]:
    """All routes, as tornado wants them."""
    paths: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = operation
    rows: list[tuple[str, type, dict[str, Any]]] = [
        (_pattern(path), OperationHandler, {"operations": methods, "services": services})
        for path, methods in paths.items()
    ]
    return [
        *rows,
        (r"/mlops/openapi\.json", OpenApiHandler, {}),
        (r"/mlops/mlflow(?:/(?P<path>.*))?", MlflowUIHandler, {"ui": mlflow_ui}),
    ]


def _pattern(path: str) -> str:
    return "/mlops/" + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)

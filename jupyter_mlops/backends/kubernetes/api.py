"""An API server, asked for what we need of it.

Addresses, certificates and credentials are read, and tokens renewed, by Kubernetes' own client; answers are decoded
into `objects`, which is what makes ten thousand pods cheap.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from jupyter_mlops.domain.errors import Conflict, Invalid, MlopsError, NotAllowed, NotFound, Unavailable

T = TypeVar("T")

SECONDS = (5.0, 30.0)
"""To connect, and to wait for the next bytes of an answer."""
MERGE_PATCH = "application/merge-patch+json"
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"


class _Status(msgspec.Struct, frozen=True):
    """What the API server says of a request that it refused."""

    message: str = ""
    reason: str = ""


class ApiServer:
    """One cluster, as one person or service account. Connects on first use.

    Args:
        kubeconfig: file; empty for KUBECONFIG, ~/.kube/config or the service account of the pod that this runs in.
        context: name in it; empty for the current one.
    """

    def __init__(self, kubeconfig: str = "", context: str = "") -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._lock = threading.Lock()
        self._made: tuple[Any, str] | None = None

    @property
    def address(self) -> str:
        """Where it is.

        Raises:
            Unavailable: no configuration names one.
        """
        host: str = self._client().configuration.host
        return host

    @property
    def namespace(self) -> str:
        """The context's namespace, or the pod's own."""
        self._client()
        assert self._made is not None
        return self._made[1]

    def get(self, path: str, type_: type[T], **query: Any) -> T:
        """Read an object or a list.

        Raises:
            NotFound, NotAllowed, Unavailable: as the API server says.
        """
        return msgspec.json.decode(self._read("GET", path, query=query), type=type_)

    def text(self, path: str, **query: Any) -> bytes:
        """Read what is no object: a log."""
        return self._read("GET", path, query=query)

    def create(self, path: str, body: Mapping[str, Any], **query: Any) -> dict[str, Any]:
        """Make an object; unknown fields are refused, not dropped.

        Raises:
            Conflict: there is one of that name.
            Invalid: the cluster refuses it; says why.
        """
        query = {"fieldValidation": "Strict", "fieldManager": "jupyter-mlops", **query}
        made: dict[str, Any] = json.loads(self._read("POST", path, body, query=query))
        return made

    def patch(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Change parts of an object; returns it as it is then."""
        return self._read("PATCH", path, body, {"fieldManager": "jupyter-mlops"}, MERGE_PATCH)

    def delete(self, path: str, **options: Any) -> None:
        """Delete an object; one that is gone already is no error."""
        try:
            self._read("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", **options})
        except NotFound:
            return

    @contextmanager
    def stream(self, path: str, seconds: float, **query: Any) -> Iterator[tuple[Iterator[bytes], Callable[[], None]]]:
        """The lines of an answer that goes on, and what ends it from another thread.

        No line for so many seconds ends it with Unavailable.
        """
        response = self._send("GET", path, None, query, "application/json", (SECONDS[0], seconds))
        try:
            yield self._lines(response, path), response.shutdown
        finally:
            # Not `release_conn`: what is left of the stream would be read to its end.
            response.close()

    def close(self) -> None:
        """Let go of the connections; the next question opens others."""
        with self._lock:
            if self._made is not None:
                self._made[0].rest_client.pool_manager.clear()

    def _lines(self, response: Any, path: str) -> Iterator[bytes]:
        from urllib3.exceptions import HTTPError

        rest = b""
        try:
            for piece in response.stream(65536, decode_content=True):
                lines = (rest + piece).split(b"\n")
                rest = lines.pop()
                yield from (line for line in lines if line)
        except (HTTPError, OSError) as error:
            raise self._silent(error) from error

    def _read(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        from urllib3.exceptions import HTTPError

        response = self._send(method, path, body, query or {}, content_type, SECONDS)
        try:
            content: bytes = response.read()
        except (HTTPError, OSError) as error:
            raise self._silent(error) from error
        finally:
            response.release_conn()
        return content

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, Any],
        content_type: str,
        seconds: tuple[float, float],
    ) -> Any:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        client = self._client()
        headers = {"Accept": "application/json", "Content-Type": content_type, "User-Agent": "jupyter-mlops"}
        parameters = [(name, _text(value)) for name, value in query.items() if value not in (None, "")]
        try:
            # Renews a token that has run out, too.
            client.update_params_for_auth(headers, parameters, ["BearerToken"], path, method, body)
            response = client.rest_client.pool_manager.request(
                method,
                f"{client.configuration.host}{path}?{urlencode(parameters)}".rstrip("?"),
                body=None if body is None else msgspec.json.encode(body),
                headers=headers,
                timeout=Timeout(connect=seconds[0], read=seconds[1]),
                retries=False,
                preload_content=False,
            )
        except (HTTPError, OSError) as error:
            raise self._silent(error) from error
        if response.status >= 400:
            content = response.read()
            response.release_conn()
            raise self._refused(response.status, content, path)
        return response

    def _silent(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"The cluster at {self._client().configuration.host} does not answer ({type(error).__name__}). "
            "What runs there goes on."
        )

    def _refused(self, status: int, content: bytes, path: str) -> MlopsError:
        try:
            said = msgspec.json.decode(content, type=_Status)
        except (msgspec.DecodeError, msgspec.ValidationError):
            said = _Status(content[:300].decode(errors="replace"))
        host = self._client().configuration.host
        message = said.message[:1000].rstrip(".") or f"status {status}"
        if status == 401:
            return NotAllowed(f"The cluster at {host} does not know who you are: log in to it again.")
        if status == 403:
            return NotAllowed(f"The cluster at {host} does not allow it: {message}. Ask its administrator.")
        if status == 404:
            return NotFound(f"The cluster at {host} has no {path}: {message}.")
        if status == 409:
            return Conflict(f"The cluster at {host} says: {message}.")
        if status == 410:
            return Gone(f"The cluster at {host} has forgotten: {message}.")
        if status in (400, 422):
            return Invalid.one("profile", f"The cluster at {host} refuses it: {message}.")
        return Unavailable(f"The cluster at {host} cannot answer now: {message}. What runs there goes on.")

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._connect()
            return self._made[0]

    def _connect(self) -> tuple[Any, str]:
        try:
            from kubernetes import client, config
        except ImportError:
            from jupyter_mlops.domain.errors import Missing

            raise Missing("Clusters need the Kubernetes client: pip install 'jupyter-mlops[kubernetes]'") from None
        load: Any = config  # the reader of configuration files has no types
        settings = client.Configuration()
        try:
            if not self._kubeconfig and _in_pod():
                load.load_incluster_config(settings)
                with open(_SERVICE_ACCOUNT, encoding="utf-8") as file:  # noqa: PTH123 - a fixed path
                    return client.ApiClient(settings), file.read().strip() or "default"
            file_name, context = self._kubeconfig or None, self._context or None
            load.load_kube_config(file_name, context, settings, persist_config=False)
            contexts, active = load.list_kube_config_contexts(file_name)
        except (config.ConfigException, OSError) as error:
            raise Unavailable(
                f"No cluster is configured here: {error}. Set KUBECONFIG or c.Kubernetes.kubeconfig."
            ) from error
        except Exception as error:  # a file that is no kubeconfig is told in many ways
            named = self._kubeconfig or os.environ.get("KUBECONFIG", "~/.kube/config")
            said = str(error).splitlines() or [type(error).__name__]
            raise Unavailable(f"{named} cannot be read as a kubeconfig: {said[0]}.") from error
        named = next((one for one in contexts if one["name"] == self._context), active)
        return client.ApiClient(settings), named["context"].get("namespace") or "default"


class Gone(Unavailable):
    """A watch went on from a moment that the API server does not remember any more: list again."""


def _in_pod() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ and not os.environ.get("KUBECONFIG")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

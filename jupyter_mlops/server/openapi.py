"""The OpenAPI document, built from the table of operations and the domain's types.

`python -m jupyter_mlops.server.openapi` prints it; `jlpm build:api` makes `src/api.ts` of it.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import msgspec

from jupyter_mlops.domain.errors import ErrorBody
from jupyter_mlops.server.operations import OPERATIONS, Operation

_REF = "#/components/schemas/{name}"
_ERRORS = {
    "403": "Not logged in, or not allowed.",
    "404": "There is no such thing.",
    "409": "Its state forbids this.",
    "422": "The order cannot be carried out as written.",
    "503": "The store does not answer.",
}


def document(version: str = "1") -> dict[str, Any]:
    """The whole document as OpenAPI 3.1 (whose schemas are JSON Schema 2020-12, as msgspec writes them)."""
    types = [ErrorBody]
    for operation in OPERATIONS:
        types += [t for t in (operation.answer, operation.body) if t is not None]
    schemas, components = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template=_REF)
    references = dict(zip(dict.fromkeys(types), schemas, strict=True))
    _answers_are_complete(components)
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/mlops/{operation.path}", {})[operation.method.lower()] = _describe(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter_mlops",
            "version": version,
            "description": "Snapshots and sweeps of notebooks. Needs Jupyter's login: cookie or token.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        },
        "security": [{"token": []}],
    }


def _answers_are_complete(components: dict[str, Any]) -> None:
    """Mark every property as present in types we only send: defaults are for those who ask, not for those who read."""
    asked = [operation.body for operation in OPERATIONS if operation.body is not None]
    _, incoming = msgspec.json.schema_components(asked, ref_template=_REF)
    for name, schema in components.items():
        if name not in incoming and "properties" in schema:
            schema["required"] = list(schema["properties"])


def _describe(operation: Operation, references: dict[Any, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ] + [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in operation.query]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            str(operation.status): {
                "description": "Done.",
                "content": {"application/json": {"schema": references[operation.answer]}},
            },
            **{
                code: {
                    "description": text,
                    "content": {"application/json": {"schema": references[ErrorBody]}},
                }
                for code, text in _ERRORS.items()
            },
        },
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": references[operation.body]}},
        }
    return described


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2, sort_keys=True) + "\n")

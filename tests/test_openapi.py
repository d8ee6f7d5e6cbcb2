from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from traitlets.config import Config

from jupyter_mlops import __version__
from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.server.openapi import document
from jupyter_mlops.server.operations import OPERATIONS
from jupyter_mlops.services import Services
from jupyter_mlops.testing import NotebookFactory

DOCUMENT = document(__version__)


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def test_every_reference_leads_somewhere_and_every_type_is_used() -> None:
    references = {node["$ref"] for node in walk(DOCUMENT) if isinstance(node.get("$ref"), str)}
    references |= {r for node in walk(DOCUMENT) for r in (node.get("discriminator") or {}).get("mapping", {}).values()}
    assert references == {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def test_every_schema_is_a_json_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_is_described_once_with_its_arguments() -> None:
    described = {
        (method.upper(), path): operation
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert set(described) == {(o.method, f"/mlops/{o.path}") for o in OPERATIONS}
    assert len({o["operationId"] for o in described.values()}) == len(OPERATIONS)
    for (_, path), operation in described.items():
        named = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
        assert named == re.findall(r"{(\w+)}", path)
        assert operation["summary"].endswith(".")
        assert {"403", "404", "409", "422", "503"} < set(operation["responses"])


def valid(name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(json.loads(msgspec.json.encode(value)))


def test_what_is_sent_is_what_is_described(mlops_services: Services, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook("y = x", parameters="x = 1  # help\nz = [1]")
    valid("Status", mlops_services.status())
    for finding in mlops_services.doctor():
        valid("Finding", finding)
    valid("NotebookInfo", mlops_services.sweeps.inspect("train.ipynb"))
    kept = mlops_services.snapshots.create("train.ipynb", "ann")
    valid("Snapshot", kept)
    valid("SnapshotDetails", mlops_services.snapshots.details(kept.digest))
    valid("NotebookState", mlops_services.snapshots.state("train.ipynb"))
    valid("SnapshotDiff", mlops_services.snapshots.diff(kept.digest, kept.digest))
    valid("CheckReport", mlops_services.checks.check("train.ipynb"))
    valid("ErrorBody", Invalid.one("a", "b").body())


@pytest.mark.parametrize(
    "order",
    [
        {"notebook": "a.ipynb"},
        {"notebook": "a.ipynb", "parameters": {"x": {"kind": "list", "values": [1, "a", None]}}, "trials": 3},
        {"notebook": "a.ipynb", "parameters": {"x": {"kind": "range", "low": 0, "high": 1, "scale": "log"}}},
        {"notebook": "a.ipynb", "parameters": {"x": {"kind": "fixed", "value": {"a": 1}}}, "seed": None},
    ],
)
def test_an_order_that_is_described_is_taken(order: dict[str, Any]) -> None:
    valid("SweepRequest", order)
    body = next(o.body for o in OPERATIONS if o.name == "createSweep")
    assert isinstance(msgspec.convert(order, body), body)


def test_an_order_that_is_not_described_is_not_valid() -> None:
    schema = {"$ref": "#/components/schemas/SweepRequest", "components": DOCUMENT["components"]}
    for order in ({}, {"notebook": "a", "trails": 1}, {"notebook": "a", "parameters": {"x": {"kind": "rang"}}}):
        assert list(Draft202012Validator(schema).iter_errors(order)), order


@pytest.fixture
def jp_server_config(mlops_store: Path) -> Config:
    return Config({"ServerApp": {"jpserver_extensions": {"jupyter_mlops": True}}})


async def test_the_document_is_served(jp_fetch: Callable[..., Any]) -> None:
    answer = await jp_fetch("mlops", "openapi.json")
    assert json.loads(answer.body) == DOCUMENT

"""Whatever the server is asked is answered, or refused with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traitlets.config import Config

from jupyter_mlops.server.operations import OPERATIONS, Operation
from jupyter_mlops.testing import NotebookFactory
from tests.rest import NO_SWEEP, Rest, server_config


@pytest.fixture
def jp_server_config(mlops_store: Path) -> Config:
    return server_config(mlops_store)


BAD = [
    ("POST", "sweeps", b"", 422, "body", "This is not JSON"),
    ("POST", "sweeps", b"{", 422, "body", "This is not JSON"),
    ("POST", "sweeps", b"\xff\xfe", 422, "body", ""),
    ("POST", "sweeps", b'"\\ud800"', 422, "body", ""),
    ("POST", "sweeps", b"[" * 100_000, 422, "body", ""),
    ("POST", "sweeps", b"[]", 422, "body", "Expected `object`, got `array`."),
    ("POST", "sweeps", b"{}", 422, "body", "Object missing required field `notebook`."),
    ("POST", "sweeps", {"notebook": 1}, 422, "notebook", "Expected `str`, got `int`."),
    ("POST", "sweeps", {"notebook": "a", "trails": 1}, 422, "body", "Object contains unknown field `trails`."),
    ("POST", "sweeps", {"notebook": "a", "trials": 1.5}, 422, "trials", "Expected `int | null`, got `float`."),
    ("POST", "sweeps", {"notebook": "a", "algorithm": "x"}, 422, "algorithm", "Invalid enum value 'x'."),
    ("POST", "sweeps", {"notebook": "no.ipynb"}, 404, None, "There is no notebook 'no.ipynb'."),
    ("POST", "sweeps", {"notebook": "../x.ipynb"}, 403, None, "lies outside the folder that this server shows."),
    ("POST", "sweeps", {"notebook": ""}, 422, "notebook", "Name a notebook"),
    ("POST", "sweeps", {"notebook": "broken.ipynb"}, 422, "notebook", "is not JSON"),
    ("POST", "snapshots", {"notebook": "broken.ipynb"}, 422, "notebook", "is not JSON"),
    ("POST", "sweeps", {"notebook": "train.ipynb", "kernel": "jülia"}, 422, "kernel", "'jülia' is not installed"),
    (
        "POST",
        "sweeps",
        {"notebook": "train.ipynb", "algorithm": "random", "trials": 10**9},
        422,
        "trials",
        "1,000,000,000 trials are more than the 10,000 allowed here.",
    ),
    (
        "POST",
        "sweeps",
        {"notebook": "train.ipynb", "parameters": {"y": {"kind": "fixed", "value": 1}}},
        422,
        "parameters.y",
        "The notebook has no parameter 'y'. It has: x.",
    ),
    ("GET", "notebook", None, 422, "notebook", "Name a notebook"),
    ("GET", "notebook?path=no.ipynb", None, 404, None, "There is no notebook"),
    ("GET", "snapshots/xyz", None, 422, "digest", "is not a snapshot's digest"),
    ("GET", f"snapshots/{'0' * 64}", None, 404, None, "There is no snapshot"),
    ("GET", "sweeps?limit=many", None, 422, "limit", "'many' is not a whole number."),
    ("GET", "sweeps/unknown", None, 404, None, "There is no sweep 'unknown'"),
    ("POST", f"sweeps/{NO_SWEEP}/pause", None, 404, None, "There is no sweep"),
    ("POST", f"sweeps/{NO_SWEEP}/trials/0/stop", None, 404, None, "There is no sweep"),
    ("GET", f"sweeps/{NO_SWEEP}/trials/x", None, 422, "index", "'x' is not a whole number."),
]


async def test_bad_input_is_answered_with_what_is_wrong_and_the_field(
    rest: Rest, mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    mlops_notebook()
    (mlops_root / "broken.ipynb").write_text("{")
    for method, path, body, code, field, words in BAD:
        path, _, query = path.partition("?")
        params = dict(pair.split("=") for pair in query.split("&") if pair)
        got, answer = await rest(method, path, body, **params)
        case = (method, path, str(body)[:60], got, answer)
        assert got == code, case
        assert set(answer) == {"message", "kind", "problems"}, case
        assert words in answer["message"], case
        assert [p["field"] for p in answer["problems"]] == ([field] if field else []), case


async def test_a_method_that_is_not_offered_is_said_so(rest: Rest) -> None:
    answer = await rest.answer("POST", "status", b"")
    assert answer.code == 405


async def test_an_answer_is_json_that_nobody_keeps_or_takes_for_a_page(rest: Rest, mlops_root: Path) -> None:
    name = "<script>alert(1)</script>.ipynb"
    answer = await rest.answer("GET", "notebook", b"", path=name)
    assert answer.code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


TEXT = st.text(max_size=30)
NUMBER = st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
ANY = st.recursive(
    NUMBER | st.booleans() | TEXT, lambda i: st.lists(i, max_size=3) | st.dictionaries(TEXT, i), max_leaves=4
)
DIMENSION = (
    ANY
    | st.fixed_dictionaries({"kind": st.just("fixed"), "value": ANY})
    | st.fixed_dictionaries({"kind": st.just("list"), "values": st.lists(ANY, max_size=3)})
    | st.fixed_dictionaries(
        {"kind": st.just("range"), "low": NUMBER, "high": NUMBER},
        optional={"scale": st.sampled_from(["linear", "log", "int", "x"]), "step": NUMBER},
    )
)
ORDER = st.fixed_dictionaries(
    {"notebook": st.sampled_from(["train.ipynb", "none.ipynb", "..", ""]) | TEXT},
    optional={
        "parameters": st.dictionaries(st.sampled_from(["x", "y"]) | TEXT, DIMENSION, max_size=2),
        "algorithm": st.sampled_from(["grid", "random"]) | ANY,
        "trials": NUMBER,
        "parallelism": NUMBER,
        "objective": st.none() | TEXT,
        "direction": st.sampled_from(["maximize", "minimize"]),
        "experiment": st.none() | TEXT,
        "seed": NUMBER,
        "kernel": st.none() | st.just("python3") | TEXT,
    },
)


@pytest.fixture
def ask(rest: Rest, jp_asyncio_loop: Any) -> Callable[..., tuple[int, Any]]:
    """The same without `await`, for hypothesis."""
    return lambda *args, **params: jp_asyncio_loop.run_until_complete(rest(*args, **params))


def test_any_order_is_planned_or_refused(ask: Callable[..., tuple[int, Any]], mlops_notebook: NotebookFactory) -> None:
    mlops_notebook()

    @settings(max_examples=150)
    @given(ORDER | ANY)
    def any_order(order: Any) -> None:
        code, answer = ask("POST", "sweeps/plan", order)
        assert code in (200, 422), (order, answer)
        if code == 200:
            assert answer["problems"] or 1 <= answer["trials"] <= 10_000, (order, answer)

    any_order()


def test_any_argument_is_answered_or_refused(ask: Callable[..., tuple[int, Any]]) -> None:
    segment = st.text(st.characters(blacklist_characters="/?#"), min_size=1, max_size=20) | st.just(NO_SWEEP)

    @settings(max_examples=100)
    @given(st.sampled_from(OPERATIONS), segment, segment, TEXT)
    def any_argument(operation: Operation, first: str, second: str, query: str) -> None:
        if first in (".", ".."):
            return
        path = operation.path.format(sweep=first, digest=first, other=first, index=second)
        params = dict.fromkeys(operation.query, query)
        code, answer = ask(operation.method, path, {"notebook": query} if operation.body else None, **params)
        assert code < 500, (operation.name, first, second, query, answer)

    any_argument()

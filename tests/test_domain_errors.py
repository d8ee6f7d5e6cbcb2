from __future__ import annotations

import msgspec
import pytest

from jupyter_mlops.domain import errors
from jupyter_mlops.domain.errors import ErrorBody, Invalid, MlopsError, Problem


def test_the_tree_drawn_at_the_top_is_the_tree() -> None:
    drawn = {
        words[1]: int(words[2])
        for line in (errors.__doc__ or "").splitlines()
        if (words := line.split()) and words[0] in ("├──", "└──")
    }
    assert drawn == {kind.__name__: kind.status for kind in MlopsError.__subclasses__()}
    assert all(400 <= status < 600 for status in drawn.values())


@pytest.mark.parametrize("kind", [k for k in MlopsError.__subclasses__() if k is not Invalid])
def test_an_error_says_the_same_everywhere(kind: type[MlopsError]) -> None:
    error = kind("What happened. What to do.")
    assert str(error) == error.message == "What happened. What to do."
    assert error.body() == ErrorBody(message="What happened. What to do.", kind=kind.__name__)


def test_an_invalid_order_names_every_field() -> None:
    problems = [Problem(field="trials", message="Is 0."), Problem(field="parameters.lr", message="Is empty.")]
    error = Invalid(problems)
    assert error.body() == ErrorBody(
        message="trials: Is 0. parameters.lr: Is empty.", kind="Invalid", problems=problems
    )
    assert Invalid.one("trials", "Is 0.").problems == problems[:1]
    assert msgspec.json.decode(msgspec.json.encode(error.body()), type=ErrorBody) == error.body()

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.domain.parameters import Parameter, ParameterType, fits, is_json, parameter, parse_value


@pytest.mark.parametrize(
    ("annotation", "source", "type_", "default"),
    [
        ("", "1", "int", 1),
        ("", "-1", "int", -1),
        ("", "1.0", "float", 1.0),
        ("", "1e-3", "float", 0.001),
        ("", "True", "bool", True),
        ("", "'rbf'", "str", "rbf"),
        ("", "[1, 2]", "list", [1, 2]),
        ("", "(1, 2)", "list", [1, 2]),
        ("", "{'a': 1}", "dict", {"a": 1}),
        ("", "{1: 2}", "dict", None),  # JSON has no such key: shown as it is written
        ("", "None", "any", None),
        ("", "", "any", None),
        ("", "1e999", "float", None),
        ("", "np.linspace(0, 1)", "any", None),
        ("", "f(", "any", None),
        ("", "-" * 100_000 + "1", "any", None),
        ("float", "1", "float", 1),
        ("int", "None", "int", None),
        ("typing.List[int]", "None", "list", None),
        ("dict[str, int]", "{}", "dict", {}),
        ("Optional[int]", "3", "int", 3),
        ("Model", "Model()", "any", None),
    ],
)
def test_a_parameter_has_its_annotations_type_else_its_literals(
    annotation: str, source: str, type_: ParameterType, default: Any
) -> None:
    assert parameter("p", annotation, source, "why") == Parameter(
        name="p", type=type_, default=default, source=source, help="why"
    )


ALL: list[ParameterType] = ["int", "float", "bool", "str", "list", "dict", "any"]


@pytest.mark.parametrize(
    ("value", "types"),
    [
        (None, ALL),
        (1, ["int", "float", "any"]),
        (1.0, ["float", "any"]),
        (True, ["bool", "any"]),
        ("1", ["str", "any"]),
        ([1], ["list", "any"]),
        ({"a": 1}, ["dict", "any"]),
    ],
)
def test_which_types_a_value_fits(value: Any, types: list[ParameterType]) -> None:
    assert [type_ for type_ in ALL if fits(value, type_)] == types


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (None, True),
        (True, True),
        (10**40, True),
        ("ü", True),
        ([1, {"a": [None]}], True),
        (math.nan, False),
        ([math.inf], False),
        ({1: 2}, False),
        ((1, 2), False),
        (object(), False),
    ],
)
def test_what_json_can_say(value: Any, answer: bool) -> None:
    assert is_json(value) is answer


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("1", "any", 1),
        (" 1 ", "any", 1),
        ("1.0", "any", 1.0),
        ("1e-3", "any", 0.001),
        ("True", "any", True),
        ("true", "any", "true"),  # as papermill's -p
        ("False", "any", False),
        ("None", "any", None),
        ("null", "any", None),
        ("rbf", "any", "rbf"),
        ("größer als 1 💥", "any", "größer als 1 💥"),
        ("7", "int", 7),
        ("-7", "int", -7),
        ("None", "int", None),
        ("7", "float", 7.0),
        ("TRUE", "bool", True),
        ("yes", "bool", True),
        ("0", "bool", False),
        (" 1 ", "str", " 1 "),
        ("None", "str", "None"),
        ("", "str", ""),
        ("[1, 'a']", "list", [1, "a"]),
        ("(1, 2)", "list", [1, 2]),
        ("{'a': [1]}", "dict", {"a": [1]}),
    ],
)
def test_a_value_is_read_as_its_parameters_type(text: str, type_: ParameterType, value: Any) -> None:
    read = parse_value(text, type_)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "type_", "words"),
    [
        ("1.5", "int", "'1.5' is not a whole number"),
        ("", "int", "'' is not a whole number"),
        ("9" * 5000, "int", f"'{'9' * 5000}' is not a whole number"),
        ("much", "float", "'much' is not a number"),
        ("maybe", "bool", "'maybe' is not true or false"),
        ("None", "bool", "'None' is not true or false"),
        ("1, 2", "dict", "'1, 2' is not a dict"),
        ("{1: 2}", "dict", "'{1: 2}' is not a dict"),
        ("{'a': 1}", "list", "\"{'a': 1}\" is not a list"),
        ("[1, f()]", "list", "'[1, f()]' is not a list; write it as Python would"),
        ("[1e999]", "list", "'[1e999]' is not a list"),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused_in_words(text: str, type_: ParameterType, words: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words are compared whole
        parse_value(text, type_)
    assert str(refused.value) == words


@given(st.text(), st.sampled_from(ALL))
def test_any_text_gives_a_value_of_the_type_or_a_refusal(text: str, type_: ParameterType) -> None:
    try:
        value = parse_value(text, type_)
    except ValueError:
        return
    assert fits(value, type_)

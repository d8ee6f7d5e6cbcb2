from __future__ import annotations

import itertools
import math
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.domain.errors import Problem
from jupyter_mlops.domain.parameters import Parameter, ParameterType
from jupyter_mlops.domain.space import (
    Algorithm,
    Choice,
    Dimension,
    Fixed,
    Range,
    SearchSpace,
    check_dimension,
    continuous,
    grid_size,
    parse_dimension,
    point,
    typed,
)


@pytest.mark.parametrize(
    ("text", "type_", "dimension"),
    [
        ("1,2,3", "any", Choice(values=[1, 2, 3])),
        ("0.1, 1, rbf", "any", Choice(values=[0.1, 1, "rbf"])),
        ("1,2", "float", Choice(values=[1.0, 2.0])),
        ("7", "int", Choice(values=[7])),
        ("True,False", "bool", Choice(values=[True, False])),
        ("a,,b", "str", Choice(values=["a", "", "b"])),
        ("0..1", "any", Range(low=0, high=1)),
        ("0..1", "float", Range(low=0, high=1)),
        ("1..9", "int", Range(low=1, high=9, scale="int")),
        ("1..9:2", "int", Range(low=1, high=9, scale="int", step=2)),
        ("1..9:int", "any", Range(low=1, high=9, scale="int")),
        ("0..1:0.1", "float", Range(low=0, high=1, step=0.1)),
        ("1e-4..1e-1:log", "float", Range(low=1e-4, high=1e-1, scale="log")),
        ("0..1:linear", "int", Range(low=0, high=1, scale="linear")),
        ("-5..-1", "any", Range(low=-5, high=-1)),
        (" 0 .. 1 : log ", "any", Range(low=0, high=1, scale="log")),
        ("9..1", "any", Range(low=9, high=1)),  # read as written; check_dimension says what is wrong
        ("../data", "str", Choice(values=["../data"])),
        ("a..b", "any", Choice(values=["a..b"])),
    ],
)
def test_the_notation_of_a_dimension(text: str, type_: ParameterType, dimension: Dimension) -> None:
    assert parse_dimension(text, type_) == dimension


@pytest.mark.parametrize(
    ("text", "type_", "words"),
    [
        ("", "any", "the list is empty; write at least one value, for example 0.1,1,10"),
        (" , ", "any", "the list is empty; write at least one value, for example 0.1,1,10"),
        ("1,,2", "any", "'1,,2' has an empty place between two commas"),
        ("1,x", "int", "'x' is not a whole number"),
        ("a..b", "float", "'a..b' is not a range; write LOW..HIGH, for example 0.01..10:log"),
        ("0..1:quick", "any", "'quick' after the colon is not log, int or a step"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, type_: ParameterType, words: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words are compared whole
        parse_dimension(text, type_)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("dimension", "type_", "words"),
    [
        (Fixed(value="a"), "int", "'a' is not of type int, which p has in the notebook."),
        (Fixed(value=True), "int", "True is not of type int, which p has in the notebook."),
        (Fixed(value=1.5), "int", "1.5 is not of type int, which p has in the notebook."),
        (Choice(values=[]), "any", "The list is empty. Write at least one value."),
        (Choice(values=[1, "a", "b"]), "float", "'a' is not of type float, which p has in the notebook."),
        (
            Fixed(value=math.nan),
            "float",
            "nan cannot be kept. Use finite numbers, texts, true, false, lists and dicts.",
        ),
        (
            Choice(values=[[1], {1: 2}]),
            "any",
            "{1: 2} cannot be kept. Use finite numbers, texts, true, false, lists and dicts.",
        ),
        (Range(low=0, high=1), "str", "A range needs a number, and p is of type str. Use a list instead."),
        (Range(low=0, high=1), "bool", "A range needs a number, and p is of type bool. Use a list instead."),
        (Range(low=-math.inf, high=1), "float", "Both ends of a range must be finite numbers."),
        (Range(low=0, high=math.nan), "float", "Both ends of a range must be finite numbers."),
        (Range(low=-1e308, high=1e308), "float", "Both ends of a range must be finite numbers."),
        (Range(low=2, high=1), "float", "The range goes from 2 to 1: its low end must be below its high end."),
        (Range(low=1, high=1), "float", "The range goes from 1 to 1: its low end must be below its high end."),
        (Range(low=0, high=1, scale="log"), "float", "A log range must start above 0, not at 0."),
        (Range(low=-1, high=1, scale="log"), "any", "A log range must start above 0, not at -1."),
        (Range(low=0, high=1, step=0), "float", "The step must be above 0, not 0."),
        (Range(low=0, high=1, step=-0.1), "float", "The step must be above 0, not -0.1."),
        (Range(low=0, high=1, step=math.inf), "float", "The step must be above 0, not inf."),
        (
            Range(low=1, high=2, scale="log", step=0.1),
            "float",
            "A log range has no step. Use a list for chosen points.",
        ),
        (
            Range(low=0.5, high=2, scale="int"),
            "int",
            "An integer range needs whole numbers for low, high and step.",
        ),
        (
            Range(low=0, high=2, scale="int", step=0.5),
            "any",
            "An integer range needs whole numbers for low, high and step.",
        ),
        (
            Range(low=0.5, high=9.5),
            "int",
            "p is of type int: use an integer range, for example 1..9:int.",
        ),
    ],
)
def test_a_dimension_that_cannot_be_used_says_why(dimension: Dimension, type_: ParameterType, words: str) -> None:
    declared = Parameter(name="p", type=type_)
    assert check_dimension("p", dimension, declared) == [Problem(field="parameters.p", message=words)]


@pytest.mark.parametrize(
    ("dimension", "type_"),
    [
        (Fixed(value=None), "int"),
        (Fixed(value=1), "float"),
        (Choice(values=["ü" * 100_000, ""]), "str"),
        (Range(low=0, high=1), "float"),
        (Range(low=1, high=2), "any"),
        (Range(low=1, high=9, scale="int"), "float"),
        (Range(low=1e-9, high=1, scale="log"), "float"),
    ],
)
def test_a_dimension_that_can_be_used_has_no_problem(dimension: Dimension, type_: ParameterType) -> None:
    assert check_dimension("p", dimension, Parameter(name="p", type=type_)) == []


def test_without_a_declaration_any_name_takes_any_value() -> None:
    assert check_dimension("p", Choice(values=[1, "a", None]), None) == []


# The grid


def test_the_grid_counts_like_an_odometer_the_last_parameter_fastest() -> None:
    space: SearchSpace = {
        "a": Choice(values=["x", "y"]),
        "b": Fixed(value=0),
        "c": Range(low=1, high=3, scale="int"),
    }
    assert grid_size(space) == 6
    assert [point(space, "grid", 0, i) for i in range(6)] == [
        {"a": "x", "b": 0, "c": 1},
        {"a": "x", "b": 0, "c": 2},
        {"a": "x", "b": 0, "c": 3},
        {"a": "y", "b": 0, "c": 1},
        {"a": "y", "b": 0, "c": 2},
        {"a": "y", "b": 0, "c": 3},
    ]


@pytest.mark.parametrize(
    ("range_", "values"),
    [
        (Range(low=0, high=1, step=0.1), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        (Range(low=0, high=1, step=0.4), [0.0, 0.4, 0.8]),
        (Range(low=0.1, high=0.2, step=5), [0.1]),
        (Range(low=-1, high=1, step=1), [-1.0, 0.0, 1.0]),
        (Range(low=1e12, high=1e12 + 0.5, step=0.25), [1e12, 1e12 + 0.25, 1e12 + 0.5]),
        (Range(low=1234567.1234567, high=1234569, step=1), [1234567.1234567, 1234568.1234567]),
        (Range(low=0, high=10, scale="int", step=5), [0, 5, 10]),
        (Range(low=-2, high=0, scale="int"), [-2, -1, 0]),
    ],
)
def test_a_stepped_range_has_the_values_a_person_expects(range_: Range, values: list[float]) -> None:
    assert grid_size({"p": range_}) == len(values)
    walked = [point({"p": range_}, "grid", 0, i)["p"] for i in range(len(values))]
    assert walked == values
    assert {type(v) for v in walked} == {int if range_.scale == "int" else float}


def test_a_grid_is_counted_and_never_listed() -> None:
    space: SearchSpace = {f"p{i}": Range(low=0, high=1e9, scale="int") for i in range(50)}
    size = (10**9 + 1) ** 50
    assert grid_size(space) == size
    assert point(space, "grid", 0, size - 1) == dict.fromkeys(space, 10**9)


def test_a_continuous_range_has_no_grid() -> None:
    space: SearchSpace = {"a": Range(low=0, high=1), "b": Fixed(value=1), "c": Range(low=1, high=2, scale="log")}
    assert grid_size(space) is None
    assert continuous(space) == ["a", "c"]


def test_no_parameters_make_one_point() -> None:
    assert grid_size({}) == 1
    assert point({}, "grid", 0, 0) == {}


# Random


def test_a_draw_is_the_same_on_every_machine_and_version() -> None:
    """These values may never change: a sweep that is resumed tomorrow must draw what it drew today."""
    space: SearchSpace = {
        "lr": Range(low=1e-4, high=1, scale="log"),
        "depth": Range(low=1, high=10, scale="int"),
        "kind": Choice(values=["a", "b", "c"]),
        "noise": Range(low=0, high=1),
    }
    assert [point(space, "random", 42, i) for i in (0, 1)] == PINNED


PINNED: list[dict[str, Any]] = [
    {"lr": 0.0002471899525272795, "depth": 7, "kind": "a", "noise": 0.8403125723144451},
    {"lr": 0.6635889574147337, "depth": 10, "kind": "b", "noise": 0.6744907689892358},
]


def test_a_draw_does_not_hang_on_pythons_hash_seed() -> None:
    code = (
        "from jupyter_mlops.domain.space import *;"
        "print(point({'a': Range(low=0, high=1), 'b': Choice(values=list('xyz'))}, 'random', 7, 3))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_random_draws_spread_over_the_whole_range() -> None:
    space: SearchSpace = {
        "log": Range(low=1e-3, high=1e3, scale="log"),
        "linear": Range(low=0, high=1),
        "list": Choice(values=[1, 2]),
    }
    drawn = [point(space, "random", 1, i) for i in range(2000)]
    assert sum(p["log"] < 1 for p in drawn) == pytest.approx(1000, abs=120)
    assert sum(p["linear"] < 0.25 for p in drawn) == pytest.approx(500, abs=100)
    assert sum(p["list"] == 1 for p in drawn) == pytest.approx(1000, abs=120)


# Whatever the space

NUMBERS = st.floats(-1e15, 1e15, allow_nan=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    scale = draw(st.sampled_from(["linear", "log", "int"]))
    if scale == "int":
        low, high = sorted(draw(st.tuples(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))))
        step = draw(st.none() | st.integers(1, 10**12))
        return Range(low=low, high=max(high, low + 1), scale="int", step=step)
    if scale == "log":
        low = draw(st.floats(1e-300, 1e300))
        return Range(low=low, high=low * draw(st.floats(1.001, 1e6)), scale="log")
    low = draw(NUMBERS)
    width = draw(st.floats(1e-3, 1e15))
    return Range(low=low, high=low + width, step=draw(st.none() | st.floats(1e-6, 1e16)))


DIMENSIONS = (
    ranges() | st.builds(Fixed, value=VALUES) | st.builds(Choice, values=st.lists(VALUES, min_size=1, max_size=5))
)
SPACES = st.dictionaries(st.text(min_size=1), DIMENSIONS, max_size=4).filter(
    lambda space: not any(check_dimension(name, d, None) for name, d in space.items())
)


def lies_in(value: Any, dimension: Dimension) -> bool:
    if isinstance(dimension, Fixed):
        return bool(value == dimension.value)
    if isinstance(dimension, Choice):
        return value in dimension.values
    return dimension.low <= value <= dimension.high and (type(value) is int) == (dimension.scale == "int")


@given(SPACES, st.integers(0, 2**63), st.integers(0, 10**9))
def test_every_random_point_lies_in_its_space_and_comes_again(space: SearchSpace, seed: int, index: int) -> None:
    drawn = point(space, "random", seed, index)
    assert list(drawn) == list(space)
    assert all(lies_in(drawn[name], dimension) for name, dimension in space.items())
    assert point(space, "random", seed, index) == drawn


@given(SPACES, st.data())
def test_every_grid_point_lies_in_its_space_and_comes_again(space: SearchSpace, data: st.DataObject) -> None:
    size = grid_size(space)
    if size is None:
        return
    index = data.draw(st.integers(0, size - 1))
    walked = point(space, "grid", 0, index)
    assert list(walked) == list(space)
    assert all(lies_in(walked[name], dimension) for name, dimension in space.items())
    assert point(space, "grid", 99, index) == walked, "a grid has no seed"


@given(st.dictionaries(st.text(min_size=1), st.lists(st.integers(), min_size=1, max_size=4, unique=True), max_size=4))
def test_a_grid_is_the_product_of_its_lists_in_order(lists: dict[str, list[int]]) -> None:
    space: SearchSpace = {name: Choice(values=list(values)) for name, values in lists.items()}
    size = grid_size(space)
    assert size is not None
    product = [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]
    assert [point(space, "grid", 0, i) for i in range(size)] == product


@given(SPACES)
def test_a_space_is_the_same_after_it_was_kept_as_json(space: SearchSpace) -> None:
    kept = msgspec.json.decode(msgspec.json.encode(space), type=SearchSpace)
    algorithms: list[Algorithm] = ["random"] if continuous(space) else ["random", "grid"]
    for algorithm in algorithms:
        assert point(kept, algorithm, 1, 0) == point(space, algorithm, 1, 0)


def test_whole_numbers_become_floats_where_the_parameter_is_one() -> None:
    assert typed(Fixed(value=1), "float") == Fixed(value=1.0)
    values = typed(Choice(values=[1, 0.5, None, True]), "float").values  # type: ignore[union-attr]
    assert [(v, type(v)) for v in values] == [(1.0, float), (0.5, float), (None, type(None)), (True, bool)]
    assert typed(Choice(values=[1]), "int") == Choice(values=[1])
    assert typed(Range(low=0, high=1), "float") == Range(low=0, high=1)

"""The search space: which values the trials of a sweep try.

`point(space, algorithm, seed, index)` is pure, so trial *index* has the same parameters wherever and whenever it is
started, and a table can show the parameters of trials that have not begun.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from jupyter_mlops.domain.errors import Problem
from jupyter_mlops.domain.parameters import Parameter, ParameterType, Value, fits, is_json, parse_value

Algorithm = Literal["grid", "random"]
Scale = Literal["linear", "log", "int"]


class Fixed(msgspec.Struct, frozen=True, kw_only=True, tag="fixed", tag_field="kind", forbid_unknown_fields=True):
    """The same value in every trial."""

    value: Value


class Choice(msgspec.Struct, frozen=True, kw_only=True, tag="list", tag_field="kind", forbid_unknown_fields=True):
    """One of these values."""

    values: list[Value]


class Range(msgspec.Struct, frozen=True, kw_only=True, tag="range", tag_field="kind", forbid_unknown_fields=True):
    """A number from low to high, both included."""

    low: float
    high: float
    scale: Scale = "linear"
    """`log` draws the exponent evenly (low must be above 0); `int` gives whole numbers."""
    step: float | None = None
    """Distance between neighbouring values, in the parameter's own unit; None means continuous (1 for `int`)."""


Dimension = Fixed | Choice | Range
SearchSpace = dict[str, Dimension]

_RANGE = re.compile(r"^\s*(?P<low>\S+?)\s*\.\.\s*(?P<high>[^\s:]+)\s*(?::\s*(?P<how>\S+))?\s*$")


def parse_dimension(text: str, type_: ParameterType = "any") -> Dimension:
    """Read `a,b,c` or `LOW..HIGH[:log|:int|:STEP]`, the command line's and the form's notation.

    Raises:
        ValueError: in words, naming the part that cannot be read.
    """
    if ".." in text and (match := _RANGE.match(text)):
        try:
            low, high = float(match["low"]), float(match["high"])
        except ValueError:
            if type_ in ("int", "float"):
                raise ValueError(f"{text!r} is not a range; write LOW..HIGH, for example 0.01..10:log") from None
        else:
            return _parse_range(low, high, match["how"], type_)
    parts = [part.strip() for part in text.split(",")]
    if not any(parts):
        raise ValueError("the list is empty; write at least one value, for example 0.1,1,10")
    if "" in parts and type_ != "str":
        raise ValueError(f"{text!r} has an empty place between two commas")
    return Choice(values=[parse_value(part, type_) for part in parts])


def _parse_range(low: float, high: float, how: str | None, type_: ParameterType) -> Range:
    whole = type_ == "int" and low.is_integer() and high.is_integer()
    if how is None:
        return Range(low=low, high=high, scale="int" if whole else "linear")
    if how in ("log", "int", "linear"):
        return Range(low=low, high=high, scale=how)  # type: ignore[arg-type]
    try:
        step = float(how)
    except ValueError:
        raise ValueError(f"{how!r} after the colon is not log, int or a step") from None
    return Range(low=low, high=high, scale="int" if whole and step.is_integer() else "linear", step=step)


def typed(dimension: Dimension, type_: ParameterType) -> Dimension:
    """The dimension with whole numbers as floats where the parameter is one: JSON has a single kind of number.

    Otherwise `C: float = 1.0`, swept over 1.0 from a form, would be injected as `C = 1`.
    """
    if type_ != "float":
        return dimension
    if isinstance(dimension, Fixed):
        return Fixed(value=_as_float(dimension.value))
    if isinstance(dimension, Choice):
        return Choice(values=[_as_float(value) for value in dimension.values])
    return dimension


def _as_float(value: Value) -> Value:
    exact = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53
    return float(value) if exact else value


def check_dimension(name: str, dimension: Dimension, parameter: Parameter | None) -> list[Problem]:
    """Everything that is wrong with one dimension, each in words; empty when it can be used."""
    field = f"parameters.{name}"
    type_: ParameterType = parameter.type if parameter else "any"

    def problem(message: str) -> list[Problem]:
        return [Problem(field=field, message=message)]

    if isinstance(dimension, (Fixed, Choice)):
        values = dimension.values if isinstance(dimension, Choice) else [dimension.value]
        if not values:
            return problem("The list is empty. Write at least one value.")
        for value in values:
            if not fits(value, type_):
                return problem(f"{value!r} is not of type {type_}, which {name} has in the notebook.")
            if not is_json(value):
                return problem(f"{value!r} cannot be kept. Use finite numbers, texts, true, false, lists and dicts.")
        return []
    if type_ not in ("int", "float", "any"):
        return problem(f"A range needs a number, and {name} is of type {type_}. Use a list instead.")
    if not math.isfinite(dimension.high - dimension.low):
        return problem("Both ends of a range must be finite numbers.")
    if dimension.low >= dimension.high:
        return problem(
            f"The range goes from {dimension.low:g} to {dimension.high:g}: its low end must be below its high end."
        )
    if dimension.scale == "log" and dimension.low <= 0:
        return problem(f"A log range must start above 0, not at {dimension.low:g}.")
    if dimension.step is not None and not (math.isfinite(dimension.step) and dimension.step > 0):
        return problem(f"The step must be above 0, not {dimension.step:g}.")
    if dimension.scale == "log" and dimension.step is not None:
        return problem("A log range has no step. Use a list for chosen points.")
    if dimension.scale == "int" and not all(
        x is None or float(x).is_integer() for x in (dimension.low, dimension.high, dimension.step)
    ):
        return problem("An integer range needs whole numbers for low, high and step.")
    if type_ == "int" and dimension.scale != "int":
        return problem(
            f"{name} is of type int: use an integer range, for example "
            f"{math.ceil(dimension.low)}..{math.floor(dimension.high)}:int."
        )
    return []


def _size(dimension: Dimension) -> int | None:
    """How many different values a dimension has; None for a continuous one."""
    if isinstance(dimension, Fixed):
        return 1
    if isinstance(dimension, Choice):
        return len(dimension.values)
    step = dimension.step if dimension.step is not None else (1.0 if dimension.scale == "int" else None)
    if step is None:
        return None
    return int((_decimal(dimension.high) - _decimal(dimension.low)) / _decimal(step)) + 1


def _decimal(number: float) -> Decimal:
    """The number as a person writes it: 0..1:0.1 has 11 values, and the fourth is 0.3, which binary fractions deny."""
    return Decimal(repr(float(number)))


def grid_size(space: Mapping[str, Dimension]) -> int | None:
    """How many points a grid has, by multiplication and never by listing; None if a dimension is continuous."""
    total = 1
    for dimension in space.values():
        size = _size(dimension)
        if size is None:
            return None
        total *= size
    return total


def continuous(space: Mapping[str, Dimension]) -> list[str]:
    """Names of the dimensions that a grid cannot walk."""
    return [name for name, dimension in space.items() if _size(dimension) is None]


def _at(dimension: Dimension, k: int) -> Value:
    """The k-th value of a finite dimension."""
    if isinstance(dimension, Fixed):
        return dimension.value
    if isinstance(dimension, Choice):
        return dimension.values[k]
    if dimension.scale == "int":
        return int(dimension.low) + k * int(dimension.step or 1)
    return min(float(_decimal(dimension.low) + k * _decimal(dimension.step or 1.0)), dimension.high)


def _draw(dimension: Dimension, rng: random.Random) -> Value:
    size = _size(dimension)
    if size is not None:
        return _at(dimension, rng.randrange(size))
    assert isinstance(dimension, Range)
    if dimension.scale == "log":
        value = math.exp(rng.uniform(math.log(dimension.low), math.log(dimension.high)))
    else:
        value = rng.uniform(dimension.low, dimension.high)
    # Rounding may carry a value past an end by a hair.
    return min(max(value, dimension.low), dimension.high)


def point(space: Mapping[str, Dimension], algorithm: Algorithm, seed: int, index: int) -> dict[str, Value]:
    """Parameters of trial `index` (from 0).

    grid counts like an odometer, the last parameter fastest; random draws each trial from a generator seeded with
    the text `seed:index` (hashed with SHA-512 by Python's `random`, so the same on every machine and version).
    """
    if algorithm == "random":
        rng = random.Random(f"{seed}:{index}")
        return {name: _draw(dimension, rng) for name, dimension in space.items()}
    values: dict[str, Value] = {}
    rest = index
    for name, dimension in reversed(list(space.items())):
        size = _size(dimension)
        assert size is not None, f"{name} is continuous"
        rest, k = divmod(rest, size)
        values[name] = _at(dimension, k)
    return {name: values[name] for name in space}

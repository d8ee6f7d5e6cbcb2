"""Search spaces from Python values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.domain.parameters import ParameterType, Value
from jupyter_mlops.domain.space import Choice, Dimension, Fixed, Range, parse_dimension

if TYPE_CHECKING:
    from jupyter_mlops.services import Services


def dimensions(verbs: Services, notebook: str, given: Mapping[str, Any]) -> dict[str, Dimension]:
    """A search space from Python values; see `sweep`.

    Raises:
        Invalid: a value that no notebook can be given, or a range that is none.
    """
    types: dict[str, ParameterType] = {}
    if any(_needs_type(value) for value in given.values()):
        types = {p.name: p.type for p in verbs.sweeps.inspect(notebook).parameters}
    return {name: _dimension(name, value, types.get(name, "any")) for name, value in given.items()}


def _needs_type(value: Any) -> bool:
    return isinstance(value, tuple) or (isinstance(value, str) and ".." in value)


def _dimension(name: str, value: Any, type_: ParameterType) -> Dimension:
    if isinstance(value, (Fixed, Choice, Range)):
        return value
    if isinstance(value, tuple):
        return _range(name, value, type_)
    if isinstance(value, str) and ".." in value and type_ != "str":
        try:
            return parse_dimension(value, type_)
        except ValueError as error:
            raise Invalid.one(f"parameters.{name}", f"{error}.") from None
    value = _json(name, value)
    return Choice(values=value) if isinstance(value, list) else Fixed(value=value)


def _range(name: str, value: tuple[Any, ...], type_: ParameterType) -> Range:
    ends = [_json(name, part) for part in value[:2]]
    how = _json(name, value[2]) if len(value) == 3 else None
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in ends)
    stepped = isinstance(how, (int, float)) and not isinstance(how, bool)
    if len(value) not in (2, 3) or not numbers or not (how in (None, "log", "int", "linear") or stepped):
        raise Invalid.one(
            f"parameters.{name}",
            f"{value!r} is not a range: write (low, high), (low, high, 'log'), (low, high, 'int') or "
            "(low, high, step); a list [ ] for chosen values.",
        )
    whole = type_ == "int" or (type_ == "any" and all(isinstance(end, int) for end in ends))
    if isinstance(how, str):
        return Range(low=ends[0], high=ends[1], scale=how)  # type: ignore[arg-type]
    whole = whole and (how is None or float(how).is_integer())
    return Range(low=ends[0], high=ends[1], scale="int" if whole else "linear", step=how)


def _json(name: str, value: Any) -> Value:
    """A value as JSON says it; numpy's and pandas' numbers and arrays become Python's.

    Raises:
        Invalid: it cannot be said.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple, range)):
        return [_json(name, part) for part in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _json(name, part) for key, part in value.items()}
    raise Invalid.one(
        f"parameters.{name}",
        f"A value of type {type(value).__name__} cannot be written into a notebook. "
        "Use numbers, text, lists and dictionaries.",
    )

"""Parameters of a notebook: what its `parameters` cell declares, and the values a trial may give them."""

from __future__ import annotations

import ast
import math
from typing import Any, Literal

import msgspec

ParameterType = Literal["int", "float", "bool", "str", "list", "dict", "any"]

Value = Any
"""What JSON can say: None, bool, int, float, str, list, dict. papermill translates these into the kernel's language."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One assignment in the `parameters` cell, as papermill infers it."""

    name: str
    type: ParameterType = "any"
    default: Value = None
    """The default as a value, None when the right-hand side is not a literal."""
    source: str = ""
    """The default as it is written in the notebook, always shown when it is not a literal."""
    help: str = ""
    """The trailing comment."""


_UNREADABLE = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)
"""What Python's parser raises for texts that are no literal, or one without measure."""

_ANNOTATIONS: dict[str, ParameterType] = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "list": "list",
    "List": "list",
    "dict": "dict",
    "Dict": "dict",
}


def parameter(name: str, annotation: str, source: str, help: str = "") -> Parameter:
    """Build a Parameter from papermill's inference: its annotation if it has one, else the type of its default.

    papermill only reads annotations and type comments; a bare `C = 1.0` has the type of its literal, which is
    what a person expects of a form.
    """
    literal: Value = None
    known = False
    try:
        literal = ast.literal_eval(source)
        known = True
    except _UNREADABLE:
        pass
    declared = _ANNOTATIONS.get(annotation.split("[", maxsplit=1)[0].rsplit(".", 1)[-1].strip())
    inferred = _ANNOTATIONS.get(type(literal).__name__) if known and literal is not None else None
    if isinstance(literal, (tuple, set)):
        literal = list(literal)
        inferred = "list"
    default = literal if known and is_json(literal) else None
    return Parameter(name=name, type=declared or inferred or "any", default=default, source=source, help=help)


def is_json(value: Value) -> bool:
    """Whether JSON can say the value, so that a trial gets exactly what was ordered. NaN and infinities it cannot."""
    if isinstance(value, dict):
        return all(isinstance(k, str) and is_json(v) for k, v in value.items())
    if isinstance(value, list):
        return all(is_json(v) for v in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (bool, int, str))


def fits(value: Value, type_: ParameterType) -> bool:
    """Whether a value may be given to a parameter of this type. An int is a float; a bool is not an int."""
    if type_ == "any" or value is None:
        return True
    if type_ == "bool":
        return isinstance(value, bool)
    if type_ == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if type_ == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {"str": str, "list": list, "dict": dict}[type_])


def parse_value(text: str, type_: ParameterType = "any") -> Value:
    """Read a value typed by a person (a form's field, `-p NAME VALUE`) as the parameter's type.

    Without a type it follows papermill's `-p`: True/False, None, int, float, else the text itself.

    Raises:
        ValueError: the text is not of the type, in words a person can act on.
    """
    text = text if type_ == "str" else text.strip()
    if type_ == "str":
        return text
    if text in ("None", "null") and type_ != "bool":
        return None
    if type_ == "bool":
        if text.lower() in ("true", "1", "yes"):
            return True
        if text.lower() in ("false", "0", "no"):
            return False
        raise ValueError(f"{text!r} is not true or false")
    if type_ in ("int", "float"):
        try:
            return int(text) if type_ == "int" else float(text)
        except ValueError:
            article = "a whole number" if type_ == "int" else "a number"
            raise ValueError(f"{text!r} is not {article}") from None
    if type_ in ("list", "dict"):
        try:
            value = ast.literal_eval(text)
        except _UNREADABLE:
            raise ValueError(f"{text!r} is not a {type_}; write it as Python would") from None
        value = list(value) if isinstance(value, tuple) else value
        if not fits(value, type_) or not is_json(value):
            raise ValueError(f"{text!r} is not a {type_}")
        return value
    if text in ("True", "False"):
        return text == "True"
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text

"""`-p NAME VALUE` and `-s NAME SPACE`, read as the notebook's parameters are typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

from jupyter_mlops.domain.parameters import Parameter, ParameterType, parse_value
from jupyter_mlops.domain.space import Dimension, Fixed, parse_dimension

Pairs = Sequence[tuple[str, str]]


def search_space(fixed: Pairs, spaces: Pairs, declared: Iterable[Parameter]) -> dict[str, Dimension]:
    """The search space that a command line says.

    Raises:
        UsageError: naming every option that cannot be read, and the parameters that were given twice.
    """
    types: dict[str, ParameterType] = {p.name: p.type for p in declared}
    found: dict[str, Dimension] = {}
    given: set[str] = set()
    problems: list[str] = []
    readers: list[tuple[str, Pairs, Callable[[str, ParameterType], Dimension]]] = [
        ("-p", fixed, lambda text, type_: Fixed(value=parse_value(text, type_))),
        ("-s", spaces, parse_dimension),
    ]
    for option, pairs, read in readers:
        for name, text in pairs:
            if name in given:
                problems.append(f"{option} {name}: {name} was given before; give it one value (-p) or one space (-s).")
                continue
            given.add(name)
            try:
                found[name] = read(text, types.get(name, "any"))
            except ValueError as error:
                problems.append(f"{option} {name}: {error}.")
    if problems:
        raise click.UsageError("\n       ".join(problems))
    return found

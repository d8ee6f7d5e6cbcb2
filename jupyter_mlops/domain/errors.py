"""The one tree of errors a person can meet.

MlopsError
├── NotFound      404  the thing named does not exist
├── Invalid       422  the order cannot be carried out as written; carries one Problem per field
├── Conflict      409  it exists already, or is in a state that forbids this
├── NotAllowed    403  this person, or this path, may not
├── Unavailable   503  something we depend on does not answer; names its address
└── Missing       501  an optional part is not installed; names what to install

A message says what happened, to what, and what to type or press next. Its reader is a data scientist at 6 pm.
`server/handlers.py` is the one place that turns these into HTTP, `cli.py` the one that turns them into exit codes.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with one field of an order, in words.

    Forms show it beside the field; the terminal prints it as a line.
    """

    field: str
    """Dotted path of the field: `notebook`, `trials`, `parameters.lr`."""
    message: str


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON body of every answer that is not 2xx."""

    message: str
    kind: str
    """The error's class name in this module, for programs."""
    problems: list[Problem] = []


class MlopsError(Exception):
    """Base of every error that is shown to a person as it is."""

    status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def body(self) -> ErrorBody:
        """The same error as REST sends it."""
        return ErrorBody(message=self.message, kind=type(self).__name__)


class NotFound(MlopsError):
    """The notebook, sweep, trial or snapshot named does not exist."""

    status = 404


class Invalid(MlopsError):
    """An order that cannot be carried out as written.

    All problems are reported at once, so that a form can be mended in one go.
    """

    status = 422

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = problems

    @classmethod
    def one(cls, field: str, message: str) -> Invalid:
        """An error about a single field."""
        return cls([Problem(field=field, message=message)])

    def body(self) -> ErrorBody:
        return ErrorBody(message=self.message, kind=type(self).__name__, problems=self.problems)


class Conflict(MlopsError):
    """The thing exists already, or is in a state that forbids this."""

    status = 409


class NotAllowed(MlopsError):
    """This person may not do this, or this path may not be reached."""

    status = 403


class Unavailable(MlopsError):
    """Something we depend on does not answer; the message names its address and what still goes on."""

    status = 503


class Missing(MlopsError):
    """An optional part is not installed; the message names the command that installs it."""

    status = 501

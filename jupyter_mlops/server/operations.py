"""REST under `/mlops/`, as one table: what can be asked, with what, and which verb of the services answers.

`handlers.py` turns each row into a route, `openapi.py` into the document from which `src/api.ts` is generated; a new
verb is a new row and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from jupyter_mlops.domain.doctor import Finding, Status
from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.domain.snapshot import Snapshot
from jupyter_mlops.domain.sweep import Sweep, SweepPlan, SweepRequest
from jupyter_mlops.domain.trial import Trial, TrialPage

if TYPE_CHECKING:
    from jupyter_mlops.services import Services


class SnapshotRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    notebook: str
    """Path of the notebook from the server's root."""


class SweepList(msgspec.Struct, frozen=True, kw_only=True):
    sweeps: list[Sweep]
    """Newest first."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    findings: list[Finding]


class TrialLog(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a trial's log; ask on from `offset + len(bytes of text)`, given as `next`."""

    text: str
    next: int
    ended: bool


class TrialNotebook(msgspec.Struct, frozen=True, kw_only=True):
    """An executed notebook, whole or so far."""

    name: str
    content: dict[str, Any]
    """nbformat 4."""
    failed_cell: int | None = None
    """Index of the cell that raised."""


class Request(msgspec.Struct, frozen=True):
    """What a row's `call` gets: path and query arguments as text, the decoded body, and who asks."""

    arguments: Mapping[str, str]
    body: Any
    user: str

    def text(self, name: str, default: str = "") -> str:
        return self.arguments.get(name, default)

    def integer(self, name: str, default: int, low: int = 0, high: int = 2**31) -> int:
        """A whole number from the path or the query, kept within its limits.

        Raises:
            Invalid: the text is not a whole number.
        """
        from jupyter_mlops.domain.errors import Invalid

        raw = self.arguments.get(name, "")
        if not raw:
            return default
        try:
            return min(max(int(raw), low), high)
        except ValueError:
            raise Invalid.one(name, f"{raw[:40]!r} is not a whole number.") from None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    """The operation's id: the name of the generated TypeScript function's types."""
    method: Literal["GET", "POST"]
    path: str
    """Below `/mlops/`, with `{arguments}`."""
    summary: str
    answer: Any
    call: Callable[[Services, Request], Any]
    body: Any = None
    query: tuple[str, ...] = ()
    status: int = 200


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="status",
        method="GET",
        path="status",
        summary="Version, store and limits; whether the store answers.",
        answer=Status,
        call=lambda s, r: s.status(),
    ),
    Operation(
        name="doctor",
        method="GET",
        path="doctor",
        summary="What is found, what is missing, and what to do.",
        answer=Diagnosis,
        call=lambda s, r: Diagnosis(findings=s.doctor()),
    ),
    Operation(
        name="inspectNotebook",
        method="GET",
        path="notebook",
        query=("path",),
        summary="A notebook's parameters and suggestions for its sweep.",
        answer=NotebookInfo,
        call=lambda s, r: s.sweeps.inspect(r.text("path")),
    ),
    Operation(
        name="createSnapshot",
        method="POST",
        path="snapshots",
        body=SnapshotRequest,
        status=201,
        summary="Keep a notebook as it stands on disk. The same content gives the same snapshot.",
        answer=Snapshot,
        call=lambda s, r: s.snapshots.create(r.body.notebook, r.user),
    ),
    Operation(
        name="getSnapshot",
        method="GET",
        path="snapshots/{digest}",
        summary="One snapshot by its digest, or the first twelve or more characters of it.",
        answer=Snapshot,
        call=lambda s, r: s.snapshots.get(r.text("digest")),
    ),
    Operation(
        name="planSweep",
        method="POST",
        path="sweeps/plan",
        body=SweepRequest,
        summary="How many trials a sweep would have, or everything that is wrong with it. Creates nothing.",
        answer=SweepPlan,
        call=lambda s, r: s.sweeps.plan(r.body),
    ),
    Operation(
        name="createSweep",
        method="POST",
        path="sweeps",
        body=SweepRequest,
        status=201,
        summary="Take a snapshot if the notebook changed, and run its trials.",
        answer=Sweep,
        call=lambda s, r: s.sweeps.create(r.body, r.user),
    ),
    Operation(
        name="listSweeps",
        method="GET",
        path="sweeps",
        query=("limit",),
        summary="Sweeps, newest first.",
        answer=SweepList,
        call=lambda s, r: SweepList(sweeps=s.sweeps.list(r.integer("limit", 50, 1, 500))),
    ),
    Operation(
        name="getSweep",
        method="GET",
        path="sweeps/{sweep}",
        summary="One sweep as it is now.",
        answer=Sweep,
        call=lambda s, r: s.sweeps.get(r.text("sweep")),
    ),
    Operation(
        name="pauseSweep",
        method="POST",
        path="sweeps/{sweep}/pause",
        summary="Start no further trials; those that run end by themselves.",
        answer=Sweep,
        call=lambda s, r: s.sweeps.pause(r.text("sweep")),
    ),
    Operation(
        name="resumeSweep",
        method="POST",
        path="sweeps/{sweep}/resume",
        summary="Go on with a paused or lost sweep.",
        answer=Sweep,
        call=lambda s, r: s.sweeps.resume(r.text("sweep")),
    ),
    Operation(
        name="stopSweep",
        method="POST",
        path="sweeps/{sweep}/stop",
        summary="Stop its running trials and start no others. What they have executed is kept.",
        answer=Sweep,
        call=lambda s, r: s.sweeps.stop(r.text("sweep"), r.user),
    ),
    Operation(
        name="listTrials",
        method="GET",
        path="sweeps/{sweep}/trials",
        query=("since", "limit"),
        summary="Trials that changed since a revision.",
        answer=TrialPage,
        call=lambda s, r: s.trials.changes(r.text("sweep"), r.text("since"), r.integer("limit", 1000, 1, 5000)),
    ),
    Operation(
        name="getTrial",
        method="GET",
        path="sweeps/{sweep}/trials/{index}",
        summary="One trial as it is now.",
        answer=Trial,
        call=lambda s, r: s.trials.get(r.text("sweep"), r.integer("index", 0)),
    ),
    Operation(
        name="stopTrial",
        method="POST",
        path="sweeps/{sweep}/trials/{index}/stop",
        summary="Stop one trial, or keep a waiting one from starting.",
        answer=Trial,
        call=lambda s, r: s.trials.stop(r.text("sweep"), r.integer("index", 0), r.user),
    ),
    Operation(
        name="trialNotebook",
        method="GET",
        path="sweeps/{sweep}/trials/{index}/notebook",
        summary="A trial's executed notebook; while it runs, what has been executed so far.",
        answer=TrialNotebook,
        call=lambda s, r: TrialNotebook(**s.trials.notebook(r.text("sweep"), r.integer("index", 0))),
    ),
    Operation(
        name="trialLog",
        method="GET",
        path="sweeps/{sweep}/trials/{index}/log",
        query=("offset",),
        summary="A trial's log from a byte offset on; below zero, from the end.",
        answer=TrialLog,
        call=lambda s, r: TrialLog(
            **s.trials.log(r.text("sweep"), r.integer("index", 0), r.integer("offset", 0, -(2**53), 2**53))
        ),
    ),
)

"""REST under `/mlops/`, as one table: what can be asked, with what, and which verb of the services answers.

`handlers.py` turns each row into a route, `openapi.py` into the document from which `src/api.ts` is generated; a new
verb is a new row and nothing else.
"""

from __future__ import annotations

import msgspec

from jupyter_mlops.domain.doctor import Finding, Status
from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.server.operations.snapshots import SNAPSHOTS
from jupyter_mlops.server.operations.sweeps import SWEEPS
from jupyter_mlops.server.operations.table import Operation, Request

__all__ = ["OPERATIONS", "Operation", "Request"]


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    findings: list[Finding]


GENERAL: tuple[Operation, ...] = (
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
        query=("path", "snapshot"),
        summary="A notebook's parameters and suggestions for its sweep; as it is now, or as a snapshot keeps it.",
        answer=NotebookInfo,
        call=lambda s, r: s.sweeps.inspect(r.text("path"), r.text("snapshot") or None),
    ),
)

OPERATIONS: tuple[Operation, ...] = (*GENERAL, *SNAPSHOTS, *SWEEPS)

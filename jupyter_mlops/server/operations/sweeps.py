"""REST of sweeps and their trials."""

from __future__ import annotations

from typing import Any

import msgspec

from jupyter_mlops.domain.sweep import Sweep, SweepPlan, SweepRequest
from jupyter_mlops.domain.trial import Trial, TrialPage
from jupyter_mlops.server.operations.table import Operation


class RetryRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    trials: list[int] | None = None
    """Which; null for all that failed, or that ran out of memory."""
    twice_the_memory: bool = False
    """Ask for twice what the compute profile allowed."""


class ScaleRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    parallelism: int


class SweepList(msgspec.Struct, frozen=True, kw_only=True):
    sweeps: list[Sweep]
    """Newest first."""


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


SWEEPS: tuple[Operation, ...] = (
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
        name="scaleSweep",
        method="POST",
        path="sweeps/{sweep}/scale",
        body=ScaleRequest,
        summary="Run so many trials, or pods, at once from now on.",
        answer=Sweep,
        call=lambda s, r: s.sweeps.scale(r.text("sweep"), r.body.parallelism),
    ),
    Operation(
        name="retryTrials",
        method="POST",
        path="sweeps/{sweep}/retry",
        body=RetryRequest,
        status=201,
        summary="Run failed trials again, as a sweep of their own: same snapshot, same parameters.",
        answer=Sweep,
        call=lambda s, r: s.retries.start(r.text("sweep"), r.user, r.body.trials, r.body.twice_the_memory),
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
    Operation(
        name="sweepRequest",
        method="GET",
        path="sweeps/{sweep}/request",
        summary="The request that orders the same sweep of the same snapshot again.",
        answer=SweepRequest,
        call=lambda s, r: s.sweeps.request_again(r.text("sweep")),
    ),
)

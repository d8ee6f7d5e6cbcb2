"""A sweep as it changes: what the command line, the magics and the SDK all wait with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from jupyter_mlops.domain.errors import Unavailable
from jupyter_mlops.domain.sweep import Sweep
from jupyter_mlops.domain.trial import OUTCOMES, Trial

if TYPE_CHECKING:
    from jupyter_mlops.services import Services

EVERY_SECONDS = 0.5
LOST_SECONDS = 3.0
"""A sweep counts as lost after this long: another runner may be on its way."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What is seen at one look."""

    sweep: Sweep
    trials: dict[int, Trial]
    """All that are known, by index. The same dictionary at every look."""
    ended: list[Trial]
    """Those that have ended since the look before, in that order."""


def watch(services: Services, sweep_id: str, say: Callable[[str], None] = lambda words: None) -> Iterator[View]:
    """Look about twice a second until the sweep has ended, or nobody runs it any more.

    A store that does not answer is waited for, because the trials go on meanwhile; `say` is told once when it falls
    silent and once when it is back.
    """
    trials: dict[int, Trial] = {}
    ended: list[Trial] = []
    since, silent, lost_at = "", False, 0.0
    while True:
        began = time.monotonic()
        try:
            # The sweep first: what it says of its end is then true of the trials.
            sweep = services.sweeps.get(sweep_id)
            since = _changes(services, sweep_id, since, trials, ended)
        except Unavailable as error:
            if not silent:
                say(error.message)
            silent = True
        else:
            if silent:
                say("MLflow answers again.")
            silent = False
            yield View(sweep=sweep, trials=trials, ended=ended)
            ended = []
            lost_at = (lost_at or began) if sweep.state == "lost" else 0.0
            if sweep.ended is not None or (lost_at and began - lost_at >= LOST_SECONDS):
                return
        time.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - began)))


def _changes(services: Services, sweep_id: str, since: str, trials: dict[int, Trial], ended: list[Trial]) -> str:
    """Bring `trials` up to date and add to `ended` those that now have; returns the new revision."""
    more = True
    while more:
        page = services.trials.changes(sweep_id, since)
        for trial in page.trials:
            known = trials.get(trial.index)
            if trial.state in OUTCOMES and (known is None or known.state not in OUTCOMES):
                ended.append(trial)
            trials[trial.index] = trial
        since, more = page.rev, page.more
    return since

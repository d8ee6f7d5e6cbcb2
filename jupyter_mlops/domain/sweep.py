"""A sweep: what was asked for, what was ordered, and what it looks like now."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from jupyter_mlops.domain.errors import Invalid, Problem
from jupyter_mlops.domain.parameters import Parameter, Value
from jupyter_mlops.domain.profile import ComputeProfile
from jupyter_mlops.domain.space import Algorithm, Dimension, check_dimension, continuous, grid_size, point
from jupyter_mlops.domain.trial import TrialState
from jupyter_mlops.domain.verification import Verdict

Direction = Literal["maximize", "minimize"]
SweepOutcome = Literal["succeeded", "failed", "cancelled"]
Purpose = Literal["sweep", "verification"]
"""Why it runs: to compare trials, or to see whether a snapshot still does what it did."""
SweepState = Literal["running", "paused", "stopping", "succeeded", "failed", "cancelled", "lost"]

_METRIC = re.compile(r"[/\w.\- :]+")
"""What MLflow takes as the name of a metric."""
DEFAULT_RANDOM_TRIALS = 20
DEFAULT_MAX_TRIALS = 10_000


class SweepRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person asks for, in a form, a command line or the SDK. Everything but the notebook has a default."""

    notebook: str
    """Path of the notebook; from the server's root in REST."""
    parameters: dict[str, Dimension] = {}
    algorithm: Algorithm = "grid"
    trials: int | None = None
    """How many trials; None means all points of a grid, or 20 at random."""
    parallelism: int | None = None
    """How many run at once; None means the executor's default (one per core)."""
    objective: str | None = None
    """The metric that ranks the trials; None ranks nothing."""
    direction: Direction = "maximize"
    experiment: str | None = None
    """MLflow experiment; None means the one the notebook names, else the notebook's own name."""
    seed: int | None = None
    """Makes random draws repeatable; None draws one, which is then kept in the order."""
    kernel: str | None = None
    """Kernelspec name; None means the notebook's own."""
    executor: str | None = None
    """Where trials run; None means the first that is offered."""
    profile: str | None = None
    """Name of a compute profile; None means the first of the executor's, if it has any."""
    trials_per_pod: int | None = None
    """Trials that one pod runs one after another; None means as the profile says."""
    points: list[int] | None = None
    """Numbers of the points of the space to run, when not all from the first on."""
    snapshot: str | None = None
    """Digest of a snapshot to run instead of the notebook as it is now: *Sweep again*."""


class SweepOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What was ordered, with every default resolved: the artifact `sweep.json`. It never changes."""

    name: str
    notebook: str
    """As the person named it, for display."""
    cwd: str
    """Folder in which the notebook runs: its own."""
    snapshot: str
    """Digest of the snapshot whose notebook every trial runs."""
    parameters: dict[str, Dimension]
    algorithm: Algorithm
    trials: int
    parallelism: int
    objective: str | None
    direction: Direction
    experiment: str
    seed: int
    kernel: str
    executor: str = "local"
    profile: ComputeProfile | None = None
    """As it was that day."""
    trials_per_pod: int = 1
    max_attempts: int = 3
    """How often a trial is started when the machine (not the notebook) fails it."""
    user: str = ""
    purpose: Purpose = "sweep"
    points: list[int] | None = None
    """Which points of the space, by number, when not all from the first on: trials of another sweep tried again."""

    def number(self, index: int) -> int:
        """Which point of the space a trial is."""
        return index if self.points is None else self.points[index]

    def point(self, index: int) -> dict[str, Value]:
        """Parameters of one trial; see `domain.space.point`."""
        return point(self.parameters, self.algorithm, self.seed, self.number(index))


class SweepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What Run would do, or why it would not: shown beside the form while it is filled in."""

    trials: int | None = None
    """None when it cannot be said because of a problem."""
    problems: list[Problem] = []


class Best(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    objective: float


class SweepSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a sweep: written once, with its outcome, so that a list of old sweeps costs no search."""

    counts: dict[TrialState, int] = {}
    best: Best | None = None


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep as it is now: a row of the Runs section and the head of the sweep's page."""

    id: str
    """MLflow id of the sweep's parent run."""
    name: str
    notebook: str
    state: SweepState
    reason: str = ""
    total: int
    counts: dict[TrialState, int] = {}
    best: Best | None = None
    objective: str | None = None
    direction: Direction = "maximize"
    algorithm: Algorithm = "grid"
    seed: int = 0
    """With which the points of a random sweep are drawn again, the same."""
    parallelism: int = 1
    parameters: dict[str, Dimension] = {}
    kernel: str = ""
    experiment: str = ""
    experiment_id: str = ""
    snapshot: str = ""
    user: str = ""
    executor: str = "local"
    profile: str = ""
    """Name of its compute profile; empty where there are none."""
    purpose: Purpose = "sweep"
    verdict: Verdict | None = None
    """What a verification found, once it has ended."""
    started: int
    ended: int | None = None
    """Milliseconds since 1970, UTC."""
    seconds_left: float | None = None
    """Estimate from the trials that have ended; None while there is nothing to estimate from."""


def check(
    request: SweepRequest, parameters: Mapping[str, Parameter] | None, max_trials: int = DEFAULT_MAX_TRIALS
) -> SweepPlan:
    """Everything that is wrong with a request, and how many trials it makes.

    Args:
        request: what was asked for.
        parameters: what the notebook declares; None when its language cannot be read, then any name may be given.
        max_trials: the administrator's limit.
    """
    problems: list[Problem] = []
    for name, dimension in request.parameters.items():
        declared = parameters.get(name) if parameters is not None else None
        if parameters is not None and declared is None:
            known = ", ".join(parameters) or "none: tag a cell `parameters`"
            problems.append(
                Problem(
                    field=f"parameters.{name}",
                    message=f"The notebook has no parameter {name!r}. It has: {known}.",
                )
            )
            continue
        problems += check_dimension(name, dimension, declared)
    for field in ("trials", "parallelism", "trials_per_pod"):
        value = getattr(request, field)
        if value is not None and value < 1:
            problems.append(Problem(field=field, message=f"Must be at least 1, not {value}."))
    if request.points is not None and not (request.points and min(request.points) >= 0):
        problems.append(Problem(field="points", message="Must name at least one point, numbered from 0."))
    if request.seed is not None and not 0 <= request.seed < 2**63:
        problems.append(Problem(field="seed", message="Must be a whole number from 0 to 2^63-1."))
    for field, limit in (("objective", 250), ("experiment", 250)):
        text = getattr(request, field)
        if text is not None and not text.strip():
            problems.append(Problem(field=field, message="Is empty. Leave it out, or write a name."))
        elif text is not None and len(text) > limit:
            problems.append(Problem(field=field, message=f"Has {len(text):,} characters; MLflow keeps {limit}."))
        elif text is not None and field == "objective" and not _METRIC.fullmatch(text):
            takes = "letters, digits, blanks and _ - . : /"
            problems.append(Problem(field=field, message=f"{text!r} is no name of a metric: MLflow takes {takes}"))
    if problems:
        return SweepPlan(problems=problems)
    return _count(request, max_trials)


def _count(request: SweepRequest, max_trials: int) -> SweepPlan:
    trials = request.trials if request.points is None else len(request.points)
    if request.algorithm == "grid":
        unstepped = continuous(request.parameters)
        if unstepped:
            return SweepPlan(
                problems=[
                    Problem(
                        field=f"parameters.{name}",
                        message="A grid cannot walk a continuous range. Give it a step (0..1:0.1), write a list, "
                        "or choose the random algorithm.",
                    )
                    for name in unstepped
                ]
            )
        size = grid_size(request.parameters) or 1
        trials = size if trials is None else min(trials, size)
        beyond = next((number for number in request.points or () if number >= size), None)
        if beyond is not None:
            message = f"There is no point {beyond}: the grid has {size:,}, numbered from 0."
            return SweepPlan(problems=[Problem(field="points", message=message)])
    elif trials is None:
        trials = DEFAULT_RANDOM_TRIALS
    if trials > max_trials:
        return SweepPlan(
            trials=trials,
            problems=[
                Problem(
                    field="trials",
                    message=f"{trials:,} trials are more than the {max_trials:,} allowed here. Use fewer values, or "
                    "random with a number of trials; an administrator raises the limit with c.MLOps.max_trials.",
                )
            ],
        )
    return SweepPlan(trials=trials)


def require(plan: SweepPlan) -> int:
    """The number of trials of a plan without problems.

    Raises:
        Invalid: with all its problems.
    """
    if plan.problems or plan.trials is None:
        raise Invalid(plan.problems)
    return plan.trials


def sweep_state(outcome: SweepOutcome | None, alive: bool, paused: bool, stopped: bool) -> SweepState:
    """The state of a sweep, from its recorded outcome and what its executor says of it now."""
    if outcome is not None:
        return outcome
    if stopped:
        # Whoever was to carry it out is gone: Resume starts another, which does.
        return "stopping" if alive else "lost"
    if paused:
        return "paused"
    return "running" if alive else "lost"


def outcome_of(counts: Mapping[TrialState, int], total: int) -> tuple[SweepOutcome, str]:
    """Outcome and reason of a sweep all of whose trials have ended by themselves."""
    failed = counts.get("failed", 0)
    if failed:
        return "failed", f"{failed:,} of {total:,} trials failed."
    cancelled = counts.get("cancelled", 0)
    return "succeeded", f"{cancelled:,} of {total:,} trials were stopped." if cancelled else ""


def better(a: float, b: float, direction: Direction) -> bool:
    """Whether objective a is better than b."""
    return a > b if direction == "maximize" else a < b


def best_of(objectives: Mapping[int, float | None], direction: Direction) -> Best | None:
    """The best trial; of equals the one with the lowest index. NaN and infinities rank nowhere."""
    best: Best | None = None
    for index in sorted(objectives):
        value = objectives[index]
        if value is None or not math.isfinite(value):
            continue
        if best is None or better(value, best.objective, direction):
            best = Best(index=index, objective=value)
    return best

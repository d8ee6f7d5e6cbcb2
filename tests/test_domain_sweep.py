from __future__ import annotations

import itertools
import math
from typing import Any, get_args

import msgspec
import pytest

from jupyter_mlops.domain.errors import Invalid, Problem
from jupyter_mlops.domain.parameters import Parameter
from jupyter_mlops.domain.space import Choice, Fixed, Range
from jupyter_mlops.domain.sweep import (
    Best,
    Direction,
    SweepOrder,
    SweepOutcome,
    SweepPlan,
    SweepRequest,
    SweepState,
    best_of,
    check,
    outcome_of,
    require,
    sweep_state,
)
from jupyter_mlops.domain.trial import TrialState

DECLARED = {
    "lr": Parameter(name="lr", type="float", default=0.1),
    "depth": Parameter(name="depth", type="int", default=3),
    "kind": Parameter(name="kind", type="str", default="a"),
}
GRID_OF_A_RANGE = (
    "A grid cannot walk a continuous range. Give it a step (0..1:0.1), write a list, or choose the random algorithm."
)


def asked(**fields: Any) -> SweepRequest:
    return SweepRequest(notebook="train.ipynb", **fields)


@pytest.mark.parametrize(
    ("fields", "trials"),
    [
        ({}, 1),
        ({"parameters": {"lr": Fixed(value=1)}}, 1),
        ({"parameters": {"lr": Choice(values=[1, 2, 3]), "depth": Range(low=1, high=4, scale="int")}}, 12),
        ({"parameters": {"lr": Choice(values=[1, 2, 3])}, "trials": 2}, 2),
        ({"parameters": {"lr": Choice(values=[1, 2, 3])}, "trials": 9}, 3),
        ({"parameters": {"lr": Range(low=0, high=1)}, "algorithm": "random"}, 20),
        ({"parameters": {"lr": Range(low=0, high=1)}, "algorithm": "random", "trials": 7}, 7),
        ({"parameters": {"kind": Choice(values=["a"])}, "algorithm": "random", "trials": 100}, 100),
        ({"objective": "acc µ", "experiment": "a/b 'c' \"d\" 💥", "seed": 0, "parallelism": 64}, 1),
        ({"seed": 2**63 - 1, "objective": "x" * 250, "experiment": "ü" * 250}, 1),
    ],
)
def test_how_many_trials_a_request_makes(fields: dict[str, Any], trials: int) -> None:
    assert check(asked(**fields), DECLARED, max_trials=100) == SweepPlan(trials=trials)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        (
            {"parameters": {"lrr": Fixed(value=1)}},
            "parameters.lrr",
            "The notebook has no parameter 'lrr'. It has: lr, depth, kind.",
        ),
        (
            {"parameters": {"lr": Fixed(value="fast")}},
            "parameters.lr",
            "'fast' is not of type float, which lr has in the notebook.",
        ),
        ({"parameters": {"lr": Choice(values=[])}}, "parameters.lr", "The list is empty. Write at least one value."),
        (
            {"parameters": {"lr": Range(low=1, high=0.1)}, "algorithm": "random"},
            "parameters.lr",
            "The range goes from 1 to 0.1: its low end must be below its high end.",
        ),
        (
            {"parameters": {"lr": Range(low=0, high=1, scale="log")}, "algorithm": "random"},
            "parameters.lr",
            "A log range must start above 0, not at 0.",
        ),
        ({"parameters": {"lr": Range(low=0, high=1)}}, "parameters.lr", GRID_OF_A_RANGE),
        ({"parameters": {"lr": Range(low=1, high=2, scale="log")}}, "parameters.lr", GRID_OF_A_RANGE),
        ({"trials": 0}, "trials", "Must be at least 1, not 0."),
        ({"trials": -5}, "trials", "Must be at least 1, not -5."),
        ({"parallelism": 0}, "parallelism", "Must be at least 1, not 0."),
        ({"seed": -1}, "seed", "Must be a whole number from 0 to 2^63-1."),
        ({"seed": 2**63}, "seed", "Must be a whole number from 0 to 2^63-1."),
        ({"objective": ""}, "objective", "Is empty. Leave it out, or write a name."),
        ({"experiment": "  "}, "experiment", "Is empty. Leave it out, or write a name."),
        (
            {"objective": "acc`uracy"},
            "objective",
            "'acc`uracy' is no name of a metric: MLflow takes letters, digits, blanks and _ - . : /",
        ),
        ({"objective": "x" * 1251}, "objective", "Has 1,251 characters; MLflow keeps 250."),
        ({"experiment": "x" * 251}, "experiment", "Has 251 characters; MLflow keeps 250."),
    ],
)
def test_what_is_wrong_with_a_request(fields: dict[str, Any], field: str, words: str) -> None:
    assert check(asked(**fields), DECLARED) == SweepPlan(problems=[Problem(field=field, message=words)])


@pytest.mark.parametrize(
    ("fields", "trials", "said"),
    [
        ({"algorithm": "random", "trials": 10**9}, 10**9, "1,000,000,000"),
        ({"parameters": {"depth": Range(low=1, high=10**9, scale="int")}}, 10**9, "1,000,000,000"),
        ({"algorithm": "random", "trials": 10_001}, 10_001, "10,001"),
    ],
)
def test_more_trials_than_allowed_are_counted_and_refused(fields: dict[str, Any], trials: int, said: str) -> None:
    words = (
        f"{said} trials are more than the 10,000 allowed here. Use fewer values, or random with a number of trials; "
        "an administrator raises the limit with c.MLOps.max_trials."
    )
    assert check(asked(**fields), DECLARED) == SweepPlan(
        trials=trials, problems=[Problem(field="trials", message=words)]
    )


def test_all_problems_are_told_at_once() -> None:
    request = asked(
        parameters={
            "nope": Fixed(value=1),
            "lr": Choice(values=[]),
            "depth": Fixed(value=1.5),
            "kind": Fixed(value="b"),
        },
        trials=0,
        seed=-1,
        objective="",
    )
    plan = check(request, DECLARED)
    assert [p.field for p in plan.problems] == [
        "parameters.nope",
        "parameters.lr",
        "parameters.depth",
        "trials",
        "seed",
        "objective",
    ]
    with pytest.raises(Invalid) as refused:
        require(plan)
    assert refused.value.problems == plan.problems


def test_a_notebook_without_parameters_says_how_to_tag_them() -> None:
    plan = check(asked(parameters={"lr": Fixed(value=1)}), {})
    assert [p.message for p in plan.problems] == [
        "The notebook has no parameter 'lr'. It has: none: tag a cell `parameters`."
    ]


def test_any_name_may_be_given_where_parameters_cannot_be_read() -> None:
    assert check(asked(parameters={"anything": Choice(values=[1, "a"])}), None) == SweepPlan(trials=2)


def test_a_request_is_read_strictly() -> None:
    for body in (b'{"notebook": "a", "trails": 3}', b'{"notebook": "a", "algorithm": "gird"}', b"{}"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(body, type=SweepRequest)


# The sweep as a whole

OUTCOMES: tuple[SweepOutcome, ...] = get_args(SweepOutcome)
STATES: list[tuple[SweepOutcome | None, bool, bool, bool, SweepState]] = [
    *(
        (outcome, alive, paused, stopped, outcome)
        for outcome, alive, paused, stopped in itertools.product(OUTCOMES, *[(True, False)] * 3)
    ),
    # outcome, alive, paused, stopped
    (None, True, False, False, "running"),
    (None, True, True, False, "paused"),
    (None, True, False, True, "stopping"),
    (None, True, True, True, "stopping"),
    (None, False, False, False, "lost"),
    (None, False, True, False, "paused"),
    (None, False, False, True, "lost"),
    (None, False, True, True, "lost"),
]


@pytest.mark.parametrize(("outcome", "alive", "paused", "stopped", "state"), STATES)
def test_the_state_of_a_sweep(
    outcome: SweepOutcome | None, alive: bool, paused: bool, stopped: bool, state: SweepState
) -> None:
    assert sweep_state(outcome, alive, paused, stopped) == state


def test_the_table_of_states_is_whole() -> None:
    every = set(itertools.product((None, *OUTCOMES), *[(True, False)] * 3))
    assert {row[:4] for row in STATES} == every
    assert {row[4] for row in STATES} == set(get_args(SweepState))


@pytest.mark.parametrize(
    ("counts", "outcome", "reason"),
    [
        ({"succeeded": 3000}, "succeeded", ""),
        ({"succeeded": 1999, "failed": 1001}, "failed", "1,001 of 3,000 trials failed."),
        ({"succeeded": 2998, "cancelled": 2}, "succeeded", "2 of 3,000 trials were stopped."),
        ({"failed": 1, "cancelled": 2999}, "failed", "1 of 3,000 trials failed."),
        ({"succeeded": 2999, "pruned": 1}, "succeeded", ""),
    ],
)
def test_the_outcome_of_a_sweep_whose_trials_have_ended(
    counts: dict[TrialState, int], outcome: SweepOutcome, reason: str
) -> None:
    assert outcome_of(counts, 3000) == (outcome, reason)


@pytest.mark.parametrize(
    ("objectives", "direction", "best"),
    [
        ({}, "maximize", None),
        ({0: None, 1: math.nan, 2: math.inf, 3: -math.inf}, "maximize", None),
        ({0: 1.0, 1: 3.0, 2: 2.0}, "maximize", Best(index=1, objective=3.0)),
        ({0: 1.0, 1: 3.0, 2: 2.0}, "minimize", Best(index=0, objective=1.0)),
        ({2: 1.0, 1: 1.0}, "maximize", Best(index=1, objective=1.0)),
        ({2: 1.0, 1: 1.0}, "minimize", Best(index=1, objective=1.0)),
        ({0: math.nan, 1: -5.0, 2: None}, "maximize", Best(index=1, objective=-5.0)),
    ],
)
def test_the_best_trial(objectives: dict[int, float | None], direction: Direction, best: Best | None) -> None:
    assert best_of(objectives, direction) == best


def test_an_order_is_the_same_after_it_was_kept_as_json() -> None:
    order = SweepOrder(
        name="größer",
        notebook="a/b.ipynb",
        cwd="/x",
        snapshot="0" * 64,
        parameters={"lr": Range(low=0.1, high=1, scale="log"), "a": Choice(values=[1, None]), "b": Fixed(value="x")},
        algorithm="random",
        trials=5,
        parallelism=2,
        objective=None,
        direction="minimize",
        experiment="e",
        seed=3,
        kernel="python3",
    )
    kept = msgspec.json.decode(msgspec.json.encode(order), type=SweepOrder)
    assert kept == order
    assert [kept.point(i) for i in range(5)] == [order.point(i) for i in range(5)]

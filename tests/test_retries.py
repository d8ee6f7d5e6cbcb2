"""Trials that failed, tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.backends.closing import close, end_trial
from jupyter_mlops.domain.errors import Conflict, Invalid
from jupyter_mlops.domain.profile import ComputeProfile, amount, profiles_from
from jupyter_mlops.domain.space import Choice
from jupyter_mlops.domain.sweep import SweepRequest
from jupyter_mlops.services import Services
from jupyter_mlops.testing import WAITS, NotebookFactory, eventually


def profile(**changes: Any) -> ComputeProfile:
    return profiles_from([{"name": "small", "memory": "2Gi", **changes}])[0]


@pytest.mark.parametrize(
    ("memory", "twice"), [("2Gi", "4Gi"), ("1.5Gi", "3Gi"), ("500M", "1000M"), ("0.75Gi", "1.5Gi"), ("1024", "2048")]
)
def test_twice_the_memory(memory: str, twice: str) -> None:
    larger = profile(memory=memory, max_memory="64Gi").with_twice_the_memory()
    assert larger.memory == twice
    assert amount(twice) == 2 * amount(memory)


@pytest.mark.parametrize(
    ("limit", "says"),
    [(None, "allows no more than it has"), ("3Gi", "allows at most 3Gi"), ("3000M", "allows at most 3000M")],
)
def test_no_more_memory_than_is_offered(limit: str | None, says: str) -> None:
    with pytest.raises(Invalid, match=f"4Gi of memory are not offered: the profile 'small' {says}"):
        profile(max_memory=limit).with_twice_the_memory()


def test_failed_trials_run_again_with_their_points(
    mlops_services: Services, mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    mlops_notebook("from pathlib import Path\nassert x < 3 or Path('mended').exists()", parameters="x = 1")
    services = mlops_services
    space = {"x": Choice(values=[1, 3, 2, 4])}
    first = services.sweeps.create(SweepRequest(notebook="train.ipynb", parameters=space), "ann")
    eventually(lambda: services.sweeps.get(first.id).ended is not None)
    failed = [trial for trial in services.trials.all(first.id) if trial.state == "failed"]
    assert [(trial.index, trial.failure) for trial in failed] == [(1, "notebook"), (3, "notebook")]

    (mlops_root / "mended").touch()
    with pytest.raises(Conflict, match="No trial of it has run out of memory"):
        services.retries.start(first.id, "bob", twice_the_memory=True)
    with pytest.raises(Conflict, match="Trial 0 has not failed"):
        services.retries.start(first.id, "bob", [0, 1])
    with pytest.raises(Invalid, match="There is no trial 9; its trials are 0 to 3"):
        services.retries.start(first.id, "bob", [9])
    second = services.retries.start(first.id, "bob")
    eventually(lambda: services.sweeps.get(second.id).ended is not None)
    again = services.trials.all(second.id)
    assert [(trial.parameters["x"], trial.state) for trial in again] == [(3, "succeeded"), (4, "succeeded")]
    assert services.sweeps.get(first.id).counts == {"succeeded": 2, "failed": 2}, "what has an outcome keeps it"
    assert services.sweeps.request_again(second.id).points == [1, 3]
    with pytest.raises(Conflict, match="No trial of it has failed"):
        services.retries.start(second.id, "bob")


def test_only_what_ran_out_of_memory_gets_more(mlops_services: Services, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook("1", parameters="x = 1")
    services = mlops_services
    request = SweepRequest(notebook="train.ipynb", parameters={"x": Choice(values=[1, 2])}, parallelism=1)
    sweep = services.sweeps.create(request, "ann")
    eventually(lambda: services.sweeps.get(sweep.id).ended is not None)
    tracking = services.tracking
    order = tracking.sweep_order(sweep.id)
    other = tracking.create_sweep(order, None)
    end_trial(tracking, other, order, 0, "failed", "Out of memory.", "memory")
    end_trial(tracking, other, order, 1, "failed", "Its node is gone.", "machine")
    close(tracking, other, order)
    trials = services.trials.all(other)
    assert [trial.failure for trial in trials] == ["memory", "machine"]
    with pytest.raises(Invalid, match="'local' have no limit of memory"):
        services.retries.start(other, "ann", twice_the_memory=True)


@pytest.mark.parametrize(
    ("points", "says"), [([], "at least one point"), ([-1], "numbered from 0"), ([0, 2], "no point 2: the grid has 2")]
)
def test_points_that_are_none(
    points: list[int], says: str, mlops_services: Services, mlops_notebook: NotebookFactory
) -> None:
    mlops_notebook("1", parameters="x = 1")
    space = {"x": Choice(values=[1, 2])}
    plan = mlops_services.sweeps.plan(SweepRequest(notebook="train.ipynb", parameters=space, points=points))
    assert [problem.field for problem in plan.problems] == ["points"]
    assert says in plan.problems[0].message


def test_a_sweep_is_scaled_within_what_is_allowed(
    mlops_services: Services, mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    mlops_notebook(WAITS, parameters="x = 1")
    services = mlops_services
    request = SweepRequest(notebook="train.ipynb", parameters={"x": Choice(values=[1, 2, 3])}, parallelism=1)
    sweep = services.sweeps.create(request, "ann")
    with pytest.raises(Invalid, match="To run none, pause the sweep"):
        services.sweeps.scale(sweep.id, 0)
    assert services.sweeps.scale(sweep.id, 3).parallelism == 3
    eventually(lambda: services.sweeps.get(sweep.id).counts.get("running") == 3)
    (mlops_root / "go").touch()
    eventually(lambda: services.sweeps.get(sweep.id).ended is not None)
    with pytest.raises(Conflict, match="has ended already"):
        services.sweeps.scale(sweep.id, 2)

"""Sweeps as Python objects."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_mlops import configuration, words
from jupyter_mlops.domain.errors import Conflict, MlopsError
from jupyter_mlops.domain.space import Algorithm
from jupyter_mlops.domain.sweep import Direction, Sweep, SweepRequest, SweepState
from jupyter_mlops.domain.trial import Trial
from jupyter_mlops.sdk.opening import services
from jupyter_mlops.sdk.spaces import dimensions
from jupyter_mlops.watching import watch

if TYPE_CHECKING:
    import pandas

    from jupyter_mlops.services import Services


class SweepHandle:
    """A sweep to wait for, look at and steer. Holds nothing but its id: everything is asked when it is needed."""

    def __init__(self, sweep_id: str, services: Services) -> None:
        self.id = sweep_id
        self.services = services

    @property
    def sweep(self) -> Sweep:
        """The sweep as it is now: counts, reason, settings."""
        return self.services.sweeps.get(self.id)

    @property
    def state(self) -> SweepState:
        return self.sweep.state

    @property
    def best(self) -> Trial | None:
        """The best trial so far; None while there is none, or when no objective was named."""
        found = self.sweep.best
        return None if found is None else self.services.trials.get(self.id, found.index)

    def wait(self, timeout: float | None = None) -> SweepHandle:
        """Wait until the sweep has ended, or has lost its runner; `state` then says how.

        A store that does not answer for a while is waited for.

        Raises:
            TimeoutError: it still runs after `timeout` seconds; it goes on all the same.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        for view in watch(self.services, self.id):
            over = view.sweep.ended is not None
            if not over and deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(
                    f"Sweep {self.id[:8]} has not ended after {timeout:g} s ({words.progress(view.sweep)}). It goes on."
                )
        return self

    def trials(self) -> pandas.DataFrame:
        """All trials, one row each by index; parameters under their own names, `parameter.NAME` where that is taken."""
        import pandas

        def moments(milliseconds: list[int | None]) -> Any:
            return pandas.to_datetime(pandas.Series(milliseconds, dtype="Int64"), unit="ms", utc=True)

        rows = self.services.trials.all(self.id)
        own = {
            "index": [t.index for t in rows],
            "state": [t.state for t in rows],
            "objective": pandas.Series([t.objective for t in rows], dtype="float64"),
        }
        after = {
            "reason": [t.reason for t in rows],
            "started": moments([t.started for t in rows]),
            "ended": moments([t.ended for t in rows]),
            "run_id": [t.run_id for t in rows],
        }
        names = dict.fromkeys(name for t in rows for name in t.parameters)
        given = {
            f"parameter.{name}" if name in own or name in after else name: [t.parameters.get(name) for t in rows]
            for name in names
        }
        return pandas.DataFrame({**own, **given, **after})

    def pause(self) -> None:
        """Start no further trials; those that run end by themselves."""
        self.services.sweeps.pause(self.id)

    def resume(self) -> None:
        """Go on with a paused sweep, or with one whose runner is gone."""
        self.services.sweeps.resume(self.id)

    def scale(self, parallelism: int) -> None:
        """Run so many trials, or pods, at once from now on. On a cluster, those beyond it are interrupted."""
        self.services.sweeps.scale(self.id, parallelism)

    def again(self) -> SweepHandle:
        """Run the same sweep of the same snapshot once more, whatever has become of the notebook since."""
        return start(self.services, self.services.sweeps.request_again(self.id))

    def retry(self, trials: Sequence[int] | None = None, twice_the_memory: bool = False) -> SweepHandle:
        """Run failed trials again, as a sweep of their own: same snapshot, same parameters.

        Args:
            trials: which; None for all that failed, or with `twice_the_memory` all that ran out of it.

        Raises:
            Conflict: none of them has failed.
        """
        user = configuration.current_user()
        made = self.services.retries.start(self.id, user, trials, twice_the_memory)
        return SweepHandle(made.id, self.services)

    def stop(self) -> None:
        """Stop what runs and start nothing more. What has been executed is kept."""
        self.services.sweeps.stop(self.id, configuration.current_user())

    def __repr__(self) -> str:
        return f"SweepHandle({self.id!r})"

    def _repr_html_(self) -> str:
        from jupyter_mlops import markup

        try:
            return markup.sweep(self.sweep, self.services.trials.all(self.id))
        except MlopsError as error:
            return markup.message(error.message)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from jupyter_mlops import terminal

        try:
            printer.text(terminal.text(terminal.sweep(self.sweep, self.services.trials.all(self.id))))
        except MlopsError as error:
            printer.text(f"{self!r}: {error.message}")


def sweep(
    notebook: str | os.PathLike[str],
    parameters: Mapping[str, Any] | None = None,
    *,
    objective: str | None = None,
    direction: Direction = "maximize",
    algorithm: Algorithm = "grid",
    trials: int | None = None,
    parallel: int | None = None,
    executor: str | None = None,
    profile: str | None = None,
    trials_per_pod: int | None = None,
    experiment: str | None = None,
    seed: int | None = None,
    kernel: str | None = None,
) -> SweepHandle:
    """Run a notebook once per point of a search space; returns at once, the trials run in the background.

    Args:
        notebook: path of the notebook.
        parameters: for each parameter a list of values, `(low, high)` or `(low, high, "log" | "int" | step)`, a text
            such as `"2..8:int"` (unless the parameter is itself a str), or one value for all trials.
        objective: metric that ranks the trials.
        parallel: how many trials, or pods, at once; by default one per core, or as the profile says.
        executor: where: `local` or `kubernetes`; by default the first that is offered.
        profile: compute profile of the pods; by default the first that is offered.
        trials_per_pod: trials that one pod runs one after another, where starting a pod takes longer than a trial.

    Raises:
        Invalid: with everything that is wrong with the order.
    """
    verbs = services()
    path = os.fspath(notebook)
    request = SweepRequest(
        notebook=path,
        parameters=dimensions(verbs, path, parameters or {}),
        algorithm=algorithm,
        trials=trials,
        parallelism=parallel,
        executor=executor,
        profile=profile,
        trials_per_pod=trials_per_pod,
        objective=objective,
        direction=direction,
        experiment=experiment,
        seed=seed,
        kernel=kernel,
    )
    return start(verbs, request)


def start(verbs: Services, request: SweepRequest) -> SweepHandle:
    """Order a sweep, unless this code runs in a trial itself: a notebook that sweeps itself would never end.

    Raises:
        Conflict: this is a trial.
    """
    if inside := trial_here():
        raise Conflict(f"This runs as {inside}: a trial starts no sweeps, or they would never end.")
    return SweepHandle(verbs.sweeps.create(request, configuration.current_user()).id, verbs)


def trial_here() -> str:
    """Which trial this code runs in, in words; empty outside of trials."""
    trial, of = os.environ.get("JUPYTER_MLOPS_TRIAL"), os.environ.get("JUPYTER_MLOPS_SWEEP", "")
    return f"trial {trial} of sweep {of[:8]}" if trial is not None else ""

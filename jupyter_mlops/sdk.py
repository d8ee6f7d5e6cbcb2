"""The same verbs for Python programs: `jupyter_mlops.sweep(…)` and `jupyter_mlops.snapshot(…)`.

What starts here runs on its own: a program that ends, or a kernel that is restarted, leaves its sweeps running.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_mlops import configuration, words
from jupyter_mlops.domain.errors import Conflict, Invalid, MlopsError
from jupyter_mlops.domain.parameters import ParameterType, Value
from jupyter_mlops.domain.snapshot import Snapshot
from jupyter_mlops.domain.space import Algorithm, Choice, Dimension, Fixed, Range, parse_dimension
from jupyter_mlops.domain.sweep import Direction, Sweep, SweepRequest, SweepState
from jupyter_mlops.domain.trial import Trial
from jupyter_mlops.watching import watch

if TYPE_CHECKING:
    import pandas

    from jupyter_mlops.services import Services

_services: dict[tuple[str, ...], Services] = {}
"""By what they were made of, so that a changed setting is followed and nothing is opened twice."""


def services() -> Services:
    """The verbs over the store and executor that Jupyter's configuration names."""
    try:
        settings = configuration.load()
    except Exception as error:  # somebody's configuration file is a program and may raise anything
        raise Invalid.one(
            "configuration", f"Jupyter's configuration cannot be read: {error}. Mend {configuration.CONFIG_FILE}.py."
        ) from error
    key = tuple(repr(settings.trait_values().get(name)) for name in sorted(settings.trait_names()))
    if key not in _services:
        _services[key] = settings.services()
    return _services[key]


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
        parallel: how many trials at once; by default one per core.

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


def snapshot(notebook: str | os.PathLike[str]) -> Snapshot:
    """Keep a notebook under one content hash. The same content gives the same snapshot."""
    return services().snapshots.create(os.fspath(notebook), configuration.current_user())


def dimensions(verbs: Services, notebook: str, given: Mapping[str, Any]) -> dict[str, Dimension]:
    """A search space from Python values; see `sweep`.

    Raises:
        Invalid: a value that no notebook can be given, or a range that is none.
    """
    types: dict[str, ParameterType] = {}
    if any(_needs_type(value) for value in given.values()):
        types = {p.name: p.type for p in verbs.sweeps.inspect(notebook).parameters}
    return {name: _dimension(name, value, types.get(name, "any")) for name, value in given.items()}


def _needs_type(value: Any) -> bool:
    return isinstance(value, tuple) or (isinstance(value, str) and ".." in value)


def _dimension(name: str, value: Any, type_: ParameterType) -> Dimension:
    if isinstance(value, (Fixed, Choice, Range)):
        return value
    if isinstance(value, tuple):
        return _range(name, value, type_)
    if isinstance(value, str) and ".." in value and type_ != "str":
        try:
            return parse_dimension(value, type_)
        except ValueError as error:
            raise Invalid.one(f"parameters.{name}", f"{error}.") from None
    value = _json(name, value)
    return Choice(values=value) if isinstance(value, list) else Fixed(value=value)


def _range(name: str, value: tuple[Any, ...], type_: ParameterType) -> Range:
    ends = [_json(name, part) for part in value[:2]]
    how = _json(name, value[2]) if len(value) == 3 else None
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in ends)
    stepped = isinstance(how, (int, float)) and not isinstance(how, bool)
    if len(value) not in (2, 3) or not numbers or not (how in (None, "log", "int", "linear") or stepped):
        raise Invalid.one(
            f"parameters.{name}",
            f"{value!r} is not a range: write (low, high), (low, high, 'log'), (low, high, 'int') or "
            "(low, high, step); a list [ ] for chosen values.",
        )
    whole = type_ == "int" or (type_ == "any" and all(isinstance(end, int) for end in ends))
    if isinstance(how, str):
        return Range(low=ends[0], high=ends[1], scale=how)  # type: ignore[arg-type]
    whole = whole and (how is None or float(how).is_integer())
    return Range(low=ends[0], high=ends[1], scale="int" if whole else "linear", step=how)


def _json(name: str, value: Any) -> Value:
    """A value as JSON says it; numpy's and pandas' numbers and arrays become Python's.

    Raises:
        Invalid: it cannot be said.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple, range)):
        return [_json(name, part) for part in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _json(name, part) for key, part in value.items()}
    raise Invalid.one(
        f"parameters.{name}",
        f"A value of type {type(value).__name__} cannot be written into a notebook. "
        "Use numbers, text, lists and dictionaries.",
    )

"""Sweeps: planned, started, watched, paused, stopped."""

from __future__ import annotations

import secrets

import msgspec

from jupyter_mlops.backends.base import Notebooks, NotebookSource, Tracking
from jupyter_mlops.backends.executors.base import Executor
from jupyter_mlops.domain.errors import Conflict, Invalid, MlopsError, NotFound, Problem
from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.domain.snapshot import Snapshot
from jupyter_mlops.domain.space import SearchSpace, typed
from jupyter_mlops.domain.sweep import Sweep, SweepOrder, SweepPlan, SweepRequest, check, require
from jupyter_mlops.services.boards import Boards
from jupyter_mlops.services.executors import Executors
from jupyter_mlops.services.places import place
from jupyter_mlops.services.snapshots import Snapshots


class Sweeps:
    """What can be asked of sweeps. Decides; talks to MLflow and processes only through what it is given."""

    def __init__(
        self,
        tracking: Tracking,
        executors: Executors,
        notebooks: Notebooks,
        snapshots: Snapshots,
        boards: Boards,
        max_trials: int,
    ) -> None:
        self._tracking = tracking
        self._executors = executors
        self._notebooks = notebooks
        self._snapshots = snapshots
        self._boards = boards
        self._max_trials = max_trials

    def inspect(self, path: str, snapshot: str | None = None) -> NotebookInfo:
        """A notebook's parameters, and suggestions for its sweep; of a snapshot's notebook, if one is named."""
        source = self._source(path, snapshot)[0]
        experiment = self._experiment(source)
        try:
            known = self._tracking.known_metrics(experiment)
        except MlopsError:
            known = []  # suggestions only: the form opens without MLflow, too
        return self._notebooks.inspect(source, known, self._executors.default.default_parallelism(), self._max_trials)

    def plan(self, request: SweepRequest) -> SweepPlan:
        """How many trials a request makes, or everything that is wrong with it."""
        try:
            return self._plan(self._source(request.notebook, request.snapshot)[0], request)
        except Invalid as error:
            return SweepPlan(problems=error.problems)
        except MlopsError as error:
            return SweepPlan(problems=[Problem(field="notebook", message=error.message)])

    def _source(self, path: str, digest: str | None) -> tuple[NotebookSource, Snapshot | None]:
        """The notebook as it is on disk, or as a snapshot keeps it."""
        if digest is None:
            return self._notebooks.read(path), None
        snapshot, source = self._snapshots.source(digest, path)
        return source, snapshot

    def _plan(self, source: NotebookSource, request: SweepRequest) -> SweepPlan:
        declared = self._notebooks.parameters(source.content)
        plan = check(request, None if declared is None else {p.name: p for p in declared}, self._max_trials)
        problems = list(plan.problems)
        for check_ in (self._check_kernel, self._check_place):
            try:
                check_(source, request)
            except Invalid as error:
                problems += error.problems
        return msgspec.structs.replace(plan, problems=problems)

    def _check_place(self, source: NotebookSource, request: SweepRequest) -> None:
        place(self._executors.chosen(request.executor), request, 1)

    def _check_kernel(self, source: NotebookSource, request: SweepRequest) -> None:
        own = self._notebooks.kernel(source)[0]
        if request.snapshot is None:
            self._notebooks.require_kernel(request.kernel or own)
        elif request.kernel not in (None, own):  # a snapshot brings its environment along
            raise Invalid.one("kernel", f"A snapshot runs with the kernel it was taken with, not {request.kernel!r}.")

    def create(self, request: SweepRequest, user: str) -> Sweep:
        """Keep the notebook, write the order, start the trials.

        The order is written before anything starts, so whatever breaks off in between is a sweep that Resume starts.

        Raises:
            Invalid: with everything that is wrong with the request.
        """
        source, snapshot = self._source(request.notebook, request.snapshot)
        trials = require(self._plan(source, request))
        if snapshot is None:
            snapshot = self._snapshots.keep(source, user, kernel=request.kernel)
        executor = self._executors.chosen(request.executor)
        where = place(executor, request, trials)
        order = SweepOrder(
            name=source.file.stem,
            notebook=source.path,
            cwd=str(source.file.parent),
            snapshot=snapshot.digest,
            parameters=self._typed(source, request.parameters),
            algorithm=request.algorithm,
            trials=trials,
            points=request.points,
            objective=request.objective,
            direction=request.direction,
            experiment=request.experiment or self._experiment(source),
            seed=request.seed if request.seed is not None else secrets.randbelow(2**31),
            kernel=snapshot.manifest.kernel,
            user=user,
            executor=where.executor,
            profile=where.profile,
            parallelism=where.parallelism,
            trials_per_pod=where.trials_per_pod,
        )
        sweep_id = self._tracking.create_sweep(order, snapshot.sighting.git if snapshot.sighting else None)
        executor.start(sweep_id, order)
        return self.get(sweep_id)

    def request_again(self, sweep_id: str) -> SweepRequest:
        """What orders the same sweep of the same snapshot again: *Sweep again*."""
        order = self._boards.get(self.find(sweep_id)).order
        return SweepRequest(
            notebook=self._notebooks.shown(order.cwd, order.notebook),
            parameters=order.parameters,
            algorithm=order.algorithm,
            trials=order.trials if order.algorithm == "random" else None,
            parallelism=order.parallelism,
            objective=order.objective,
            direction=order.direction,
            experiment=order.experiment,
            seed=order.seed,
            points=order.points,
            executor=order.executor,
            profile=order.profile.name if order.profile is not None else None,
            trials_per_pod=order.trials_per_pod if order.profile is not None else None,
            snapshot=order.snapshot,
        )

    def _typed(self, source: NotebookSource, space: SearchSpace) -> SearchSpace:
        declared = {p.name: p.type for p in self._notebooks.parameters(source.content) or []}
        return {name: typed(dimension, declared.get(name, "any")) for name, dimension in space.items()}

    def _experiment(self, source: NotebookSource) -> str:
        return self._notebooks.named_experiment(source.content) or source.file.stem[:200]

    def get(self, sweep_id: str) -> Sweep:
        """One sweep as it is now."""
        return self._boards.get(sweep_id).sweep()

    def _changed(self, sweep_id: str) -> Sweep:
        self._boards.get(sweep_id).expire()
        return self.get(sweep_id)

    def find(self, beginning: str) -> str:
        """A sweep's id from the beginning of it, as people type it; `latest` is the newest.

        Raises:
            NotFound: none begins so.
            Conflict: several do.
        """
        if len(beginning) == 32:
            return beginning
        records = self._tracking.sweep_records(500)
        if beginning == "latest":
            records = [record for record in records if record.purpose == "sweep"]
        found = [r.id for r in records if beginning == "latest" or r.id.startswith(beginning)]
        if not found or not beginning:
            raise NotFound(f"There is no sweep {beginning!r}. List them: jupyter mlops sweep list")
        if len(found) > 1 and beginning != "latest":
            raise Conflict(f"{len(found)} sweeps begin with {beginning!r}. Write more of the id.")
        return found[0]

    def list(self, limit: int = 50) -> list[Sweep]:
        """Sweeps, newest first. One whose order was deleted from MLflow is left out."""
        views = []
        for record in self._tracking.sweep_records(limit):
            if record.purpose != "sweep":
                continue  # a verification belongs to its snapshot
            try:
                views.append(self._boards.view(record))
            except NotFound:
                continue
        return views

    def pause(self, sweep_id: str) -> Sweep:
        """Start no further trials; those that run end by themselves."""
        self._executor(self._open(sweep_id)).pause(sweep_id)
        return self._changed(sweep_id)

    def resume(self, sweep_id: str) -> Sweep:
        """Go on with a paused sweep, or with one whose runner is gone."""
        sweep = self._open(sweep_id)
        if sweep.state == "stopping":
            raise Conflict("The sweep is being stopped; it cannot go on.")
        executor = self._executor(sweep)
        executor.resume(sweep_id)
        executor.start(sweep_id, self._boards.get(sweep_id).order)
        return self._changed(sweep_id)

    def scale(self, sweep_id: str, parallelism: int) -> Sweep:
        """Run so many trials, or pods, at once from now on.

        Raises:
            Invalid: fewer than one, or more than its compute profile allows.
        """
        sweep = self._open(sweep_id)
        profile = self._boards.get(sweep_id).order.profile
        most = profile.max_parallelism if profile is not None else None
        if parallelism < 1:
            raise Invalid.one("parallelism", f"Must be at least 1, not {parallelism}. To run none, pause the sweep.")
        if most is not None and parallelism > most:
            raise Invalid.one("parallelism", f"Its profile allows {most:,} at once, not {parallelism:,}.")
        self._executor(sweep).scale(sweep_id, parallelism)
        return self._changed(sweep_id)

    def stop(self, sweep_id: str, by: str) -> Sweep:
        """Stop what runs and start nothing more. What has been executed is kept."""
        executor = self._executor(self._open(sweep_id))
        executor.stop(sweep_id, by)
        # A runner carries it out, also where none is left: it closes the books.
        executor.start(sweep_id, self._boards.get(sweep_id).order)
        return self._changed(sweep_id)

    def _executor(self, sweep: Sweep) -> Executor:
        return self._executors.get(sweep.executor)

    def _open(self, sweep_id: str) -> Sweep:
        sweep = self.get(sweep_id)
        if sweep.ended is not None:
            raise Conflict(f"The sweep has ended already: {sweep.state}.")
        return sweep

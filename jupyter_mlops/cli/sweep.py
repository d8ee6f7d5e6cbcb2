"""`sweep`: run, list, show, pause, resume, stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from jupyter_mlops.cli.commands import Noun, Verb
from jupyter_mlops.cli.face import INTERRUPTED, SWEEP_FAILED, Face, as_json, pass_face
from jupyter_mlops.cli.spaces import Pairs, search_space
from jupyter_mlops.domain.space import Algorithm
from jupyter_mlops.domain.sweep import Direction, Sweep, SweepRequest

if TYPE_CHECKING:
    from jupyter_mlops.sdk import SweepHandle


@click.group(cls=Noun)
def sweep() -> None:
    """Run a notebook once per point of a search space."""


@sweep.command(
    cls=Verb,
    short_help="Run a notebook once per point and rank the results.",
    examples=[
        "$ sweep run digits.ipynb -s C 0.1,1,10 -s kernel rbf,poly --objective accuracy",
        "$ sweep run digits.ipynb -s C 0.01..100:log --algorithm random --trials 20 --seed 7",
        "$ sweep run train.ipynb -p epochs 3 -s layers 2..6 -s dropout 0..0.5:0.1 --no-wait --json",
        "$ sweep run train.ipynb -s lr 1e-4..1e-1:log --algorithm random --executor kubernetes --profile gpu",
    ],
)
@click.argument("notebook", required=False)
@click.option("-p", "--parameters", "fixed", nargs=2, multiple=True, metavar="NAME VALUE", help="Same in every trial.")
@click.option(
    "-s",
    "--space",
    "spaces",
    nargs=2,
    multiple=True,
    metavar="NAME SPACE",
    help="Varied: a,b,c or LOW..HIGH, LOW..HIGH:log, LOW..HIGH:int, LOW..HIGH:STEP.",
)
@click.option("--algorithm", type=click.Choice(["grid", "random"]), default="grid", show_default=True)
@click.option("--trials", type=int, metavar="N", help="How many; by default all points of a grid, or 20 at random.")
@click.option("--parallel", type=int, metavar="P", help="How many at once; by default one per core.")
@click.option("--executor", metavar="NAME", help="Where: local or kubernetes; by default the first that is offered.")
@click.option("--profile", metavar="NAME", help="Compute profile of the pods; see `executor list`.")
@click.option("--trials-per-pod", type=int, metavar="N", help="Trials that one pod runs one after another.")
@click.option("--objective", metavar="METRIC", help="The metric that ranks the trials.")
@click.option("--direction", type=click.Choice(["maximize", "minimize"]), default="maximize", show_default=True)
@click.option("--experiment", metavar="NAME", help="MLflow experiment; by default the notebook's name.")
@click.option("--seed", type=int, metavar="N", help="Makes random draws repeatable.")
@click.option("--kernel", metavar="NAME", help="Another kernel than the notebook's own.")
@click.option("--no-wait", is_flag=True, help="Return as soon as the sweep runs.")
@as_json
@pass_face
def run(
    face: Face,
    notebook: str | None,
    fixed: Pairs,
    spaces: Pairs,
    algorithm: Algorithm,
    trials: int | None,
    parallel: int | None,
    executor: str | None,
    profile: str | None,
    trials_per_pod: int | None,
    objective: str | None,
    direction: Direction,
    experiment: str | None,
    seed: int | None,
    kernel: str | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Run NOTEBOOK once per point of a search space and rank the results.

    The exit code is 0 only if the sweep succeeded, 1 if it failed or was stopped. Ctrl-C stops the waiting and not
    the sweep.
    """
    path = face.notebook(notebook)
    with face.busy("Keeping the notebook and starting its trials…"):
        from jupyter_mlops import sdk

        services = face.services()
        parameters = search_space(fixed, spaces, services.sweeps.inspect(path).parameters if fixed or spaces else ())
        request = SweepRequest(
            notebook=path,
            parameters=parameters,
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
        handle = sdk.start(services, request)
    face.result = handle
    if no_wait:
        _say(face, handle.sweep, as_json)
    else:
        _follow(face, handle, as_json)


@sweep.command(cls=Verb, short_help="Run an old sweep's snapshot once more.", examples=["$ sweep again latest"])
@click.argument("sweep")
@click.option("--no-wait", is_flag=True, help="Start it and come back at once.")
@as_json
@pass_face
def again(face: Face, sweep: str, no_wait: bool, as_json: bool) -> None:
    """Run the same SWEEP of the same snapshot again, in its environment, whatever has become of the notebook."""
    old = face.handle(sweep)
    with face.busy("Starting its trials…"):
        handle = old.again()
    face.result = handle
    if no_wait:
        _say(face, handle.sweep, as_json)
    else:
        _follow(face, handle, as_json)


@sweep.command(
    cls=Verb,
    short_help="Run failed trials again.",
    examples=["$ sweep retry latest", "$ sweep retry 3f2a --trial 7 --twice-the-memory"],
)
@click.argument("sweep")
@click.option("--trial", "trials", type=int, multiple=True, metavar="INDEX", help="Which; by default all that failed.")
@click.option("--twice-the-memory", is_flag=True, help="Those that ran out of memory, with twice as much.")
@click.option("--no-wait", is_flag=True, help="Start it and come back at once.")
@as_json
@pass_face
def retry(
    face: Face, sweep: str, trials: tuple[int, ...], twice_the_memory: bool, no_wait: bool, as_json: bool
) -> None:
    """Run the failed trials of SWEEP again, as a sweep of their own: same snapshot, same parameters."""
    old = face.handle(sweep)
    with face.busy("Starting its trials…"):
        handle = old.retry(list(trials) or None, twice_the_memory)
    face.result = handle
    if no_wait:
        _say(face, handle.sweep, as_json)
    else:
        _follow(face, handle, as_json)


def _follow(face: Face, handle: SweepHandle, as_json: bool) -> None:
    """Wait, show the end, and let the exit code say how it was."""
    ended = face.follow(handle, as_json)
    if as_json:
        face.emit(ended)
    if face.exit_code == INTERRUPTED:
        return
    if not as_json:
        face.conclude(handle, ended)
    if ended.state != "succeeded":
        face.exit_code = SWEEP_FAILED


def _say(face: Face, sweep: Sweep, as_json: bool) -> None:
    """A sweep in one line, and what can be done with it."""
    from jupyter_mlops import terminal, words

    if as_json:
        face.emit(sweep)
        return
    face.show(terminal.head(sweep))
    if sweep.reason:
        face.show(words.plain(sweep.reason))
    if sweep.ended is None and sweep.state in ("running", "paused"):
        face.show(face.goes_on(sweep.id) if sweep.state == "running" else _paused(face, sweep))


def _paused(face: Face, sweep: Sweep) -> str:
    return f"No further trials start. Go on: {face.program} sweep resume {sweep.id[:8]}"


@sweep.command("list", cls=Verb)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, metavar="N")
@as_json
@pass_face
def list_(face: Face, limit: int, as_json: bool) -> None:
    """The newest sweeps."""
    from jupyter_mlops import terminal

    found = face.services().sweeps.list(limit)
    if as_json:
        face.emit(found)
    elif found:
        face.show(terminal.sweeps(found))
    else:
        face.show(f"No sweeps yet. Start one: {face.program} sweep run NOTEBOOK.ipynb -s NAME a,b,c")


@sweep.command(
    cls=Verb, short_help="State and leaderboard.", examples=["$ sweep show latest", "$ sweep show 3f2a --follow"]
)
@click.argument("sweep")
@click.option("-f", "--follow", is_flag=True, help="Wait for its end, as `sweep run` does.")
@as_json
@pass_face
def show(face: Face, sweep: str, follow: bool, as_json: bool) -> None:
    """State and leaderboard of SWEEP: its id, the beginning of it, or `latest`."""
    handle = face.handle(sweep)
    face.result = handle
    if follow:
        _follow(face, handle, as_json)
    elif as_json:
        face.emit(handle.sweep)
    else:
        face.conclude(handle, handle.sweep)


@sweep.command(cls=Verb, short_help="Run more, or fewer, at once.", examples=["$ sweep scale latest 20"])
@click.argument("sweep")
@click.argument("parallel", type=int)
@as_json
@pass_face
def scale(face: Face, sweep: str, parallel: int, as_json: bool) -> None:
    """Run PARALLEL trials of SWEEP, or pods, at once from now on.

    On this machine those beyond it end by themselves; on a cluster they are interrupted and begin again later.
    """
    handle = face.handle(sweep)
    handle.scale(parallel)
    face.result = handle
    _say(face, handle.sweep, as_json)


def _steer(name: str, short: str, help: str, verb: Callable[[SweepHandle], object]) -> None:
    """Add a command that changes how a sweep goes on."""

    @sweep.command(name, cls=Verb, short_help=short, help=help)
    @click.argument("sweep")
    @as_json
    @pass_face
    def command(face: Face, sweep: str, as_json: bool) -> None:
        handle = face.handle(sweep)
        verb(handle)
        face.result = handle
        _say(face, handle.sweep, as_json)


_steer(
    "pause",
    "Start no further trials.",
    "Start no further trials of SWEEP; those that run end by themselves.",
    lambda handle: handle.pause(),
)
_steer(
    "resume",
    "Go on where it was paused or broke off.",
    "Go on with a paused SWEEP, or with one whose runner is gone.",
    lambda handle: handle.resume(),
)
_steer(
    "stop",
    "Stop running trials and start no others.",
    "Stop the running trials of SWEEP and start no others. What has been executed is kept.",
    lambda handle: handle.stop(),
)

"""`jupyter mlops …`: noun, then verb.

Importing this imports click and the domain only, so that help comes at once; each command imports the rest.
"""

from __future__ import annotations

import gc
import io
import itertools
import sys
from collections.abc import Callable, Sequence

import click

from jupyter_mlops.backends.tracking.chatter import silence
from jupyter_mlops.cli.check import check
from jupyter_mlops.cli.commands import SETTINGS, Noun
from jupyter_mlops.cli.doctor import doctor
from jupyter_mlops.cli.environment import environment
from jupyter_mlops.cli.executor import executor
from jupyter_mlops.cli.face import ERROR, INTERRUPTED, SUCCEEDED, USAGE, Face
from jupyter_mlops.cli.kubernetes import kubernetes
from jupyter_mlops.cli.snapshot import snapshot
from jupyter_mlops.cli.sweep import sweep
from jupyter_mlops.cli.trial import trial
from jupyter_mlops.domain.errors import ErrorBody, Invalid, MlopsError


@click.group(
    cls=Noun,
    context_settings=SETTINGS,
    examples=[
        "$ sweep run digits.ipynb -s C 0.01..100:log --algorithm random --trials 20 --objective accuracy",
        "$ sweep show latest",
        "$ trial open latest 17",
        "$ snapshot verify latest",
        "$ check digits.ipynb",
        "$ doctor",
    ],
)
@click.version_option(package_name="jupyter_mlops", prog_name="jupyter mlops", message="%(prog)s %(version)s")
def commands() -> None:
    """From an open notebook to sweeps and their results, in MLflow and in JupyterLab's sidebar."""


for _command in (sweep, trial, snapshot, environment, check, doctor, executor, kubernetes):
    commands.add_command(_command)

_OPTIONS = {
    "parallelism": "--parallel",
    "notebook": "NOTEBOOK",
    "digest": "DIGEST",
    "configuration": "Jupyter's configuration",
}
"""Fields of an order under the names they have on the command line, where these differ."""


def run(words: Sequence[str], face: Face) -> int:
    """Carry out a command line; errors become words, and the exit code says which kind it was."""
    as_json = "--json" in words
    try:
        code = commands.main(list(words), prog_name=face.program, standalone_mode=False, obj=face)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        return SUCCEEDED
    except click.ClickException as error:
        _report(error.show, ErrorBody(message=error.format_message(), kind="Usage"), face, as_json)
        return USAGE
    except MlopsError as error:
        text = in_words(error, words)
        _report(lambda: click.echo(text, err=True), error.body(), face, as_json)
        return ERROR
    except click.Abort:
        started = f" If the sweep had begun, it goes on: {face.program} sweep list" if "run" in words else ""
        click.echo(f"Interrupted.{started}", err=True)
        return INTERRUPTED
    # --help and --version leave by a code of click's own, commands by the face's.
    return code if isinstance(code, int) else face.exit_code


def _report(say: Callable[[], object], body: ErrorBody, face: Face, as_json: bool) -> None:
    if as_json:
        face.emit(body)
    else:
        say()


def in_words(error: MlopsError, typed: Sequence[str]) -> str:
    """An error as the terminal prints it; one line per problem, each field under the name it was typed by."""
    from jupyter_mlops.words import plain

    if not isinstance(error, Invalid):
        return f"Error: {plain(error.message)}"
    lines = [plain(f"{_option(problem.field, typed)}: {problem.message}") for problem in error.problems]
    return "Error: " + "\n       ".join(lines)


def _option(field: str, typed: Sequence[str]) -> str:
    noun, _, name = field.partition(".")
    if noun != "parameters":
        return _OPTIONS.get(field, f"--{field}")
    options = ("-p", "-s", "--parameters", "--space")
    before = (word for word, after in itertools.pairwise(typed) if after == name and word in options)
    return f"{next(before, '-s')} {name}"


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # for terminals that know no ✓
    silence()
    code = run(sys.argv[1:], Face())
    # MLflow's modules are no garbage: searching them once more at the end would take a second.
    gc.freeze()
    sys.exit(code)

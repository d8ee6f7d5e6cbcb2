"""`jupyter mlops …`: noun, then verb.

Importing this imports click and the domain only, so that help comes at once; each command imports the rest.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from jupyter_mlops.cli.commands import SETTINGS, Noun
from jupyter_mlops.cli.face import ERROR, INTERRUPTED, SUCCEEDED, USAGE, Face
from jupyter_mlops.cli.others import doctor, snapshot
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
        "$ doctor",
    ],
)
@click.version_option(package_name="jupyter_mlops", prog_name="jupyter mlops", message="%(prog)s %(version)s")
def commands() -> None:
    """From an open notebook to sweeps and their results, in MLflow and in JupyterLab's sidebar."""


for _command in (sweep, trial, snapshot, doctor):
    commands.add_command(_command)

_OPTIONS = {"parallelism": "--parallel", "notebook": "NOTEBOOK"}
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
        text = in_words(error)
        _report(lambda: click.echo(text, err=True), error.body(), face, as_json)
        return ERROR
    except click.Abort:
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    # --help and --version leave by a code of click's own, commands by the face's.
    return code if isinstance(code, int) else face.exit_code


def _report(say: Callable[[], object], body: ErrorBody, face: Face, as_json: bool) -> None:
    if as_json:
        face.emit(body)
    else:
        say()


def in_words(error: MlopsError) -> str:
    """An error as the terminal prints it; one line per problem, named as on the command line."""
    from jupyter_mlops import words

    if not isinstance(error, Invalid):
        return f"Error: {words.plain(error.message)}"
    lines = []
    for problem in error.problems:
        noun, _, name = problem.field.partition(".")
        option = f"-s/-p {name}" if noun == "parameters" else _OPTIONS.get(problem.field, f"--{problem.field}")
        lines.append(words.plain(f"{option}: {problem.message}"))
    return "Error: " + "\n       ".join(lines)


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:], Face()))

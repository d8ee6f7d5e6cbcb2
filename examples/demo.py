"""A real sweep of `digits.ipynb`, from the outside: start a Jupyter server, order it over REST, watch, rank.

    make demo

Whatever a browser does on the sweep's page is done here with four requests. The server that this starts is stopped at
the end; the trials run in processes of their own and would go on without it.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

EXAMPLES = Path(__file__).resolve().parent
ENDED = ("succeeded", "failed", "pruned", "cancelled")
MARKS = {"succeeded": "✓", "failed": "✕", "pruned": "✂", "cancelled": "⊘"}

ORDER = {
    "notebook": "digits.ipynb",
    "parameters": {
        "C": {"kind": "list", "values": [0.1, 1.0, 10.0]},
        "gamma": {"kind": "list", "values": [0.0001, 0.001, 0.003, 0.01]},
    },
    "algorithm": "grid",
    "objective": "accuracy",
    "direction": "maximize",
}


class Failed(Exception):
    """Something that the person at the terminal should read."""


class Client:
    """The sweep's REST, with Jupyter's token."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self._token = token

    def ask(self, path: str, body: Any = None) -> Any:
        """GET, or POST where there is a body."""
        request = urllib.request.Request(
            f"{self.address}/mlops/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise Failed(f"{path} was answered with {error.code}: {text}") from None


@contextmanager
def jupyter_server() -> Iterator[Client]:
    """A Jupyter server on the examples, on a free port of this machine, behind a token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    config = os.pathsep.join(filter(None, [str(EXAMPLES / "config"), os.environ.get("JUPYTER_CONFIG_PATH")]))
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
                "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.port={port}",
                "--ServerApp.port_retries=0",
                f"--ServerApp.root_dir={EXAMPLES}",
                "--ServerApp.jpserver_extensions=jupyter_mlops=True",
            ],
            # In the environment the token is nobody else's to read; on the command line it would be.
            env={**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": config},
            stdout=log,
            stderr=log,
        )
        try:
            client = Client(f"http://127.0.0.1:{port}", token)
            _wait_for(server, client, log)
            yield client
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(server: subprocess.Popen[bytes], client: Client, log: Any) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            status = client.ask("status")
        except urllib.error.URLError:
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise Failed(f"The Jupyter server did not start:\n{log.read().decode(errors='replace')}") from None
            time.sleep(0.2)
            continue
        if not status["online"]:
            raise Failed(status["message"])
        return


def run(client: Client, console: Console) -> dict[str, Any]:
    """Order the sweep and wait for its end; returns it as it ended."""
    sweep = client.ask("sweeps", ORDER)
    with _bar(console) as bar:
        task = bar.add_task("digits", total=sweep["total"], note="starting")
        while sweep["ended"] is None and sweep["state"] != "lost":
            time.sleep(0.5)
            sweep = client.ask(f"sweeps/{sweep['id']}")
            bar.update(task, completed=sum(sweep["counts"].get(s, 0) for s in ENDED), note=_note(sweep))
    return sweep


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
    )


def _note(sweep: dict[str, Any]) -> str:
    best, left = sweep["best"], sweep["seconds_left"]
    running = sweep["counts"].get("running", 0)
    parts = [
        f"best accuracy {best['objective']:.4f}" if best else f"{running} running" if running else "starting",
        f"about {left:.0f} s left" if left else "",
    ]
    return " · ".join(filter(None, parts))


def leaderboard(client: Client, sweep: dict[str, Any]) -> Table:
    """The trials, best first."""
    trials = client.ask(f"sweeps/{sweep['id']}/trials")["trials"]
    trials.sort(key=lambda t: (t["objective"] is None, -(t["objective"] or 0), t["index"]))
    table = Table("#", "state", "accuracy", "C", "gamma", "time", "why", box=None, header_style="bold")
    for trial in trials:
        parameters, objective = trial["parameters"], trial["objective"]
        seconds = (trial["ended"] - trial["started"]) / 1000 if trial["started"] and trial["ended"] else 0
        table.add_row(
            str(trial["index"]),
            f"{MARKS.get(trial['state'], ' ')} {trial['state']}",
            "" if objective is None else f"{objective:.4f}",
            f"{parameters['C']:g}",
            f"{parameters['gamma']:g}",
            f"{seconds:.1f} s",
            trial["reason"],
        )
    return table


def main() -> int:
    console = Console(highlight=False, markup=False)
    began = time.monotonic()
    try:
        with jupyter_server() as client:
            console.print(f"Jupyter Server at {client.address}, sweeping examples/digits.ipynb")
            sweep = run(client, console)
            console.print(leaderboard(client, sweep))
    except Failed as error:
        console.print(f"✕ {error}", style="red")
        return 3
    took = f"{sweep['total']} trials, {time.monotonic() - began:.0f} s in all"
    if sweep["state"] != "succeeded":
        console.print(f"✕ The sweep {sweep['state']}: {sweep['reason']} ({took})", style="red")
        return 1
    best = sweep["best"]
    console.print(f"✓ Best accuracy {best['objective']:.4f} in trial {best['index']}; {took}.", style="green")
    console.print("Look at it in JupyterLab, section Runs of the sidebar MLOps:  make lab")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The trials go on by themselves; see them with: make lab")

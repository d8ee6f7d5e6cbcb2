"""Promise: the extension adds less than 0.15 s of CPU to the start of a Jupyter server, and imports nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.measuring import median, say

pytestmark = pytest.mark.benchmark

ROUNDS = 7
PROMISE = 0.15
HEAVY = ("mlflow", "optuna", "papermill", "pandas", "sqlalchemy", "numpy", "nbclient")

IMPORT = """
import json, sys, time
import jupyter_server.serverapp, jupyter_server.base.handlers
if {ours}:
    import jupyter_mlops.server.app
print(json.dumps([time.process_time(), [name for name in {heavy} if name in sys.modules]]))
"""

START = """
import json, sys, time
from jupyter_server.serverapp import ServerApp

app = ServerApp()
app.initialize(
    ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--ServerApp.root_dir=."]
    + ["--ServerApp.jpserver_extensions=jupyter_mlops={ours}", "--ServerApp.log_level=ERROR"],
    new_httpserver=True,
)

def report():
    print(json.dumps([time.process_time(), [name for name in {heavy} if name in sys.modules]]), flush=True)
    app.stop(from_signal=True)

app.io_loop.call_later({after}, report)
app.start()
"""


@pytest.fixture
def measure(tmp_path: Path) -> Any:
    """Runs a program alternately without and with the extension; gives both medians and what ours imported."""

    def run(program: str, **values: Any) -> tuple[float, float, list[str]]:
        seconds: dict[bool, list[float]] = {False: [], True: []}
        loaded: list[str] = []
        for _ in range(ROUNDS + 1):
            for ours in (False, True):
                text = program.format(ours=ours, heavy=HEAVY, **values)
                output = subprocess.run(
                    [sys.executable, "-c", text],
                    cwd=tmp_path,
                    env={**os.environ, "MLFLOW_TRACKING_URI": ""},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    check=True,
                ).stdout
                took, found = json.loads(output)
                seconds[ours].append(took)
                loaded = found if ours else loaded
        # The first of each wrote the bytecode and warmed the disk's cache.
        return median(seconds[False][1:]), median(seconds[True][1:]), loaded

    return run


def test_import_of_the_extension(measure: Any) -> None:
    alone, with_ours, heavy = measure(IMPORT)
    added = with_ours - alone
    kept = added < PROMISE and not heavy
    say(
        "server extension, import: CPU added",
        f"{added:.3f} s",
        f"importing Jupyter Server: {alone:.3f} s",
        with_ours / alone,
        f"< {PROMISE} s, nothing heavy",
        kept,
    )
    assert not heavy
    assert added < PROMISE


@pytest.mark.parametrize(("after", "words"), [(0, "when it serves"), (3, "3 s later")])
def test_start_of_a_whole_server(measure: Any, after: int, words: str) -> None:
    alone, with_ours, heavy = measure(START, after=after)
    added = with_ours - alone
    kept = added < PROMISE and not heavy
    say(
        f"whole server, {words}: CPU added",
        f"{added:.3f} s" + (f", imported {', '.join(heavy)}" if heavy else ""),
        f"the same server without us: {alone:.3f} s",
        with_ours / alone,
        f"< {PROMISE} s, nothing heavy",
        kept,
    )
    assert not heavy
    assert added < PROMISE

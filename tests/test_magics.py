"""`%mlops` in a notebook: in real kernels where the cell's output is meant, else in a shell of this process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from jupyter_client.manager import KernelManager
from traitlets.config import Config

from jupyter_mlops import sdk
from jupyter_mlops.magics import Shown
from jupyter_mlops.testing import WAITS, NotebookFactory, eventually

pytestmark = pytest.mark.usefixtures("configured")


class Notebook:
    """A notebook with a kernel of its own, started as Jupyter Server starts one."""

    def __init__(self, path: Path) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(cwd=str(path.parent), env={**os.environ, "JPY_SESSION_NAME": str(path)})
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, cell: str, on_output: Callable[[str, dict[str, Any]], None] = lambda kind, content: None) -> Outputs:
        """Run a cell; `on_output` hears every message while it runs."""
        outputs = Outputs()

        def hear(message: dict[str, Any]) -> None:
            outputs.take(message["header"]["msg_type"], message["content"])
            on_output(message["header"]["msg_type"], message["content"])

        self._client.execute_interactive(cell, timeout=90, output_hook=hear, allow_stdin=False)
        return outputs

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


class Outputs:
    """What stands below a cell, as a front end would show it."""

    def __init__(self) -> None:
        self.text = ""
        self.errors = ""
        self.displays: dict[str, list[dict[str, str]]] = {}
        """What was drawn in each place, the newest last."""
        self.results: list[dict[str, str]] = []

    def take(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "stream":
            if content["name"] == "stdout":
                self.text += content["text"]
            else:
                self.errors += content["text"]
        elif kind in ("display_data", "update_display_data"):
            self.displays.setdefault(content["transient"]["display_id"], []).append(content["data"])
        elif kind == "execute_result":
            self.results.append(content["data"])
        elif kind == "error":
            self.errors += "\n".join(content["traceback"])


@pytest.fixture
def open_notebook() -> Iterator[Callable[[Path], Notebook]]:
    opened: list[Notebook] = []

    def start(path: Path) -> Notebook:
        opened.append(Notebook(path))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_a_sweep_is_a_live_table_in_the_cell(
    open_notebook: Callable[[Path], Notebook], mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    notebook = open_notebook(mlops_notebook("assert x != 2, '<script>alert(1)</script>'", metrics="score = x"))
    assert notebook.run("%load_ext jupyter_mlops").errors == ""
    ran = notebook.run("%mlops sweep run -s x 1..3 --objective score --parallel 1")
    assert (ran.text, ran.errors, ran.results) == ("", "", []), "one live table, nothing beside it"
    (drawn,) = ran.displays.values()
    assert len(drawn) > 1, "drawn anew while it ran"
    assert "0/3" in drawn[0]["text/plain"]
    assert "✕ failed  train" in drawn[-1]["text/plain"]
    assert "best score 3 (trial 2)" in drawn[-1]["text/html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in drawn[-1]["text/html"]
    assert "<script>" not in drawn[-1]["text/html"]

    given = notebook.run("h = %mlops sweep show latest\nh")
    assert given.results == [], "the table of this cell is enough"
    again = notebook.run("h")
    assert "✕ failed  train" in again.results[0]["text/plain"]
    assert notebook.run("len(h.trials()), h.best.index").results[0]["text/plain"] == "(3, 2)"


def test_an_interrupted_cell_leaves_its_sweep_running(
    open_notebook: Callable[[Path], Notebook], mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    notebook = open_notebook(mlops_notebook(WAITS))
    notebook.run("%load_ext jupyter_mlops")

    def interrupt_once_it_runs(kind: str, content: dict[str, Any]) -> None:
        if "1 running" in content.get("data", {}).get("text/plain", ""):
            notebook.interrupt()

    ran = notebook.run("h = %mlops sweep run . -s x 1,2 --parallel 1", interrupt_once_it_runs)
    assert ran.errors == ""
    assert "goes on in the background." in ran.text
    assert "stop it  %mlops sweep stop" in ran.text
    assert notebook.run("h.state").results[0]["text/plain"] == "'running'"
    (mlops_root / "go").touch()
    assert notebook.run("h.wait(120).state").results[0]["text/plain"] == "'succeeded'"


def test_a_notebook_that_sweeps_itself_can_be_swept(mlops_notebook: NotebookFactory) -> None:
    mlops_notebook("%load_ext jupyter_mlops", "h = %mlops sweep run -s x 1,2", "assert h is None", parameters="x = 1")
    handle = sdk.sweep("train.ipynb", {"x": [1]}).wait(120)
    assert handle.state == "succeeded", handle.trials()["reason"][0]
    notebook = handle.services.trials.notebook(handle.id, 0)["content"]
    (said,) = notebook["cells"][3]["outputs"]
    inside = f"trial 0 of sweep {handle.id[:8]}"
    assert "".join(said["text"]) == f"Skipped: this runs as {inside}, and a trial starts no sweeps.\n"


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_line_magic("load_ext", "jupyter_mlops")
    yield shell
    InteractiveShell.clear_instance()


def test_errors_are_words_and_no_tracebacks(
    shell: InteractiveShell, mlops_notebook: NotebookFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = mlops_notebook()
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    for line, words in (
        ("sweep run", "Name the notebook: %mlops sweep run NOTEBOOK.ipynb"),
        ("sweep run train.ipynb -s y 1,2", "-s y: The notebook has no parameter 'y'. It has: x."),
        ("sweep run train.ipynb -s x 'a", "No closing quotation"),
        ("sweep show none", "There is no sweep 'none'"),
    ):
        with capture_output() as captured:
            assert shell.run_line_magic("mlops", line) is None
        assert words in captured.stderr
        assert "Traceback" not in captured.stderr
    monkeypatch.setenv("JPY_SESSION_NAME", str(path.with_name("renamed.ipynb")))
    with capture_output() as captured:
        shell.run_line_magic("mlops", "snapshot create")
    assert "This notebook was 'renamed.ipynb' when its kernel started" in captured.stderr


def test_it_knows_which_notebook_it_stands_in(
    shell: InteractiveShell, mlops_notebook: NotebookFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(mlops_notebook(name="jupyter.ipynb")))
    with capture_output() as captured:
        shell.run_line_magic("mlops", "snapshot create .")
    assert captured.stdout.startswith("Kept jupyter.ipynb as ")
    shell.user_ns["__vsc_ipynb_file__"] = str(mlops_notebook(name="code.ipynb", parameters="x = 2"))
    try:
        with capture_output() as captured:
            shell.run_line_magic("mlops", "snapshot create")
    finally:
        del shell.user_ns["__vsc_ipynb_file__"]
    assert captured.stdout.startswith("Kept code.ipynb as ")


def test_a_sweep_that_nobody_waits_for_is_handed_over(shell: InteractiveShell, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook()
    with capture_output() as captured:
        handle = shell.run_line_magic("mlops", "sweep run train.ipynb --no-wait")
    assert isinstance(handle, Shown)
    assert "see it   %mlops sweep show" in captured.stdout
    eventually(lambda: handle.state == "succeeded")
    with capture_output() as captured:
        assert shell.run_line_magic("mlops", "sweep list --json") is None
    assert [sweep["id"] for sweep in json.loads(captured.stdout)] == [handle.id]

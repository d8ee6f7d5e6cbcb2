"""The command line as a person types it: real notebooks, kernels, processes and stores."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_mlops import cli, sdk
from jupyter_mlops.cli.face import Face
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import ErrorBody
from jupyter_mlops.domain.snapshot import Snapshot
from jupyter_mlops.domain.sweep import Sweep
from jupyter_mlops.domain.trial import Trial
from jupyter_mlops.testing import WAITS, NotebookFactory, eventually

pytestmark = pytest.mark.usefixtures("configured")


class Said:
    """What a command line said, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def json(self, type_: Any) -> Any:
        """The one JSON document on stdout."""
        return msgspec.json.decode(self.out, type=type_)


Mlops = Callable[..., Said]


@pytest.fixture
def mlops(capsys: pytest.CaptureFixture[str]) -> Mlops:
    """Types a command line: `mlops("sweep list --json")`, or word by word."""

    def type_(*words: str) -> Said:
        capsys.readouterr()
        code = cli.run(words[0].split() if len(words) == 1 else words, Face())
        return Said(code, *capsys.readouterr())

    return type_


def test_a_sweep_from_run_to_the_opened_notebook(
    mlops: Mlops, mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    mlops_notebook("print('hello from', x)\nassert x != 3, '[red]three\\x1b[0m'", metrics="score = x / 10")
    ran = mlops("sweep run train.ipynb -s x 1..3 --objective score --parallel 1 --experiment mine")
    assert ran.code == 1, "a trial failed"
    lines = ran.out.splitlines()
    assert re.fullmatch(r"✓ succeeded  trial 0  score 0\.1000  x=1  \d+\.\d s", lines[0])
    assert "✕ failed  trial 2  x=3" in lines[2]
    assert re.match(r"✕ failed  train  \w{8}  3/3 · best score 0\.2 \(trial 1\) · 1 failed · took", lines[3])
    assert lines[4] == "1 of 3 trials failed."
    assert [line.split()[0] for line in lines[6:10]] == ["#", "1", "0", "2"]
    assert "✕ trial 2 failed: AssertionError in In [3]: [red]three\ufffd[0m" in ran.out
    assert "\x1b" not in ran.out

    sweep = mlops("sweep show latest --json").json(Sweep)
    assert (sweep.state, sweep.experiment, sweep.parallelism) == ("failed", "mine", 1)
    assert mlops("sweep list --json").json(list[Sweep]) == [sweep]
    assert sweep.id[:8] in mlops("sweep list").out
    assert mlops(f"sweep show {sweep.id[:6]}").out == "\n".join(lines[3:]) + "\n"
    assert mlops("sweep show latest --follow").code == 1

    trials = mlops("trial list latest --json").json(list[Trial])
    assert [trial.index for trial in trials] == [1, 0, 2]
    assert len(mlops("trial list latest").out.splitlines()) == 4
    assert mlops("trial show latest 1 --json").json(Trial) == trials[0]
    shown = mlops("trial show latest 2").out
    assert "✕ failed" in shown
    assert re.search(r"^x +3$", shown, re.MULTILINE)
    assert "papermill" in mlops("trial log latest 1").out
    assert mlops("trial log latest 1 --follow --json").json(dict[str, Any])["ended"] is True

    opened = mlops("trial open latest 2")
    assert opened.out.splitlines() == [
        "Wrote train-trial-2.ipynb. Its cell 5 failed.",
        "Open it: jupyter lab train-trial-2.ipynb",
    ]
    cells = json.loads((mlops_root / "train-trial-2.ipynb").read_text())["cells"]
    assert "assert x != 3" in "".join(cells[4]["source"])
    again = mlops("trial open latest 2")
    assert (again.code, again.out) == (3, "")
    assert "train-trial-2.ipynb is there already. Write over it with --force" in again.err
    assert mlops("trial open latest 2 --force").code == 0
    assert mlops("trial open latest 1 -o best.ipynb --json").json(dict[str, Any])["failed_cell"] is None
    assert "No such file or directory" in mlops("trial open latest 1 -o no/where.ipynb").err


def test_json_is_one_document_and_success_is_0(mlops: Mlops, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook(parameters="x = 1\nname: str = 'a'", metrics="score = x")
    words = "sweep run train.ipynb -p name 1..3 -s x 1,2 --objective score --direction minimize --seed 7 --json"
    ran = mlops(words)
    sweep = ran.json(Sweep)
    assert (ran.code, ran.err) == (0, "")
    assert (sweep.state, sweep.counts, sweep.total) == ("succeeded", {"succeeded": 2}, 2)
    assert sweep.best is not None
    assert sweep.best.index == 0
    assert mlops("trial show latest 0 --json").json(Trial).parameters == {"name": "1..3", "x": 1}


def test_a_sweep_is_steered_from_another_terminal(
    mlops: Mlops, mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    mlops_notebook(WAITS)
    started = mlops("sweep run train.ipynb -s x 1..4 --parallel 1 --no-wait")
    assert started.code == 0
    assert re.match(r"● running  train  \w{8}  0/4", started.out)
    assert "goes on in the background" in started.out
    assert mlops("sweep pause latest").out.splitlines()[1].startswith("No further trials start. Go on:")
    assert mlops("sweep resume latest --json").json(Sweep).state == "running"
    eventually(lambda: mlops("trial show latest 0 --json").json(Trial).state == "running")
    opened = mlops("trial open latest 3")
    assert opened.err == "Error: Trial 3 has no executed notebook yet: it is queued.\n"
    assert "being stopped" in mlops("trial stop latest 3").out
    eventually(lambda: mlops("trial show latest 3 --json").json(Trial).state == "cancelled")
    assert "stopping" in mlops("sweep stop latest").out
    followed = mlops("sweep show latest --follow")
    assert followed.code == 1
    assert "⊘ cancelled  trial 0" in followed.out
    assert "trial 1" not in followed.out.split("⊘ cancelled  train")[0], "what never began is not news"
    stopped = mlops("sweep stop latest")
    assert (stopped.code, stopped.err) == (3, "Error: The sweep has ended already: cancelled.\n")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("sweep run", 2, "Name the notebook: jupyter mlops sweep run NOTEBOOK.ipynb"),
        ("snapshot create .", 2, "Name the notebook: jupyter mlops snapshot create NOTEBOOK.ipynb"),
        ("sweep run none.ipynb", 3, "There is no notebook 'none.ipynb'"),
        (
            "sweep run train.ipynb -s x 1..a",
            2,
            "-s x: '1..a' is not a range; write LOW..HIGH, for example 0.01..10:log.",
        ),
        ("sweep run train.ipynb -p x abc", 2, "-p x: 'abc' is not a whole number."),
        ("sweep run train.ipynb -s x ,", 2, "-s x: the list is empty; write at least one value"),
        ("sweep run train.ipynb -s x 1,2 -s x 3,4", 2, "-s x: x was given before; give it one value (-p) or one space"),
        ("sweep run train.ipynb -p x 1 -s x 3,4", 2, "-s x: x was given before"),
        ("sweep run train.ipynb -s x 5..1", 3, "-s x: The range goes from 5 to 1"),
        ("sweep run train.ipynb -p other 5", 3, "-p other: The notebook has no parameter 'other'. It has: x, lr."),
        ("sweep run train.ipynb -s lr 0..1", 3, "-s lr: A grid cannot walk a continuous range."),
        ("sweep run train.ipynb -s lr 0..1:log --algorithm random", 3, "-s lr: A log range must start above 0"),
        ("sweep run train.ipynb --parallel 0", 3, "--parallel: Must be at least 1, not 0."),
        ("sweep run train.ipynb -s x 1..1000000000", 3, "--trials: 1,000,000,000 trials are more than the 10,000"),
        ("sweep run train.ipynb --kernel none", 3, "--kernel: The kernel 'none' is not installed here."),
        ("sweep run train.ipynb --algorithm tpe", 2, "'tpe' is not one of 'grid', 'random'"),
        ("sweep show latest", 3, "There is no sweep 'latest'"),
        ("sweep show " + "0" * 32, 3, "There is no sweep"),
        ("trial show latest -1", 2, "-1"),
        ("snapshot show abc", 3, "DIGEST: 'abc' is not a snapshot's digest"),
        ("sweep fly", 2, "No such command 'fly'"),
    ],
)
def test_errors_name_the_option_and_the_fix(
    words: str, code: int, message: str, mlops: Mlops, mlops_notebook: NotebookFactory
) -> None:
    mlops_notebook(parameters="x: int = 1\nlr: float = 0.1")
    said = mlops(words)
    assert (said.code, said.out) == (code, "")
    assert message in " ".join(said.err.split())
    assert "Traceback" not in said.err


def test_errors_are_json_for_machines(mlops: Mlops, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook()
    said = mlops("sweep run train.ipynb -s y 1,2 --parallel 0 --json")
    assert (said.code, said.err) == (3, "")
    assert [problem.field for problem in said.json(ErrorBody).problems] == ["parameters.y", "parallelism"]
    usage = mlops("sweep run train.ipynb --trials many --json")
    assert (usage.code, usage.json(ErrorBody).kind) == (2, "Usage")


def test_sweeps_are_listed_newest_first(mlops: Mlops, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook()
    ids = [mlops("sweep run train.ipynb --no-wait --json").json(Sweep).id for _ in range(2)]
    assert [sweep.id for sweep in mlops("sweep list --json").json(list[Sweep])] == ids[::-1]
    assert len(mlops("sweep list --limit 1").out.splitlines()) == 2
    assert mlops("sweep show latest --json").json(Sweep).id == ids[1]


def test_snapshots_are_kept_once(mlops: Mlops, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook()
    digest = mlops("snapshot create train.ipynb --json").json(Snapshot).digest
    assert f"train.ipynb has not changed: {digest[:12]}.\n" in mlops("snapshot create train.ipynb").out
    shown = mlops(f"snapshot show {digest[:12]}").out
    assert digest in shown
    assert re.search(r"^kernel +python3 \(python\)$", shown, re.MULTILINE)
    assert re.search(r"^packages +Python 3\.\d+\.\d+ with \d+ packages", shown, re.MULTILINE)
    assert "Nothing has used it yet." in shown
    assert digest[:12] in mlops("snapshot list").out
    assert mlops("snapshot list train.ipynb --json").json(list[Snapshot])[0].digest == digest
    assert "Nothing differs" in mlops(f"snapshot diff latest {digest}").out


def test_named_files_are_kept_until_they_are_forgotten(
    mlops: Mlops, mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    assert "no snapshots yet" in mlops("snapshot show latest").err
    mlops_notebook("1")
    (mlops_root / "a.csv").write_text("1")
    assert "With *.csv, as named." in mlops("snapshot create train.ipynb --include *.csv").out
    assert "With *.csv, as named." in mlops("snapshot create train.ipynb").out
    assert "as named" not in mlops("snapshot create train.ipynb --no-include").out
    assert mlops("snapshot create train.ipynb --include *.csv --no-include").code == 2


def test_a_snapshot_is_restored_in_a_folder_of_its_own(
    mlops: Mlops, mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    (mlops_root / "helper.py").write_text("y = 1")
    mlops_notebook("import helper")
    assert "1 local file" in mlops("snapshot create train.ipynb").out
    said = mlops("snapshot restore latest there --no-environment")
    assert (said.code, (mlops_root / "there" / "helper.py").read_text()) == (0, "y = 1")
    assert "the notebook is there/train.ipynb" in said.out
    again = mlops("snapshot restore latest there --no-environment")
    assert (again.code, "is there already and not empty" in again.err) == (3, True)


def test_an_empty_store_says_how_to_begin(mlops: Mlops) -> None:
    assert "No snapshots yet. Keep one: jupyter mlops snapshot create NOTEBOOK.ipynb" in mlops("snapshot list").out
    assert "No sweeps yet. Start one: jupyter mlops sweep run NOTEBOOK.ipynb" in mlops("sweep list").out


def test_the_doctor_says_what_is_missing_and_what_to_do(mlops: Mlops, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mlops("doctor").code == 0
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    said = mlops("doctor")
    assert said.code == 1
    assert re.search(r"^✕  MLflow +MLflow at http://127\.0\.0\.1:9 does not answer", said.out, re.MULTILINE)
    assert "→ Start the server, or unset MLFLOW_TRACKING_URI" in said.out
    findings = mlops("doctor --json").json(list[Finding])
    assert {f.name for f in findings if f.status == "error"} == {"MLflow"}


def test_help_reads_like_a_page_and_comes_at_once(mlops: Mlops) -> None:
    page = mlops("--help").out
    assert re.search(r"^  sweep +Run a notebook once per point of a search space\.$", page, re.MULTILINE)
    assert "  jupyter mlops sweep run digits.ipynb -s C" in page
    assert mlops("").out == page
    for words in ("sweep", "trial", "snapshot", "environment"):
        said = mlops(words)
        assert (said.code, said.err) == (0, "")
        assert "..." not in said.out.split("Commands:")[1], "short help that is cut off"
    code = "import sys, jupyter_mlops.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"mlflow", "pandas", "papermill", "nbformat", "rich", "traitlets", "tornado", "IPython"}
    assert not heavy & set(done.stdout.split())


def test_a_person_sees_a_bar_and_ctrl_c_leaves_the_sweep_running(
    mlops_notebook: NotebookFactory, mlops_root: Path
) -> None:
    mlops_notebook(WAITS)
    terminal = Terminal("sweep", "run", "train.ipynb", "-s", "x", "1..2", "--parallel", "1")
    try:
        terminal.until(r"● train.*━.*0/2 · 1 running")
        terminal.press("\x03")
        seen = terminal.until(r"sweep stop \w{8}")
        assert terminal.exit_code() == 130
    finally:
        terminal.close()
    short = seen.split()[-1]
    assert f"Sweep {short} goes on in the background." in terminal.seen
    services = sdk.services()
    handle = sdk.SweepHandle(services.sweeps.find(short), services)
    assert handle.state == "running"
    (mlops_root / "go").touch()
    assert handle.wait(120).state == "succeeded"


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *words: str) -> None:
        self.seen = ""
        pid, self._screen = pty.fork()
        if pid == 0:  # pragma: no cover - the program's process
            os.environ |= {"TERM": "xterm", "COLUMNS": "120", "LINES": "30"}
            os.execv(sys.executable, [sys.executable, "-m", "jupyter_mlops.cli", *words])
        self._pid = pid
        self._code: int | None = None

    def until(self, pattern: str, seconds: float = 60) -> str:
        """Read until something has been shown; returns it."""
        deadline = time.monotonic() + seconds
        while True:
            plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.seen)
            if found := re.search(pattern, plain):
                return found.group()
            assert time.monotonic() < deadline, plain
            if select.select([self._screen], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._screen, 65536).decode(errors="replace")
                except OSError:  # the program has ended
                    deadline = 0

    def press(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def exit_code(self) -> int:
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code

    def close(self) -> None:
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            self.exit_code()
        os.close(self._screen)


def test_a_verification_that_was_stopped_has_found_nothing(mlops: Mlops, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook("import time\ntime.sleep(60)")
    digest = mlops("snapshot create train.ipynb --json").json(Snapshot).digest
    started = mlops(f"snapshot verify {digest} --no-wait --json").json(Sweep)
    assert (started.purpose, started.snapshot) == ("verification", digest)
    mlops(f"sweep stop {started.id}")
    ended = mlops(f"sweep show {started.id} --follow --json").json(Sweep)
    assert (ended.state, ended.verdict) == ("cancelled", None)
    assert "No sweeps yet" in mlops("sweep list").out
    assert "verification" in mlops("snapshot show latest").out

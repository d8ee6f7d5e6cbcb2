"""What a kernel's own Python says of imports and of syntax: it need not be ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path, PurePath

import msgspec

from jupyter_mlops.backends.analysis.paths import MAKERS
from jupyter_mlops.backends.code.cells import CodeCell
from jupyter_mlops.backends.code.follow import LocalCode, Wanted
from jupyter_mlops.backends.code.imports import Certainty
from jupyter_mlops.domain.check import CheckFinding, Level

_PATIENCE = 10
"""Seconds for an interpreter to start and look."""
DISTRIBUTIONS = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Bio": "biopython",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "google.protobuf": "protobuf",
    "graphviz": "graphviz",
    "IPython": "ipython",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "lightning": "lightning",
    "magic": "python-magic",
    "mpl_toolkits": "matplotlib",
    "OpenSSL": "pyOpenSSL",
    "osgeo": "GDAL",
    "PIL": "Pillow",
    "psycopg2": "psycopg2-binary",
    "pytorch_lightning": "pytorch-lightning",
    "sentence_transformers": "sentence-transformers",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "skopt": "scikit-optimize",
    "tensorflow_datasets": "tensorflow-datasets",
    "torch_geometric": "torch-geometric",
    "umap": "umap-learn",
    "xgb": "xgboost",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
"""Packages that are installed under another name than they are imported."""

# The folder comes to `sys.path` only after what the program itself needs: a file of the person's that is called
# json.py must not be run. Looking for a top-level name imports nothing.
_PROGRAM = """
import sys
here = sys.path[0] in ("", ".")
if here: del sys.path[0]
import ast, importlib.util, json, warnings
warnings.simplefilter("ignore")
asked = json.loads(sys.stdin.buffer.read().decode())
sys.path[:0] = asked["folders"]
def found(name):
    try:
        return name in sys.builtin_module_names or importlib.util.find_spec(name) is not None
    except ValueError:
        return True
    except Exception:
        return False
def wrong(source):
    try:
        compile(source, "<cell>", "exec", getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000), True)
    except SyntaxError as error:
        return [error.lineno or 1, error.msg or "invalid syntax"]
    except Exception:
        return None
answer = {"missing": [n for n in asked["names"] if not found(n)], "wrong": [wrong(s) for s in asked["sources"]]}
sys.stdout.write("\\n" + json.dumps(answer))
"""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an interpreter said."""

    missing: list[str] = []
    wrong: list[tuple[int, str] | None] = []
    """For each cell the line and reason why it cannot be compiled."""


def ask(kernel: str, folders: Sequence[Path], names: Sequence[str], sources: Sequence[str]) -> Answer | str:
    """Ask the interpreter that a kernelspec starts; a sentence instead when it cannot be asked."""
    from jupyter_client.kernelspec import KernelSpecManager

    try:
        spec = KernelSpecManager().get_kernel_spec(kernel)
    except Exception as error:  # a spec that is not there, or is broken in any way
        return f"Packages: the kernel {kernel!r} cannot be looked into ({type(error).__name__})."
    interpreter = _interpreter(spec.argv)
    if interpreter is None:
        return f"Packages: the kernel {kernel!r} is not started by a Python interpreter that could be asked."
    question = {"folders": [str(folder) for folder in folders], "names": list(names), "sources": list(sources)}
    try:
        done = subprocess.run(
            [interpreter, "-c", _PROGRAM],
            input=json.dumps(question).encode(),
            cwd=folders[0],
            env={**os.environ, **spec.env},
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        return msgspec.json.decode(done.stdout.rpartition(b"\n")[2], type=Answer)
    except subprocess.TimeoutExpired:
        return f"Packages: the interpreter of the kernel {kernel!r} did not answer within {_PATIENCE} seconds."
    except (OSError, ValueError, msgspec.DecodeError):
        return f"Packages: the interpreter of the kernel {kernel!r} cannot be asked. Run: jupyter mlops doctor"


def _interpreter(argv: Sequence[str]) -> str | None:
    if not argv or not re.match(r"(python|pypy)", PurePath(argv[0]).name, re.IGNORECASE):
        return None
    # jupyter_client starts a bare `python` as the interpreter that it runs in itself.
    own = ("python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    return sys.executable if argv[0] in own else argv[0]


def package_findings(
    code: LocalCode, cells: Sequence[CodeCell], missing: Sequence[str], kernel: str
) -> list[CheckFinding]:
    """Imports that fail: each package once, by the import that is surest to run."""
    installed, anything = _installs(cells)
    absent = frozenset(missing)
    sure: dict[str, Wanted] = {}
    for wanted in code.outside:
        top = wanted.name.partition(".")[0]
        if top in absent and not _normal({top, DISTRIBUTIONS.get(top, top)}) & installed:
            best = sure.get(top)
            if best is None or _rank(wanted) < _rank(best):
                sure[top] = wanted
    if not any(wanted.certainty is Certainty.guarded for wanted in sure.values()):
        sure = {top: wanted for top, wanted in sure.items() if wanted.certainty is not Certainty.fallback}
    made = min((cell.index for cell in cells if _makes_files(cell)), default=None)
    doubt = code.search_unknown or anything
    return [
        _missing(top, wanted, kernel, doubt or (made is not None and wanted.origin.cell > made))
        for top, wanted in sure.items()
    ]


def _makes_files(cell: CodeCell) -> bool:
    """Whether a cell's shell lines may bring modules, as `git clone` and `protoc` do."""
    return any(MAKERS.search(line) and not _INSTALL.search(line) for _, line in cell.shell)


def _rank(wanted: Wanted) -> tuple[int, int, int]:
    return wanted.certainty, wanted.origin.cell, wanted.origin.line


def _missing(top: str, wanted: Wanted, kernel: str, doubt: bool) -> CheckFinding:
    levels: dict[Certainty, Level] = {Certainty.always: "error", Certainty.guarded: "hint"}
    level = levels.get(wanted.certainty, "warning")
    if doubt and level == "error":
        level = "warning"
    distribution = DISTRIBUTIONS.get(top, top)
    file = wanted.origin.file
    how = "runs" if file and file.suffix == ".ipynb" else "imports"
    through = f"{file.name}, which this cell {how}, needs" if file else "This cell imports"
    more = "; it goes on without" if level == "hint" else ""
    return CheckFinding(
        level=level,
        rule="missing-package",
        message=f"{through} `{top}`, which the kernel {kernel!r} does not have{more}.",
        fix=f"Run %pip install {distribution} in that kernel, or put {top}.py beside the notebook if it is your own.",
        cell=wanted.origin.cell,
        line=wanted.origin.line,
    )


_INSTALL = re.compile(r"\b(?:pip3?|conda|mamba|micromamba|uv|apt|apt-get)\b.*?\b(?:install|add)\b(?P<rest>.*)")
_OPTIONS_WITH_FILES = ("-r", "--requirement", "-e", "--editable", "-f", "--file")


def _installs(cells: Sequence[CodeCell]) -> tuple[set[str], bool]:
    """Distributions that the notebook installs itself, and whether it installs what it does not name."""
    names: set[str] = set()
    anything = False
    for cell in cells:
        for _, line in cell.shell:
            found = _INSTALL.search(line)
            if found is None:
                continue
            words = found["rest"].split()
            anything = anything or any(w.startswith(_OPTIONS_WITH_FILES) or "{" in w or "/" in w for w in words)
            names |= {re.split(r"[\[<>=!~;@]", word.strip("'\""))[0] for word in words if not word.startswith("-")}
    return _normal(names), anything


def _normal(names: set[str]) -> set[str]:
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def module_findings(code: LocalCode) -> list[CheckFinding]:
    """Local modules and scripts that are asked for and are not there."""
    found: dict[str, CheckFinding] = {}
    for wanted in sorted(code.absent, key=_rank):
        relative = wanted.name.startswith(".")
        if wanted.certainty in (Certainty.guarded, Certainty.fallback):
            continue
        message = f"The module `{wanted.name}` does not exist in the local code that it is imported from."
        fix = f"Correct the name, or add {wanted.name.replace('.', '/')}.py."
        if relative:
            message = f"`{wanted.name}` is a relative import: a notebook belongs to no package, so it fails."
            fix = "Import by the module's own name, without the leading dots."
        level: Level = "error" if wanted.certainty is Certainty.always else "warning"
        found.setdefault(wanted.name, _module(level, message, fix, wanted))
    for wanted in code.scripts_absent:
        message = f"%run {wanted.name}: there is no such file beside the notebook."
        found.setdefault(wanted.name, _module("error", message, "Correct the path, or add the script.", wanted))
    return list(found.values())


def _module(level: Level, message: str, fix: str, wanted: Wanted) -> CheckFinding:
    place = wanted.origin
    return CheckFinding(level=level, rule="missing-module", message=message, fix=fix, cell=place.cell, line=place.line)

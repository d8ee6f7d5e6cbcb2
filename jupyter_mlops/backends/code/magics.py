"""IPython's magics: which of them are Python, and which leave Python's names alone."""

from __future__ import annotations

import ast
import re

import msgspec


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PYTHON_BODIES = _words("cache capture debug heat memit notify prun pyinstrument scalene snakeviz time timeit wandb")
"""Cell magics whose body is Python that runs in the notebook's own namespace."""
FOREIGN_BODIES = _words(
    "! bash cmd file html HTML javascript js latex markdown mermaid perl pypy python python2 python3 ruby script sh "
    "svg SVG sx system writefile"
)
"""Cell magics whose body leaves the namespace alone."""
PYTHON_LINES = _words("time timeit prun memit")
"""Line magics that run the rest of the line as Python."""
INERT_LINES = _words("pinfo pinfo2 psearch psource matplotlib load_ext reload_ext autoreload config env pip conda cd")
"""Line magics that give no name a value."""
SHELLS = _words("! bash cmd script sh sx system")
WRITERS = _words("writefile file")
INSTALLERS = _words("pip conda mamba micromamba uv")
AUTOMAGIC = _words(
    "autoreload cat cd conda config cp dhist dirs env hist history ldir less lf lk ll load_ext ls lsmagic lx magic "
    "mamba man matplotlib micromamba mkdir more mv pip popd precision prun pushd pwd pycat pylab reload_ext reset rm "
    "rmdir run store sx system tb time timeit uv who who_ls whos xmode"
)
"""Line magics that a cell of one line may name without `%`."""


class Magic(msgspec.Struct, frozen=True, kw_only=True):
    """A magic as it was written."""

    name: str
    arguments: str
    line: int
    body: str | None = None
    """Of a cell magic, everything below its line."""


def magic_call(node: ast.AST) -> tuple[str, list[str]] | None:
    """Method and literal arguments of `get_ipython().method("…")`, which is what IPython makes of its syntax."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    shell = node.func.value
    if not (isinstance(shell, ast.Call) and isinstance(shell.func, ast.Name) and shell.func.id == "get_ipython"):
        return None
    texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else "" for a in node.args]
    return node.func.attr, texts


def statement(arguments: str) -> str:
    """What `%timeit` or `%time` is to run, its options taken off."""
    return re.sub(r"^(?:-[a-zA-Z]\s*\d*\s+|-[a-zA-Z]\s*\d*$)*", "", arguments)

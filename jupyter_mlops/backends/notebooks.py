"""Notebook files: read, understood without being run, and placed in their git repository."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_mlops.backends.base import NotebookSource
from jupyter_mlops.backends.tracking.connection import without_credentials
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import Invalid, NotAllowed, NotFound
from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.domain.parameters import Parameter, parameter
from jupyter_mlops.domain.snapshot import GitState

PARAMETERS_TAG = "parameters"
_SUGGESTED_EXPERIMENT_LIMIT = 200


class NotebookFiles:
    """Notebooks on this machine's disk.

    Args:
        root: the folder that paths start from and may not leave, symlinks followed; None means that paths are the
            person's own (a terminal), relative to the current folder.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    def read(self, path: str) -> NotebookSource:
        """Read and check a notebook.

        Raises:
            NotAllowed: the path leads out of the server's root.
            NotFound: there is no such file.
            Invalid: it is not a notebook of format 4.
        """
        try:
            file = self._resolve(path)
            if file.is_dir():
                raise Invalid.one("notebook", f"{path!r} is a folder. Name a notebook (.ipynb) in it.")
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NotFound(f"There is no notebook {path!r}. Check the name, or save it first.") from None
        except PermissionError:
            raise NotAllowed(f"{path!r} may not be read: permission denied.") from None
        except UnicodeDecodeError:
            raise Invalid.one("notebook", f"{path!r} is not a notebook: its bytes are not text.") from None
        except (OSError, RuntimeError) as error:  # Python before 3.13 says RuntimeError of links that go in circles
            why = getattr(error, "strerror", None) or "its symbolic links go in circles"
            raise Invalid.one("notebook", f"{naming.shortened(repr(path), 200)} cannot be read: {why}.") from None
        return NotebookSource(path=path, file=file, content=_notebook(path, text))

    def _resolve(self, path: str) -> Path:
        if not path.strip() or "\0" in path:
            raise Invalid.one("notebook", "Name a notebook, for example digits.ipynb.")
        if self._root is None:
            return Path(path).expanduser().resolve()
        root = self._root.resolve()
        file = (root / path.lstrip("/")).resolve()
        if not file.is_relative_to(root):
            raise NotAllowed(f"{path!r} lies outside the folder that this server shows.")
        return file

    def inspect(
        self, source: NotebookSource, metrics: Iterable[str], parallelism: int, max_trials: int
    ) -> NotebookInfo:
        """What a sweep form needs to know, from the source alone."""
        content = source.content
        code = [(i, c) for i, c in enumerate(content["cells"]) if c.get("cell_type") == "code"]
        tagged = any(PARAMETERS_TAG in _tags(cell) for _, cell in code)
        language = language_of(content)
        readable = language == "python"
        return NotebookInfo(
            path=source.path,
            name=source.file.stem,
            kernel=kernel_of(content),
            language=language,
            kernels=self.kernels(),
            has_parameters_cell=tagged,
            parameters=(self.parameters(content) or []) if tagged else [],
            readable=readable,
            metrics=sorted({*metrics, *_named(content, "log_metric"), *_metrics_cells(content)}),
            experiment=self.named_experiment(content) or source.file.stem[:_SUGGESTED_EXPERIMENT_LIMIT],
            cells=len(code),
            suggested_parameters_cell=None if tagged else _first_assignments(code),
            parallelism=parallelism,
            max_trials=max_trials,
        )

    def kernel(self, source: NotebookSource) -> tuple[str, str]:
        """Kernelspec name and language that the notebook asks for."""
        return kernel_of(source.content), language_of(source.content)

    def parameters(self, content: dict[str, Any]) -> list[Parameter] | None:
        """The parameters that papermill infers, in the order of the cell; None if it cannot read the language."""
        if language_of(content) != "python":
            return None
        import nbformat
        import papermill

        kernel = kernel_of(content)
        metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
        node = nbformat.from_dict({**content, "metadata": metadata})  # type: ignore[no-untyped-call]
        found = papermill.inspect_notebook(node).values()
        return [
            parameter(
                p["name"],
                "" if p["inferred_type_name"] == "None" else p["inferred_type_name"],
                p["default"],
                p["help"].strip(),
            )
            for p in found
        ]

    def named_experiment(self, content: dict[str, Any]) -> str | None:
        """The experiment that the source names in a plain `mlflow.set_experiment("…")`, if it names just one."""
        names = set(_named(content, "set_experiment"))
        return names.pop() if len(names) == 1 else None

    def kernels(self) -> list[str]:
        """Names of the kernelspecs found here."""
        return sorted(installed_kernels())

    def require_kernel(self, name: str) -> None:
        """Check that a kernel is installed.

        Raises:
            Invalid: it is not; the message lists those that are.
        """
        installed = installed_kernels()
        if name not in installed:
            known = ", ".join(sorted(installed)) or "none"
            raise Invalid.one(
                "kernel",
                f"The kernel {name!r} is not installed here. Installed: {known}. Install it or choose another.",
            )

    def git_state(self, source: NotebookSource) -> GitState | None:
        """Commit, branch and dirtiness of the repository the notebook lies in; None outside of one."""
        folder = source.file.parent

        def git(*arguments: str) -> str | None:
            try:
                done = subprocess.run(
                    ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False
                )
            except (OSError, subprocess.TimeoutExpired):
                return None
            return done.stdout.strip() if done.returncode == 0 else None

        commit = git("rev-parse", "HEAD")
        if not commit:
            return None
        return GitState(
            commit=commit,
            branch=git("symbolic-ref", "--short", "-q", "HEAD") or "",
            dirty=bool(git("status", "--porcelain", "--untracked-files=no")),
            remote=without_credentials(git("config", "--get", "remote.origin.url") or ""),
        )


def _notebook(path: str, text: str) -> dict[str, Any]:
    try:
        # Python writes NaN into old outputs, which JSON does not know.
        content = json.loads(text, parse_constant=lambda _: None)
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        what = "it holds half a character (a lone surrogate)"
        raise Invalid.one("notebook", f"{path!r} is not a notebook: {what}.") from None
    except (json.JSONDecodeError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid.one("notebook", f"{path!r} is not a notebook: it is not JSON{where}.") from None
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise Invalid.one("notebook", f"{path!r} is not a notebook: it has no nbformat version.")
    if content["nbformat"] != 4:
        raise Invalid.one(
            "notebook",
            f"{path!r} has notebook format {content['nbformat']}, and only 4 can be run. "
            f"Convert it: jupyter nbconvert --to notebook --nbformat 4 {path}",
        )
    import nbformat

    try:
        nbformat.validate(nbformat.from_dict(content))  # type: ignore[no-untyped-call]
    except nbformat.ValidationError as error:
        raise Invalid.one("notebook", f"{path!r} is not a valid notebook: {str(error).splitlines()[0]}") from None
    except Exception as error:  # nbformat's validator asserts and takes for granted much of what it is to find out
        what = "it is nested too deep" if isinstance(error, RecursionError) else f"nbformat cannot read it ({error!r})"
        raise Invalid.one("notebook", f"{path!r} is not a valid notebook: {what}.") from None
    return content


def kernel_of(content: Mapping[str, Any]) -> str:
    """The kernelspec name a notebook asks for; python3 when it asks for none."""
    return str(content.get("metadata", {}).get("kernelspec", {}).get("name") or "python3")


def language_of(content: Mapping[str, Any]) -> str:
    """The language of a notebook, in lower case."""
    metadata = content.get("metadata", {})
    named = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    return str(named or "python").lower()


def installed_kernels() -> dict[str, str]:
    """Kernelspecs found here, by name, each with its folder."""
    from jupyter_client.kernelspec import KernelSpecManager

    return KernelSpecManager().find_kernel_specs()


def source_of(cell: Mapping[str, Any]) -> str:
    """A cell's source; the format allows a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


def _code(content: Mapping[str, Any]) -> Iterator[str]:
    for cell in content["cells"]:
        if cell.get("cell_type") == "code":
            yield _COMMENT_LINES.sub("", source_of(cell))


_COMMENT_LINES = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_LITERAL_CALL = r"\b{name}\(\s*(?:key\s*=\s*|experiment_name\s*=\s*)?(['\"])(?P<text>[^'\"\n]+)\1"


def _named(content: Mapping[str, Any], function: str) -> Iterator[str]:
    """First literal arguments of calls of a function. By pattern: cells with magics are not Python to a parser."""
    pattern = re.compile(_LITERAL_CALL.format(name=function))
    for source in _code(content):
        for match in pattern.finditer(source):
            yield match["text"]


def _metrics_cells(content: Mapping[str, Any]) -> Iterator[str]:
    for cell in content["cells"]:
        if cell.get("cell_type") == "code" and "metrics" in _tags(cell):
            yield from assigned_names(source_of(cell))


def assigned_names(source: str) -> list[str]:
    """Plain names that a cell assigns at its top level, magics and shell lines aside."""
    plain = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return []
    names: list[str] = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            targets = [node.target]
        for target in targets:
            found = target.elts if isinstance(target, ast.Tuple) else [target]
            names += [t.id for t in found if isinstance(t, ast.Name) and not t.id.startswith("_")]
    return list(dict.fromkeys(names))


def sets_other_experiment(content: Mapping[str, Any], experiment: str) -> bool:
    """Whether the source chooses an MLflow experiment that is, or may be, another one than this.

    MLflow refuses to resume a run of one experiment after `set_experiment` named another.
    """
    calls = sum(source.count("set_experiment(") for source in _code(content))
    return calls > 0 and list(_named(content, "set_experiment")) != [experiment] * calls


def _first_assignments(code: list[tuple[int, dict[str, Any]]]) -> int | None:
    """Index of the first cell that does nothing but assign literals: most likely the one to tag."""
    for index, cell in code:
        try:
            tree = ast.parse(source_of(cell))
        except SyntaxError:
            continue
        if tree.body and all(_is_literal_assignment(node) for node in tree.body):
            return index
    return None


def _is_literal_assignment(node: ast.stmt) -> bool:
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    try:
        ast.literal_eval(node.value)
    except (ValueError, TypeError):
        return False
    return True

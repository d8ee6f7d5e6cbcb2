"""Notebook files: read, understood without being run, and placed in their git repository."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jupyter_mlops.backends import git
from jupyter_mlops.backends.base import LocalFiles, NotebookSource
from jupyter_mlops.backends.reading import (
    PARAMETERS_TAG,
    first_assignments,
    kernel_of,
    language_of,
    named,
    names_in_metrics_cells,
    tags_of,
)
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.environment import Environment
from jupyter_mlops.domain.errors import Invalid, NotAllowed, NotFound
from jupyter_mlops.domain.notebook import NotebookInfo
from jupyter_mlops.domain.parameters import Parameter, parameter
from jupyter_mlops.domain.snapshot import MAX_BYTES, GitState

_SUGGESTED_EXPERIMENT_LIMIT = 200


class NotebookFiles:
    """Notebooks on this machine's disk.

    Args:
        root: the folder that paths start from and may not leave, symlinks followed; None means that paths are the
            person's own (a terminal), relative to the current folder.
        max_bytes: of local code and included files of one snapshot.
    """

    def __init__(self, root: Path | None = None, max_bytes: int = MAX_BYTES) -> None:
        self._root = root
        self._max_bytes = max_bytes

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
        tagged = any(PARAMETERS_TAG in tags_of(cell) for _, cell in code)
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
            metrics=sorted({*metrics, *named(content, "log_metric"), *names_in_metrics_cells(content)}),
            experiment=self.named_experiment(content) or source.file.stem[:_SUGGESTED_EXPERIMENT_LIMIT],
            cells=len(code),
            suggested_parameters_cell=None if tagged else first_assignments(code),
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
        names = set(named(content, "set_experiment"))
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

    def named_datasets(self, content: dict[str, Any]) -> list[str]:
        """Dataset versions that the source names in a plain `dataset("name@version")`."""
        return sorted(set(named(content, "dataset")))

    def local_files(self, source: NotebookSource, include: Sequence[str], remembered: Sequence[str] = ()) -> LocalFiles:
        """Modules and packages beside the notebook that it imports, and the files that globs name.

        The notebook itself may name some, in its metadata: `{"mlops": {"include": ["config/*.yaml"]}}`.
        """
        from jupyter_mlops.backends.code.files import local_files

        own = source.content.get("metadata", {}).get("mlops", {})
        globs = own.get("include", []) if isinstance(own, dict) else []
        named = [*include, *(str(glob) for glob in globs)]
        return local_files(source, self._root, named, self._max_bytes, remembered)

    def locate(self, path: str) -> Path:
        """Where a path leads, whether or not there is anything.

        Raises:
            NotAllowed: out of the server's root.
        """
        return self._resolve(path)

    def shown(self, folder: str, path: str) -> str:
        """A notebook that lay in a folder of this machine, as a path from the root, if it leads there.

        A sweep that was ordered in a terminal names its notebook as that terminal saw it.
        """
        file = Path(folder, Path(path).name)
        if self._root is None:
            # A terminal's own words, as long as they lead to the same place.
            return path if not folder or Path(path).resolve() == file else str(file)
        root = self._root.resolve()
        return file.relative_to(root).as_posix() if folder and file.is_relative_to(root) else path

    def with_kernel(self, content: bytes, environment: Environment) -> bytes:
        """A notebook that asks for the kernel of a rebuilt environment."""
        from jupyter_mlops.backends.environments.kernelspec import display_name, kernel_name

        notebook = json.loads(content)
        kernel = {
            "name": kernel_name(environment.digest),
            "display_name": display_name(environment.digest, environment.python),
            "language": language_of(notebook),
        }
        notebook["metadata"] = {**notebook.get("metadata", {}), "kernelspec": kernel}
        return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()

    def git_state(self, source: NotebookSource) -> GitState | None:
        """Commit, branch and dirtiness of the repository the notebook lies in; None outside of one."""
        return git.state(source.file.parent)

    def git_diff(self, source: NotebookSource) -> bytes:
        """The changes that were not committed, outputs of notebooks and all, as far as they are not too large."""
        return git.diff(source.file.parent)


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


def installed_kernels() -> dict[str, str]:
    """Kernelspecs found here, by name, each with its folder."""
    from jupyter_client.kernelspec import KernelSpecManager

    return KernelSpecManager().find_kernel_specs()

"""Where sweeps can run: the executors that are set up here, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jupyter_mlops.backends.executors.base import Executor, SweepPlacement
from jupyter_mlops.domain.doctor import Finding
from jupyter_mlops.domain.errors import Invalid, Missing, MlopsError
from jupyter_mlops.domain.profile import ComputeProfile, ExecutorOffer
from jupyter_mlops.domain.sweep import SweepOrder


class Executors:
    """The executors that an administrator offers; the first is the default."""

    def __init__(self, executors: Sequence[Executor]) -> None:
        self._executors = {executor.name: executor for executor in executors}
        self.default = executors[0]

    def __iter__(self) -> Iterator[Executor]:
        return iter(self._executors.values())

    def get(self, name: str) -> Executor:
        """The executor of a sweep that was ordered, here or elsewhere."""
        return self._executors.get(name) or _Elsewhere(name)

    def chosen(self, name: str | None) -> Executor:
        """The executor for a new sweep; the default when none is named.

        Raises:
            Invalid: it is not offered here.
        """
        if name is None:
            return self.default
        if name not in self._executors:
            known = ", ".join(self._executors)
            raise Invalid.one("executor", f"Trials cannot run on {name!r} here. There is: {known}.")
        return self._executors[name]

    def offers(self) -> list[ExecutorOffer]:
        """What the form shows. Asks nothing over a network."""
        return [executor.offer() for executor in self._executors.values()]

    def live(self) -> dict[str, str]:
        """Sweeps that have something going on, each with its revision; an executor that fails hides no other's."""
        found: dict[str, str] = {}
        for executor in self._executors.values():
            try:
                found |= executor.live()
            except MlopsError:
                continue
        return found


class _Elsewhere:
    """Stands for an executor that is not set up here: what MLflow knows is shown, and nothing can be changed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def offer(self) -> ExecutorOffer:
        raise self._missing()

    def profile(self, name: str | None) -> ComputeProfile | None:
        raise self._missing()

    def default_parallelism(self) -> int:
        return 1

    def examine(self) -> list[Finding]:
        return []

    def placement(self, sweep_id: str) -> SweepPlacement:
        return SweepPlacement(alive=True, message=f"{self._missing().message} Where it stands now is not known here.")

    def start(self, sweep_id: str, order: SweepOrder) -> None:
        raise self._missing()

    def pause(self, sweep_id: str) -> None:
        raise self._missing()

    def resume(self, sweep_id: str) -> None:
        raise self._missing()

    def scale(self, sweep_id: str, parallelism: int) -> None:
        raise self._missing()

    def stop(self, sweep_id: str, by: str) -> None:
        raise self._missing()

    def stop_trial(self, sweep_id: str, index: int, by: str) -> None:
        raise self._missing()

    def log(self, sweep_id: str, index: int) -> bytes | None:
        return None

    def revision(self, sweep_id: str) -> str:
        return ""

    def live(self) -> dict[str, str]:
        return {}

    def _missing(self) -> Missing:
        return Missing(f"This sweep runs on {self.name!r}, which is not set up here (c.MLOps.executors).")

"""Environments that were rebuilt on this machine: looked at, and removed."""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence

from jupyter_mlops.backends.base import Environments as EnvironmentsOfMachine
from jupyter_mlops.domain.environment import EnvironmentState
from jupyter_mlops.domain.errors import Invalid, NotFound

_DIGEST = re.compile(r"[0-9a-f]{12,64}")


class Environments:
    """List, look at and prune. Rebuilding is a verb of snapshots."""

    def __init__(self, environments: EnvironmentsOfMachine) -> None:
        self._environments = environments

    def list(self) -> builtins.list[EnvironmentState]:
        """Those of this machine, last used first."""
        return self._environments.known()

    def state(self, digest: str) -> EnvironmentState:
        """One as it is now; absent when it was never rebuilt here, or removed.

        Args:
            digest: whole, or its beginning of twelve or more characters.

        Raises:
            Invalid: this cannot be a digest.
        """
        _check(digest)
        whole = digest if len(digest) == 64 else next(iter(self._beginning(digest)), "")
        return self._environments.state(whole) if whole else EnvironmentState(digest=digest, status="absent")

    def prune(self, digests: Sequence[str] = (), unused_days: float = 0) -> builtins.list[EnvironmentState]:
        """Remove environments that nobody uses now; gives those removed.

        Args:
            digests: which, each whole or its beginning; all that are not in use when there are none.
            unused_days: only those that were not used for so many days.

        Raises:
            Invalid: one cannot be a digest, or the number of days is negative.
            NotFound: one is not on this machine.
            Conflict: one that was named is in use.
        """
        if unused_days < 0:
            raise Invalid.one("unused_days", "cannot be negative.")
        return [*self._environments.prune(self._whole(digests), unused_days)]

    def _whole(self, digests: Sequence[str]) -> builtins.list[str]:
        for digest in digests:
            _check(digest)
        found = {digest: self._beginning(digest) for digest in digests}
        unknown = [digest[:12] for digest, whole in found.items() if not whole]
        if unknown:
            raise NotFound(
                f"No such environment is on this machine: {', '.join(unknown)}. List them: jupyter mlops environment "
                "list"
            )
        return [digest for whole in found.values() for digest in whole]

    def _beginning(self, digest: str) -> builtins.list[str]:
        return [state.digest for state in self._environments.known() if state.digest.startswith(digest)]


def _check(digest: str) -> None:
    if not _DIGEST.fullmatch(digest):
        raise Invalid.one("digest", f"{digest[:80]!r} is not an environment's digest: 12 to 64 of 0-9 and a-f.")

"""Whether a snapshot still does what it did: run clean, compared, and kept as an MLflow run.

A verification is a sweep of one trial without parameters, in the snapshot's own environment and a folder that holds
nothing but its files; or of two, when the snapshot has no outputs to compare with: then one is compared with the other.
So it is watched, stopped, logged and taken up again like any sweep.
"""

from __future__ import annotations

import msgspec

from jupyter_mlops.backends.base import Tracking
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import Conflict, NotFound
from jupyter_mlops.domain.sweep import Sweep, SweepOrder
from jupyter_mlops.domain.verification import VerificationResult
from jupyter_mlops.services.boards import Boards
from jupyter_mlops.services.executors import Executors
from jupyter_mlops.services.snapshots import Snapshots


class Verifications:
    """Start verifications and read what they found."""

    def __init__(self, tracking: Tracking, executors: Executors, snapshots: Snapshots, boards: Boards) -> None:
        self._tracking = tracking
        self._executor = executors.default
        self._snapshots = snapshots
        self._boards = boards

    def start(self, digest: str, user: str) -> Sweep:
        """Run a snapshot clean; the sweep's verdict is the answer."""
        snapshot = self._snapshots.get(digest)
        manifest = snapshot.manifest
        trials = 1 if self._tracking.snapshots.outputs(snapshot.digest) is not None else 2
        order = SweepOrder(
            name=manifest.name.removesuffix(".ipynb"),
            notebook=manifest.name,
            cwd="",
            snapshot=snapshot.digest,
            parameters={},
            algorithm="grid",
            trials=trials,
            parallelism=min(trials, self._executor.default_parallelism()),
            objective=None,
            direction="maximize",
            experiment=naming.VERIFICATIONS_EXPERIMENT,
            seed=0,
            kernel=manifest.kernel,
            executor=self._executor.name,
            profile=self._executor.profile(None),
            user=user,
            purpose="verification",
        )
        sweep_id = self._tracking.create_sweep(order, snapshot.sighting.git if snapshot.sighting else None)
        self._executor.start(sweep_id, order)
        return self._boards.get(sweep_id).sweep()

    def result(self, sweep_id: str) -> VerificationResult:
        """What a verification found.

        Raises:
            Conflict: it has not ended.
            NotFound: it was stopped before it found anything, or is none.
        """
        sweep = self._boards.get(sweep_id).sweep()
        if sweep.purpose != "verification":
            raise NotFound(f"Sweep {sweep_id[:8]} is no verification.")
        if sweep.ended is None:
            raise Conflict(f"The verification has not ended: it is {sweep.state}.")
        content = self._tracking.verification(sweep_id)
        if content is None:
            raise NotFound(f"The verification was stopped and found nothing. {sweep.reason}".strip())
        return msgspec.json.decode(content, type=VerificationResult)

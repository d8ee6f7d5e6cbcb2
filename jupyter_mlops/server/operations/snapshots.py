"""REST of snapshots, their environments, and what is checked before anything runs."""

from __future__ import annotations

import msgspec

from jupyter_mlops.domain.check import CheckReport
from jupyter_mlops.domain.difference import SnapshotDiff
from jupyter_mlops.domain.environment import EnvironmentState, Restored
from jupyter_mlops.domain.snapshot import NotebookState, Snapshot, SnapshotDetails
from jupyter_mlops.domain.sweep import Sweep
from jupyter_mlops.domain.verification import VerificationResult
from jupyter_mlops.server.operations.table import Operation


class SnapshotRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    notebook: str
    """Path of the notebook from the server's root."""
    include: list[str] | None = None
    """Files to keep besides the modules that it imports: globs from the notebook's folder. Null for those that its
    last snapshot was told, empty for none."""


class RestoreRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    folder: str
    """Where to lay the files out, from the server's root; a folder that is not there yet, or is empty."""


class PruneRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    digests: list[str] = []
    """Environments to remove; empty for all that are not in use."""
    unused_days: float = 0
    """Only those that were not used for so many days."""


class SnapshotList(msgspec.Struct, frozen=True, kw_only=True):
    snapshots: list[Snapshot]
    """Newest first."""


class EnvironmentList(msgspec.Struct, frozen=True, kw_only=True):
    environments: list[EnvironmentState]
    """Last used first."""


SNAPSHOTS: tuple[Operation, ...] = (
    Operation(
        name="createSnapshot",
        method="POST",
        path="snapshots",
        body=SnapshotRequest,
        status=201,
        summary="Keep a notebook as it stands on disk. The same content gives the same snapshot.",
        answer=Snapshot,
        call=lambda s, r: s.snapshots.create(r.body.notebook, r.user, r.body.include),
    ),
    Operation(
        name="listSnapshots",
        method="GET",
        path="snapshots",
        query=("notebook", "limit"),
        summary="The newest snapshots, of one notebook or of all.",
        answer=SnapshotList,
        call=lambda s, r: SnapshotList(
            snapshots=s.snapshots.list_of(r.text("notebook") or None, r.integer("limit", 50, 1, 500))
        ),
    ),
    Operation(
        name="getSnapshot",
        method="GET",
        path="snapshots/{digest}",
        summary="One snapshot by its digest, or the first twelve or more characters of it, and what used it.",
        answer=SnapshotDetails,
        call=lambda s, r: s.snapshots.details(r.text("digest")),
    ),
    Operation(
        name="diffSnapshots",
        method="GET",
        path="snapshots/{digest}/diff/{other}",
        summary="How two snapshots differ.",
        answer=SnapshotDiff,
        call=lambda s, r: s.snapshots.diff(r.text("digest"), r.text("other")),
    ),
    Operation(
        name="restoreSnapshot",
        method="POST",
        path="snapshots/{digest}/restore",
        body=RestoreRequest,
        summary="Lay a snapshot's files out and begin to rebuild its environment, which is asked for by its digest.",
        answer=Restored,
        call=lambda s, r: s.snapshots.restore(r.text("digest"), r.body.folder),
    ),
    Operation(
        name="verifySnapshot",
        method="POST",
        path="snapshots/{digest}/verify",
        status=201,
        summary="Run a snapshot clean and compare what it says: a sweep of its own, whose verdict is the answer.",
        answer=Sweep,
        call=lambda s, r: s.verifications.start(r.text("digest"), r.user),
    ),
    Operation(
        name="verificationResult",
        method="GET",
        path="verifications/{sweep}",
        summary="What a verification found, with the differences.",
        answer=VerificationResult,
        call=lambda s, r: s.verifications.result(r.text("sweep")),
    ),
    Operation(
        name="notebookState",
        method="GET",
        path="notebook/state",
        query=("path",),
        summary="Whether a notebook, as it is on disk, is kept as a snapshot.",
        answer=NotebookState,
        call=lambda s, r: s.snapshots.state(r.text("path")),
    ),
    Operation(
        name="checkNotebook",
        method="GET",
        path="notebook/check",
        query=("path", "kernel"),
        summary="What will, or may, go wrong when the notebook runs from top to bottom. Runs nothing of it.",
        answer=CheckReport,
        call=lambda s, r: s.checks.check(r.text("path"), r.text("kernel") or None),
    ),
    Operation(
        name="listEnvironments",
        method="GET",
        path="environments",
        summary="Environments that were rebuilt on this machine.",
        answer=EnvironmentList,
        call=lambda s, r: EnvironmentList(environments=s.environments.list()),
    ),
    Operation(
        name="getEnvironment",
        method="GET",
        path="environments/{digest}",
        summary="One environment as it is on this machine: absent, being built, ready, or failed and why.",
        answer=EnvironmentState,
        call=lambda s, r: s.environments.state(r.text("digest")),
    ),
    Operation(
        name="pruneEnvironments",
        method="POST",
        path="environments/prune",
        body=PruneRequest,
        summary="Free the room that rebuilt environments take. They can be rebuilt from their snapshots.",
        answer=EnvironmentList,
        call=lambda s, r: EnvironmentList(environments=s.environments.prune(r.body.digests, r.body.unused_days)),
    ),
)

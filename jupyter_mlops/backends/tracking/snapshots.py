"""Snapshots, kept in MLflow: one run each, found by its digest."""

from __future__ import annotations

import msgspec

from jupyter_mlops.backends.tracking import artifacts, records
from jupyter_mlops.backends.tracking.connection import Connection, translated
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import NotFound
from jupyter_mlops.domain.snapshot import Manifest, Snapshot


class MlflowSnapshots:
    """The snapshots of an MLflow store, as `backends.base.SnapshotStore` asks for them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @translated
    def keep(self, manifest: Manifest, notebook: bytes, user: str) -> Snapshot:
        """Keep a snapshot once. The digest tag is written last: a half-written one is never found under its digest."""
        digest = manifest.digest
        known = self._find(digest)
        if known is not None:
            return known
        client = self.connection.client
        experiment = self.connection.experiment_id(naming.SNAPSHOTS_EXPERIMENT)
        run = client.create_run(experiment, run_name=f"{manifest.name} {digest[:12]}", tags={"mlflow.user": user})
        run_id = run.info.run_id
        artifacts.write(
            self.connection.client,
            run,
            naming.MANIFEST_FILE,
            msgspec.json.format(msgspec.json.encode(manifest), indent=1),
        )
        artifacts.write(self.connection.client, run, naming.NOTEBOOK_FILE, notebook)
        records.set_tags(client, run_id, {naming.KIND: "snapshot", naming.SNAPSHOT: digest})
        client.set_terminated(run_id)
        return Snapshot(digest=digest, manifest=manifest, run_id=run_id, created=run.info.start_time, new=True)

    def _find(self, digest: str) -> Snapshot | None:
        like = f"= '{digest}'" if len(digest) == 64 else f"LIKE '{digest}%'"
        found = self.connection.client.search_runs(
            [self.connection.experiment_id(naming.SNAPSHOTS_EXPERIMENT)],
            f"tags.`{naming.SNAPSHOT}` {like}",
            max_results=2,
            order_by=["attributes.start_time ASC"],
        )
        if not found:
            return None
        run = found[0]
        manifest = msgspec.json.decode(
            artifacts.require(self.connection.client, run, naming.MANIFEST_FILE), type=Manifest
        )
        return Snapshot(
            digest=run.data.tags[naming.SNAPSHOT],
            manifest=manifest,
            run_id=run.info.run_id,
            created=run.info.start_time,
        )

    @translated
    def get(self, digest: str) -> Snapshot:
        found = self._find(digest)
        if found is None:
            raise NotFound(f"There is no snapshot {digest!r} in MLflow at {self.connection.address}.")
        return found

    @translated
    def notebook(self, digest: str) -> bytes:
        snapshot = self.get(digest)
        return artifacts.require(
            self.connection.client, self.connection.client.get_run(snapshot.run_id), naming.NOTEBOOK_FILE
        )

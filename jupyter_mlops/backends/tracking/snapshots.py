"""Snapshots, kept in MLflow: one run each, found by its digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jupyter_mlops.backends.base import SnapshotContents
from jupyter_mlops.backends.tracking import artifacts, packing, records
from jupyter_mlops.backends.tracking.connection import Connection, translated
from jupyter_mlops.domain import naming
from jupyter_mlops.domain.errors import NotFound
from jupyter_mlops.domain.snapshot import Manifest, Sighting, Snapshot

if TYPE_CHECKING:
    from mlflow.entities import Run

_SHORT = 200
"""Characters of a note, and a third as many notes: a sighting is one tag."""


class MlflowSnapshots:
    """The snapshots of an MLflow store, as `backends.base.SnapshotStore` asks for them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @translated
    def keep(self, manifest: Manifest, contents: SnapshotContents, sighting: Sighting, file: Path) -> Snapshot:
        """Keep a snapshot once, and note where it was seen.

        The digest tag is written last: a half-written one is never found under its digest.
        """
        client = self.connection.client
        digest = manifest.digest
        run = self._find(digest)
        new = run is None
        if run is None:
            run = client.create_run(
                self.connection.experiment_id(naming.SNAPSHOTS_EXPERIMENT),
                run_name=f"{manifest.name} {digest[:12]}",
                tags={"mlflow.user": sighting.user, "mlflow.source.name": sighting.notebook},
            )
            self._write(run, manifest, contents)
        self._sight(run, contents, sighting, file)
        if new:
            records.set_tags(client, run.info.run_id, {naming.KIND: "snapshot", naming.SNAPSHOT: digest})
            client.set_terminated(run.info.run_id)
        return Snapshot(
            digest=digest,
            manifest=manifest,
            run_id=run.info.run_id,
            created=run.info.start_time,
            new=new,
            sighting=sighting,
        )

    def _write(self, run: Run, manifest: Manifest, contents: SnapshotContents) -> None:
        client = self.connection.client
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        artifacts.write(client, run, naming.MANIFEST_FILE, text)
        artifacts.write(client, run, naming.NOTEBOOK_FILE, contents.notebook)
        if contents.files:
            artifacts.write(client, run, naming.CODE_FILE, packing.pack(contents.files))
        for package, path in contents.packages.items():
            artifacts.write(client, run, f"{naming.PACKAGES_FOLDER}/{package}/{path.name}", path.read_bytes())

    def _sight(self, run: Run, contents: SnapshotContents, sighting: Sighting, file: Path) -> None:
        client = self.connection.client
        if contents.outputs is not None:
            artifacts.write(client, run, naming.OUTPUTS_FILE, contents.outputs)
        if contents.diff:
            artifacts.write(client, run, naming.DIFF_FILE, contents.diff)
        notes = [naming.shortened(note, _SHORT) for note in sighting.notes[: _SHORT // 12]]
        short = msgspec.structs.replace(sighting, notes=notes, indexes=sighting.indexes[:5])
        taken = str(sighting.taken)
        tags = {naming.SIGHTING: msgspec.json.encode(short).decode(), naming.SEEN: taken, seen_tag(file): taken}
        records.set_tags(client, run.info.run_id, tags)

    def _find(self, digest: str) -> Run | None:
        like = f"= '{digest}'" if len(digest) == 64 else f"LIKE '{digest}%'"
        found = self.connection.client.search_runs(
            [self.connection.experiment_id(naming.SNAPSHOTS_EXPERIMENT)],
            f"tags.`{naming.SNAPSHOT}` {like}",
            max_results=1,
            order_by=["attributes.start_time ASC"],
        )
        return found[0] if found else None

    def _read(self, run: Run) -> Snapshot:
        content = artifacts.require(self.connection.client, run, naming.MANIFEST_FILE)
        sighting = run.data.tags.get(naming.SIGHTING)
        return Snapshot(
            digest=run.data.tags[naming.SNAPSHOT],
            manifest=msgspec.json.decode(content, type=Manifest),
            run_id=run.info.run_id,
            created=run.info.start_time,
            sighting=msgspec.json.decode(sighting, type=Sighting) if sighting else None,
        )

    @translated
    def find(self, digest: str) -> Snapshot | None:
        """A snapshot by its digest, or the beginning of it; None when there is none."""
        run = self._find(digest)
        return None if run is None else self._read(run)

    @translated
    def get(self, digest: str) -> Snapshot:
        """The same.

        Raises:
            NotFound: there is none.
        """
        return self._read(self._run(digest))

    def _run(self, digest: str) -> Run:
        run = self._find(digest)
        if run is None:
            raise NotFound(
                f"There is no snapshot {digest!r} in MLflow at {self.connection.address}. "
                "List them: jupyter mlops snapshot list"
            )
        return run

    @translated
    def newest(self, file: Path | None, limit: int) -> list[Snapshot]:
        """Those seen last, of one notebook file or of all."""
        seen = naming.SEEN if file is None else seen_tag(file)
        runs = self.connection.client.search_runs(
            [self.connection.experiment_id(naming.SNAPSHOTS_EXPERIMENT)],
            f"tags.`{naming.KIND}` = 'snapshot' and tags.`{seen}` LIKE '%'",
            max_results=limit,
            order_by=[f"tags.`{seen}` DESC"],  # of equal length for two centuries, so that text sorts like time
        )
        return [self._read(run) for run in runs]

    @translated
    def notebook(self, digest: str) -> bytes:
        """The notebook that is run: canonical JSON, outputs stripped."""
        return artifacts.require(self.connection.client, self._run(digest), naming.NOTEBOOK_FILE)

    @translated
    def outputs(self, digest: str) -> bytes | None:
        """The notebook with the outputs that it had when it was seen last with any."""
        return artifacts.read(self.connection.client, self._run(digest), naming.OUTPUTS_FILE)

    @translated
    def diff(self, digest: str) -> bytes | None:
        """What git said of changes that were not committed when it was seen last."""
        return artifacts.read(self.connection.client, self._run(digest), naming.DIFF_FILE)

    @translated
    def files(self, digest: str) -> dict[str, bytes]:
        """Local code and included files, by path within the snapshot's folder."""
        content = artifacts.read(self.connection.client, self._run(digest), naming.CODE_FILE)
        return packing.unpack(content) if content is not None else {}

    @translated
    def package_file(self, digest: str, package: str) -> tuple[str, bytes]:
        """File name and content of a package's kept wheel or sources.

        Raises:
            NotFound: there is none.
        """
        client, run = self.connection.client, self._run(digest)
        found = artifacts.names(client, run, f"{naming.PACKAGES_FOLDER}/{package}")
        if not found:
            raise NotFound(f"Snapshot {digest[:12]} keeps no files of the package {package!r}.")
        return found[0].rsplit("/", 1)[-1], artifacts.require(client, run, found[0])


def seen_tag(file: Path) -> str:
    """The tag that says when a snapshot was last seen in a notebook file."""
    return f"{naming.SEEN}." + hashlib.sha256(str(file).encode()).hexdigest()[:16]

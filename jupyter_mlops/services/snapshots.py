"""Keeping notebooks by content."""

from __future__ import annotations

import re

from jupyter_mlops.backends.base import Notebooks, NotebookSource, Tracking
from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.domain.snapshot import Manifest, Snapshot, canonical, content_digest, stripped


class Snapshots:
    """Create and find snapshots. The same content is the same snapshot, whoever keeps it and whenever."""

    def __init__(self, tracking: Tracking, notebooks: Notebooks) -> None:
        self._tracking = tracking
        self._notebooks = notebooks

    def create(self, path: str, user: str) -> Snapshot:
        """Keep the notebook as it is on disk."""
        return self.keep(self._notebooks.read(path), user)

    def keep(self, source: NotebookSource, user: str) -> Snapshot:
        """Keep a notebook that has been read already."""
        notebook = canonical(stripped(source.content))
        kernel, language = self._notebooks.kernel(source)
        manifest = Manifest(
            notebook=content_digest(notebook),
            name=source.file.name,
            kernel=kernel,
            language=language,
            git=self._notebooks.git_state(source),
        )
        return self._tracking.snapshots.keep(manifest, notebook, user)

    def get(self, digest: str) -> Snapshot:
        """A snapshot by its digest or the beginning of it, twelve characters at least.

        Raises:
            Invalid: this cannot be a digest.
        """
        if not re.fullmatch(r"[0-9a-f]{12,64}", digest):
            raise Invalid.one("digest", f"{digest[:80]!r} is not a snapshot's digest: 12 to 64 of 0-9 and a-f.")
        return self._tracking.snapshots.get(digest)

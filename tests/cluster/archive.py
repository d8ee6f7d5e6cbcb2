"""Container images as files: layers, configuration and manifest, in one archive.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

import msgspec

Files = dict[str, "Path | bytes | str"]
"""Where it goes in the image: a file of this machine, or what a file says, or where a symbolic link leads."""

OCI = "application/vnd.oci.image"
# As Docker and Go call them.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Blob(msgspec.Struct, frozen=True):
    """What a manifest says of a file."""

    kind: str
    digest: str
    size: int

    def described(self) -> dict[str, Any]:
        return {"mediaType": f"{OCI}.{self.kind}", "digest": self.digest, "size": self.size}


class Image:
    """Some layers, and how a program is started on them."""

    def __init__(self, layers: Sequence[Blob], **settings: Any) -> None:
        config = {
            "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": settings,
            # Of what is not compressed: so that layers which are not have one digest, and not two.
            "rootfs": {"type": "layers", "diff_ids": [each.digest for each in layers]},
        }
        self.layers = list(layers)
        self.texts: dict[str, bytes] = {}
        self.manifest = self._text(
            "manifest.v1+json",
            {
                "schemaVersion": 2,
                "mediaType": f"{OCI}.manifest.v1+json",
                "config": self._text("config.v1+json", config).described(),
                "layers": [each.described() for each in layers],
            },
        )

    def _text(self, kind: str, says: dict[str, Any]) -> Blob:
        text = json.dumps(says).encode()
        digest = hashlib.sha256(text).hexdigest()
        self.texts[f"blobs/sha256/{digest}"] = text
        return Blob(kind, f"sha256:{digest}", len(text))


def write_layer(files: Files, folders: Mapping[str, tuple[int, int]], into: Path) -> Blob:
    """Write a layer, under the name that an archive has for it; not compressed, for it never travels.

    Folders are given with their mode and owner. All else belongs to root, and everybody may read it, whatever it is
    here: in the image it is another user's.
    """
    with tempfile.NamedTemporaryFile(dir=into, delete=False) as file:
        hashed = _Hashed(file)
        with tarfile.open(fileobj=cast("IO[bytes]", hashed), mode="w|", format=tarfile.GNU_FORMAT) as tar:
            for name, (mode, owner) in folders.items():
                folder = _entry(name, tarfile.DIRTYPE, mode)
                folder.uid = folder.gid = owner
                tar.addfile(folder)
            for name, source in sorted(files.items()):
                _add(tar, name, source)
        digest, size = hashed.sha256.hexdigest(), file.tell()
    blobs = into / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    Path(file.name).rename(blobs / digest)
    return Blob("layer.v1.tar", f"sha256:{digest}", size)


def write_archive(output: IO[bytes], images: Mapping[str, Image], folder: Path) -> None:
    """Write the archive of some images, with those of their layers that lie in the folder.

    A layer that whoever reads it has already may be missing.
    """
    index = {
        "schemaVersion": 2,
        "manifests": [
            {**image.manifest.described(), "annotations": {"io.containerd.image.name": name}}
            for name, image in images.items()
        ],
    }
    with tarfile.open(fileobj=output, mode="w|") as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        for blob in sorted(path for path in folder.rglob("blobs/*/*")):
            tar.add(blob, str(blob.relative_to(folder)))
        for image in images.values():
            for name, text in image.texts.items():
                _add(tar, name, text)
        _add(tar, "index.json", json.dumps(index).encode())


def _add(tar: tarfile.TarFile, name: str, source: Path | bytes | str) -> None:
    if isinstance(source, str):
        link = _entry(name, tarfile.SYMTYPE, 0o777)
        link.linkname = source
        tar.addfile(link)
        return
    file = _entry(name, tarfile.REGTYPE, 0o644)
    if isinstance(source, Path):
        state = source.stat()
        file.mode = 0o755 if state.st_mode & 0o100 else 0o644
        # Compiled modules name the time of their source.
        file.mtime = int(state.st_mtime)
        # Read whole, because its length is written first, and somebody may write to it now.
        source = source.read_bytes()
    file.size = len(source)
    tar.addfile(file, io.BytesIO(source))


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry


class _Hashed:
    """A file, and the hash of what was written to it."""

    def __init__(self, file: Any) -> None:
        self.sha256 = hashlib.sha256()
        self._file = file

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return int(self._file.write(data))

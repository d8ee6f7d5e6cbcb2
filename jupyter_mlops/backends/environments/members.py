"""What a wheel holds, whether it is a file or installed: the same content has the same digest."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jupyter_mlops.domain.canonical import content_digest

_METADATA_LINES = re.compile(rb"^(?:Name|Version|Requires-Dist|Requires-Python|Provides-Extra):.*", re.MULTILINE)
_LOCAL_ONLY = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """A wheel's files."""

    name: str
    """File name of the wheel."""
    hashes: dict[str, str]
    """sha256 in hex by path."""
    metadata: bytes
    """Of METADATA, the whole file."""
    sizes: dict[str, int] = {}
    contents: dict[str, Path | bytes] = {}
    """Of an installed one: where each file is now, or what is in it."""


def listed(hashes: Mapping[str, str]) -> str:
    """sha256 over the sorted lines `path sha256`."""
    return content_digest("".join(f"{path} {digest}\n" for path, digest in sorted(hashes.items())).encode())


def content_of(hashes: Mapping[str, str], metadata: bytes) -> str:
    """The digest of a wheel's content.

    Of `.dist-info` only what programs act upon counts: entry points, and what METADATA says of version and
    requirements. The rest differs with the day's version of the tool that packed it.
    """
    told = b"\n".join(sorted(re.sub(rb"\s|[()]", b"", line).replace(b"'", b'"') for line in _said(metadata)))
    counted = {"METADATA": hashlib.sha256(told).hexdigest()}
    for path, digest in hashes.items():
        folder, _, name = path.partition("/")
        if not folder.endswith(".dist-info"):
            counted[path] = digest
        elif name == "entry_points.txt":
            counted[name] = digest
    return listed(counted)


def _said(metadata: bytes) -> list[bytes]:
    head = re.split(rb"\r?\n\r?\n", metadata, maxsplit=1)[0]
    return _METADATA_LINES.findall(head)


def in_wheel(file: Path) -> Members:
    """What a wheel file holds."""
    hashes, sizes, metadata = {}, {}, b""
    with zipfile.ZipFile(file) as wheel:
        for info in wheel.infolist():
            if info.is_dir():
                continue
            content = wheel.read(info)
            hashes[info.filename], sizes[info.filename] = hashlib.sha256(content).hexdigest(), info.file_size
            if re.fullmatch(r"[^/]+\.dist-info/METADATA", info.filename):
                metadata = content
    return Members(name=file.name, hashes=hashes, sizes=sizes, metadata=metadata)


def wheel_content(file: Path) -> str:
    """The digest of a wheel file's content, as `Package.content` has it."""
    found = in_wheel(file)
    return content_of(found.hashes, found.metadata)


def installed(info: Path, prefix: Path) -> Members:
    """The wheel that a distribution was installed from, by the list of files that its installer left.

    Args:
        info: its `.dist-info` folder.
        prefix: `sys.prefix`, below which scripts and data lie.

    Raises:
        OSError, ValueError: files are gone, or the list is not one.
    """
    site, stem = info.parent, info.name.removesuffix(".dist-info")
    scripts = set(re.findall(r"^\s*([\w.-]+)\s*=", _text(info / "entry_points.txt"), re.MULTILINE))
    hashes: dict[str, str] = {}
    contents: dict[str, Path | bytes] = {}
    for path, recorded in _record(info / "RECORD"):
        if path.endswith(".pyc") or (path.startswith(f"{info.name}/") and path.partition("/")[2] in _LOCAL_ONLY):
            continue
        if ".." not in path.split("/") and not path.startswith("/"):
            contents[path] = site / path
            hashes[path] = recorded or hashlib.sha256((site / path).read_bytes()).hexdigest()
            continue
        outside = _outside(Path(site, path).resolve(), prefix.resolve(), stem, scripts)
        if outside is not None:
            member, content = outside
            contents[member], hashes[member] = content, hashlib.sha256(content).hexdigest()
    metadata = (info / "METADATA").read_bytes()
    return Members(
        name=f"{stem}-{_tag(_text(info / 'WHEEL'))}.whl", hashes=hashes, metadata=metadata, contents=contents
    )


def _record(file: Path) -> list[tuple[str, str]]:
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
    found = []
    for row in rows:
        if len(row) < 2:
            raise ValueError(f"{file} is not a list of files")
        algorithm, _, encoded = row[1].partition("=")
        digest = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).hex() if algorithm == "sha256" else ""
        found.append((row[0].replace("\\", "/"), digest))
    return found


def _outside(file: Path, prefix: Path, stem: str, scripts: set[str]) -> tuple[str, bytes] | None:
    """A script or data file as the wheel had it; None for one that every installer makes anew."""
    if not file.is_relative_to(prefix):
        return None
    path = file.relative_to(prefix)
    content = file.read_bytes()
    if path.parts[0] not in {"bin", "Scripts"}:
        return f"{stem}.data/data/{path.as_posix()}", content
    if file.name.removesuffix(".exe").removesuffix("-script.py") in scripts:
        return None
    # The installer wrote its own interpreter's path there.
    return f"{stem}.data/scripts/{file.name}", re.sub(rb"^#!.*python[^\r\n]*", b"#!python", content)


def _tag(wheel: str) -> str:
    tags = re.findall(r"^Tag:\s*([^-\s]+)-([^-\s]+)-([^-\s]+)\s*$", wheel, re.MULTILINE) or [("py3", "none", "any")]
    return "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))


def written(found: Members, folder: Path) -> Path:
    """Write an installed distribution's files as a wheel; equal content gives equal bytes."""
    file = folder / found.name
    info = "-".join(found.name.split("-")[:2]) + ".dist-info"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, source in sorted(found.contents.items()):
            content = source if isinstance(source, bytes) else source.read_bytes()
            executable = not isinstance(source, bytes) and source.stat().st_mode & 0o100
            _add(wheel, path, content, 0o755 if executable or ".data/scripts/" in path else 0o644)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.writerow([path, f"sha256={digest}", len(content)])
        rows.writerow([f"{info}/RECORD", "", ""])
        _add(wheel, f"{info}/RECORD", record.getvalue().encode(), 0o644)
    return file


def _add(wheel: zipfile.ZipFile, path: str, content: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(path)
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(entry, content)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""

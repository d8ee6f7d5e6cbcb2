"""A conda channel of the test's own, on this machine, and packages made for it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import platform
import struct
import sys
import tarfile
import threading
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PLACEHOLDER = "/opt/" + "placehold_" * 20
PYTHON = platform.python_version()
SHORT = PYTHON.rpartition(".")[0]
INSIDE = f"lib/python{SHORT}/site-packages"
Content = bytes | Path
"""Of a file in a package; a path stands for a link to it."""


def package(stem: str, files: Mapping[str, Content], *, noarch: str = "", needs: str = "", **link: Any) -> bytes:
    """A package in conda's newer form: https://docs.conda.io/projects/conda/en/stable/dev-guide/conda-packages.html"""
    members = {
        "metadata.json": json.dumps({"conda_pkg_format_version": 2}).encode(),
        f"pkg-{stem}.tar.zst": _zstd(_tar(files)),
        f"info-{stem}.tar.zst": _zstd(_tar(_info(stem, files, noarch, needs, link))),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as into:
        for name, content in members.items():
            into.writestr(zipfile.ZipInfo(name), content)  # which has the same time every time
    return packed.getvalue()


def old_package(stem: str, files: Mapping[str, Content], *, needs: str = "") -> bytes:
    """One in the older form, a tar file."""
    return _tar({**_info(stem, files, "", needs, {}), **files}, "w:bz2")


def python_package() -> tuple[str, bytes]:
    """A Python as a package: a venv of this one, whose own are too large to be packed for a test."""
    base = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
    files: dict[str, Content] = {"bin/python": base, f"bin/python{SHORT}": base}
    files["pyvenv.cfg"] = (
        f"home = {base.parent}\ninclude-system-site-packages = false\nversion_info = {PYTHON}\n".encode()
    )
    files[f"{INSIDE}/README.txt"] = b"modules go here"
    return f"linux-64/python-{PYTHON}-0_cpython.conda", package(f"python-{PYTHON}-0_cpython", files)


def tool_package(said: str = "tool 2.0") -> tuple[str, bytes]:
    """A command with the prefix written into it, and a script that is run once the package is there."""
    files: dict[str, Content] = {
        "bin/tool": f"#!{PLACEHOLDER}/bin/python\nprint({said!r}, {PLACEHOLDER!r})\n".encode(),
        "bin/.tool-post-link.sh": b'#!/bin/sh\necho linked > "$PREFIX/linked.txt"\n',
    }
    return "linux-64/tool-2.0-h1_0.tar.bz2", old_package("tool-2.0-h1_0", files, needs="python")


def pure_package() -> tuple[str, bytes]:
    """A module for every Python, with a command."""
    files: dict[str, Content] = {
        "site-packages/pure.py": b"def main():\n    print('pure 1.0')\n",
        "site-packages/pure-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: pure\nVersion: 1.0\n",
        "site-packages/pure-1.0.dist-info/INSTALLER": b"conda\n",
    }
    made = package("pure-1.0-pyh_0", files, noarch="python", needs="python", entry_points=["pure-says = pure:main"])
    return "noarch/pure-1.0-pyh_0.conda", made


class Channel:
    """What it has, by path, what it was asked for, and a gate for packages whose name begins with `slow`."""

    def __init__(self) -> None:
        self.files = dict([python_package(), tool_package(), pure_package()])
        self.asked: list[str] = []
        self.authorised = ""
        self.gate = threading.Event()
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                channel.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/main"

    def explicit(self, algorithm: str = "md5") -> list[str]:
        """As `conda list --explicit` prints it, with the hashes of the files as they are now."""
        prefix = "sha256:" if algorithm == "sha256" else ""
        return sorted(
            f"{self.address}/{path}#{prefix}{hashlib.new(algorithm, content).hexdigest()}"
            for path, content in self.files.items()
        )

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("/main/")[2]
        self.asked.append(path)
        if path.rpartition("/")[2].startswith("slow"):
            self.gate.wait(60)
        allowed = self.authorised in ("", request.headers.get("Authorization"))
        body = self.files.get(path, b"") if allowed else b""
        request.send_response(200 if body else 404 if allowed else 401)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        with contextlib.suppress(BrokenPipeError):  # whoever asked was killed
            request.wfile.write(body)

    def close(self) -> None:
        self.gate.set()
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()


def _info(
    stem: str, files: Mapping[str, Content], noarch: str, needs: str, link: Mapping[str, Any]
) -> dict[str, Content]:
    name, version, build = stem.rsplit("-", 2)
    index: dict[str, Any] = {"name": name, "version": version, "build": build, "build_number": 0}
    index |= {"depends": needs.split(), "subdir": "noarch" if noarch else "linux-64"}
    made: dict[str, Content] = {}
    if noarch:
        index["noarch"] = noarch
        told = {"noarch": {"type": noarch, **link}, "package_metadata_version": 1}
        made["info/link.json"] = json.dumps(told).encode()
    paths = [_described(path, content) for path, content in files.items()]
    made["info/index.json"] = json.dumps(index).encode()
    made["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1}).encode()
    made["info/files"] = "".join(f"{path}\n" for path in files).encode()
    return made


def _described(path: str, content: Content) -> dict[str, Any]:
    if isinstance(content, Path):
        return {"_path": path, "path_type": "softlink"}
    entry: dict[str, Any] = {"_path": path, "path_type": "hardlink", "size_in_bytes": len(content)}
    entry["sha256"] = hashlib.sha256(content).hexdigest()
    if PLACEHOLDER.encode() in content:
        entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": "text"}
    return entry


def _tar(files: Mapping[str, Content], mode: Any = "w") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as into:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755
            if isinstance(content, Path):
                entry.type, entry.linkname = tarfile.SYMTYPE, str(content)
                into.addfile(entry)
            else:
                entry.size = len(content)
                into.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _zstd(content: bytes) -> bytes:
    """One frame of blocks that are stored as they are: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1"""
    most = 1 << 17
    pieces = [content[start : start + most] for start in range(0, len(content), most)]
    blocks = [
        ((number == len(pieces)) | len(piece) << 3).to_bytes(3, "little") + piece
        for number, piece in enumerate(pieces, 1)
    ]
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content)) + b"".join(blocks)

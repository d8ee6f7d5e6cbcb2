"""Pictures among a cell's outputs: whether two show the same, and how one is described in a line."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator

from jupyter_mlops.domain.canonical import content_digest

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SHOWN = (b"IHDR", b"PLTE", b"tRNS")
"""Chunks of a PNG that say how it looks, beside the pixels. The others hold names and versions of programs, dates,
dots per inch: https://www.w3.org/TR/png-3/#11Chunks"""
_MOST_PIXELS = 256 * 1024 * 1024
"""Bytes that a picture may unpack to; a larger one is compared packed."""


def picture(mimetype: str, encoded: str) -> str:
    """A picture in a line, which is the same for two pictures that look the same."""
    kind = mimetype.removeprefix("image/").removesuffix("+xml").upper()
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        content = encoded.encode(errors="replace")
    size, looks = _png(content) if content.startswith(_SIGNATURE) else (f"{len(content):,} bytes", content)
    return f"[picture: {kind}, {size}, content {content_digest(looks)[:8]}]"


def _png(content: bytes) -> tuple[str, bytes]:
    """Width and height, and what is to be seen: pixels unpacked, since the same ones can be packed in many ways."""
    head, packed = b"", b""
    pieces: list[bytes] = []
    for kind, body in _chunks(content):
        if kind == b"IDAT":
            pieces.append(body)
        elif kind in _SHOWN:
            head += kind + body
    packed = b"".join(pieces)
    if not head.startswith(b"IHDR") or len(head) < 12:
        return f"{len(content):,} bytes", content
    width, height = struct.unpack(">II", head[4:12])
    try:
        unpacking = zlib.decompressobj()
        pixels = unpacking.decompress(packed, _MOST_PIXELS)
        whole = pixels if unpacking.eof else packed
    except zlib.error:
        whole = packed
    return f"{width} × {height} pixels", head + whole


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        yield kind, content[at + 8 : at + 8 + length]
        at += 12 + length

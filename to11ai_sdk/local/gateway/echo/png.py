"""A PNG of one colour (https://www.w3.org/TR/png-3/)."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib

_COLOURS = {
    "black": 0x000000,
    "blue": 0x0000FF,
    "brown": 0xA52A2A,
    "gray": 0x808080,
    "green": 0x008000,
    "grey": 0x808080,
    "orange": 0xFFA500,
    "pink": 0xFFC0CB,
    "purple": 0x800080,
    "red": 0xFF0000,
    "white": 0xFFFFFF,
    "yellow": 0xFFFF00,
}


def colour_of(prompt: str, index: int = 0) -> bytes:
    """Red, green and blue: the first colour that the prompt names, else one made of the prompt and the number."""
    for word in re.findall(r"[a-z]+", prompt.lower()):
        if word in _COLOURS:
            return _COLOURS[word].to_bytes(3, "big")
    return hashlib.sha256(b"%d:%b" % (index, prompt.encode("utf-8", "replace"))).digest()[:3]


def png(width: int, height: int, colour: bytes) -> bytes:
    """The bytes of an image, one bit per pixel with a palette of one colour."""
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    pixels = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    chunks = ((b"IHDR", header), (b"PLTE", colour), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

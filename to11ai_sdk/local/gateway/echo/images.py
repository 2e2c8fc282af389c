"""OpenAI's ``POST /images/generations``: a PNG of the requested size in a colour derived from the prompt.

Sources: https://platform.openai.com/docs/api-reference/images/create and https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
import zlib
from typing import TYPE_CHECKING

from .body import BodyField, parse
from .context import EchoReply, EchoRequest, as_json
from .refusals import EchoError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_SIZE = "1024x1024"
_LARGEST = 4096


def images(echo_request: EchoRequest) -> EchoReply:
    """Answer a request for images: as data URLs, or in base64 for ``gpt-image`` models or on request."""
    body = parse(echo_request.request.body)
    prompt = body.need("prompt").text()
    model = given.text() if (given := body.get("model")) else "dall-e-2"
    echo_request.apply_directives(model, prompt)
    _refuse_streams(body)
    width, height = _size(body)
    number = wanted.integer(1, 10) if (wanted := body.get("n")) else 1
    show = _form(body, model)
    data = [{**show(png(width, height, colour_of(prompt, index))), "revised_prompt": prompt} for index in range(number)]
    return as_json({"created": echo_request.now(), "data": data})


def _refuse_streams(body: BodyField) -> None:
    if (stream := body.get("stream")) and stream.flag():
        raise EchoError(400, "echo answers images at once; leave 'stream' out.", param="stream")


def _size(body: BodyField) -> tuple[int, int]:
    text = given.text() if (given := body.get("size")) else "auto"
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", DEFAULT_SIZE if text == "auto" else text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        message = f"Invalid size '{text[:20]}'. It must be WIDTHxHEIGHT, up to {_LARGEST} each."
        raise EchoError(400, message, param="size", code="invalid_value")
    return width, height


def _form(body: BodyField, model: str) -> Callable[[bytes], dict[str, str]]:
    default = "b64_json" if model.startswith("gpt-image") else "url"
    chosen = given.word("url", "b64_json") if (given := body.get("response_format")) else default
    prefix = "data:image/png;base64," if chosen == "url" else ""
    return lambda image: {chosen: prefix + base64.b64encode(image).decode()}


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
    """Return the first colour (RGB) that the prompt names, or else one derived from the prompt and the number."""
    for word in re.findall(r"[a-z]+", prompt.lower()):
        if word in _COLOURS:
            return _COLOURS[word].to_bytes(3, "big")
    return hashlib.sha256(b"%d:%b" % (index, prompt.encode("utf-8", "replace"))).digest()[:3]


def png(width: int, height: int, colour: bytes) -> bytes:
    """Return the bytes of an image, one bit per pixel with a palette of one colour."""
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    pixels = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    chunks = ((b"IHDR", header), (b"PLTE", colour), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

"""OpenAI's ``POST /images/generations``: a PNG of the size asked for, in a colour made of the prompt.

Source: https://platform.openai.com/docs/api-reference/images/create.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from .body import BodyField, parse
from .context import EchoReply, EchoRequest, as_json
from .png import colour_of, png
from .refusals import EchoError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_SIZE = "1024x1024"
_LARGEST = 4096


def images(exchange: EchoRequest) -> EchoReply:
    """Answer a request for images: as data URLs, or in base64 from ``gpt-image`` models or where asked for."""
    body = parse(exchange.request.body)
    prompt = body.need("prompt").text()
    model = given.text() if (given := body.get("model")) else "dall-e-2"
    exchange.heed(model, prompt)
    _refuse_streams(body)
    width, height = _size(body)
    number = wanted.integer(1, 10) if (wanted := body.get("n")) else 1
    show = _form(body, model)
    data = [{**show(png(width, height, colour_of(prompt, index))), "revised_prompt": prompt} for index in range(number)]
    return as_json({"created": exchange.now(), "data": data})


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

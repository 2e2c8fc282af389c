"""OpenAI's ``POST /embeddings``: unit vectors of hashed words and character trigrams.

Texts that share words, or parts of words, lie close together; the same text has the same vector on every machine.

Source: https://platform.openai.com/docs/api-reference/embeddings.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import struct
from typing import TYPE_CHECKING, Any

from .body import BodyField, parse
from .context import EchoReply, EchoRequest, as_json
from .refusals import EchoError
from .tokens import count

if TYPE_CHECKING:
    from collections.abc import Iterator

DIMENSIONS = 1536
_LARGE = 3072
_MOST_INPUTS = 2048
_TRIGRAM_WEIGHT = 0.45


def embeddings(echo_request: EchoRequest) -> EchoReply:
    """Answer a request for embeddings."""
    body = parse(echo_request.request.body)
    model, inputs = body.need("model").text(), _inputs(body.need("input"))
    echo_request.apply_directives(model, "\n".join(text for text, _ in inputs))
    dimensions = given.integer(1, _LARGE) if (given := body.get("dimensions")) else _default(model)
    form = chosen.word("float", "base64") if (chosen := body.get("encoding_format")) else "float"
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector(text, dimensions), form)}
        for index, (text, _) in enumerate(inputs)
    ]
    total = sum(number for _, number in inputs)
    usage = {"prompt_tokens": total, "total_tokens": total}
    return as_json({"object": "list", "data": data, "model": model, "usage": usage})


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Return the unit vector of a text, in numbers of 32 bits."""
    sums = [0.0] * dimensions
    for feature, weight in _features(text):
        digest = int.from_bytes(hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        sums[(digest >> 1) % dimensions] += weight if digest & 1 else -weight
    length = math.sqrt(sum(value * value for value in sums))
    if not length:
        sums[0] = length = 1.0
    form = f"<{dimensions}f"
    return list(struct.unpack(form, struct.pack(form, *(value / length for value in sums))))


def _features(text: str) -> Iterator[tuple[str, float]]:
    words = re.findall(r"\w+", text.lower()) or [text]
    for word in words:
        yield word, 1.0
        framed = f"<{word}>"
        for start in range(len(framed) - 2):
            yield f"#{framed[start : start + 3]}", _TRIGRAM_WEIGHT


def _default(model: str) -> int:
    return _LARGE if "large" in model else DIMENSIONS


def _encoded(numbers: list[float], form: str) -> Any:
    if form == "float":
        return numbers
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def _inputs(given: BodyField) -> list[tuple[str, int]]:
    """Return the texts with their tokens; an array of numbers is the tokens of one text."""
    if isinstance(given.value, str):
        return [_text(given)]
    items = given.items()
    if not 0 < len(items) <= _MOST_INPUTS:
        raise EchoError(400, f"'input' must have 1 to {_MOST_INPUTS} items.", param="input")
    if all(isinstance(item.value, int) for item in items):
        return [_numbers(items)]
    return [_text(item) if isinstance(item.value, str) else _numbers(item.items()) for item in items]


def _text(field: BodyField) -> tuple[str, int]:
    text = field.text()
    if not text:
        raise EchoError(400, "'input' cannot be an empty string.", param="input")
    return text, count(text)


def _numbers(items: list[BodyField]) -> tuple[str, int]:
    return " ".join(f"token{item.integer(0)}" for item in items), len(items)

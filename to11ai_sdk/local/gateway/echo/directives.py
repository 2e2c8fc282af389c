"""Directives for ``echo``, such as failures: markers in the user's text, or the name of the model."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

_MARKER = re.compile(r"\[\[echo(?:@([\w.-]+))?:([^][]*)\]\]")
_NUMBERS = {"status": r"[45]\d\d", "retry-after": r"\d{1,6}(\.\d+)?", "slow": r"\d{1,3}(\.\d+)?", "times": r"\d{1,4}"}
_NUMBERS["repeat"] = r"\d{1,6}"
_FLAGS = {"cut", "unreachable", "refuse", "malformed", "error-event", "request"}
_MODEL = re.compile(r"echo-([a-z-]+?)(?:-(\d[\d.]*))?")


class Directives(NamedTuple):
    """The directives of a request.

    Attributes:
        flags: ``cut``, ``unreachable``, ``refuse``, ``malformed``, ``error-event``, ``request``.
        values: ``status``, ``retry-after``, ``slow``, ``times``, ``repeat``, ``code``, ``say64``, as written.
    """

    flags: frozenset[str] = frozenset()
    values: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str | None:
        """Return the last value of a directive, ``None`` if it is not given."""
        return dict(self.values).get(name)

    @property
    def status(self) -> int | None:
        """The status to fail with, 429 if only ``retry-after`` is given."""
        default = "429" if self.value("retry-after") else None
        status = self.value("status") or default
        return int(status) if status else None

    @property
    def say(self) -> str | None:
        """The exact text of the answer, from ``say64``."""
        encoded = self.value("say64")
        return None if encoded is None else _decoded(encoded)

    @property
    def fails(self) -> bool:
        """Whether the request is to fail."""
        return bool(self.status or self.flags & {"cut", "unreachable", "malformed", "error-event"})


def directives(model: str, text: str, provider: str) -> Directives:
    """Return the directives for a provider in the model's name and the text; unknown words are ignored."""
    found = [*_of_model(model)]
    for addressee, words in _MARKER.findall(text):
        if addressee in ("", provider):
            found += [_split(word) for word in re.split(r"[\s,;]+", words) if word]
    values = tuple((name, value) for name, value in found if _is_value(name, value))
    return Directives(frozenset(name for name, value in found if name in _FLAGS and not value), values)


def without_markers(text: str) -> str:
    """Return the text without its markers."""
    return _MARKER.sub("", text).strip() if "[[echo" in text else text


def is_own_model(model: str) -> bool:
    """Whether a model is one of ``echo``'s own: ``echo``, ``echo-status-429``, ``echo-cut``, ..."""
    return model == "echo" or bool(_of_model(model))


def _of_model(model: str) -> list[tuple[str, str]]:
    found = _MODEL.fullmatch(model)
    if not found:
        return []
    name, value = found[1], found[2] or ""
    return [(name, value)] if (name in _FLAGS and not value) or _is_value(name, value) else []


def _split(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value


def _is_value(name: str, value: str) -> bool:
    if name == "code":
        return bool(value)
    if name == "say64":
        return _decoded(value) is not None
    return name in _NUMBERS and re.fullmatch(_NUMBERS[name], value) is not None


def _decoded(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None

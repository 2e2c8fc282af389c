"""Explains paths that clients call when their base URL is not what the gateway needs."""

from __future__ import annotations

import re
from typing import NamedTuple

from .endpoints import PREFIX, below, is_served
from .gateway_problem import GatewayProblem

_ENDS_IN_V1 = "the base URL of a client of OpenAI's format ends in /v1, that of Anthropic's own client before it"
_COHERE = "the gateway has POST /v1/rerank: use cohere.Client, whose base URL may end in /v1 or before it, not ClientV2"
_CHAT = "call POST /v1/chat/completions"


def _native(owner: str, name: str) -> str:
    return f"{owner}'s own API is below /v1/{name}/: let the base URL end in /v1/{name}"


_ELSEWHERE = (
    (re.compile(r"(/v1)*/v2/rerank"), _COHERE),
    (re.compile(r"(/v1)*/v2/.*|/v1/(v1/)?(chat|embed|generate)"), f"Cohere's own chat is not served: {_CHAT}"),
    (
        re.compile(r"(/v1)*/v1(alpha|beta)\d*/.*"),
        _native("Google", "vertex"),
    ),
    (
        re.compile(r"(/v1)*/model/[^/]+/.*"),
        _native("Bedrock", "bedrock"),
    ),
    (re.compile(r"(/v1)*/openai/.*"), f"use a plain OpenAI client, not one for Azure: {_ENDS_IN_V1}"),
    (re.compile(r"(/v1)*/(completions|chat|api/(chat|generate))"), f"it is not served: {_CHAT}"),
)
_TAILS = ("/chat/completions", "/responses", "/messages", "/embeddings", "/rerank", "/models", "/files")


class WrongPath(NamedTuple):
    """A path that the gateway does not serve, but knows what is meant by.

    Attributes:
        problem: the error, which says what to write instead.
        meant: the path below ``/v1`` that was meant; it decides the shape of the error.
    """

    problem: GatewayProblem
    meant: str


def find(path: str) -> WrongPath | None:
    """Return what is wrong with a path as it was sent, ``None`` if it is served, or nobody knows what it means."""
    meant = below(path)
    is_below = path.startswith(f"{PREFIX}/")
    if is_below and is_served(meant):
        return None
    advice = _advice(path, meant, is_below=is_below)
    if advice is None:
        return None
    message = f"the gateway has nothing at {path[:200]}: {advice}"
    return WrongPath(GatewayProblem(404, "not_found", "bad_request", message, {"path": path[:200]}), meant)


def _advice(path: str, meant: str, *, is_below: bool) -> str | None:
    advice = next((advice for pattern, advice in _ELSEWHERE if pattern.fullmatch(path)), None)
    if advice is not None:
        return advice
    trimmed = meant.rstrip("/")
    if is_served(trimmed):
        return f"call {PREFIX}{trimmed}" if is_below else f"call {PREFIX}{trimmed}; {_ENDS_IN_V1}"
    head = next((tail for tail in _TAILS if trimmed.startswith(f"{tail}/")), None)
    rest = below(trimmed[len(head) :]) if head else ""
    return f"call {PREFIX}{rest}; {_ENDS_IN_V1}, without {head}" if is_served(rest) else None

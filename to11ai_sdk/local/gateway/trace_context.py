"""Reads the place of a call in a trace, and its origin as stated by the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2s
from itertools import count
from random import getrandbits
from typing import TYPE_CHECKING, Any, NamedTuple

from .gateway_problem import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")

_FLAGS = 3  # those that are defined


class SpanIds:
    """Makes the ids of traces and spans.

    Args:
        seed: the same seed gives the same ids in the same order; by default they are random.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._seed = seed
        self._numbers = count(1)

    def new(self, length: int) -> str:
        """Return this many bytes as hexadecimal digits, never all zero."""
        if self._seed is not None:
            return blake2s(f"{self._seed}:span:{next(self._numbers)}".encode(), digest_size=length).hexdigest()
        # Not a secret, so the operating system need not be asked for each call.
        return f"{getrandbits(8 * length) or 1:0{2 * length}x}"


class TraceContext(NamedTuple):
    """The place of a call in a trace (W3C Trace Context, level 2).

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits, the gateway's own span.
        parent_span_id: the caller's span, ``None`` if the trace starts here.
        flags: 2 hexadecimal digits, a sum of 1 (sampled) and 2 (the id of the trace is random).
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    flags: str = "01"

    @property
    def traceparent(self) -> str:
        """The header for the provider and for the reply."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    @classmethod
    def begin(cls, traceparent: str | None, ids: SpanIds) -> TraceContext:
        """Return a span in the caller's trace, or in a new one if the header is absent or invalid."""
        found = _TRACEPARENT.fullmatch((traceparent or "").strip())
        if found is None or not _is_valid(found):
            return cls(ids.new(16), ids.new(8))
        return cls(found[2], ids.new(8), found[3], f"{int(found[4], 16) & _FLAGS:02x}")


def _is_valid(found: re.Match[str]) -> bool:
    version, rest = found[1], found[5]
    # Later versions may have more parts, version 00 may not, and ff is not a version.
    known = version != "ff" and (rest is None or version != "00")
    return known and set(found[2]) != {"0"} and set(found[3]) != {"0"}


@dataclass(frozen=True)
class Origin:
    """The origin of a call, as stated by the caller.

    Attributes:
        prompt_id: ``x-to11-prompt-id``.
        prompt_version: ``x-to11-prompt-version``.
        prompt_labels: ``x-to11-prompt-labels``, separated by commas there.
        session_id: ``x-to11-session-id``.
        conversation_id: ``x-to11-conversation-id``, else ``x-conversation-id``.
        user_id: ``x-to11-user-id``, else ``user`` of the request.
    """

    prompt_id: str | None = None
    prompt_version: int | None = None
    prompt_labels: tuple[str, ...] = ()
    session_id: str | None = None
    conversation_id: str | None = None
    user_id: str | None = None

    @property
    def group(self) -> str | None:
        """The conversation, else the session, else the user; ``None`` if all are unknown."""
        return self.conversation_id or self.session_id or self.user_id

    @classmethod
    def of(cls, headers: Mapping[str, str], user: Any = None) -> Origin:
        """Read the headers (lower-case names) and the field ``user`` of a request.

        Raises:
            GatewayProblem: 400 if a header of to11 is empty, or the version is not a number.
        """
        _refuse_empty(headers)
        labels = headers.get("x-to11-prompt-labels", "").split(",")
        return cls(
            headers.get("x-to11-prompt-id"),
            _version(headers.get("x-to11-prompt-version")),
            tuple(label.strip() for label in labels if label.strip()),
            headers.get("x-to11-session-id"),
            headers.get("x-to11-conversation-id") or headers.get("x-conversation-id"),
            headers.get("x-to11-user-id") or (user if isinstance(user, str) and user else None),
        )


def _refuse_empty(headers: Mapping[str, str]) -> None:
    empty = [name for name, value in headers.items() if name.startswith("x-to11-") and not value.strip()]
    if empty:
        raise bad_request("empty_header", f"the header {empty[0]} is empty; leave it out instead", {"header": empty[0]})


def _version(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,10}", text.strip(), re.ASCII):
        message = "the header x-to11-prompt-version must be the number of a version, such as 3"
        raise bad_request("invalid_header", message, {"header": "x-to11-prompt-version"})
    return int(text)

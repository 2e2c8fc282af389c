"""Changes the ids of tool calls to what each format accepts, on their way to a provider and to a caller.

A caller gets an id that its format does not accept as ``to11_`` and the id in base64url. So the provider that made it
sees its own id again, and a provider of the caller's own format one that it takes.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

from .common import digest
from .marks import ANTHROPIC, CHAT, RESPONSES
from .turn_order import DistinctIds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_WRAPPED = "to11_"


class _Limit(NamedTuple):
    longest: int
    is_plain: bool


_LIMITS: Mapping[str, _Limit] = {CHAT: _Limit(40, False), RESPONSES: _Limit(64, False), ANTHROPIC: _Limit(64, True)}
"""Most characters of an id in each format, and whether only letters, digits, ``_`` and ``-`` are taken."""


class CallIds:
    """The ids of the calls of a request, as a provider gets them; read them in the order of the conversation.

    All are distinct. Calls that share an id get distinct ones, and its results answer them in turn.

    Args:
        ids: all ids in the request.
        wire_format: the provider's format.
    """

    def __init__(self, ids: Iterable[str], wire_format: str) -> None:
        self._limit = _LIMITS[wire_format]
        self._uses = Counter(map(self._plain, {_unwrapped(call_id) for call_id in ids}))
        self._distinct = DistinctIds()
        self._open: defaultdict[str, deque[str]] = defaultdict(deque)
        self._answered: dict[str, str] = {}

    def called(self, call_id: str) -> str:
        """Return the id of the next call as the provider gets it."""
        sent = self.sent(self._distinct.of(_unwrapped(call_id)))
        self._open[_unwrapped(call_id)].append(sent)
        return sent

    def answered(self, call_id: str) -> str:
        """Return the id of the call that the next result answers."""
        given = _unwrapped(call_id)
        if calls := self._open[given]:
            self._answered[given] = calls.popleft()
        return self._answered.get(given) or self.sent(given)

    def sent(self, given: str) -> str:
        """Return an id as the provider gets it: one that is not allowed is shortened and ends in a digest."""
        plain, longest = self._plain(given), self._limit.longest
        if 0 < len(plain) <= longest and (plain == given or self._uses[plain] <= 1):
            return plain
        return f"{plain[: longest - 17]}_{digest(given)[:16]}"

    def _plain(self, call_id: str) -> str:
        return _ODD.sub("_", call_id) if self._limit.is_plain else call_id


class ShownIds:
    """The ids of the calls of a reply as its caller gets them, different from those of the conversation.

    Args:
        taken: the ids of the conversation.
        wire_format: the caller's format.
    """

    def __init__(self, taken: Iterable[str], wire_format: str) -> None:
        self._distinct = DistinctIds(map(_unwrapped, taken))
        self._wire_format = wire_format

    def of(self, call_id: str) -> str:
        """Return the id of the next call."""
        return shown(self._distinct.of(call_id), self._wire_format)


def shown(call_id: str, wire_format: str) -> str:
    """Return the id of a call in a reply as a caller of this format gets it."""
    limit = _LIMITS[wire_format]
    if 0 < len(call_id) <= limit.longest and not (limit.is_plain and _ODD.search(call_id)):
        return call_id
    wrapped = _wrapped(call_id)
    return wrapped if len(wrapped) <= limit.longest else CallIds([call_id], wire_format).sent(call_id)


def _wrapped(call_id: str) -> str:
    return _WRAPPED + urlsafe_b64encode(call_id.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _unwrapped(call_id: str) -> str:
    data = call_id.removeprefix(_WRAPPED)
    try:
        original = urlsafe_b64decode(data + "=" * (-len(data) % 4)).decode("utf-8", "surrogatepass")
    except ValueError:
        return call_id
    return original if original and _wrapped(original) == call_id else call_id

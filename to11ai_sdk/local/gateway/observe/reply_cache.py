"""Caches replies, so that a repeated request is answered without asking a provider. Off by default.

Two requests are the same if their keys are equal (see ``cache_key``). So a newly released routing rule takes effect at
once, and the variants of a split keep their shares. Only successful replies are cached. Streams are neither cached nor
answered from the cache. Identical requests at the same time ask once.

Source: the headers ``x-to11-cache`` and ``x-to11-cache-age`` of the page "API reference"; the rest is this project's
choice.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import bounds
from ...store import StorageProblem, gateway_records
from ..answer import Answer
from ..endpoints import FILES, MODELS, NATIVE
from . import cache_key
from .cache_key import CacheUse
from .in_flight_calls import InFlightCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...service import Platform, Session
    from ..call import AdmittedCall, RoutedCall
    from ..config.gateway_config import CacheConfig
    from ..routing import Plan
    from .recorder import CallRecord

_UNCHECKED = bounds.MAX_CACHED_BYTES // 8
"""Bytes that may be added until all are counted again, because that takes a while."""
_log = logging.getLogger(__name__)


class CachedReply(NamedTuple):
    """A cached reply.

    Attributes:
        status: HTTP status.
        headers: those about the body, such as ``content-type``.
        body: the body as sent to the caller.
        age_s: whole seconds since it was cached, for ``x-to11-cache-age``.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    age_s: int = 0


class RepliesCache:
    """Stores replies.

    Args:
        config: whether, and for how long.
    """

    def __init__(self, config: CacheConfig) -> None:
        self.enabled: bool = config.enabled
        self._ttl_s = config.ttl_s
        self._unchecked = bounds.MAX_CACHED_BYTES  # bytes added since all were counted; at first nobody knows

    def digest(
        self, plan: Plan, path: str, wire_format: str, body: Mapping[str, Any], forwarded: Any = None
    ) -> str | None:
        """Return the key of a request in the cache, see ``cache_key``; ``None`` if it must not be cached."""
        if not self.enabled or not body or body.get("stream"):
            return None
        return cache_key.digest(plan, path, wire_format, body, forwarded)

    def find(self, session: Session, plan: Plan, digest: str) -> CachedReply | None:
        """Return the cached reply to a request, unless it is too old."""
        row = gateway_records.find_reply(session.tx, session.project_id, plan.environment_id, digest)
        if row is None:
            return None
        age_s = max(0.0, session.moment.timestamp() - row["kept_at"])
        if age_s >= self._ttl_s:
            return None
        return CachedReply(row["status"], row["reply_headers"], row["body"], int(age_s))

    def keep(self, session: Session, plan: Plan, digest: str, reply: CachedReply) -> bool:
        """Store the reply to a request if it is a success and not too large; return whether it was."""
        if not 200 <= reply.status < 300 or len(reply.body) > bounds.MAX_CACHED_REPLY:
            return False
        now = session.moment.timestamp()
        row = {
            "project_id": session.project_id,
            "environment_id": plan.environment_id,
            "digest": digest,
            "status": reply.status,
            "reply_headers": dict(reply.headers),
            "body": reply.body,
            "kept_at": now,
        }
        gateway_records.keep_reply(session.tx, row)
        gateway_records.drop_old_replies(session.tx, now - self._ttl_s, bounds.MAX_CACHED_REPLIES)
        self._unchecked += len(reply.body)
        if self._unchecked > _UNCHECKED:
            gateway_records.drop_replies_over(session.tx, bounds.MAX_CACHED_BYTES - _UNCHECKED)
            self._unchecked = 0
        return True


class CallCache:
    """Answers calls from the cache, and stores their answers.

    Args:
        cache: the cache.
        platform: the projects of the calls.
    """

    def __init__(self, cache: RepliesCache, platform: Platform) -> None:
        self._cache = cache
        self._platform = platform
        self._under_way = InFlightCalls()

    def covers(self, call: AdmittedCall) -> bool:
        """Return whether the cache is used for a call."""
        return self._cache.enabled and call.match.endpoint not in (MODELS, FILES, NATIVE)

    def answered(self, call: RoutedCall, record: CallRecord, ask: Callable[[], Answer]) -> Answer:
        """Return the cached answer for a call, that of an identical call in flight, or else the one that it asks for.

        Args:
            call: the call.
            record: its record, which is marked as a hit.
            ask: asks a provider.
        """
        if not self.covers(call):
            return ask()
        use = CacheUse.of(call.incoming.headers)
        digest = self._digest(call) if use.stores else None
        if digest is None:
            return ask()
        if not use.reads:
            answer = ask()
            self._kept(call, digest, answer)
            return answer
        with self._under_way.turn((call.project_id, call.plan.environment_id, digest), call.incoming.hang_up) as turn:
            found = turn.reply or self._found(call, digest)
            if found is not None:
                turn.share(found)
                record.hit(call.plan.attempts[0], found)
                return found
            answer = ask()
            turn.share(self._kept(call, digest, answer))
            return answer

    def _digest(self, call: RoutedCall) -> str | None:
        forwarded = cache_key.forwarded(call)
        return self._cache.digest(call.plan, call.incoming.path, call.wire_format, call.body, forwarded)

    def _found(self, call: RoutedCall, digest: str) -> Answer | None:
        with self._platform.owner(call.project_id, write=False) as session:
            found = self._cache.find(session, call.plan, digest)
        return None if found is None else _hit(found)

    def _kept(self, call: RoutedCall, digest: str, answer: Answer) -> Answer | None:
        """Store an answer if it may be cached; return it as an identical call gets it, ``None`` if none may get it."""
        if not isinstance(answer.body, bytes) or not 200 <= answer.status < 300:
            return None
        headers = {name: value for name, value in answer.headers.items() if name == "content-type"}
        reply = CachedReply(answer.status, headers, answer.body)
        try:
            with self._platform.recording(call.project_id, bounds.CACHE_WAIT_S) as session:
                self._cache.keep(session, call.plan, digest, reply)
        except StorageProblem as exc:
            _log.warning("a reply was not cached: %s", exc.message)
        except Exception:
            _log.exception("a reply was not cached")
        return _hit(reply)


def _hit(reply: CachedReply) -> Answer:
    return Answer(reply.status, {**reply.headers, "x-to11-cache-age": str(reply.age_s)}, reply.body)

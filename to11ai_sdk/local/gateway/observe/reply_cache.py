"""Caches replies, so that a repeated request is answered without asking a provider. Off by default.

Two requests are the same if project, environment, path and format are equal, their JSON has the same values (the order
of keys and white space do not matter), and they go to the same targets with the same parameters. So a newly released
routing rule takes effect at once, and the variants of a split keep their shares. Only successful replies are cached.
Streams are neither cached nor answered from the cache.

Source: the headers ``x-to11-cache`` and ``x-to11-cache-age`` of the page "API reference"; the rest is this project's
choice.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ...store import gateway_records
from ..answer import Answer
from ..endpoints import FILES, MODELS, NATIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...service import Platform, Session
    from ..call import AdmittedCall, RoutedCall
    from ..config.gateway_config import CacheConfig
    from ..routing import Attempt, Plan

MAX_REPLIES = 1000
"""The most replies that are cached; beyond that the oldest are dropped."""
MAX_BODY = 4 * 1024 * 1024
"""Bytes of the largest reply that is cached."""


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

    def digest(self, plan: Plan, path: str, wire_format: str, body: Mapping[str, Any]) -> str | None:
        """Return the key of a request in the cache; ``None`` if it must not be cached.

        Args:
            plan: its targets.
            path: the called path, below ``/v1``, such as ``"/messages"``.
            wire_format: the caller's format, such as ``"anthropic_messages"``.
            body: the JSON of the request; empty if it has none.
        """
        if not self.enabled or not body or body.get("stream"):
            return None
        targets = [_target(attempt) for attempt in plan.attempts]
        canonical = json.dumps([path, wire_format, body, targets], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

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
        if not 200 <= reply.status < 300 or len(reply.body) > MAX_BODY:
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
        gateway_records.drop_old_replies(session.tx, now - self._ttl_s, MAX_REPLIES)
        return True


def _target(attempt: Attempt) -> list[Any]:
    return [attempt.provider_id, attempt.model, attempt.params, attempt.rule_id, attempt.variant]


class CallCache:
    """Looks up a call in the cache, and stores its answer.

    Args:
        cache: the cache.
        platform: the projects of the calls.
    """

    def __init__(self, cache: RepliesCache, platform: Platform) -> None:
        self._cache = cache
        self._platform = platform

    def covers(self, call: AdmittedCall) -> bool:
        """Return whether the cache is used for a call."""
        return self._cache.enabled and call.match.endpoint not in (MODELS, FILES, NATIVE)

    def digest(self, call: RoutedCall) -> str | None:
        """Return the key of a call in the cache; ``None`` if it must not be cached."""
        if not self.covers(call):
            return None
        return self._cache.digest(call.plan, call.incoming.path, call.wire_format, call.body)

    def find(self, call: RoutedCall, digest: str | None) -> Answer | None:
        """Return the cached answer for a call; its body is bytes."""
        if digest is None:
            return None
        with self._platform.owner(call.project_id, write=False) as session:
            found = self._cache.find(session, call.plan, digest)
        if found is None:
            return None
        return Answer(found.status, {**found.headers, "x-to11-cache-age": str(found.age_s)}, found.body)

    def keep(self, call: RoutedCall, digest: str | None, answer: Answer) -> None:
        """Store an answer if it may be cached."""
        if digest is not None and isinstance(answer.body, bytes):
            headers = {name: value for name, value in answer.headers.items() if name == "content-type"}
            with self._platform.owner(call.project_id) as session:
                self._cache.keep(session, call.plan, digest, CachedReply(answer.status, headers, answer.body))

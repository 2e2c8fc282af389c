"""The cache of replies on the way of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..endpoints import FILES, MODELS, NATIVE
from ..relay.answers import Answer
from ..relay.watch import decoded
from .reply_cache import CachedReply

if TYPE_CHECKING:
    from ...service import Platform
    from ..call import Call
    from ..routing import Plan
    from .reply_cache import RepliesCache


class Lookup:
    """Looks a call up in the cache, and keeps its answer.

    Args:
        cache: the cache.
        platform: the projects that the calls are of.
    """

    def __init__(self, cache: RepliesCache, platform: Platform) -> None:
        self._cache = cache
        self._platform = platform

    def begin(self, call: Call) -> None:
        """A call is understood; whether the cache has a part in it."""
        if self._cache.enabled and call.match.endpoint not in (MODELS, FILES, NATIVE):
            call.cache = "miss"

    def digest(self, call: Call, plan: Plan) -> str | None:
        """What stands for a call; ``None`` if it is not to be cached."""
        if call.cache is None:
            return None
        return self._cache.digest(plan, call.incoming.path, call.form, call.body)

    def find(self, call: Call, plan: Plan, digest: str | None) -> Answer | None:
        """The answer that was kept for a call."""
        if digest is None:
            return None
        with self._platform.owner(call.project_id) as session:
            found = self._cache.find(session, plan, digest)
        if found is None:
            return None
        call.cache = "hit"
        call.attempt = plan.attempts[0]
        call.facts.read(decoded(found.body))
        return Answer(found.status, {**found.headers, "x-to11-cache-age": str(found.age_s)}, found.body)

    def keep(self, call: Call, plan: Plan, digest: str | None, answer: Answer) -> None:
        """Keep an answer if it is one to keep."""
        if digest is not None and isinstance(answer.body, bytes):
            headers = {name: value for name, value in answer.headers.items() if name == "content-type"}
            with self._platform.owner(call.project_id) as session:
                self._cache.keep(session, plan, digest, CachedReply(answer.status, headers, answer.body))

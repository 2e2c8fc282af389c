"""The cache of replies on the way of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import Answer
from .endpoints import FILES, NATIVE
from .replies_cache import CachedReply

if TYPE_CHECKING:
    from ..service import Platform
    from .calls import Call
    from .replies_cache import RepliesCache
    from .routing import Plan


class Lookup:
    """Looks a call up in the cache, and keeps its answer.

    Args:
        cache: the cache.
        platform: the projects that the calls are of.
    """

    def __init__(self, cache: RepliesCache, platform: Platform) -> None:
        self._cache = cache
        self._platform = platform

    def digest(self, call: Call, plan: Plan) -> str | None:
        """What stands for a call; ``None`` if it is not to be cached."""
        if not self._cache.enabled or call.match.endpoint in (FILES, NATIVE):
            return None
        call.cache = "miss"
        return self._cache.digest(plan, call.incoming.path, call.form, call.incoming.body)

    def find(self, call: Call, plan: Plan, digest: str | None) -> Answer | None:
        """The answer that was kept for a call."""
        if digest is None:
            return None
        with self._platform.owner(call.project_id) as session:
            found = self._cache.find(session, plan, digest)
        if found is None:
            return None
        call.cache = "hit"
        headers = {**found.headers, "x-to11-cache": "hit", "x-to11-cache-age": str(found.age_s)}
        return Answer(found.status, headers, found.body)

    def keep(self, call: Call, plan: Plan, digest: str | None, answer: Answer) -> Answer:
        """Keep an answer if it is one to keep; returns it with the header that says that it was not in the cache."""
        if call.cache is None:
            return answer
        if digest is not None and isinstance(answer.body, bytes):
            headers = {name: value for name, value in answer.headers.items() if name == "content-type"}
            with self._platform.owner(call.project_id) as session:
                self._cache.keep(session, plan, digest, CachedReply(answer.status, headers, answer.body))
        return answer._replace(headers={**answer.headers, "x-to11-cache": call.cache})

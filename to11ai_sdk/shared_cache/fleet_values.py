"""Reads and writes the prompts that a fleet shares: their age, their generation, and the lock of their refresh.

A value says when it was fetched, by the clock of its machine, and which *generation* of its prompt it belongs to:
``move_label`` and ``archive`` begin a new one, so values of the old one are misses in every process.
"""

from __future__ import annotations

from math import ceil
from os import urandom

from ..json_types import is_object
from .signed_values import as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..prompt_keys import Key
    from .guarded_store import GuardedStore
    from .signed_values import SignedValues

LOCK_S = 10
"""Seconds for which a process may refresh a prompt alone."""
MAX_SKEW_S = 60.0
"""By how much the clocks of two machines may differ."""
MAX_KEPT_S = 7 * 86_400
"""The most seconds a value is kept."""
MAX_KNOWN = 1000
"""The most slugs whose prompts' ids are known; beyond that all are forgotten."""
MAX_PENDING = 1000
"""The most prompts whose new generation could not be written yet."""


class Look:
    """What a look into the store found, and whether this process may refresh it."""

    __slots__ = ("age_s", "data", "generation", "may_refresh", "prompt_id")

    def __init__(self) -> None:
        self.data: Any = None
        self.age_s: float = 0.0
        self.prompt_id: str | None = None
        self.generation: str | None = None
        self.may_refresh: bool = False


class FleetValues:
    """The prompts in a store. Its methods are work for :meth:`GuardedStore.run`; they raise ``StoreError``."""

    def __init__(
        self, store: GuardedStore, signing: SignedValues, *, ttl_s: float, stale_s: float, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._signing = signing
        self._ttl_s = ttl_s
        self._kept_s = min(ttl_s + stale_s, MAX_KEPT_S)
        self._now = now
        self._pending: dict[tuple[str, str], None] = {}
        self._ids: dict[tuple[str, str], str] = {}

    def outdate(self, project_id: str, prompt_id: str) -> None:
        """Use no value of this prompt until a new generation of it has been written. Does not call the store."""
        self._pending[project_id, prompt_id] = None
        for oldest in list(self._pending)[:-MAX_PENDING]:
            self._pending.pop(oldest, None)

    def look(self, key: Key, name: str) -> Look:
        """Look for a value; if there is none that is fresh, try to become the process that refreshes it."""
        look = Look()
        value = self._values_of(key, name, look)
        content = self._signing.verified(name, value)
        at, data, generation = content.get("at"), content.get("data"), content.get("generation")
        if type(at) is float and is_object(data) and isinstance(prompt_id := data.get("promptId"), str):
            if prompt_id != look.prompt_id:
                look.prompt_id = self._remember_id(key, prompt_id)
                look.generation = self._generation(key[0], prompt_id)
            age_s = self._now() - at
            usable = -MAX_SKEW_S <= age_s < self._kept_s
            if usable and isinstance(generation, str) and look.generation == generation:
                look.data, look.age_s = data, max(age_s, 0.0)
        if look.data is None or look.age_s >= self._ttl_s:
            look.may_refresh = self._take(self._lock_name(name))
        return look

    def _take(self, name: str) -> bool:
        """Return whether this process holds the lock of this name now; a foreign or old one does not count."""
        now, expires_s = self._now(), ceil(min(self._ttl_s, LOCK_S))
        token = self._signing.signed(name, {"at": now, "id": urandom(16).hex()}) or ""
        held = self._store.take(name, token, expires_s)
        if held is None or as_text(held) == token:
            return held is not None
        at = self._signing.verified(name, held).get("at")
        if type(at) is float and abs(now - at) < LOCK_S + MAX_SKEW_S:
            return False
        # Some stores do not let it expire, and who can write there could keep it forever.
        self._store.set(name, token, expires_s)
        return True

    def _values_of(self, key: Key, name: str, look: Look) -> object:
        """Return the value of a name; reads the generation with it if the id of the prompt is known."""
        prompt_id = self._ids.get(key[:2])
        if prompt_id is None:
            return self._store.get(name)
        generation_name = self._generation_name(key[0], prompt_id)
        value, generation = self._store.get_two(name, generation_name)
        look.prompt_id, look.generation = prompt_id, self._read_generation(generation_name, generation)
        return value

    def _remember_id(self, key: Key, prompt_id: str) -> str:
        if len(self._ids) >= MAX_KNOWN:
            self._ids.clear()
        self._ids[key[:2]] = prompt_id
        return prompt_id

    def keep(self, key: Key, name: str, look: Look, data: Any, began: float) -> None:
        """Keep what the server replied to a request that ``began`` then."""
        prompt_id, generation = data["promptId"], look.generation
        if look.prompt_id != prompt_id:
            # A generation that may have begun during the request is not that of the reply.
            generation = self._generation(key[0], self._remember_id(key, prompt_id), before=began - MAX_SKEW_S)
        # Without a generation nobody uses the value, but from it the next process knows the prompt before it asks.
        content = {"at": began, "data": data, "generation": generation}
        if value := self._signing.signed(name, content):
            self._store.set(name, value, ceil(self._kept_s))
        self._store.drop(self._lock_name(name))

    def give_up(self, name: str, *, outdated: bool) -> None:
        """Let others refresh a value, and remove it if it is ``outdated``."""
        if outdated:
            self._store.drop(name)
        self._store.drop(self._lock_name(name))

    def _lock_name(self, name: str) -> str:
        return self._signing.name("lock", name)

    def _generation(self, project_id: str, prompt_id: str, before: float = float("inf")) -> str | None:
        name = self._generation_name(project_id, prompt_id)
        return self._read_generation(name, self._store.get(name), before)

    def _generation_name(self, project_id: str, prompt_id: str) -> str:
        if (project_id, prompt_id) in self._pending:
            self.begin_generation(project_id, prompt_id)
        return self._signing.name("generation", project_id, prompt_id)

    def _read_generation(self, name: str, value: object, before: float = float("inf")) -> str | None:
        """Return the generation of a prompt, empty for the first; ``None`` if unknown, or not begun ``before``."""
        if value is None:
            return ""
        content = self._signing.verified(name, value)
        at, generation = content.get("at"), content.get("id")
        return generation if type(at) is float and at < before and isinstance(generation, str) else None

    def begin_generation(self, project_id: str, prompt_id: str) -> None:
        """Make all values of this prompt misses, in every process."""
        name = self._signing.name("generation", project_id, prompt_id)
        value = self._signing.signed(name, {"at": self._now(), "id": urandom(16).hex()})
        # Longer than any value of an older one.
        self._store.set(name, value or "", MAX_KEPT_S + 86_400)
        self._pending.pop((project_id, prompt_id), None)

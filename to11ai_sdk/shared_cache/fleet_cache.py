"""Looks for a prompt in the fleet's shared cache before it asks the API, and lets one process refresh it for all."""

from __future__ import annotations

import time
from functools import partial
from random import random

from .._http import exchange as clocks
from .._http.exchange import REQUEST_ID
from ..cache import PromptCache, is_outage, warn_of_outage
from ..errors import To11aiApiError, To11aiError, To11aiResponseValidationError
from ..resources.table import ENDPOINTS
from .fleet_values import LOCK_S, FleetValues, Look
from .guarded_store import GuardedStore
from .signed_values import SignedValues

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..cache import InFlight, Load
    from ..prompt_keys import Key
    from ..resources.endpoint import Endpoint
    from . import SharedCache

WAIT_S = 2.0
"""The most seconds a call waits for the process that fetches its prompt; then it asks the API, too."""
POLL_S, MAX_POLL_S = 0.02, 0.25
"""Seconds between two looks while waiting, at first and at last."""
RECHECK_S = 1.0
"""Seconds for which an expired prompt is served while another process refreshes it, before the next look."""


class _Bounded:
    """Fetches a prompt, and knows how long the whole call may take."""

    __slots__ = ("load", "total_s")

    def __init__(self, load: Load, total_s: float | None) -> None:
        self.load = load
        self.total_s = total_s

    def __call__(self, *, may_retry: bool = True, spent_s: float = 0.0) -> Any:
        return self.load(may_retry=may_retry, spent_s=spent_s)


class SharedPromptCache(PromptCache):
    """A :class:`PromptCache` with a second level, which the processes of a fleet share.

    ``row`` reads what was found, as it reads a reply. The arguments from ``now`` on are for tests.
    """

    def __init__(
        self,
        *,
        store: GuardedStore,
        values: SignedValues,
        row: Endpoint,
        now: Callable[[], float] = clocks.now,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random,
        **keeping: Any,
    ) -> None:
        super().__init__(**keeping)
        self._guarded = store
        self._values = values
        self._row = row
        self._now = now
        self._sleep = sleep
        self._jitter = jitter
        self._waits_from = float("-inf")
        self._fleet = FleetValues(store, values, ttl_s=self._ttl_s, stale_s=self._stale_s, now=now)

    def get(self, key: Key, load: Load, wait_timeout_s: float | None = None) -> Any:
        return super().get(key, _Bounded(load, wait_timeout_s), wait_timeout_s)

    def _load(self, key: Key, flight: InFlight, load: Any, *, may_retry: bool) -> Any:
        fetch: Any = partial(self._fetch, key, flight, load)
        return super()._load(key, flight, fetch, may_retry=may_retry)

    def _store(self, key: Key, flight: InFlight) -> None:
        entry = self._entries.get(key)
        if entry is None or entry.data is not flight.data:
            super()._store(key, flight)

    def forget(self, project_id: str, prompt_id: str, label: str | None = None) -> None:
        # Invalid arguments, which the call refused, may be of any type.
        if type(project_id) is str and type(prompt_id) is str:
            self._notice_fork()
            self._fleet.outdate(project_id, prompt_id)
            self._guarded.run(partial(self._fleet.begin_generation, project_id, prompt_id), is_write=True)
        # Last, so that no thread finds the old value there and keeps it here.
        super().forget(project_id, prompt_id, label)

    def _fetch(self, key: Key, flight: InFlight, load: _Bounded, *, may_retry: bool) -> Any:
        began = self._clock()
        name = self._values.name_of(key)
        if name is None:
            return load(may_retry=may_retry)
        # Without retries there is an old value here.
        look = self._look_or_wait(key, name, began, load.total_s, may_wait=may_retry)
        entry = self._entries.get(key)
        ask = partial(self._ask, key, name, flight, load=partial(load, spent_s=self._clock() - began))
        if look is None:
            # When the reply is there, the store may be back.
            return ask(Look(), may_retry=may_retry)
        flight.age_s = look.age_s
        if look.data is not None and look.age_s < self._ttl_s:
            return look.data
        if not look.may_refresh and look.data is not None:
            flight.extra_s = RECHECK_S
            return look.data
        if not look.may_refresh and not may_retry and entry is not None:
            entry.fresh_until = min(self._clock() + RECHECK_S, entry.stale_until)
            return entry.data
        return ask(look, may_retry=may_retry)

    def _look_or_wait(self, key: Key, name: str, began: float, total_s: float | None, *, may_wait: bool) -> Look | None:
        """Look for a value; if there is none and another process fetches it, wait for it."""
        until = began + min(WAIT_S, WAIT_S if total_s is None else total_s / 2)
        pause = POLL_S
        while True:
            # The imports of a first call could take longer than the store may.
            look: Look | None = self._guarded.run(partial(self._fleet.look, key, name), meanwhile=self._row.prepare)
            if look is None or look.may_refresh or look.data is not None or not may_wait:
                return self._checked(look)
            now = self._clock()
            if now < self._waits_from:
                return look
            if now + pause > until:
                # Whatever holds the lock does not deliver: do not wait for it with each prompt.
                self._waits_from = now + LOCK_S
                return look
            self._sleep(pause * (0.5 + self._jitter()))
            pause = min(pause * 1.5, MAX_POLL_S)

    def _checked(self, look: Look | None) -> Look | None:
        if look is not None and look.data is not None:
            try:
                request_id = look.data.get(REQUEST_ID)
                envelope = {"data": look.data, REQUEST_ID: request_id if isinstance(request_id, str) else None}
                look.data = self._row.cacheable(envelope)
            except To11aiResponseValidationError:
                # Of a version that keeps something else.
                look.data = None
        return look

    def _ask(
        self, key: Key, name: str, flight: InFlight, look: Look, load: Callable[..., Any], *, may_retry: bool
    ) -> Any:
        began = self._now()
        try:
            data = load(may_retry=may_retry and look.data is None)
        except To11aiError as error:
            if not is_outage(error):
                self._give_up(name, outdated=isinstance(error, To11aiApiError))
                raise
            if look.data is None:
                # The others have no value, either, so each must ask for itself.
                self._give_up(name, outdated=False)
                raise
            # The lock stays, so that in an outage the fleet asks no more than once in LOCK_S.
            flight.extra_s = self._ttl_s
            warn_of_outage(key, error)
            return look.data
        flight.age_s = 0.0
        self._guarded.run(partial(self._fleet.keep, key, name, look, data, began), is_write=True)
        return data

    def _give_up(self, name: str, *, outdated: bool) -> None:
        self._guarded.run(partial(self._fleet.give_up, name, outdated=outdated), is_write=True)


def shared_prompt_cache(
    *, store: SharedCache, timeout_s: float, api_key: str, base_url: str, **keeping: Any
) -> SharedPromptCache:
    """Return the cache of a client that shares its prompts through a store."""
    guarded = GuardedStore(store, timeout_s, clocks.monotonic)
    values = SignedValues(api_key, base_url)
    return SharedPromptCache(store=guarded, values=values, row=ENDPOINTS["prompts.resolve"], **keeping)

"""Caches resolved prompts: LRU and TTL, one request for concurrent misses, stale values in an outage."""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import Event, Lock

from ._http.exchange import monotonic
from .errors import To11aiApiError, To11aiError, To11aiNetworkError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from .prompt_keys import Key, SparePrompts

    class Load(Protocol):
        """Fetches the value of a key; see ``Transport.send``."""

        def __call__(self, *, may_retry: bool = True, spent_s: float = 0.0) -> Any: ...


def is_outage(error: To11aiError) -> bool:
    """Return whether the server is to blame for an error, not the call."""
    if isinstance(error, To11aiApiError):
        return error.status_code == 429 or 500 <= error.status_code <= 599
    return isinstance(error, To11aiNetworkError)


class _Entry:
    __slots__ = ("data", "fresh_until", "stale_until")

    def __init__(self, data: Any, fresh_until: float, stale_until: float) -> None:
        self.data = data
        self.fresh_until = fresh_until
        self.stale_until = stale_until


class InFlight:
    """A request in flight, and its result for all waiting threads.

    A result of another process has an age; though it has expired, it may count as fresh for ``extra_s``.
    """

    __slots__ = ("age_s", "data", "done", "error", "extra_s")

    def __init__(self) -> None:
        self.age_s: float = 0.0
        self.extra_s: float = 0.0
        self.done: Event = Event()
        self.data: Any = None
        self.error: To11aiError | None = None


class PromptCache:
    """Keeps decoded replies by key, which callers must not change, within the limits of ``create_client``.

    A hit takes no lock: the operations of ``OrderedDict`` are atomic. ``spares`` are the prompts of a snapshot.
    """

    def __init__(
        self,
        *,
        ttl_s: float,
        max_entries: int,
        stale_if_error_s: float,
        spares: SparePrompts | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._spares = spares
        self._ttl_s = ttl_s
        self._max_entries = max_entries
        self._stale_s = max(stale_if_error_s, 0.0)
        self._clock = clock
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._reset()

    def _reset(self) -> None:
        # In a new process no thread holds the lock or waits for it.
        self._lock = Lock()
        self._in_flight: dict[Key, InFlight] = {}
        # Last, so that no other thread of a child uses the old ones.
        self._pid = os.getpid()

    def _notice_fork(self) -> None:
        if self._pid != os.getpid():
            self._reset()

    def __len__(self) -> int:
        return len(self._entries)

    def fresh(self, key: Key) -> Any:
        """Return the value of a key if it is fresh."""
        entry = self._entries.get(key)
        if entry is None or self._clock() >= entry.fresh_until:
            return None
        try:  # noqa: SIM105 - suppress() costs a tenth of a hit
            self._entries.move_to_end(key)
        except KeyError:  # evicted by another thread meanwhile
            pass
        return entry.data

    def get(self, key: Key, load: Load, wait_timeout_s: float | None = None) -> Any:
        """Return the value of a key, loaded if necessary.

        Waits at most ``wait_timeout_s`` for another thread that is already loading it. Raises the error of ``load``
        unless a stale value may be served instead.
        """
        spares = self._spares
        # Another thread's first answer leaves the snapshot when it is in the cache, so look there afterwards.
        first = spares.first(key) if spares else None
        fresh = self.fresh(key)
        if fresh is not None:
            return fresh
        entry = self._entries.get(key)
        if entry is not None and (now := self._clock()) < entry.stale_until:
            # Another thread may have stored it since the look above.
            return entry.data if now < entry.fresh_until else self._refresh(key, entry, load)
        if spares and first:
            return self._keep_spare(spares, key, first)
        if self._ttl_s <= 0 or self._max_entries <= 0:
            return load()
        return self._miss(key, load, wait_timeout_s)

    def _land(self, key: Key, flight: InFlight) -> None:
        """End a request in flight; callers do it twice, because a signal handler may raise in the first."""
        if self._in_flight.get(key) is flight:
            self._in_flight.pop(key, None)  # which forget() may have done meanwhile
        flight.done.set()

    def _miss(self, key: Key, load: Load, wait_timeout_s: float | None) -> Any:
        while True:
            self._notice_fork()
            new = InFlight()
            try:
                flight = self._in_flight.setdefault(key, new)
                if flight is new:
                    return self._load(key, new, load, may_retry=True)
            finally:
                self._land(key, new)
            if not flight.done.wait(wait_timeout_s):
                late = To11aiNetworkError("another thread's request for this prompt had no reply in total_timeout_s")
                late.elapsed_s = wait_timeout_s or 0.0
                raise late
            if flight.error is not None:
                # A copy: raising one object in two threads mixes up their tracebacks.
                raise flight.error.__copy__()
            if flight.data is not None:
                return flight.data
            # The loading thread was interrupted: load the value here.

    def _refresh(self, key: Key, entry: _Entry, load: Load) -> Any:
        self._notice_fork()
        new = InFlight()
        try:
            if self._in_flight.setdefault(key, new) is not new:
                return entry.data
            # The next refresh is the retry.
            return self._load(key, new, load, may_retry=False)
        except To11aiError as error:
            if not is_outage(error):
                if isinstance(error, To11aiApiError):
                    self._entries.pop(key, None)
                raise
            entry.fresh_until = min(self._clock() + self._ttl_s, entry.stale_until)
            warn_of_outage(key, error)
            return entry.data
        finally:
            self._land(key, new)

    def _load(self, key: Key, flight: InFlight, load: Load, *, may_retry: bool) -> Any:
        try:
            flight.data = load(may_retry=may_retry)
            self._store(key, flight)
            return flight.data
        except To11aiError as error:
            flight.error = error
            raise
        finally:
            self._land(key, flight)

    def _store(self, key: Key, flight: InFlight) -> None:
        now = self._clock()
        expires = now - flight.age_s + self._ttl_s
        stale_until = expires + self._stale_s
        fresh_until = min(max(expires, now + flight.extra_s), stale_until)
        with self._lock:
            # If it was forgotten meanwhile, its value may be outdated.
            if self._in_flight.get(key) is flight:
                self._put(key, _Entry(flight.data, fresh_until, stale_until))

    def _put(self, key: Key, entry: _Entry) -> None:
        self._entries[key] = entry
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    def spare(self, key: Key | None, error: To11aiError, *, keep: bool) -> Any:
        """Return what the snapshot has for a prompt if an outage is to blame for this error, and ``keep`` it here.

        An error of the API about the call itself outdates the snapshot's prompt, as it does a cached one.
        """
        if self._spares is None or key is None:
            return None
        if not is_outage(error):
            if isinstance(error, To11aiApiError):
                self._spares.drop(key)
            return None
        data = self._spares.in_outage(key, error, self._clock())
        return self._keep_spare(self._spares, key, data) if keep and data is not None else data

    def _keep_spare(self, spares: SparePrompts, key: Key, data: Any) -> Any:
        self._notice_fork()
        now = self._clock()
        with self._lock:
            entry = self._entries.get(key)
            # Another thread may have fetched it, or moved its label, meanwhile.
            missing = (entry is None or now >= entry.stale_until) and spares.find(key) is not None
            if missing and self._ttl_s > 0 and self._max_entries > 0:
                self._put(key, _Entry(data, now + self._ttl_s, now + self._ttl_s + self._stale_s))
        # Last, so that no other thread finds it neither here nor there.
        spares.answered(key)
        return data

    def forget(self, project_id: str, prompt_id: str, label: str | None = None) -> None:
        """Drop a prompt, for one label or all, and do not keep the result of a request in flight."""

        def concerns(key: Key) -> bool:
            return key[0] == project_id and (label is None or label in key[2])

        self._notice_fork()
        with self._lock:
            if self._spares is not None:
                self._spares.forget(project_id, prompt_id, label)
            for key in filter(concerns, list(self._in_flight)):
                self._in_flight.pop(key, None)
            for key in filter(concerns, list(self._entries)):
                if (entry := self._entries.get(key)) and entry.data.get("promptId") == prompt_id:
                    self._entries.pop(key, None)


def warn_of_outage(key: Key, error: To11aiError, kept: str = "expired") -> None:
    """Log that a prompt that was kept is served."""
    from logging import getLogger

    text = "serving the %s prompt %r of project %r, because the server did not give it: %s"
    getLogger("to11ai_sdk").warning(text, kept, key[1], key[0], error)

"""Caches resolved prompts: LRU and TTL, one request for concurrent misses, stale values in an outage."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import lru_cache
from operator import itemgetter
from threading import Event, Lock

from ._http.encoding import canonical
from ._http.exchange import monotonic
from ._http.process_safety import from_handler
from .errors import To11aiApiError, To11aiError, To11aiNetworkError
from .json_types import is_sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol

    Key = tuple[str, str, tuple[str, ...], object]

    class Load(Protocol):
        """Fetches the value of a key from the server.

        ``may_retry=False`` makes a single attempt; ``spent_s`` of the time that the call may take have passed already.
        """

        def __call__(self, *, may_retry: bool = True, spent_s: float = 0.0) -> Any: ...


# Not float: 0.0 equals -0.0, and they render differently.
_SCALARS = frozenset({str, int, bool, type(None)})


def prompt_key(project_id: str, slug: str, labels: Sequence[str], variables: Mapping[str, Any] | None) -> Key | None:
    """Return the cache key of a prompt; ``None`` for invalid arguments, which the call itself will refuse.

    The order of labels matters, the order of variables does not; ``1``, ``1.0`` and ``True`` differ, as in JSON.
    """
    # Test for a list first: a check against an abstract class costs a tenth of a hit.
    if not (isinstance(labels, list) or is_sequence(labels)):
        return None
    try:
        key = (project_id, slug, tuple(labels), _variables_key(variables) if variables else None)
        hash(key)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as exc:
        if from_handler(exc):
            raise
        return None
    return key


def _variables_key(variables: Mapping[str, Any]) -> object:
    names, values_of = _sorted_getter(tuple(variables))
    values = values_of(variables)
    types = {*map(type, values)}
    if not _SCALARS.issuperset(types):
        return canonical(variables)
    kinds = types.pop() if len(types) == 1 else tuple(map(type, values))
    # A frozenset keeps its hash, which a hit needs three times.
    return frozenset(((names, kinds, values),))


@lru_cache(maxsize=128)
def _sorted_getter(names: tuple[str, ...]) -> tuple[frozenset[str], Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """Return the set of names, and a getter of their values in an order that is the same for equal sets."""
    first, *others = sorted(names)
    # The first name twice, so that a single name gives a tuple, too.
    return frozenset(names), itemgetter(first, first, *others)


def is_outage(error: To11aiError) -> bool:
    """Return whether the server is to blame for an error (network, 5xx, 429), not the call."""
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

    A result that another process fetched has an age; though it has expired, it may count as fresh for ``extra_s``.
    """

    __slots__ = ("age_s", "data", "done", "error", "extra_s")

    def __init__(self) -> None:
        self.age_s: float = 0.0
        self.extra_s: float = 0.0
        self.done: Event = Event()
        self.data: Any = None
        self.error: To11aiError | None = None


class PromptCache:
    """Keeps decoded replies by key; callers build models from a reply and must not change it.

    A value is fresh for ``ttl_s``, and may be served for ``stale_if_error_s`` longer in an outage. Beyond
    ``max_entries`` the least recently used is dropped. 0 or less in either switches the cache off. A hit takes no lock:
    the operations of ``OrderedDict`` are atomic.
    """

    def __init__(
        self, *, ttl_s: float, max_entries: int, stale_if_error_s: float, clock: Callable[[], float] = monotonic
    ) -> None:
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
        fresh = self.fresh(key)
        if fresh is not None:
            return fresh
        entry = self._entries.get(key)
        if entry is not None and self._clock() < entry.stale_until:
            return self._refresh(key, entry, load)
        if self._ttl_s <= 0 or self._max_entries <= 0:
            return load()
        return self._miss(key, load, wait_timeout_s)

    def _join(self, key: Key) -> tuple[InFlight, bool]:
        """Return the request in flight for a key, and whether it is new: then the caller must load the value."""
        self._notice_fork()
        new = InFlight()
        joined = self._in_flight.setdefault(key, new)
        return joined, joined is new

    def _miss(self, key: Key, load: Load, wait_timeout_s: float | None) -> Any:
        while True:
            flight, is_new = self._join(key)
            if is_new:
                return self._load(key, flight, load, may_retry=True)
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
        flight, is_new = self._join(key)
        if not is_new:
            return entry.data
        try:
            # With a stale value available, retries would only add load: the next refresh is the retry.
            return self._load(key, flight, load, may_retry=False)
        except To11aiError as error:
            if not is_outage(error):
                if isinstance(error, To11aiApiError):
                    self._entries.pop(key, None)
                raise
            entry.fresh_until = min(self._clock() + self._ttl_s, entry.stale_until)
            warn_of_outage(key, error)
            return entry.data

    def _load(self, key: Key, flight: InFlight, load: Load, *, may_retry: bool) -> Any:
        try:
            flight.data = load(may_retry=may_retry)
            self._store(key, flight)
            return flight.data
        except To11aiError as error:
            flight.error = error
            raise
        finally:
            if self._in_flight.get(key) is flight:
                del self._in_flight[key]
            flight.done.set()

    def _store(self, key: Key, flight: InFlight) -> None:
        now = self._clock()
        expires = now - flight.age_s + self._ttl_s
        stale_until = expires + self._stale_s
        fresh_until = min(max(expires, now + flight.extra_s), stale_until)
        with self._lock:
            # If it was forgotten meanwhile, its value may be outdated.
            if self._in_flight.get(key) is flight:
                self._entries[key] = _Entry(flight.data, fresh_until, stale_until)
                self._entries.move_to_end(key)
                while len(self._entries) > self._max_entries:
                    self._entries.popitem(last=False)

    def forget(self, project_id: str, prompt_id: str, label: str | None = None) -> None:
        """Drop a prompt, for one label or all, and do not keep the result of a request in flight."""

        def concerns(key: Key) -> bool:
            return key[0] == project_id and (label is None or label in key[2])

        self._notice_fork()
        with self._lock:
            for key in filter(concerns, list(self._in_flight)):
                self._in_flight.pop(key, None)
            for key in filter(concerns, list(self._entries)):
                if self._entries[key].data.get("promptId") == prompt_id:
                    del self._entries[key]


def warn_of_outage(key: Key, error: To11aiError) -> None:
    """Log that an expired prompt is served."""
    from logging import getLogger

    getLogger("to11ai_sdk").warning(
        "serving the expired prompt %r of project %r, because a refresh failed: %s", key[1], key[0], error
    )

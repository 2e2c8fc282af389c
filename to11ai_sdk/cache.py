"""The cache of resolved prompts: LRU + TTL, one request for concurrent misses, the old value in an outage."""

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
        """Fetches the value of a key from the server; with ``retry=False`` in one attempt."""

        def __call__(self, *, retry: bool = True) -> Any: ...


# Not float: 0.0 equals -0.0, and they render differently.
_SCALARS = frozenset({str, int, bool, type(None)})


def prompt_key(project_id: str, slug: str, labels: Sequence[str], variables: Mapping[str, Any] | None) -> Key | None:
    """Return the key of a resolved prompt, ``None`` for arguments that have none: they are refused when they are sent.

    The order of the labels counts, that of the variables does not; ``1``, ``1.0`` and ``True`` differ, as in JSON.
    """
    # A list first: to ask an abstract class costs a tenth of a hit.
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
    names, in_order = _in_order(tuple(variables))
    values = in_order(variables)
    types = {*map(type, values)}
    if not _SCALARS.issuperset(types):
        return canonical(variables)
    kinds = types.pop() if len(types) == 1 else tuple(map(type, values))
    # A frozenset keeps its hash, which three look-ups of a hit ask for.
    return frozenset(((names, kinds, values),))


@lru_cache(maxsize=128)
def _in_order(names: tuple[str, ...]) -> tuple[frozenset[str], Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """Return a set of names, and what takes their values in one order, whatever order they came in."""
    first, *others = sorted(names)
    # Twice, so that one name gives a tuple, too.
    return frozenset(names), itemgetter(first, first, *others)


def is_outage(error: To11aiError) -> bool:
    """Whether an error says that the server is in trouble (network, 5xx, 429), and nothing about the call."""
    if isinstance(error, To11aiApiError):
        return error.status_code == 429 or 500 <= error.status_code <= 599
    return isinstance(error, To11aiNetworkError)


class _Entry:
    __slots__ = ("data", "fresh_until", "stale_until")

    def __init__(self, data: Any, fresh_until: float, stale_until: float) -> None:
        self.data = data
        self.fresh_until = fresh_until
        self.stale_until = stale_until


class _Flight:
    """One request under way, and what those who wait for it will get."""

    __slots__ = ("data", "done", "error")

    def __init__(self) -> None:
        self.done = Event()
        self.data: Any = None
        self.error: To11aiError | None = None


class PromptCache:
    """Decoded replies by key; whoever reads one builds a model of it and must not change the reply itself.

    A hit takes no lock: the operations of ``OrderedDict`` are atomic.

    Args:
        ttl_s: seconds a value is fresh; 0 or less switches the cache off.
        max_entries: how many values are kept, least recently used out first; 0 or less switches the cache off.
        stale_if_error_s: seconds past its freshness for which a value is served in an outage.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        *,
        ttl_s: float,
        max_entries: int,
        stale_if_error_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._ttl_s = ttl_s
        self._max_entries = max_entries
        self._stale_s = max(stale_if_error_s, 0.0)
        self._clock = clock
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._start_over()

    def _start_over(self) -> None:
        """Forget who holds the lock or is under way: true of a new process only."""
        self._lock = Lock()
        self._flights: dict[Key, _Flight] = {}
        # Last, so that no other thread of a child takes the old ones for its own.
        self._pid = os.getpid()

    def _notice_fork(self) -> None:
        if self._pid != os.getpid():
            self._start_over()

    def __len__(self) -> int:
        return len(self._entries)

    def fresh(self, key: Key) -> Any:
        """The value of a key if it is fresh, else ``None``."""
        entry = self._entries.get(key)
        if entry is None or self._clock() >= entry.fresh_until:
            return None
        try:  # noqa: SIM105 - suppress() costs a tenth of a hit
            self._entries.move_to_end(key)
        except KeyError:  # evicted by another thread since
            pass
        return entry.data

    def get(self, key: Key, load: Load, patience_s: float | None = None) -> Any:
        """The value of a key, loaded if need be.

        Args:
            key: what :func:`prompt_key` made.
            load: fetches the value.
            patience_s: seconds to wait for another thread that fetches it already; ``None`` for as long as it takes.

        Raises:
            To11aiError: what ``load`` raised, unless an old value may be served instead.
        """
        fresh = self.fresh(key)
        if fresh is not None:
            return fresh
        entry = self._entries.get(key)
        if entry is not None and self._clock() < entry.stale_until:
            return self._refresh(key, entry, load)
        if self._ttl_s <= 0 or self._max_entries <= 0:
            return load()
        return self._miss(key, load, patience_s)

    def _board(self, key: Key) -> tuple[_Flight, bool]:
        """The flight for a key, and whether the caller is the one to fly it."""
        self._notice_fork()
        flight = _Flight()
        boarded = self._flights.setdefault(key, flight)
        return boarded, boarded is flight

    def _miss(self, key: Key, load: Load, patience_s: float | None) -> Any:
        while True:
            flight, leads = self._board(key)
            if leads:
                return self._fly(key, flight, load, retry=True)
            if not flight.done.wait(patience_s):
                late = To11aiNetworkError("another thread asks for the same prompt and got no reply in total_timeout_s")
                late.elapsed_s = patience_s or 0.0
                raise late
            if flight.error is not None:
                # A copy: raising one object in two threads mixes up their tracebacks.
                raise flight.error.__copy__()
            if flight.data is not None:
                return flight.data
            # Whoever flew it was interrupted: fly it ourselves.

    def _refresh(self, key: Key, entry: _Entry, load: Load) -> Any:
        flight, leads = self._board(key)
        if not leads:
            return entry.data
        try:
            # With an old value at hand retries would only add load: the next refresh is the retry.
            return self._fly(key, flight, load, retry=False)
        except To11aiError as error:
            if not is_outage(error):
                if isinstance(error, To11aiApiError):
                    self._entries.pop(key, None)
                raise
            entry.fresh_until = min(self._clock() + self._ttl_s, entry.stale_until)
            _warn(key, error)
            return entry.data

    def _fly(self, key: Key, flight: _Flight, load: Load, *, retry: bool) -> Any:
        try:
            flight.data = load(retry=retry)
            self._store(key, flight)
            return flight.data
        except To11aiError as error:
            flight.error = error
            raise
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
            flight.done.set()

    def _store(self, key: Key, flight: _Flight) -> None:
        fresh_until = self._clock() + self._ttl_s
        with self._lock:
            # A flight that was forgotten meanwhile may carry what was true before.
            if self._flights.get(key) is flight:
                self._entries[key] = _Entry(flight.data, fresh_until, fresh_until + self._stale_s)
                self._entries.move_to_end(key)
                while len(self._entries) > self._max_entries:
                    self._entries.popitem(last=False)

    def forget(self, project_id: str, prompt_id: str, label: str | None = None) -> None:
        """Drop what is kept of a prompt, of one label or of all, and keep nothing that is under way."""

        def concerns(key: Key) -> bool:
            return key[0] == project_id and (label is None or label in key[2])

        self._notice_fork()
        with self._lock:
            for key in filter(concerns, list(self._flights)):
                self._flights.pop(key, None)
            for key in filter(concerns, list(self._entries)):
                if self._entries[key].data.get("promptId") == prompt_id:
                    del self._entries[key]


def _warn(key: Key, error: To11aiError) -> None:
    from logging import getLogger

    getLogger("to11ai_sdk").warning(
        "serving the cached prompt %r of project %r past its time, because a refresh failed: %s",
        key[1],
        key[0],
        error,
    )

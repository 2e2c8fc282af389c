"""The responses that ``echo`` keeps, so that later requests can go on from them and name their items by id.

Source: https://platform.openai.com/docs/guides/conversation-state.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from ..formats.common import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 1_000
MOST_BYTES = 16 * 1024 * 1024


class _Kept(NamedTuple):
    previous: str | None
    given: tuple[Any, ...]
    output: tuple[dict[str, Any], ...]
    size: int


class KeptResponses:
    """The latest responses of a provider, as many as fit; used by many threads at once.

    Args:
        most: how many are kept.
        most_bytes: how many bytes of JSON their items may have together.
    """

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._responses: OrderedDict[str, _Kept] = OrderedDict()
        self._items: dict[str, dict[str, Any]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(
        self, response_id: str, previous: str | None, given: Sequence[Any], output: Sequence[dict[str, Any]]
    ) -> None:
        """Keep a response: the one before it, the items of its input and those of its output."""
        row = _Kept(previous, tuple(given), tuple(output), len(encode([*given, *output])))
        if row.size > self._most_bytes:
            return
        with self._lock:
            self._responses[response_id] = row
            self._items.update({item["id"]: item for item in output})
            self._bytes += row.size
            while len(self._responses) > self._most or self._bytes > self._most_bytes:
                self._drop_oldest()

    def history(self, response_id: str) -> list[Any] | None:
        """Return all items up to a response and its output, ``None`` if it or one before it is not kept."""
        chain: list[str] = []
        place: str | None = response_id
        with self._lock:
            while place is not None:
                if place not in self._responses:
                    return None
                chain.append(place)
                place = self._responses[place].previous
            # The latest in use is dropped last, and of one conversation its beginning first.
            for place in reversed(chain):
                self._responses.move_to_end(place)
            rows = [self._responses[place] for place in reversed(chain)]
        return [item for row in rows for item in (*row.given, *row.output)]

    def item(self, item_id: str) -> dict[str, Any] | None:
        """Return an item of a kept response's output."""
        with self._lock:
            return self._items.get(item_id)

    def _drop_oldest(self) -> None:
        _, row = self._responses.popitem(last=False)
        self._bytes -= row.size
        for item in row.output:
            self._items.pop(item["id"], None)

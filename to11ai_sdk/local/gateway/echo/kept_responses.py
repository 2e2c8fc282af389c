"""Keeps the latest responses of ``echo`` in memory, so that later requests can continue them and refer to their items.

Source: https://platform.openai.com/docs/guides/conversation-state.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from ...bounds import MAX_KEPT_RESPONSES, MAX_KEPT_RESPONSES_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Kept(NamedTuple):
    previous: str | None
    items: bytes
    names: tuple[str, ...]
    size: int


class KeptResponses:
    """The latest responses of a provider, as many as fit; threads may share it.

    Args:
        most: how many are kept.
        most_bytes: how many bytes of JSON their items may have together.
    """

    def __init__(self, most: int = MAX_KEPT_RESPONSES, most_bytes: int = MAX_KEPT_RESPONSES_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._responses: OrderedDict[str, _Kept] = OrderedDict()
        self._items: dict[str, bytes] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(
        self, response_id: str, previous: str | None, given: Sequence[Any], output: Sequence[dict[str, Any]]
    ) -> None:
        """Keep a response: the id of the one before it, and the items of its input and output."""
        # Bytes take exactly the memory that is counted; objects would take many times that.
        made = {item["id"]: json.dumps(item).encode() for item in output}
        items = json.dumps([*given, *output]).encode()
        row = _Kept(previous, items, tuple(made), len(items) + sum(map(len, made.values())))
        if row.size > self._most_bytes:
            return
        with self._lock:
            self._responses[response_id] = row
            self._items.update(made)
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
            # The most recently used is dropped last, and a conversation's beginning first.
            for place in reversed(chain):
                self._responses.move_to_end(place)
            rows = [self._responses[place] for place in reversed(chain)]
        return [item for row in rows for item in json.loads(row.items)]

    def item(self, item_id: str) -> dict[str, Any] | None:
        """Return an item of a kept response's output."""
        with self._lock:
            found = self._items.get(item_id)
        return None if found is None else json.loads(found)

    def _drop_oldest(self) -> None:
        _, row = self._responses.popitem(last=False)
        self._bytes -= row.size
        for name in row.names:
            self._items.pop(name, None)

"""Keeps the responses of ``echo``, and its counts of failures, in the database, too, for other processes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ... import bounds
from ...store import StorageProblem, echo_records
from ..echo.context import Tally
from ..echo.kept_responses import KeptResponses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...store import Store
    from ...store.echo_records import Place

_LONGEST_ID = 200


class StoredResponses(KeptResponses):
    """The latest responses of a provider: first those of this process, then all those in the database.

    A response is written before it is answered, because the next call may reach another process at once. While the
    database cannot be written, responses are kept in this process only.

    Args:
        store: the database.
        place: the project and the provider.
    """

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__()
        self._store = store
        self._place = place

    def keep(
        self, response_id: str, previous: str | None, given: Sequence[Any], output: Sequence[dict[str, Any]]
    ) -> None:
        """Keep a response: the id of the one before it, and the items of its input and output."""
        super().keep(response_id, previous, given, output)
        content = json.dumps([*given, *output]).encode()
        if len(content) > bounds.MAX_KEPT_RESPONSES_BYTES:
            return
        row = {"id": response_id, "previous_id": previous, "size": len(content), "content": content}
        places = {item["id"]: place for place, item in enumerate(output, len(given))}
        try:
            with self._store.records(bounds.ECHO_WAIT_S, synced=False) as tx:
                echo_records.keep_response(tx, self._place, row, places, bounds.MAX_KEPT_RESPONSES)
                most = (bounds.MAX_KEPT_RESPONSES, bounds.MAX_KEPT_RESPONSES_BYTES)
                echo_records.drop_responses_over(tx, self._place, *most)
        except StorageProblem:
            return  # the store has logged it

    def history(self, response_id: str) -> list[Any] | None:
        """Return all items up to a response and its output, ``None`` if it or one before it is not kept."""
        found = super().history(response_id)
        if found is not None or not _may_be_ours(response_id):
            return found
        try:
            with self._store.transaction(write=False) as tx:
                rows = echo_records.chain(tx, self._place, response_id, bounds.MAX_KEPT_RESPONSES)
        except StorageProblem:
            return None
        if not rows or rows[0]["previous_id"] is not None:
            return None
        return [item for row in rows for item in json.loads(row["content"])]

    def item(self, item_id: str) -> dict[str, Any] | None:
        """Return an item of a kept response's output."""
        found = super().item(item_id)
        if found is not None or not _may_be_ours(item_id):
            return found
        try:
            with self._store.transaction(write=False) as tx:
                row = echo_records.item(tx, self._place, item_id)
        except StorageProblem:
            return None
        return None if row is None else json.loads(row["content"])[row["place"]]


class StoredTally(Tally):
    """Counts in the database how often each request with ``times=`` has failed; in this process while it cannot.

    Args:
        store: the database.
        place: the project and the provider.
    """

    def __init__(self, store: Store, place: Place) -> None:
        super().__init__()
        self._store = store
        self._place = place

    def add(self, body: bytes) -> int:
        """Count a request, and return how often it has come, this time included."""
        here = super().add(body)
        try:
            with self._store.records(bounds.ECHO_WAIT_S, synced=False) as tx:
                digest = hashlib.sha256(body).hexdigest()
                return echo_records.count_failure(tx, self._place, digest, bounds.MAX_TALLIES)
        except StorageProblem:
            return here


def _may_be_ours(name: str) -> bool:
    """Whether an id that a caller gives may be one of ours; others may hold what a database refuses."""
    return len(name) <= _LONGEST_ID and name.isascii() and name.isprintable()

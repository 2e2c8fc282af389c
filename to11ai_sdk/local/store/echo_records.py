"""Stores what echo keeps for later requests: its responses, and how often requests have failed on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .transaction import Row, Transaction

    Place = Mapping[str, str]
    """The project and the provider: ``project_id`` and ``provider_id``."""

_OURS = "project_id = :project_id AND provider_id = :provider_id"
_CHAIN = """
WITH RECURSIVE chain (id, previous_id, content, depth) AS (
    SELECT id, previous_id, content, 0 FROM gateway_responses
    WHERE project_id = :project_id AND provider_id = :provider_id AND id = :response_id
    UNION ALL
    SELECT before.id, before.previous_id, before.content, depth + 1
    FROM chain JOIN gateway_responses AS before ON before.id = chain.previous_id
    WHERE before.project_id = :project_id AND before.provider_id = :provider_id AND depth < :most
)
"""


def chain(tx: Transaction, place: Place, response_id: str, most: int) -> list[Row]:
    """Return a response and those before it, the first one first, as far as they are kept."""
    sql = "SELECT previous_id, content FROM chain ORDER BY depth DESC"
    return tx.all(_CHAIN + sql, **place, response_id=response_id, most=most)


def item(tx: Transaction, place: Place, item_id: str) -> Row | None:
    """Return the items of the response that has an item, and its place among them."""
    return tx.one(
        """SELECT content, place FROM gateway_response_items AS one
        JOIN gateway_responses AS r
        ON r.id = one.response_id AND r.project_id = one.project_id AND r.provider_id = one.provider_id
        WHERE one.project_id = :project_id AND one.provider_id = :provider_id AND one.id = :item_id""",
        **place,
        item_id=item_id,
    )


def keep_response(tx: Transaction, place: Place, row: Row, items: Mapping[str, int], most: int) -> None:
    """Write a response as the most recently used one, and those before it as used, too.

    Args:
        tx: the transaction.
        place: whose response it is.
        row: the response.
        items: the places of its items, by id.
        most: how many responses before it count as used at most.
    """
    # After a restart, the same request has the same id.
    _delete(tx, place, row["id"])
    used = tx.value(f"SELECT coalesce(max(used), 0) + 1 FROM gateway_responses WHERE {_OURS}", **place)  # noqa: S608
    if row["previous_id"] is not None:
        tx.run(
            f"UPDATE gateway_responses SET used = :used WHERE {_OURS} AND id IN ({_CHAIN} SELECT id FROM chain)",  # noqa: S608
            **place,
            used=used,
            response_id=row["previous_id"],
            most=most,
        )
    tx.insert("gateway_responses", {**place, **row, "used": used})
    tx.run_many(
        """INSERT INTO gateway_response_items (project_id, provider_id, id, response_id, place) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (project_id, provider_id, id) DO UPDATE SET response_id = excluded.response_id,
        place = excluded.place""",
        [(place["project_id"], place["provider_id"], item_id, row["id"], at) for item_id, at in items.items()],
    )


def drop_responses_over(tx: Transaction, place: Place, most: int, most_bytes: int) -> None:
    """Delete the least recently used responses beyond a number, and beyond this many bytes."""
    sql = f"SELECT count(*) AS number, coalesce(sum(size), 0) AS size FROM gateway_responses WHERE {_OURS}"  # noqa: S608
    totals = tx.one(sql, **place) or {}
    number, size = totals["number"], totals["size"]
    while number > most or size > most_bytes:
        sql = f"SELECT id, size FROM gateway_responses WHERE {_OURS} ORDER BY used, sequence LIMIT 1"  # noqa: S608
        oldest = tx.one(sql, **place) or {}
        _delete(tx, place, oldest["id"])
        number, size = number - 1, size - oldest["size"]


def count_failure(tx: Transaction, place: Place, digest: str, most: int) -> int:
    """Count a request that fails on purpose; return how often it has come, of the latest ``most`` requests."""
    key = f"{_OURS} AND digest = :digest"
    times = int(tx.value(f"SELECT times FROM gateway_tallies WHERE {key}", **place, digest=digest) or 0) + 1  # noqa: S608
    tx.run(f"DELETE FROM gateway_tallies WHERE {key}", **place, digest=digest)  # noqa: S608
    tx.insert("gateway_tallies", {**place, "digest": digest, "times": times})
    tx.run(
        f"""DELETE FROM gateway_tallies WHERE sequence <= (
            SELECT sequence FROM gateway_tallies WHERE {_OURS} ORDER BY sequence DESC LIMIT 1 OFFSET :most
        ) AND {_OURS}""",  # noqa: S608
        **place,
        most=most,
    )
    return times


def _delete(tx: Transaction, place: Place, response_id: str) -> None:
    of_response = f"DELETE FROM gateway_response_items WHERE {_OURS} AND response_id = :response_id"  # noqa: S608
    tx.run(of_response, **place, response_id=response_id)
    tx.run(f"DELETE FROM gateway_responses WHERE {_OURS} AND id = :response_id", **place, response_id=response_id)  # noqa: S608

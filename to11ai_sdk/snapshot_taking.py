"""Asks the server for the prompts of a new snapshot."""

from __future__ import annotations

import json

from ._http.encoding import canonical
from ._http.exchange import REQUEST_ID
from ._http.headers import SHORTEST_SECRET
from .errors import To11aiApiError, To11aiError
from .json_types import is_mapping, is_sequence
from .resources.table import ENDPOINTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .client import To11aiClient

UNLABELLED = ("PROMPT_NOT_FOUND", "PROMPT_LABELS_NOT_FOUND")
UNRENDERED = (400, 422)


def taken(
    client: To11aiClient,
    project_id: str,
    labels: Sequence[str],
    slugs: Iterable[str] | None,
    variables: Mapping[str, Any],
    *,
    partial: bool,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the entries of a snapshot, without hashes, and the slugs that were left out."""
    sets = _sets(variables)
    wanted = _wanted(client, project_id, slugs)
    if unknown := ", ".join(repr(slug) for slug in sets.keys() - set(wanted)):
        raise ValueError(f"variables: no prompt to take has the slug {unknown:.300}")
    entries: list[dict[str, Any]] = []
    failed: dict[str, To11aiApiError] = {}
    for slug in wanted:
        try:
            entries += [_entry(client, project_id, slug, labels, given) for given in sets.get(slug, [{}])]
        except To11aiError as error:
            if isinstance(error, To11aiApiError) and error.status_code in UNRENDERED:
                failed[slug] = error
            elif slugs is not None or slug in sets or not _is_unlabelled(error):
                error.args = (f"the prompt {slug!r:.100}: {error}",)
                raise
    if failed and not (partial and entries):
        raise ValueError(_advice(failed)) from next(iter(failed.values()))
    if not entries:
        raise ValueError(f"no prompt of the project can be taken for the labels {', '.join(labels):.300}")
    return entries, list(failed)


def _is_unlabelled(error: To11aiError) -> bool:
    # Some servers have the exact code in the details.
    details = getattr(error, "details", None)
    inner = details.get("code") if is_mapping(details) else None
    return getattr(error, "error_code", None) in UNLABELLED or inner in UNLABELLED


def _sets(variables: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    if not is_mapping(variables):
        raise TypeError(f"variables must be a mapping by slug, not {type(variables).__name__}")
    found: dict[str, list[Mapping[str, Any]]] = {}
    for slug, given in variables.items():
        found[slug] = list(given) if is_sequence(given) else [given]
        if not found[slug] or not all(map(is_mapping, found[slug])):
            raise TypeError(f"variables: those of {slug!r:.100} must be a mapping, or a list of mappings")
    return found


def _wanted(client: To11aiClient, project_id: str, slugs: Iterable[str] | None) -> list[str]:
    if isinstance(slugs, str):
        raise TypeError("slugs must be a list, not one str")
    if slugs is None:
        prompts = client.prompts.iter(project_id=project_id)
        slugs = (prompt.slug for prompt in prompts if prompt.status != "archived")
    return list(dict.fromkeys(slugs))


def _entry(
    client: To11aiClient, project_id: str, slug: str, labels: Sequence[str], given: Mapping[str, Any]
) -> dict[str, Any]:
    row = ENDPOINTS["prompts.resolve"]
    variables = json.loads(canonical(given))
    call = {"project_id": project_id, "slug": slug, "labels": labels, "variables": variables or None}
    # Not client.prompts.resolve: in an outage that might give what an older snapshot has.
    prompt = client._send(row, call, row.cacheable)  # pyright: ignore[reportPrivateUsage]
    # New each time, which would be noise in a diff.
    del prompt[REQUEST_ID]
    entry = {"projectId": project_id, "slug": slug, "labels": labels, "variables": variables, "prompt": prompt}
    text = canonical(entry)
    key = client._transport.api_key  # pyright: ignore[reportPrivateUsage]
    if len(key) >= SHORTEST_SECRET and json.dumps(key)[1:-1] in text:
        raise ValueError(f"the prompt {slug!r:.100} or its variables hold the API key, which must not be in a snapshot")
    plain = json.loads(text)
    return {name: plain[name] for name in entry}


def _advice(failed: Mapping[str, To11aiApiError]) -> str:
    reasons = "; ".join(f"{slug}: {error}" for slug, error in failed.items())
    return (
        f"prompts that cannot be rendered: {reasons:.2000}; give their variables, name the slugs to take, or "
        "leave these out (partial)"
    )

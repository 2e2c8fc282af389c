"""Keep to11's own keys from the providers, wherever a caller put them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from ....gateway import MANAGED_KEY
from ...http.request_log import PROVIDER_KEYS

if TYPE_CHECKING:
    from ..incoming import Incoming

_WORD = re.compile(r"[^\s,;:=\"']+")


def without_ours(incoming: Incoming) -> Incoming:
    """The request without the headers and the parts of its query that hold the caller's to11 key.

    Where a provider's key belongs, any to11 key and the placeholder for one count. The headers of to11 stay.
    """
    headers = {name: value for name, value in incoming.headers.items() if not _is_ours(name, value, incoming.key)}
    parts = incoming.query.split("&")
    query = "&".join(part for part in parts if incoming.key not in _WORD.findall(unquote_plus(part)))
    return incoming._replace(headers=headers, query=query)


def _is_ours(name: str, value: str, key: str | None) -> bool:
    words = _WORD.findall(value)
    if name in PROVIDER_KEYS:
        return any(word in (key, MANAGED_KEY) or word.startswith("to11_") for word in words)
    return key in words and not name.startswith("x-to11-")

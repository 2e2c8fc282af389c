"""Judges the replies of a server, which it never quotes; for ``to11ai doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._http.encoding import decode, unwrap
from ..._http.exchange import now
from ..._http.retry import retry_after
from ...errors import To11aiApiError
from ...json_types import is_object
from .network_checks import Check, outcome

if TYPE_CHECKING:
    from ..._http.exchange import Reply

_ELSEWHERE = "check the URL and that no proxy answers for it"


def advice_for(reply: Reply, otherwise: str) -> str:
    """Return what to do about a reply that is in trouble or a redirect, or else the given advice."""
    if 300 <= reply.status <= 399:
        return "set the URL to the address that it redirects to, unless it is a proxy that wants you to sign in"
    if reply.status == 429 or reply.status >= 500:
        seconds = retry_after(reply.headers.get("retry-after"), now)
        later = "later" if seconds is None or not seconds < 86_400 else f"in {seconds:.0f} s"
        return f"try again {later}" if reply.status == 429 else f"{_ELSEWHERE}, or try again {later}"
    return otherwise


def fault(reply: Reply) -> Check | None:
    """Return what is wrong with a reply that is not the API's, or says that it is in trouble."""
    try:
        if 200 <= reply.status <= 299:
            unwrap(reply)
            return None
    except To11aiApiError:
        return outcome("failed", f"HTTP {reply.status}", _ELSEWHERE)
    if reply.status == 429:
        return outcome("warning", "the server answers 429, too many requests", advice_for(reply, ""))
    if 400 <= reply.status < 500 and _is_envelope(reply):
        return None
    what = ", a redirect" if reply.status < 400 else "" if reply.status >= 500 else ", which is no reply of the API"
    return outcome("failed", f"HTTP {reply.status}{what}", advice_for(reply, _ELSEWHERE))


def _is_envelope(reply: Reply) -> bool:
    try:
        body = decode(reply.body or b"")
    except ValueError:
        return False
    return is_object(body) and bool({"success", "error"} & body.keys())

"""Reads the key of a local to11 that its owner gives, without which no other machine may reach it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from . import bounds
from .http.address import HostError

if TYPE_CHECKING:
    from .http.address import ListeningAddress

VARIABLE = "TO11_LOCAL_API_KEY"
"""The environment variable with the key."""
_HOW = "make one with: openssl rand -hex 32"


def given_key(address: ListeningAddress) -> str | None:
    """Return the key in the environment, ``None`` if there is none and a server on this address needs none.

    Raises:
        HostError: there is none and the server needs one, or it is no key; the message does not contain it.
    """
    key = os.environ.get(VARIABLE, "")
    if key:
        return _checked(key)
    if address.is_loopback:
        return None
    raise HostError(
        f"other machines can reach a server on {address.name}: set {VARIABLE} to a key of at least "
        f"{bounds.MIN_GIVEN_KEY} characters ({_HOW}), or listen on 127.0.0.1"
    )


def _checked(key: str) -> str:
    if not re.fullmatch(r"[!-~]*", key):
        raise HostError(f"{VARIABLE} may have only visible ASCII characters, no spaces or line ends; {_HOW}")
    if not bounds.MIN_GIVEN_KEY <= len(key) <= bounds.MAX_GIVEN_KEY:
        raise HostError(
            f"{VARIABLE} has {len(key)} characters, a key has {bounds.MIN_GIVEN_KEY} to {bounds.MAX_GIVEN_KEY}; {_HOW}"
        )
    return key

"""Finds the caller's to11 key in what would be sent to a provider, however it is written there."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

_SHORTEST = 8
"""The fewest characters that are looked for within other text; a key that opens a project is longer."""
_ROUNDS = 5


def unveiled(text: str) -> str:
    """Return a text without its percent-encoding, also if it was encoded several times."""
    for _ in range(_ROUNDS):
        plain = unquote(text) if "%" in text else text
        if plain == text:
            break
        text = plain
    return text


class KeyGuard(NamedTuple):
    """Knows how a key may be written.

    Attributes:
        forms: the key, its hexadecimal digits, and what is the same in every base64 text that contains it; empty
            without a key.
    """

    forms: tuple[str, ...]

    @classmethod
    def of(cls, key: str | None) -> KeyGuard:
        """Return the guard of a key."""
        return _guard(key) if key and len(key) >= _SHORTEST else cls(())

    def is_in(self, text: str) -> bool:
        """Return whether the text contains the key: plain, percent-encoded, in base64 or hexadecimal digits."""
        return self._is_plainly_in(text) or ("%" in text and self._is_plainly_in(unveiled(text)))

    def _is_plainly_in(self, text: str) -> bool:
        return any(form in text for form in self.forms)


@lru_cache(maxsize=16)
def _guard(key: str) -> KeyGuard:
    raw = key.encode()
    found = [key, key.lower()]  # the names of headers are in lower case
    found += [raw.hex(), raw.hex().upper()]
    for encode in (b64encode, urlsafe_b64encode):
        for shift in range(3):  # what is encoded before the key decides where its bits fall
            text = encode(bytes(shift) + raw).decode()
            # The characters that hold only bits of the key.
            found.append(text[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6])
    return KeyGuard(tuple(dict.fromkeys(found)))

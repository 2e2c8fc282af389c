"""Names and signs what is kept in a store that others may read and write.

A name is an HMAC-SHA256 of what it stands for. A value is JSON, ``{"v":1,"mac":"...",...}``, whose ``mac`` covers its
name and all that follows. Both keys are derived from the API key, so only clients with that key find, read or make one.
"""

from __future__ import annotations

import hmac
import json

from .._http.encoding import canonical
from .._http.process_safety import in_openssl
from ..json_types import is_object
from ..prompt_keys import key_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..prompt_keys import Key

FORMAT = 1
"""Format of the values; one of another format counts as missing."""
MAX_VALUE = 350_000
"""The most characters of a value: what DynamoDB and memcached keep by default."""
_HEAD = f'{{"v":{FORMAT},"mac":"'
_MAC_ENDS = len(_HEAD) + 64
_BODY = _MAC_ENDS + 2


def _mac(key: bytes, text: bytes) -> bytes:
    # A fork waits for it, because a child could wait forever for a lock of OpenSSL.
    with in_openssl.lock:
        return hmac.digest(key, text, "sha256")


class SignedValues:
    """Makes names, and signs and verifies values, with keys derived from the API key, for one origin."""

    def __init__(self, api_key: str, origin: str) -> None:
        self._origin = origin
        self._name_key = _mac(api_key.encode(), b"to11ai_sdk shared cache: names")
        self._value_key = _mac(api_key.encode(), b"to11ai_sdk shared cache: values")

    def name(self, kind: str, *parts: object) -> str:
        """Return the name of something, of the same length for everything."""
        return f"to11:{_mac(self._name_key, canonical([FORMAT, kind, self._origin, *parts]).encode()).hex()}"

    def name_of(self, key: Key) -> str | None:
        """Return the name of a prompt; ``None`` for invalid arguments, which the call itself will refuse."""
        text = key_text(key)
        return self.name("prompt", text) if text else None

    def signed(self, name: str, content: dict[str, Any]) -> str | None:
        """Return the value to keep under a name; ``None`` if it is too large or not JSON."""
        try:
            text = json.dumps(content, allow_nan=False, separators=(",", ":"))[1:]
        except (RecursionError, TypeError, ValueError):
            return None
        value = f'{_HEAD}{self._signature(name, text)}",{text}'
        return value if len(value) <= MAX_VALUE else None

    def verified(self, name: str, value: object) -> dict[str, Any]:
        """Return the content of a value that a client with this key keeps under this name; else nothing."""
        text = as_text(value)
        if text is None or text[: len(_HEAD)] != _HEAD or text[_MAC_ENDS:_BODY] != '",':
            return {}
        mac, rest = text[len(_HEAD) : _MAC_ENDS], text[_BODY:]
        try:
            if not hmac.compare_digest(mac, self._signature(name, rest)):
                return {}
            content = json.loads("{" + rest)
        except (RecursionError, TypeError, ValueError):
            return {}
        return content if is_object(content) else {}

    def _signature(self, name: str, text: str) -> str:
        return _mac(self._value_key, f"{name}\n{text}".encode()).hex()


def as_text(value: object) -> str | None:
    """Return a value of a store as text, whether the store keeps ``str`` or ``bytes``; ``None`` for anything else."""
    kind = type(value)
    if kind not in (str, bytes) or len(value) > MAX_VALUE:  # type: ignore[arg-type]
        return None
    try:
        return value if kind is str else value.decode("ascii")  # type: ignore
    except UnicodeDecodeError:
        return None

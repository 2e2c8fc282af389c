"""Checks the arguments of ``create_client``; imports little."""

from __future__ import annotations

from .json_types import is_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__version__ = "0.2.0"

API_URL = "https://api.to11.ai"
GATEWAY_URL = "https://gw.to11.ai"
SETTINGS = {"api_key": "TO11_API_KEY", "base_url": "TO11_API_URL", "project_id": "TO11_PROJECT_ID"}
"""Variables of the environment."""
RESERVED = (
    "accept accept-encoding authorization connection content-encoding content-length content-type expect host "
    "keep-alive te traceparent tracestate trailer transfer-encoding upgrade"
)
"""Headers that only the client itself sets."""
_TOKEN = dict.fromkeys(map(ord, "!#$%&'*+-.^_`|~"), "x")


def number(name: str, value: Any) -> float:
    """Return a number of seconds; here and below, errors name the argument."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if value != value:
        raise ValueError(f"{name} must be a number of seconds, not NaN")
    return value


def seconds(name: str, value: float) -> float:
    """Return a time in seconds that a socket can wait for."""
    if not 0 < number(name, value) <= 1e9:
        raise ValueError(f"{name} must be more than 0 and at most 1e9 seconds, not {value}")
    return value


def whole(name: str, value: Any) -> int:
    """Return a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    return value


def count(name: str, value: int) -> int:
    """Return a whole number that is not negative."""
    if whole(name, value) < 0:
        raise ValueError(f"{name} must be 0 or more, not {value}")
    return value


def mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return a mapping with str keys."""
    if not is_mapping(value) or not all(isinstance(key, str) for key in value):
        raise TypeError(f"{name} must be a mapping with str keys, not {type(value).__name__}")
    return value


def header_value(name: str, value: Any) -> str:
    """Return the value if a header can hold it (RFC 9110 section 5.5); errors never show it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} must not be blank")
    if any(char < " " or char > "~" for char in value):
        raise ValueError(f"{name} must hold only what an HTTP header can: ASCII without control characters")
    return value


def headers(name: str, value: Any) -> dict[str, str]:
    """Return headers to add to each request, names in one spelling; errors show the name, never the value."""
    fields: dict[str, str] = {}
    for field, content in mapping(name, value).items():
        low = field.lower()
        if not (field.isascii() and field.translate(_TOKEN).isalnum()):
            raise ValueError(f"{name} must have names that HTTP allows, not {field!r:.100}")
        if low in RESERVED.split() or low.startswith("proxy-"):
            raise ValueError(f"{name} must not set {field}, which the client sets itself")
        if low.title() in fields:
            raise ValueError(f"{name} must not name {field} twice")
        fields[low.title()] = header_value(f"{name}[{field!r}]", content)
    return fields


def origin(url: Any, name: str = "base_url", example: str = API_URL) -> str:
    """Return a base URL without its trailing slashes; errors show an example."""
    if not isinstance(url, str):
        raise TypeError(f"{name} must be a str, not {type(url).__name__}")
    if not url.strip():
        raise ValueError(f"{name} must not be blank; without a server of your own it is {example}")
    fault = _url_fault(url)
    if fault:
        # Not printed: it may hold a secret.
        raise ValueError(f"{name} must be like {example}: {fault}")
    return url.rstrip("/")


def _url_fault(url: str) -> str | None:
    # Importing urllib.parse would be a third of the cost of making a client.
    if not url.isascii() or any(char <= " " or char in '\\\x7f"<>^`{|}' for char in url):
        return "it holds spaces or characters that a URL cannot"
    scheme, _, rest = url.partition(":")
    authority, _, path = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
    host, port = _host_and_port(authority.rpartition("@")[2])
    faults = {
        "it has a query or a fragment": "?" in url or "#" in url,
        "it does not start with http:// or https://": scheme.lower() not in ("http", "https"),
        "it holds a user name or password": "@" in authority,
        "it has no host": host == "",
        "its host or port is not valid": host is None or "%" in host,
        "its port is not valid": port is not None and not (port.isdigit() and 0 < int(port[:6]) < 65536),
        "its path has dot segments": bool({".", ".."} & set(path.lower().replace("%2e", ".").split("/"))),
    }
    return next((fault for fault, found in faults.items() if found), None)


def _host_and_port(authority: str) -> tuple[str | None, str | None]:
    """Split an authority (RFC 3986 section 3.2): ``None`` for an invalid host or a missing port."""
    if authority.startswith("["):
        host, end, rest = authority[1:].partition("]")
        valid = end and rest[:1] in ("", ":") and _is_ipv6(host)
        return host if valid else None, rest[1:] if rest else None
    host, colon, port = authority.partition(":")
    valid = not {"[", "]"} & set(host) and all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))
    return host if valid or not host else None, port if colon else None


def _is_ipv6(host: str) -> bool:
    from ipaddress import IPv6Address

    try:
        return bool(IPv6Address(host).packed) and "%" not in host
    except ValueError:
        return False

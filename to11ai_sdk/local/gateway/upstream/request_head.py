"""Writes the head of a request to a provider (RFC 9112 section 3), and refuses targets that lead elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..gateway_problem import bad_request
from .key_guard import KeyGuard, unveiled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..provider import UpstreamRequest

_NOT_ASCII = re.compile(r"[^\x21-\x7e]")
_SIMPLE = re.compile(r"[\w/-]*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_WITH_BODY = ("POST", "PUT", "PATCH")
"""Methods whose requests have a length even without a body (RFC 9110 section 8.6)."""


def safe_target(target: str, key: str | None) -> str:
    """Return the path and query to send: without a fragment, which is not part of a request.

    Args:
        target: path below the base URL, with the query.
        key: the caller's to11 key.

    Raises:
        GatewayProblem: 400 if the path leads elsewhere (``.`` and ``..``, however they are written), contains control
            characters, or contains the key.
    """
    target = target.partition("#")[0]
    path = target.partition("?")[0]
    if KeyGuard.of(key).is_in(path):
        raise bad_request("invalid_path", "the path contains your to11 key, which is sent to no provider")
    if _SIMPLE.fullmatch(path):
        return target
    plain = unveiled(path).replace("\\", "/")
    # Some servers drop what follows a semicolon before they resolve dots.
    if any(segment.partition(";")[0].strip() in (".", "..") for segment in plain.split("/")):
        raise bad_request("invalid_path", "a path may not contain . or .. as a segment, in any encoding")
    if _CONTROL.search(plain):
        raise bad_request("invalid_path", "a path may not contain control characters, in any encoding")
    return target


def request_head(request: UpstreamRequest, root: str, own: Mapping[str, str]) -> bytes:
    """Return the request line and the headers.

    Args:
        request: the request.
        root: the path of the provider's base URL.
        own: headers of the gateway itself, such as ``host`` and the credential.

    Raises:
        GatewayProblem: 400 if a header contains a line break.
    """
    path = root + request.path
    if _NOT_ASCII.search(path):
        # The path is unchanged from the caller, whose bytes are read as Latin-1.
        path = quote(path, safe=_ASCII, encoding="latin-1")
    lines = [f"{request.method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {**request.headers, **own}.items()]
    if request.body or request.method in _WITH_BODY:
        lines.append(f"content-length: {len(request.body)}")
    text = "\r\n".join(lines)
    if not text.count("\n") == text.count("\r") == len(lines) - 1 or "\0" in text:
        raise bad_request("invalid_header", "a header contains a line break or a NUL character")
    return f"{text}\r\n\r\n".encode("latin-1")


def host_header(name: str, port: int | None) -> str:
    """Return the value of the header ``Host`` for a name or an IP address, and its port if it is not the usual one."""
    host = f"[{name}]" if ":" in name else name if name.isascii() else name.encode("idna").decode()
    return f"{host}:{port}" if port else host

"""Refuses requests for a host that is not this server's, so that no web page reaches it by DNS rebinding.

A page can make its own name lead to an address of this machine, but its browser then still sends that name.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from .. import bounds
from ..problems import Problem
from .address import HostError, plain
from .reply_envelope import error_reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .address import ListeningAddress
    from .application import Application, HttpReply, HttpRequest

_PROBES = ("/health", "/ready")
"""Paths that answer any host: what probes them knows a container by its address only, and they reveal nothing."""
_NAME = re.compile(r"[0-9a-z_-][0-9a-z._-]*")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::[0-9]*)?")


class ExpectedHosts:
    """The hosts that requests to a server may name, with any port.

    These are the names and addresses of this machine for itself (``localhost`` and names below it, 127.0.0.0/8, ::1),
    the address that the server listens on, or any address if it listens on all, and further names.

    Args:
        address: the address that the server listens on.
        names: the further names.

    Raises:
        HostError: one of them is no name of a host.
    """

    def __init__(self, address: ListeningAddress, names: Iterable[str] = ()) -> None:
        self._address = address
        self._others = frozenset(map(_checked, names)) | {address.name.lower()}
        self._accepted: set[str] = set()

    def guard(self, application: Application) -> Application:
        """Return an application that refuses requests for other hosts, and else answers as this one does."""
        return _Guarded(application, self)

    def check(self, request: HttpRequest) -> None:
        """Check the host that a request names; browsers always name one.

        Raises:
            Problem: 421 for a host that is not expected.
        """
        host = request.headers.get("host")
        if host is None or host in self._accepted or request.target.path in _PROBES:
            return
        found = _HOST.fullmatch(host.lower())
        if found is None or not self._has(found[1].removesuffix(".")):
            raise _unexpected(host)
        if len(self._accepted) < bounds.MAX_CACHED_HOSTS and len(host) <= bounds.MAX_CACHED_TEXT:
            self._accepted.add(host)

    def _has(self, host: str) -> bool:
        if host in self._others or host == "localhost" or host.endswith(".localhost"):
            return True
        ip = _ip(host)
        if ip is None:
            return False
        # An address is never what a page's own name was exchanged for.
        return self._address.is_any or plain(ip).is_loopback or ip in {self._address.ip, *map(_ip, self._others)}


class _Guarded:
    """An application for the expected hosts."""

    def __init__(self, application: Application, hosts: ExpectedHosts) -> None:
        self._application = application
        self._hosts = hosts

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        return self._application.max_body

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        try:
            self._hosts.check(request)
        except Problem as exc:
            return error_reply(exc)
        return self._application(request)


def _checked(name: str) -> str:
    """Return a further name in the form that is compared."""
    host = name.lower().removesuffix(".")
    if ":" in host:  # the zone of a link-local address is no part of a URL
        host = re.sub(r"%[^\]]+", "", host)
    if ":" in host and _ip(f"[{host}]") is not None:
        return f"[{host}]"
    if _NAME.fullmatch(host) is None and _ip(host) is None:
        raise HostError(
            f"{name!r:.100} is not the name of a host; write it as in a URL, without scheme and port: "
            "to11, to11.example.com or 192.0.2.7"
        )
    return host


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host of a URL is, ``None`` for a name."""
    try:
        return IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host)
    except ValueError:
        return None


def _unexpected(host: str) -> Problem:
    message = (
        f"this server does not expect requests for the host {host!r:.100}: use the URL that it printed when it "
        "started, or start it with --allow-host NAME (in Python: allowed_hosts) for each further name that leads to it"
    )
    return Problem(421, "HOST_NOT_EXPECTED", message)

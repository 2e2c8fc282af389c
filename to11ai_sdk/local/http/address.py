"""Finds the address that a server listens on, and its URL there."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple


class HostError(ValueError):
    """A server that cannot or may not be reached as it was asked for; the message says what to do."""


class ListeningAddress(NamedTuple):
    """An address of this machine.

    Attributes:
        ip: the address.
        name: as it was written by whoever chose it.
    """

    ip: IPv4Address | IPv6Address
    name: str

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return plain(self.ip).is_loopback

    @property
    def is_any(self) -> bool:
        """Whether it stands for all addresses of this machine."""
        return plain(self.ip).is_unspecified

    @property
    def family(self) -> socket.AddressFamily:
        """The family of its sockets."""
        return socket.AF_INET if self.ip.version == 4 else socket.AF_INET6

    def url(self, port: int) -> str:
        """Return the URL of a server on it, as this machine reaches it."""
        ip = ip_address("127.0.0.1" if self.ip.version == 4 else "::1") if self.is_any else self.ip
        return f"http://{ip}:{port}" if ip.version == 4 else f"http://[{ip}]:{port}"


LOOPBACK = ListeningAddress(IPv4Address("127.0.0.1"), "127.0.0.1")
"""The address of a server that only this machine reaches."""


def plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    return ip if isinstance(ip, IPv4Address) else ip.ipv4_mapped or ip


def find_address(host: str) -> ListeningAddress:
    """Return the address to listen on, given as such or by a name.

    Raises:
        HostError: it is no address, or a name without one.
    """
    try:
        if not host.strip():
            raise ValueError("it is blank")
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        # Where a name has addresses of both kinds, most clients on this machine try this one.
        addresses = sorted((str(entry[4][0]) for entry in found), key=lambda text: ":" in text)
        return ListeningAddress(ip_address(addresses[0].partition("%")[0]), host)
    except (OSError, ValueError) as exc:
        raise HostError(
            f"host {host!r:.100} is no address of this machine; use 127.0.0.1 or ::1 for this machine only, "
            "0.0.0.0 or :: for all of its networks"
        ) from exc

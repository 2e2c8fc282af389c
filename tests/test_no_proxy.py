"""The forms of ``NO_PROXY``, and the hosts that they name."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from to11ai_sdk._http.urllib_exchange import bypasses_proxy

NAMED = [
    # a name, and its sub-domains
    ("example.com", "example.com"),
    ("example.com", "api.example.com"),
    ("example.com", "a.b.example.com"),
    ("example.com", "example.com:8443"),
    ("EXAMPLE.com", "example.com"),
    ("example.com", "API.Example.COM"),
    ("example.com", "example.com."),
    ("localhost", "localhost:4500"),
    # a suffix
    (".example.com", "api.example.com"),
    (".example.com", "example.com"),
    ("*.example.com", "api.example.com"),
    ("*.example.com", "a.b.example.com:443"),
    ("*.EXAMPLE.com", "api.example.com"),
    # everything
    ("*", "example.com"),
    ("*", "10.0.0.1"),
    ("*", "[::1]:443"),
    ("a.test, *", "example.com"),
    # an address
    ("127.0.0.1", "127.0.0.1"),
    ("127.0.0.1", "127.0.0.1:4500"),
    ("::1", "[::1]"),
    ("::1", "[::1]:4500"),
    ("[::1]", "[::1]:4500"),
    ("0:0:0:0:0:0:0:1", "[::1]"),
    ("::1", "[0:0::1]"),
    ("FD00::ABCD", "[fd00:0:0::abcd]:1"),
    # a network
    ("10.0.0.0/8", "10.255.0.1"),
    ("10.0.0.0/8", "10.0.0.0:443"),
    ("10.1.2.3/8", "10.200.0.1"),
    ("192.168.1.0/255.255.255.0", "192.168.1.9"),
    ("0.0.0.0/0", "203.0.113.9"),
    ("fd00::/8", "[fd12:3456::1]"),
    ("fd12::1/8", "[fdff::1]:443"),
    ("::/0", "[2001:db8::1]"),
    # several, by commas and spaces
    ("a.test,example.com", "example.com"),
    ("a.test, example.com", "example.com"),
    ("a.test example.com", "example.com"),
    (" ,, example.com ,", "example.com"),
    ("a.test,\t10.0.0.0/8", "10.1.1.1"),
]
NOT_NAMED = [
    ("", "example.com"),
    (" , ", "example.com"),
    ("example.com", "badexample.com"),
    ("example.com", "example.com.evil.test"),
    ("example.com", "example.org"),
    ("api.example.com", "example.com"),
    (".example.com", "badexample.com"),
    ("*.example.com", "example.com"),
    ("*.example.com", "badexample.com"),
    ("*.", "example.com"),
    (".", "example.com"),
    ("*.*", "example.com"),
    ("exam*.com", "example.com"),
    ("127.0.0.1", "127.0.0.10"),
    ("127.0.0.1", "27.0.0.1"),
    ("127.0.0.1", "1.127.0.0.1.example"),
    ("10.0.0.0/8", "11.0.0.1"),
    ("10.0.0.0/8", "10.example.com"),
    ("10.0.0.0/33", "10.0.0.1"),
    ("10.0.0.0/x", "10.0.0.1"),
    ("/8", "10.0.0.1"),
    ("10", "10.0.0.1"),
    ("0.0.0.0/0", "[::1]"),
    ("0.0.0.0/0", "example.com"),
    ("::/0", "10.0.0.1"),
    ("::1", "[::2]"),
    ("::1", "[::11]"),
    ("1", "[::1]"),
    ("fd00::/8", "[fe00::1]"),
    ("fd00::/8", "fd00.example"),
]


@pytest.mark.parametrize(("names", "host"), NAMED)
def test_a_host_that_is_named_goes_without_the_proxy(names: str, host: str) -> None:
    assert bypasses_proxy(host, names)


@pytest.mark.parametrize(("names", "host"), NOT_NAMED)
def test_a_host_that_is_not_named_does_not(names: str, host: str) -> None:
    assert not bypasses_proxy(host, names)


@given(st.ip_addresses(), st.integers(0, 128), st.ip_addresses())
def test_a_network_names_its_addresses_in_every_spelling(
    start: ipaddress.IPv4Address | ipaddress.IPv6Address,
    length: int,
    other: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    names = f"{start}/{min(length, start.max_prefixlen)}"
    for address in (start, other):
        for spelling in {str(address), address.exploded}:
            host = f"[{spelling}]" if address.version == 6 else spelling
            assert bypasses_proxy(f"{host}:443", names) is (address in ipaddress.ip_network(names, strict=False))


@given(st.text(max_size=20), st.sampled_from(["example.com", "10.0.0.1:80", "[::1]:443"]))
def test_whatever_it_holds_is_no_error(names: str, host: str) -> None:
    bypasses_proxy(host, names)

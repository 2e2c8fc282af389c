"""TLS for the scripted server: a throwaway authority and what it signs, made on first use."""

from __future__ import annotations

import ssl
import warnings
from datetime import datetime, timedelta, timezone
from functools import cache

import trustme

NOW = datetime.now(timezone.utc)
HOSTS = ("127.0.0.1", "localhost")


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def trusting(**options: ssl.TLSVersion) -> ssl.SSLContext:
    """What a client passes as ``ssl_context`` to trust the authority, and no other: reading the system's takes long."""
    context = ssl.create_default_context(cadata=authority().cert_pem.bytes().decode())
    for name, value in options.items():
        setattr(context, name, value)
    return context


def _signed(*hosts: str, by: trustme.CA | None = None, days: tuple[int, int] = (-1, 30)) -> ssl.SSLContext:
    start, end = (NOW + timedelta(days=day) for day in days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (by or authority()).issue_cert(*hosts, not_before=start, not_after=end).configure_cert(context)
    return context


def _self_signed() -> ssl.SSLContext:
    """A server that shows the certificate of an authority as its own."""
    context, other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trustme.CA()
    with other.private_key_pem.tempfile() as key, other.cert_pem.tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    return context


def _asking_for_a_certificate(newest: ssl.TLSVersion) -> ssl.SSLContext:
    context = _signed(*HOSTS)
    authority().configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = newest
    return context


def _at_most_tls_1_2() -> ssl.SSLContext:
    context = _signed(*HOSTS)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _tls_1_1() -> ssl.SSLContext:
    context = _signed(*HOSTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _without_its_intermediate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = authority().create_child_ca().issue_cert(*HOSTS)
    with leaf.private_key_pem.tempfile() as key, leaf.cert_chain_pems[0].tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    return context


_KINDS = {
    "good": lambda: _signed(*HOSTS),
    "expired": lambda: _signed(*HOSTS, days=(-30, -1)),
    "not yet valid": lambda: _signed(*HOSTS, days=(1, 30)),
    "for another host": lambda: _signed("other.example"),
    "of an unknown authority": lambda: _signed(*HOSTS, by=trustme.CA()),
    "self-signed": _self_signed,
    "wants a certificate, TLS 1.2": lambda: _asking_for_a_certificate(ssl.TLSVersion.TLSv1_2),
    "wants a certificate, TLS 1.3": lambda: _asking_for_a_certificate(ssl.TLSVersion.TLSv1_3),
    "TLS 1.1 only": _tls_1_1,
    "without its intermediate": _without_its_intermediate,
    "TLS 1.2 only": _at_most_tls_1_2,
}


@cache
def serving(kind: str = "good") -> ssl.SSLContext:
    """The TLS context of a server."""
    return _KINDS[kind]()

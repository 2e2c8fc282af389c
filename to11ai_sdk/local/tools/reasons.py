"""Finds out why no proxy is used, and what may be wrong with a certificate; for ``to11ai doctor``."""

from __future__ import annotations

import os
import ssl
import sys
from urllib.request import getproxies

from ..._http.urllib_exchange import bypasses_proxy

CLOCK_OFF_S = 60.0
"""A difference of clocks that may make certificates invalid."""
_BY_CODE = {
    18: "the server or a proxy before it signed its certificate itself",
    19: "the server or a proxy before it uses an authority of its own",
    20: "perhaps the server does not send its intermediate certificate, or a proxy puts in a certificate of its own",
}
"""What may be wrong, by the verify code of OpenSSL."""
_OTHER_STORES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Variables for the trusted authorities of other programs."""
_BY_CLOCK = {9: "have the certificate of the server issued again", 10: "renew the certificate of the server"}
_BY_REASON = {
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server must offer TLS 1.2 or newer",
    "UNSUPPORTED_PROTOCOL": "the server must offer TLS 1.2 or newer",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "perhaps the server wants a client certificate; if so, pass ssl_context with one",
    "WRONG_VERSION_NUMBER": "the port does not speak TLS, perhaps plain HTTP",
    "HTTP_REQUEST": "the port does not speak TLS, perhaps plain HTTP",
}


def certificate_advice(cause: BaseException | None, skew_s: float | None) -> str:
    """Return what to do about a failed TLS handshake, given how far the clocks differ; empty if that is not known."""
    code = getattr(cause, "verify_code", None)
    if code in _BY_CLOCK and skew_s is not None:
        return _BY_CLOCK[code] if abs(skew_s) < CLOCK_OFF_S else "set this machine's clock"
    store = _trust_store_advice() if code in _BY_CODE else ""
    return store or _BY_CODE.get(code or 0) or _BY_REASON.get(getattr(cause, "reason", None) or "", "")


def _trust_store_advice() -> str:
    """Return what is wrong with where trusted authorities are read from."""
    if file := os.environ.get("SSL_CERT_FILE"):
        return "" if os.path.isfile(file) else "SSL_CERT_FILE names no file"
    if other := next(filter(os.environ.get, _OTHER_STORES), None):
        return f"{other} is not read, so set SSL_CERT_FILE to its value"
    paths = ssl.get_default_verify_paths()
    none = sys.platform != "win32" and not (paths.cafile or paths.capath)
    return "this Python finds no trusted authorities: install them, or set SSL_CERT_FILE to a file of them" * none


def variable_of(scheme: str) -> str:
    """Return the variable of the environment that decides about the proxy; the one in lower case wins."""
    name = f"{scheme}_proxy"
    if name in list(os.environ):  # on Windows all names are in upper case
        return name
    return name.upper() if os.environ.get(name.upper()) else ""


def why_no_proxy(scheme: str, host: str) -> str:
    """Return why a host is called without a proxy."""
    proxies, variable = getproxies(), variable_of(scheme)
    entries = [entry for entry in proxies.get("no", "").replace(",", " ").split() if _excludes(entry, host)]
    if scheme in proxies:
        return f"by NO_PROXY ({entries[0]})" if entries else "by the system or for a loopback address"
    if variable == f"{scheme}_proxy" and os.environ.get(variable.upper()):
        return f"{variable} is empty and overrides {variable.upper()}"
    other = "; ALL_PROXY is not read" if "all" in proxies else ""
    return f"{scheme.upper()}_PROXY is not set{other}"


def _excludes(entry: str, host: str) -> bool:
    # The standard library also accepts an entry with a port.
    return bypasses_proxy(host, entry) or f".{host}".lower().endswith(f".{entry.lower().lstrip('.')}")

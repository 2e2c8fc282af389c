"""Turns a low-level exception (a timeout, DNS, TLS, HTTP) into a ``To11aiNetworkError`` that says what to do."""

from __future__ import annotations

import http.client
import socket
import sys
import zlib

from ..errors import To11aiNetworkError
from .connection_pool import REFUSED_TUNNEL, Unsent
from .process_safety import handler_error

_HANDSHAKE_ENDED = (
    "the connection was closed during the TLS handshake; check that base_url has the right scheme and port, and that "
    "nothing between refuses the connection"
)
_NO_NETWORK = sys.platform in ("emscripten", "wasi")
LOW_LEVEL_ERRORS = (OSError, http.client.HTTPException, zlib.error, Unsent)
"""The exceptions of the network, TLS, HTTP and zlib."""


def explain(exc: Exception, outer: BaseException | None, host: str, hop: str) -> BaseException:
    """Return a signal handler's exception, a ``To11aiNetworkError`` for ``LOW_LEVEL_ERRORS``, or ``exc`` itself.

    ``outer`` was being handled before the call. ``hop`` is the peer of the connection: the host or a proxy.
    """
    if raised := handler_error(exc, outer):
        return raised
    # Pyodide has no TLS; its ssl raises a RuntimeError.
    if isinstance(exc, LOW_LEVEL_ERRORS) or (_NO_NETWORK and isinstance(exc, RuntimeError)):
        return network_error(exc, host, hop if hop != host else None)
    return exc


def network_error(exc: BaseException, host: str, proxy: str | None = None) -> To11aiNetworkError:
    """Return the exception for a low-level one, its cause."""
    cause = exc.__cause__ or exc if isinstance(exc, Unsent) else exc
    if isinstance(cause, http.client.HTTPException):
        # The exception that http.client was handling quotes the reply, too.
        cause.__context__ = None
    unsent = isinstance(exc, Unsent)
    final = _NO_NETWORK or _wants_certificate(cause) or (isinstance(exc, Unsent) and exc.final)
    words = _HANDSHAKE_ENDED if final and _is_end(cause) else _describe(cause)
    if _NO_NETWORK:
        words = f"this Python runs in WebAssembly (Pyodide), which has no network of its own ({words})"
    if proxy:
        host, words = f"{host} through the proxy {proxy}", f"{words}; see HTTPS_PROXY and NO_PROXY"
    error = To11aiNetworkError(f"{host}: {words}")
    error.unsent, error.final = unsent, final
    error.__cause__ = cause
    return error


def _describe(exc: BaseException) -> str:
    if isinstance(exc, TimeoutError):
        return "no complete reply in time; the server is slow or unreachable, or timeout_s is too short"
    if isinstance(exc, socket.gaierror):
        return f"the host name does not resolve ({exc.strerror}); check base_url and the DNS"
    if isinstance(exc, ConnectionRefusedError):
        return "connection refused; check base_url and that the server is running"
    if _is(exc, "SSLError"):
        return _describe_tls(exc)
    if isinstance(exc, http.client.IncompleteRead):
        return "the connection ended before the reply did"
    if isinstance(exc, ConnectionError):
        return "the connection was closed before a reply came"
    if isinstance(exc, zlib.error):
        return f"the compressed body of the reply is broken ({exc})"
    if isinstance(exc, http.client.HTTPException):
        return f"the reply is not valid HTTP ({_fault(exc)}); check that base_url is the to11 API"
    if (words := str(exc)).startswith(REFUSED_TUNNEL):
        return f"the proxy does not connect ({words.removeprefix(REFUSED_TUNNEL)})"
    return f"{type(exc).__name__}: {words}"


def _describe_tls(exc: BaseException) -> str:
    if _is(exc, "SSLCertVerificationError"):
        return (
            f"the certificate is not trusted ({getattr(exc, 'verify_message', '') or exc}); for a private authority "
            "set SSL_CERT_FILE or pass ssl_context, else check base_url and the clock"
        )
    if _wants_certificate(exc):
        return "the server wants a client certificate; pass ssl_context with one"
    return f"no TLS connection ({exc}); check that base_url has the right scheme and port"


def _fault(exc: http.client.HTTPException) -> str:
    # The other messages quote the reply, which may contain the key.
    ours = type(exc) is http.client.HTTPException or isinstance(exc, http.client.LineTooLong)
    return str(exc) if ours else type(exc).__name__


def _wants_certificate(exc: BaseException) -> bool:
    # In TLS 1.3 this arrives after the handshake, instead of the reply.
    return "CERTIFICATE_REQUIRED" in (getattr(exc, "reason", None) or "")


def _is_end(exc: BaseException) -> bool:
    return isinstance(exc, ConnectionError) or _is(exc, "SSLEOFError")


def _is(exc: BaseException, name: str) -> bool:
    # By name, so that plain HTTP does not load ssl.
    return any(kind.__name__ == name for kind in type(exc).__mro__)

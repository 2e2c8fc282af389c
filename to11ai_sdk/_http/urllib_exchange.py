"""Makes one attempt with ``urllib.request``: proxies, TLS, redirects; any failure becomes one exception."""

from __future__ import annotations

import sys

from ..errors import To11aiNetworkError
from .exchange import MAX_BODY
from .process_safety import from_handler, importing, in_openssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import TypeVar
    from urllib.request import OpenerDirector, ProxyHandler

    from .connection_pool import Call, KeepAliveHandler
    from .exchange import HttpAttempt, Reply

    Result = TypeVar("Result")


MAX_REDIRECTS = 5


class UrllibExchange:
    """Exchanges over the network, with its own opener and TLS context, which is needed if it is ``secure``.

    Without ``ssl_context`` it trusts the system's store, or ``SSL_CERT_FILE``.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None, *, secure: bool = False) -> None:
        self._context = ssl_context
        self._own_context = ssl_context
        self._secure = secure
        self._opened: tuple[OpenerDirector, KeepAliveHandler, ProxyHandler] | None = None

    def prepare(self) -> None:
        if self._opened is None:
            with importing.lock:
                from . import network_errors  # noqa: F401  # pyright: ignore[reportUnusedImport] - imports all that a call needs
        if self._secure:
            try:
                self._tls()
            except OSError as exc:  # an attempt will raise it
                if from_handler(exc):
                    raise

    def __call__(self, attempt: HttpAttempt) -> Reply:
        def converse(call: Call) -> Reply:
            opener, handler, _ = self._opened or self._open(call)
            return handler.finish(handler.open_through(opener, call), MAX_BODY)

        return self._run(converse, attempt)

    def connect(self, attempt: HttpAttempt) -> None:
        def open_one(call: Call) -> None:
            _, handler, proxy = self._opened or self._open(call)
            getattr(proxy, f"{call.type}_open", bool)(call)
            handler.connect(call)

        self._run(open_one, attempt)

    def _run(self, work: Callable[[Call], Result], attempt: HttpAttempt) -> Result:
        from .connection_pool import Call
        from .network_errors import explain

        outer = sys.exc_info()[1]
        call = Call(attempt)
        host = call.host
        try:
            return work(call)
        except Exception as exc:
            raise explain(exc, outer, host, call.host)  # noqa: B904 - it has its cause

    def _open(self, call: Call) -> tuple[OpenerDirector, KeepAliveHandler, ProxyHandler]:
        from urllib.request import OpenerDirector, ProxyHandler

        from .connection_pool import KeepAliveHandler

        # Read once, so that no later call uses an unchecked proxy.
        address = checked_proxy(call.type, call.host)
        with in_openssl.lock:
            if self._opened is None:
                handler = KeepAliveHandler(self._tls, self._own_context)
                opener = OpenerDirector()
                opener.addheaders = []
                proxy = ProxyHandler({"https": address} if address else {})
                opener.add_handler(proxy)
                opener.add_handler(handler)
                self._opened = opener, handler, proxy
            return self._opened

    def _tls(self) -> ssl.SSLContext:
        return self._context or self._trusting()

    def _trusting(self) -> ssl.SSLContext:
        with in_openssl.lock:
            if self._context is None:
                import ssl

                context = ssl.create_default_context()
                context.set_alpn_protocols(["http/1.1"])
                self._context = context
            return self._context

    def close(self) -> None:
        if self._opened:
            self._opened[1].close()


def bypasses_proxy(host: str, names: str) -> bool:
    """Return whether ``NO_PROXY`` lists a host, given with or without port.

    ``names`` are separated by commas or spaces: ``*``, a name (with its subdomains), ``.suffix``, ``*.suffix``, an
    address, or a network.
    """
    from urllib.parse import urlsplit

    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    return any(_covers(entry, name) for entry in names.lower().replace(",", " ").split())


def _covers(entry: str, name: str) -> bool:
    with importing.lock:
        from ipaddress import ip_address, ip_network

    try:
        return ip_address(name) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # one of the two is a name
        suffix = entry.lstrip("*").lstrip(".")
        return entry == "*" or name.endswith(f".{suffix}") or (name == suffix and entry[:1] != "*")


def is_loopback(host: str) -> bool:
    """Return whether a host, given with or without port, is this machine by name or address."""
    from urllib.parse import urlsplit

    name = urlsplit(f"//{host}").hostname or ""
    return name in ("localhost", "::1") or name.startswith("127.")


def checked_proxy(scheme: str, host: str) -> str | None:
    """Return the environment's proxy for a host; refuses an invalid one, and one that would see the key."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    proxy = proxies.get(scheme)
    excluded = proxy_bypass(host) or bypasses_proxy(host, proxies.get("no", ""))
    if proxy is None or excluded or (scheme == "http" and is_loopback(host)):
        return None
    if scheme == "http":
        raise _refused(
            f"{host}: http_proxy would see the API key of a plain HTTP call; use an https base_url, or name the "
            "host in NO_PROXY"
        )
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        usable = bool(parts.scheme in ("", "http", "https") and parts.netloc.isascii() and parts.hostname)
        # A password with a "/", "?" or "#", whose rest would be taken for the host.
        usable = usable and parts[2:] in (("", "", ""), ("/", "", ""))
        port = parts.port
    except ValueError:
        usable, port = False, None
    if not usable or port == 0:
        # Not printed: it may contain a password.
        raise _refused(f"{host}: HTTPS_PROXY is not the address of an HTTP proxy, like http://proxy.example:3128")
    with importing.lock:
        "".encode("idna")  # loads the codec that http.client uses for a tunnel
    return proxy


def _refused(message: str) -> To11aiNetworkError:
    error = To11aiNetworkError(message)
    error.unsent = error.final = True
    return error


def redirect_target(reply: Reply, url: str) -> str | None:
    """Return the target of a redirect if it is on the URL's origin."""
    location = reply.headers.get("location")
    if reply.status not in (301, 302, 303, 307, 308) or not location:
        return None
    if not location.isascii() or any(char <= " " or char in "\x7f\\" for char in location):
        return None
    from urllib.parse import urljoin, urlsplit

    try:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
    except ValueError:
        return None
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        return None
    return target.partition("#")[0]

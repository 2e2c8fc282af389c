"""One exchange over ``urllib.request``: proxies, TLS, redirects, and every failure as one exception."""

from __future__ import annotations

from importlib import import_module
from urllib.parse import urljoin, urlsplit

from .envelope import MAX_BODY, Reply
from .errors import To11aiError, To11aiNetworkError
from .forks import importing, in_openssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from typing import Protocol
    from urllib.request import OpenerDirector

    from .connections import Call, KeepAliveHandler

    class Exchange(Protocol):
        """Sends one request and reads its reply, all before ``deadline`` (of :func:`time.monotonic`).

        Raises:
            To11aiNetworkError: no usable reply came in time.
        """

        def __call__(
            self,
            method: str,
            url: str,
            headers: Mapping[str, str],
            body: bytes | None,
            deadline: float,
            *,
            safe: bool,
            meanwhile: Callable[[], object],
        ) -> Reply: ...

        def close(self) -> None:
            """Close what is kept open between exchanges."""


MAX_REDIRECTS = 5


class UrllibExchange:
    """The exchange that goes over the network, with an opener and a TLS context of its own.

    Args:
        ssl_context: the TLS context; without one, the trust store of the system, or ``SSL_CERT_FILE``.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None) -> None:
        self._context = ssl_context
        self._opened: tuple[OpenerDirector, KeepAliveHandler] | None = None

    def __call__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float,
        *,
        safe: bool,
        meanwhile: Callable[[], object],
    ) -> Reply:
        if self._opened is None:
            with importing:
                import_module(".faults", __package__)
        from .connections import Call
        from .faults import network_error

        call = Call(url, body, dict(headers), method=method)
        call.deadline, call.safe, call.meanwhile = deadline, safe, meanwhile
        host = call.host
        try:
            opener, handler = self._opened or self._open(call)
            response = opener.open(call)
            body = handler.finish(response, MAX_BODY)
        except To11aiError:
            raise
        except Exception as exc:
            error = network_error(exc, host, call.host if call.host != host else None)
            raise error from error.__cause__
        return Reply(response.status, response.headers, body, response.reason)

    def _open(self, call: Call) -> tuple[OpenerDirector, KeepAliveHandler]:
        from urllib.request import OpenerDirector, ProxyHandler, getproxies, proxy_bypass

        from .connections import KeepAliveHandler

        # Asked once, so that no later call takes a proxy that was not looked at.
        proxies = {} if proxy_bypass(call.host) else getproxies()
        _check_proxy(call, proxies.get(call.type))
        with in_openssl:
            if self._opened is None:
                handler = KeepAliveHandler(self._tls)
                opener = OpenerDirector()
                opener.addheaders = []
                opener.add_handler(ProxyHandler({"https": proxies["https"]} if "https" in proxies else {}))
                opener.add_handler(handler)
                self._opened = opener, handler
            return self._opened

    def _tls(self) -> ssl.SSLContext:
        return self._context or self._trusting()

    def _trusting(self) -> ssl.SSLContext:
        with in_openssl:
            if self._context is None:
                import ssl

                context = ssl.create_default_context()
                context.set_alpn_protocols(["http/1.1"])
                self._context = context
            return self._context

    def close(self) -> None:
        """Close the connections that wait; another call opens new ones."""
        if self._opened:
            self._opened[1].close()


def is_loopback(host: str) -> bool:
    """Whether a host, with or without port, is this machine by its name or address."""
    name = urlsplit(f"//{host}").hostname or ""
    return name in ("localhost", "::1") or name.startswith("127.")


def _check_proxy(call: Call, proxy: str | None) -> None:
    """Refuse a proxy of the environment that would see the key, or that cannot be one."""
    if proxy is None or (call.type == "http" and is_loopback(call.host)):
        return
    if call.type == "http":
        raise _refused(
            f"{call.host}: http_proxy would see the API key of a plain HTTP call; use an https base_url, or name the "
            "host in NO_PROXY"
        )
    try:
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        usable = parts.scheme in ("", "http", "https") and parts.netloc.isascii() and parts.hostname
        port = parts.port
    except ValueError:
        usable, port = None, None
    if not usable or port == 0:
        # Not printed: it may hold a password.
        raise _refused(f"{call.host}: HTTPS_PROXY is not the address of an HTTP proxy, like http://proxy.example:3128")


def _refused(message: str) -> To11aiNetworkError:
    error = To11aiNetworkError(message)
    error.unsent = error.final = True
    return error


def redirect_target(reply: Reply, url: str) -> str | None:
    """Where a redirect leads, if it stays on the origin of the URL; else ``None``."""
    location = reply.headers.get("location")
    if reply.status not in (301, 302, 303, 307, 308) or not location:
        return None
    if not location.isascii() or any(char <= " " or char in "\x7f\\" for char in location):
        return None
    try:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
    except ValueError:
        return None
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        return None
    return target.partition("#")[0]

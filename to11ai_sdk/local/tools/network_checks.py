"""Checks this Python, and the way to a server: proxy, DNS, connection, TLS, clock; for ``to11ai doctor``."""

from __future__ import annotations

import os
import re
import socket
import ssl
import sys
from contextlib import suppress
from datetime import timezone
from email.utils import parsedate_to_datetime
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from sysconfig import get_platform
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from ... import models
from ..._http.exchange import HttpAttempt, Reply, monotonic, now
from ..._http.network_errors import network_error
from ..._http.urllib_exchange import UrllibExchange, checked_proxy, is_loopback
from ...errors import To11aiError, To11aiNetworkError
from ...settings import __version__, seconds
from .reasons import CLOCK_OFF_S, certificate_advice, variable_of, why_no_proxy

if TYPE_CHECKING:
    from collections.abc import Mapping

OLDEST_PYDANTIC = (2, 13)
"""What this package requires, in case a bundle has an older one."""
SLOW_MS, SLOW_STEP_MS = 1000.0, 2000.0
"""What is a warning: the median time of calls, and the time of DNS or of a connection, which is measured once."""
SOON_S = 14 * 86_400.0
"""A time until a certificate expires that is a warning."""

_ON_TIMEOUT = {
    "dns": "check the name servers of this machine",
    "proxy": "check that the proxy is running",
    "connection": "perhaps a firewall drops it, and HTTPS_PROXY must name a proxy",
}
"""What to do if there was no answer at all."""


class Check(NamedTuple):
    """The result of one check: ``ok``, ``warning``, ``failed`` or ``skipped``, what to do, and what was measured."""

    name: str
    status: str
    message: str
    advice: str
    values: dict[str, Any]


def outcome(status: str, message: str, advice: str = "", **values: Any) -> Check:
    return Check("", status, message.format_map(values) if values else message, advice, values)


def failure(exc: Exception, advice: str = "") -> Check:
    """Return the check for an error whose message says what is wrong and, after a semicolon, what to do."""
    message, _, found = str(exc).partition("; ")
    return outcome("failed", message, found or advice)


class NetworkChecks:
    """The checks of one server that need no key."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url
        self._site = urlsplit(url)
        self._https = self._site.scheme == "https"
        self._timeout_s = seconds("timeout_s", timeout_s)
        self._deadline = 0.0
        self._blocked: dict[str, str] = {}
        self._proxy: str | None = None
        self._tls: list[Any] = []
        self._tls_error: To11aiNetworkError | None = None
        self._skew_s: float | None = None
        self._exchanges: dict[str, UrllibExchange] = {}

    def _check(self, name: str, need: str, work: Any, *arguments: str) -> Check:
        if need in self._blocked:
            check = outcome("skipped", f"because {self._blocked[need]} is not ok")
        else:
            self._deadline = monotonic() + self._timeout_s
            try:
                check = self._bounded(work, *arguments)
            except (OSError, To11aiError) as exc:
                error = exc if isinstance(exc, To11aiError) else network_error(exc, self._site.netloc)
                check = failure(error, "check the URL, and the proxies and firewalls before it")
                if isinstance(error.__cause__, TimeoutError) and name in _ON_TIMEOUT:
                    advice = _ON_TIMEOUT["proxy" if self._proxy and name == "connection" else name]
                    check = check._replace(advice=f"{advice}; {check.advice}")
            except ValueError as exc:
                check = failure(exc, "copy the value again, without spaces or line breaks")
        if name.startswith("gateway"):
            check = check._replace(advice=check.advice.replace("base_url", "TO11_GATEWAY_URL"))
        if check.status == "failed" or need in self._blocked or (name == "gateway" and check.status == "skipped"):
            self._blocked[name] = self._blocked.get(need, name)
        return check._replace(name=name)

    def _bounded(self, work: Any, *arguments: str) -> Check:
        """Do work that may hang, such as DNS, in a thread, which is left alone in that case."""
        results: SimpleQueue[Check | Exception] = SimpleQueue()

        def run() -> None:
            try:
                results.put(work(*arguments))
            except Exception as exc:
                results.put(exc)

        Thread(target=run, daemon=True).start()
        result: Check | Exception | None = None
        while result is None:
            with suppress(Empty):
                result = results.get(timeout=max(self._deadline + 1 - monotonic(), 0))
            if result is None and monotonic() > self._deadline + 1:  # a later call of the check has a later deadline
                raise TimeoutError
        if isinstance(result, Exception):
            raise result
        return result

    def _reply(self, url: str, headers: Mapping[str, str], method: str = "GET", body: bytes | None = None) -> Reply:
        exchange = self._exchanges.setdefault(urlsplit(url).netloc, UrllibExchange())
        self._deadline = monotonic() + self._timeout_s
        sent = now()
        reply = exchange(HttpAttempt(method, url, headers, body, deadline=self._deadline, safe=True))
        if self._skew_s is None:
            with suppress(TypeError, ValueError, OverflowError):
                moment = parsedate_to_datetime(reply.headers.get("date", ""))
                moment = moment.replace(tzinfo=moment.tzinfo or timezone.utc)
                # The date is cut off to a second.
                self._skew_s = moment.timestamp() + 0.5 - (sent + now()) / 2
        return reply

    def _check_python(self) -> Check:
        text = "{python} on {platform} (modules: {suffix}), to11ai-sdk {sdk}"
        python = ".".join(map(str, sys.version_info[:3]))
        return outcome(
            "ok", text, python=python, platform=get_platform(), suffix=EXTENSION_SUFFIXES[0], sdk=__version__
        )

    def _check_pydantic(self) -> Check:
        try:
            models.load()
            from pydantic import VERSION
        except (ImportError, SystemError) as exc:  # SystemError: Pydantic and its core are of different releases
            return failure(exc, "install Pydantic again, for this Python and platform")
        if tuple(map(int, re.findall(r"\d+", VERSION)[:2])) < OLDEST_PYDANTIC:
            oldest = ".".join(map(str, OLDEST_PYDANTIC))
            return outcome("failed", "{version} is too old", f"install pydantic {oldest} or newer", version=VERSION)
        spec = find_spec("pydantic_core._pydantic_core")
        core = os.path.basename(spec.origin or "") if spec else ""
        return outcome("ok", "{version} with {core}", version=VERSION, core=core)

    def _check_proxy(self) -> Check:
        scheme, host = self._site.scheme, self._site.netloc
        if proxy := checked_proxy(scheme, host):
            parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
            self._proxy = parts.netloc.rpartition("@")[2]
            how = variable_of(scheme) or "the system's settings"
            return outcome("ok", f"{{proxy}}, by {how}", proxy=self._proxy)
        return outcome("ok", f"none, {why_no_proxy(scheme, host)}", proxy=None)

    def _check_dns(self) -> Check:
        at, started = urlsplit(f"//{self._proxy or self._site.netloc}"), monotonic()
        found = socket.getaddrinfo(at.hostname, at.port or 443, type=socket.SOCK_STREAM)
        addresses = ", ".join(sorted({str(entry[4][0]) for entry in found}))
        text, ms = "{host} is {addresses} ({ms} ms)", ms_since(started)
        return outcome(*judged(ms, text, "check the name servers"), host=at.hostname, addresses=addresses, ms=ms)

    def _check_connection(self) -> Check:
        self._exchanges[self._site.netloc] = exchange = UrllibExchange(self._context() if self._https else None)
        started = monotonic()
        try:
            exchange.connect(HttpAttempt("GET", self._url, {}, None, deadline=self._deadline))
        except To11aiNetworkError as exc:
            if not isinstance(exc.cause, ssl.SSLError) and not (exc.final and isinstance(exc.cause, ConnectionError)):
                raise
            self._tls_error = exc
        ms = ms_since(started)
        advice = "check the network to the server, and that each of its addresses answers, IPv6 and IPv4"
        return outcome(*judged(ms, "made in {ms} ms", advice), ms=ms)

    def _context(self) -> ssl.SSLContext:
        context, sockets = ssl.create_default_context(), self._tls
        context.set_alpn_protocols(["http/1.1"])

        class Socket(ssl.SSLSocket):
            def do_handshake(self, block: bool = False) -> None:
                super().do_handshake(block)
                sockets[:] = self.version(), self.getpeercert()

        context.sslsocket_class = Socket
        return context

    def _check_tls(self) -> Check:
        if not self._https:
            local = is_loopback(self._site.netloc)
            text = "none, the URL is plain HTTP"
            return outcome("skipped", text) if local else outcome("warning", text, "others can read the key; use https")
        if self._tls_error:
            self._ask_for_the_time()
            check = failure(self._tls_error)
            found = certificate_advice(self._tls_error.cause, self._skew_s)
            return check._replace(advice=f"{found}; {check.advice}" if found else check.advice)
        version, certificate = self._tls
        start, end = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
        soon = end - now() < min(SOON_S, (end - start) / 4)
        text = "{version}, the certificate is trusted and valid until {expires}"
        status, advice = ("warning", "renew the certificate of the server") if soon else ("ok", "")
        return outcome(status, text, advice, version=version, expires=certificate["notAfter"])

    def _ask_for_the_time(self) -> None:
        """Ask for the server's time without trust and without a key: a wrong clock makes certificates invalid."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._exchanges.pop(self._site.netloc).close()
        exchange = self._exchanges[self._site.netloc] = UrllibExchange(context)
        with suppress(To11aiError):
            self._reply(self._url, {}, "HEAD")
        exchange.close()

    def _check_clock(self) -> Check:
        if self._skew_s is None:
            return outcome("skipped", "because no reply had a date")
        how = "behind" if self._skew_s > 0 else "ahead of"
        text = f"{abs(self._skew_s):.0f} s {how} the server's"
        if abs(self._skew_s) < CLOCK_OFF_S:
            return outcome("ok", text, skew_s=round(self._skew_s, 1))
        return outcome(
            "warning", text, "set this machine's clock; certificates depend on it", skew_s=round(self._skew_s, 1)
        )


def judged(ms: float, text: str, advice: str, slow_ms: float = SLOW_STEP_MS) -> tuple[str, str, str]:
    """Return status, text and advice for something that took so long."""
    return ("warning", text, advice) if ms > slow_ms else ("ok", text, "")


def ms_since(started: float) -> float:
    return round((monotonic() - started) * 1000, 1)

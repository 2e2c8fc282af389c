"""Lets a browser in: a link that works once, and a signed cookie that every process over the same store accepts."""

from __future__ import annotations

import hmac
import re
import secrets
import socket
import time
from typing import TYPE_CHECKING

from .. import bounds
from ..problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Self

_PORT = re.compile(":([0-9]{1,5})$")


class LoginLink:
    """A token that is exchanged for a session once, also by processes that were forked from this one.

    Args:
        timer: returns seconds of a clock that never goes back.

    Attributes:
        token: the token.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self.token: str = secrets.token_urlsafe(32)
        self._timer = timer
        self._end = timer() + bounds.LOGIN_LINK_S
        # One byte in a socket: of all threads and processes, one gets it.
        self._use, self._source = socket.socketpair()
        self._use.setblocking(False)
        self._source.send(b"1")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._use.close()
        self._source.close()

    def redeem(self, token: str) -> bool:
        """Return whether this is the token, in time and for the first time."""
        if not hmac.compare_digest(token.encode(), self.token.encode()) or self._timer() >= self._end:
            return False
        try:
            return self._use.recv(1) == b"1"
        except BlockingIOError:
            return False


class BrowserSessions:
    """Signs and checks the cookies of browsers; nothing is stored.

    Args:
        key: the key of the main project, which all processes over its store know.
        now: returns the time in seconds since 1970.
    """

    def __init__(self, key: str, now: Callable[[], float]) -> None:
        self._secret = hmac.digest(key.encode(), b"to11 inspector", "sha256")
        self._now = now
        self._key = key

    def is_key(self, key: str) -> bool:
        """Return whether this is the key of the main project."""
        return hmac.compare_digest(key.encode(), self._key.encode())

    def begin(self, headers: Mapping[str, str]) -> str:
        """Return the header ``Set-Cookie`` of a new session, for a request with these headers."""
        value = f"{int(self._now() + bounds.INSPECTOR_SESSION_S)}.{secrets.token_hex(16)}"
        return _set_cookie(headers, f"{value}.{self._sign(value)}", int(bounds.INSPECTOR_SESSION_S))

    def end(self, headers: Mapping[str, str]) -> str:
        """Return the header ``Set-Cookie`` that removes a session."""
        return _set_cookie(headers, "", 0)

    def find(self, headers: Mapping[str, str]) -> str | None:
        """Return the session of a request, ``None`` if it has none that is valid now."""
        for part in headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == _cookie_name(headers) and self._is_valid(value):
                return value
        return None

    def form_token(self, session: str) -> str:
        """Return what each form of a session has to send."""
        return self._sign(f"form {session}")

    def _is_valid(self, value: str) -> bool:
        signed, _, signature = value.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(signed).encode()):
            return False
        return int(signed.partition(".")[0]) > self._now()

    def _sign(self, text: str) -> str:
        return hmac.digest(self._secret, text.encode(), "sha256").hex()


def _cookie_name(headers: Mapping[str, str]) -> str:
    """Return the name of the cookie: all ports of a host share cookies, and a restarted server reuses its own."""
    port = _PORT.search(headers.get("host", ""))
    return f"to11_inspector_{port[1] if port else 'default'}"


def _set_cookie(headers: Mapping[str, str], value: str, seconds: int) -> str:
    return f"{_cookie_name(headers)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"


def check_own_page(headers: Mapping[str, str]) -> None:
    """Refuse a form that a page of another origin sent.

    Raises:
        Problem: 403.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "null")
    if site is not None:
        # The browser's own word; proxies often put another host into the header that is compared below.
        is_other = site not in ("same-origin", "none")
    else:
        # Without a referrer, browsers send the origin "null" with forms; then the token decides.
        is_other = origin != "null" and origin.partition("://")[2] != headers.get("host", "")
    if is_other:
        raise Problem(403, "FOREIGN_FORM", "this form was sent by a page of another origin")


def check_form(sessions: BrowserSessions, session: str, form: Mapping[str, str]) -> None:
    """Refuse a form without the session's token.

    Raises:
        Problem: 403.
    """
    if not hmac.compare_digest(form.get("csrf", "").encode(), sessions.form_token(session).encode()):
        raise Problem(403, "FORM_EXPIRED", "this form belongs to another session: reload the page and send it again")

"""A request as it came in, taken apart but not yet judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..problems import Problem
from . import request_body
from .arguments import decode
from .paths import Match, Routes, Target
from .request_log import SECRETS, SeenRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...endpoint import Endpoint


class ControlRequest:
    """One request.

    Attributes:
        method: HTTP method.
        target: path and query as they were sent.
        key: what follows ``Bearer`` in the header ``Authorization``, ``None`` without one.
        match: the row it means, ``None`` if it means none.
        problem: what was wrong with it at first sight.
    """

    def __init__(self, environ: dict[str, Any], routes: Routes[Endpoint]) -> None:
        self.method: str = environ["REQUEST_METHOD"]
        self.target: Target = Target.of(environ["REQUEST_URI"])
        self.match: Match[Endpoint] | None = None
        self.problem: Problem | None = None
        self._body = b""
        self._headers = shown(headers_of(environ))
        self.key: str | None = bearer(environ.get("HTTP_AUTHORIZATION", ""))
        try:
            self._body = request_body.read(environ)
            self.match = routes.match(self.method, self.target.path)
        except Problem as exc:
            self.problem = exc

    @property
    def row_name(self) -> str | None:
        """Name of the row it means."""
        return self.match.row.name if self.match else None

    def wanted(self) -> Match[Endpoint]:
        """The row it means; raises what was wrong with it."""
        if self.match is None:
            raise self.problem or LookupError("neither a row nor a problem")
        return self.match

    def arguments(self, match: Match[Endpoint]) -> dict[str, Any]:
        """The arguments of the call.

        Raises:
            Problem: 400 if one is missing or wrong.
        """
        payload = request_body.parse(self._body) if match.row.has_body else None
        return decode(match.row, match.arguments, self.target.arguments(), payload)

    def seen(self, status: int | None) -> SeenRequest:
        """What the log keeps of it."""
        return SeenRequest(
            self.method, self.target.path, self._query(), self._headers, self._payload(), self.row_name, status
        )

    def _query(self) -> dict[str, str]:
        try:
            return self.target.arguments()
        except Problem:
            return {}

    def _payload(self) -> Any:
        try:
            return request_body.parse(self._body)
        except Problem:
            return self._body.decode("utf-8", "replace")


def headers_of(environ: dict[str, Any]) -> dict[str, str]:
    """The headers of a request by their lower-case names."""
    names = {key: key.removeprefix("HTTP_").replace("_", "-").lower() for key in environ if key.startswith("HTTP_")}
    names |= {key: key.replace("_", "-").lower() for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if key in environ}
    return {name: environ[key] for key, name in names.items()}


def shown(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as the log keeps them: without the values of secret ones."""
    return {name: "***" if name in SECRETS else value for name, value in headers.items()}


def bearer(header: str) -> str | None:
    """What follows ``Bearer`` in a header, ``None`` if nothing does."""
    scheme, _, key = header.partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None

"""Defines a request to the gateway as it was received."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .gateway_problem import GatewayProblem, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..hang_up import HangUp


class Incoming(NamedTuple):
    """A request.

    Attributes:
        method: HTTP method.
        path: path below ``/v1`` as sent, without the query.
        query: the query as sent, without ``?``.
        headers: by lower-case names.
        body: the bytes of the body.
        request_id: id of the request.
        hang_up: reports that the caller has disconnected.
        unread: why the body could not be read, ``None`` if it was.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    hang_up: HangUp
    unread: GatewayProblem | None = None

    def header(self, name: str) -> str | None:
        """Return the value of a header, ``None`` if it is absent.

        Raises:
            GatewayProblem: 400 if it is empty.
        """
        value = self.headers.get(name)
        if value is not None and not value.strip():
            raise bad_request("empty_header", f"the header {name} is empty; leave it out instead", {"header": name})
        return value

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

"""Finds the application and the row for a request line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import unquote_to_bytes

from ..path_table import NoSuchPathError, PathTable, WrongMethodError
from ..problems import Problem, invalid
from .later_versions import is_of_an_organization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .application import Application


class Row(Protocol):
    """A method and a path template such as ``"/v1/projects/{project_id}"``."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Match(Generic[R]):
    """The row of a request, and its decoded path parameters."""

    row: R
    arguments: dict[str, str]


class Routes(Generic[R]):
    """A router for a table. It matches the path before percent-decoding, so ``%2F`` stays within one id."""

    def __init__(self, table: Iterable[R]) -> None:
        rows = (((row.method,), row.path.replace("{", "<").replace("}", ">"), row) for row in table)
        self._table = PathTable[R](rows)

    def match(self, method: str, path: str) -> Match[R]:
        """Return the row for a method and a raw path.

        Raises:
            Problem: 404 for an unknown path, 405 for a method it does not have, 400 for a malformed id.
        """
        try:
            row, arguments = self._table.find(method, path)
        except WrongMethodError as exc:
            message = f"{path} does not support {method}; use {', '.join(exc.allowed)}"
            raise Problem(405, "METHOD_NOT_ALLOWED", message, {"allowed": exc.allowed}) from None
        except NoSuchPathError:
            raise _not_found(path) from None
        return Match(row, {name: _decoded(value) for name, value in arguments.items()})


def _not_found(path: str) -> Problem:
    return Problem(404, "NOT_FOUND", f"there is nothing at {path}; the API is below /v1/projects/<project id>")


def _decoded(segment: Any) -> str:
    try:
        return unquote_to_bytes(str(segment)).decode("utf-8")
    except UnicodeDecodeError:
        raise invalid("an id in the path is not UTF-8 in percent-encoding") from None


class Dispatcher:
    """Chooses the application for each request.

    Args:
        readiness: answers ``/ready``.
        control_plane: answers ``/v1/projects``, ``/v1/orgs`` and unknown paths.
        gateway: answers everything else below ``/v1``.
        local: answers everything below ``/local``.
        inspector: answers ``/`` and everything below ``/inspector``.
        is_meant_for_gateway: whether an unknown path is one that clients of the gateway call by mistake.
    """

    def __init__(
        self,
        readiness: Application,
        control_plane: Application,
        gateway: Application,
        local: Application,
        inspector: Application,
        is_meant_for_gateway: Callable[[str], bool],
    ) -> None:
        self._readiness = readiness
        self._answering = control_plane, gateway
        self._control_plane, self._gateway = self._answering
        self._local = local
        self._inspector = inspector
        self._is_meant_for_gateway = is_meant_for_gateway

    def watch(self, watched: Callable[[Application], Application] | None) -> None:
        """Put another application before control plane and gateway, or remove it; until then neither is slower."""
        self._control_plane, self._gateway = map(watched, self._answering) if watched else self._answering

    def application_for(self, path: str) -> Application:
        """Return the application that answers a path."""
        if path == "/health":
            return self._control_plane
        if path == "/ready":
            return self._readiness
        below = path.partition("/v1/")[2] if path.startswith("/v1/") else ""
        if below and below.partition("/")[0] != "projects" and not is_of_an_organization(path):
            return self._gateway
        if path.startswith("/local/"):
            return self._local
        if path in ("/", "/inspector") or path.startswith("/inspector/"):
            return self._inspector
        return self._gateway if not below and self._is_meant_for_gateway(path) else self._control_plane

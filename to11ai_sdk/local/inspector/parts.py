"""Holds what the pages of the inspector need: what they show and change, and the request of the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...resources.table import ENDPOINTS
from .. import bounds
from ..problems import Problem, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from ..hang_up import HangUp
    from ..http.failures import FailureQueue
    from ..http.owner_api import HasJson
    from ..service import Platform, Session
    from .login import LoginLink
    from .recording import Recording

_HIGHEST = 1_000_000
SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What browsers must not do with any reply of the inspector."""


def shortened(text: str) -> str:
    """Return a text as it is shown: a long one only in part."""
    if len(text) <= bounds.MAX_SHOWN_TEXT:
        return text
    return text[: bounds.MAX_SHOWN_TEXT] + f"\n[cut: {len(text)} characters]"


class RecentSpans(Protocol):
    """The spans of the gateway's calls."""

    def recent(self, project_id: str, limit: int) -> Sequence[HasJson]:
        """Return the newest spans of a project."""
        ...


class InspectorParts(NamedTuple):
    """What the inspector shows and changes.

    Attributes:
        platform: the platform.
        traces: the spans of the gateway's calls.
        failures: failures on demand.
        recording: the calls with their bodies, while it is on.
        link: what is exchanged for a session once, if such a link was printed.
        is_worker: whether this process is one of several, which each have their own calls and failures.
    """

    platform: Platform
    traces: RecentSpans
    failures: FailureQueue
    recording: Recording
    link: LoginLink | None
    is_worker: bool

    @property
    def project_id(self) -> str:
        """Id of the main project, which is the one that is shown."""
        return self.platform.main.project_id

    def state(self) -> dict[str, Any]:
        """Return what every page shows: the project, what is going to fail, and whether calls are recorded."""
        waiting = 0 if self.is_worker else len(self.failures.waiting())
        return {"project_id": self.project_id, "waiting": waiting, "recording": self.recording.is_on}

    def session(self) -> AbstractContextManager[Session]:
        """Open a session that reads the project."""
        return self.platform.owner(self.project_id, write=False)


class Visit(NamedTuple):
    """The request that a page is made for, by a browser that has signed in.

    Attributes:
        parts: what the inspector shows.
        path: the decoded parameters of the path.
        query: the query, decoded.
        form: the form that was sent, decoded.
        hang_up: reports that the browser has disconnected.
    """

    parts: InspectorParts
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    hang_up: HangUp

    def number(self, name: str, default: int) -> int:
        """Return a number from 1 of the query.

        Raises:
            Problem: 400 if it is none.
        """
        text = self.query.get(name, "") or str(default)
        if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= _HIGHEST):
            raise invalid(f"{name} must be a number from 1 to {_HIGHEST}", field=name)
        return int(text)

    def call(self, row_name: str, **arguments: Any) -> Any:
        """Make a call of the API, as its owner does over HTTP."""
        platform = self.parts.platform
        caller = platform.admit(platform.main.project_id, platform.main.api_key)
        given = {"project_id": platform.main.project_id, **arguments}
        return platform.call(ENDPOINTS[row_name], caller, given, self.hang_up, is_long=True)

    def one_process(self) -> None:
        """Refuse what holds only for one of several processes.

        Raises:
            Problem: 409 in a worker.
        """
        if self.parts.is_worker:
            message = "each worker has its own calls and failures: start to11ai local without --workers for this"
            raise Problem(409, "ONE_PROCESS_ONLY", message)


class Shown(NamedTuple):
    """What to send: a page, or the address to go to.

    Attributes:
        template: name of the template.
        values: the values in it.
        status: HTTP status.
        location: where to go instead.
    """

    template: str
    values: dict[str, Any]
    status: int = 200
    location: str | None = None


def go_to(location: str) -> Shown:
    """Send the browser to another page, after a change; the address is relative to ``/``."""
    return Shown("", {}, 303, location)

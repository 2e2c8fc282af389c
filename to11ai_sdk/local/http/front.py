"""Which application answers a path: the control plane, the gateway, or the owner's own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .paths import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication


class Front:
    """Hands each request on.

    Args:
        control_plane: answers ``/v1/projects`` and what there is not.
        gateway: answers everything else below ``/v1``.
        local: answers what is below ``/local``.
    """

    def __init__(self, control_plane: WSGIApplication, gateway: WSGIApplication, local: WSGIApplication) -> None:
        self._control_plane = control_plane
        self._gateway = gateway
        self._local = local

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._owner_of(Target.of(environ["REQUEST_URI"]).path)(environ, start_response)

    def _owner_of(self, path: str) -> WSGIApplication:
        below = path.partition("/v1/")[2] if path.startswith("/v1/") else ""
        if below and below.partition("/")[0] != "projects":
            return self._gateway
        return self._local if path.startswith("/local/") else self._control_plane

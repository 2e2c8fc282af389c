"""``GET /v1/models`` and ``GET /v1/models/{model_id}``: from the configuration, without asking a provider."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .relay.answers import Answer

if TYPE_CHECKING:
    from .routing import Router, Scope


def models(router: Router, scope: Scope) -> Answer:
    """The reply.

    Raises:
        GatewayProblem: 404 there is no such model; 409 several providers have it.
    """
    model_id = scope.call.model
    if model_id is not None:
        content: dict[str, Any] = router.model(scope, model_id)
    else:
        content = {"object": "list", "data": router.models(scope)}
    return Answer(200, {"content-type": "application/json"}, json.dumps(content).encode())

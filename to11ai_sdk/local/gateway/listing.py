"""``GET /v1/models`` and ``GET /v1/models/{model_id}``: from the configuration, without asking a provider."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .answers import Answer

if TYPE_CHECKING:
    from ..service import Session
    from .calls import Call
    from .routing import Router


def models(router: Router, session: Session, call: Call) -> Answer:
    """The reply.

    Raises:
        GatewayProblem: 404 there is no such model or environment; 409 several providers have the model.
    """
    env = call.incoming.header("x-to11-env")
    model_id = call.match.model
    if model_id is not None:
        content: dict[str, Any] = router.model(session, unquote(model_id), env)
    else:
        content = {"object": "list", "data": router.models(session, env)}
    return Answer(200, {"content-type": "application/json"}, json.dumps(content).encode())

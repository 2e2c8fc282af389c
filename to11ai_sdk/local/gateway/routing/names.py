"""The field ``model``: a plain name, or one that says which layer it belongs to."""

from __future__ import annotations

from typing import NamedTuple

from ..gateway_problem import bad_request

FUNCTION = "function"
ROUTE = "route"
LAYERS = (FUNCTION, ROUTE)
"""Prefixes that name a rule; every other prefix is a provider."""


class ModelName(NamedTuple):
    """What a ``model`` says.

    Attributes:
        prefix: what stands before ``::``, ``None`` for a plain name.
        name: the rest.
    """

    prefix: str | None
    name: str


def parse(model: str | None) -> ModelName:
    """Take a ``model`` apart at its first ``::``.

    Raises:
        GatewayProblem: 400, nothing is named.
    """
    if model is None or not model.strip():
        raise bad_request("model_required", "model is missing; name one, such as 'gpt-4o' or 'openai::gpt-4o'")
    prefix, mark, name = model.partition("::")
    if not mark:
        return ModelName(None, model)
    if not prefix.strip() or not name.strip():
        raise bad_request("invalid_model", f"model {model!r} names nothing before or after '::'", {"model": model})
    return ModelName(prefix, name)

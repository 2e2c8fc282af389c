"""Applies the parameters of a rule to a request.

They use the names of the caller's format and are applied before translation. A parameter that the caller gave is left
unchanged, even ``null``. The few parameters with different names in the formats are treated as one: a rule may use
``max_tokens`` and ``stop`` for all formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .plan import Attempt

_SAME = (
    frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens"}),
    frozenset({"stop", "stop_sequences"}),
)
_KEPT = frozenset({"model", "messages", "input", "stream"})
_OWN_WORDS = {
    "responses": {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"},
    "messages": {
        "max_completion_tokens": "max_tokens",
        "max_output_tokens": "max_tokens",
        "stop": "stop_sequences",
    },
    "chat_completions": {"max_output_tokens": "max_tokens", "stop_sequences": "stop"},
}


def applied(attempt: Attempt, endpoint: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a request for a target: with the target's model and the parameters of its rule.

    Args:
        attempt: the target.
        endpoint: the called endpoint of the gateway, such as ``"messages"``.
        body: the caller's request, which is not modified. A rule can never set ``stream`` or the messages.
    """
    model = {} if attempt.model is None else {"model": attempt.model}
    if not attempt.params:
        return {**body, **model}
    words = _OWN_WORDS.get(endpoint, {})
    given = {word for name in body for word in _synonyms(name)}
    added = {words.get(name, name): value for name, value in attempt.params.items() if name not in given | _KEPT}
    if isinstance(added.get("stop_sequences"), str):
        added["stop_sequences"] = [added["stop_sequences"]]
    return {**added, **body, **model}


def _synonyms(name: str) -> frozenset[str]:
    return next((words for words in _SAME if name in words), frozenset({name}))

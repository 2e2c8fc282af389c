"""Lists how each member of a translated request is handled, in one table for each format.

A member is translated; or left out, because it does not change the answer or only concerns the provider's workings; or
refused by name, because it would change the answer and no other format has it. A value that means nothing is never
refused. A member that is in no table is refused, so nothing is lost silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ....json_types import is_array, is_object
from ...json_input.fields import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...json_input.fields import Fields


class Rule(NamedTuple):
    """How a member is handled.

    Attributes:
        fate: whether it is translated, left out or refused.
        advice: what to do if it is refused.
        means_nothing: returns whether a value has no effect.
    """

    fate: Literal["translated", "left out", "refused"]
    advice: str = ""
    means_nothing: Callable[[Any], bool] = lambda value: value in (False, 0, "", [], {})


def _only_text(value: Any) -> bool:
    return bool(value == ["text"])


def _is_at_home(value: Any) -> bool:
    return value in ("global", "not_available")


def _is_self(value: Any) -> bool:
    return is_object(value) and value.get("bill_to", "self") == "self"


def _clears_thoughts_only(value: Any) -> bool:
    edits = value.get("edits", []) if is_object(value) else value
    return is_array(edits) and all(
        is_object(edit) and str(edit.get("type")).startswith("clear_thinking") for edit in edits
    )


def _has_no_logprobs(value: Any) -> bool:
    return is_array(value) and "message.output_text.logprobs" not in value


def _never(value: Any) -> bool:
    return False


_TRANSLATED, _LEFT_OUT = Rule("translated"), Rule("left out")
_NOWHERE = "no other format has it: leave it out, or choose a model of a provider that speaks this format"
_KEPT = "refers to what one provider keeps: set store to false, and send the whole input instead"
_OWN_TEXT = "the reply would be no text: leave it out, or ask the provider in its own format"
_REFUSED = Rule("refused", _NOWHERE)
_UNKNOWN = Rule("refused", f"is not known here: {_NOWHERE}")

CHAT: Mapping[str, Rule] = {
    "audio": Rule("refused", _OWN_TEXT),
    "frequency_penalty": _REFUSED,
    "function_call": Rule("refused", "was replaced by tool_choice: use that", _never),
    "functions": Rule("refused", "was replaced by tools: use that", _never),
    "logit_bias": _REFUSED,
    "logprobs": _REFUSED,
    "max_completion_tokens": _TRANSLATED,
    "max_tokens": _TRANSLATED,
    "messages": _TRANSLATED,
    "metadata": _TRANSLATED,
    "modalities": Rule("refused", _OWN_TEXT, _only_text),
    "model": _TRANSLATED,
    "moderation": _REFUSED,
    "n": _TRANSLATED,
    "parallel_tool_calls": _TRANSLATED,
    "prediction": _LEFT_OUT,
    "presence_penalty": _REFUSED,
    "prompt_cache_key": _TRANSLATED,
    "prompt_cache_options": _LEFT_OUT,
    "prompt_cache_retention": _LEFT_OUT,
    "reasoning_effort": _TRANSLATED,
    "response_format": _TRANSLATED,
    "safety_identifier": _TRANSLATED,
    "seed": Rule("refused", _NOWHERE, _never),
    "service_tier": _TRANSLATED,
    "stop": _TRANSLATED,
    "store": _LEFT_OUT,
    "stream": _TRANSLATED,
    "stream_options": _TRANSLATED,
    "temperature": _TRANSLATED,
    "thinking": _TRANSLATED,
    "tool_choice": _TRANSLATED,
    "tools": _TRANSLATED,
    "top_k": _TRANSLATED,
    "top_logprobs": _REFUSED,
    "top_p": _TRANSLATED,
    "user": _TRANSLATED,
    "verbosity": _TRANSLATED,
    "web_search_options": Rule("refused", _NOWHERE, _never),
}
RESPONSES: Mapping[str, Rule] = {
    "access_programs": _LEFT_OUT,
    "background": Rule("refused", "is not supported here: wait for the reply, or stream it"),
    "background_options": _LEFT_OUT,
    "client_metadata": _LEFT_OUT,
    "context_management": _REFUSED,
    "conversation": Rule("refused", _KEPT),
    "image": _LEFT_OUT,
    "include": Rule("refused", f"logprobs: {_NOWHERE}", _has_no_logprobs),
    "input": _TRANSLATED,
    "instructions": _TRANSLATED,
    "max_output_tokens": _TRANSLATED,
    "max_tool_calls": _LEFT_OUT,
    "metadata": _TRANSLATED,
    "model": _TRANSLATED,
    "moderation": _REFUSED,
    "parallel_tool_calls": _TRANSLATED,
    "previous_response_id": Rule("refused", _KEPT),
    "prompt": Rule("refused", _KEPT),
    "prompt_cache_key": _TRANSLATED,
    "prompt_cache_options": _LEFT_OUT,
    "prompt_cache_retention": _LEFT_OUT,
    "reasoning": _TRANSLATED,
    "safety_identifier": _TRANSLATED,
    "service_tier": _TRANSLATED,
    "stop": _TRANSLATED,
    "store": _LEFT_OUT,
    "stream": _TRANSLATED,
    "stream_options": _LEFT_OUT,
    "temperature": _TRANSLATED,
    "text": _TRANSLATED,
    "tool_choice": _TRANSLATED,
    "tools": _TRANSLATED,
    "top_k": _TRANSLATED,
    "top_logprobs": _REFUSED,
    "top_p": _TRANSLATED,
    "truncation": _LEFT_OUT,
    "user": _TRANSLATED,
}
ANTHROPIC: Mapping[str, Rule] = {
    "anthropic_beta": _LEFT_OUT,
    "anthropic_version": _LEFT_OUT,
    "betas": _LEFT_OUT,
    "billing_policy": Rule("refused", _NOWHERE, _is_self),
    "cache_control": _LEFT_OUT,
    "compaction": _REFUSED,
    "container": _REFUSED,
    "context_management": Rule("refused", _NOWHERE, _clears_thoughts_only),
    "diagnostics": _LEFT_OUT,
    "fallback_credit_token": _LEFT_OUT,
    "fallbacks": _LEFT_OUT,
    "inference_geo": Rule("refused", _NOWHERE, _is_at_home),
    "max_tokens": _TRANSLATED,
    "mcp_servers": _LEFT_OUT,
    "messages": _TRANSLATED,
    "metadata": _TRANSLATED,
    "model": _TRANSLATED,
    "output_config": _TRANSLATED,
    "output_format": _TRANSLATED,
    "service_tier": _LEFT_OUT,
    "speed": _LEFT_OUT,
    "stop_sequences": _TRANSLATED,
    "stream": _TRANSLATED,
    "system": _TRANSLATED,
    "temperature": _TRANSLATED,
    "thinking": _TRANSLATED,
    "thread": Rule("refused", "the conversation would be forgotten: send all of its messages, without a thread"),
    "tool_choice": _TRANSLATED,
    "tools": _TRANSLATED,
    "top_k": _TRANSLATED,
    "top_p": _TRANSLATED,
    "user_profile_id": _LEFT_OUT,
    "workspace_id": _LEFT_OUT,
}
TABLES: Mapping[str, Mapping[str, Rule]] = {
    "openai_chat": CHAT,
    "openai_responses": RESPONSES,
    "anthropic_messages": ANTHROPIC,
}
"""The table of each format."""


class ThreadError(FormatError):
    """A request continues a thread, which only the provider that keeps the thread can do."""

    @property
    def details(self) -> dict[str, Any]:
        """The details with which Anthropic's SDKs send the whole conversation instead."""
        return {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}


def check(fields: Fields, table: Mapping[str, Rule]) -> None:
    """Refuse a request with a member that is unknown, or whose loss would change the answer.

    Raises:
        FormatError: a member is refused; the message names it and says what to do. A ``ThreadError`` for a thread.
    """
    for key, value in fields.raw.items():
        rule = table.get(key, _UNKNOWN)
        if rule.fate != "refused" or value is None or rule.means_nothing(value):
            continue
        if key == "thread":
            raise ThreadError(rule.advice, key)
        fields.refuse(key, rule.advice)

"""Marks the signatures and encrypted reasoning that the gateway makes for thinking of another format.

A caller gets thinking in its own format. If its provider (the maker) spoke another format, the proof (a signature or
encrypted reasoning) has ``MARK``, the maker's format, the provider, the id of the item and the maker's own proof. So it
goes back only to its maker; another provider would refuse the proof.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ....json_types import is_array, is_object
from .neutral import RedactedThinking, Thinking

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = "to11:"
"""How a proof begins that the gateway made; base64, which proofs of providers are, has no colon."""

ANTHROPIC, CHAT, RESPONSES = "anthropic_messages", "openai_chat", "openai_responses"
_REDACTED = "redacted_thinking"


def is_marked(proof: Any) -> bool:
    """Whether the gateway made a proof."""
    return isinstance(proof, str) and proof.startswith(MARK)


def read_thinking(thinking: Thinking, wire_format: str) -> Thinking | RedactedThinking:
    """Return the original of thinking that a caller sends back."""
    if not is_marked(thinking.signature):
        return replace(thinking, maker=wire_format)
    maker, provider, item_id, proof = [*str(thinking.signature)[len(MARK) :].split(":", 3), "", "", ""][:4]
    if maker == _REDACTED:
        return RedactedThinking(proof, ANTHROPIC, _unquoted(provider))
    return Thinking(thinking.text, proof or None, _unquoted(item_id) or None, maker, _unquoted(provider))


def is_own(thinking: Thinking | RedactedThinking, wire_format: str, provider: str) -> bool:
    """Whether thinking was made in a format and, as far as that is known, by this provider."""
    return thinking.maker in (None, wire_format) and thinking.provider in (None, provider)


def proof_of(thinking: Thinking, provider: str) -> str:
    """Return the proof for thinking that a provider of another format made."""
    place = f"{thinking.maker}:{_quoted(provider)}:{_quoted(thinking.id or '')}"
    return f"{MARK}{place}:{thinking.signature or ''}"


def redacted_proof(part: RedactedThinking, provider: str) -> str:
    """Return the proof that replaces encrypted thinking in a format that does not have it."""
    return f"{MARK}{_REDACTED}:{_quoted(provider)}::{part.data}"


def without_marked(wire_format: str, body: Mapping[str, Any], *, takes_thoughts: bool) -> dict[str, Any]:
    """Return a body for a provider of the caller's own format, without the thinking of other providers.

    Args:
        wire_format: the format of both.
        body: the request.
        takes_thoughts: whether the provider's chat completions have a member for unsigned thinking.
    """
    key = "input" if wire_format == RESPONSES else "messages"
    items = body.get(key)
    if not is_array(items):
        return dict(body)
    if wire_format == CHAT:
        return {**body, key: [_chat_message(item, takes_thoughts) for item in items]}
    return {**body, key: [kept for item in items for kept in _without(item)]}


def _chat_message(item: Any, takes_thoughts: bool) -> Any:
    details = item.get("reasoning_details") if is_object(item) else None
    if not (is_array(details) and any(is_object(each) and is_marked(each.get("signature")) for each in details)):
        return item
    left_out = {"reasoning_details"} if takes_thoughts else {"reasoning_details", "reasoning_content"}
    return {key: value for key, value in item.items() if key not in left_out}


def _without(item: Any) -> list[Any]:
    """Return an item or a turn without marked thinking; ``None`` if nothing else is in it."""
    if not is_object(item):
        return [item]
    if item.get("type") == "reasoning" and is_marked(item.get("encrypted_content")):
        return []
    content = item.get("content")
    if not is_array(content):
        return [item]
    kept = [block for block in content if not (is_object(block) and is_marked(block.get("signature")))]
    if len(kept) == len(content):
        return [item]
    return [{**item, "content": kept}] if kept else []


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _unquoted(text: str) -> str:
    return unquote(text, errors="surrogatepass")

"""Reads and writes thinking in chat completions, for servers that have it and callers that send it back.

OpenAI's format has none. A caller gets the thinking of a provider with another format as ``reasoning_content``, and the
proofs in ``reasoning_details``, as from OpenRouter. Clients that send a message back unchanged send both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....json_types import is_array, is_object
from ..marks import CHAT, is_marked, is_own, read_thinking
from ..neutral import RedactedThinking, Thinking

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ....json_input.fields import Fields
    from ..common import Peer
    from ..neutral import Part

REASONING = ("reasoning_content", "reasoning")
"""Members of a message that hold thoughts; each server has one of them."""

DETAILS = "reasoning_details"


def read_thoughts(message: Fields) -> list[Thinking | RedactedThinking]:
    """Return the thinking in a message that a caller sends back."""
    raw = message.raw.get(DETAILS)
    details = [item for item in raw if is_object(item) and is_marked(item.get("signature"))] if is_array(raw) else []
    if details:
        texts = [(item.get("text"), str(item["signature"])) for item in details]
        return [read_thinking(Thinking(text if isinstance(text, str) else "", proof), CHAT) for text, proof in texts]
    member = next((key for key in REASONING if isinstance(message.raw.get(key), str) and message.raw[key]), None)
    return [] if member is None else [Thinking(message.text(member), maker=member)]


def write_thoughts(parts: Iterable[Part], peer: Peer) -> dict[str, str]:
    """Return the thinking in the member that this provider used, else in the one that its type of server has."""
    thoughts = [part for part in parts if isinstance(part, Thinking) and part.text]
    if peer.reasoning_field is None or not thoughts:
        return {}
    members = (key for part in thoughts for key in REASONING if part.maker == key and is_own(part, key, peer.name))
    member = next(members, peer.reasoning_field)
    return {member: "\n\n".join(part.text for part in thoughts)}


def kept_thoughts(parts: Sequence[Part]) -> dict[str, Any]:
    """Return the thinking of a reply with its proofs; thinking of an unknown maker is dropped."""
    thoughts = [part for part in parts if isinstance(part, Thinking) and is_marked(part.signature)]
    text = "\n\n".join(part.text for part in thoughts if part.text)
    details = [detail(index, part.text, str(part.signature)) for index, part in enumerate(thoughts)]
    return {**({"reasoning_content": text} if text else {}), **({DETAILS: details} if details else {})}


def detail(index: int, text: str, proof: str) -> dict[str, Any]:
    """Return an entry of ``reasoning_details``."""
    return {"type": "reasoning.text", "text": text, "signature": proof, "index": index}

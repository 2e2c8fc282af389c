"""The neutral form: what a chat request, its reply and its stream say, in the words of no single provider.

It holds what at least two of the formats can hold. Everything here is plain frozen data; the formats give it a shape.
"""

from __future__ import annotations

from .parts import File, Image, Part, RedactedThinking, Refusal, ReplyPart, Text, Thinking, ToolCall, ToolResult
from .replies import ChatReply, Delta, End, Error, PartDelta, PartStart, PartStop, Signature, Start, StopReason, Usage
from .requests import ChatRequest, Message, Reasoning, ResponseFormat, Role, Sampling, Tool, ToolChoice

__all__ = [
    "ChatReply",
    "ChatRequest",
    "Delta",
    "End",
    "Error",
    "File",
    "Image",
    "Message",
    "Part",
    "PartDelta",
    "PartStart",
    "PartStop",
    "Reasoning",
    "RedactedThinking",
    "Refusal",
    "ReplyPart",
    "ResponseFormat",
    "Role",
    "Sampling",
    "Signature",
    "Start",
    "StopReason",
    "Text",
    "Thinking",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "Usage",
]

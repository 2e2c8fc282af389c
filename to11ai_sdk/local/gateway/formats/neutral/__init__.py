"""The neutral form of chat requests, replies and streams, independent of any provider.

It has everything that at least two of the formats can express, as plain frozen data.
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

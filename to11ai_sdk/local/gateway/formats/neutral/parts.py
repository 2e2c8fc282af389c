"""The parts of a message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a person, a model or a tool."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image.

    Attributes:
        url: ``https:`` or ``data:`` URL.
        detail: ``"low"``, ``"high"`` or a later word of OpenAI's; ``None`` lets the model choose.
    """

    url: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A document such as a PDF.

    Attributes:
        url: ``https:`` or ``data:`` URL.
        name: file name or title.
    """

    url: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Thinking:
    """What a model thought before it answered.

    Attributes:
        text: the thoughts, or a summary of them.
        signature: the provider's proof that they are its own; it goes back to it as it came.
        id: id of the reasoning item, in formats that give it one.
    """

    text: str
    signature: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class RedactedThinking:
    """Thoughts that only the provider can read, as it encrypted them."""

    data: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The words with which a model declined."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that a model wants called.

    Attributes:
        id: ties the result to the call.
        name: name of the tool.
        arguments: a JSON object as text, the way models write it: it may be malformed.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered.

    Attributes:
        call_id: id of the call.
        content: text, images and files.
        is_error: whether the tool failed.
    """

    call_id: str
    content: tuple[Text | Image | File, ...]
    is_error: bool = False


ReplyPart = Text | Thinking | RedactedThinking | Refusal | ToolCall
Part = ReplyPart | Image | File | ToolResult

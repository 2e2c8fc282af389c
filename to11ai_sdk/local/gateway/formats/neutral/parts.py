"""The parts of a message."""

from __future__ import annotations

from dataclasses import dataclass, field


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
    """A model's thinking before its answer.

    Attributes:
        text: the thoughts, or a summary of them.
        signature: the provider's proof that they are its own; it is sent back unchanged.
        id: id of the reasoning item, in formats that give it one.
        maker: their origin: the name of a format, or the member of a chat completion that held them;
            ``None`` is the format that they are written in.
        provider: the provider that made them, if the gateway recorded it; ``None`` if the caller has them from
            elsewhere. Comparisons ignore ``maker`` and ``provider``.
    """

    text: str
    signature: str | None = None
    id: str | None = None
    maker: str | None = field(default=None, compare=False)
    provider: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RedactedThinking:
    """Thinking that only the provider can read, because it encrypted it.

    ``maker`` and ``provider`` are as in ``Thinking``.
    """

    data: str
    maker: str | None = field(default=None, compare=False)
    provider: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A model's text when it declines."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that a model wants called.

    Attributes:
        id: ties the result to the call.
        name: name of the tool.
        arguments: a JSON object as text, as the model wrote it: it may be malformed. For a custom tool, the text that
            it takes.
        namespace: the group of tools that the name belongs to, if there is one.
        is_custom: whether the tool takes text instead of a JSON object.
    """

    id: str
    name: str
    arguments: str
    namespace: str | None = None
    is_custom: bool = False


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a tool.

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

"""A chat request in the neutral form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .parts import Part

Role = Literal["system", "developer", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of a conversation; a ``ToolResult`` is always the only part of a message with the role ``tool``."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call.

    Attributes:
        name: name of the function.
        description: what it does, for the model.
        parameters: JSON Schema of its arguments; ``None`` for a function without any.
        strict: whether the arguments must fit the schema; ``None`` leaves it to the provider.
        namespace: the group of tools that it belongs to, if there is one.
        is_custom: whether it takes text instead of a JSON object.
    """

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None
    namespace: str | None = None
    is_custom: bool = False


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether a tool is to be called; ``name`` and ``namespace`` go with the type ``tool``."""

    type: Literal["auto", "none", "required", "tool"]
    name: str | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen, and when to stop.

    Attributes:
        max_tokens: most tokens of the reply.
        temperature: 0 to 2.
        top_p: 0 to 1.
        top_k: choose among so many tokens.
        stop: texts that end the reply.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """What the text of the reply must be.

    Attributes:
        type: the rest goes with ``json_schema``.
        name: name of the schema.
        description: what it is for, for the model.
        schema: the JSON Schema.
        strict: whether the reply must fit it; ``None`` leaves it to the provider.
    """

    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    description: str | None = None
    schema: Mapping[str, Any] | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """How much a model thinks first.

    Attributes:
        effort: ``"none"``, ``"minimal"``, ``"low"``, ``"medium"``, ``"high"`` or a later word.
        thinking: Anthropic's switch: ``"enabled"``, ``"disabled"``, ``"adaptive"`` or a later word.
        budget_tokens: most tokens of thinking, with ``"enabled"``.
    """

    effort: str | None = None
    thinking: str | None = None
    budget_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat request.

    Attributes:
        model: name of the model, as the caller wrote it.
        messages: the conversation; instructions are its messages of the role ``system`` or ``developer``.
        tools: functions that the model may call.
        tool_choice: ``None`` leaves it to the provider.
        parallel_tool_calls: whether several tools may be called at once; ``None`` leaves it to the provider.
        sampling: how tokens are chosen.
        response_format: ``None`` is text.
        reasoning: how much the model thinks first.
        user: the caller's id of the end user.
        metadata: the caller's own data about the call.
        verbosity: ``"low"``, ``"medium"`` or ``"high"``, for models that can be more or less wordy.
        service: settings that only the OpenAI formats share: ``prompt_cache_key``, ``safety_identifier``,
            ``service_tier``.
        n: how many replies.
        stream: whether the reply is streamed.
        include_usage: whether the stream reports the usage.
        keeps_thinking: whether the caller sends thinking back with its proof. It describes the caller's format, not
            the request, so comparisons ignore it.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    sampling: Sampling = Sampling()
    response_format: ResponseFormat | None = None
    reasoning: Reasoning = Reasoning()
    user: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    verbosity: str | None = None
    service: Mapping[str, str] = field(default_factory=dict[str, str])
    n: int = 1
    stream: bool = False
    include_usage: bool = False
    keeps_thinking: bool = field(default=False, compare=False)

    @property
    def wants_json(self) -> bool:
        """Whether the text of the reply must be JSON."""
        return self.response_format is not None and self.response_format.type != "text"

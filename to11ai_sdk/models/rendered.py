"""Defines the result of resolving a prompt, and makes the arguments of a model call from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypedDict

from pydantic import ConfigDict, Field, PlainSerializer

from ..json_types import is_mapping
from .base import Items, Model, Words

if TYPE_CHECKING:
    from typing_extensions import Required

    from .prompts import PromptVersion

    class OpenAIArguments(TypedDict, total=False):
        """Keyword arguments of ``chat.completions.create``."""

        messages: Required[list[Any]]
        model: str

    class AnthropicArguments(TypedDict, total=False):
        """Keyword arguments of ``messages.create``."""

        messages: Required[list[Any]]
        max_tokens: Required[int]
        extra_body: dict[str, Any]
        model: str
        system: str

    Role = Literal["system", "user", "assistant", "developer", "tool"] | str
else:

    class _Roles(dict[str, str]):
        def __missing__(self, role: str) -> str:
            return role

    _ROLES = _Roles({role: role for role in ("system", "user", "assistant", "developer", "tool")})
    # Any text is accepted, so the union would only cost time. What is dumped for the cache shares one text for each
    # role. Not by a function of Python: Pydantic drops what a signal handler raises in one.
    Role = Annotated[str, PlainSerializer(_ROLES.__getitem__, return_type=str)]

_ANTHROPIC_MAX_TOKENS = 4096  # every Claude model can write as many
_SAMPLING = ("temperature", "top_k", "top_p")
_OPENAI = (
    "frequency_penalty,logit_bias,logprobs,model,n,parallel_tool_calls,presence_penalty,reasoning_effort,"
    "response_format,seed,temperature,top_logprobs,top_p,verbosity"
)
_ANTHROPIC = ("model", "output_config", "thinking", *_SAMPLING)

# These models have the same names on the wire: looking for two names costs a fifth more.
_SAME_NAMES = ConfigDict(alias_generator=None)


class RenderedChatMessage(Model):
    """One message, ready to send to a model; the roles are system, user, assistant, developer and tool."""

    model_config: ClassVar[ConfigDict] = _SAME_NAMES

    role: Role
    content: str


class TextRendered(Model):
    """The content of a text prompt."""

    model_config: ClassVar[ConfigDict] = _SAME_NAMES

    format: Literal["text"]
    text: str


class ChatRendered(Model):
    """The content of a chat prompt."""

    model_config: ClassVar[ConfigDict] = _SAME_NAMES

    format: Literal["chat"]
    messages: Items[RenderedChatMessage]


RenderedPrompt = Annotated[TextRendered | ChatRendered, Field(discriminator="format")]
"""The content of a prompt, distinguished by ``format``."""


class ResolvedPrompt(Model):
    """A rendered version of a prompt.

    ``labels`` are the requested labels that point at this version. ``block_render_record`` says for each named block
    whether it was ``"rendered"`` or ``"dimmed"`` (its condition was false). ``release_id`` names the release that
    served it, if there is one; ``subject_hash`` and ``variant_name`` are set only for releases by weight.
    """

    prompt_id: str
    version_id: str
    release_id: str | None = None
    version: int | float
    labels: Items[str] = []
    content_hash: str
    rendered: RenderedPrompt
    block_render_record: Words | None = None
    subject_hash: str | None = None
    variant_name: str | None = None

    @property
    def messages(self) -> list[RenderedChatMessage]:
        """Return the chat messages; a text prompt becomes a single user message."""
        if isinstance(self.rendered, ChatRendered):
            return self.rendered.messages
        return [RenderedChatMessage(role="user", content=self.rendered.text)]

    def to_openai(self, version: PromptVersion | None = None, **arguments: Any) -> OpenAIArguments:
        """Return keyword arguments for ``chat.completions.create`` of OpenAI's SDK.

        Args:
            version: the version that was resolved, to use those of its settings that the method takes.
            **arguments: further arguments, which replace those of the version; ``None`` leaves one out. Give
                ``stream=True`` to the SDK's method instead, so that type checkers know what it returns.

        Raises:
            TypeError: the version is no ``PromptVersion``.
            ValueError: the version is not the one that was resolved, its settings are no object, a message has a
                role other than ``system``, ``developer``, ``user`` and ``assistant``, or there is no message to answer.
        """
        from ..gateway import to_openai_messages

        settings = _settings(self, version)
        stop = settings.get("stop") or settings.get("stop_sequences")
        found = {"messages": to_openai_messages(self), "stop": stop or None}
        if not arguments.get("tools"):  # OpenAI would refuse it.
            settings.pop("parallel_tool_calls", None)
        if "max_tokens" not in arguments:
            # The newer name, because models that reason refuse max_tokens.
            found["max_completion_tokens"] = _max_tokens(settings)
        return _merged(found, settings, _OPENAI.split(","), arguments)  # type: ignore[no-any-return]

    def to_anthropic(self, version: PromptVersion | None = None, **arguments: Any) -> AnthropicArguments:
        """Return keyword arguments for ``messages.create`` of Anthropic's SDK; takes the same as :meth:`to_openai`.

        ``max_tokens``, which Anthropic requires, is 4096 without a setting.
        """
        from ..gateway import to_anthropic_messages

        settings = _settings(self, version)
        system, messages = to_anthropic_messages(self)
        stop = settings.get("stop_sequences") or settings.get("stop") or None
        thinking = arguments.get("thinking", settings.get("thinking"))
        budget = thinking.get("budget_tokens") if is_mapping(thinking) else 0
        found = {
            "messages": messages,
            # The budget is a part of it.
            "max_tokens": _max_tokens(settings, _ANTHROPIC_MAX_TOKENS + (budget if isinstance(budget, int) else 0)),
            "stop_sequences": [stop] if isinstance(stop, str) else stop,
            "system": system or None,
        }
        merged = _merged(found, settings, _ANTHROPIC, arguments)
        # Anthropic's API takes them, but its SDK from version 2 on only as a part of the body.
        sampling = {name: merged.pop(name) for name in _SAMPLING if name in merged}
        if sampling:
            merged["extra_body"] = {**sampling, **merged.get("extra_body", {})}
        return merged  # type: ignore[no-any-return]


def _settings(prompt: ResolvedPrompt, version: object) -> dict[str, Any]:
    """Return the version's settings by snake_case names, after checks of prompt and version."""
    for place, message in enumerate(prompt.messages):
        if message.role not in ("system", "developer", "user", "assistant"):
            raise ValueError(f"messages[{place}] has the role {message.role!r:.100}, which needs more than text")
    if version is None:
        return {}
    from .prompts import PromptVersion

    if not isinstance(version, PromptVersion):
        raise TypeError(f"version must be a PromptVersion, not {type(version).__name__}")
    if version.id != prompt.version_id:
        raise ValueError(
            f"the prompt was resolved from the version {prompt.version_id!r:.100}, not {version.id!r:.100}"
        )
    settings: object = {} if version.settings is None else version.settings
    if not is_mapping(settings):
        raise ValueError(f"the settings of the version must be an object, not {type(settings).__name__}")
    return {_snake(name): value for name, value in settings.items()}


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _max_tokens(settings: Mapping[str, Any], default: int | None = None) -> Any:
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
    return next((found for name in names if (found := settings.get(name)) is not None), default)


def _merged(
    found: Mapping[str, Any], settings: Mapping[str, Any], names: Iterable[str], given: Mapping[str, Any]
) -> Any:
    """Return all arguments but those that are ``None``; given ones replace settings, which replace those ``found``."""
    if not found["messages"] and "messages" not in given:
        raise ValueError("the prompt has no message of a user or an assistant: pass messages=[...]")
    own = {name: settings[name] for name in names if settings.get(name) is not None}
    return {name: value for name, value in {**found, **own, **given}.items() if value is not None}

"""Defines the result of resolving a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, PlainSerializer

from .base import Items, Model, Words

if TYPE_CHECKING:
    from ..call_arguments import AnthropicArguments, OpenAIArguments
    from .prompts import PromptVersion

    Role = Literal["system", "user", "assistant", "developer", "tool"] | str
else:

    class _Roles(dict[str, str]):
        def __missing__(self, role: str) -> str:
            return role

    _ROLES = _Roles({role: role for role in ("system", "user", "assistant", "developer", "tool")})
    # Any text is accepted, so the union would only cost time. What is dumped for the cache shares one text for each
    # role. Not by a function of Python: Pydantic drops what a signal handler raises in one.
    Role = Annotated[str, PlainSerializer(_ROLES.__getitem__, return_type=str)]

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
        from ..call_arguments import openai_arguments

        return openai_arguments(self, version, arguments)

    def to_anthropic(self, version: PromptVersion | None = None, **arguments: Any) -> AnthropicArguments:
        """Return keyword arguments for ``messages.create`` of Anthropic's SDK; takes the same as :meth:`to_openai`.

        ``max_tokens``, which Anthropic requires, is 4096 without a setting.
        """
        from ..call_arguments import anthropic_arguments

        return anthropic_arguments(self, version, arguments)

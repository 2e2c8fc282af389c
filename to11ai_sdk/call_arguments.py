"""Makes the keyword arguments of a model call from a resolved prompt, in the words of a provider's SDK."""

from __future__ import annotations

from .gateway import to_anthropic_messages, to_openai_messages
from .json_types import is_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypedDict

    from typing_extensions import Required

    from .models.prompts import PromptVersion
    from .models.rendered import ResolvedPrompt

    class OpenAIArguments(TypedDict, total=False):
        """Keyword arguments of ``chat.completions.create``, and any others that were given."""

        messages: Required[list[Any]]
        model: str
        max_completion_tokens: int
        max_tokens: int
        temperature: float
        top_p: float

    class AnthropicArguments(TypedDict, total=False):
        """Keyword arguments of ``messages.create``, and any others that were given."""

        messages: Required[list[Any]]
        max_tokens: Required[int]
        model: str
        system: str
        stop_sequences: list[str]
        extra_body: dict[str, Any]


ANTHROPIC_MAX_TOKENS = 4096
"""What Anthropic's required ``max_tokens`` is without a setting: what every Claude model can write."""

_SAMPLING = ("temperature", "top_k", "top_p")
_OPENAI = (
    *("frequency_penalty", "logit_bias", "logprobs", "model", "n", "parallel_tool_calls", "presence_penalty"),
    *("reasoning_effort", "response_format", "seed", "stop", "temperature", "top_logprobs", "top_p", "verbosity"),
)
_ANTHROPIC = ("model", "output_config", "stop_sequences", "thinking", *_SAMPLING)
_MAX_TOKENS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def openai_arguments(
    prompt: ResolvedPrompt, version: PromptVersion | None, given: Mapping[str, Any]
) -> OpenAIArguments:
    """Return the arguments of ``chat.completions.create``; those ``given`` replace the version's settings."""
    _check_roles(prompt, ("system", "developer", "user", "assistant"))
    settings = _settings(prompt, version)
    # The newer name, because models that reason refuse max_tokens.
    found = {
        "messages": to_openai_messages(prompt),
        "max_completion_tokens": _max_tokens(settings),
        "stop": settings.get("stop_sequences"),
    }
    found.update((name, settings[name]) for name in _OPENAI if name in settings)
    return _merged(found, given, ("max_tokens", "max_completion_tokens"))  # type: ignore[no-any-return]


def anthropic_arguments(
    prompt: ResolvedPrompt, version: PromptVersion | None, given: Mapping[str, Any]
) -> AnthropicArguments:
    """Return the arguments of ``messages.create``; those ``given`` replace the version's settings."""
    _check_roles(prompt, ("system", "developer", "user", "assistant"))
    settings = _settings(prompt, version)
    system, messages = to_anthropic_messages(prompt)
    stop = settings.get("stop")
    found = {
        "max_tokens": _max_tokens(settings) or ANTHROPIC_MAX_TOKENS,
        "stop_sequences": [stop] if isinstance(stop, str) else stop,
        "system": system or None,
        "messages": messages,
    }
    found.update((name, settings[name]) for name in _ANTHROPIC if name in settings)
    merged = _merged(found, given)
    # Anthropic's API takes them, but the SDK from version 2 on does not, except as a part of the body.
    sampling = {name: merged.pop(name) for name in _SAMPLING if name in merged}
    if sampling:
        merged["extra_body"] = {**sampling, **merged.get("extra_body", {})}
    return merged  # type: ignore[no-any-return]


def _check_roles(prompt: ResolvedPrompt, allowed: tuple[str, ...]) -> None:
    for place, message in enumerate(prompt.messages):
        if message.role not in allowed:
            raise ValueError(
                f"messages[{place}] has the role {message.role!r:.100}, which cannot be sent by its text alone; "
                f"roles that can are {', '.join(allowed)}"
            )


def _settings(prompt: ResolvedPrompt, version: PromptVersion | None) -> Mapping[str, Any]:
    """Return the settings of a version by snake_case names, without nulls."""
    if version is None:
        return {}
    if version.id != prompt.version_id:
        raise ValueError(
            f"the prompt was resolved from the version {prompt.version_id!r:.100}, not {version.id!r:.100}"
        )
    settings = version.settings
    if settings is None:
        return {}
    if not is_mapping(settings):
        raise ValueError(f"the settings of the version must be an object, not {type(settings).__name__}")
    return {_snake(str(name)): value for name, value in settings.items() if value is not None}


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _max_tokens(settings: Mapping[str, Any]) -> Any:
    return next((settings[name] for name in _MAX_TOKENS if name in settings), None)


def _merged(found: dict[str, Any], given: Mapping[str, Any], same: tuple[str, ...] = ()) -> Any:
    """Return all arguments but those that are ``None``; of names that mean the ``same``, the given one."""
    if any(name in given for name in same):
        found = {name: value for name, value in found.items() if name not in same}
    return {name: value for name, value in {**found, **given}.items() if value is not None}

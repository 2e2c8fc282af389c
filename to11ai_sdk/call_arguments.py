"""Makes the keyword arguments of a model call from a resolved prompt, in the words of a provider's SDK."""

from __future__ import annotations

from .gateway import to_anthropic_messages, to_openai_messages
from .json_types import is_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, TypedDict

    from typing_extensions import Required

    from .models.prompts import PromptVersion
    from .models.rendered import ResolvedPrompt

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


ANTHROPIC_MAX_TOKENS = 4096  # every Claude model can write as many
_SAMPLING = ("temperature", "top_k", "top_p")
_OPENAI = (
    "frequency_penalty,logit_bias,logprobs,model,n,parallel_tool_calls,presence_penalty,reasoning_effort,"
    "response_format,seed,temperature,top_logprobs,top_p,verbosity"
)
_ANTHROPIC = ("model", "output_config", "thinking", *_SAMPLING)


def openai_arguments(
    prompt: ResolvedPrompt, version: PromptVersion | None, given: Mapping[str, Any]
) -> OpenAIArguments:
    """Return the arguments of ``chat.completions.create``; those ``given`` replace the version's settings."""
    settings = _settings(prompt, version)
    stop = settings.get("stop") or settings.get("stop_sequences")
    found = {"messages": to_openai_messages(prompt), "stop": stop or None}
    if not given.get("tools"):  # OpenAI would refuse it.
        settings.pop("parallel_tool_calls", None)
    if "max_tokens" not in given:
        # The newer name, because models that reason refuse max_tokens.
        found["max_completion_tokens"] = _max_tokens(settings)
    return _merged(found, settings, _OPENAI.split(","), given)  # type: ignore[no-any-return]


def anthropic_arguments(
    prompt: ResolvedPrompt, version: PromptVersion | None, given: Mapping[str, Any]
) -> AnthropicArguments:
    """Return the arguments of ``messages.create``; those ``given`` replace the version's settings."""
    settings = _settings(prompt, version)
    system, messages = to_anthropic_messages(prompt)
    stop = settings.get("stop_sequences") or settings.get("stop") or None
    thinking = given.get("thinking", settings.get("thinking"))
    budget = thinking.get("budget_tokens") if is_mapping(thinking) else 0
    found = {
        "messages": messages,
        # The budget is a part of it.
        "max_tokens": _max_tokens(settings, ANTHROPIC_MAX_TOKENS + (budget if isinstance(budget, int) else 0)),
        "stop_sequences": [stop] if isinstance(stop, str) else stop,
        "system": system or None,
    }
    merged = _merged(found, settings, _ANTHROPIC, given)
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
    from .models.prompts import PromptVersion

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

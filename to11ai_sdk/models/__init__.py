"""The models of replies, one module per domain; each is imported when one of its names is first used."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pydantic import TypeAdapter

_HOMES = {
    "authored": (
        "ChatMessage",
        "TextChatMessage",
        "TextChatRole",
        "ToolChatMessage",
        "chat_message_from_dict",
    ),
    "environments": ("ArchiveProjectEnvironmentResult", "LivePointerCounts", "ProjectEnvironment"),
    "prompts": (
        "PaginatedLabelEvents",
        "PaginatedResult",
        "PaginationInfo",
        "PaletteToken",
        "ProjectPromptLabel",
        "ProjectPromptLabelUsage",
        "Prompt",
        "PromptFormat",
        "PromptLabelEvent",
        "PromptLabelPointer",
        "PromptVersion",
    ),
    "rendered": ("ChatRendered", "RenderedChatMessage", "RenderedPrompt", "ResolvedPrompt", "TextRendered"),
    "routing": (
        "ReleaseStrategy",
        "RuleModelBinding",
        "RuleProviderRef",
        "RuleRelease",
        "RuleReleaseWeight",
        "RuleRetry",
        "RuleSnapshot",
        "RuleStep",
        "RuleTarget",
        "RuleVariant",
        "RuleVersion",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    return value


def reader(annotation: str) -> Callable[[Any], Any]:
    """What builds the result of a reply annotated so: the name of a model, or ``builtins.list[Model]``."""
    from pydantic import ConfigDict, TypeAdapter

    from .base import Items

    outer, _, inner = annotation.rstrip("]").rpartition("[")
    model: Any = globals().get(inner) or __getattr__(inner)
    # Without the None Pydantic takes no settings here, and its errors would print what the reply said.
    kind: Any = Items[model] if outer else model | None
    adapter: TypeAdapter[Any] = TypeAdapter(kind, config=ConfigDict(hide_input_in_errors=True))
    adapter.rebuild()
    # The method of the validator itself: the adapter's own adds a tenth to a cache hit.
    return adapter.validator.validate_python


def misfit(exc: Any) -> str:
    """What of a reply does not fit, in one line: the place and the reason, never the value."""
    problems: list[dict[str, Any]] = exc.errors(include_url=False, include_input=False, include_context=False)
    first = problems[0]
    place = ".".join(map(str, ("data", *first["loc"])))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    # Pydantic's own words quote the tag.
    reason = "it is of no known kind" if first["type"] == "union_tag_invalid" else first["msg"]
    return f"the reply does not fit: {place}: {reason}{more}"

"""Holds the models of replies, one module per domain, each imported when one of its names is first used."""

from __future__ import annotations

from .._http.process_safety import from_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NAMES = {
    "authored": "ChatMessage TextChatMessage TextChatRole ToolChatMessage chat_message_from_dict",
    "environments": "ArchiveProjectEnvironmentResult LivePointerCounts ProjectEnvironment",
    "rendered": "ChatRendered RenderedChatMessage RenderedPrompt ResolvedPrompt TextRendered",
    "routing": "ReleaseStrategy RuleModelBinding RuleProviderRef RuleRelease RuleReleaseWeight RuleRetry RuleSnapshot "
    "RuleStep RuleTarget RuleVariant RuleVersion",
    "prompts": "PaginatedLabelEvents PaginatedResult PaginationInfo PaletteToken ProjectPromptLabel "
    "ProjectPromptLabelUsage Prompt PromptFormat PromptLabelEvent PromptLabelPointer PromptVersion",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    load()
    value = globals()[name] = getattr(_home(_HOMES[name]), name)
    return value


def _home(domain: str) -> object:
    """Import the module of a domain by an import statement, which freezers find."""
    home: object
    if domain == "authored":
        from . import authored as home
    elif domain == "environments":
        from . import environments as home
    elif domain == "prompts":
        from . import prompts as home
    elif domain == "rendered":
        from . import rendered as home
    else:
        from . import routing as home
    return home


def load() -> None:
    """Import Pydantic with its compiled core; an ``ImportError`` says what fits."""
    try:
        import pydantic  # noqa: F401  # pyright: ignore[reportUnusedImport] - for its effect
    except ImportError as exc:
        if not from_handler(exc):
            from .pydantic_fit import explain

            explain(exc)
        raise


def reader(annotation: str) -> Callable[[Any], Any]:
    """Return the function that builds the result of an annotation: ``Model`` or ``builtins.list[Model]``."""
    outer, _, inner = annotation.rstrip("]").rpartition("[")
    model: Any = globals().get(inner) or __getattr__(inner)
    if outer:
        from pydantic import TypeAdapter

        from .base import Items

        items: Any = Items
        adapter: TypeAdapter[Any] = TypeAdapter(items[model])
        return adapter.validator.validate_python
    model.model_rebuild()
    # Calling the model's own method adds a tenth to a cache hit.
    return model.__pydantic_validator__.validate_python  # type: ignore[no-any-return]


def describe_validation_error(exc: Any) -> str:
    """Describe the first invalid part of a reply: its path and the reason, never the value."""
    problems: list[dict[str, Any]] = exc.errors(include_url=False, include_input=False)
    for problem in problems:
        error = problem.get("ctx", {}).get("error")
        if isinstance(error, Exception) and from_handler(error):
            raise error  # a signal handler's, within a validator of ours
    first = problems[0]
    place = ".".join(map(str, ("data", *first["loc"])))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    # Pydantic's own words quote the tag.
    reason = "it is of no known kind" if first["type"] == "union_tag_invalid" else first["msg"]
    return f"the reply does not fit: {place}: {reason}{more}"

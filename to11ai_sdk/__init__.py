"""Typed client for the to11 control plane: prompts, labels, environments and routing rules.

Start with :func:`create_client`; catch :class:`To11aiError`. Each name is loaded when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .behaviors import BehaviorStore, env_var_name_for_key
    from .client import To11aiClient, create_client
    from .errors import (
        EnvNotEnabledForProviderError,
        NoApplicableRouteError,
        PromptLabelNotRegisteredError,
        RuleNotFoundError,
        RuleVersionInvalidSnapshotError,
        To11aiApiError,
        To11aiAuthError,
        To11aiError,
        To11aiNetworkError,
        To11aiRateLimitError,
        To11aiResponseValidationError,
        To11aiValidationError,
    )
    from .gateway import gateway_auth_headers, gateway_prompt_headers
    from .models.authored import ChatMessage, TextChatMessage, TextChatRole, ToolChatMessage, chat_message_from_dict
    from .models.environments import ArchiveProjectEnvironmentResult, LivePointerCounts, ProjectEnvironment
    from .models.prompts import (
        PaginatedLabelEvents,
        PaginatedResult,
        PaginationInfo,
        PaletteToken,
        ProjectPromptLabel,
        ProjectPromptLabelUsage,
        Prompt,
        PromptLabelEvent,
        PromptLabelPointer,
        PromptVersion,
    )
    from .models.rendered import ChatRendered, RenderedChatMessage, RenderedPrompt, ResolvedPrompt, TextRendered
    from .models.routing import (
        RuleModelBinding,
        RuleProviderRef,
        RuleRelease,
        RuleReleaseWeight,
        RuleRetry,
        RuleSnapshot,
        RuleStep,
        RuleTarget,
        RuleVariant,
        RuleVersion,
    )
    from .project_environments import ProjectEnvironmentResource
    from .prompts import PromptResource
    from .routing_rules import RoutingRuleReleaseResource, RoutingRulesResource, RoutingRuleVersionResource

__all__ = [
    "ArchiveProjectEnvironmentResult",
    "BehaviorStore",
    "ChatMessage",
    "ChatRendered",
    "EnvNotEnabledForProviderError",
    "LivePointerCounts",
    "NoApplicableRouteError",
    "PaginatedLabelEvents",
    "PaginatedResult",
    "PaginationInfo",
    "PaletteToken",
    "ProjectEnvironment",
    "ProjectEnvironmentResource",
    "ProjectPromptLabel",
    "ProjectPromptLabelUsage",
    "Prompt",
    "PromptLabelEvent",
    "PromptLabelNotRegisteredError",
    "PromptLabelPointer",
    "PromptResource",
    "PromptVersion",
    "RenderedChatMessage",
    "RenderedPrompt",
    "ResolvedPrompt",
    "RoutingRuleReleaseResource",
    "RoutingRuleVersionResource",
    "RoutingRulesResource",
    "RuleModelBinding",
    "RuleNotFoundError",
    "RuleProviderRef",
    "RuleRelease",
    "RuleReleaseWeight",
    "RuleRetry",
    "RuleSnapshot",
    "RuleStep",
    "RuleTarget",
    "RuleVariant",
    "RuleVersion",
    "RuleVersionInvalidSnapshotError",
    "TextChatMessage",
    "TextChatRole",
    "TextRendered",
    "To11aiApiError",
    "To11aiAuthError",
    "To11aiClient",
    "To11aiError",
    "To11aiNetworkError",
    "To11aiRateLimitError",
    "To11aiResponseValidationError",
    "To11aiValidationError",
    "ToolChatMessage",
    "chat_message_from_dict",
    "create_client",
    "env_var_name_for_key",
    "gateway_auth_headers",
    "gateway_prompt_headers",
]


def _home(name: str) -> str:
    """The module that holds a public name."""
    if name.endswith("Error"):
        return "errors"
    return {
        "BehaviorStore": "behaviors",
        "env_var_name_for_key": "behaviors",
        "To11aiClient": "client",
        "create_client": "client",
        "gateway_auth_headers": "gateway",
        "gateway_prompt_headers": "gateway",
        "ProjectEnvironmentResource": "project_environments",
        "PromptResource": "prompts",
        "RoutingRuleReleaseResource": "routing_rules",
        "RoutingRuleVersionResource": "routing_rules",
        "RoutingRulesResource": "routing_rules",
    }.get(name, "models")


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f".{_home(name)}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

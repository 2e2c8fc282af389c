"""Typed client for the to11 control plane: prompts, labels, environments and routing rules.

Start with :func:`create_client`; catch :class:`To11aiError`. Each name is loaded when it is first used.

Source: the pages "Python SDK", "API reference" and "Anthropic SDK" of the to11 reference.
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
    from .resources.project_environments import ProjectEnvironmentResource
    from .resources.prompts import PromptResource
    from .resources.routing_rules import RoutingRuleReleaseResource, RoutingRulesResource, RoutingRuleVersionResource
    from .settings import __version__ as __version__
    from .snapshot import Snapshot

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
    "Snapshot",
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


def _home(name: str) -> object:
    """Import the module of a public name by an import statement, which freezers find."""
    home: object
    if name.endswith("Error"):
        from . import errors as home
    elif name in ("BehaviorStore", "env_var_name_for_key"):
        from . import behaviors as home
    elif name in ("To11aiClient", "create_client"):
        from . import client as home
    elif name in ("gateway_auth_headers", "gateway_prompt_headers"):
        from . import gateway as home
    elif name == "Snapshot":
        from . import snapshot as home
    elif name == "__version__":
        from . import settings as home
    elif name == "ProjectEnvironmentResource":
        from .resources import project_environments as home
    elif name == "PromptResource":
        from .resources import prompts as home
    elif name.startswith("RoutingRule"):
        from .resources import routing_rules as home
    else:
        from . import models as home
    return home


def __getattr__(name: str) -> object:
    if name not in __all__ and name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(_home(name), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})

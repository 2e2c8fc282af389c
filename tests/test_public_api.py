from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import to11ai_sdk
from to11ai_sdk import models
from to11ai_sdk._http.headers import USER_AGENT

NAMES = """
ArchiveProjectEnvironmentResult BehaviorStore ChatMessage ChatRendered EnvNotEnabledForProviderError
LivePointerCounts NoApplicableRouteError PaginatedLabelEvents PaginatedResult PaginationInfo PaletteToken Prompt
ProjectEnvironment ProjectEnvironmentResource ProjectPromptLabel ProjectPromptLabelUsage PromptLabelEvent
PromptLabelNotRegisteredError PromptLabelPointer PromptResource PromptVersion RenderedChatMessage RenderedPrompt
ResolvedPrompt RoutingRuleReleaseResource RoutingRuleVersionResource RoutingRulesResource RuleModelBinding
RuleNotFoundError RuleProviderRef RuleRelease RuleReleaseWeight RuleVersion RuleVersionInvalidSnapshotError
TextChatMessage TextChatRole TextRendered To11aiApiError To11aiAuthError To11aiClient To11aiError
To11aiNetworkError To11aiRateLimitError To11aiValidationError ToolChatMessage chat_message_from_dict
create_client env_var_name_for_key gateway_auth_headers gateway_prompt_headers
"""
PUBLIC = NAMES.split()
ADDED = [
    "To11aiResponseValidationError",
    "RuleRetry",
    "RuleSnapshot",
    "RuleStep",
    "RuleTarget",
    "RuleVariant",
    "Snapshot",
]
HEAVY = {"pydantic", "pydantic_core", "urllib.request", "http.client", "ssl", "asyncio", "logging"}


def imported_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter loads for a statement."""
    code = f"import json, sys; old = set(sys.modules); {statement}; print(json.dumps(sorted(set(sys.modules) - old)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


def test_the_public_names_are_those_of_the_release_and_a_few_more() -> None:
    assert len(PUBLIC) == 50
    assert sorted(to11ai_sdk.__all__) == sorted([*PUBLIC, *ADDED])


@pytest.mark.parametrize("name", to11ai_sdk.__all__)
def test_every_public_name_is_importable_and_listed(name: str) -> None:
    assert getattr(to11ai_sdk, name) is not None
    assert name in dir(to11ai_sdk)


def test_a_star_import_brings_them_all() -> None:
    names: dict[str, object] = {}
    exec("from to11ai_sdk import *", names)
    assert set(names) - {"__builtins__"} == set(to11ai_sdk.__all__)


@pytest.mark.parametrize("module", [to11ai_sdk, models])
def test_an_unknown_name_is_an_attribute_error(module: object) -> None:
    with pytest.raises(AttributeError, match="no attribute 'Prompts'"):
        _ = module.Prompts  # type: ignore[attr-defined]


def test_importing_the_package_loads_next_to_nothing() -> None:
    loaded = imported_by("import to11ai_sdk")
    assert "to11ai_sdk" in loaded
    assert not loaded & HEAVY
    assert len(loaded) <= 5


def test_making_a_client_loads_neither_pydantic_nor_the_network_modules() -> None:
    loaded = imported_by("import to11ai_sdk; to11ai_sdk.create_client(api_key='k', base_url='https://api.to11.ai')")
    assert not loaded & {"pydantic", "ssl", "http.client", "urllib.request"}


def test_using_the_client_never_loads_the_local_extra() -> None:
    loaded = imported_by("from to11ai_sdk import *; import to11ai_sdk.cli")
    assert not {name for name in loaded if name.startswith(("to11ai_sdk.local", "werkzeug", "liquid", "re2"))}


def test_the_server_is_told_the_version_of_the_distribution() -> None:
    project = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{USER_AGENT.rpartition("/")[2]}"\n' in project

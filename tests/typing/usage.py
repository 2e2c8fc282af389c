"""What users write, type-checked and never run: the types they get are the types we promise."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal

import redis
from typing_extensions import assert_type

import to11ai_sdk
from to11ai_sdk import (
    ArchiveProjectEnvironmentResult,
    ChatRendered,
    PaginatedLabelEvents,
    PaginatedResult,
    ProjectEnvironment,
    ProjectPromptLabel,
    ProjectPromptLabelUsage,
    Prompt,
    PromptLabelEvent,
    PromptLabelPointer,
    PromptVersion,
    RenderedChatMessage,
    ResolvedPrompt,
    RuleRelease,
    RuleReleaseWeight,
    RuleSnapshot,
    RuleVersion,
    TextChatMessage,
    TextRendered,
    To11aiApiError,
    To11aiClient,
    To11aiError,
    To11aiRateLimitError,
    ToolChatMessage,
    chat_message_from_dict,
    create_client,
    gateway_auth_headers,
    gateway_prompt_headers,
)
from to11ai_sdk.models.rendered import AnthropicArguments, OpenAIArguments


def clients() -> None:
    assert_type(create_client(api_key="k", base_url="https://api.to11.ai"), To11aiClient)
    with create_client(api_key="k", base_url="https://api.to11.ai", behavior_overrides={"a.b": 1}) as client:
        assert_type(client, To11aiClient)
        assert_type(client.with_options(timeout_s=1.0, max_retries=0, total_timeout_s=5.0), To11aiClient)
        assert_type(client.resolve_behavior("sdk.retry-v2", True), bool)
    assert_type(To11aiClient.from_env(base_url="https://api.to11.ai", max_retries=1), To11aiClient)
    create_client(api_key="k", base_url="https://api.to11.ai", default_headers={"x-app": "checkout"})
    assert_type(to11ai_sdk.__version__, str)


class Store:
    """An adapter as in ``docs/scale.md``."""

    def get(self, name: str) -> bytes | None: ...

    def set(self, name: str, value: str, *, ex: int, nx: bool = False) -> bool | None: ...


class Incomplete:
    """What is no shared cache."""

    def get(self, name: str) -> bytes | None: ...


def shared_caches() -> None:
    for store in (redis.Redis(), redis.Redis(decode_responses=True), Store()):
        create_client(api_key="k", base_url="https://api.to11.ai", shared_cache=store, shared_cache_timeout_s=0.2)
    create_client(api_key="k", base_url="https://api.to11.ai", shared_cache=None)
    create_client(api_key="k", base_url="https://api.to11.ai", shared_cache=Incomplete())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def prompts(client: To11aiClient) -> None:
    page = client.prompts.list(project_id="p", limit=10)
    assert_type(page, PaginatedResult)
    assert_type(page.items, list[Prompt])
    assert_type(page.pagination.total, int)
    for prompt in page:
        assert_type(prompt, Prompt)
    assert_type(page[0], Prompt)
    assert_type(page[1:], list[Prompt])
    assert_type(dict(page), dict[str, Any])
    assert_type({**page}, dict[str, Any])
    assert_type(len(page), int)
    assert_type(page.request_id, str | None)
    for prompt in client.prompts.iter(project_id="p", status="draft", sort_by="-createdAt"):
        assert_type(prompt, Prompt)
    client.prompts.list(project_id="p", status="of a newer server", sort_by="lastUsedAt")
    prompt = client.prompts.create(project_id="p", name="n", slug="s", tags=("a", "b"))
    assert_type(prompt.created_at, datetime)
    version = client.prompts.create_version(
        project_id="p", prompt_id=prompt.id, format="text", template_json={"text": "hi"}, variables_schema={}
    )
    assert_type(version, PromptVersion)
    assert_type(version.settings, Any)
    assert_type(client.prompts.list_versions(project_id="p", prompt_id="x"), list[PromptVersion])
    assert_type(client.prompts.archive(project_id="p", prompt_id="x"), Prompt)


def resolving(client: To11aiClient, fallback: ResolvedPrompt) -> None:
    resolved = client.prompts.resolve(
        project_id="p",
        slug="s",
        labels=["production"],
        variables={"name": "Ada"},
        fallback=fallback,
        cache=False,
    )
    assert_type(resolved, ResolvedPrompt)
    assert_type(resolved.messages, list[RenderedChatMessage])
    assert_type(resolved.rendered, TextRendered | ChatRendered)
    if resolved.rendered.format == "text":
        assert_type(resolved.rendered.text, str)
    else:
        assert_type(resolved.rendered.messages, list[RenderedChatMessage])
    assert_type(gateway_prompt_headers(resolved), dict[str, str])
    assert_type(resolved.to_openai(model="gpt-4o"), OpenAIArguments)
    version = client.prompts.get_version(project_id="p", prompt_id="x", version_number=1)
    assert_type(resolved.to_anthropic(version), AnthropicArguments)
    assert_type(gateway_auth_headers(api_key="k", project_id="p", env="staging"), dict[str, str])


def labels(client: To11aiClient) -> None:
    pointer = client.prompts.move_label(project_id="p", prompt_id="x", label="production", version_id="v")
    assert_type(pointer, PromptLabelPointer)
    assert_type(client.prompts.list_project_labels(project_id="p"), list[ProjectPromptLabel])
    assert_type(client.prompts.list_project_label_usages(project_id="p", label="a"), list[ProjectPromptLabelUsage])
    since = datetime(2026, 1, 1, tzinfo=timezone.utc)
    events = client.prompts.list_label_events(project_id="p", scope="project", since=since, until="2026-02-01")
    assert_type(events, PaginatedLabelEvents)
    assert_type(events.items[0].from_version_id, str | None)
    assert_type(list(events), list[PromptLabelEvent])
    for event in client.prompts.iter_label_events(project_id="p", scope="project", since=since):
        assert_type(event, PromptLabelEvent)
    color: to11ai_sdk.PaletteToken = "teal"
    client.prompts.create_project_label(project_id="p", label="beta", display_color=color)


def environments(client: To11aiClient) -> None:
    assert_type(client.project_environments.list(project_id="p"), list[ProjectEnvironment])
    assert_type(client.project_environments.update(project_id="p", slug="a", new_slug="b"), ProjectEnvironment)
    archived = client.project_environments.archive(project_id="p", slug="a")
    assert_type(archived, ArchiveProjectEnvironmentResult)
    assert_type(archived.environment.is_default, bool)


def rules(client: To11aiClient) -> None:
    snapshot = RuleSnapshot.from_dict({"endpoint": "chat", "strategy": "single"})
    assert_type(snapshot, RuleSnapshot)
    created = client.routing_rules.versions.create(project_id="p", rule_id="r", snapshot=snapshot)
    assert_type(created, RuleVersion)
    strategy: str = created.snapshot_json.strategy
    assert strategy
    weights = [RuleReleaseWeight.from_dict({"versionId": created.id, "weight": 100})]
    client.routing_rules.releases.set(
        project_id="p", rule_id="r", env_slug="prod", strategy="weighted", weights=weights
    )
    assert_type(client.routing_rules.releases.list(project_id="p", rule_id="r"), list[RuleRelease])
    assert_type([*client.routing_rules.releases.iter(project_id="p", rule_id="r", env_slug="a")], list[RuleRelease])
    assert_type([*client.routing_rules.versions.iter(project_id="p", rule_id="r")], list[RuleVersion])


def errors(client: To11aiClient) -> None:
    try:
        client.prompts.get(project_id="p", prompt_id="x")
    except To11aiRateLimitError as exc:
        assert_type(exc.retry_after_seconds, float | None)
    except To11aiApiError as exc:
        assert_type(exc.status_code, int)
        assert_type(exc.error_code, str | None)
        assert_type(exc.details, Any)
    except To11aiError as exc:
        assert_type(exc.attempts, int)


def blocks() -> None:
    assert_type(chat_message_from_dict({"role": "user", "content": "hi"}), TextChatMessage | ToolChatMessage)
    role: Literal["system", "user", "assistant", "developer"] = TextChatMessage.from_dict({}).role
    assert_type(role, to11ai_sdk.TextChatRole)

"""The client one writes first: ``urlopen`` for each call, all models at import, ``deepcopy`` on a cache hit."""

from __future__ import annotations

import copy
import json
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

Slug = Annotated[str, Field(pattern="^[a-z0-9-]+$", min_length=1, max_length=200)]
Label = Annotated[str, Field(pattern="^[a-zA-Z0-9_-]+$", min_length=1, max_length=64)]
Description = Annotated[str, Field(max_length=280)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Percent = Annotated[int, Field(ge=0, le=100)]


class Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Message(Model):
    role: Literal["system", "user", "assistant", "developer", "tool"]
    content: str


class TextPrompt(Model):
    format: Literal["text"]
    text: str


class ChatPrompt(Model):
    format: Literal["chat"]
    messages: list[Message]


class ResolvedPrompt(Model):
    prompt_id: str
    version_id: str
    release_id: str | None
    version: float
    labels: list[Label]
    content_hash: str
    rendered: TextPrompt | ChatPrompt
    block_render_record: dict[str, Literal["rendered", "dimmed"]] | None = None
    subject_hash: str | None = None
    variant_name: str | None = None


class Prompt(Model):
    id: str
    project_id: str
    name: str
    slug: Slug
    description: str | None
    tags: list[str]
    status: Literal["active", "draft", "archived"]
    created_by_user_id: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class PromptVersion(Model):
    id: str
    prompt_id: str
    version: Number
    format: Literal["text", "chat"]
    template_json: Any
    variables_schema: Any
    changelog: str | None
    created_by_user_id: str
    created_by_display_name: str | None
    created_by_image: str | None
    created_at: AwareDatetime


class PromptLabelPointer(Model):
    prompt_id: str
    label: Label
    version_id: str
    updated_by_user_id: str
    updated_by_display_name: str | None
    updated_at: AwareDatetime


class PromptLabelEvent(Model):
    id: str
    prompt_id: str
    label: Label
    from_version_id: str | None
    to_version_id: str
    moved_by_user_id: str
    moved_at: AwareDatetime
    reason: str | None


class ProjectEnvironment(Model):
    id: str
    project_id: str
    slug: Slug
    name: str
    color: str | None
    description: str | None
    is_pointer: bool
    requires_approval: bool
    is_default: bool
    is_gateway_fallback: bool
    is_system: bool
    is_production: bool
    sort_order: int
    created_by: str
    updated_by: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    archived_at: AwareDatetime | None


class RuleReleaseWeight(Model):
    version_id: str
    weight: Percent


class RuleRelease(Model):
    id: str
    rule_id: str
    environment_id: str
    env_slug: str
    actor_id: str
    actor_type: Literal["user", "api_key", "worker"]
    strategy: Literal["single", "weighted"]
    version_id: str | None
    weights: list[RuleReleaseWeight] | None
    change_kind: str
    prior_release_id: str | None
    reason: str | None
    approval_status: str
    approval_requested_by: str | None
    approval_requested_at: AwareDatetime | None
    approved_by: str | None
    approved_at: AwareDatetime | None
    rejected_by: str | None
    rejected_at: AwareDatetime | None
    active_from: AwareDatetime | None
    active_to: AwareDatetime | None
    created_at: AwareDatetime


class ProjectPromptLabel(Model):
    project_id: str
    label: Label
    is_system: bool
    is_default: bool
    description: str | None
    display_color: Literal["accent", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink"]
    created_by_user_id: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    archived_at: AwareDatetime | None


class ProjectPromptLabelUsage(Model):
    prompt_id: str
    prompt_slug: str
    prompt_name: str
    version_id: str
    version: Number
    updated_at: AwareDatetime
    updated_by_user_id: str


class PaginationInfo(Model):
    page: int
    limit: int
    total: int
    total_pages: int


class PaginatedResult(Model):
    items: list[Prompt]
    pagination: PaginationInfo


class PaginatedLabelEvents(Model):
    items: list[PromptLabelEvent]
    pagination: PaginationInfo


class TextChatMessage(Model):
    role: Literal["system", "user", "assistant", "developer"]
    content: str
    disabled: bool | None = None


class ToolChatMessage(Model):
    role: Literal["tool"]
    name: str
    parameters: dict[str, Any]
    description: str | None = None
    disabled: bool | None = None


class LivePointerCounts(Model):
    prompts: int
    providers: int
    rules: int


class ArchiveProjectEnvironmentResult(Model):
    environment: ProjectEnvironment
    live_pointer_counts: LivePointerCounts


class RuleTarget(Model):
    provider_id: str
    model_id: str
    params: dict[str, Any] | None = None
    when: Any = None


class RuleVariant(Model):
    name: str
    target: RuleTarget
    weight: Percent | None = None
    params: dict[str, Any] | None = None
    when: Any = None


class RuleStep(Model):
    position: int
    name: str | None = None
    strategy: str | None = None
    target: RuleTarget | None = None
    variants: list[RuleVariant] | None = None
    when: Any = None


class RuleRetry(Model):
    max_retries: int | None = None
    backoff_base_ms: int | None = None
    retryable_status_codes: list[int] | None = None


class RuleProviderRef(Model):
    provider_id: str
    env_slug: str | None = None


class RuleModelBinding(Model):
    model_id: str
    provider: RuleProviderRef
    weight: float | None = None


class RuleSnapshot(Model):
    endpoint: str
    strategy: Literal["single", "weighted", "fallback", "experiment"]
    target: RuleTarget | None = None
    variants: list[RuleVariant] | None = None
    steps: list[RuleStep] | None = None
    chain: list[Any] | None = None
    model_bindings: list[RuleModelBinding] | None = None
    provider_refs: list[RuleProviderRef] | None = None
    retry: RuleRetry | None = None


class RuleVersion(Model):
    id: str
    rule_id: str
    version: Number
    snapshot_json: RuleSnapshot
    description: str | None
    created_by: str
    created_at: AwareDatetime


PROMPT_VERSIONS = TypeAdapter(list[PromptVersion])
PROMPT_LABEL_POINTERS = TypeAdapter(list[PromptLabelPointer])
PROJECT_PROMPT_LABELS = TypeAdapter(list[ProjectPromptLabel])
PROJECT_PROMPT_LABEL_USAGES = TypeAdapter(list[ProjectPromptLabelUsage])
PROJECT_ENVIRONMENTS = TypeAdapter(list[ProjectEnvironment])
RULE_VERSIONS = TypeAdapter(list[RuleVersion])
RULE_RELEASES = TypeAdapter(list[RuleRelease])


class Client:
    """Resolves prompts, the simple way."""

    def __init__(self, api_key: str, base_url: str, ttl_s: float = 300, max_entries: int = 100) -> None:
        self.api_key = api_key
        self.base_url = base_url
        self.ttl_s = ttl_s
        self.max_entries = max_entries
        self.cache: OrderedDict[str, tuple[float, ResolvedPrompt]] = OrderedDict()

    def request(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.base_url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"},
            method=method,
        )
        for attempt in range(4):
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    return json.loads(response.read())["data"]
            except urllib.error.URLError:
                if attempt == 3:
                    raise
                time.sleep(0.1 * 2**attempt)
        return None

    def resolve(
        self, project_id: str, slug: str, labels: list[str], variables: dict[str, Any] | None = None, cache: bool = True
    ) -> ResolvedPrompt:
        key = json.dumps([project_id, slug, labels, variables], sort_keys=True)
        if cache and key in self.cache:
            stored, prompt = self.cache[key]
            if time.monotonic() - stored < self.ttl_s:
                self.cache.move_to_end(key)
                return copy.deepcopy(prompt)
        body = {"slug": slug, "labels": labels, **({"variables": variables} if variables else {})}
        prompt = ResolvedPrompt.model_validate(self.request("POST", f"/v1/projects/{project_id}/prompts:resolve", body))
        if cache:
            self.cache[key] = (time.monotonic(), copy.deepcopy(prompt))
            while len(self.cache) > self.max_entries:
                self.cache.popitem(last=False)
        return prompt

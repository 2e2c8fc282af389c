"""The client one writes first: ``urlopen`` for each call, all models at import, ``deepcopy`` on a cache hit."""

from __future__ import annotations

import copy
import json
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


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
    labels: list[str]
    content_hash: str
    rendered: TextPrompt | ChatPrompt
    block_render_record: dict[str, Literal["rendered", "dimmed"]] | None = None
    subject_hash: str | None = None
    variant_name: str | None = None


class Prompt(Model):
    id: str
    project_id: str
    name: str
    slug: str
    description: str | None
    tags: list[str]
    status: Literal["active", "draft", "archived"]
    created_by_user_id: str
    created_at: datetime
    updated_at: datetime


class PromptVersion(Model):
    id: str
    prompt_id: str
    version: int
    format: Literal["text", "chat"]
    template_json: Any
    variables_schema: Any
    changelog: str | None
    created_by_user_id: str
    created_by_display_name: str | None
    created_by_image: str | None
    created_at: datetime


class PromptLabelPointer(Model):
    prompt_id: str
    label: str
    version_id: str
    updated_by_user_id: str
    updated_by_display_name: str | None
    updated_at: datetime


class PromptLabelEvent(Model):
    id: str
    prompt_id: str
    label: str
    from_version_id: str | None
    to_version_id: str
    moved_by_user_id: str
    moved_at: datetime
    reason: str | None


class ProjectEnvironment(Model):
    id: str
    project_id: str
    slug: str
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
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


class RuleRelease(Model):
    id: str
    rule_id: str
    environment_id: str
    env_slug: str
    actor_id: str
    actor_type: Literal["user", "api_key", "worker"]
    strategy: Literal["single", "weighted"]
    version_id: str | None
    change_kind: str
    prior_release_id: str | None
    reason: str | None
    created_at: datetime


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

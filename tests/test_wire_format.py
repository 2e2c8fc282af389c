"""What goes over the wire, call by call, written out from the API's reference: nothing here is computed."""

# ruff: noqa: C408 - arguments read best as they are written in a call

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from operator import attrgetter
from typing import Any, NamedTuple

import pytest
from recording import KEY, RecordingServer, reply
from samples import DATA, PAGINATION, success

from to11ai_sdk import RuleReleaseWeight, RuleSnapshot
from to11ai_sdk.resources.table import ENDPOINTS

ODD = "a/b: c%dé"
"""An id that has to be encoded; on the wire it is ``a%2Fb%3A%20c%25d%C3%A9``."""
NOON = datetime(2026, 6, 17, 12, 0, tzinfo=timezone(timedelta(hours=2)))
NAIVE = datetime(2026, 6, 17, 12, 0)
SINGLE = {"endpoint": "messages", "strategy": "single"}


class Case(NamedTuple):
    """A call, its request line, and its body as text; ``None`` if it has none."""

    call: str
    arguments: dict[str, Any]
    line: str
    body: str | None = None


# fmt: off
CASES = [
    # --- prompts
    Case("prompts.create", dict(project_id="p", name="Hi", slug="hi"),
         "POST /v1/projects/p/prompts", '{"name":"Hi","slug":"hi"}'),
    Case("prompts.create", dict(project_id=ODD, name="Grüß", slug="hi", description="", tags=["a", "b,c"]),
         "POST /v1/projects/a%2Fb%3A%20c%25d%C3%A9/prompts",
         r'{"name":"Gr\u00fc\u00df","slug":"hi","description":"","tags":["a","b,c"]}'),
    Case("prompts.list", dict(project_id="p"),
         "GET /v1/projects/p/prompts"),
    Case("prompts.list", dict(project_id=ODD, status="draft", sort_by="name asc", tags="a,b&c", page=2, limit=50),
         "GET /v1/projects/a%2Fb%3A%20c%25d%C3%A9/prompts"
         "?status=draft&sortBy=name%20asc&tags=a%2Cb%26c&page=2&limit=50"),
    Case("prompts.get", dict(project_id="p", prompt_id="pm"),
         "GET /v1/projects/p/prompts/pm"),
    Case("prompts.get", dict(project_id="p", prompt_id=ODD),
         "GET /v1/projects/p/prompts/a%2Fb%3A%20c%25d%C3%A9"),
    Case("prompts.update", dict(project_id="p", prompt_id="pm"),
         "PATCH /v1/projects/p/prompts/pm", "{}"),
    Case("prompts.update", dict(project_id="p", prompt_id=ODD, name="Hey", description="", tags=()),
         "PATCH /v1/projects/p/prompts/a%2Fb%3A%20c%25d%C3%A9", '{"name":"Hey","description":"","tags":[]}'),
    Case("prompts.archive", dict(project_id="p", prompt_id="pm"),
         "DELETE /v1/projects/p/prompts/pm"),
    Case("prompts.archive", dict(project_id="p", prompt_id=ODD),
         "DELETE /v1/projects/p/prompts/a%2Fb%3A%20c%25d%C3%A9"),
    Case("prompts.create_version",
         dict(project_id="p", prompt_id="pm", format="text", template_json={"text": "Hi"}, variables_schema={}),
         "POST /v1/projects/p/prompts/pm/versions",
         '{"format":"text","templateJson":{"text":"Hi"},"variablesSchema":{}}'),
    Case("prompts.create_version",
         dict(project_id="p", prompt_id=ODD, format="chat",
              template_json={"messages": [{"role": "user", "content": "{{ q }}", "disabled": None}]},
              variables_schema={"type": "object", "required": ["q"]},
              model_config={"model": "m", "temperature": 0.5, "max_tokens": 1}, changelog="new"),
         "POST /v1/projects/p/prompts/a%2Fb%3A%20c%25d%C3%A9/versions",
         '{"format":"chat","templateJson":{"messages":[{"role":"user","content":"{{ q }}","disabled":null}]},'
         '"variablesSchema":{"type":"object","required":["q"]},'
         '"modelConfig":{"model":"m","temperature":0.5,"max_tokens":1},"changelog":"new"}'),
    Case("prompts.list_versions", dict(project_id="p", prompt_id="pm"),
         "GET /v1/projects/p/prompts/pm/versions"),
    Case("prompts.list_versions", dict(project_id="p", prompt_id=ODD),
         "GET /v1/projects/p/prompts/a%2Fb%3A%20c%25d%C3%A9/versions"),
    Case("prompts.get_version", dict(project_id="p", prompt_id="pm", version_number=1),
         "GET /v1/projects/p/prompts/pm/versions/1"),
    Case("prompts.get_version", dict(project_id="p", prompt_id=ODD, version_number=2147483647),
         "GET /v1/projects/p/prompts/a%2Fb%3A%20c%25d%C3%A9/versions/2147483647"),
    Case("prompts.move_label", dict(project_id="p", prompt_id="pm", label="prod", version_id="pv"),
         "PUT /v1/projects/p/prompts/pm/labels/prod", '{"versionId":"pv"}'),
    Case("prompts.move_label", dict(project_id="p", prompt_id="pm", label=ODD, version_id="pv", reason="why"),
         "PUT /v1/projects/p/prompts/pm/labels/a%2Fb%3A%20c%25d%C3%A9", '{"versionId":"pv","reason":"why"}'),
    Case("prompts.list_labels", dict(project_id="p", prompt_id="pm"),
         "GET /v1/projects/p/prompts/pm/labels"),
    Case("prompts.list_labels", dict(project_id=ODD, prompt_id="pm"),
         "GET /v1/projects/a%2Fb%3A%20c%25d%C3%A9/prompts/pm/labels"),
    Case("prompts.resolve", dict(project_id="p", slug="hi", labels=["production"]),
         "POST /v1/projects/p/prompts:resolve", '{"slug":"hi","labels":["production"]}'),
    Case("prompts.resolve",
         dict(project_id=ODD, slug="hi", labels=("b", "a"), variables={"n": 1, "ok": True, "none": None, "é": [1.5]}),
         "POST /v1/projects/a%2Fb%3A%20c%25d%C3%A9/prompts:resolve",
         r'{"slug":"hi","labels":["b","a"],"variables":{"n":1,"ok":true,"none":null,"\u00e9":[1.5]}}'),
    Case("prompts.resolve", dict(project_id="p", slug="hi", labels=["a"], variables={}, cache=False, fallback=None),
         "POST /v1/projects/p/prompts:resolve", '{"slug":"hi","labels":["a"],"variables":{}}'),
    # --- label moves
    Case("prompts.list_label_events", dict(project_id="p", scope="label", prompt_id="pm", label="prod"),
         "GET /v1/projects/p/prompts/pm/labels/prod/events"),
    Case("prompts.list_label_events",
         dict(project_id="p", scope="label", prompt_id="pm", label=ODD, page=1, limit=20, since=NOON, until=NAIVE),
         "GET /v1/projects/p/prompts/pm/labels/a%2Fb%3A%20c%25d%C3%A9/events"
         "?page=1&limit=20&since=2026-06-17T12%3A00%3A00%2B02%3A00&until=2026-06-17T12%3A00%3A00Z"),
    Case("prompts.list_label_events", dict(project_id="p", scope="prompt", prompt_id="pm"),
         "GET /v1/projects/p/prompts/pm/label-events"),
    Case("prompts.list_label_events",
         dict(project_id="p", scope="prompt", prompt_id=ODD, label="a b", page=3, limit=5,
              since="2026-06-17T00:00:00Z", until="2026-06-18T00:00:00Z"),
         "GET /v1/projects/p/prompts/a%2Fb%3A%20c%25d%C3%A9/label-events"
         "?label=a%20b&page=3&limit=5&since=2026-06-17T00%3A00%3A00Z&until=2026-06-18T00%3A00%3A00Z"),
    Case("prompts.list_label_events", dict(project_id="p", scope="project"),
         "GET /v1/projects/p/label-events"),
    Case("prompts.list_label_events",
         dict(project_id="p", scope="project", label="prod", prompt_id=ODD, page=1, limit=2, since=NAIVE, until=NOON),
         "GET /v1/projects/p/label-events?label=prod&promptId=a%2Fb%3A%20c%25d%C3%A9&page=1&limit=2"
         "&since=2026-06-17T12%3A00%3A00Z&until=2026-06-17T12%3A00%3A00%2B02%3A00"),
    # --- the label registry
    Case("prompts.list_project_labels", dict(project_id="p"),
         "GET /v1/projects/p/prompt-labels"),
    Case("prompts.list_project_labels", dict(project_id="p", include_archived=True),
         "GET /v1/projects/p/prompt-labels?includeArchived=true"),
    Case("prompts.list_project_labels", dict(project_id="p", include_archived=False),
         "GET /v1/projects/p/prompt-labels"),
    Case("prompts.create_project_label", dict(project_id="p", label="beta"),
         "POST /v1/projects/p/prompt-labels", '{"label":"beta"}'),
    Case("prompts.create_project_label",
         dict(project_id="p", label="beta", is_default=False, description="d", display_color="teal"),
         "POST /v1/projects/p/prompt-labels",
         '{"label":"beta","isDefault":false,"description":"d","displayColor":"teal"}'),
    Case("prompts.get_project_label", dict(project_id="p", label="beta"),
         "GET /v1/projects/p/prompt-labels/beta"),
    Case("prompts.get_project_label", dict(project_id="p", label=ODD),
         "GET /v1/projects/p/prompt-labels/a%2Fb%3A%20c%25d%C3%A9"),
    Case("prompts.update_project_label", dict(project_id="p", label="beta"),
         "PATCH /v1/projects/p/prompt-labels/beta", "{}"),
    Case("prompts.update_project_label",
         dict(project_id="p", label=ODD, is_default=True, description="", display_color="red"),
         "PATCH /v1/projects/p/prompt-labels/a%2Fb%3A%20c%25d%C3%A9",
         '{"isDefault":true,"description":"","displayColor":"red"}'),
    Case("prompts.delete_project_label", dict(project_id="p", label="beta"),
         "DELETE /v1/projects/p/prompt-labels/beta"),
    Case("prompts.delete_project_label", dict(project_id="p", label=ODD),
         "DELETE /v1/projects/p/prompt-labels/a%2Fb%3A%20c%25d%C3%A9"),
    Case("prompts.list_project_label_usages", dict(project_id="p", label="beta"),
         "GET /v1/projects/p/prompt-labels/beta/usages"),
    Case("prompts.list_project_label_usages", dict(project_id="p", label=ODD),
         "GET /v1/projects/p/prompt-labels/a%2Fb%3A%20c%25d%C3%A9/usages"),
    # --- environments
    Case("project_environments.list", dict(project_id="p"),
         "GET /v1/projects/p/environments"),
    Case("project_environments.list", dict(project_id="p", include_archived=True),
         "GET /v1/projects/p/environments?includeArchived=true"),
    Case("project_environments.get", dict(project_id="p", slug="prod"),
         "GET /v1/projects/p/environments/prod"),
    Case("project_environments.get", dict(project_id="p", slug=ODD),
         "GET /v1/projects/p/environments/a%2Fb%3A%20c%25d%C3%A9"),
    Case("project_environments.create", dict(project_id="p", slug="qa", name="QA"),
         "POST /v1/projects/p/environments", '{"slug":"qa","name":"QA"}'),
    Case("project_environments.create",
         dict(project_id="p", slug="qa", name="QA", color="red", description="d", is_pointer=False,
              requires_approval=False, is_default=True, is_gateway_fallback=True, sort_order=0),
         "POST /v1/projects/p/environments",
         '{"slug":"qa","name":"QA","color":"red","description":"d","isPointer":false,"requiresApproval":false,'
         '"isDefault":true,"isGatewayFallback":true,"sortOrder":0}'),
    Case("project_environments.update", dict(project_id="p", slug="qa"),
         "PATCH /v1/projects/p/environments/qa", "{}"),
    Case("project_environments.update",
         dict(project_id="p", slug=ODD, new_slug="qb", name="QB", color="", description="", is_pointer=True,
              requires_approval=True, is_default=False, is_gateway_fallback=False, sort_order=-1),
         "PATCH /v1/projects/p/environments/a%2Fb%3A%20c%25d%C3%A9",
         '{"slug":"qb","name":"QB","color":"","description":"","isPointer":true,"requiresApproval":true,'
         '"isDefault":false,"isGatewayFallback":false,"sortOrder":-1}'),
    Case("project_environments.archive", dict(project_id="p", slug="qa"),
         "POST /v1/projects/p/environments/qa/archive"),
    Case("project_environments.archive", dict(project_id="p", slug=ODD),
         "POST /v1/projects/p/environments/a%2Fb%3A%20c%25d%C3%A9/archive"),
    Case("project_environments.restore", dict(project_id="p", slug="qa"),
         "POST /v1/projects/p/environments/qa/restore"),
    Case("project_environments.restore", dict(project_id="p", slug=ODD),
         "POST /v1/projects/p/environments/a%2Fb%3A%20c%25d%C3%A9/restore"),
    # --- routing rules
    Case("routing_rules.versions.create", dict(project_id="p", rule_id="r", snapshot=SINGLE),
         "POST /v1/projects/p/routing/rules/r/versions", '{"snapshot":{"endpoint":"messages","strategy":"single"}}'),
    Case("routing_rules.versions.create",
         dict(project_id="p", rule_id=ODD, description="d", snapshot=RuleSnapshot.from_dict({
             **SINGLE, "target": {"providerId": "openai", "modelId": "m"}, "retry": {"maxRetries": 1}})),
         "POST /v1/projects/p/routing/rules/a%2Fb%3A%20c%25d%C3%A9/versions",
         '{"snapshot":{"endpoint":"messages","strategy":"single","target":{"providerId":"openai","modelId":"m"},'
         '"retry":{"maxRetries":1}},"description":"d"}'),
    Case("routing_rules.versions.list", dict(project_id="p", rule_id="r"),
         "GET /v1/projects/p/routing/rules/r/versions"),
    Case("routing_rules.versions.list", dict(project_id="p", rule_id=ODD, cursor=7, limit=2),
         "GET /v1/projects/p/routing/rules/a%2Fb%3A%20c%25d%C3%A9/versions?cursor=7&limit=2"),
    Case("routing_rules.versions.get", dict(project_id="p", rule_id="r", version_id="rv"),
         "GET /v1/projects/p/routing/rules/r/versions/rv"),
    Case("routing_rules.versions.get", dict(project_id="p", rule_id="r", version_id=ODD),
         "GET /v1/projects/p/routing/rules/r/versions/a%2Fb%3A%20c%25d%C3%A9"),
    Case("routing_rules.releases.set", dict(project_id="p", rule_id="r", env_slug="prod", strategy="single"),
         "PUT /v1/projects/p/routing/rules/r/releases/prod", '{"strategy":"single"}'),
    Case("routing_rules.releases.set",
         dict(project_id="p", rule_id="r", env_slug=ODD, strategy="single", version_id="rv", reason="why"),
         "PUT /v1/projects/p/routing/rules/r/releases/a%2Fb%3A%20c%25d%C3%A9",
         '{"strategy":"single","versionId":"rv","reason":"why"}'),
    Case("routing_rules.releases.set",
         dict(project_id="p", rule_id="r", env_slug="prod", strategy="weighted",
              weights=[{"versionId": "rv_1", "weight": 90}, RuleReleaseWeight(version_id="rv_2", weight=10)]),
         "PUT /v1/projects/p/routing/rules/r/releases/prod",
         '{"strategy":"weighted","weights":[{"versionId":"rv_1","weight":90},{"versionId":"rv_2","weight":10}]}'),
    Case("routing_rules.releases.rollback", dict(project_id="p", rule_id="r", env_slug="prod", reason="bad"),
         "POST /v1/projects/p/routing/rules/r/releases/prod/rollback", '{"reason":"bad"}'),
    Case("routing_rules.releases.rollback",
         dict(project_id="p", rule_id="r", env_slug=ODD, reason="bad", target_release_id="rr"),
         "POST /v1/projects/p/routing/rules/r/releases/a%2Fb%3A%20c%25d%C3%A9/rollback",
         '{"reason":"bad","targetReleaseId":"rr"}'),
    Case("routing_rules.releases.list", dict(project_id="p", rule_id="r"),
         "GET /v1/projects/p/routing/rules/r/releases"),
    Case("routing_rules.releases.list", dict(project_id="p", rule_id=ODD, cursor="rr/1", limit=200),
         "GET /v1/projects/p/routing/rules/a%2Fb%3A%20c%25d%C3%A9/releases?cursor=rr%2F1&limit=200"),
    Case("routing_rules.releases.list", dict(project_id="p", rule_id="r", env_slug="prod"),
         "GET /v1/projects/p/routing/rules/r/releases/prod"),
    Case("routing_rules.releases.list", dict(project_id="p", rule_id="r", env_slug=ODD, cursor="rr", limit=1),
         "GET /v1/projects/p/routing/rules/r/releases/a%2Fb%3A%20c%25d%C3%A9?cursor=rr&limit=1"),
]
# fmt: on


def run(server: RecordingServer, case: Case) -> Any:
    pagination = PAGINATION if case.call == "prompts.list" else None
    server.will_send(reply(success(DATA[case.call], pagination=pagination)))
    with server.client() as client:
        return attrgetter(case.call)(client)(**case.arguments)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.line[:60])
def test_a_call_sends_exactly_this(server: RecordingServer, case: Case) -> None:
    run(server, case)
    [seen] = server.seen
    assert seen.line == case.line
    assert seen.body.decode() == (case.body or "")
    expected = {
        "host": server.url.removeprefix("http://"),
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "to11ai-sdk-python/0.2.0",
    }
    if not case.line.startswith(("GET", "DELETE")):
        expected["content-length"] = str(len(case.body or ""))
    assert seen.headers == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.line[:60])
def test_a_reply_becomes_the_model_with_all_its_fields(server: RecordingServer, case: Case) -> None:
    result = run(server, case)
    data = DATA[case.call]
    if case.call == "prompts.list":
        data = {"items": data, "pagination": PAGINATION}
    for model, sample in zip(
        result if isinstance(result, list) else [result],
        data if isinstance(data, list) else [data],
        strict=True,
    ):
        dumped = json.loads(model.model_dump_json(by_alias=True))
        assert set(sample) <= set(dumped)
        assert {name: dumped[name] for name in sample} == _as_dumped(sample)


def _as_dumped(sample: Any) -> Any:
    # Pydantic writes 10:30:00.000Z as 10:30:00Z, and the absent fields of a snapshot as null.
    if isinstance(sample, dict) and set(sample) == {"endpoint", "strategy"}:
        absent = ("target", "variants", "steps", "chain", "modelBindings", "providerRefs", "retry")
        return {**sample, **dict.fromkeys(absent)}
    if isinstance(sample, dict):
        return {name: _as_dumped(value) for name, value in sample.items()}
    if isinstance(sample, list):
        return [_as_dumped(item) for item in sample]
    return sample.replace(".000Z", "Z") if isinstance(sample, str) else sample


def test_every_endpoint_is_called_here_with_few_and_with_many_arguments() -> None:
    assert len(ENDPOINTS) == 33
    lines = [case.line.partition("?")[0] for case in CASES]
    for row in ENDPOINTS.values():
        pattern = f"{row.method} " + re.sub(r"\{\w+\}", "[^/]+", row.path)
        assert sum(re.fullmatch(pattern, line) is not None for line in lines) >= 2, row

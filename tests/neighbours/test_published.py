"""Published versions of the package against the local control plane: their calls, and those of later ones only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk.local import LocalTo11

from .packing import needs_index, python, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [needs_index, pytest.mark.timeout(300)]

HEAD = """
import json, os, warnings
warnings.simplefilter("ignore")
from to11ai_sdk import create_client
import to11ai_sdk

assert "published" in to11ai_sdk.__file__, to11ai_sdk.__file__
project = os.environ["TO11_PROJECT_ID"]
settings = {"api_key": os.environ["TO11_API_KEY"], "base_url": os.environ["TO11_API_URL"]}
P = {"project_id": project}
said = {}
"""
WHOLE = """
chat = {"messages": [{"role": "developer", "content": "Be {{ x }}"}, {"role": "user", "content": "Hi"}]}
schema = {"type": "object", "properties": {"x": {"type": "string"}}}
prompt = client.prompts.create(**P, name="N", slug="n", description="d", tags=["t"])
I = {**P, "prompt_id": prompt.id}
version = client.prompts.create_version(
    **I, format="chat", template_json=chat, variables_schema=schema, model_config={"model": "m"}, changelog="c"
)
said["get"] = client.prompts.get(**I).slug
said["version"] = client.prompts.get_version(**I, version_number=1).id == version.id
said["versions"] = len(client.prompts.list_versions(**I))
said["update"] = client.prompts.update(**I, name="M").name
label = {**P, "label": "qa"}
client.prompts.create_project_label(**label, is_default=False, description="d", display_color="blue")
moved = client.prompts.move_label(**I, label="qa", version_id=version.id, reason="why")
said["moved"] = [moved.label, getattr(moved, "reason", None)]
said["labels"] = [pointer.label for pointer in client.prompts.list_labels(**I)]
said["project label"] = client.prompts.get_project_label(**label).display_color
said["updated label"] = client.prompts.update_project_label(**label, description="e").description
said["project labels"] = sorted(each.label for each in client.prompts.list_project_labels(**P, include_archived=True))
said["usages"] = len(client.prompts.list_project_label_usages(**label))
said["events"] = [event.reason for event in client.prompts.list_label_events(scope="project", **P).items]
said["listed"] = [each.slug for each in client.prompts.list(**P, status="active", tags="t", sort_by="name").items]
asked = {**P, "slug": "n", "labels": ["qa"], "variables": {"x": "kind"}}
said["resolved"] = [message.content for message in client.prompts.resolve(**asked).rendered.messages]
slug = {**P, "slug": "dev"}
said["environment"] = client.project_environments.create(**slug, name="Dev", color="#ffffff", sort_order=3).slug
said["environments"] = [each.slug for each in client.project_environments.list(**P)]
said["renamed"] = client.project_environments.update(**slug, new_slug="dev2", name="D").slug
client.project_environments.archive(**P, slug="dev2")
said["restored"] = client.project_environments.restore(**P, slug="dev2").slug
target = {"providerId": "openai", "modelId": "gpt-4o"}
R = {**P, "rule_id": "r"}
rules = client.routing_rules
first, second = (
    rules.versions.create(**R, snapshot={"endpoint": "chat", "strategy": "single", "target": target}, description="d")
    for _ in range(2)
)
said["rule"] = [rules.versions.get(**R, version_id=first.id).version, len(rules.versions.list(**R, limit=5))]
for each in (first, second):
    rules.releases.set(**R, env_slug="prod", strategy="single", version_id=each.id, reason="r")
said["rollback"] = rules.releases.rollback(**R, env_slug="prod", reason="b").version_id == first.id
said["releases"] = [len(rules.releases.list(**R)), len(rules.releases.list(**R, env_slug="prod", limit=2))]
client.prompts.move_label(**I, label="prod", version_id=version.id, reason="r")
client.prompts.delete_project_label(**label)
"""
FETCHED = """
roles = {}
for role in ("user", "developer", "system"):
    resolved = client.prompts.resolve(**{**asked, "labels": ["prod"]}, developer_role=role, cache=False)
    roles[role] = [message.role for message in resolved.rendered.messages]
said["roles"] = roles
said["fetched"] = client.prompts.fetch(slug="n", env="prod", variables={"x": "kind"}).rendered.messages[0].content
said["subject"] = client.prompts.fetch(slug="n", subject="s", variables={"x": "y"}).rendered.messages[0].content
"""
EXPECTED: dict[str, Any] = {
    "get": "n",
    "version": True,
    "versions": 1,
    "update": "M",
    "labels": ["qa"],
    "project label": "blue",
    "updated label": "e",
    "project labels": ["production", "qa"],
    "usages": 1,
    "events": ["why"],
    "listed": ["n"],
    "resolved": ["Be kind", "Hi"],
    "environment": "dev",
    "environments": ["prod", "staging", "dev"],
    "renamed": "dev2",
    "restored": "dev2",
    "rule": [1, 2],
    "rollback": True,
    "releases": [3, 2],
}
LATER = """
client = create_client(**settings, project_id=project, env="prod")
window = {"preset": "last_7_days", "timezone": "UTC"}
calls = {
    "render": lambda: client.prompts.render("n", label="qa", variables={"x": "y"}),
    "skill": lambda: client.prompts.render_skill_version(project_id=project, slug="n", version=1),
    "prompts": lambda: client.prompts.list_org_prompts(org_id="o", query="n", limit=5),
    "versions": lambda: client.prompts.list_versions(**P, prompt_id="p", cursor="c"),
    "labels": lambda: client.prompts.list_labels(**P, prompt_id="p", limit=5),
    "environments": lambda: list(client.project_environments.iter(**P, limit=5)),
    "principals": lambda: client.usage.find_principals(org_id="o", query="x"),
    "costs": lambda: client.usage.get_costs(org_id="o", window=window),
    "sessions": lambda: client.usage.list_sessions(org_id="o", window=window),
    "traces": lambda: client.usage.list_top_traces(org_id="o", window=window, sort="cost"),
}
for name, call in calls.items():
    try:
        said[name] = repr(call())
    except Exception as exc:
        said[name] = [exc.error_code, exc.status_code, "only in later versions of the API" in str(exc)]
"""


def published(version: str, folder: Path, script: str) -> dict[str, Any]:
    """What a script says that uses a published version against a local to11 of its own."""
    install = ("-m", "pip", "install", "--quiet", "--no-deps", "--target", "published", f"to11ai-sdk=={version}")
    run(*python(*install), cwd=folder)
    with LocalTo11() as to11:
        settings = {"TO11_API_KEY": to11.api_key, "TO11_API_URL": to11.base_url, "TO11_PROJECT_ID": to11.project_id}
        source = f"{HEAD}{script}print(json.dumps(said))"
        said: dict[str, Any] = json.loads(run(*python("-c", source), cwd=folder, PYTHONPATH="published", **settings))
    return said


def test_what_0_2_0_calls_is_answered(tmp_path: Path) -> None:
    said = published("0.2.0", tmp_path, f"client = create_client(**settings)\n{WHOLE}")
    assert said == {**EXPECTED, "moved": ["qa", None]}


def test_what_1_1_0_calls_is_answered(tmp_path: Path) -> None:
    made = 'client = create_client(**settings, project_id=project, env="prod")'
    said = published("1.1.0", tmp_path, f"{made}\n{WHOLE}{FETCHED}")
    roles = {role: [role, "user"] for role in ("user", "developer", "system")}
    later = {"moved": ["qa", "why"], "roles": roles, "fetched": "Be kind", "subject": "Be y"}
    assert said == {**EXPECTED, **later}


def test_what_only_later_versions_call_is_refused_by_name(tmp_path: Path) -> None:
    said = published("3.0.0", tmp_path, LATER)
    lists = {"versions", "labels", "environments"}
    assert said == {name: ["ONLY_IN_LATER_VERSION", 400 if name in lists else 404, True] for name in said}
    assert len(said) == 10

"""From a prompt to its trace: everything that the platform does for one call, in one test."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from gateway_harness import Caller

from to11ai_sdk import create_client, gateway_auth_headers, gateway_prompt_headers
from to11ai_sdk.gateway import to_anthropic_messages
from to11ai_sdk.local import LocalTo11


def ask(to11: LocalTo11, model: str, prompt: Any, messages: list[dict[str, str]], system: str | None) -> str:
    """The text of a message, by the real client where it is installed, else by plain HTTP."""
    headers = {**gateway_auth_headers(to11.api_key, to11.project_id, "prod"), **gateway_prompt_headers(prompt)}
    try:
        import anthropic
    except ImportError:
        body = {"model": model, "max_tokens": 99, "messages": messages, "system": system}
        reply = Caller(to11).send("POST", "/v1/messages", body, **headers)
        assert reply.status == 200, reply.body
        return str(reply.json["content"][0]["text"])
    options = create_client(api_key=to11.api_key, base_url=to11.base_url).anthropic_options(
        project_id=to11.project_id, gateway_url=to11.gateway_url
    )
    with anthropic.Anthropic(**options, max_retries=0) as client:
        message = client.messages.create(
            model=model, max_tokens=99, messages=messages, system=system, extra_headers=headers
        )
        return str(message.content[0].text)


def target(provider_id: str, model_id: str) -> dict[str, str]:
    return {"providerId": provider_id, "modelId": model_id}


def test_a_prompt_is_resolved_sent_by_a_weighted_rule_and_traced() -> None:
    with LocalTo11(seed=7) as to11:
        client, project_id = to11.client(), to11.project_id
        prompt = client.prompts.create(project_id=project_id, name="Greeting", slug="greeting")
        template = {
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Greet {{ name }}"},
            ]
        }
        version = client.prompts.create_version(
            project_id=project_id,
            prompt_id=prompt.id,
            format="chat",
            template_json=template,
            variables_schema={"type": "object", "properties": {"name": {"type": "string"}}},
        )
        client.prompts.move_label(project_id=project_id, prompt_id=prompt.id, label="production", version_id=version.id)
        variants = [
            {"name": "claude", "weight": 50, "target": target("anthropic", "claude-sonnet-4-6")},
            {"name": "gpt", "weight": 50, "target": target("openai", "gpt-4o")},
        ]
        snapshot = {"endpoint": "messages", "name": "greeter", "strategy": "weighted", "variants": variants}
        rules = client.routing_rules
        rule = rules.versions.create(project_id=project_id, rule_id="rule_greeter", snapshot=snapshot)
        release = rules.releases.set(
            project_id=project_id, rule_id="rule_greeter", env_slug="prod", strategy="single", version_id=rule.id
        )
        resolved = client.prompts.resolve(
            project_id=project_id, slug="greeting", labels=["production"], variables={"name": "Ada"}
        )
        system, messages = to_anthropic_messages(resolved)
        texts = {ask(to11, "route::greeter", resolved, messages, system) for _ in range(12)}
        assert texts == {"echo: Greet Ada"}
        spans = to11.traces()
    assert len(spans) == 12
    assert {span.prompt_id for span in spans} == {prompt.id}
    assert {span.prompt_version for span in spans} == {1}
    assert {span.prompt_labels for span in spans} == {("production",)}
    assert {(span.rule_id, span.version_id, span.release_id) for span in spans} == {
        ("rule_greeter", rule.id, release.id)
    }
    assert {(span.env, span.model, span.endpoint) for span in spans} == {("prod", "route::greeter", "messages")}
    chosen = Counter((span.variant, span.provider_id, span.upstream_model) for span in spans)
    assert set(chosen) == {("claude", "anthropic", "claude-sonnet-4-6"), ("gpt", "openai", "gpt-4o")}


def test_what_the_sdk_releases_changes_what_the_gateway_does(to11: LocalTo11) -> None:
    client, project_id = to11.client(), to11.project_id
    rules = client.routing_rules

    def release(model_id: str, provider_id: str) -> None:
        snapshot = {"endpoint": "chat", "name": "best", "strategy": "single", "target": target(provider_id, model_id)}
        made = rules.versions.create(project_id=project_id, rule_id="r", snapshot=snapshot)
        rules.releases.set(project_id=project_id, rule_id="r", env_slug="prod", strategy="single", version_id=made.id)

    caller = Caller(to11)
    assert caller.chat("best").status == 404
    release("gpt-4o", "openai")
    assert caller.chat("best").json["model"] == "gpt-4o"
    release("grok-4", "xai")
    assert caller.chat("function::best").json["model"] == "grok-4"
    rules.releases.rollback(project_id=project_id, rule_id="r", env_slug="prod", reason="worse")
    assert caller.chat("route::best").json["model"] == "gpt-4o"


@pytest.mark.parametrize("seed", [1, "two"])
def test_a_seed_makes_choices_and_spans_predictable(seed: int | str) -> None:
    def run() -> list[tuple[str | None, str]]:
        with LocalTo11(seed=seed) as to11:
            rules = to11.client().routing_rules
            variants = [
                {"name": name, "weight": 50, "target": target("openai", name)} for name in ("gpt-4o", "gpt-4o-mini")
            ]
            snapshot = {"endpoint": "chat", "strategy": "experiment", "variants": variants}
            made = rules.versions.create(project_id=to11.project_id, rule_id="r", snapshot=snapshot)
            rules.releases.set(
                project_id=to11.project_id, rule_id="r", env_slug="prod", strategy="single", version_id=made.id
            )
            for _ in range(8):
                assert Caller(to11).chat("route::r").status == 200
            return [(span.variant, span.trace_id) for span in to11.traces()]

    assert run() == run()

"""What a ``model`` means: a rule, a provider, both, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from routing_harness import CLAUDE, GPT, GROK, MINI, Project, targets, variant

from to11ai_sdk.local.gateway.config.providers import ProviderConfig, ProviderModel
from to11ai_sdk.local.gateway.config.registry import DEFAULTS, Registry
from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.service import environments


def upstream(name: str, *models: str, dialect: str = "openai", type_: str | None = None) -> ProviderConfig:
    return ProviderConfig(
        name, "upstream", type_ or name, dialect, tuple(map(ProviderModel.named, models)), base_url="http://localhost:1"
    )


@pytest.mark.parametrize(
    ("endpoint", "model", "target"),
    [
        ("chat_completions", "gpt-4o", "openai::gpt-4o"),
        ("messages", "gpt-4o-mini", "openai::gpt-4o-mini"),
        ("responses", "claude-sonnet-4-6", "anthropic::claude-sonnet-4-6"),
        ("chat_completions", "grok-4", "xai::grok-4"),
        ("chat_completions", "mistral-large-latest", "mistral::mistral-large-latest"),
        ("embeddings", "text-embedding-3-small", "openai::text-embedding-3-small"),
        ("image_generation", "dall-e-3", "openai::dall-e-3"),
        ("audio_transcription", "whisper-1", "openai::whisper-1"),
        ("audio_speech", "tts-1", "openai::tts-1"),
        ("count_tokens", "claude-sonnet-4-6", "anthropic::claude-sonnet-4-6"),
        ("rerank", "rerank-v3.5", "cohere::rerank-v3.5"),
    ],
)
def test_a_new_project_serves_the_models_of_the_docs(endpoint: str, model: str, target: str) -> None:
    project = Project()
    plan = project.plan(model, endpoint)
    assert targets(plan) == [target]
    (attempt,) = plan.attempts
    assert (attempt.rule_id, attempt.version_id, attempt.release_id, attempt.variant) == (None,) * 4
    assert project.targets(target, endpoint) == [target]


@pytest.mark.parametrize(
    ("endpoint", "model"),
    [
        ("embeddings", "claude-sonnet-4-6"),
        ("image_generation", "claude-sonnet-4-6"),
        ("audio_speech", "claude-sonnet-4-6"),
        ("audio_transcription", "anthropic::claude-sonnet-4-6"),
        ("count_tokens", "gpt-4o"),
        ("count_tokens", "openai::gpt-4o"),
        ("rerank", "claude-sonnet-4-6"),
        ("chat_completions", "rerank-v3.5"),
        ("chat_completions", "dall-e-3"),
    ],
)
def test_a_model_that_is_not_for_the_endpoint_is_400(endpoint: str, model: str) -> None:
    problem = Project().refusal(400, "unsupported_endpoint", model, endpoint)
    assert problem.header_code == "bad_request"
    assert problem.details["endpoint"] == endpoint
    assert model in problem.message


def test_an_unknown_model_is_404() -> None:
    project = Project()
    for model in ("nope", "openai::nope", "nope::gpt-4o"):
        problem = project.refusal(404, "model_not_found", model)
        assert problem.header_code == "model_not_found"
        assert problem.details == {"model": model, "env": "prod"}
    assert "there are: openai, anthropic" in project.refusal(404, "model_not_found", "nope::gpt-4o").message


@pytest.mark.parametrize("model", [None, "", "  "])
def test_a_model_is_needed(model: str | None) -> None:
    Project().refusal(400, "model_required", model)


@pytest.mark.parametrize("model", ["openai::", "::gpt-4o", "function:: "])
def test_a_prefix_needs_a_name_and_a_name_a_prefix(model: str) -> None:
    Project().refusal(400, "invalid_model", model)


def test_a_model_of_several_providers_is_409_until_it_is_said_which() -> None:
    project = Project(Registry.of(*DEFAULTS, upstream("azure-openai", "gpt-4o", "gpt-4.1")))
    problem = project.refusal(409, "ambiguous_model", "gpt-4o")
    assert problem.details == {"model": "gpt-4o", "candidates": ["openai::gpt-4o", "azure-openai::gpt-4o"]}
    assert project.targets("azure-openai::gpt-4o") == ["azure-openai::gpt-4o"]
    assert project.targets("gpt-4o", provider_type="openai") == ["openai::gpt-4o"]
    project.switch_off("openai")
    assert project.targets("gpt-4o") == ["azure-openai::gpt-4o"]


def test_a_listed_model_wins_over_a_pattern() -> None:
    project = Project(Registry.of(*DEFAULTS, upstream("local", "*")))
    assert project.targets("gpt-4o") == ["openai::gpt-4o"]
    assert project.targets("llama3:8b") == ["local::llama3:8b"]
    assert project.targets("local::a::b") == ["local::a::b"]
    assert project.targets("llama-embedder", "embeddings") == ["local::llama-embedder"]
    two = Project(Registry.of(upstream("local", "*"), upstream("other", "ll*")))
    two.refusal(409, "ambiguous_model", "llama")


def test_models_of_echo_go_to_the_provider_that_speaks_as_the_caller() -> None:
    project = Project()
    assert project.targets("echo-status-503") == ["openai::echo-status-503"]
    assert project.targets("echo-status-503", "messages") == ["anthropic::echo-status-503"]
    assert project.targets("echo", "count_tokens") == ["anthropic::echo"]
    assert project.targets("echo", "rerank") == ["cohere::echo"]
    assert project.targets("xai::echo-cut") == ["xai::echo-cut"]
    project.switch_off("anthropic")
    assert project.targets("echo", "messages") == ["openai::echo"]


def test_the_header_and_the_prefix_must_agree() -> None:
    project = Project()
    assert project.targets("anthropic::claude-sonnet-4-6", provider_type="anthropic")
    problem = project.refusal(400, "provider_mismatch", "anthropic::claude-sonnet-4-6", provider_type="openai")
    assert problem.header_code == "bad_request"
    assert "'openai'" in problem.message
    project.refusal(404, "model_not_found", "claude-sonnet-4-6", provider_type="xai")
    problem = project.refusal(400, "invalid_provider", "gpt-4o", provider_type="acme")
    assert "anthropic, cohere" in problem.message


def test_the_header_means_a_type_of_which_there_may_be_several() -> None:
    project = Project(Registry.of(*DEFAULTS, upstream("eu", "gpt-4o", "gpt-4.1", type_="openai")))
    project.refusal(409, "ambiguous_model", "gpt-4o", provider_type="openai")
    assert project.targets("gpt-4.1", provider_type="openai") == ["eu::gpt-4.1"]
    assert project.targets("eu::gpt-4.1", provider_type="openai") == ["eu::gpt-4.1"]


def test_the_header_forces_the_provider_past_the_rules() -> None:
    project = Project()
    project.rule("gpt-4o", target=CLAUDE)
    assert project.targets("gpt-4o") == ["anthropic::claude-sonnet-4-6"]
    assert project.targets("gpt-4o", provider_type="openai") == ["openai::gpt-4o"]
    assert project.targets("gpt-4o", provider_type="anthropic") == ["anthropic::claude-sonnet-4-6"]


def test_the_header_limits_what_a_rule_may_choose() -> None:
    project = Project()
    version_id = project.rule("r", "fallback", chain=[GPT, CLAUDE, MINI])
    assert project.targets("route::r", provider_type="openai") == ["openai::gpt-4o", "openai::gpt-4o-mini"]
    problem = project.refusal(400, "provider_mismatch", "route::r", provider_type="xai")
    assert problem.details == {"rule": "r", "version": version_id}


@pytest.mark.parametrize(("alias", "canonical"), [("gemini", "google-gemini"), ("bedrock", "aws-bedrock")])
def test_a_provider_has_aliases(alias: str, canonical: str) -> None:
    project = Project(Registry.of(upstream(canonical, "m")))
    assert project.targets(f"{alias}::m") == [f"{canonical}::m"]
    assert project.targets("m", provider_type=alias) == [f"{canonical}::m"]
    project.rule("r", target={"providerId": alias, "modelId": "m"})
    assert project.targets("r") == [f"{canonical}::m"]
    project.switch_off(alias)
    project.refusal(422, "ENV_NOT_ENABLED_FOR_PROVIDER", "r")


def test_a_provider_that_is_switched_off_is_422() -> None:
    project = Project()
    project.switch_off("openai")
    for model in ("gpt-4o", "openai::gpt-4o"):
        problem = project.refusal(422, "ENV_NOT_ENABLED_FOR_PROVIDER", model)
        assert problem.details == {"rule": None, "env": "prod", "providerId": "openai"}
    assert project.targets("gpt-4o", env="staging") == ["openai::gpt-4o"]


def test_function_and_route_name_a_rule() -> None:
    project = Project()
    version_id = project.rule("support", target=GPT)
    for model in ("function::support", "route::support", "support"):
        plan = project.plan(model)
        assert targets(plan) == ["openai::gpt-4o"]
        (attempt,) = plan.attempts
        assert (attempt.rule_id, attempt.version_id) == ("support", version_id)
        assert attempt.release_id is not None
        assert attempt.release_id.startswith("rr_")


@pytest.mark.parametrize("model", ["function::nope", "route::nope"])
def test_a_rule_that_is_not_there_is_404(model: str) -> None:
    project = Project()
    project.rule("elsewhere", target=GPT)
    problem = project.refusal(404, "RULE_NOT_FOUND_IN_ENV", model)
    assert problem.header_code == "model_not_found"
    assert problem.details == {"model": model, "env": "prod"}
    project.refusal(404, "RULE_NOT_FOUND_IN_ENV", "function::elsewhere", env="staging")


def test_a_rule_without_a_release_is_not_there() -> None:
    project = Project()
    project.version("r", {"endpoint": "chat", "strategy": "single", "target": GPT})
    project.refusal(404, "RULE_NOT_FOUND_IN_ENV", "function::r")
    project.refusal(404, "model_not_found", "r")


def test_a_rule_may_have_a_name_and_models_in_its_snapshot() -> None:
    project = Project()
    project.rule("rule_1", target=GPT, name="support", models=["smart", 7])
    project.rule("rule_2", target=CLAUDE, modelBindings=[{"modelId": "gpt-4o-mini", "provider": {"providerId": "x"}}])
    assert project.targets("support") == project.targets("function::support") == ["openai::gpt-4o"]
    assert project.targets("smart") == project.targets("route::smart") == ["openai::gpt-4o"]
    assert project.targets("gpt-4o-mini") == ["anthropic::claude-sonnet-4-6"]
    assert project.targets("openai::gpt-4o-mini") == ["openai::gpt-4o-mini"]
    project.refusal(404, "RULE_NOT_FOUND_IN_ENV", "function::smart")


def test_a_plain_name_is_a_function_then_a_route_then_a_provider() -> None:
    project = Project()
    assert project.targets("gpt-4o") == ["openai::gpt-4o"]
    project.rule("r", target=GROK, models=["gpt-4o"])
    assert project.targets("gpt-4o") == ["xai::grok-4"]
    project.rule("gpt-4o", target=CLAUDE)
    assert project.targets("gpt-4o") == ["anthropic::claude-sonnet-4-6"]


def test_an_id_wins_over_a_name() -> None:
    project = Project()
    project.rule("a", target=GPT, name="b")
    project.rule("b", target=CLAUDE)
    assert project.targets("b") == ["anthropic::claude-sonnet-4-6"]


def test_a_name_of_two_rules_is_409() -> None:
    project = Project()
    project.rule("a", target=GPT, name="same", models=["m"])
    project.rule("b", target=GPT, name="same", models=["m"])
    for model in ("same", "function::same", "m", "route::m"):
        problem = project.refusal(409, "ambiguous_model", model)
        assert problem.details["candidates"] == ["route::a", "route::b"]


@pytest.mark.parametrize("endpoint", ["messages", "chat_completions", "responses", "chat"])
@pytest.mark.parametrize("asked", ["messages", "chat_completions", "responses"])
def test_a_rule_for_one_chat_endpoint_routes_them_all(endpoint: str, asked: str) -> None:
    project = Project()
    project.rule(endpoint=endpoint, target=GPT)
    assert project.targets("r", asked) == ["openai::gpt-4o"]


def test_a_rule_for_another_kind_of_endpoint_is_none_and_the_message_says_so() -> None:
    project = Project()
    project.rule("emb", endpoint="embeddings", target=GPT, models=["m"])
    for model in ("function::emb", "route::emb", "route::m"):
        problem = project.refusal(404, "RULE_NOT_FOUND_IN_ENV", model)
        assert problem.details == {"model": model, "env": "prod"}
        assert "for chat_completions" in problem.message
        assert problem.message.endswith("the rule 'emb' has one for embeddings")
    assert "emb" not in project.refusal(404, "RULE_NOT_FOUND_IN_ENV", "function::m").message
    project.refusal(404, "model_not_found", "emb")


def test_the_environment_is_the_one_asked_for_or_the_fallback() -> None:
    project = Project()
    project.release("r", {"endpoint": "chat", "strategy": "single", "target": CLAUDE}, env="staging")
    assert project.targets("r", env="staging") == ["anthropic::claude-sonnet-4-6"]
    assert (project.env("staging"), project.env()) == ("staging", "prod")
    project.refusal(404, "model_not_found", "r")
    with project.session() as session:
        environments.update(session, slug="staging", is_gateway_fallback=True)
    assert project.targets("r") == ["anthropic::claude-sonnet-4-6"]
    assert project.env() == "staging"


@pytest.mark.parametrize("env", ["nope", ""])
def test_an_unknown_environment_is_404(env: str) -> None:
    problem = Project().refusal(404, "ENVIRONMENT_NOT_FOUND", "gpt-4o", env=env)
    assert problem.header_code == "bad_request"
    assert problem.details["env"] == env


def test_an_old_slug_works_for_a_week_and_names_the_new_one() -> None:
    moment = datetime(2026, 6, 17, tzinfo=timezone.utc)
    project = Project(clock=lambda: moment)
    with project.session() as session:
        environments.create(session, slug="qa", name="QA")
        environments.update(session, slug="qa", new_slug="tests")
    assert project.env("qa") == "tests"
    moment += timedelta(days=8)
    project.refusal(404, "ENVIRONMENT_NOT_FOUND", "gpt-4o", env="qa")
    with project.session() as session:
        environments.update(session, slug="tests", new_slug="t")
        environments.archive(session, slug="t")
    for env in ("t", "tests"):
        project.refusal(404, "ENVIRONMENT_NOT_FOUND", "gpt-4o", env=env)


def test_without_a_fallback_the_environment_must_be_said() -> None:
    project = Project()
    with project.session() as session:
        session.tx.run("UPDATE environments SET is_gateway_fallback = 0")
    problem = project.refusal(400, "missing_env_no_project_default", "gpt-4o")
    assert problem.header_code == "bad_request"
    assert project.targets("gpt-4o", env="prod") == ["openai::gpt-4o"]


def test_files_go_to_the_first_provider_that_keeps_them() -> None:
    project = Project()
    (attempt,) = project.plan(endpoint="files").attempts
    assert (attempt.provider_id, attempt.model) == ("openai", None)
    assert project.targets(endpoint="files", provider_type="xai") == ["xai::None"]
    project.refusal(400, "unsupported_endpoint", endpoint="files", provider_type="anthropic")
    project.switch_off("openai")
    assert project.targets(endpoint="files") == ["xai::None"]
    nothing = Project(Registry.of(DEFAULTS[1]))
    problem = nothing.refusal(403, "feature_disabled", endpoint="files")
    assert problem.header_code == "feature_disabled"


def test_a_native_api_needs_a_provider_of_its_type() -> None:
    project = Project(Registry.of(*DEFAULTS, upstream("my-bedrock", dialect="native", type_="aws-bedrock")))
    assert project.targets(endpoint="native", native="mistral") == ["mistral::None"]
    assert project.targets(endpoint="native", native="bedrock") == ["my-bedrock::None"]
    assert "gcp-vertex-ai" in project.refusal(403, "feature_disabled", endpoint="native", native="vertex").message
    project.switch_off("mistral")
    project.refusal(422, "ENV_NOT_ENABLED_FOR_PROVIDER", endpoint="native", native="mistral")
    odd = Project(Registry.of(upstream("mistral", "m", dialect="anthropic")))
    odd.refusal(400, "unsupported_endpoint", endpoint="native", native="mistral")


def test_models_are_those_of_the_active_providers() -> None:
    project = Project()
    assert project.models() == [model.id for provider in DEFAULTS for model in provider.models]
    project.switch_off("openai")
    assert project.models() == [model.id for provider in DEFAULTS[1:] for model in provider.models]
    assert {"claude-sonnet-4-6", "claude-haiku-4-5", "mistral-embed"} <= set(project.models())
    assert "gpt-4o" in project.models("staging")
    with pytest.raises(GatewayProblem, match="no environment 'nope'"):
        project.models("nope")


def test_a_model_of_several_providers_is_listed_under_the_name_that_works() -> None:
    project = Project(Registry.of(DEFAULTS[0], upstream("local", "gpt-4o", "ll*")))
    assert project.models()[0] == "openai::gpt-4o"
    assert project.models()[-1] == "local::gpt-4o"
    for model in project.models():
        shown = project.model(model)
        assert shown == {"id": model, "object": "model", "created": 0, "owned_by": shown["owned_by"]}


def test_one_model() -> None:
    project = Project(Registry.of(DEFAULTS[0], DEFAULTS[1], upstream("local", "gpt-4o", "ll*")))
    assert project.model("claude-sonnet-4-6")["owned_by"] == "anthropic"
    assert project.model("anthropic::claude-sonnet-4-6")["owned_by"] == "anthropic"
    assert project.model("llama")["owned_by"] == "local"
    for model, status in (("nope", 404), ("openai::nope", 404), ("gpt-4o", 409)):
        with pytest.raises(GatewayProblem) as caught:
            project.model(model)
        assert caught.value.status == status


def test_two_versions_of_a_rule_may_be_for_different_endpoints() -> None:
    project = Project()
    chat = {"endpoint": "chat", "strategy": "single", "target": GPT}
    emb = {**chat, "endpoint": "embeddings", "target": {**GPT, "modelId": "text-embedding-3-small"}}
    project.release("r", chat, emb, weights=[50, 50])
    assert {*project.targets("r"), *project.targets("r"), *project.targets("r")} == {"openai::gpt-4o"}
    assert project.targets("r", "embeddings") == ["openai::text-embedding-3-small"]


def test_a_variant_carries_its_name() -> None:
    project = Project()
    project.rule("ab", "experiment", variants=[variant("only", GPT)])
    assert project.plan("ab").attempts[0].variant == "only"

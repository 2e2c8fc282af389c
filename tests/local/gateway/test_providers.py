"""The configuration of the gateway: files, options, mappings, and what is wrong with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk.local.gateway.config.gateway_config import CacheConfig, ConfigError, GatewayConfig, GuardrailsConfig
from to11ai_sdk.local.gateway.config.providers import ProviderConfig, ProviderModel
from to11ai_sdk.local.gateway.config.registry import DEFAULTS, Registry

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = {"kind": "upstream", "base_url": "http://localhost:11434/v1", "models": ["llama3:8b"]}

TOML = """
[providers.openai]
kind = "upstream"
models = ["gpt-4o", "gpt-4.1*", { id = "mine", kinds = ["embeddings", "rerank"] }]
timeout = 7

[providers.claude]
base_url = "http://localhost:9/v1/"
dialect = "anthropic"
type = "anthropic"
key_env = "MY_KEY"
models = ["claude-x"]

[providers.xai]
kind = "none"

[guardrails]
enabled = true
blocklist = ["project x"]

[cache]
enabled = true
ttl = 1.5
"""


def ids(config: GatewayConfig) -> list[str]:
    return [provider.id for provider in config.registry]


def wrong(providers: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GatewayConfig().with_providers(providers)
    assert message in str(caught.value)


def test_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(TOML)
    config = GatewayConfig.load(path)
    assert ids(config) == ["openai", "anthropic", "cohere", "mistral", "claude"]
    openai, claude = config.registry.providers["openai"], config.registry.providers["claude"]
    assert (openai.kind, openai.type, openai.dialect) == ("upstream", "openai", "openai")
    assert (openai.base_url, openai.key_env) == ("https://api.openai.com/v1", "OPENAI_API_KEY")
    assert openai.timeout_s == 7
    assert openai.models[2] == ProviderModel("mine", frozenset({"embeddings", "rerank"}))
    assert (claude.kind, claude.type, claude.dialect) == ("upstream", "anthropic", "anthropic")
    assert (claude.base_url, claude.key_env, claude.timeout_s) == ("http://localhost:9/v1", "MY_KEY", 30)
    assert config.guardrails == GuardrailsConfig(True, ("project x",))
    assert config.cache == CacheConfig(True, 1.5)


def test_a_json_file_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps({"defaults": False, "providers": {"local": LOCAL}}))
    config = GatewayConfig.load(str(path))
    assert ids(config) == ["local"]
    assert config == GatewayConfig.of({"defaults": False, "providers": {"local": LOCAL}})


def test_nothing_is_the_default() -> None:
    assert GatewayConfig.of({}) == GatewayConfig()
    config = GatewayConfig()
    assert [*config.registry] == list(DEFAULTS)
    assert not config.guardrails.enabled
    assert not config.cache.enabled
    assert {provider.dialect for provider in DEFAULTS} == {"openai", "anthropic", "cohere"}
    assert all(provider.kind == "echo" and provider.type == provider.id for provider in DEFAULTS)


@pytest.mark.parametrize("text", ["", "not = = toml", '{"a": 1}'])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gateway.json"
    if text:
        path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        GatewayConfig.load(path)
    assert str(path) in str(caught.value)
    toml = tmp_path / "gateway.toml"
    toml.write_text("not = = toml")
    with pytest.raises(ConfigError, match=r"gateway\.toml: cannot be read"):
        GatewayConfig.load(toml)


def test_options_of_the_command_line() -> None:
    option = "local=upstream,dialect=openai,base_url=http://h:1/v1?,key_env=K,models=a:8b|b,timeout=2.5,"
    option += "formats=anthropic_messages|openai_chat"
    with pytest.raises(ConfigError, match=r"providers\.local\.base_url .* query"):
        GatewayConfig().with_options([option])
    config = GatewayConfig().with_options([option.replace("?", ""), "xai=none", "my-echo=echo,dialect=anthropic"])
    local, echo = config.registry.providers["local"], config.registry.providers["my-echo"]
    assert ids(config) == ["openai", "anthropic", "cohere", "mistral", "local", "my-echo"]
    assert [model.id for model in local.models] == ["a:8b", "b"]
    assert (local.base_url, local.key_env, local.timeout_s) == ("http://h:1/v1", "K", 2.5)
    assert local.spoken == ("anthropic_messages", "openai_chat")
    assert (echo.kind, echo.dialect) == ("echo", "anthropic")
    assert GatewayConfig().with_options(["anthropic=upstream"]).registry.providers["anthropic"] == ProviderConfig(
        "anthropic",
        "upstream",
        "anthropic",
        "anthropic",
        DEFAULTS[1].models,
        "https://api.anthropic.com/v1",
        "ANTHROPIC_API_KEY",
    )


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("openai", "--provider 'openai' must be like name=echo"),
        ("openai=", "--provider 'openai' must be like"),
        ("openai=magic", "providers.openai.kind must be one of echo, none, upstream, not 'magic'"),
        ("openai=echo,models", "providers.openai.models needs a value"),
        ("local=upstream,models=a", "providers.local.base_url is needed by an upstream"),
        ("openai=echo,timeout=soon", "providers.openai.timeout must be a number of seconds above 0"),
    ],
)
def test_an_option_that_cannot_be_read_is_said(option: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GatewayConfig().with_options([option])
    assert message in str(caught.value)


def test_providers_from_python() -> None:
    own = ProviderConfig("own", "echo", "own", "openai")
    config = GatewayConfig().with_providers({"own": own, "xai": "none", "cohere": "echo", "local": LOCAL})
    assert ids(config) == ["openai", "anthropic", "cohere", "mistral", "own", "local"]
    assert config.registry.providers["own"] is own
    assert config.registry.providers["cohere"].models == DEFAULTS[3].models
    assert ids(GatewayConfig().with_providers({"openai": None}))[0] == "anthropic"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "providers.p must be a table, not list"),
        ({"kind": "upstream"}, "providers.p.base_url is needed"),
        ({**LOCAL, "base_url": "ftp://x"}, "providers.p.base_url must be like https://api.openai.com/v1"),
        ({**LOCAL, "base_url": 5}, "providers.p.base_url must be a text"),
        ({**LOCAL, "key_env": "sk-secret"}, "providers.p.key_env must be the name of an environment variable"),
        ({**LOCAL, "dialect": "klingon"}, "providers.p.dialect must be one of"),
        ({**LOCAL, "colour": "red"}, "providers.p.colour is not a key; there are: base_url, dialect"),
        ({**LOCAL, "models": "gpt-4o"}, "providers.p.models must be a list, not str"),
        ({**LOCAL, "models": []}, "providers.p.models is needed by an upstream"),
        ({**LOCAL, "models": [7]}, "providers.p.models.0 must be the name of a model"),
        ({**LOCAL, "models": ["a::b"]}, "providers.p.models.0 must be the name of a model"),
        ({**LOCAL, "models": [{"id": "a", "kinds": ["magic"]}]}, "providers.p.models.0.kinds must be among"),
        ({**LOCAL, "models": [{"id": "a", "kinds": [" "]}]}, "providers.p.models.0.kinds must be a list of texts"),
        ({**LOCAL, "models": [{"name": "a"}]}, "providers.p.models.0.name is not a key"),
        ({**LOCAL, "formats": "openai_chat"}, "providers.p.formats must be a list, not str"),
        ({**LOCAL, "formats": ["chat"]}, "providers.p.formats must be among openai_chat, openai_responses, anthropic"),
        ({**LOCAL, "dialect": "cohere", "formats": ["openai_chat"]}, "providers.p.formats is not a key"),
        ({**LOCAL, "timeout": True}, "providers.p.timeout must be a number of seconds"),
        ({**LOCAL, "timeout": 0}, "providers.p.timeout must be a number of seconds"),
        ({**LOCAL, "timeout": 10**400}, "providers.p.timeout must be a number of seconds"),
        ({**LOCAL, "timeout": [1]}, "providers.p.timeout must be a number of seconds"),
        ({"kind": "echo", "base_url": "http://x"}, "providers.p.base_url is not a key"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(given: Any, message: str) -> None:
    wrong({"p": given}, message)
    with pytest.raises(ConfigError) as caught:
        GatewayConfig.of({"providers": {"p": given}})
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a::b", "function", "route", "x" * 65, 5])
def test_a_provider_has_a_name_that_a_model_can_name(name: Any) -> None:
    wrong({name: "echo"}, "a provider is named by 1 to 64 letters")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "the configuration must be a table"),
        ({"defaults": "no"}, "defaults must be true or false, not str"),
        ({"provider": {}}, "provider is not a key; there are: cache, defaults, guardrails, max_reply_bytes, providers"),
        ({"providers": 5}, "providers must be a table, not int"),
        ({"guardrails": {"blocklist": ["", "x"]}}, "guardrails.blocklist must be a list of texts"),
        ({"guardrails": {"pii": True}}, "guardrails.pii is not a key"),
        ({"cache": {"ttl": -1}}, "cache.ttl must be a number of seconds"),
        ({"cache": {"size": 1}}, "cache.size is not a key"),
    ],
)
def test_the_rest_of_a_configuration_is_checked_too(content: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GatewayConfig.of(content)
    assert message in str(caught.value)


def test_a_credential_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = GatewayConfig().with_options(["openai=upstream"]).registry.providers["openai"]
    assert provider.credential({"OPENAI_API_KEY": " sk-1 "}) == "sk-1"
    assert provider.credential({"OPENAI_API_KEY": " "}) is None
    assert provider.credential({}) is None
    assert DEFAULTS[0].credential({"OPENAI_API_KEY": "sk-1"}) is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-2")
    assert provider.credential() == "sk-2"


@pytest.mark.parametrize("key", ["sk-1\nsk-2", "sk-\u0436", "sk-\udc80"])
def test_a_credential_that_no_header_can_hold_is_named_and_not_printed(key: str) -> None:
    provider = GatewayConfig().with_options(["openai=upstream"]).registry.providers["openai"]
    with pytest.raises(ValueError, match="the environment variable OPENAI_API_KEY must hold only") as caught:
        provider.credential({"OPENAI_API_KEY": key})
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("gpt-4o", {"chat", "count_tokens"}),
        ("text-embedding-3-large", {"embeddings"}),
        ("embed-v4.0", {"embeddings"}),
        ("rerank-v3.5", {"rerank"}),
        ("gpt-image-1", {"image_generation"}),
        ("gpt-4o-transcribe", {"audio_transcription"}),
        ("gpt-4o-mini-tts", {"audio_speech"}),
        ("llama3", None),
        ("gpt-*", None),
    ],
)
def test_what_a_model_is_for_is_told_by_its_name(name: str, kinds: set[str] | None) -> None:
    assert ProviderModel.named(name).kinds == kinds


def test_a_model_of_unknown_use_is_for_all_that_its_provider_can() -> None:
    openai = ProviderConfig("p", "upstream", "p", "openai", (ProviderModel("m"),))
    claude = ProviderConfig("p", "upstream", "p", "anthropic", (ProviderModel("m"),))
    model = ProviderModel("m")
    assert openai.offers(model, "embeddings")
    assert not openai.offers(model, "count_tokens")
    assert claude.offers(model, "count_tokens")
    assert not claude.offers(model, "embeddings")


def test_a_provider_speaks_the_formats_of_its_dialect_unless_told() -> None:
    spoken = {provider.id: provider.spoken for provider in DEFAULTS}
    assert spoken["openai"] == spoken["xai"] == ("openai_chat", "openai_responses")
    assert (spoken["anthropic"], spoken["cohere"]) == (("anthropic_messages",), ())


@pytest.mark.parametrize(("provider_id", "field"), [("openai", "max_completion_tokens"), ("mistral", "max_tokens")])
def test_only_openai_itself_has_the_new_name_of_max_tokens(provider_id: str, field: str) -> None:
    assert Registry().providers[provider_id].max_tokens_field == field


def test_providers_are_found_by_id_alias_and_type() -> None:
    registry = Registry.of(ProviderConfig("google-gemini", "echo", "google-gemini", "openai"))
    assert registry.find("gemini") == registry.find("google-gemini") is not None
    assert registry.find("vertex") is None
    assert registry.of_type("gemini") == [*registry]
    (bedrock,) = GatewayConfig.of({"defaults": False, "providers": {"bedrock": "echo"}}).registry
    assert (bedrock.type, bedrock.dialect) == ("aws-bedrock", "native")
    assert bedrock.serves("native")

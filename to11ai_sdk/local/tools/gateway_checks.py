"""Checks a gateway, with the key of each provider in the environment, for ``to11ai doctor``."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..._http.encoding import decode, json_bytes
from ..._http.urllib_exchange import is_loopback
from ...gateway import gateway_auth_headers
from ...json_types import is_array, is_object
from ...settings import GATEWAY_URL, header_value, origin
from .network_checks import Check, NetworkChecks, outcome
from .replies import advice_for

if TYPE_CHECKING:
    from ..._http.exchange import Reply

PROVIDERS = [
    *("openai", "anthropic", "xai", "gemini", "google", "cohere", "mistral", "groq", "together", "fireworks"),
    *("deepseek", "openrouter", "perplexity", "azure-openai", "cerebras", "sambanova", "bedrock", "ai21", "deepinfra"),
    *("nvidia", "nebius", "novita", "moonshot", "ollama"),
]
"""The types of providers that take a key; a gateway may list further ones."""
_VARIABLES = {"bedrock": "AWS_BEARER_TOKEN_BEDROCK"}
LISTED_AS = {"gemini": "google-gemini", "google": "google-gemini", "bedrock": "aws-bedrock"}
"""The names of some types in the list of models."""


def variable_of_key(provider: str) -> str:
    """Return the variable of the environment for a provider's key."""
    return _VARIABLES.get(provider) or f"{provider.upper().replace('-', '_')}_API_KEY"


def key_of(provider: str) -> str | None:
    """Return the key of a provider in the environment."""
    return os.environ.get(variable_of_key(provider))


class GatewayChecks(NetworkChecks):
    """The checks of one gateway, for a server, key and project; it may have no URL."""

    def __init__(self, url: str, key: str, project: str, gateway: str, timeout_s: float) -> None:
        super().__init__(url, timeout_s)
        self._key, self._project = key, project
        self._gateway = gateway and origin(gateway, "TO11_GATEWAY_URL", GATEWAY_URL).removesuffix("/v1")
        self._models: list[Any] = []

    def _check_gateway(self) -> Check:
        if not self._gateway:
            return outcome("skipped", "because its URL is not known", "set TO11_GATEWAY_URL")
        reply = self._reply(f"{self._gateway}/v1/models", gateway_auth_headers(self._key, self._project))
        with suppress(ValueError):
            body = decode(reply.body or b"")
            listed = body.get("data") if is_object(body) else None
            if reply.status == 200 and is_array(listed):
                self._models = [model for model in listed if is_object(model)]
                return outcome("ok", "{url} lists {models} models", url=self._gateway, models=len(listed))
        if reply.status in (401, 403):
            text, advice = f"it refuses the key or the project ({reply.status})", "check TO11_GATEWAY_URL and the key"
            return outcome("failed", text, advice)
        advice = advice_for(reply, "check that TO11_GATEWAY_URL is the gateway, and that no proxy answers for it")
        return outcome("failed", f"HTTP {reply.status} without a list of models", advice)

    def _check_provider(self, provider: str) -> Check:
        variable, site = variable_of_key(provider), urlsplit(self._gateway)
        if site.scheme == "http" and not is_loopback(site.netloc):
            return outcome("skipped", "the URL of the gateway is plain HTTP: others could read the provider's key")
        names = (provider, LISTED_AS.get(provider, provider))
        models = [model.get("id") for model in self._models if model.get("owned_by") in names]
        reply = self._free_call(provider, header_value(variable, key_of(provider)), models)
        if reply is None or (provider == "mistral" and reply.status in (404, 405)):
            text = (
                "{variable} was not tried, because no call that costs nothing is known; the gateway lists {models} of"
            )
            return outcome("skipped", f"{text} its models", variable=variable, models=len(models) or "none")
        if reply.status == 401:
            return outcome("failed", "the key is not accepted (401)", f"set {variable} to a valid one")
        if reply.status < 300:
            return outcome("ok", f"answers {reply.status}")
        return outcome("warning", f"answers {reply.status}", advice_for(reply, f"check what {variable} may do"))

    def _free_call(self, provider: str, key: str, models: list[Any]) -> Reply | None:
        """Make a call with the provider's key that costs nothing; ``None`` if there is none."""
        headers = {**gateway_auth_headers(self._key, self._project), "x-genai-provider": provider}
        bearer = {**headers, "Authorization": f"Bearer {key}"}
        if provider == "openai":
            return self._reply(f"{self._gateway}/v1/files", bearer)
        if provider == "mistral":
            return self._reply(f"{self._gateway}/v1/mistral/v1/models", bearer)
        if provider == "anthropic" and models:
            headers |= {"x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json"}
            body = json_bytes({"model": models[0], "messages": [{"role": "user", "content": "Hello"}]})
            return self._reply(f"{self._gateway}/v1/messages/count_tokens", headers, "POST", body)
        return None

"""Checks what a key may do at a server, and its gateway, for ``to11ai doctor``."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..._http.encoding import json_bytes
from ..._http.envelope import decode, error_from_reply, unwrap
from ..._http.exchange import Reply, monotonic
from ..._http.headers import request_headers
from ..._http.urllib_exchange import is_loopback
from ...errors import To11aiApiError
from ...gateway import gateway_auth_headers
from ...json_types import is_array, is_object
from ...resources.table import ENDPOINTS
from ...settings import GATEWAY_URL, header_value, origin
from .network_checks import Check, NetworkChecks, ms_since, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDS = {
    "python": "",
    "pydantic": "",
    "proxy": "",
    "dns": "proxy",
    "connection": "dns",
    "tls": "connection",
    "key": "tls",
    "clock": "",
    "project": "key",
    "permissions": "project",
    "latency": "project",
    "gateway": "project",
}
"""The checks in order, each with the one whose failure skips it; those of providers follow."""
READS: dict[str, dict[str, Any]] = {
    "prompts.list": {"limit": 1},
    "prompts.list_project_labels": {},
    "project_environments.list": {},
    "routing_rules.versions.list": {"rule_id": "to11ai-doctor", "limit": 1},
}
"""Calls that change nothing, and need different permissions."""
PROVIDERS = [
    "openai",
    "anthropic",
    "xai",
    "gemini",
    "cohere",
    "mistral",
    "groq",
    "together",
    "fireworks",
    "deepseek",
    "openrouter",
]
SLOW_MS = 1000.0
"""A median latency that is a warning."""


def key_of(provider: str) -> str | None:
    """Return the key of a provider in the environment."""
    return os.environ.get(f"{provider.upper()}_API_KEY")


class Checks(NetworkChecks):
    """All checks of one server; ``ValueError`` for a URL, project or bound that no client would accept."""

    def __init__(self, url: str, key: str, project: str, gateway: str, timeout_s: float) -> None:
        super().__init__(url, timeout_s)
        self._key, self._project = key, project
        local = url if is_loopback(self._site.netloc) else ""
        self._gateway = origin(gateway, "gateway_url", GATEWAY_URL).removesuffix("/v1") if gateway else local
        named = {"project_id": project or "none"}
        self._targets = {name: url + ENDPOINTS[name].encode({**named, **READS[name]}).target for name in READS}
        self._statuses: dict[str, int] = {}
        self._models: list[Any] = []

    def run(self) -> Iterator[Check]:
        """Make the checks in order."""
        for name, need in NEEDS.items():
            yield self._check(name, need, getattr(self, f"_check_{name}"))
        for provider in filter(key_of, PROVIDERS):
            yield self._check(f"gateway_{provider}", "gateway", self._check_provider, provider)
        for exchange in self._exchanges.values():
            exchange.close()

    def _read(self, name: str) -> Reply:
        return self._reply(self._targets[name], request_headers(self._key, {}))

    def _check_key(self) -> Check:
        if not self._key:
            return outcome("failed", "there is none", "set TO11_API_KEY")
        header_value("TO11_API_KEY", self._key)
        reply = self._read("prompts.list")
        if reply.status == 401:
            return outcome("failed", "the server does not accept it (401)", "set TO11_API_KEY to a valid one")
        return _fault(reply) or outcome("ok", "the server accepts it")

    def _check_project(self) -> Check:
        if not self._project:
            return outcome("failed", "there is none", "set TO11_PROJECT_ID")
        self._statuses = {name: self._read(name).status for name in READS}
        if set(self._statuses.values()) == {403}:
            return outcome("failed", "the key does not open it (403)", "check TO11_PROJECT_ID and what the key may do")
        if self._statuses["prompts.list"] == 404:
            return outcome("failed", "there is no such project (404)", "check TO11_PROJECT_ID")
        return outcome("ok", "{id}", id=self._project)

    def _check_permissions(self) -> Check:
        refused = [name for name, status in self._statuses.items() if status == 403]
        errors = [f"{status} for {name}" for name, status in self._statuses.items() if status >= 405 or status == 400]
        if errors:
            return outcome("failed", "HTTP " + ", ".join(errors), "try again later")
        if refused:
            advice = "give the key these permissions if your program needs them"
            return outcome("warning", f"403 for {', '.join(refused)}", advice, refused=refused)
        return outcome("ok", "the key may read; what it may write was not tried", refused=refused)

    def _check_latency(self) -> Check:
        name = min(READS, key=lambda name: self._statuses[name] == 403)
        times: list[float] = []
        for _ in range(5):
            started = monotonic()
            self._read(name)
            times.append(ms_since(started))
        p50 = sorted(times)[2]
        status, advice = ("warning", "check the network to the server") if p50 > SLOW_MS else ("ok", "")
        return outcome(status, "p50 {p50_ms} ms, max {max_ms} ms of 5 calls", advice, p50_ms=p50, max_ms=max(times))

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
        return outcome("failed", f"HTTP {reply.status} without a list of models", "check TO11_GATEWAY_URL and the key")

    def _check_provider(self, provider: str) -> Check:
        site = urlsplit(self._gateway)
        if site.scheme == "http" and not is_loopback(site.netloc):
            return outcome("skipped", "the URL of the gateway is plain HTTP: others could read the provider's key")
        key = header_value(f"{provider.upper()}_API_KEY", key_of(provider))
        headers = {**gateway_auth_headers(self._key, self._project), "x-genai-provider": provider}
        model = next((model.get("id") for model in self._models if model.get("owned_by") == provider), None)
        if provider == "openai":
            reply = self._reply(f"{self._gateway}/v1/files", {**headers, "Authorization": f"Bearer {key}"})
        elif provider == "anthropic" and model:
            headers |= {"x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json"}
            body = json_bytes({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
            reply = self._reply(f"{self._gateway}/v1/messages/count_tokens", headers, "POST", body)
        else:
            return outcome("skipped", "no call that costs nothing is known")
        if reply.status == 401:
            return outcome("failed", "the key is not accepted (401)", f"set {provider.upper()}_API_KEY to a valid one")
        status, advice = (
            ("ok", "") if reply.status < 300 else ("warning", f"check what {provider.upper()}_API_KEY may do")
        )
        return outcome(status, f"answers {reply.status}", advice)


def _fault(reply: Reply) -> Check | None:
    """Return what is wrong with a reply that is not the API's, or says that it is in trouble; never quotes it."""
    try:
        if 200 <= reply.status <= 299:
            unwrap(reply)
            return None
        known = error_from_reply(reply).error_code
    except To11aiApiError:
        known = None
    if reply.status == 429:
        return outcome("warning", "the server answers 429, too many requests", "try again later")
    if known and 400 <= reply.status < 500:
        return None
    return outcome("failed", f"HTTP {reply.status}", "check the URL and that no proxy answers for it, or try later")

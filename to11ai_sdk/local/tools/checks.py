"""Checks what a key may do at a server, and its gateway, for ``to11ai doctor``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..._http.exchange import Reply, monotonic
from ..._http.headers import request_headers
from ..._http.urllib_exchange import MAX_REDIRECTS, is_loopback, redirect_target
from ...resources.table import ENDPOINTS
from ...settings import header_value
from .gateway_checks import LISTED_AS, PROVIDERS, GatewayChecks, key_of
from .network_checks import SLOW_MS, Check, judged, ms_since, outcome
from .replies import fault

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
_FINE = range(200, 300)


class Checks(GatewayChecks):
    """All checks of one server; ``ValueError`` for a URL, project or bound that no client would accept."""

    def __init__(self, url: str, key: str, project: str, gateway: str, timeout_s: float) -> None:
        local = url if is_loopback(urlsplit(url).netloc) else ""
        super().__init__(url, key, project, gateway or local, timeout_s)
        named = {"project_id": project or "none"}
        self._targets = {name: url + ENDPOINTS[name].encode({**named, **READS[name]}).target for name in READS}
        self._statuses: dict[str, int] = {}

    def run(self) -> Iterator[Check]:
        """Make the checks in order."""
        for name, need in NEEDS.items():
            yield self._check(name, need, getattr(self, f"_check_{name}"))
        for provider in self._providers():
            yield self._check(f"gateway_{provider}", "gateway", self._check_provider, provider)
        for exchange in self._exchanges.values():
            exchange.close()

    def _providers(self) -> list[str]:
        """Return the providers with a key in the environment: those that are known, then those that are listed."""
        owners = [owner for model in self._models if isinstance(owner := model.get("owned_by"), str)]
        # What the gateway lists is not trusted to be a name.
        further = [owner for owner in dict.fromkeys(owners) if re.fullmatch(r"[a-z0-9-]{1,40}", owner)]
        known = {*PROVIDERS, *LISTED_AS.values()}
        return [*filter(key_of, PROVIDERS), *(name for name in further if name not in known and key_of(name))]

    def _read(self, name: str) -> Reply:
        """Return the reply to a call; follows the redirects that a client does."""
        url, headers = self._targets[name], request_headers(self._key, {})
        reply = self._reply(url, headers)
        for _ in range(MAX_REDIRECTS):
            if target := redirect_target(reply, url):
                url, reply = target, self._reply(target, headers)
        return reply

    def _check_key(self) -> Check:
        if not self._key:
            return outcome("failed", "there is none", "set TO11_API_KEY")
        header_value("TO11_API_KEY", self._key)
        reply = self._read("prompts.list")
        if found := fault(reply):
            return found
        if reply.status == 401:
            edges = self._key != self._key.strip(" '\"")
            how = "again, without the space or quote at its start or end" if edges else "to a valid one"
            return outcome("failed", "the server does not accept it (401)", f"set TO11_API_KEY {how}")
        return outcome("ok", "the server accepts it")

    def _check_project(self) -> Check:
        if not self._project:
            return outcome("failed", "there is none", "set TO11_PROJECT_ID")
        replies = {name: self._read(name) for name in READS}
        self._statuses = {name: reply.status for name, reply in replies.items()}
        if set(self._statuses.values()) == {403}:
            return outcome("failed", "the key does not open it (403)", "check TO11_PROJECT_ID and what the key may do")
        if self._statuses["prompts.list"] == 404:
            path = self._site.path and f"; the URL of the API is probably without {self._site.path}"
            return outcome("failed", "there is no such project (404)", f"check TO11_PROJECT_ID{path}")
        if (found := fault(replies["prompts.list"])) and min(self._statuses.values()) >= 405:
            return found._replace(status="failed")
        return outcome("ok", "{id}", id=self._project)

    def _check_permissions(self) -> Check:
        by_status: dict[int, list[str]] = {}
        for name, status in self._statuses.items():
            by_status.setdefault(status, []).append(name)
        refused = by_status.pop(403, [])
        errors = [f"{status} for {', '.join(by_status[status])}" for status in by_status if status not in (*_FINE, 404)]
        if errors:
            advice = "try again later" if max(by_status) >= 429 else "check the URL, and update to11ai-sdk"
            return outcome("failed", f"HTTP {'; '.join(errors)}", advice)
        if refused:
            advice = "give the key these permissions if your program needs them"
            return outcome("warning", f"403 for {', '.join(refused)}", advice, refused=refused)
        return outcome("ok", "the key may read; what it may write was not tried", refused=refused)

    def _check_latency(self) -> Check:
        name = min(READS, key=lambda name: self._statuses[name] == 403)
        times: list[float] = []
        ends = monotonic() + self._timeout_s
        while len(times) < 5 and monotonic() < ends:
            started = monotonic()
            self._read(name)
            times.append(ms_since(started))
        p50, text = sorted(times)[len(times) // 2], "p50 {p50_ms} ms, max {max_ms} ms of {calls} calls"
        found = judged(p50, text, "check the network to the server", SLOW_MS)
        return outcome(*found, p50_ms=p50, max_ms=max(times), calls=len(times))

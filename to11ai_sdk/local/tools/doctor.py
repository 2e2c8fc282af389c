"""Runs ``to11ai doctor``, which checks everything that a call needs, and changes nothing."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from functools import reduce
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..._http.headers import SHORTEST_SECRET
from ...cli.console import safe
from ...settings import API_URL, GATEWAY_URL, SETTINGS, origin
from . import terminal
from .checks import Checks
from .gateway_checks import PROVIDERS, key_of

if TYPE_CHECKING:
    import argparse

COLOURS = {"ok": terminal.GREEN, "warning": terminal.YELLOW, "failed": terminal.RED, "skipped": terminal.CYAN}


def run(options: argparse.Namespace) -> int:
    """Print each check as it ends; return 1 if one of them failed."""
    given = {name: getattr(options, name) or os.environ.get(variable, "") for name, variable in SETTINGS.items()}
    url = origin(given["base_url"] or API_URL, SETTINGS["base_url"])
    gateway = options.gateway_url or os.environ.get("TO11_GATEWAY_URL") or (GATEWAY_URL if url == API_URL else "")
    all_checks = Checks(url, given["api_key"], given["project_id"], gateway, options.timeout_s)
    secrets = _secrets(given["api_key"])
    checks: list[dict[str, object]] = []
    for check in all_checks.run():
        values = {
            name: _hide(value, secrets) if isinstance(value, str) else value for name, value in check.values.items()
        }
        shown = check._replace(
            message=_hide(check.message, secrets), advice=_hide(check.advice, secrets), values=values
        )
        checks.append(shown._asdict())
        if not options.json:
            text = f"{shown.message}; {shown.advice}" if shown.advice else shown.message
            print(terminal.paint(f"{shown.status:<8}", COLOURS[shown.status]), f"{shown.name:<17}", safe(text))
    ok = all(check["status"] != "failed" for check in checks)
    if options.json:
        print(json.dumps({"ok": ok, "base_url": _hide(url, secrets), "checks": checks}, indent=2))
    return 0 if ok else 1


def _secrets(api_key: str) -> list[str]:
    """Return what must not be printed even if a server or a proxy repeats it, the longest first."""
    found = {api_key, *filter(None, map(key_of, PROVIDERS))}
    for name, value in os.environ.items():
        if name.endswith("_API_KEY"):
            found.add(value)
        if name.lower().endswith("_proxy"):
            user = value.rpartition("@")[0].rpartition("/")[2]
            plain = unquote(user)
            found |= {user, plain, *user.split(":"), *plain.split(":"), b64encode(plain.encode()).decode()}
    # A server sees a key without the spaces around it.
    found |= {secret.strip() for secret in found} | {secret.strip(" '\"") for secret in found}
    return sorted((secret for secret in found if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)


def _hide(text: str, secrets: list[str]) -> str:
    return reduce(lambda shown, secret: shown.replace(secret, "[hidden]"), secrets, text)

"""Writes a call as a command of curl and as Python, to copy; keys are variables of the environment there."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from ...resources.table import ENDPOINTS
from ..headers import SECRETS
from ..http.application import Target
from ..http.arguments import decode
from ..http.paths import Routes
from ..problems import Problem
from .masking import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROUTES = Routes(ENDPOINTS.values())
_OF_CONNECTION = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "user-agent"}
)
_KEY, _PROVIDER_KEY = "TO11_API_KEY", "PROVIDER_API_KEY"


def both(method: str, path: str, query: str, headers: Mapping[str, str], body: str) -> dict[str, str]:
    """Return a call in both forms.

    Args:
        method: HTTP method.
        path: the path as it was sent.
        query: the query as it was sent, without keys.
        headers: headers by lower-case name; values of secret ones are not read.
        body: the body, without keys.
    """
    is_api = path.startswith("/v1/projects/")
    sent = {name: value for name, value in headers.items() if name not in _OF_CONNECTION and name not in SECRETS}
    keys = {"authorization": _KEY} if is_api else _gateway_keys(headers)
    target = f"{path}?{query}" if query else path
    python = _with_client(method, path, query, body) if is_api else None
    return {
        "curl": _curl(method, target, sent, keys, body),
        "python": python or _with_urllib(method, target, sent, keys, body),
    }


def _gateway_keys(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the variable of each header of the gateway with a key."""
    others = [name for name in ("authorization", "x-api-key") if name in headers]
    return {"x-to11-authorization": _KEY, **dict.fromkeys(others, _PROVIDER_KEY)}


def _scheme(header: str) -> str:
    return "" if header == "x-api-key" else "Bearer "


def _curl(method: str, target: str, sent: Mapping[str, str], keys: Mapping[str, str], body: str) -> str:
    lines = [f'curl -X {shlex.quote(method)} "$TO11_API_URL"{shlex.quote(target)}']
    lines += [f'-H "{name}: {_scheme(name)}${variable}"' for name, variable in keys.items()]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in sent.items()]
    lines += [f"--data-raw {shlex.quote(body)}"] if body else []
    return " \\\n  ".join(lines)


def _with_client(method: str, path: str, query: str, body: str) -> str | None:
    """Return a call of the SDK, ``None`` if the request is none."""
    try:
        match = _ROUTES.match(method, path)
        arguments = decode(match.row, match.arguments, Target(path, query).arguments(), parsed(body))
    except Problem:
        return None
    given = "".join(f"    {name}={value!r},\n" for name, value in arguments.items())
    return (
        "from to11ai_sdk import To11aiClient\n\n"
        "client = To11aiClient.from_env()\n"
        f"result = client.{match.row.name}(\n{given})\n"
        "print(result)\n"
    )


def _with_urllib(method: str, target: str, sent: Mapping[str, str], keys: Mapping[str, str], body: str) -> str:
    headers = [f"    {name!r}: {value!r},\n" for name, value in sent.items()]
    headers += [f"    {name!r}: {_scheme(name)!r} + os.environ[{variable!r}],\n" for name, variable in keys.items()]
    data = "None"
    if body:
        value: Any = parsed(body)
        data = f"{body!r}.encode()" if value is None else f"json.dumps({value!r}).encode()"
    return (
        "import json\nimport os\nfrom urllib.request import Request, urlopen\n\n"
        f"url = os.environ['TO11_API_URL'] + {json.dumps(target)}\n"
        f"headers = {{\n{''.join(headers)}}}\n"
        f"request = Request(url, {data}, headers, method={method!r})\n"
        "with urlopen(request) as reply:\n    print(reply.read().decode())\n"
    )

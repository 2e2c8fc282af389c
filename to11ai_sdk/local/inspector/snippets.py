"""Writes a call as a command of curl and as Python, to copy; keys are variables of the environment there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ...resources.table import ENDPOINTS
from ..headers import PROVIDER_KEYS, SECRETS
from ..http.application import Target
from ..http.arguments import decode
from ..http.paths import Routes
from ..problems import Problem
from .masking import UNSEEN, parsed

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

_ROUTES = Routes(ENDPOINTS.values())
_OF_CONNECTION = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "user-agent", "expect"}
)
_KEY, _PROVIDER_KEY = "TO11_API_KEY", "PROVIDER_API_KEY"
_VALUES = {_KEY: f"os.environ[{_KEY!r}]", _PROVIDER_KEY: f"os.environ.get({_PROVIDER_KEY!r}, '')"}


def curl_and_python(method: str, path: str, query: str, headers: Mapping[str, str], body: str) -> dict[str, str]:
    """Return a call as a command of curl and as Python, by these names.

    Args:
        method: HTTP method.
        path: the path as it was sent, without keys.
        query: the query as it was sent, without keys.
        headers: headers by lower-case name, without keys.
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
    return {"x-to11-authorization": _KEY, **dict.fromkeys(sorted(PROVIDER_KEYS & headers.keys()), _PROVIDER_KEY)}


def _scheme(header: str) -> str:
    return "Bearer " if header.endswith("authorization") else ""


def _curl(method: str, target: str, sent: Mapping[str, str], keys: Mapping[str, str], body: str) -> str:
    # With --request, curl would wait for a body after the reply to HEAD.
    verb = "--head" if method == "HEAD" else f"-X {shlex.quote(method)}"
    options = "-gN" if '"stream": true' in body else "-g"
    lines = [f'curl {options} --path-as-is {verb} "$TO11_API_URL"{shlex.quote(target)}']
    lines += [f'-H "{name}: {_scheme(name)}${variable}"' for name, variable in keys.items()]
    lines += [f"-H {_quoted(f'{name}: {value}' if value else f'{name};')}" for name, value in sent.items()]
    if body or method in ("POST", "PUT", "PATCH"):
        # A header without a value removes the one that curl would add.
        lines += [] if "content-type" in sent else ["-H content-type:"]
        lines += [f"--data-raw {_quoted(body)}"]
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    """Return a text as a word of bash; what could control the terminal that it is pasted to is escaped."""
    if not UNSEEN.search(text):
        return shlex.quote(text)
    plain = text.replace("\\", r"\\").replace("'", r"\'")
    return f"$'{UNSEEN.sub(_escaped, plain)}'"


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in found[0].encode())


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
    headers += [f"    {name!r}: {_scheme(name)!r} + {_VALUES[variable]},\n" for name, variable in keys.items()]
    return (
        "import json\nimport os\nfrom urllib.error import HTTPError\nfrom urllib.request import Request, urlopen\n\n"
        f"url = os.environ['TO11_API_URL'] + {target!r}\n"
        f"headers = {{\n{''.join(headers)}}}\n"
        f"request = Request(url, {_data(body)}, headers, method={method!r})\n"
        "try:\n    reply = urlopen(request)\nexcept HTTPError as error:\n    reply = error\n"
        "with reply:\n    print(reply.status, reply.read().decode())\n"
    )


def _data(body: str) -> str:
    if not body:
        return "None"
    value = parsed(body)
    return f"{body!r}.encode()" if value is None else f"json.dumps({value!r}).encode()"

"""Removes keys from what is shown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_plus

from markupsafe import escape

from .. import bounds
from ..json_input.reader import read_json_or_none, too_deep

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = "***"
_WORDS = (
    r"(?:(?:api|access|account|auth|client|encryption|master|private|secret|session|shared|signing|subscription"
    r"|openai|anthropic|azure|google|gemini|cohere|mistral|groq|provider)[_-]?key"
    r"|secret|password|passwd|passphrase|authorization|auth|credentials?|cookie|token)"
)
_NAME = re.compile(
    rf".*{_WORDS}|(?!idempotency|.*cache)(?:.*[_-])?key|sig|(?:.*[_-])?signature", re.IGNORECASE | re.DOTALL
)
_BY_FORM = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:sk|pk|rk|xai|gsk|pplx|to11_local)[-_](?:(?=[\w-]{0,60}[0-9])[\w-]{8,}|[\w-]{10,})"
    r"|(?:csk|nvapi|hf|r8|fw|tgp|pa|pcsk|lsv2|to11|gh[opsur]|github_pat|glpat|xox[abpr])[-_]"
    r"(?=[\w-]{0,60}[0-9])[\w-]{16,}"
    r"|AIza[\w-]{30,}|ya29\.[\w-]{16,}|AQ\.[\w-]{30,}|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|eyJ[\w-]{8,500}\.[\w-]{8,}(?:\.[\w-]*)?)"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]{0,9999}",
    re.ASCII,
)
"""Keys that are known by their beginning."""
_QUOTED = re.compile(
    rf"((?:(?P<q>\\{{0,15}}[\"'])[\w.-]{{0,40}}?{_WORDS}(?P=q)\]?|(?<![\w-])[\w-]{{0,40}}?{_WORDS})"
    r"\s{0,9}[:=]\s{0,9}(?P<e>\\{0,15})(?P<v>[\"']))"
    # Backslashes of the value itself, other text, and quotes within it.
    r"(?:(?P=e)(?P=e)\\\\|[^\\\"']+|\\+(?![\\\"'])|(?!(?P=e)(?P=v))\\*[\"'])+",
    re.IGNORECASE,
)
"""A name and a value in quotes: JSON, also within texts of JSON, and the source of many languages."""
_PLAIN = re.compile(
    rf"(?<![\w-])((?:[\w-]{{0,40}}?{_WORDS}(?:=|%3D)|(?!\w{{0,40}}cache)\w{{1,40}}_key="
    rf"|(?:[\w-]{{0,40}}[_-]{_WORDS}|authorization|api[_-]?key|password):\s{{0,3}}))"
    r"(?:(?:Bearer|Basic|Token)\s{1,3})?[^\s&,;\"'\\<>{}]{3,}",
    re.IGNORECASE,
)
"""A name and a value without quotes: forms, headers, variables of the environment."""
_SCHEMES = re.compile(
    r"\b((?:Bearer|Basic)\s{1,9})(?:(?=[\w.~+/=-]{0,60}[0-9_-])[\w.~+/=-]{8,}|[\w.~+/=-]{20,})",
    re.IGNORECASE | re.ASCII,
)
_IN_URLS = re.compile(r"(?<=://)([^\s/:@\"'\\]{0,200}:)[^\s/@\"'\\]{1,200}(?=@)")
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Controls, what changes the order of what is read, and characters without a picture."""


def masker(key: str) -> Callable[[str], str]:
    """Return a function that removes the key of the main project from a text, however it is escaped there."""
    plain = {key, json.dumps(key)[1:-1], repr(key)[1:-1]}
    escaped = {form for text in plain for form in (str(escape(text)), quote(text), quote(text, safe=""))}
    ordered = sorted(plain | escaped, key=len, reverse=True)

    def masked(text: str) -> str:
        for form in ordered:
            text = text.replace(form, HIDDEN)
        return text

    return masked


def without_keys(text: str) -> str:
    """Return a text of a call without what looks like a key, by its name or by its form."""
    for named in (_QUOTED, _PLAIN, _SCHEMES, _IN_URLS):
        text = named.sub(rf"\1{HIDDEN}", text)
    return _BY_FORM.sub(HIDDEN, text)


def header_without_keys(name: str, value: str) -> str:
    """Return the value of a header without keys."""
    return HIDDEN if _NAME.fullmatch(name) else without_keys(value)


def path_without_keys(path: str) -> str:
    """Return a path, as it was sent, without keys."""
    return "/".join(map(_unless_key, path.split("/")))


def query_without_keys(query: str) -> str:
    """Return a query, as it was sent, without keys."""
    return "&".join(map(_parameter, query.split("&")))


def readable(content: bytes | bytearray, masked: Callable[[str], str]) -> str:
    """Return a body as text without keys, within bounds; indented if it is JSON."""
    text = bytes(content).decode("utf-8", "replace")
    if len(content) <= bounds.MAX_RECORDED_BODY:
        return without_keys(masked(pretty(text)))
    text = without_keys(masked(text))
    # In the end there may be a part of a key.
    return text[: min(bounds.MAX_RECORDED_BODY, len(text) - bounds.MAX_GIVEN_KEY)] + "\n[cut]"


def visible(text: str) -> str:
    """Return a text with names for what would not be seen; line ends are kept."""
    return UNSEEN.sub(lambda found: f"\u27e8U+{ord(found[0]):04X}\u27e9", text)


def pretty(text: str) -> str:
    """Return JSON with indentation, and with escapes for what would not be seen; any other text as it is."""
    value = parsed(text)
    if value is None:
        return text
    return UNSEEN.sub(_escaped, json.dumps(value, indent=2, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def parsed(text: str) -> Any:
    """Return the value of JSON, ``None`` for any other text, and for JSON that is nested too deeply."""
    value = read_json_or_none(text)
    return None if too_deep(value, bounds.MAX_KEPT_DEPTH) else value


def _parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    if equals and _NAME.fullmatch(unquote_plus(name)):
        return f"{name}={HIDDEN}"
    return _unless_key(name) + equals + _unless_key(value)


def _unless_key(text: str) -> str:
    plain = unquote_plus(text)
    return text if without_keys(plain) == plain else HIDDEN

from __future__ import annotations

import http.client
import json
import math
from collections import UserList
from datetime import date, datetime, time, timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import Request

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from to11ai_sdk import RuleTarget, TextChatMessage
from to11ai_sdk._http.encoding import camel, canonical, json_bytes, segment, target, text
from to11ai_sdk.resources.parameters import KINDS
from to11ai_sdk.settings import header_value, origin

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECT = st.dictionaries(st.text(), JSON, max_size=4)
ANY_TEXT = st.text() | st.text(alphabet="./\\%:?#@ \t\n\0éa\ud800")


def outcome(check: Callable[..., str], *args: Any) -> tuple[str | None, str]:
    """What a check lets through, or why it refuses."""
    try:
        return check(*args), ""
    except ValueError as exc:
        return None, str(exc)


@pytest.mark.parametrize(
    ("name", "wire"),
    [("id", "id"), ("version_id", "versionId"), ("is_gateway_fallback", "isGatewayFallback"), ("x1", "x1")],
)
def test_a_wire_name_is_the_camel_case_of_the_python_name(name: str, wire: str) -> None:
    assert camel(name) == wire


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (7, "7"),
        (-1, "-1"),
        ("a b", "a b"),
        (datetime(2026, 6, 17, 12, 0), "2026-06-17T12:00:00Z"),
        (datetime(2026, 6, 17, 12, 0, 0, 5, tzinfo=timezone.utc), "2026-06-17T12:00:00.000005+00:00"),
        (datetime(2026, 6, 17, tzinfo=timezone(timedelta(hours=-3))), "2026-06-17T00:00:00-03:00"),
    ],
)
def test_the_text_of_a_value_in_a_query(value: Any, words: str) -> None:
    assert text(value) == words


@pytest.mark.parametrize("value", [date(2026, 6, 17), time(12, 0), timedelta(1), 1_781_000_000, 1.5, True, b"2026", []])
def test_a_time_is_a_datetime_or_a_text(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^since must be a datetime or a str, not "):
        KINDS["datetime | str"].check("since", value)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("str", ["", "a"], [None, 1, b"a", ["a"]]),
        ("int", [0, -1, 2**70], [True, 1.0, "1", None]),
        ("bool", [True, False], [0, 1, "true", None]),
        ("Any", ["", 0, False, [], {}], [None]),
        ("Mapping[str, Any]", [{}, {"a": 1}, RuleTarget(provider_id="a")], [[], "a", {1: 2}, None, [("a", 1)]]),
        ("Sequence[str]", [[], ["a"], ("a",)], ["a", b"a", bytearray(b"a"), {"a"}, {"a": 1}, [1], None, iter(["a"])]),
        ("datetime | str", ["a", datetime.min], [None, 1]),
        (
            "Sequence[RuleReleaseWeight | Mapping[str, Any]]",
            [[], [{}], ({"weight": 1},)],
            [{}, "a", [1], [None], [[]], None],
        ),
    ],
)
def test_a_kind_admits_its_values_and_names_the_parameter_otherwise(kind: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert KINDS[kind].check("x", value) is value
    for value in bad:
        with pytest.raises(TypeError, match=rf"^x must be .*not {type(value).__name__}( of \w+)?$"):
            KINDS[kind].check("x", value)


@pytest.mark.parametrize(("items", "told"), [([1], "list of int"), (("a", 1), "tuple of int and str")])
def test_a_list_that_is_refused_for_its_items_says_what_they_are(items: Any, told: str) -> None:
    with pytest.raises(TypeError, match=rf"^x must be a list of str, not {told}$"):
        KINDS["Sequence[str]"].check("x", items)


# --- path segments


@given(ANY_TEXT)
@example("..")
@example("%2e%2e")
@example("a/../b")
@example("\u2025")
def test_an_id_is_refused_or_is_one_segment_that_reads_back(raw: str) -> None:
    encoded, fault = outcome(segment, "prompt_id", raw)
    if encoded is None:
        control = any(ord(char) < 32 or 127 <= ord(char) < 160 or "\ud800" <= char <= "\udfff" for char in raw)
        assert fault.startswith("prompt_id must")
        assert raw in ("", ".", "..") or control
        return
    assert unquote(encoded, errors="strict") == raw
    assert encoded.isascii()
    assert not set(encoded) & set("/?#:@ \\&=+")
    parts = urlsplit(f"https://api.to11.ai/v1/projects/{encoded}/prompts")
    assert parts.path.split("/") == ["", "v1", "projects", encoded, "prompts"]
    assert (parts.netloc, parts.query, parts.fragment) == ("api.to11.ai", "", "")
    assert encoded not in (".", "..")


def test_a_number_is_a_segment_too() -> None:
    assert segment("version_number", 12) == "12"


@given(st.dictionaries(st.text(min_size=1, alphabet="abcé&=#"), st.text(alphabet="ab é&=#?/+%\U0001f600"), max_size=4))
def test_a_query_reads_back_and_never_leaves_the_query(query: dict[str, str]) -> None:
    line = target("/v1/x", query)
    assert line.isascii()
    path, _, rest = line.partition("?")
    pairs = [pair.partition("=") for pair in rest.split("&") if pair]
    assert path == "/v1/x"
    assert {unquote(name): unquote(value) for name, _, value in pairs} == query
    assert not set(rest) & set("#? +/")


# --- headers


@given(st.text() | st.text(alphabet="aé\t\r\n \0\x7f\x85\xff\u0100"))
@example("a\nb")
@example("a\r\n b")
@example("\xa0")
def test_a_header_value_is_refused_or_one_that_http_client_sends(value: str) -> None:
    accepted, fault = outcome(header_value, "env", value)
    if accepted is None:
        assert fault.startswith("env must")
        assert not value.strip() or any(ord(char) < 32 or ord(char) > 126 for char in value)
        return
    assert accepted == value
    connection = http.client.HTTPConnection("to11.test")
    connection.putrequest("GET", "/", skip_host=True, skip_accept_encoding=True)
    connection.putheader("x-to11-env", value)
    lines = b"\r\n".join(connection._buffer).split(b"\r\n")  # type: ignore[attr-defined]
    assert lines == [b"GET / HTTP/1.1", b"x-to11-env: " + value.encode("ascii")]


@pytest.mark.parametrize("value", [None, 1, b"key", ["key"]])
def test_a_header_value_is_a_str(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^api_key must be a str, not "):
        header_value("api_key", value)


@pytest.mark.parametrize("value", ["", " ", "\t\n", "sekrit\n", "sekrit\u20ac", "sek\0rit"])
def test_a_refused_header_value_is_not_told(value: str) -> None:
    with pytest.raises(ValueError, match=r"^api_key must") as caught:
        header_value("api_key", value)
    assert "sek" not in str(caught.value)


# --- base_url


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://api.to11.ai", "https://api.to11.ai"),
        ("https://api.to11.ai/", "https://api.to11.ai"),
        ("https://api.to11.ai///", "https://api.to11.ai"),
        ("http://127.0.0.1:4500", "http://127.0.0.1:4500"),
        ("http://[::1]:4500/", "http://[::1]:4500"),
        ("https://proxy.test/to11/api/", "https://proxy.test/to11/api"),
        ("HTTPS://API.to11.ai", "HTTPS://API.to11.ai"),
        ("https://xn--bcher-kva.test", "https://xn--bcher-kva.test"),
        ("https://api.to11.ai.", "https://api.to11.ai."),
        ("https://" + "a" * 63 + ".test", "https://" + "a" * 63 + ".test"),
        ("https://api.to11.ai:65535/", "https://api.to11.ai:65535"),
        ("https://api.to11.ai:0443", "https://api.to11.ai:0443"),
        ("https://[0:0:0:0:0:ffff:127.0.0.1]", "https://[0:0:0:0:0:ffff:127.0.0.1]"),
        ("http://a/x:y@z", "http://a/x:y@z"),
    ],
)
def test_a_base_url_loses_its_trailing_slashes(url: str, base: str) -> None:
    assert origin(url) == base


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "blank"),
        ("  ", "blank"),
        ("api.to11.ai", "does not start with http"),
        ("//api.to11.ai", "does not start with http"),
        ("ftp://api.to11.ai", "does not start with http"),
        ("file:///etc/passwd", "does not start with http"),
        ("https://", "no host"),
        ("https:///v1", "no host"),
        ("https:api.to11.ai", "no host"),
        ("https://:443", "no host"),
        ("https://api.to11.ai:0", "port"),
        ("https://api.to11.ai:", "port"),
        ("https://api.to11.ai:99999", "port"),
        ("https://api.to11.ai:x", "port"),
        ("https://[::1", "host or port"),
        ("https://[fe80::1%25eth0]", "host or port"),
        ("https://[127.0.0.1]", "host or port"),
        ("https://[::1]x", "host or port"),
        ("https://[::1]:", "its port"),
        ("https://a]b", "host or port"),
        ("https://a..test", "host or port"),
        ("https://.test", "host or port"),
        ("https://.", "host or port"),
        ("https://" + "a" * 64 + ".test", "host or port"),
        ("https://api.to11.ai:+443", "its port"),
        ("https://api.to11.ai:4_3", "its port"),
        ("https://api.to11.ai:65536", "its port"),
        ("https://api.to11.ai:" + "1" * 5000, "its port"),
        ("https://sekrit%3Apw%40api.to11.ai", "its host"),
        ("https://api.to11.ai%0d%0aX-Evil:1", "its host"),
        ("https://sekrit:pw@api.to11.ai", "user name"),
        ("https://sekrit@api.to11.ai", "user name"),
        ("https://api.to11.ai?sekrit=1", "query"),
        ("https://api.to11.ai/?", "query"),
        ("https://api.to11.ai/#sekrit", "fragment"),
        ("https://api.to11.ai/a/../b", "dot segments"),
        ("https://api.to11.ai/%2e%2E/b", "dot segments"),
        (" https://api.to11.ai", "spaces"),
        ("https://api.to11.ai\n", "spaces"),
        ("https://api.to11.ai/a b", "spaces"),
        ("https://büch.er", "characters"),
        ("https://api.to11.ai\\@evil.test", "characters"),
        ("https://api.to11.ai/{project}", "characters"),
    ],
)
def test_a_base_url_that_will_not_do_is_refused_by_its_fault(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=rf"^base_url must.*{fault}") as caught:
        origin(url)
    assert "sekrit" not in str(caught.value)


@pytest.mark.parametrize("url", [None, 7, b"https://api.to11.ai"])
def test_a_base_url_is_a_str(url: Any) -> None:
    with pytest.raises(TypeError, match=r"^base_url must be a str, not "):
        origin(url)


URL_PIECES = st.lists(
    st.sampled_from(
        ["http://", "https://", "a", ".", "..", "/", ":", "80", "@", "?", "#", "[", "]", "::1", "%2e", "\\", " ", "é"]
    )
).map("".join)


@given(URL_PIECES | st.text())
def test_a_base_url_is_refused_or_keeps_its_host_whatever_follows(url: str) -> None:
    base, fault = outcome(origin, url)
    if base is None:
        assert fault.startswith("base_url must")
        return
    whole = urlsplit(base + "/v1/projects/p")
    assert whole.scheme in ("http", "https")
    assert whole.hostname == urlsplit(url).hostname
    assert whole.hostname
    assert whole.path.endswith("/v1/projects/p")
    assert (whole.query, whole.fragment, whole.username) == ("", "", None)
    # What connects takes the same host and port of it.
    request = Request(base + "/v1/projects/p")
    connection = http.client.HTTPConnection(request.host)
    assert (request.type, request.host, request.selector) == (whole.scheme, whole.netloc, whole.path)
    assert (connection.host.lower(), connection.port) == (whole.hostname, whole.port or 80)
    assert whole.hostname.encode("idna")
    assert origin(base) == base


# --- JSON


@given(OBJECT)
def test_a_body_is_compact_ascii_json_that_reads_back(body: dict[str, Any]) -> None:
    data = json_bytes(body)
    assert data.isascii()
    assert b"\n" not in data
    assert json.loads(data) == body
    assert repr(json.loads(data)) == repr(body)


@given(OBJECT)
def test_canonical_json_does_not_depend_on_the_order_of_keys(body: dict[str, Any]) -> None:
    assert canonical(dict(reversed(body.items()))) == canonical(body)


def test_none_is_absent_in_our_models_and_null_in_those_of_the_caller() -> None:
    class Nested(BaseModel):
        nick: str | None = None

    class Message(TextChatMessage):
        note: str | None = None

    ours = Message(role="user", content="Hi")
    assert json.loads(json_bytes({"x": {"user": Nested()}, "y": ours})) == {
        "x": {"user": {"nick": None}},
        "y": {"role": "user", "content": "Hi"},
    }


def test_models_tuples_and_other_containers_become_json() -> None:
    body = {
        "target": RuleTarget(provider_id="a"),
        "pair": (1, (2,)),
        "map": MappingProxyType({"b": 2}),
        "list": UserList(["c"]),
    }
    assert json_bytes(body) == b'{"target":{"providerId":"a"},"pair":[1,[2]],"map":{"b":2},"list":["c"]}'


def circle() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


def deep(levels: int) -> list[Any]:
    tower: list[Any] = []
    for _ in range(levels):
        tower = [tower]
    return tower


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (math.nan, ValueError, "JSON"),
        ([math.inf], ValueError, "JSON"),
        ({"x": -math.inf}, ValueError, "JSON"),
        (circle(), ValueError, "Circular"),
        ({1, 2}, TypeError, "set"),
        (b"bytes", TypeError, "bytes"),
        (datetime(2026, 1, 1), TypeError, "datetime"),
        (object(), TypeError, "object"),
        ({("a",): 1}, TypeError, "keys must be"),
    ],
    ids=["nan", "inf", "-inf", "circle", "set", "bytes", "datetime", "object", "tuple key"],
)
def test_a_body_that_json_cannot_hold_is_refused_by_parameter(value: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=rf"^templateJson: .*{words}"):
        json_bytes({"format": "text", "templateJson": value})


def test_a_body_that_is_too_deep_is_refused_by_parameter() -> None:
    with pytest.raises(ValueError, match=r"^templateJson: .*nested too deeply"):
        json_bytes({"format": "text", "templateJson": deep(200_000)})


def test_a_body_just_too_deep_is_refused_like_any_other() -> None:
    def fault(levels: int) -> str:
        return outcome(lambda value: json_bytes({"x": value}).decode(), deep(levels))[1]

    low, high = 1, 200_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fault(middle) else (middle, high)
    assert fault(low) == ""
    assert all("nested too deeply for JSON" in fault(levels) for levels in range(high, high + 5))

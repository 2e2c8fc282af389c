"""What is sent to a provider: never the to11 key, never a path that leads elsewhere, every byte once."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from bound import rest
from gateway_harness import Caller, Reply
from hypothesis import given
from hypothesis import strategies as st
from raw_provider import CHAT, RawProvider, content

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.gateway.upstream.key_guard import KeyGuard
from to11ai_sdk.local.gateway.upstream.request_head import host_header, safe_target

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture(scope="module")
def upstream() -> Generator[RawProvider]:
    with RawProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def to11(upstream: RawProvider) -> Generator[LocalTo11]:
    with LocalTo11(providers=dict.fromkeys(("up", "mistral", "openai"), upstream.config)) as to11:
        yield to11


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


HIDDEN = {
    "at the end of a word": lambda key: f"me/{key}",
    "after a prefix": lambda key: f"prefix{key}",
    "before a suffix": lambda key: f"{key}suffix",
    "within a URL": lambda key: f"https://x.example/{key}?a=b",
    "percent-encoded": lambda key: f"a{percent(key)}b",
    "percent-encoded twice": lambda key: f"a{quote(percent(key))}b",
    "partly percent-encoded": lambda key: f"a{percent(key[:5])}{key[5:]}b",
    "as a password": lambda key: basic(f"user:{key}"),
    "as a user": lambda key: basic(f"{key}:secret"),
    "in base64 for URLs": lambda key: urlsafe_b64encode(f"?{key}>".encode()).decode(),
    "in hexadecimal digits": lambda key: f"x{key.encode().hex()}y",
    "in capital hexadecimal digits": lambda key: key.encode().hex().upper(),
    "in base64, percent-encoded": lambda key: percent(b64encode(key.encode()).decode()),
}


@pytest.mark.parametrize("name", ["user-agent", "x-custom2", "referer", "authorization", "x-api-key", "accept"])
@pytest.mark.parametrize("how", HIDDEN)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/mistral/v1/x"])
def test_no_header_with_the_key_is_sent(to11: LocalTo11, upstream: RawProvider, path: str, how: str, name: str) -> None:
    body = {"model": "up::m", "messages": []}
    assert Caller(to11).send("POST", path, body, **{name: HIDDEN[how](to11.api_key)}).status == 200
    head = upstream.requests[-1].partition(b"\r\n\r\n")[0].lower()
    assert f"\r\n{name}: ".encode() not in head
    assert to11.api_key.lower().encode() not in head


def test_other_headers_are_sent_as_they_are(to11: LocalTo11, upstream: RawProvider) -> None:
    fields = {"user-agent": "me/1%", "x-own": to11.api_key[:-1], "x-base64": basic("user:password")}
    assert Caller(to11).send("POST", "/v1/mistral/v1/x", {}, **fields).status == 200
    for name, value in fields.items():
        assert f"\r\n{name}: {value}\r\n".encode() in upstream.requests[-1]


@pytest.mark.parametrize("how", HIDDEN)
def test_no_part_of_a_query_with_the_key_is_sent(to11: LocalTo11, upstream: RawProvider, how: str) -> None:
    part = quote(HIDDEN[how](to11.api_key), safe="%")
    assert Caller(to11).send("GET", f"/v1/mistral/v1/x?a=%20&b={part}&{part}=c&d").status == 200
    assert upstream.requests[-1].startswith(b"GET /v1/x?a=%20&d HTTP/1.1\r\n")


@pytest.mark.parametrize("how", HIDDEN)
@pytest.mark.parametrize("path", ["/v1/mistral/v1/x", "/v1/files"])
def test_a_path_with_the_key_is_refused(to11: LocalTo11, upstream: RawProvider, path: str, how: str) -> None:
    before = len(upstream.requests)
    got = Caller(to11).send("GET", f"{path}/{quote(HIDDEN[how](to11.api_key), safe='%')}")
    assert (got.status, len(upstream.requests)) == (400, before)
    assert to11.api_key not in got.body.decode()


@given(st.binary(max_size=5), st.binary(max_size=5), st.text("abcXYZ019_-", min_size=8, max_size=40))
def test_the_key_is_found_in_any_base64(before: bytes, after: bytes, key: str) -> None:
    for encode in (b64encode, urlsafe_b64encode):
        assert KeyGuard.of(key).is_in(encode(before + key.encode() + after).decode())


def test_without_a_key_nothing_is_removed() -> None:
    assert not any(KeyGuard.of(key).is_in("abc a") for key in (None, "", "a"))


ELSEWHERE = [
    "..",
    ".",
    "../../admin",
    "a/../../b",
    "a/..",
    "a/./b",
    "%2e%2e/admin",
    "%2E%2e/admin",
    ".%2E/admin",
    "%2e",
    "..%2fadmin",
    "a%2F..%2Fb",
    "a%2f%2e%2e%2fb",
    "%252e%252e/b",
    "a%252f..%252fb",
    "..\\admin",
    "a\\..\\b",
    "..%5cadmin",
    "..;/admin",
    "..;x=y/admin",
    "%2e%2e%3b/admin",
    "..%20/b",
    "..%00/b",
    ".%09./b",
    "a%0d%0ab",
    "a%7fb",
]


@pytest.mark.parametrize("path", ELSEWHERE)
@pytest.mark.parametrize("before", ["/v1/mistral/v1/", "/v1/mistral/", "/v1/files/"])
def test_a_path_that_leads_elsewhere_is_refused(to11: LocalTo11, upstream: RawProvider, before: str, path: str) -> None:
    count = len(upstream.requests)
    got = raw(to11, f"{before}{path}")
    # Below /files a path of several segments is no endpoint at all.
    assert got.split(b" ")[1] in ((b"400", b"404") if before == "/v1/files/" else (b"400",))
    assert len(upstream.requests) == count


@pytest.mark.parametrize("path", ["a..b", "..a", "a.", "...", ".well-known/x", "a;v=1/b", "a%2fb", "%e9", "a//b"])
def test_other_dots_are_sent_as_they_are(to11: LocalTo11, upstream: RawProvider, path: str) -> None:
    assert b" 200 " in raw(to11, f"/v1/mistral/v1/{path}")
    assert upstream.requests[-1].startswith(f"GET /v1/{path} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("target", ["x#frag", "x#a/../b", "x?q=1#frag", "x#frag?q=2", "x?q=%23"])
def test_a_fragment_is_not_sent(to11: LocalTo11, upstream: RawProvider, target: str) -> None:
    assert b" 200 " in raw(to11, f"/v1/mistral/v1/{target}")
    sent = upstream.requests[-1].split(b" ")[1]
    assert sent == f"/v1/{target}".partition("#")[0].encode()


@pytest.mark.parametrize("target", ["x?q=\u00e9", "x?q=%C3%A9", "\u00e9/x?q=\u65e5%20\u672c"])
def test_raw_bytes_of_a_caller_are_encoded_once(to11: LocalTo11, upstream: RawProvider, target: str) -> None:
    assert b" 200 " in raw(to11, f"/v1/mistral/v1/{target}")
    sent = upstream.requests[-1].split(b" ")[1].decode("ascii")
    assert sent == f"/v1/{quote(target, safe='/?=%')}"


def test_bytes_of_a_target_are_encoded_once() -> None:
    with RawProvider() as upstream:
        provider = upstream.provider()
        content(provider.send(CHAT._replace(method="GET", path="/x/\xc3\xa9?q=\xc3\xa9%C3%A9 a", body=b"")))
        provider.close()
    assert upstream.requests[0].startswith(b"GET /v1/x/%C3%A9?q=%C3%A9%C3%A9%20a HTTP/1.1\r\n")


@pytest.mark.parametrize("target", ["x/\xe9?q=\xe9", "x/%C3%A9?q=%C3%A9", "x/%C3%A9?q=\xe9"])
def test_a_target_of_a_caller_is_encoded_once(to11: LocalTo11, upstream: RawProvider, target: str) -> None:
    assert b" 200 " in raw(to11, f"/v1/mistral/v1/{target}")
    assert upstream.requests[-1].startswith(b"GET /v1/x/%C3%A9?q=%C3%A9 HTTP/1.1\r\n")


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\rb", "a\0b"])
def test_no_header_can_begin_another_line(value: str) -> None:
    with RawProvider() as upstream:
        with pytest.raises(GatewayProblem, match="a header contains"):
            upstream.provider().send(CHAT._replace(headers={"x": value}))
        assert upstream.connections == []


@pytest.mark.parametrize("flags", ["00", "01", "02", "03"])
def test_the_flags_of_a_trace_are_kept(to11: LocalTo11, upstream: RawProvider, flags: str) -> None:
    given = f"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}"
    got: Reply = Caller(to11).send("GET", "/v1/mistral/v1/x", traceparent=given)
    sent = f"traceparent: {got.headers['traceparent']}".encode()
    assert sent in upstream.requests[-1]
    assert got.headers["traceparent"].endswith(f"-{flags}")


@pytest.mark.parametrize(
    ("name", "port", "value"),
    [("a.example", None, "a.example"), ("a.example", 81, "a.example:81"), ("::1", 81, "[::1]:81")],
)
def test_the_host_is_named_as_http_wants_it(name: str, port: Any, value: str) -> None:
    assert host_header(name, port) == value


def test_a_name_in_another_script_is_sent_in_ascii() -> None:
    assert host_header("b\xfccher.example", None) == "xn--bcher-kva.example"


def test_a_safe_target_is_unchanged() -> None:
    assert safe_target("/chat/completions?a=..", "to11_abcdefgh") == "/chat/completions?a=.."


def raw(to11: LocalTo11, target: str) -> bytes:
    """The status line for a target that clients would change before they send it."""
    with Caller(to11).raw(f"GET {target} HTTP/1.1", connection="close") as opened:
        return rest(opened).partition(b"\r\n")[0]


def test_no_header_with_the_key_in_its_name_is_sent(to11: LocalTo11, upstream: RawProvider) -> None:
    assert Caller(to11).send("POST", "/v1/mistral/v1/x", {}, **{f"x-{to11.api_key}": "a", "x-b": "b"}).status == 200
    head = upstream.requests[-1].lower()
    assert to11.api_key.lower().encode() not in head
    assert b"\r\nx-b: b\r\n" in head


PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(("parent", "is_sent"), [(PARENT, True), (PARENT[:-1], False), ("", False)])
def test_the_state_of_a_trace_goes_no_further_than_the_trace(
    to11: LocalTo11, upstream: RawProvider, parent: str, is_sent: bool
) -> None:
    assert Caller(to11).send("POST", "/v1/mistral/v1/x", {}, traceparent=parent, tracestate="a=b").status == 200
    assert (b"\r\ntracestate: a=b\r\n" in upstream.requests[-1]) == is_sent

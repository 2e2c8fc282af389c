from __future__ import annotations

import pytest

from to11ai_sdk.errors import To11aiError

from .certificates import serving, trusting
from .harness import PATIENCE_S, TIMEOUT_S, closed_port, impatient
from .server import HEALTHY, HOLD, READ, RESET, Script, ScriptedServer, good, http

UNSAFE = {
    "prompts.create": lambda client: client.prompts.create(project_id="p", name="n", slug="n"),
    "prompts.create_version": lambda client: client.prompts.create_version(
        project_id="p", prompt_id="n", format="text", template_json={"text": "t"}, variables_schema={}
    ),
    "prompts.create_project_label": lambda client: client.prompts.create_project_label(project_id="p", label="l"),
    "project_environments.create": lambda client: client.project_environments.create(
        project_id="p", slug="e", name="e"
    ),
    "project_environments.archive": lambda client: client.project_environments.archive(project_id="p", slug="e"),
    "project_environments.restore": lambda client: client.project_environments.restore(project_id="p", slug="e"),
    "routing_rules.versions.create": lambda client: client.routing_rules.versions.create(
        project_id="p", rule_id="r", snapshot={"endpoint": "/chat/completions", "strategy": "single"}
    ),
    "routing_rules.releases.rollback": lambda client: client.routing_rules.releases.rollback(
        project_id="p", rule_id="r", env_slug="e", reason="why"
    ),
}
"""Every call that travels as a plain POST."""

OK = b"HTTP/1.1 200 OK\r\n"
AMBIGUOUS: dict[str, Script] = {
    "closed after the request": (READ,),
    "reset after the request": (READ, RESET),
    "silent": (READ, HOLD),
    "dropped inside the status line": (READ, b"HTTP/1.1 2"),
    "dropped inside the headers": (READ, OK + b"Content-"),
    "dropped before the body": (READ, OK + b"Content-Length: 9\r\n\r\n"),
    "dropped inside the body": (READ, lambda request: good(request)[:-9]),
    "reset inside the body": (READ, lambda request: good(request)[:-9], 0.05, RESET),
    "silent inside the body": (READ, lambda request: good(request)[:-9], HOLD),
    "dropped after a 103": (READ, b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "not HTTP": (READ, b"nonsense\r\n\r\n"),
    "a bad length": (READ, OK + b"Content-Length: x\r\n\r\n"),
    "a bad chunk": (READ, OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\n"),
    "HTML": (READ, http(200, b"<html>")),
    "no data": (READ, http(200, b"{}")),
    "unfit data": (READ, http(200, b'{"data": {}}')),
    "a redirect": (READ, http(307, b"", {"Location": "/v1/x"})),
    **{f"{status}": (READ, http(status)) for status in (408, 409, 425, 500, 501, 502, 503, 504, 529)},
    "503 with Retry-After": (READ, http(503, b"", {"Retry-After": "0"})),
    "500 with Retry-After": (READ, http(500, b"", {"Retry-After": "0"})),
}


def test_the_list_of_unsafe_calls_is_complete() -> None:
    from to11ai_sdk.resources.table import ENDPOINTS

    assert {name for name, row in ENDPOINTS.items() if not row.safe} == set(UNSAFE)


@pytest.mark.parametrize("call", UNSAFE)
@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_what_may_have_been_processed_is_sent_once(fault: str, call: str) -> None:
    # The first connection is the bad one: a second request would be answered, and counted.
    with (
        ScriptedServer(AMBIGUOUS[fault], HEALTHY) as server,
        impatient(server.url, max_retries=3, times_out_with=server) as client,
    ):
        with pytest.raises(To11aiError) as caught:
            UNSAFE[call](client)
        assert len(server.requests) == 1
        assert caught.value.attempts == 1


@pytest.mark.parametrize("call", UNSAFE)
def test_a_429_is_sent_again_because_nothing_was_processed(call: str) -> None:
    with (
        ScriptedServer((READ, http(429, b"", {"Retry-After": "1"})), HEALTHY) as server,
        impatient(server.url, max_retries=3) as client,
    ):
        assert UNSAFE[call](client) is not None
        assert len(server.requests) == 2


@pytest.mark.parametrize("call", UNSAFE)
def test_a_call_that_never_connected_is_sent_again(call: str) -> None:
    port = closed_port()
    servers: list[ScriptedServer] = []
    client = impatient(
        f"http://127.0.0.1:{port}",
        max_retries=3,
        sleep=lambda seconds: servers.append(ScriptedServer(HEALTHY, port=port)),
    )
    with client:
        assert UNSAFE[call](client) is not None
    (server,) = servers
    with server:
        assert len(server.requests) == 1


@pytest.mark.parametrize("call", UNSAFE)
def test_a_kept_connection_is_not_used_for_it(call: str) -> None:
    # Were it used and closed meanwhile, nobody could tell whether the request was processed.
    with (
        ScriptedServer(HEALTHY, tls=serving()) as server,
        impatient(server.url, ssl_context=trusting()) as client,
    ):
        client.prompts.get(project_id="p", prompt_id="n")
        UNSAFE[call](client)
        assert [request.connection for request in server.requests] == [0, 1]


def test_a_handshake_that_timed_out_is_tried_again() -> None:
    def recover(seconds: float) -> None:
        server.play(HEALTHY, tls=serving())
        client._transport.timeout_s = PATIENCE_S

    with (
        ScriptedServer((HOLD,), HEALTHY) as server,
        impatient(server.https_url, ssl_context=trusting(), timeout_s=TIMEOUT_S, sleep=recover) as client,
    ):
        assert client.prompts.create(project_id="p", name="n", slug="n").name == "n"
        assert len(server.requests) == 1

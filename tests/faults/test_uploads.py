"""Requests that are larger than what the network takes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from to11ai_sdk._http.connection_pool import Connection
from to11ai_sdk._http.exchange import monotonic
from to11ai_sdk.errors import To11aiApiError, To11aiNetworkError

from .certificates import serving, trusting
from .harness import ENOUGH_S, TIMEOUT_S, impatient
from .server import HEAD, HEALTHY, HOLD, RESET, SIP, Script, ScriptedServer, http

if TYPE_CHECKING:
    from to11ai_sdk.client import To11aiClient

LARGE = "x" * 20_000_000


def upload(client: To11aiClient) -> object:
    return client.prompts.create_version(
        project_id="p", prompt_id="n", format="text", template_json={"text": LARGE}, variables_schema={}
    )


@pytest.fixture(params=["HTTP", "HTTPS"])
def tls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "HTTPS")


def test_a_large_request_arrives_whole(tls: bool) -> None:
    with (
        ScriptedServer(HEALTHY, tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None) as client,
    ):
        upload(client)
        assert server.requests[0].json["templateJson"] == {"text": LARGE}


@pytest.mark.parametrize(
    "script", [(HOLD,), (HEAD, HOLD), (HEAD, SIP)], ids=["reads nothing", "reads the head", "sips"]
)
def test_a_server_that_does_not_read_cannot_hold_the_caller(
    script: Script, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = Connection.connect

    def and_hurry(self: Connection) -> None:
        connect(self)
        self.wire.deadline = monotonic() + TIMEOUT_S

    monkeypatch.setattr(Connection, "connect", and_hurry)
    with (
        ScriptedServer(script, tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None) as client,
        pytest.raises(To11aiNetworkError, match="no complete reply in time") as caught,
    ):
        upload(client)
    assert caught.value.attempts == 1
    assert caught.value.elapsed_s < ENOUGH_S


@pytest.mark.parametrize("end", [(), (0.1,)], ids=["closes", "waits and closes"])
def test_an_answer_before_the_request_is_sent_whole_is_told(end: Script, tls: bool) -> None:
    with (
        ScriptedServer((HEAD, http(413, b"{}"), *end), tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None) as client,
        pytest.raises(To11aiApiError, match="HTTP 413") as caught,
    ):
        upload(client)
    assert caught.value.attempts == 1


def test_a_request_cut_off_is_a_network_error(tls: bool) -> None:
    with (
        ScriptedServer((HEAD, RESET), tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None) as client,
        pytest.raises(To11aiNetworkError, match="the connection was closed before a reply came") as caught,
    ):
        upload(client)
    assert (caught.value.attempts, caught.value.unsent) == (1, False)

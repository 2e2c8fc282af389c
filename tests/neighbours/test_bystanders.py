"""Mocking tools for other HTTP clients: they neither see our calls nor change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from faults.harness import CALLS, KEY
from faults.server import HEALTHY, ScriptedServer

from to11ai_sdk import create_client

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def responses() -> AbstractContextManager[object]:
    return pytest.importorskip("responses", reason="responses is not installed").RequestsMock()  # type: ignore[no-any-return]


def requests_mock() -> AbstractContextManager[object]:
    return pytest.importorskip("requests_mock", reason="requests-mock is not installed").Mocker()  # type: ignore[no-any-return]


def aioresponses() -> AbstractContextManager[object]:
    return pytest.importorskip("aioresponses", reason="aioresponses is not installed").aioresponses()  # type: ignore[no-any-return]


@pytest.mark.parametrize("tool", [responses, requests_mock, aioresponses])
def test_our_calls_go_to_the_server(tool: object) -> None:
    mock = tool()  # type: ignore[operator]
    with ScriptedServer(HEALTHY) as server, create_client(api_key=KEY, base_url=server.url) as client:
        with mock:
            assert [call(client, "a") for call in CALLS.values()] == ["a"] * 3
        assert len(server.requests) == 3

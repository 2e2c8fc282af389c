from __future__ import annotations

import copy
import http.client
import json
import os
import pickle
import socket
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from bound import Api, Clock, call, connection, refused, send

from to11ai_sdk import To11aiNetworkError, To11aiRateLimitError
from to11ai_sdk.local import LocalTo11, PortTakenError, bounds

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def test_it_says_where_it_is(to11: LocalTo11) -> None:
    parts = urlsplit(to11.base_url)
    assert (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "")
    assert to11.gateway_url == f"{to11.base_url}/v1"
    assert repr(to11) == f"<LocalTo11 {to11.base_url}>"
    assert to11.api_key not in repr(to11)


def test_it_must_run_to_be_used() -> None:
    to11 = LocalTo11()
    assert repr(to11) == "<LocalTo11 stopped>"
    with pytest.raises(RuntimeError, match="call start"):
        to11.base_url  # noqa: B018 - for its effect
    to11.stop()
    to11.start()
    try:
        with pytest.raises(RuntimeError, match="runs already"):
            to11.start()
    finally:
        to11.stop()


def test_it_is_neither_copied_nor_pickled(to11: LocalTo11) -> None:
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be copied"):
            duplicate(to11)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(to11)


def test_one_that_was_never_initialized_can_be_looked_at() -> None:
    with pytest.raises(ValueError, match="port"):
        LocalTo11(port=-1)
    assert repr(LocalTo11.__new__(LocalTo11)) == "<LocalTo11 stopped>"


def test_it_can_be_started_again_and_then_is_empty() -> None:
    to11 = LocalTo11()
    with to11:
        first = to11.project_id
        Api.of(to11).prompt("a")
    with to11:
        assert to11.project_id != first
        assert Api.of(to11).prompts.list().items == []
        assert len(to11.requests) == 2
        to11.forget_requests()
        assert to11.requests == []


def test_it_stops_at_once_while_a_client_keeps_its_connection() -> None:
    to11 = LocalTo11().start()
    with connection(to11) as opened:
        send(opened, "GET", "/health")
        began = time.perf_counter()
        to11.stop()
        # The client would wait for a minute.
        assert time.perf_counter() - began < 20
        assert opened.sock is not None
        assert opened.sock.recv(1) == b""


def test_stopping_leaves_no_thread_and_no_listener() -> None:
    before = set(threading.enumerate())
    to11 = LocalTo11().start()
    address = urlsplit(to11.base_url)
    Api.of(to11).prompt("a")
    to11.stop()
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port or 0), timeout=60)


def test_a_taken_port_is_said(to11: LocalTo11, tmp_path: Path) -> None:
    port = urlsplit(to11.base_url).port or 0
    with pytest.raises(PortTakenError, match=f"port {port} is taken"):
        LocalTo11(tmp_path / "data", port).start()
    with LocalTo11(tmp_path / "data"):
        pass


def test_the_same_seed_gives_the_same_ids_and_the_clock_its_time() -> None:
    def story() -> tuple[object, ...]:
        with LocalTo11(seed="story", clock=Clock()) as to11:
            prompt, version = Api.of(to11).prompt("a", versions=1)
            return to11.project_id, to11.api_key, prompt, version

    assert story() == story()
    with LocalTo11(seed="other") as other, LocalTo11() as random:
        assert len({story()[0], other.project_id, random.project_id}) == 3


def test_a_naive_clock_is_utc() -> None:
    clock = Clock()
    with LocalTo11(clock=lambda: clock().replace(tzinfo=None)) as to11:
        assert Api.of(to11).prompt("a").created_at == clock.now


def test_a_seed_goes_on_in_a_data_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with LocalTo11(data, seed=1) as to11:
        first = Api.of(to11).prompt("a").id
    with LocalTo11(data, seed=1) as to11:
        assert Api.of(to11).prompt("b").id != first


def test_behaviors_go_with_every_success(to11: LocalTo11, api: Api) -> None:
    assert "sdkBehavior" not in call(to11, "GET", "prompts").json
    to11.behaviors = {"sdk.retry-v2": True, "sdk.limit": 5}
    assert to11.behaviors == {"sdk.retry-v2": True, "sdk.limit": 5}
    assert call(to11, "GET", "prompts").json["sdkBehavior"] == {"v": 1, "flags": to11.behaviors}
    assert "sdkBehavior" not in call(to11, "GET", "prompts/nope").json
    api.prompts.list()
    assert api.client.resolve_behavior("sdk.limit", 1) == 5
    with pytest.raises(TypeError):
        to11.behaviors = {"x": object()}
    to11.behaviors = {}
    assert "sdkBehavior" not in call(to11, "GET", "prompts").json


def test_requests_are_remembered_without_their_secrets(to11: LocalTo11, api: Api) -> None:
    api.prompts.create(name="A", slug="a")
    api.prompts.list(tags="x y")
    call(to11, "POST", "prompts?%FF", b"no json")
    call(to11, "GET", "/nowhere")
    created, listed, broken, lost = to11.requests
    assert (created.method, created.row, created.status) == ("POST", "prompts.create", 200)
    assert created.path == f"/v1/projects/{api.project_id}/prompts"
    assert (created.body, created.headers["authorization"]) == ({"name": "A", "slug": "a"}, "***")
    assert created.headers["content-type"] == "application/json"
    assert (listed.query, listed.body) == ({"tags": "x y"}, None)
    assert (broken.query, broken.body, broken.status) == ({}, "no json", 400)
    assert (lost.row, lost.path, lost.status) == (None, "/nowhere", 404)
    assert to11.api_key not in repr(to11.requests)


def test_only_the_last_requests_are_remembered() -> None:
    with LocalTo11(remember=2) as to11:
        for number in range(3):
            call(to11, "GET", f"prompts/{number}")
        assert [seen.path[-1] for seen in to11.requests] == ["1", "2"]


def test_the_next_requests_fail_as_told(to11: LocalTo11, api: Api) -> None:
    to11.fail_next(2, status=503)
    for _ in range(2):
        with refused(503, "SERVICE_UNAVAILABLE"):
            api.prompts.list()
    assert api.prompts.list().items == []
    to11.fail_next(status=422, code="MY_CODE")
    with refused(422, "MY_CODE"):
        api.prompts.list()
    to11.fail_next(status=418)
    with refused(418, "INJECTED"):
        api.prompts.list()
    to11.fail_next(status=429, headers={"Retry-After": "7"})
    with pytest.raises(To11aiRateLimitError) as caught:
        api.prompts.list()
    assert caught.value.retry_after_seconds == 7
    assert [seen.status for seen in to11.requests] == [503, 503, 200, 422, 418, 429]


def test_a_failure_waits_for_the_endpoint_it_is_meant_for(to11: LocalTo11, api: Api) -> None:
    to11.fail_next(status=500, match="prompts.resolve")
    api.prompt("a")
    with refused(500, "INTERNAL"):
        api.prompts.resolve(slug="a", labels=["l"])
    with refused(404, "PROMPT_LABELS_NOT_FOUND"):
        api.prompts.resolve(slug="a", labels=["l"])
    to11.fail_next(5, status=500)
    to11.succeed()
    assert len(api.prompts.list().items) == 1


def test_a_reply_can_be_replaced_whole(to11: LocalTo11) -> None:
    to11.fail_next(body="<html>oops</html>", headers={"Content-Type": "text/html"})
    reply = call(to11, "GET", "prompts")
    assert (reply.status, reply.content, reply.headers["Content-Type"]) == (200, b"<html>oops</html>", "text/html")
    to11.fail_next(status=502, body=b"\x00")
    assert call(to11, "GET", "prompts").content == b"\x00"


def test_a_dropped_connection_has_no_reply(to11: LocalTo11, api: Api) -> None:
    to11.fail_next(drop=True)
    with pytest.raises(http.client.BadStatusLine):
        call(to11, "GET", "prompts")
    to11.fail_next(drop=True)
    with pytest.raises(To11aiNetworkError):
        api.prompts.create(name="A", slug="a")
    assert api.prompts.list().items == []
    to11.fail_next(drop=True, processed=True)
    with pytest.raises(To11aiNetworkError):
        api.prompts.create(name="A", slug="a")
    assert [prompt.slug for prompt in api.prompts.list().items] == ["a"]
    assert [seen.status for seen in to11.requests] == [None, None, 200, None, 200]


def test_a_drop_is_seen_on_a_kept_connection_too(to11: LocalTo11) -> None:
    api = Api.of(to11, max_retries=0)
    assert api.prompts.list().items == []
    to11.fail_next(drop=True)
    with pytest.raises(To11aiNetworkError, match="ended before the reply did") as caught:
        api.prompts.list()
    assert (caught.value.attempts, [seen.status for seen in to11.requests]) == (1, [200, None])


def test_a_client_gets_over_what_may_be_sent_again(to11: LocalTo11) -> None:
    api = Api.of(to11, max_retries=1)
    to11.fail_next(drop=True)
    assert api.prompts.list().items == []
    assert len(to11.requests) == 2


def test_a_delay_alone_only_delays(to11: LocalTo11, api: Api) -> None:
    to11.fail_next(delay_s=0.05)
    began = time.perf_counter()
    assert api.prompts.list().items == []
    assert time.perf_counter() - began >= 0.05
    to11.fail_next(delay_s=60)
    with pytest.raises(To11aiNetworkError):
        Api.of(to11, timeout_s=0.1).prompts.list()


def test_stopping_ends_a_delay_and_the_request_at_work() -> None:
    to11 = LocalTo11().start()
    to11.fail_next(delay_s=60)
    statuses: list[int] = []
    waiting = threading.Thread(target=lambda: statuses.append(call(to11, "GET", f"/v1/projects/{project}/x").status))
    project = to11.project_id
    waiting.start()
    while to11._now.failures._waiting:
        time.sleep(0.005)
    to11.stop()
    waiting.join(60)
    assert statuses == [404]


def test_headers_alone_go_with_the_usual_reply(to11: LocalTo11) -> None:
    to11.fail_next(headers={"Retry-After": "", "content-type": "text/json"})
    reply = call(to11, "GET", "prompts")
    assert (reply.status, reply.json["data"]) == (200, [])
    assert (reply.headers["Retry-After"], reply.headers["Content-Type"]) == ("", "text/json")


def test_a_request_that_is_only_delayed_is_processed_once(to11: LocalTo11, api: Api) -> None:
    to11.fail_next(delay_s=0.001, processed=True)
    assert api.prompts.create(name="A", slug="a").slug == "a"


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ({}, ValueError, "say how to fail"),
        ({"delay_s": 0}, ValueError, "say how to fail"),
        ({"processed": True}, ValueError, "say how to fail"),
        ({"times": 0, "drop": True}, ValueError, "times must be 1 or more"),
        ({"times": 1.5, "drop": True}, TypeError, "times must be an int, not float"),
        ({"status": 500, "match": "prompts.nope"}, ValueError, "match must be the name of an endpoint"),
        ({"status": 0}, ValueError, "status must be a final HTTP status"),
        ({"status": 100}, ValueError, "status must be a final HTTP status"),
        ({"status": 600}, ValueError, "status must be a final HTTP status"),
        ({"status": "503"}, TypeError, "status must be an int, not str"),
        ({"status": True}, TypeError, "status must be an int, not bool"),
        ({"code": "MY_CODE", "drop": True}, ValueError, "code is the word for an error: give its status"),
        ({"status": 500, "code": 7}, TypeError, "code must be a str, not int"),
        ({"delay_s": float("nan")}, ValueError, "delay_s must be 0 to"),
        ({"delay_s": float("inf")}, ValueError, "delay_s must be 0 to"),
        ({"delay_s": -1}, ValueError, "delay_s must be 0 to"),
        ({"delay_s": "1"}, TypeError, "delay_s must be a number of seconds, not str"),
        ({"headers": {"X": "a\r\nb"}}, ValueError, r"headers\['X'\] must hold only"),
        ({"headers": {"X": "\u20ac"}}, ValueError, r"headers\['X'\] must hold only"),
        ({"headers": {"X": 1}}, TypeError, r"headers\['X'\] must be a str, not int"),
        ({"headers": {"X Y": "1"}}, ValueError, "headers: 'X Y' is no name of a header"),
        ({"headers": {1: "1"}}, TypeError, "headers must be a mapping with str keys"),
        ({"body": {"a": 1}}, TypeError, "body must be bytes or a str, not dict"),
    ],
)
def test_a_failure_that_cannot_be_is_refused_at_once(
    to11: LocalTo11, wrong: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=f"^{words}"):
        to11.fail_next(**wrong)
    assert call(to11, "GET", "prompts").status == 200


@pytest.mark.parametrize(("port", "kind"), [(70_000, ValueError), (-1, ValueError), ("4500", TypeError)])
def test_a_port_that_there_is_not_is_refused_at_once(port: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^port must be "):
        LocalTo11(port=port)


def test_a_start_that_fails_leaves_the_data_file_closed(tmp_path: Path) -> None:
    def broken() -> datetime:
        raise RuntimeError("the clock is broken")

    to11 = LocalTo11(tmp_path / "data", clock=broken)
    with pytest.raises(RuntimeError, match="the clock is broken") as caught:
        to11.start()
    assert caught.tb, "what it had opened is still referred to"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_module_has_what_it_says_and_nothing_else() -> None:
    import to11ai_sdk.local

    names: dict[str, object] = {}
    exec("from to11ai_sdk.local import *", names)
    assert set(names) - {"__builtins__"} == set(to11ai_sdk.local.__all__)
    assert names["LocalTo11"] is LocalTo11
    with pytest.raises(AttributeError, match="nothing_else"):
        to11ai_sdk.local.nothing_else  # noqa: B018 - for its effect


def test_the_bodies_of_remembered_requests_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_REMEMBERED_BYTES", 1000)
    with LocalTo11() as to11:
        for number in range(4):
            call(to11, "POST", "prompts", json.dumps({"name": "x" * 400, "slug": f"s{number}"}).encode())
        assert [request.body["slug"] for request in to11.requests] == ["s2", "s3"]
        call(to11, "POST", "prompts", json.dumps({"name": "x" * 1400, "slug": "s"}).encode())
        assert to11.requests == []
        call(to11, "GET", "prompts")
        assert len(to11.requests) == 1


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_stop_in_a_forked_process_leaves_the_connections_of_its_parent(tmp_path: Path) -> None:
    with LocalTo11(tmp_path / "to11.db") as to11, connection(to11) as opened:
        assert send(opened, "GET", "/health").status == 200
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            to11.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        kept = opened.sock
        assert send(opened, "GET", "/health").status == 200
        assert opened.sock is kept
        assert call(to11, "GET", "prompts").status == 200

"""Small things that users of other SDKs expect: a version, a client from the environment, headers, request ids."""

from __future__ import annotations

import copy
import json
import pickle
import rlcompleter
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest
from recording import KEY, RecordingServer, reply
from samples import ENVIRONMENT, EVENTS, PROMPT, PROMPT_VERSION, RESOLVED, RULE_VERSION, success

import to11ai_sdk
import to11ai_sdk.local
from to11ai_sdk import To11aiApiError, To11aiClient, create_client
from to11ai_sdk._http.headers import USER_AGENT

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "cf-secret-0123456789"
RESOLVE = {"project_id": "p", "slug": "s", "labels": ["production"]}


def test_the_version_is_that_of_the_distribution() -> None:
    assert to11ai_sdk.__version__ == version("to11ai-sdk") == USER_AGENT.rpartition("/")[2]
    assert "__version__" in dir(to11ai_sdk)


def test_a_prompt_of_python_completes_what_is_loaded_late() -> None:
    with create_client(api_key="k", base_url="http://127.0.0.1:9") as client:
        late = {"prompts", "project_environments", "routing_rules"}
        assert not late & {*vars(client)}
        assert late <= {*dir(client)}
        completer = rlcompleter.Completer({"client": client, "local": to11ai_sdk.local})
        assert completer.complete("client.pro", 0) == "client.project_environments"
        assert completer.complete("local.LocalT", 0) == "local.LocalTo11("
        with pytest.raises(AttributeError) as failing:
            client.prompt  # type: ignore[attr-defined]  # noqa: B018
        assert (failing.value.name, failing.value.obj) == ("prompt", client)


def test_a_client_from_the_environment(server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TO11_API_KEY", "from-the-environment")
    monkeypatch.setenv("TO11_API_URL", server.url)
    server.will_send(reply(success(PROMPT)))
    for options, key in (({}, "from-the-environment"), ({"api_key": KEY}, KEY)):
        with To11aiClient.from_env(**options, max_retries=0, default_headers={"x-app": "1"}) as client:
            client.prompts.get(project_id="p", prompt_id="q")
        assert server.seen[-1].headers["authorization"] == f"Bearer {key}"
        assert server.seen[-1].headers["x-app"] == "1"
    monkeypatch.delenv("TO11_API_URL")
    with To11aiClient.from_env() as client:
        assert repr(client) == "<To11aiClient https://api.to11.ai>"
    with To11aiClient.from_env(base_url=server.url) as client:
        assert repr(client) == f"<To11aiClient {server.url}>"


@pytest.mark.parametrize("value", [None, ""])
def test_a_key_that_is_not_there_is_named(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TO11_API_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TO11_API_KEY", value)
    with pytest.raises(ValueError, match=r"^TO11_API_KEY is not set; "):
        To11aiClient.from_env()


@pytest.mark.parametrize(
    ("variable", "value"), [("TO11_API_KEY", "hunter2\n"), ("TO11_API_KEY", "  "), ("TO11_API_URL", "hunter2")]
)
def test_a_value_of_no_use_names_its_variable(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TO11_API_KEY", KEY)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=f"^{variable} must ") as caught:
        To11aiClient.from_env()
    assert "hunter2" not in str(caught.value)


def test_headers_of_the_application_are_sent_with_each_attempt(server: RecordingServer) -> None:
    server.will_send(reply({}, 503), reply(success(RESOLVED)))
    headers = {"X-App": "checkout", "user-agent": "checkout/2", "CF-Access-Client-Secret": SECRET}
    with server.client(max_retries=1, default_headers=headers) as client:
        client.with_options(timeout_s=5).prompts.resolve(**RESOLVE)
    assert len(server.seen) == 2
    for seen in server.seen:
        assert (seen.headers["x-app"], seen.headers["user-agent"]) == ("checkout", "checkout/2")
        assert seen.headers["cf-access-client-secret"] == SECRET
        assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert SECRET not in repr(client)


def test_headers_are_those_of_the_moment_the_client_was_made(server: RecordingServer) -> None:
    server.will_send(reply(success(PROMPT)))
    headers = {"x-app": "1"}
    with server.client(default_headers=headers) as client:
        headers.update({"x-app": "2\r\nx-evil: 1", "authorization": "mine"})
        client.prompts.get(project_id="p", prompt_id="q")
    assert server.seen[0].headers["x-app"] == "1"
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


def test_headers_go_to_no_other_origin(server: RecordingServer) -> None:
    elsewhere = server.url.replace("localhost", "127.0.0.1")
    elsewhere = elsewhere if elsewhere != server.url else server.url.replace("127.0.0.1", "localhost")
    server.will_send(reply({}, 307, location=f"{elsewhere}/v1"))
    with server.client(default_headers={"x-app": "1"}) as client, pytest.raises(To11aiApiError):
        client.prompts.get(project_id="p", prompt_id="q")
    assert len(server.seen) == 1


# fmt: off
WRONG_HEADERS: list[tuple[Any, type[Exception], str]] = [
    *(({name: "x"}, ValueError, f"must not set {name}") for name in (
        "Authorization", "HOST", "content-length", "Content-Type", "Accept", "Accept-Encoding", "Connection", "TE",
        "Transfer-Encoding", "Proxy-Authorization", "traceparent", "tracestate", "Expect", "Upgrade", "Trailer",
    )),
    *(({name: "x"}, ValueError, "must have names that HTTP allows") for name in (
        "", " ", "a b", "a:", "a\r\nb", "é", "a\0", "(a)", ":path", "a\u2028",
    )),
    *(({"x-app": value}, ValueError, r"^default_headers\['x-app'\] must ") for value in (
        "", " ", "a\r\nAuthorization: b", "é", "a\0", "a\x7f",
    )),
    ({"x-app": 1}, TypeError, r"^default_headers\['x-app'\] must be a str, not int"),
    ({"x-app": None}, TypeError, r"^default_headers\['x-app'\] must be a str, not NoneType"),
    ({"x-app": "1", "X-App": "2"}, ValueError, "must not name X-App twice"),
    ({1: "x"}, TypeError, "must be a mapping with str keys"),
    ([("x-app", "1")], TypeError, "must be a mapping with str keys"),
    ([], TypeError, "must be a mapping with str keys"),
    ("", TypeError, "must be a mapping with str keys"),
]
# fmt: on


@pytest.mark.parametrize(("headers", "kind", "text"), WRONG_HEADERS, ids=[repr(row[0]) for row in WRONG_HEADERS])
def test_headers_that_cannot_be_added_are_refused(headers: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        create_client(api_key=KEY, base_url="https://api.to11.ai", default_headers=headers)


@pytest.mark.parametrize(
    "name", ["X-Api-Token", "x-apikey", "X-AccessToken", "COOKIE", "AWS-Credentials", "x-signature"]
)
def test_the_value_of_a_header_is_in_no_error(name: str, server: RecordingServer) -> None:
    with pytest.raises(ValueError, match="x-secret") as refused:
        create_client(api_key=KEY, base_url=server.url, default_headers={"x-secret": f"{SECRET}\n"})
    assert SECRET not in str(refused.value)
    body = {"success": False, "error": {"code": "NO", "message": f"{SECRET} {KEY} is wrong", "details": [SECRET]}}
    server.will_send(reply(body, 400))
    with server.client(default_headers={name: SECRET}) as client, pytest.raises(To11aiApiError) as caught:
        client.prompts.get(project_id="p", prompt_id="q")
    assert SECRET not in f"{caught.value} {vars(caught.value)}"
    assert KEY not in f"{caught.value} {vars(caught.value)}"


# fmt: off
CALLS: list[tuple[Any, Callable[[To11aiClient], Any]]] = [
    (PROMPT, lambda client: [client.prompts.get(project_id="p", prompt_id="q")]),
    (RESOLVED, lambda client: [client.prompts.resolve(**RESOLVE, cache=False)]),
    (RESOLVED, lambda client: [client.prompts.resolve(**RESOLVE), client.prompts.resolve(**RESOLVE)]),
    ([PROMPT, PROMPT], lambda client: [page := client.prompts.list(project_id="p"), *page]),
    ([PROMPT], lambda client: [*client.prompts.iter(project_id="p")]),
    (EVENTS, lambda client: [page := client.prompts.list_label_events(project_id="p", scope="project"), *page]),
    ([PROMPT_VERSION], lambda client: client.prompts.list_versions(project_id="p", prompt_id="q")),
    ([ENVIRONMENT], lambda client: client.project_environments.list(project_id="p")),
    ([RULE_VERSION], lambda client: client.routing_rules.versions.list(project_id="p", rule_id="r")),
]
# fmt: on


@pytest.mark.parametrize("call", range(len(CALLS)))
def test_what_a_call_returns_has_the_id_of_its_request(server: RecordingServer, call: int) -> None:
    data, make = CALLS[call]
    server.will_send(reply(success(data), x_to11_request_id="req_42"))
    with server.client() as client:
        found = make(client)
    assert found
    assert {model.request_id for model in found} == {"req_42"}
    assert len(server.seen) == 1


def test_a_request_id_is_no_part_of_a_value(server: RecordingServer) -> None:
    server.will_send(*(reply(success(PROMPT), x_request_id=f"req_{n}") for n in (1, 2)), reply(success(PROMPT)))
    with server.client() as client:
        first, second, third = (client.prompts.get(project_id="p", prompt_id="q") for _ in range(3))
    assert (first.request_id, second.request_id, third.request_id) == ("req_1", "req_2", None)
    own = type(first).from_dict(PROMPT)
    assert own.request_id is None
    assert first == second == third == own
    assert repr(first) == repr(own)
    assert first.model_dump() == own.model_dump()
    assert dict(first) == dict(own)
    assert json.loads(first.model_dump_json(by_alias=True)) == own.model_dump(mode="json", by_alias=True)
    for twin in (copy.copy(first), copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        assert (twin, twin.request_id) == (first, None)


def test_a_request_id_does_not_repeat_the_key(server: RecordingServer) -> None:
    server.will_send(*(reply(success(PROMPT), x_request_id=f"req {echoed}") for echoed in (KEY, SECRET)))
    with server.client(default_headers={"x-token": SECRET}) as client:
        assert client.prompts.get(project_id="p", prompt_id="q").request_id is None
        assert client.prompts.get(project_id="p", prompt_id="q").request_id is None


def test_namespaces_show_their_calls(server: RecordingServer) -> None:
    with server.client() as client:
        assert repr(client.prompts).startswith("<PromptResource client.prompts: create, list, iter, get, update, ")
        assert repr(client.project_environments).startswith(
            "<ProjectEnvironmentResource client.project_environments: list, "
        )
        assert repr(client.routing_rules) == "<RoutingRulesResource client.routing_rules: versions, releases>"
        rules = client.routing_rules
        assert repr(rules.versions) == (
            "<RoutingRuleVersionResource client.routing_rules.versions: create, list, iter, get>"
        )
        assert repr(rules.releases) == (
            "<RoutingRuleReleaseResource client.routing_rules.releases: set, rollback, list, iter>"
        )
        assert KEY not in f"{client.prompts}{rules}{rules.versions}{rules.releases}"


def test_words_that_only_a_newer_server_knows_are_sent(server: RecordingServer) -> None:
    server.will_send(reply(success([{**PROMPT, "status": "paused"}])))
    with server.client() as client:
        page = client.prompts.list(project_id="p", status="paused", sort_by="-lastUsedAt")
    assert page[0].status == "paused"
    assert server.seen[0].target.endswith("?status=paused&sortBy=-lastUsedAt")

"""What the pages of the inspector show, on each engine."""

from __future__ import annotations

import json
import re
from html import escape, unescape
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from inspector_visit import SCHEMA, Visitor, fill

from to11ai_sdk import To11aiApiError
from to11ai_sdk.local import LocalTo11, bounds

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

HOSTILE = "<img src=x>\"'&{{ 7*7 }}</script>"


@pytest.fixture
def visitor(to11: LocalTo11) -> Visitor:
    return Visitor(to11.base_url).sign_in(to11.api_key)


def called(
    to11: LocalTo11,
    text: str,
    *,
    stream: bool = False,
    path: str = "chat/completions",
    model: str = "gpt-5-mini",
    **headers: str,
) -> str:
    """Call the gateway; return its reply."""
    body = {"model": model, "max_tokens": 99, "stream": stream, "messages": [{"role": "user", "content": text}]}
    sent = {
        "x-to11-authorization": f"Bearer {to11.api_key}",
        "x-to11-project-id": to11.project_id,
        "content-type": "application/json",
        **headers,
    }
    request = Request(f"{to11.gateway_url}/{path}", json.dumps(body).encode(), sent)
    with build_opener(ProxyHandler({})).open(request, timeout=60) as reply:
        return str(reply.read().decode())


def test_prompts_are_listed_searched_and_paged(to11: LocalTo11, visitor: Visitor) -> None:
    assert "There is no prompt yet" in visitor.get("/").words
    prompts = to11.client().prompts
    for number in range(30):
        prompts.create(project_id=to11.project_id, name=f"Näme {number:02} 100%_", slug=f"slug-{number:02}")
    first, second = visitor.get("/"), visitor.get("/?page=2")
    assert "30 prompts" in first.words
    assert (first.text.count("<tr>"), second.text.count("<tr>")) == (26, 6)
    assert 'href="?page=2"' in first.text
    assert visitor.get("/?q=SLUG-07").text.count("<tr>") == 2
    assert visitor.get("/?q=100%25_").text.count("<tr>") == 26
    assert "No prompt has" in visitor.get("/?q=100__").words
    assert "No prompt has" in visitor.get("/?q=%25").words or visitor.get("/?q=%25").text.count("<tr>") == 26
    for page in ("0", "-1", "x", "1000001", "9" * 9):
        for path in ("/?", "/?q=slug&", "/inspector/rules?", "/inspector/traces?"):
            assert visitor.get(f"{path}page={page}").status == 400, (path, page)
    assert visitor.get("/?page=1000000").status == 200


def test_a_prompt_shows_labels_moves_and_differences(to11: LocalTo11, visitor: Visitor) -> None:
    seen = visitor.get(f"/inspector/prompts/{fill(to11.client(), to11.project_id)}")
    assert "production v2" in seen.words
    assert "production v1 → v2" in seen.words
    assert "better in the trial" in seen.words
    assert "<mark>two</mark>" in seen.text
    assert '<tr class="added">' in seen.text
    assert "unchanged lines" in seen.words
    assert visitor.get(f"/inspector/prompts/{'x'}").status == 404


def test_the_two_versions_can_be_chosen(to11: LocalTo11, visitor: Visitor) -> None:
    path = f"/inspector/prompts/{fill(to11.client(), to11.project_id)}"
    assert "Version 2 and version 1" in visitor.get(f"{path}?left=2&right=1").words
    assert "<mark>" not in visitor.get(f"{path}?left=1&right=1").text
    assert "Version 2 and version 2" in visitor.get(f"{path}?left=99&right=99").words
    assert visitor.get(f"{path}?left=x").status == 400


def test_rendering_is_that_of_resolve(to11: LocalTo11, visitor: Visitor) -> None:
    client = to11.client()
    path = f"/inspector/prompts/{fill(client, to11.project_id)}"
    variables = {"name": "Ada", "plan": "<b>pro</b>"}
    seen = visitor.post(path, label="production", variables=json.dumps(variables))
    same = client.prompts.resolve(
        project_id=to11.project_id, slug="welcome", labels=["production"], variables=variables
    )
    assert same.content_hash in seen.text
    assert "Welcome Ada to the plan &lt;b&gt;pro&lt;/b&gt;." in seen.text
    assert "client.prompts.resolve(" in seen.words
    for label, given, code in [
        ("production", '{"name": "Ada", "plan": 1}', "TEMPLATE_"),
        ("production", "[]", "INVALID_INPUT"),
        ("production", "{", "the variables are not JSON: Expecting"),
        ("production", '{"name": 1e999}', "the variables are not JSON: name: 1e999 is too large"),
        ("other", "{}", "PROMPT_LABELS_NOT_FOUND"),
    ]:
        seen = visitor.post(path, label=label, variables=given)
        assert (seen.status, 'role="alert"' in seen.text) == (200, True), (label, given)
        assert code in seen.words or code == "TEMPLATE_"


def test_the_variables_to_start_with_fit_the_schema(to11: LocalTo11, visitor: Visitor) -> None:
    prompts = to11.client().prompts
    made = prompts.create(project_id=to11.project_id, name="N", slug="s")
    kinds = ("string", "integer", "number", "boolean", "array", "object", ["integer", "null"])
    properties: dict[str, Any] = {f"p{place}": {"type": kind} for place, kind in enumerate(kinds)}
    given = {"c": {"const": "x"}, "d": {"type": "string", "default": "y"}, "e": {"enum": [3]}, "f": {"examples": ["z"]}}
    properties |= {**given, "any": True}
    prompts.create_version(
        project_id=to11.project_id,
        prompt_id=made.id,
        format="text",
        template_json={"text": "x"},
        variables_schema={"type": "object", "properties": properties, "required": list(properties)},
    )
    path = f"/inspector/prompts/{made.id}"
    shown = re.findall(r"<textarea[^>]*>(.*?)</textarea>", visitor.get(path).text, re.DOTALL)[0]
    started = json.loads(unescape(shown))
    values = ["", 0, 0, False, [], {}, 0, "x", "y", 3, "z", ""]
    assert list(started.values()) == values
    prompts.move_label(
        project_id=to11.project_id,
        prompt_id=made.id,
        label="production",
        version_id=prompts.list_versions(project_id=to11.project_id, prompt_id=made.id)[0].id,
    )
    assert 'role="alert"' not in visitor.post(path, label="production", variables=json.dumps(started)).text


def test_rules_show_the_share_of_each_variant(to11: LocalTo11, visitor: Visitor) -> None:
    assert "There is no routing rule yet" in visitor.get("/inspector/rules").words
    fill(to11.client(), to11.project_id)
    seen = visitor.get("/inspector/rules")
    assert "Shares in prod: small: openai/gpt-5-mini 28 %, claude: anthropic/claude-haiku-4-5 12 %" in seen.text
    assert "openai/gpt-5-mini 60 % v2" in seen.words
    one = visitor.get("/inspector/rules/chat-default")
    assert "v1 40 %, v2 60 %" in one.words
    assert "careful start" in one.words
    assert visitor.get("/inspector/rules/nothing").status == 404
    odd = "a/b c&d"
    to11.create_rule(odd)
    assert 'href="../inspector/rules/a%2Fb%20c%26d"' in visitor.get("/inspector/rules").text
    assert escape(odd) in visitor.get("/inspector/rules/a%2Fb%20c%26d").text


def test_messages_are_recorded_only_on_request(to11: LocalTo11, visitor: Visitor) -> None:
    called(to11, "before the recording")
    assert "are not recorded" in visitor.get("/inspector/requests").words
    assert visitor.post("/inspector/recording", record="on").status == 303
    called(to11, f"hello {HOSTILE} sk-{'a' * 30} {to11.api_key}", authorization=f"Bearer sk-{'b' * 30}")
    called(to11, "as a stream", stream=True)
    to11.client().prompts.list(project_id=to11.project_id)
    listed = visitor.get("/inspector/requests")
    assert listed.text.count("/inspector/requests/") == 3
    first = visitor.get("/inspector/requests/1")
    assert "hello <img src=x>" in first.words
    assert "<img src=x>" not in first.text
    for secret in (to11.api_key, "a" * 30, "b" * 30):
        assert secret not in first.text
    assert "Bearer $TO11_API_KEY" in first.words
    assert "Bearer $PROVIDER_API_KEY" in first.words
    assert "echo: as a stream" in visitor.get("/inspector/requests/2").words
    assert "client.prompts.list(" in visitor.get("/inspector/requests/3").words
    assert visitor.post("/inspector/recording", record="off").status == 303
    assert visitor.get("/inspector/requests/1").status == 404
    called(to11, "after the recording")
    assert visitor.get("/inspector/requests").text.count("/inspector/requests/") == 0


@pytest.mark.parametrize("number", ["0", "01", "-1", "1e3", "%EF%BC%91", "9" * 5000, "1%2F2", "x"])
def test_a_request_that_is_not_recorded_is_not_found(to11: LocalTo11, visitor: Visitor, number: str) -> None:
    visitor.post("/inspector/recording", record="on")
    to11.client().prompts.list(project_id=to11.project_id)
    assert visitor.get(f"/inspector/requests/{number}").status == 404


def test_traces_show_tokens_and_the_messages_that_were_recorded(to11: LocalTo11, visitor: Visitor) -> None:
    assert "has not been called yet" in visitor.get("/inspector/traces").words
    called(to11, "not recorded")
    visitor.post("/inspector/recording", record="on")
    called(to11, "recorded", **{"x-to11-session-id": HOSTILE})
    recorded, plain = to11.traces()
    seen = visitor.get("/inspector/traces")
    assert seen.text.count("/inspector/traces/") == 2
    assert f"{recorded.input_tokens} {recorded.output_tokens}" in seen.words
    one = visitor.get(f"/inspector/traces/{recorded.span_id}")
    assert "echo: recorded" in one.words
    assert HOSTILE not in one.text
    assert "were not recorded" in visitor.get(f"/inspector/traces/{plain.span_id}").words
    assert visitor.get("/inspector/traces/x").status == 404


def test_the_list_of_traces_says_where_it_ends(
    to11: LocalTo11, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_SHOWN_TRACES", 52)
    for number in range(53):
        called(to11, str(number))
    assert "Only the newest" not in visitor.get("/inspector/traces").words
    assert "Only the newest 52 calls" in visitor.get("/inspector/traces?page=2").words


def test_a_recording_is_bounded(to11: LocalTo11, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.post("/inspector/recording", record="on")
    called(to11, "x" * (bounds.MAX_RECORDED_BODY + 5000))
    assert "[cut]" in visitor.get("/inspector/requests/1").words
    for _ in range(bounds.MAX_RECORDED_CALLS + 3):
        with pytest.raises(To11aiApiError):
            to11.client(max_retries=0).prompts.get(project_id=to11.project_id, prompt_id="x")
    assert visitor.get("/inspector/requests").text.count("/inspector/requests/") == bounds.MAX_RECORDED_CALLS


def test_failures_are_made_and_cancelled_by_a_click(to11: LocalTo11, visitor: Visitor) -> None:
    client = to11.client(max_retries=0)
    visitor.post("/inspector/failures", kind="409", match="prompts.list", times="2", retry_after="1")
    assert "409 prompts.list Retry-After: 1" in visitor.get("/inspector/failures").words
    with pytest.raises(To11aiApiError) as caught:
        client.prompts.list(project_id=to11.project_id)
    assert caught.value.status_code == 409
    assert "Waiting: 1" in visitor.get("/inspector/failures").words
    visitor.post("/inspector/failures", do="clear")
    assert client.prompts.list(project_id=to11.project_id).items == []
    for form in (
        {"kind": "418"},
        {"kind": "delay"},
        {"kind": "429", "times": "101"},
        {"kind": "429", "times": "0"},
        {"kind": "delay", "delay_s": "61"},
        {"kind": "429", "match": "x"},
        {"kind": "429", "retry_after": "1\r\nX: y"},
    ):
        seen = visitor.post("/inspector/failures", **form)
        assert (seen.status, "INVALID_INPUT" in seen.words) == (400, True), form
    visitor.post("/inspector/failures", kind="429", times="100")
    assert visitor.post("/inspector/failures", kind="429").status == 400
    to11.succeed()


def test_everything_that_is_shown_is_escaped(to11: LocalTo11, visitor: Visitor) -> None:
    prompts = to11.client().prompts
    made = prompts.create(project_id=to11.project_id, name=HOSTILE, slug="s", description=HOSTILE, tags=["<i>tag</i>"])
    where: dict[str, Any] = {"project_id": to11.project_id, "prompt_id": made.id}
    for text in ("a <i>one</i>", "a <i>two</i> \u202eback"):
        version = prompts.create_version(
            **where,
            format="text",
            template_json={"text": text},
            variables_schema={**SCHEMA, "title": HOSTILE},
            changelog=HOSTILE,
        )
    prompts.move_label(**where, label="production", version_id=version.id, reason=HOSTILE)
    for path in ("/", f"/inspector/prompts/{made.id}", "/?q=%3Ci%3Eq%3C%2Fi%3E"):
        seen = visitor.get(path)
        assert seen.status == 200
        assert "<i>" not in seen.text
        assert "<img src=x>" not in seen.text
    seen = visitor.post(f"/inspector/prompts/{made.id}", label="production", variables="</textarea><i>")
    assert "<i>" not in seen.text


def test_a_prompt_without_versions_and_one_with_huge_ones_are_shown(to11: LocalTo11, visitor: Visitor) -> None:
    prompts = to11.client().prompts
    made = prompts.create(project_id=to11.project_id, name="N", slug="s")
    where: dict[str, Any] = {"project_id": to11.project_id, "prompt_id": made.id, "format": "text"}
    assert "has no version yet" in visitor.get(f"/inspector/prompts/{made.id}").words
    for lines in (["x y"] * 9000, [f"l {number}" for number in range(9000)]):
        prompts.create_version(**where, template_json={"text": "\n".join(lines)}, variables_schema={"type": "object"})
    seen = visitor.get(f"/inspector/prompts/{made.id}")
    assert seen.status == 200
    assert len(seen.text) < 4_000_000


def test_keys_are_hidden_wherever_a_call_has_them(to11: LocalTo11, visitor: Visitor) -> None:
    secret = "aB3" * 9
    visitor.post("/inspector/recording", record="on")
    sent = {"x-any": f"sk-{secret}", "helicone-auth": secret, "x-to11-session-id": f"sk-{secret}"}
    called(to11, f"x-api-key: {secret}", path=f"chat/completions?api%5Fkey={secret}", **sent)
    with pytest.raises(HTTPError) as caught:
        called(to11, json.dumps({"password": secret}), path=f"files/sk-{secret}")
    caught.value.close()
    span = to11.traces()[-1]
    for path in ("requests", "requests/1", "requests/2", "traces", f"traces/{span.span_id}"):
        seen = visitor.get(f"/inspector/{path}")
        assert (seen.status, secret in seen.text) == (200, False), path


@pytest.mark.parametrize("cut", [0, 4, 12, 20])
def test_a_key_is_hidden_in_the_pieces_of_a_stream(httpserver: HTTPServer, cut: int) -> None:
    key = f"sk-{'aB3' * 9}"
    pieces = [{"choices": [{"delta": {"content": part}}]} for part in ("say ", key[:cut], key[cut:], "!")]
    stream = "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces) + "data: [DONE]\n\n"
    httpserver.expect_request("/v1/chat/completions").respond_with_data(stream, content_type="text/event-stream")
    real = {"kind": "upstream", "dialect": "openai", "base_url": httpserver.url_for("/v1"), "models": ["*"]}
    with LocalTo11(providers={"real": real}) as to11:
        visitor = Visitor(to11.base_url).sign_in(to11.api_key)
        visitor.post("/inspector/recording", record="on")
        called(to11, "hi", stream=True, model="real/m")
        seen = visitor.get("/inspector/requests/1")
    assert "say ***!" in seen.words
    assert key[cut : cut + 9] not in seen.text
    assert ("are a key" in seen.words) == (cut > 0)

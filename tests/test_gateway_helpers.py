"""What points a provider's SDK at the gateway, and what becomes of its errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from to11ai_sdk import (
    EnvNotEnabledForProviderError,
    NoApplicableRouteError,
    ResolvedPrompt,
    RuleNotFoundError,
    To11aiApiError,
    To11aiAuthError,
    To11aiNetworkError,
    To11aiRateLimitError,
    To11aiValidationError,
    create_client,
    gateway_prompt_headers,
)
from to11ai_sdk.gateway import (
    MANAGED_KEY,
    error_from_gateway,
    raise_for_gateway,
    to_anthropic_messages,
    to_openai_messages,
)
from to11ai_sdk.local.gateway.trace_context import Origin

CLIENT = create_client(api_key="to11-secret", base_url="https://api.to11.ai")
HEADERS = {"x-to11-authorization": "Bearer to11-secret", "x-to11-project-id": "proj_1"}


def chat(*messages: tuple[str, str]) -> ResolvedPrompt:
    return ResolvedPrompt.from_dict(
        {
            "promptId": "prompt_1",
            "versionId": "version_1",
            "version": 1,
            "labels": [],
            "contentHash": "sha256:0",
            "rendered": {"format": "chat", "messages": [{"role": r, "content": c} for r, c in messages]},
        }
    )


def test_openai_options_end_in_v1() -> None:
    assert CLIENT.openai_options(project_id="proj_1", provider_api_key="sk-provider") == {
        "base_url": "https://gw.to11.ai/v1",
        "api_key": "sk-provider",
        "default_headers": HEADERS,
    }


def test_anthropic_options_leave_the_path_to_its_client() -> None:
    assert CLIENT.anthropic_options(project_id="proj_1", env="staging") == {
        "base_url": "https://gw.to11.ai",
        "api_key": MANAGED_KEY,
        "default_headers": {**HEADERS, "x-to11-env": "staging"},
    }


@pytest.mark.parametrize("url", ["http://localhost:4500", "http://localhost:4500/", "http://localhost:4500/v1"])
def test_gateway_url_may_have_the_version_or_not(url: str) -> None:
    assert CLIENT.openai_options(project_id="p", gateway_url=url)["base_url"] == "http://localhost:4500/v1"
    assert CLIENT.anthropic_options(project_id="p", gateway_url=url)["base_url"] == "http://localhost:4500"


def test_to11_key_is_never_the_provider_key() -> None:
    for options in (CLIENT.openai_options(project_id="p"), CLIENT.anthropic_options(project_id="p")):
        assert "to11-secret" not in options["api_key"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"project_id": " "}, "project_id"),
        ({"project_id": "p", "env": ""}, "env"),
        ({"project_id": "p\r\nx-evil: 1"}, "project_id"),
        ({"project_id": "pröj"}, "project_id must hold only .* ASCII"),
        ({"project_id": "p", "provider_api_key": ""}, "provider_api_key"),
        ({"project_id": "p", "gateway_url": "gw.to11.ai"}, "gateway_url must be like https://gw.to11.ai"),
        ({"project_id": "p", "gateway_url": ""}, "gateway_url must not be blank.*https://gw.to11.ai"),
    ],
)
def test_bad_values_are_refused_by_name(arguments: dict[str, Any], named: str) -> None:
    for options in (CLIENT.openai_options, CLIENT.anthropic_options):
        with pytest.raises(ValueError, match=named):
            options(**arguments)


def labelled(*labels: str) -> ResolvedPrompt:
    return chat(("user", "Hi")).model_copy(update={"labels": list(labels)})


@pytest.mark.parametrize("labels", [("a",), ("production", "beta_2", "A-b")])
def test_labels_arrive_as_they_are(labels: tuple[str, ...]) -> None:
    headers = gateway_prompt_headers(labelled(*labels))
    assert headers == {
        "x-to11-prompt-id": "prompt_1",
        "x-to11-prompt-version": "1",
        "x-to11-prompt-labels": ",".join(labels),
    }
    assert Origin.of(headers).prompt_labels == labels


def test_no_labels_give_no_header() -> None:
    assert "x-to11-prompt-labels" not in gateway_prompt_headers(labelled())


@pytest.mark.parametrize("label", ["a,b", ",", "a,", "", " "])
def test_a_label_that_would_not_arrive_as_one_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match=f"^labels must not be blank or hold a comma, not '{label}'$"):
        gateway_prompt_headers(labelled("production", label))


@pytest.mark.parametrize("label", ["a\r\nX-Evil: 1", "ä"])
def test_a_label_that_no_header_holds_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match=r"^labels must hold only"):
        gateway_prompt_headers(labelled(label))


def test_prompt_becomes_messages_of_openai() -> None:
    assert to_openai_messages(chat(("system", "Be brief."), ("user", "Hi"))) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]


def test_prompt_becomes_system_and_messages_of_anthropic() -> None:
    prompt = chat(("system", "Be brief."), ("developer", "Say so."), ("user", "Hi"), ("assistant", "Hello"))
    assert to_anthropic_messages(prompt) == (
        "Be brief.\n\nSay so.",
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
    )
    assert to_anthropic_messages(chat(("user", "Hi")))[0] == ""


def test_anthropic_gets_no_blank_messages() -> None:
    """A block whose whole text is conditional renders to nothing."""
    prompt = chat(
        ("system", ""), ("system", "A"), ("developer", " \n"), ("system", "B"),
        ("user", "Hi"), ("assistant", ""), ("user", "\t"), ("user", "Bye"), ("assistant", ""),
    )  # fmt: skip
    hi, bye = ({"role": "user", "content": text} for text in ("Hi", "Bye"))
    assert to_anthropic_messages(prompt) == ("A\n\nB", [hi, bye])
    assert len(to_openai_messages(prompt)) == 9
    assert to_anthropic_messages(chat(("system", ""), ("system", " "), ("user", " "))) == ("", [])


def body(code: str, **details: Any) -> bytes:
    return json.dumps({"error": {"type": "t", "code": code, "message": "no", "details": details}}).encode()


@pytest.mark.parametrize(
    ("status", "content", "kind", "attributes"),
    [
        (404, body("RULE_NOT_FOUND_IN_ENV", model="function::x", env="prod"), RuleNotFoundError, {"env": "prod"}),
        (422, body("NO_APPLICABLE_ROUTE", rule="r", version="v"), NoApplicableRouteError, {"rule_id": "r"}),
        (
            422,
            body("ENV_NOT_ENABLED_FOR_PROVIDER", rule="r", env="prod", providerId="openai"),
            EnvNotEnabledForProviderError,
            {"provider_id": "openai", "env_slug": "prod"},
        ),
        (401, body("auth"), To11aiAuthError, {"error_code": "auth"}),
        (429, body("rate_limit"), To11aiRateLimitError, {"retry_after_seconds": 7.0}),
        (400, body("bad_request").decode(), To11aiValidationError, {"error_code": "bad_request"}),
        (502, b"<html>", To11aiApiError, {"error_code": "upstream"}),
        (502, None, To11aiApiError, {"error_code": "upstream"}),
        (404, {"message": "inner"}, To11aiApiError, {"error_code": "upstream"}),
        (404, {"type": "error", "error": {"type": "not_found_error", "message": "m"}}, To11aiApiError, {}),
        (404, {"error": "words"}, To11aiApiError, {"args": ("HTTP 404 upstream: words",)}),
    ],
)
def test_error_reply_becomes_the_exception_that_fits(
    status: int, content: object, kind: type[To11aiApiError], attributes: dict[str, Any]
) -> None:
    headers = {"Retry-After": "7", "X-To11-Error-Code": "upstream", "x-to11-request-id": "req_1"}
    error = error_from_gateway(status, headers, content)

    assert type(error) is kind
    assert error.status_code == status
    assert error.request_id == "req_1"
    assert str(error).startswith(f"HTTP {status}")
    for name, value in attributes.items():
        assert getattr(error, name) == value


def test_what_a_provider_said_does_not_hide_the_word_of_the_gateway() -> None:
    headers = {"x-to11-error-code": "overloaded", "x-to11-upstream-provider": "openai"}
    error = error_from_gateway(502, headers, body("server_error"))
    assert error.error_code == "overloaded"
    assert str(error) == "HTTP 502 overloaded: no"


class Response:
    def __init__(self, status_code: int, headers: object, content: bytes | None) -> None:
        self.status_code = status_code
        self.headers = headers
        self._content = content

    @property
    def content(self) -> bytes:
        if self._content is None:
            raise RuntimeError("the body of this stream was not read")
        return self._content


class ProviderError(Exception):
    def __init__(self, response: Response | None = None, body: object = None) -> None:
        super().__init__("provider")
        self.request = object()
        self.response = response
        self.body = body


def test_exception_of_a_provider_sdk_becomes_ours() -> None:
    theirs = ProviderError(Response(422, {}, body("NO_APPLICABLE_ROUTE", rule="r")))
    with pytest.raises(NoApplicableRouteError) as caught:
        raise_for_gateway(theirs)
    assert caught.value.__cause__ is theirs


def test_body_of_an_unread_stream_is_taken_from_the_exception() -> None:
    theirs = ProviderError(Response(404, None, None), {"code": "RULE_NOT_FOUND", "message": "m"})
    with pytest.raises(RuleNotFoundError):
        raise_for_gateway(theirs)


def test_an_empty_reply_leaves_the_body_to_the_exception() -> None:
    with pytest.raises(To11aiRateLimitError, match="Slow down"):
        raise_for_gateway(ProviderError(Response(429, None, b""), {"code": "rate_limit", "message": "Slow down"}))


@pytest.mark.parametrize(("value", "seconds"), [("1.5", 1.5), ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0), ("soon", None)])
def test_the_wait_of_a_gateway_error_is_read_as_any(value: str, seconds: float | None) -> None:
    assert error_from_gateway(429, {"Retry-After": value}, body("rate_limit")).retry_after_seconds == seconds


@pytest.mark.parametrize("response", [None, Response(200, {"x-to11-request-id": "req_1"}, None)])
def test_error_inside_a_stream_tells_what_the_stream_said(response: Response | None) -> None:
    theirs = ProviderError(response, {"code": "GUARDRAIL_VIOLATION", "message": "blocked"})
    with pytest.raises(To11aiApiError, match="in the stream GUARDRAIL_VIOLATION: blocked") as caught:
        raise_for_gateway(theirs)
    assert caught.value.status_code == 0
    assert caught.value.error_code == "GUARDRAIL_VIOLATION"
    assert caught.value.request_id == ("req_1" if response else None)


def test_exception_without_a_reply_becomes_a_network_error() -> None:
    theirs = ProviderError()
    with pytest.raises(To11aiNetworkError, match="ProviderError") as caught:
        raise_for_gateway(theirs)
    assert caught.value.cause is theirs


def test_exception_about_no_request_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        raise_for_gateway(ZeroDivisionError())


class StatusError(Exception):
    """The shape of the errors of cohere, mistralai and pydantic-ai: everything on the exception itself."""

    def __init__(self, status_code: object, body: object = None, headers: object = None) -> None:
        super().__init__("provider")
        self.status_code = status_code
        self.body = body
        self.headers = headers


SLOW = {"error": {"code": "rate_limit", "message": "Slow down"}}
WAIT = {"Retry-After": "7", "x-to11-request-id": "req_7"}


@pytest.mark.parametrize("said", [SLOW, SLOW["error"], json.dumps(SLOW), json.dumps(SLOW).encode()])
def test_status_and_headers_of_the_exception_itself_count(said: object) -> None:
    with pytest.raises(To11aiRateLimitError, match="429 rate_limit: Slow down") as caught:
        raise_for_gateway(StatusError(429, said, WAIT))
    assert (caught.value.status_code, caught.value.retry_after_seconds, caught.value.request_id) == (429, 7, "req_7")


def raised_from(outer: Exception, *causes: BaseException) -> Exception:
    inner: BaseException = outer
    for cause in causes:
        inner.__cause__ = cause
        inner = cause
    return outer


WRAPPED = {
    "a wrapper without anything": ValueError("retries exhausted"),
    "a wrapper with the status alone": StatusError(429, SLOW["error"]),
    "a wrapper with headers that are none": StatusError(429, SLOW["error"], "none"),
}


@pytest.mark.parametrize("outer", WRAPPED.values(), ids=WRAPPED)
def test_the_cause_of_an_exception_counts(outer: Exception) -> None:
    theirs = ProviderError(Response(429, WAIT, json.dumps(SLOW).encode()))
    with pytest.raises(To11aiRateLimitError, match="Slow down") as caught:
        raise_for_gateway(raised_from(outer, KeyError(), theirs))
    assert caught.value.retry_after_seconds == 7
    assert caught.value.__cause__ is outer


def test_the_cause_of_a_failed_connection_or_stream_counts() -> None:
    with pytest.raises(To11aiNetworkError, match="no answer from the gateway: ProviderError"):
        raise_for_gateway(raised_from(ValueError("wrapped"), ProviderError()))
    with pytest.raises(To11aiApiError, match="in the stream overloaded: m"):
        raise_for_gateway(
            raised_from(ValueError("wrapped"), ProviderError(None, {"code": "overloaded", "message": "m"}))
        )


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    with pytest.raises(ValueError, match="first") as caught:
        raise_for_gateway(raised_from(first, second, first))
    assert caught.value is first


@pytest.mark.parametrize("status", [None, "429", 200])
def test_what_is_no_status_of_an_error_does_not_count(status: object) -> None:
    with pytest.raises(To11aiApiError, match="in the stream rate_limit: Slow down"):
        raise_for_gateway(StatusError(status, SLOW))


def test_an_exception_with_a_status_but_no_body_is_about_no_request() -> None:
    theirs = OSError("a web framework's own")
    theirs.status_code = 404  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="own"):
        raise_for_gateway(theirs)


def test_a_request_that_was_not_set_is_about_one() -> None:
    class TransportError(Exception):
        @property
        def request(self) -> object:
            raise RuntimeError("The .request property has not been set.")

    with pytest.raises(To11aiNetworkError, match="TransportError"):
        raise_for_gateway(TransportError())

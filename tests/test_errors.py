"""Each error of the API, provoked over a socket: the class, what it tells, and what it never tells."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from recording import KEY, reply
from samples import PROMPT, refusal, success
from werkzeug import Response

import to11ai_sdk
from to11ai_sdk import (
    EnvNotEnabledForProviderError,
    NoApplicableRouteError,
    PromptLabelNotRegisteredError,
    RuleNotFoundError,
    RuleVersionInvalidSnapshotError,
    To11aiApiError,
    To11aiAuthError,
    To11aiError,
    To11aiNetworkError,
    To11aiRateLimitError,
    To11aiResponseValidationError,
    To11aiValidationError,
    create_client,
)
from to11ai_sdk._http.headers import redact

if TYPE_CHECKING:
    from recording import RecordingServer

CLASSES = [
    getattr(to11ai_sdk, name)
    for name in to11ai_sdk.__all__
    if name.endswith("Error") and issubclass(getattr(to11ai_sdk, name), To11aiApiError)
]
SNAPSHOT_CODES = [
    "INVALID_VARIANT_PARAMS",
    "INVALID_VARIANT_WEIGHTS",
    "INVALID_RULE_STRATEGY",
    "INVALID_STEP_COUNT",
    "RULE_ENDPOINT_MISMATCH",
    "INVALID_WHEN_CLAUSE",
    "INVALID_STRATEGY_VARIANTS",
    "INVALID_RETRY_POLICY",
]
POLICIES = [
    "REQUIRED_SOURCE_ENV",
    "MINIMUM_DWELL_TIME",
    "NO_ROLLBACK_IN_SOURCE",
    "REQUIRES_APPROVAL",
    "SEPARATION_OF_DUTIES",
    "SOURCE_ENV_UNAVAILABLE",
    "ENV_NOT_FOUND",
    "INVALID_CONFIG",
]


def error_of(server: RecordingServer, *replies: Response, **options: Any) -> Any:
    """The exception of a plain read against these replies."""
    server.will_send(*replies)
    with server.client(**options) as client, pytest.raises(To11aiError) as caught:
        client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    return caught.value


# fmt: off
BY_STATUS = [
    (400, "BAD_REQUEST", To11aiValidationError),
    (401, "UNAUTHORIZED", To11aiAuthError),
    (403, "FORBIDDEN", To11aiAuthError),
    (404, "NOT_FOUND", To11aiApiError),
    (409, "CONFLICT", To11aiApiError),
    (410, "GONE", To11aiApiError),
    (413, "CONTENT_TOO_LARGE", To11aiApiError),
    (418, "TEAPOT", To11aiApiError),
    (421, "MISDIRECTED_REQUEST", To11aiApiError),
    (422, "UNPROCESSABLE_ENTITY", To11aiApiError),
    (429, "TOO_MANY_REQUESTS", To11aiRateLimitError),
    (500, "INTERNAL", To11aiApiError),
    (503, "UNAVAILABLE", To11aiApiError),
    # resolving a prompt has no classes of its own
    (404, "PROMPT_NOT_FOUND", To11aiApiError),
    (404, "PROMPT_LABELS_NOT_FOUND", To11aiApiError),
    (404, "ENV_NOT_FOUND", To11aiApiError),
    (409, "NO_ACTIVE_RELEASE", To11aiApiError),
    (409, "AMBIGUOUS_ENV_LABELS", To11aiApiError),
    (403, "POLICY_VIOLATION", To11aiAuthError),
    *[(403, f"ENV_POLICY_{rule}", To11aiAuthError) for rule in POLICIES],
    (409, "ENVIRONMENT_SLUG_TAKEN", To11aiApiError),
    (409, "PROJECT_LABEL_SYSTEM_NOT_DELETABLE", To11aiApiError),
    (409, "CANNOT_ARCHIVE_GATEWAY_FALLBACK", To11aiApiError),
    (409, "SYSTEM_ENV_IMMUTABLE", To11aiApiError),
    (422, "INVALID_DATE_RANGE", To11aiApiError),
    # a code counts with its own status only
    (400, "RULE_NOT_FOUND", To11aiValidationError),
    (409, "RULE_NOT_FOUND", To11aiApiError),
    (404, "NO_APPLICABLE_ROUTE", To11aiApiError),
    (400, "ENV_NOT_ENABLED_FOR_PROVIDER", To11aiValidationError),
    (404, "PROMPT_LABEL_NOT_REGISTERED", To11aiApiError),
    (409, "INVALID_STEP_COUNT", To11aiApiError),
    # 401, 403 and 429 come before any code
    (401, "RULE_NOT_FOUND", To11aiAuthError),
    (403, "INVALID_WHEN_CLAUSE", To11aiAuthError),
    (403, "NO_APPLICABLE_ROUTE", To11aiAuthError),
    (429, "PROMPT_LABEL_NOT_REGISTERED", To11aiRateLimitError),
    (429, "INVALID_RETRY_POLICY", To11aiRateLimitError),
    # the rest have a class
    (404, "RULE_NOT_FOUND", RuleNotFoundError),
    (404, "RULE_NOT_FOUND_IN_ENV", RuleNotFoundError),
    (422, "NO_APPLICABLE_ROUTE", NoApplicableRouteError),
    (422, "ENV_NOT_ENABLED_FOR_PROVIDER", EnvNotEnabledForProviderError),
    (422, "PROMPT_LABEL_NOT_REGISTERED", PromptLabelNotRegisteredError),
    *[(status, code, RuleVersionInvalidSnapshotError) for status in (400, 422) for code in SNAPSHOT_CODES],
]
# fmt: on


@pytest.mark.parametrize(("status", "code", "kind"), BY_STATUS)
def test_status_and_code_choose_the_class(server: RecordingServer, status: int, code: str, kind: type) -> None:
    details = {"any": ["thing"]}
    error = error_of(server, reply(refusal(code, "said so", details), status))
    assert type(error) is kind
    assert (error.status_code, error.error_code, error.details) == (status, code, details)
    assert str(error) == f"HTTP {status} {code}: said so"


@pytest.mark.parametrize(("status", "code", "kind"), BY_STATUS)
def test_the_exact_code_may_stand_in_the_details(server: RecordingServer, status: int, code: str, kind: type) -> None:
    error = error_of(server, reply(refusal(None, "said so", {"code": code}), status))
    assert type(error) is kind
    assert error.error_code == code
    error = error_of(server, reply(refusal("generic", "said so", {"code": code}), status))
    assert type(error) is kind
    by_status = (To11aiApiError, To11aiAuthError, To11aiRateLimitError, To11aiValidationError)
    assert error.error_code == ("generic" if kind in by_status else code)
    assert str(error) == f"HTTP {status} generic {code}: said so"


@pytest.mark.parametrize("word", ["rule_not_found", "rule_not_found_in_env"])
def test_a_missing_rule_may_be_told_in_lower_case(server: RecordingServer, word: str) -> None:
    error = error_of(server, reply(refusal("not_found", "no", {"error": word, "ruleId": "ru_1"}), 404))
    assert type(error) is RuleNotFoundError
    assert (error.rule_id, error.error_code) == ("ru_1", word.upper())
    assert str(error) == f"HTTP 404 not_found {word}: no"
    error = error_of(server, reply(refusal("RULE_NOT_FOUND", "no", {"error": word}), 404))
    assert error.error_code == "RULE_NOT_FOUND"
    error = error_of(server, reply(refusal("not_found", "no", {"error": word}), 400))
    assert (type(error), error.error_code) == (To11aiValidationError, "not_found")


# fmt: off
ATTRIBUTES = [
    (404, "RULE_NOT_FOUND", {"ruleId": "ru"}, {"rule_id": "ru", "model": None, "env": None}),
    (404, "RULE_NOT_FOUND_IN_ENV", {"model": "gpt", "env": "prod"}, {"rule_id": None, "model": "gpt", "env": "prod"}),
    (422, "NO_APPLICABLE_ROUTE", {"rule": "ru", "version": "rv", "reason": "all_conditions_false"},
     {"rule_id": "ru", "version_id": "rv", "reason": "all_conditions_false"}),
    (422, "NO_APPLICABLE_ROUTE", {"ruleId": "ru", "versionId": "rv"},
     {"rule_id": "ru", "version_id": "rv", "reason": ""}),
    (422, "NO_APPLICABLE_ROUTE", {"rule": "first", "ruleId": "second", "version": 3, "versionId": "rv"},
     {"rule_id": "first", "version_id": "rv"}),
    (422, "NO_APPLICABLE_ROUTE", {"rule": "", "ruleId": "ru", "version": "", "versionId": "rv"},
     {"rule_id": "ru", "version_id": "rv"}),
    (422, "ENV_NOT_ENABLED_FOR_PROVIDER", {"rule": "ru", "env": "prod", "providerId": "openai"},
     {"rule_id": "ru", "env_slug": "prod", "provider_id": "openai"}),
    (422, "ENV_NOT_ENABLED_FOR_PROVIDER", {"ruleId": "ru", "envSlug": "prod"},
     {"rule_id": "ru", "env_slug": "prod", "provider_id": ""}),
    (422, "ENV_NOT_ENABLED_FOR_PROVIDER", {"rule": "", "ruleId": "ru", "env": "", "envSlug": "prod"},
     {"rule_id": "ru", "env_slug": "prod"}),
    (422, "INVALID_VARIANT_WEIGHTS", {"field": "variants", "reason": "sum_not_100"},
     {"field": "variants", "reason": "sum_not_100", "variant_name": None}),
    (400, "INVALID_VARIANT_PARAMS", {"field": "variants.0.params", "reason": "unknown", "variantName": "a"},
     {"field": "variants.0.params", "reason": "unknown", "variant_name": "a"}),
    (422, "INVALID_STEP_COUNT", {"field": "", "variantName": ""}, {"field": "", "reason": None, "variant_name": ""}),
    (422, "PROMPT_LABEL_NOT_REGISTERED", {"projectId": "pr", "label": "beta"}, {"project_id": "pr", "label": "beta"}),
]
WITHOUT_DETAILS = [
    (404, "RULE_NOT_FOUND", {"rule_id": None, "model": None, "env": None}),
    (422, "NO_APPLICABLE_ROUTE", {"rule_id": "", "version_id": "", "reason": ""}),
    (422, "ENV_NOT_ENABLED_FOR_PROVIDER", {"rule_id": "", "env_slug": "", "provider_id": ""}),
    (422, "INVALID_STEP_COUNT", {"field": None, "reason": None, "variant_name": None}),
    (422, "PROMPT_LABEL_NOT_REGISTERED", {"project_id": "", "label": ""}),
    (404, "PROMPT_NOT_FOUND", {}),
]
NAMES = ("ruleId", "rule", "model", "env", "version", "versionId", "reason", "envSlug", "providerId", "field",
         "variantName", "projectId", "label", "code", "error")
# fmt: on


@pytest.mark.parametrize(("status", "code", "details", "attributes"), ATTRIBUTES)
def test_the_details_become_attributes(
    server: RecordingServer, status: int, code: str, details: Any, attributes: dict[str, Any]
) -> None:
    error = error_of(server, reply(refusal(code, "no", details), status))
    assert {name: getattr(error, name) for name in attributes} == attributes


@pytest.mark.parametrize("details", [None, [], "text", 7, 1.5, True, {}, dict.fromkeys(NAMES, 7), {"ruleId": ["x"]}])
@pytest.mark.parametrize(("status", "code", "attributes"), WITHOUT_DETAILS)
def test_missing_or_wrong_details_leave_the_attributes_empty(
    server: RecordingServer, details: Any, status: int, code: str, attributes: dict[str, Any]
) -> None:
    error = error_of(server, reply(refusal(code, "no", details), status))
    assert error.details == details
    assert {name: getattr(error, name) for name in attributes} == attributes


# fmt: off
ODD_BODIES = [
    ({"success": False}, "HTTP 500: INTERNAL SERVER ERROR"),
    ({"error": None}, "HTTP 500: INTERNAL SERVER ERROR"),
    ({"error": "broken"}, "HTTP 500: broken"),
    ({"error": ""}, "HTTP 500: INTERNAL SERVER ERROR"),
    ({"error": ["broken"]}, "HTTP 500: INTERNAL SERVER ERROR"),
    ({"error": 7}, "HTTP 500: INTERNAL SERVER ERROR"),
    ({"error": True}, "HTTP 500: INTERNAL SERVER ERROR"),
    ({"error": {}}, "HTTP 500: INTERNAL SERVER ERROR"),
    ({"error": {"code": 7, "message": 8}}, "HTTP 500: 8"),
    ({"error": {"code": [], "message": {"text": "x"}}}, "HTTP 500: {'text': 'x'}"),
    ({"error": {"code": "", "message": ""}}, "HTTP 500: INTERNAL SERVER ERROR"),
    ({"error": {"code": "X"}}, "HTTP 500 X: INTERNAL SERVER ERROR"),
    ([], "HTTP 500: INTERNAL SERVER ERROR"),
    ("text", "HTTP 500: INTERNAL SERVER ERROR"),
    (None, "HTTP 500: INTERNAL SERVER ERROR"),
    (7, "HTTP 500: INTERNAL SERVER ERROR"),
]
# fmt: on


@pytest.mark.parametrize(("body", "message"), ODD_BODIES)
def test_an_odd_error_body_is_an_api_error_all_the_same(server: RecordingServer, body: Any, message: str) -> None:
    error = error_of(server, reply(body, 500))
    assert type(error) is To11aiApiError
    assert str(error) == message
    assert error.status_code == 500


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 200_000, b'{"error": NaN}', b"1" * 5000])
@pytest.mark.parametrize(("status", "kind"), [(400, To11aiValidationError), (502, To11aiApiError)])
def test_an_error_body_need_not_be_json(server: RecordingServer, body: bytes, status: int, kind: type) -> None:
    error = error_of(server, Response(body, status))
    assert type(error) is kind
    assert error.error_code is None
    assert error.details is None
    assert str(error).startswith(f"HTTP {status}: ")


def test_a_message_has_at_most_1000_characters(server: RecordingServer) -> None:
    error = error_of(server, reply(refusal("C" * 600, "m" * 5000), 500))
    assert len(str(error)) == 1000
    assert str(error).startswith("HTTP 500 CCC")
    assert len(str(error_of(server, reply(refusal("X", KEY * 200), 500)))) <= 1000
    assert len(str(error_of(server, reply(refusal("X", "secret" * 500), 500), api_key="secret"))) <= 1000


def test_a_redirect_that_is_not_followed_says_what_to_change(server: RecordingServer) -> None:
    error = error_of(server, reply({}, 302, location="https://elsewhere.test/"))
    assert type(error) is To11aiApiError
    assert error.status_code == 302
    assert "base_url" in str(error)
    assert len(server.seen) == 1


def test_an_error_describes_its_call(server: RecordingServer) -> None:
    error = error_of(
        server,
        reply(refusal("X"), 503, x_to11_request_id="first"),
        reply(refusal("X"), 503, x_to11_request_id="last", x_request_id="other"),
        max_retries=1,
    )
    assert error.attempts == 2
    assert error.elapsed_s >= 0.1
    assert error.method == "GET"
    assert error.endpoint == "/v1/projects/{project_id}/prompts/{prompt_id}"
    assert error.request_id == "last"


def test_the_request_id_may_have_its_common_name(server: RecordingServer) -> None:
    assert error_of(server, reply(refusal("X"), 404, x_request_id="r-1")).request_id == "r-1"
    assert error_of(server, reply(refusal("X"), 404)).request_id is None


def test_a_reply_that_does_not_fit_describes_its_call_too(server: RecordingServer) -> None:
    error = error_of(server, reply(success({}), 200, x_to11_request_id="r-1"))
    assert type(error) is To11aiResponseValidationError
    assert (error.attempts, error.method, error.request_id) == (1, "GET", "r-1")


def test_a_network_error_describes_its_call_too() -> None:
    client = create_client(api_key=KEY, base_url="http://127.0.0.1:1", max_retries=0)
    with client, pytest.raises(To11aiNetworkError) as caught:
        client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    assert (caught.value.attempts, caught.value.method, caught.value.request_id) == (1, "GET", None)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    assert "base_url" in str(caught.value)


@pytest.mark.parametrize("header", ["retry_after"])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), ("0", 0.0), ("1.5", 1.5), ("soon", None), ("-1", None), ("1e3", None), ("", None)],
)
def test_a_rate_limit_says_when_to_come_back(
    server: RecordingServer, header: str, value: str, seconds: float | None
) -> None:
    error = error_of(server, reply(refusal("X"), 429, **{header: value}))
    assert error.retry_after_seconds == seconds


def test_a_rate_limit_may_say_a_date(server: RecordingServer) -> None:
    error = error_of(server, reply(refusal("X"), 429, retry_after="Fri, 31 Dec 9999 23:59:59 GMT"))
    assert error.retry_after_seconds > 1e9
    error = error_of(server, reply(refusal("X"), 429, retry_after="Sun, 06 Nov 1994 08:49:37 GMT"))
    assert error.retry_after_seconds == 0.0


def test_a_rate_limit_without_the_header_does_not_know(server: RecordingServer) -> None:
    assert error_of(server, reply(refusal("X"), 429)).retry_after_seconds is None


# --- pickle and copy


def provoked(server: RecordingServer) -> list[To11aiError]:
    """One error of every class, as a caller gets it."""
    replies = {kind: (status, code) for status, code, kind in BY_STATUS}
    errors = [error_of(server, reply(refusal(code, "no", {"a": 1}), status)) for status, code in replies.values()]
    errors += [error_of(server, reply(success(None)))]
    server.url = "http://127.0.0.1:1"
    return [*errors, error_of(server)]


def duplicates(error: To11aiError) -> list[To11aiError]:
    pickled = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [*pickled, copy.copy(error), copy.deepcopy(error)]


def test_every_error_survives_pickle_and_copy(server: RecordingServer) -> None:
    errors = provoked(server)
    assert {type(error) for error in errors} == {*CLASSES, To11aiNetworkError, To11aiResponseValidationError}
    for error in errors:
        assert vars(error)
        for twin in duplicates(error):
            assert type(twin) is type(error)
            assert str(twin) == str(error)
            assert vars(twin) == vars(error)


def test_the_cause_survives_a_copy_and_not_a_pickle() -> None:
    class Unpicklable(Exception):
        def __reduce__(self) -> str:
            raise TypeError("not to be pickled")

    error = To11aiNetworkError("down", cause=Unpicklable())
    error.attempts = 2
    assert copy.copy(error).cause is error.cause
    assert copy.deepcopy(error).__cause__ is error.cause
    lonely = pickle.loads(pickle.dumps(error))
    assert (str(lonely), lonely.attempts, lonely.cause) == ("down", 2, None)


def test_a_deep_copy_shares_no_details() -> None:
    error = To11aiApiError("no", status_code=404, details={"list": []})
    assert copy.copy(error).details is error.details
    assert copy.deepcopy(error).details is not error.details


# --- made by hand, as fakes and tests of applications do

NEEDED: Any = inspect.Parameter.empty
# fmt: off
BY_HAND: list[tuple[type[To11aiError], dict[str, Any]]] = [
    (To11aiApiError, {"status_code": NEEDED, "error_code": None, "details": None}),
    (To11aiAuthError, {"status_code": NEEDED, "error_code": None, "details": None}),
    (To11aiValidationError, {"error_code": None, "details": None}),
    (To11aiRateLimitError, {"retry_after_seconds": None, "error_code": None, "details": None}),
    (To11aiNetworkError, {"cause": None}),
    (RuleNotFoundError, {"error_code": NEEDED, "rule_id": None, "model": None, "env": None, "details": None}),
    (NoApplicableRouteError, {"rule_id": NEEDED, "version_id": NEEDED, "reason": NEEDED, "details": None}),
    (EnvNotEnabledForProviderError,
     {"rule_id": NEEDED, "env_slug": NEEDED, "provider_id": NEEDED, "details": None}),
    (RuleVersionInvalidSnapshotError,
     {"error_code": NEEDED, "field": None, "reason": None, "variant_name": None, "details": None, "status_code": 400}),
    (PromptLabelNotRegisteredError, {"project_id": NEEDED, "label": NEEDED, "details": None}),
]
FIXED: dict[type[To11aiError], dict[str, Any]] = {
    To11aiValidationError: {"status_code": 400},
    To11aiRateLimitError: {"status_code": 429},
    RuleNotFoundError: {"status_code": 404},
    NoApplicableRouteError: {"status_code": 422, "error_code": "NO_APPLICABLE_ROUTE"},
    EnvNotEnabledForProviderError: {"status_code": 422, "error_code": "ENV_NOT_ENABLED_FOR_PROVIDER"},
    PromptLabelNotRegisteredError: {"status_code": 422, "error_code": "PROMPT_LABEL_NOT_REGISTERED"},
}
# fmt: on
HAND_MADE = pytest.mark.parametrize(("kind", "defaults"), BY_HAND)


def values_of(defaults: dict[str, Any]) -> dict[str, Any]:
    """A value for each argument, none of them its default."""
    odd = {"status_code": 418, "cause": OSError("down"), "retry_after_seconds": 3, "details": [{"a": 1}]}
    return {name: odd.get(name, f"its {name}") for name in defaults}


def test_each_class_of_an_error_reply_is_in_the_table() -> None:
    assert {kind for kind, _ in BY_HAND} == {To11aiNetworkError, *CLASSES}


@HAND_MADE
def test_all_but_the_message_is_by_name_with_these_defaults(kind: type[To11aiError], defaults: dict[str, Any]) -> None:
    message, *others = inspect.signature(kind).parameters.values()
    assert (message.name, message.kind) == ("message", message.POSITIONAL_OR_KEYWORD)
    assert {parameter.name: parameter.default for parameter in others} == defaults
    assert {parameter.kind for parameter in others} == {inspect.Parameter.KEYWORD_ONLY}


@HAND_MADE
def test_what_is_given_can_be_read_and_survives(kind: type[To11aiError], defaults: dict[str, Any]) -> None:
    given = values_of(defaults)
    error = kind("text", **given)
    assert (str(error), error.args) == ("text", ("text",))
    for twin in (error, *duplicates(error)):
        kept = {name: getattr(twin, name) for name in given if name != "cause"}
        assert kept == {name: value for name, value in given.items() if name != "cause"}
        assert {name: getattr(twin, name) for name in FIXED.get(kind, {})} == FIXED.get(kind, {})
        assert (type(twin), str(twin), repr(twin)) == (kind, "text", repr(error))


@HAND_MADE
def test_what_is_not_given_is_the_default(kind: type[To11aiError], defaults: dict[str, Any]) -> None:
    given = {name: value for name, value in values_of(defaults).items() if defaults[name] is NEEDED}
    error = kind("text", **given)
    if kind is PromptLabelNotRegisteredError:
        defaults = {**defaults, "details": {"projectId": "its project_id", "label": "its label"}}
    assert {name: getattr(error, name) for name in defaults} == {**defaults, **given}
    assert (error.attempts, error.method, error.request_id, error.__cause__) == (0, "", None, None)


@HAND_MADE
def test_a_missing_or_unknown_word_is_named(kind: type[To11aiError], defaults: dict[str, Any]) -> None:
    given = values_of(defaults)
    for name in (name for name, default in defaults.items() if default is NEEDED):
        with pytest.raises(TypeError, match=f"missing 1 required keyword-only argument: '{name}'"):
            kind("text", **{key: value for key, value in given.items() if key != name})
    with pytest.raises(TypeError, match="unexpected keyword argument 'statuscode'"):
        kind("text", **given, statuscode=1)
    with pytest.raises(TypeError, match="positional argument"):
        kind("text", "more", **given)


@pytest.mark.parametrize("details", [{}, [], "", 0, False, {"label": "other"}])
def test_details_that_are_given_stay_as_they_are(details: Any) -> None:
    error = PromptLabelNotRegisteredError("no", project_id="pr", label="beta", details=details)
    assert error.details is details
    assert (error.project_id, error.label) == ("pr", "beta")


def test_the_cause_is_chained() -> None:
    cause = OSError("down")
    error = To11aiNetworkError("no reply", cause=cause)
    assert error.cause is error.__cause__ is cause
    assert (error.unsent, error.final) == (False, False)
    with pytest.raises(To11aiNetworkError) as caught:
        raise To11aiNetworkError("no reply") from cause
    assert caught.value.cause is cause
    try:
        raise cause
    except OSError:
        error = To11aiNetworkError("no reply")
        assert (error.cause, error.__suppress_context__) == (None, False)


@pytest.mark.parametrize("kind", [To11aiError, To11aiNetworkError, To11aiResponseValidationError, *CLASSES])
def test_an_error_that_was_never_initialized_is_one_all_the_same(kind: type[To11aiError]) -> None:
    bare = kind.__new__(kind)
    names = [name for each in kind.__mro__ for name in inspect.get_annotations(each)]
    assert {"attempts", "request_id"} <= set(names)
    for error in (bare, *duplicates(bare)):
        assert (repr(error), str(error)) == (f"{kind.__name__}()", "")
        for name in names:
            getattr(error, name)


def test_the_base_takes_what_any_exception_takes() -> None:
    class Own(To11aiError):
        def __init__(self, code: int, *, why: str) -> None:
            super().__init__(code, why)
            self.why = why

    assert To11aiError().args == ()
    for error in duplicates(To11aiError("a", 2)):
        assert error.args == ("a", 2)
    for twin in (copy.copy(Own(3, why="x")), copy.deepcopy(Own(3, why="x"))):
        assert (twin.args, twin.why) == ((3, "x"), "x")
    redact(error := Own(3, why="longer key"), "longer key")
    assert (error.args, error.why) == ((3, "[key]"), "[key]")


# --- the key


def everything(error: BaseException) -> str:
    parts = [str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error))]
    return "".join([*parts, *(pickle.dumps(error, protocol).decode("latin-1") for protocol in range(6))])


# fmt: off
ECHOES = [
    reply(refusal("X", f"bad key {KEY}"), 401),
    reply(refusal("X", "no", {"key": KEY, KEY: [KEY, {"deep": f"Bearer {KEY}"}]}), 401),
    reply(refusal(KEY, "no"), 401),
    reply(refusal("X", {"text": KEY}), 401),
    reply({"error": KEY}, 500),
    reply({"error": {"details": {"code": KEY}}}, 500),
    reply(refusal("X"), 500, x_request_id=KEY),
    reply(refusal("X"), 500, x_to11_request_id=f"id-{KEY}"),
    reply(refusal("X"), 302, location=f"https://elsewhere.test/{KEY}"),
    reply(refusal("X"), 429, retry_after=KEY),
    reply(success({**PROMPT, "id": [KEY]})),
    reply(success({**PROMPT, "createdAt": KEY})),
    reply({"success": False, "error": {"message": KEY}}),
    reply(KEY),
    Response(KEY),
    Response(json.dumps(success(PROMPT)) + KEY),
]
# fmt: on


@pytest.mark.parametrize("echo", ECHOES)
def test_a_key_that_the_server_echoes_is_not_told_on(server: RecordingServer, echo: Response) -> None:
    assert KEY not in everything(error_of(server, echo))


def test_no_part_of_a_key_is_left_where_a_long_message_is_cut(server: RecordingServer) -> None:
    for length in range(960, 1000):
        error = error_of(server, reply({"error": "m" * length + KEY}, 500))
        assert KEY[:10] not in everything(error)


def test_the_key_is_in_no_representation_of_the_client(server: RecordingServer) -> None:
    with server.client() as client:
        assert KEY not in repr(client)
        assert KEY not in str(client)
        assert repr(client) == f"<To11aiClient {server.url}>"


def test_redaction_leaves_other_values_and_short_secrets_alone() -> None:
    error = To11aiApiError("a key", status_code=400, details={"n": 1, "list": [None, True, "key"]})
    redact(error, "key")
    assert str(error) == "a key"
    redact(error, "longer key")
    assert error.details == {"n": 1, "list": [None, True, "key"]}


@pytest.mark.parametrize("key", [f"{KEY} ", f" {KEY}", f"  {KEY}  "])
def test_a_key_is_hidden_as_a_server_reads_it_without_spaces_around_it(server: RecordingServer, key: str) -> None:
    echo = reply({"error": {"message": f"bad key {KEY}, bad token {KEY}2"}}, 422)
    error = error_of(server, echo, api_key=key, default_headers={"X-Token": f" {KEY}2 "})
    assert KEY not in everything(error)


def test_the_attributes_of_a_class_are_documented() -> None:
    assert RuleNotFoundError.rule_id.__doc__ == "Id of the rule."

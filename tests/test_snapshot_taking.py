"""Taking snapshots from a server that uses other words, or fails in the middle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from recording import KEY, reply
from samples import PAGINATION, PROMPT, RESOLVED, refusal, success

from to11ai_sdk import Snapshot, To11aiApiError, To11aiAuthError, To11aiError, To11aiNetworkError, create_client
from to11ai_sdk.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from recording import RecordingServer
    from werkzeug import Response

GOOD = reply(success(RESOLVED))
UNLABELLED = reply(refusal("PROMPT_LABELS_NOT_FOUND"), 404)


def listed(*slugs: str) -> Response:
    """The first and only page of a project's prompts."""
    rows = [{**PROMPT, "id": f"pm_{slug}", "slug": slug} for slug in slugs]
    return reply(success(rows, pagination={**PAGINATION, "total": len(rows)}))


def take(server: RecordingServer, **options: Any) -> Snapshot:
    with server.client() as client:
        return Snapshot.take(client, **{"project_id": "p", "labels": ["production"], **options})


def slugs(taken: Snapshot) -> list[str]:
    return [entry["slug"] for entry in taken.to_dict()["prompts"]]


# --- the words of other servers


@pytest.mark.parametrize("exact", ["PROMPT_LABELS_NOT_FOUND", "PROMPT_NOT_FOUND"])
@pytest.mark.parametrize("general", ["not_found", "NOT_FOUND", None, "same"])
def test_prompts_without_the_label_are_not_taken_wherever_the_server_says_so(
    exact: str, general: str | None, server: RecordingServer
) -> None:
    code = exact if general == "same" else general
    server.will_send(listed("a", "b", "c"), GOOD, reply(refusal(code, details={"code": exact}), 404), GOOD)
    assert slugs(take(server)) == ["a", "c"]


@pytest.mark.parametrize("details", [None, [], "text", {"code": None}, {"code": ["PROMPT_NOT_FOUND"]}, {"code": {}}])
def test_any_other_404_is_raised(details: Any, server: RecordingServer) -> None:
    server.will_send(listed("a", "b"), GOOD, reply(refusal("not_found", details=details), 404))
    with pytest.raises(To11aiApiError, match="HTTP 404 not_found"):
        take(server)


@pytest.mark.parametrize("status", [400, 422])
def test_prompts_that_the_server_does_not_render_are_named_or_left_out(status: int, server: RecordingServer) -> None:
    refused = reply(refusal("validation", "Template render validation failed"), status)
    script = [listed("a", "b", "c"), refused, GOOD, refused]
    server.will_send(*script)
    with pytest.raises(ValueError, match=r"cannot be rendered: a: .*validation failed; c: HTTP .*\(partial\)"):
        take(server)
    server.will_send(*script)
    one = take(server, partial=True)
    assert (slugs(one), one.left_out) == (["b"], ("a", "c"))


def test_if_all_were_left_out_the_reasons_are_given(server: RecordingServer) -> None:
    server.will_send(listed("a", "b"), reply(refusal("TEMPLATE_RENDER_FAILED", "'name' is undefined"), 422))
    with pytest.raises(ValueError, match=r"cannot be rendered: a: .*'name' is undefined; b: .*'name' is undefined"):
        take(server, partial=True)


def test_a_prompt_with_given_variables_must_have_the_label(server: RecordingServer) -> None:
    server.will_send(listed("a", "b"), GOOD, UNLABELLED)
    with pytest.raises(To11aiApiError, match="PROMPT_LABELS_NOT_FOUND"):
        take(server, variables={"b": {"name": "Ada"}})


# --- in the middle


@pytest.mark.parametrize(
    ("failure", "kind", "message"),
    [
        (reply(refusal("INTERNAL"), 500), To11aiApiError, "the prompt 'b': HTTP 500 INTERNAL: no"),
        (
            reply(refusal("RATE_LIMITED"), 429, retry_after="60"),
            To11aiApiError,
            "the prompt 'b': HTTP 429 RATE_LIMITED",
        ),
        (reply(refusal("UNAUTHORIZED"), 401), To11aiAuthError, "the prompt 'b': HTTP 401 UNAUTHORIZED"),
        (reply(success({"slug": "b"})), To11aiError, "the prompt 'b': HTTP 200, but prompts.resolve: the"),
    ],
)
def test_a_failure_names_its_prompt_and_leaves_the_old_file(
    failure: Response,
    kind: type[To11aiError],
    message: str,
    server: RecordingServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = [listed("a", "b", "c"), GOOD, failure]
    server.will_send(*script)
    with pytest.raises(kind) as caught:
        take(server)
    assert str(caught.value).startswith(message)
    assert caught.value.method == "POST"
    path = tmp_path / "prompts.json"
    path.write_text("old")
    server.will_send(*script, *[failure] * 10)
    where = ("--api-key", KEY, "--base-url", server.url, "--project-id", "p", "--label", "production", "-o", str(path))
    assert main(["snapshot", *where]) == 1
    assert capsys.readouterr().err.startswith(f"to11ai: {message}")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("prompts.json", "old")]


def test_a_lost_connection_names_its_prompt() -> None:
    with (
        create_client(api_key=KEY, base_url="http://127.0.0.1:1", max_retries=0) as client,
        pytest.raises(To11aiNetworkError, match=r"^the prompt 'b': 127\.0\.0\.1:1: connection refused"),
    ):
        Snapshot.take(client, project_id="p", labels=["production"], slugs=["b"])


def test_the_same_prompt_taken_twice_is_there_once(server: RecordingServer) -> None:
    other = {**RESOLVED, "variantName": "b", "rendered": {"format": "text", "text": "of the other variant"}}
    server.will_send(GOOD, reply(success(other)))
    one = take(server, slugs=["a"], variables={"a": [{"name": "Ada"}, {"name": "Ada"}]})
    assert slugs(Snapshot.from_dict(json.loads(one.to_bytes()))) == ["a"]

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bound import call

from to11ai_sdk.local.http.arguments import decode
from to11ai_sdk.local.problems import Problem
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_call_with_a_body_needs_an_object(body: object) -> None:
    with pytest.raises(Problem, match=r"^the body must be a JSON object$"):
        decode(ENDPOINTS["prompts.create"], {"project_id": "p"}, {}, body)


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "message"),
    [
        ("POST", "prompts", b"{}", "name", "name is required"),
        ("GET", "prompts?page=abc", None, "page", "page must be an int"),
        ("GET", "environments?includeArchived=1", None, "includeArchived", "includeArchived must be a bool"),
        ("GET", "prompts/p/versions/abc", None, "versionNumber", "versionNumber must be an int"),
        ("GET", f"prompts/p/versions/{2**63}", None, "versionNumber", "versionNumber is too large a number"),
        (
            "POST",
            "prompt-labels",
            b'{"label": "l", "isDefault": "yes"}',
            "isDefault",
            "isDefault must be a bool, not str",
        ),
        (
            "POST",
            "prompts",
            b'{"name": "A", "slug": "a", "tags": [1]}',
            "tags",
            "tags must be a list of str, not list of int",
        ),
        ("PUT", "prompts/p/labels/live", b"{}", "versionId", "versionId is required"),
    ],
)
def test_what_is_wrong_with_an_argument_is_told_by_its_name_on_the_wire(
    to11: LocalTo11, method: str, path: str, body: bytes | None, field: str, message: str
) -> None:
    reply = call(to11, method, path, body)
    assert (reply.status, reply.json["error"]["message"]) == (400, message)
    assert reply.json["error"]["details"] == {"field": field, "code": "INVALID_INPUT"}


@pytest.mark.parametrize("number", ["1_0", "%D9%A1", "%201", "1%20", "+1", "%2B1", "", "-", "--1", "1.0", "1" * 5000])
def test_a_number_is_written_in_digits(to11: LocalTo11, number: str) -> None:
    assert call(to11, "GET", f"prompts?page={number}").json["error"]["details"]["field"] == "page"


def test_a_negative_number_is_read_before_it_is_refused(to11: LocalTo11) -> None:
    assert "page must be 1 to" in call(to11, "GET", "prompts?page=-1").json["error"]["message"]

from __future__ import annotations

import http.client
from typing import Any

import pytest
from samples import RESOLVED

from to11ai_sdk import ResolvedPrompt, gateway_auth_headers, gateway_prompt_headers


def prompt(**changes: Any) -> ResolvedPrompt:
    return ResolvedPrompt.from_dict({**RESOLVED, **changes})


def test_the_headers_that_authenticate() -> None:
    assert gateway_auth_headers("to11_key", "pr_1") == {
        "x-to11-authorization": "Bearer to11_key",
        "x-to11-project-id": "pr_1",
    }
    assert gateway_auth_headers(api_key="k", project_id="p", env="staging")["x-to11-env"] == "staging"


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\r\nx-evil: 1", "a\0b", "\u20ac"])
@pytest.mark.parametrize("name", ["api_key", "project_id", "env"])
def test_a_value_that_no_header_can_hold_is_refused_and_not_repeated(name: str, value: str) -> None:
    arguments = {"api_key": "k", "project_id": "p", "env": "e", name: f"{value}"}
    with pytest.raises(ValueError, match=f"^{name} must") as caught:
        gateway_auth_headers(**arguments)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize("name", ["api_key", "project_id", "env"])
def test_a_value_is_a_str(name: str) -> None:
    arguments: dict[str, Any] = {"api_key": "k", "project_id": "p", "env": "e", name: 7}
    with pytest.raises(TypeError, match=f"^{name} must be a str, not int$"):
        gateway_auth_headers(**arguments)


def test_the_headers_that_say_which_prompt() -> None:
    assert gateway_prompt_headers(prompt(version=12, labels=["production", "beta"])) == {
        "x-to11-prompt-id": "pm_1",
        "x-to11-prompt-version": "12",
        "x-to11-prompt-labels": "production,beta",
    }


def test_labels_are_left_out_when_there_are_none() -> None:
    assert "x-to11-prompt-labels" not in gateway_prompt_headers(prompt(labels=[]))


@pytest.mark.parametrize(
    ("version", "text"), [(3, "3"), (3.0, "3"), (2147483647, "2147483647"), (2147483647.0, "2147483647")]
)
def test_the_version_is_a_whole_number_in_text(version: float, text: str) -> None:
    assert gateway_prompt_headers(prompt(version=version))["x-to11-prompt-version"] == text


@pytest.mark.parametrize("changes", [{"promptId": ""}, {"promptId": "a\nb"}, {"labels": ["a\r\nb"]}, {"labels": [""]}])
def test_a_prompt_that_no_header_can_hold_is_refused(changes: Any) -> None:
    with pytest.raises(ValueError, match="must"):
        gateway_prompt_headers(prompt(**changes))


def test_a_client_of_a_provider_can_send_them() -> None:
    headers = {**gateway_auth_headers("k", "p", "e"), **gateway_prompt_headers(prompt())}
    connection = http.client.HTTPConnection("gw.to11.test")
    connection.putrequest("POST", "/v1/chat/completions")
    for name, value in headers.items():
        connection.putheader(name, value)

"""Guardrails: what is found, what is not, and that it is never repeated."""

from __future__ import annotations

import time

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from to11ai_sdk.local.gateway.config.gateway_config import GuardrailsConfig
from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.gateway.observe.guardrails import STREAM_LIMIT, Finding, Guardrails, is_card

ON = Guardrails(GuardrailsConfig(True, ("Project X", "straße")))
OFF = Guardrails(GuardrailsConfig(False, ("project x",)))

FOUND = {
    "ssn": ["123-45-6789", "ssn: 123 45 6789.", "(078-05-1120)"],
    "credit_card": ["4111 1111 1111 1111", "card=4111111111111111,", "3782-822463-10005", "6011000990139424"],
    "email": ["mail a.b+c@example.co.uk now", "<X@Y.IO>", "a@b-c.org."],
    "ip_address": ["10.0.0.1", "at 192.168.1.255, port", "2001:db8::ff00:42:8329", "[fe80::1]", "::ffff:a00:1"],
    "phone": [
        "+1 415 555 2671",
        "(415) 555-2671",
        "415-555-2671",
        "call 1-415-555-2671!",
        "+49 30 1234567",
        "+442071838750",
    ],
}
CLEAN = [
    "",
    "Hello, world",
    "in 2026-06-17T12:30:45Z",
    "000-12-3456",
    "123-456789",
    "4111 1111 1111 1112",
    "0000 0000 0000 0000",
    "version 1.2.3",
    "999.1.1.1",
    "1.2.3.4.5",
    "std::vector a[1::2] x :: Int",
    "12:30:45",
    "a@b",
    "@example.com",
    "1 + 2 = 3, 12345678901234567890123",
    "id 5f3e-1234-5678",
    "f(1.0, 2.0)",
]


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason, texts in FOUND.items() for text in texts])
def test_personal_data_is_found(reason: str, text: str) -> None:
    assert ON.find(text) == Finding("pii", reason)
    assert ON.find(f"before\n{text}\nafter") == Finding("pii", reason)


@pytest.mark.parametrize("text", CLEAN)
def test_other_texts_pass(text: str) -> None:
    assert ON.find(text) is None


@pytest.mark.parametrize("text", ["project x", "my PROJECT X!", "theproject xylophone", "STRASSE", "Straße 5"])
def test_blocked_words_are_found_in_any_case_and_anywhere(text: str) -> None:
    assert ON.find(text) == Finding("blocklist", "blocked_term")


def test_the_blocklist_comes_first() -> None:
    assert ON.find("project x, 10.0.0.1") == Finding("blocklist", "blocked_term")
    assert ON.find("10.0.0.1 and 123-45-6789") == Finding("pii", "ssn")


def test_input_is_refused_with_400_and_output_with_422() -> None:
    with pytest.raises(GatewayProblem) as caught:
        ON.check_input(["hello", "I am 123-45-6789"])
    problem = caught.value
    assert (problem.status, problem.code, problem.header_code) == (400, "GUARDRAIL_VIOLATION", "content_policy")
    assert problem.details == {"detector": "pii", "reason": "ssn", "stage": "input"}
    assert "pii" in problem.message
    assert "ssn" in problem.message
    with pytest.raises(GatewayProblem) as caught:
        ON.check_output(iter(["about project x"]))
    assert caught.value.status == 422
    assert caught.value.details == {"detector": "blocklist", "reason": "blocked_term", "stage": "output"}
    ON.check_input([])
    ON.check_output(["fine", "123-45", "-6789"])


@pytest.mark.parametrize("text", [text for texts in FOUND.values() for text in texts] + ["Project X"])
def test_what_was_found_is_never_repeated(text: str) -> None:
    with pytest.raises(GatewayProblem) as caught:
        ON.check_input([text])
    shown = f"{caught.value.message} {caught.value.details}".lower()
    assert text.lower() not in shown
    assert not any(char.isdigit() for char in shown)


def heard(*pieces: str, guardrails: Guardrails = ON) -> tuple[int, str | None]:
    """How many pieces of a stream pass, and what then ends it, at a piece or at its end."""
    guard, passed = guardrails.stream(), 0
    try:
        for piece in pieces:
            guard.add(piece)
            passed += 1
        guard.end()
    except GatewayProblem as problem:
        return passed, problem.details["reason"]
    return passed, None


def test_guardrails_that_are_off_see_nothing() -> None:
    OFF.check_input(["project x 123-45-6789"])
    OFF.check_output(["project x 123-45-6789"])
    assert heard("project x 123-45-6789 ", guardrails=OFF) == (1, None)


def test_a_stream_is_checked_across_its_pieces() -> None:
    assert heard("My number", " is 123-", "45-67", "89", " bye") == (4, "ssn")
    assert heard("the pro", "ject ", "x") == (2, "blocked_term")
    with pytest.raises(GatewayProblem) as caught:
        ON.stream().add("project x")
    assert (caught.value.status, caught.value.code) == (422, "GUARDRAIL_VIOLATION")
    assert caught.value.details == {"detector": "blocklist", "reason": "blocked_term", "stage": "output"}


def test_the_end_of_a_stream_is_checked_too() -> None:
    assert heard("10.0.0.1") == (1, "ip_address")
    assert heard("10.0.0.1", ".") == (2, "ip_address")
    assert heard("10.0.0.1", ".5") == (2, None)
    assert heard("10.0.0.1", ".", "5", "") == (4, None)


@pytest.mark.parametrize("sentence", ["これは普通の文です。", "a", "1.", "x-"])
def test_a_stream_without_white_space_is_checked_as_it_comes(sentence: str) -> None:
    assert heard(*[sentence] * 900, "。straße", *[sentence] * 900) == (900, "blocked_term")
    assert heard(*[sentence] * 900, "。ada@example.com", "へ", *[sentence] * 900) == (901, "email")


@pytest.mark.parametrize("text", CLEAN)
def test_nothing_is_found_in_half_of_what_is_clean(text: str) -> None:
    assert heard(*text) == (len(text), None)


def test_a_stream_is_checked_up_to_its_limit() -> None:
    assert heard("é" * (STREAM_LIMIT // 2 - 6), " 10.0.0.1 and more") == (1, "ip_address")
    assert heard("x" * STREAM_LIMIT, " 10.0.0.1 ") == (2, None)


@pytest.mark.parametrize("piece", ["word 12 ", "12-3456-", "日本語の文", "1.2.3.4.5."])
def test_a_long_stream_in_small_pieces_is_checked_quickly(piece: str) -> None:
    begin = time.process_time()
    assert heard(*[piece] * (STREAM_LIMIT // 8))[1] is None
    assert time.process_time() - begin < 10


@given(
    st.lists(
        st.sampled_from([*CLEAN, "123-45-6789", " ", "10.0.0.1", "Project", "X", "4111", "1111", "\n"]), max_size=12
    )
)
@settings(max_examples=examples(100), deadline=None)
def test_a_stream_lets_nothing_pass_that_the_whole_text_has(pieces: list[str]) -> None:
    assert heard(*pieces)[1] or ON.find("".join(pieces)) is None


def test_a_stream_blocks_a_number_that_more_digits_would_have_hidden() -> None:
    text = "4111 1111 1111 1111 000-12"
    assert ON.find(text) is None
    assert heard("4111 1111 1111 1111 ", "000-12") == (0, "credit_card")


@given(st.lists(st.integers(0, 9), min_size=12, max_size=18).filter(lambda digits: len(set(digits)) > 1))
def test_a_card_has_exactly_one_check_digit(digits: list[int]) -> None:
    body = "".join(map(str, digits))
    assert sum(is_card(body + str(last)) for last in range(10)) == 1


@given(st.text())
def test_any_text_can_be_checked(text: str) -> None:
    assert (ON.find(text) is None) == (heard(text)[1] is None)


@pytest.mark.parametrize(
    "text", ["1-" * 30_000, "a." * 30_000 + "@", ":" * 60_000, "+1 22 " * 10_000, "a@" * 30_000, "1.1." * 15_000]
)
def test_no_text_takes_long(text: str) -> None:
    begin = time.process_time()
    ON.find(text)
    assert time.process_time() - begin < 5

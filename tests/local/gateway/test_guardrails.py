"""Guardrails: what is found, what is not, and that it is never repeated."""

from __future__ import annotations

import subprocess
import sys
import time

import personal_data_corpus as corpus
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from to11ai_sdk.local.bounds import MAX_STREAM_TEXT
from to11ai_sdk.local.gateway.config.gateway_config import PHONE_REGIONS, ConfigError, GatewayConfig, GuardrailsConfig
from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.gateway.observe import phone_numbers
from to11ai_sdk.local.gateway.observe.guardrails import Finding, Guardrails
from to11ai_sdk.local.gateway.observe.personal_data import is_card

ON = Guardrails(GuardrailsConfig(True, ("Project X", "straße")))
OFF = Guardrails(GuardrailsConfig(False, ("project x",)))

CORPUS = {
    "phone": corpus.PHONES,
    "ip_address": corpus.ADDRESSES,
    "email": corpus.EMAILS,
    "credit_card": corpus.CARDS,
    "ssn": corpus.SSNS,
    "iban": corpus.IBANS,
}
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
    ON.check_input(["the project", "x = 030", "1234567", "4111 1111", "1111 1111"])


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
    assert heard("é" * (MAX_STREAM_TEXT // 2 - 6), " 10.0.0.1 and more") == (1, "ip_address")
    assert heard("x" * MAX_STREAM_TEXT, " 10.0.0.1 ") == (2, None)


@pytest.mark.parametrize("piece", ["word 12 ", "12-3456-", "日本語の文", "1.2.3.4.5."])
def test_a_long_stream_in_small_pieces_is_checked_quickly(piece: str) -> None:
    begin = time.process_time()
    assert heard(*[piece] * (MAX_STREAM_TEXT // 8))[1] is None
    assert time.process_time() - begin < 10


@given(
    st.lists(
        st.sampled_from([*CLEAN, "123-45-6789", " ", "10.0.0.1", "Project", "X", "4111", "1111", "\n"]), max_size=12
    )
)
@settings(max_examples=examples(100), deadline=None)
def test_a_stream_lets_nothing_pass_that_the_whole_text_has(pieces: list[str]) -> None:
    assert heard(*pieces)[1] or ON.find("".join(pieces)) is None


def test_a_card_is_found_whatever_digits_follow() -> None:
    text = "4111 1111 1111 1111 000-12"
    assert ON.find(text) == Finding("pii", "credit_card")
    assert heard("4111 1111 1111 1111 ", "000-12") == (0, "credit_card")


@pytest.mark.parametrize(("reason", "texts"), CORPUS.items(), ids=CORPUS)
def test_all_of_the_corpus_is_found(reason: str, texts: list[str]) -> None:
    assert [text for text in texts if ON.find(text) != Finding("pii", reason)] == []
    assert [text for text in texts if ON.find(f"Before {text} after.") != Finding("pii", reason)] == []


@pytest.mark.parametrize("texts", CORPUS.values(), ids=CORPUS)
def test_all_of_the_corpus_is_found_in_a_stream_of_any_pieces(texts: list[str]) -> None:
    assert [text for text in texts if heard(*text)[1] is None] == []
    assert [
        text for text in texts if heard("Said: ", *[text[at : at + 3] for at in range(0, len(text), 3)])[1] is None
    ] == []


def test_ordinary_texts_pass() -> None:
    assert [text for text in corpus.ORDINARY if ON.find(text)] == []
    assert [text for text in corpus.ORDINARY if ON.find(f"Before {text} after.")] == []


@pytest.mark.parametrize("text", ["git@github.com:owner/repo.git", "x@host.example:~/y/", "x = +12 345 678 901", "::"])
def test_what_may_still_become_ordinary_is_waited_for(text: str) -> None:
    assert heard(*text, " ") == (len(text) + 1, None)


def test_what_did_not_become_ordinary_is_found() -> None:
    assert heard("jane@example.com", ":", "hello", " there")[1] == "email"
    assert heard("jane@example.com", ":")[1] == "email"


def test_a_long_stream_finds_what_stands_at_any_place() -> None:
    filler = "The answer to question seven is 42, not 43. " * 20
    for text in ("+33 1 42 68 53 00", "jane@example.com", "::ffff:192.0.2.1", "4111 1111 1111 1111", "project  x"):
        pieces = [*filler, *text, *f" and {filler}"]
        passed, reason = heard(*pieces)
        assert reason is not None, text
        assert passed <= len(filler) + len(text) + 1, text


@pytest.mark.parametrize("space", ["  ", "\n", "\r\n\t", "\u00a0", "\u3000", " \u200b ", "\u2028"])
def test_blocked_phrases_are_found_with_any_space_between_their_words(space: str) -> None:
    assert ON.find(f"about project{space}x") == Finding("blocklist", "blocked_term")
    assert heard("about project", *space, "x")[1] == "blocked_term"
    spaced = Guardrails(GuardrailsConfig(True, (f"project{space}x",)))
    assert spaced.find("Project X") == Finding("blocklist", "blocked_term")


def test_blocked_phrases_are_found_in_any_form_of_their_characters() -> None:
    accented = Guardrails(GuardrailsConfig(True, ("caf\u00e9",)))
    assert accented.find("cafe\u0301") == accented.find("\uff23AF\u00c9") == Finding("blocklist", "blocked_term")
    assert heard("cafe", "\u0301", guardrails=accented) == (1, "blocked_term")
    assert ON.find("pro\u00adject x") == ON.find("stra\u00dfe") == Finding("blocklist", "blocked_term")


def test_whole_words_are_not_found_in_longer_ones() -> None:
    words = Guardrails(GuardrailsConfig(True, ("ass", "c++"), whole_words=True))
    assert [words.find(text) for text in ("class", "assess", "ass1", "passage", "xc++")] == [None] * 5
    assert all(words.find(text) == Finding("blocklist", "blocked_term") for text in ("ass", "an ASS!", "in C++, yes"))
    assert heard("an ass", "ess", guardrails=words) == (2, None)
    assert heard("an ass", ".", "more", guardrails=words) == (1, "blocked_term")
    assert heard("an ass", guardrails=words) == (1, "blocked_term")


def test_national_phone_numbers_are_those_of_the_chosen_regions() -> None:
    polish = Guardrails(GuardrailsConfig(True, (), phone_regions=("PL",)))
    assert ON.find("22 123 45 67") is None
    assert polish.find("22 123 45 67") == Finding("pii", "phone")
    assert polish.find("415-555-2671") is None
    assert polish.find("+1 415-555-2671") == Finding("pii", "phone")
    none = Guardrails(GuardrailsConfig(True, (), phone_regions=()))
    assert none.find("030 1234567") is None
    assert none.find("+49 30 1234567") == Finding("pii", "phone")


def test_the_options_are_read_from_a_configuration() -> None:
    table = {"enabled": True, "blocklist": ["ass"], "whole_words": True, "phone_regions": ["PL"]}
    config = GatewayConfig.of({"guardrails": table}).guardrails
    assert config == GuardrailsConfig(True, ("ass",), True, ("PL",))
    assert GatewayConfig.of({"guardrails": {"enabled": True}}).guardrails.phone_regions == PHONE_REGIONS
    with pytest.raises(ConfigError, match=r"guardrails\.phone_regions must be regions of two capital letters.*'UK'"):
        GatewayConfig.of({"guardrails": {"phone_regions": ["GB", "UK"]}})


def test_a_local_to11_without_guardrails_does_not_load_the_numbering_plans() -> None:
    code = "import sys; from to11ai_sdk.local import LocalTo11; LocalTo11().start().stop(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert "to11ai_sdk.local.gateway.observe.guardrails" in loaded
    assert not {"phonenumbers", "to11ai_sdk.local.gateway.observe.text_search"} & {*loaded}


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


@pytest.mark.parametrize("unit", ["12 ", "+1 22 ", "AB12 3456 ", "tel 1 2 3 4 5 6 7 ", "\u0301\u0316", "\ufdfa"])
def test_a_text_of_1_mb_is_checked_in_time_that_grows_with_its_length(unit: str) -> None:
    begin = time.process_time()
    assert ON.find(unit * (2**20 // len(unit.encode()))) is None
    assert time.process_time() - begin < 15


@pytest.mark.parametrize("unit", ["v 1.2.3.4 ", "linux 300.2.3.4 "])
def test_no_mb_is_much_dearer_than_others(unit: str) -> None:
    """Against a loop of Python: the load of the machine changes both."""
    ON.find(unit)

    def ratio() -> float:
        begin = time.thread_time()
        for _ in range(3_000_000):
            pass
        loop, begin = time.thread_time() - begin, time.thread_time()
        assert ON.find(unit * (1_000_000 // len(unit))) is None
        return (time.thread_time() - begin) / loop

    assert min(ratio() for _ in range(3)) < 20


def test_the_search_for_phone_numbers_stops_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    places = "041 23 45 6 " * 20
    assert ON.find(f"{places} +1 415 555 2671 030 1234567") == Finding("pii", "phone")
    monkeypatch.setattr(phone_numbers, "MAX_PHONE_WORK", 20)
    assert ON.find(f"{places} 030 1234567") is None

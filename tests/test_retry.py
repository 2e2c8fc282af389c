from __future__ import annotations

import math
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from to11ai_sdk._http.retry import RetryBudget, backoff, may_repeat, retry_after

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 784_111_777.0
"""Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110."""


@given(attempt=st.integers(1, 10**9), jitter=st.floats(0, 1))
def test_backoff_is_bounded_and_never_zero(attempt: int, jitter: float) -> None:
    assert 0.1 <= backoff(attempt, jitter) <= 8.0


@given(attempt=st.integers(1, 60), jitter=st.floats(0, 1), other=st.floats(0, 1))
def test_backoff_grows_with_the_attempt_and_with_the_jitter(attempt: int, jitter: float, other: float) -> None:
    assert backoff(attempt + 1, jitter) >= backoff(attempt, jitter)
    low, high = sorted((jitter, other))
    assert backoff(attempt, low) <= backoff(attempt, high)


@pytest.mark.parametrize(
    ("attempt", "least", "most"), [(1, 0.1, 0.2), (2, 0.2, 0.4), (3, 0.4, 0.8), (6, 3.2, 6.4), (7, 4.0, 8.0), (8, 4, 8)]
)
def test_backoff_doubles_up_to_eight_seconds(attempt: int, least: float, most: float) -> None:
    assert backoff(attempt, 0.0) == pytest.approx(least)
    assert backoff(attempt, 1.0) == pytest.approx(most)


# --- Retry-After


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("007", 7.0),
        ("120", 120.0),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10.0),
        ("Sun Nov  6 08:49:47 1994", 10.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:36 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("1.5", 1.5),
        ("0.0", 0.0),
        ("00.250", 0.25),
        (None, None),
        ("", None),
        (" ", None),
        ("-1", None),
        ("+1", None),
        ("-1.5", None),
        ("1.5.2", None),
        (".", None),
        ("1,5", None),
        ("1_000", None),
        ("0x10", None),
        ("9" * 400 + ".5", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("1, 2", None),
        ("\u0661", None),
        ("9" * 400, None),
        ("soon", None),
        ("Sun, 06 Nov 99999 08:49:37 GMT", None),
        ("Sun, 31 Feb 2030 08:49:37 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_an_http_date_in_any_time_zone(
    zone: str, value: str | None, seconds: float | None
) -> None:
    assert retry_after(value, lambda: NOW) == seconds


@given(
    st.none()
    | st.text()
    | st.text(alphabet="0123456789 ,:-+GMTSunNov.")
    | st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d{1,3}:\d{1,3}:\d{1,3} ([+-]\d{0,9}|GMT)\Z")
    | st.floats(-1e13, 1e13).map(lambda moment: formatdate(moment % 2e11, usegmt=True))
)
@example("Sun, 06 Nov 0000 08:49:37 GMT")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("1" * 5000)
def test_retry_after_never_raises_and_never_asks_for_less_than_nothing(value: str | None) -> None:
    seconds = retry_after(value, lambda: NOW)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


# --- what may be sent again


TRANSIENT = {408, 425, *range(500, 600)}


@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize("unsent", [True, False])
def test_only_what_does_nothing_twice_is_sent_again(safe: bool, unsent: bool) -> None:
    repeated = {code for code in range(100, 600) if may_repeat(safe=safe, status=code, unsent=unsent)}
    assert repeated == ({429} | TRANSIENT if safe else {429})
    assert may_repeat(safe=safe, status=None, unsent=unsent) is (safe or unsent)


# --- the budget


def test_a_full_budget_allows_twenty_retries_and_no_more() -> None:
    budget = RetryBudget()
    assert [budget.spend() for _ in range(22)] == [True] * 20 + [False] * 2


def test_ten_successes_pay_for_one_retry() -> None:
    budget = RetryBudget()
    while budget.spend():
        pass
    for _ in range(9):
        budget.refund()
    assert not budget.spend()
    for _ in range(2):
        budget.refund()
    assert budget.spend()
    assert not budget.spend()


@given(st.lists(st.booleans(), max_size=300))
def test_a_budget_stays_within_its_bounds(steps: list[bool]) -> None:
    budget, granted = RetryBudget(), 0
    for spends in steps:
        if spends:
            granted += budget.spend()
        else:
            budget.refund()
        assert 0 <= budget.tokens <= 20
    assert granted <= 20 + steps.count(False) / 10 + 1e-6

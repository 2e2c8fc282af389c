"""Tries the targets of a plan in order, each several times."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .. import gateway_problem
from ..provider import UnreachableError, UpstreamReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..gateway_problem import GatewayProblem
    from ..routing import Attempt, Plan


class Reached(NamedTuple):
    """A reply of a provider.

    Attributes:
        attempt: the target that answered.
        reply: its reply; the body is not read if it is streamed.
        content: the body, ``None`` if it is streamed.
    """

    attempt: Attempt
    reply: UpstreamReply
    content: bytes | None = None


def first_answer(plan: Plan, ask: Callable[[Attempt], Reached], sleep: Callable[[float], None]) -> Reached:
    """Return the first answer below 500, or the last one.

    Args:
        plan: the targets.
        ask: sends the call to one of them.
        sleep: waits the given seconds before a target is retried.

    Raises:
        GatewayProblem: 502 if the last target could not be reached.
    """
    last = len(plan.attempts) - 1
    for place, attempt in enumerate(plan.attempts):
        outcome = _persistent(attempt, ask, sleep)
        if isinstance(outcome, Reached) and (place == last or not plan.fails_over(outcome.reply.status)):
            return outcome
        if place == last and not isinstance(outcome, Reached):
            raise outcome
    raise ValueError("a plan without a target")


def _persistent(
    attempt: Attempt, ask: Callable[[Attempt], Reached], sleep: Callable[[float], None]
) -> Reached | GatewayProblem:
    """Return the answer of a target after its retries."""
    outcome = _once(attempt, ask)
    for wait_s in attempt.retry.waits_s():
        if isinstance(outcome, Reached) and not attempt.retry.tries_again(outcome.reply.status):
            return outcome
        sleep(wait_s)
        outcome = _once(attempt, ask)
    return outcome


def _once(attempt: Attempt, ask: Callable[[Attempt], Reached]) -> Reached | GatewayProblem:
    try:
        return ask(attempt)
    except UnreachableError as exc:
        return gateway_problem.unreachable(attempt.provider_id, exc)

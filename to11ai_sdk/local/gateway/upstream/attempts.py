"""Tries the targets of a plan: each several times, then the next one."""

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
        reply: what it answered; the body is not read if it is streamed.
        content: the body, ``None`` if it is streamed.
    """

    attempt: Attempt
    reply: UpstreamReply
    content: bytes | None = None


def first_answer(plan: Plan, ask: Callable[[Attempt], Reached], sleep: Callable[[float], None]) -> Reached:
    """Return the first answer that counts: any below 500, or the last one there is.

    Args:
        plan: the targets.
        ask: puts the call to one of them.
        sleep: waits some seconds before a target is tried again.

    Raises:
        GatewayProblem: 502, the last target could not be reached.
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
    """Return what a target answered after all its retries."""
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

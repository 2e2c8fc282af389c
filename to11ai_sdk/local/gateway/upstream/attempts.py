"""Tries the targets of a plan in order, each several times."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .. import gateway_problem
from ..gateway_problem import GatewayProblem
from ..provider import ReplyTooLargeError, UnreachableError, UpstreamReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...hang_up import HangUp
    from ..routing import Attempt, Plan
    from .retry_budget import RetryBudgets


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


class AttemptPolicy(NamedTuple):
    """How the targets of a call are tried.

    Attributes:
        ask: sends the call to one of them.
        sleep: waits the given seconds before a target is retried, or until the caller hangs up.
        budgets: limit the retries of each provider.
        hang_up: the event that the caller hangs up, after which nothing is tried.
    """

    ask: Callable[[Attempt], Reached]
    sleep: Callable[[float, HangUp], None]
    budgets: RetryBudgets
    hang_up: HangUp


def first_answer(plan: Plan, policy: AttemptPolicy) -> Reached:
    """Return the first answer below 500, or the last one.

    Args:
        plan: the targets.
        policy: how they are tried.

    A target that cannot take the request is skipped once another has failed: the failure says more, and goes away.

    Raises:
        GatewayProblem: 502 if the last target could not be reached; 400 if the first cannot take the request; 499 if
            the caller has hung up.
    """
    failed: Reached | GatewayProblem | None = None
    for attempt in plan.attempts:
        try:
            outcome = _with_retries(attempt, policy)
        except GatewayProblem as exc:
            if failed is None or exc.status != 400:
                raise
            continue
        if isinstance(outcome, Reached) and not plan.fails_over(outcome.reply.status):
            return outcome
        failed = outcome
    if isinstance(failed, Reached):
        return failed
    raise failed or ValueError("a plan without a target")


def _with_retries(attempt: Attempt, policy: AttemptPolicy) -> Reached | GatewayProblem:
    """Return the answer of a target after its retries, as far as the budget of its provider allows them."""
    budget = policy.budgets.of(attempt.provider)
    outcome = _once(attempt, policy)
    for wait_s in attempt.retry.waits_s():
        if _is_settled(attempt, outcome):
            break
        if budget and not budget.spend():
            return outcome
        if not policy.hang_up.happened:
            policy.sleep(wait_s, policy.hang_up)
        outcome = _once(attempt, policy)
    if budget and _is_settled(attempt, outcome):
        budget.refund()
    return outcome


def _is_settled(attempt: Attempt, outcome: Reached | GatewayProblem) -> bool:
    if isinstance(outcome, GatewayProblem):
        return outcome.code == gateway_problem.TOO_LARGE
    return not attempt.retry.tries_again(outcome.reply.status)


def _once(attempt: Attempt, policy: AttemptPolicy) -> Reached | GatewayProblem:
    if not policy.hang_up.happened:
        try:
            return policy.ask(attempt)
        except ReplyTooLargeError as exc:
            return gateway_problem.too_large(attempt.provider_id, exc.limit)
        except UnreachableError as exc:
            if not policy.hang_up.happened:
                return gateway_problem.unreachable(attempt.provider_id, exc)
    raise gateway_problem.hung_up()

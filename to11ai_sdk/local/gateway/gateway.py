"""Takes a call through all its steps: authenticate, understand, route, check, send, check the reply, record."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from ..problems import Problem
from .answer import Answer
from .call import AdmittedCall, PlacedCall, RoutedCall, advance
from .endpoints import MODELS, match
from .gateway_problem import GatewayProblem, bad_request, of_platform
from .observe.watch import input_texts
from .relay import error_answers, streaming
from .relay.buffered import buffered
from .understanding import receive, understand
from .upstream import outgoing, stream_usage
from .upstream.attempts import AttemptPolicy, Reached, first_answer
from .upstream.codings import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..hang_up import HangUp
    from ..service import Platform, Session
    from .call import ReceivedCall
    from .incoming import Incoming
    from .observe.guardrails import Guardrails
    from .observe.recorder import CallRecord, Recorder
    from .observe.reply_cache import CallCache
    from .provider import UpstreamRequest
    from .routing import Attempt, Router, Scope
    from .trace_context import SpanIds
    from .upstream.backends import Backends
    from .upstream.retry_budget import RetryBudgets

_log = logging.getLogger(__name__)


class Gateway:
    """Answers calls.

    Args:
        platform: knows the keys, environments and rules.
        router: decides where a call goes.
        backends: the servers or ``echo`` that answer for providers.
        guardrails: check requests and replies.
        cache: the cache of replies.
        recorder: records calls.
        span_ids: makes the ids of spans.
        sleep: waits some seconds before a target is tried again, or until the caller hangs up.
        budgets: how much a provider may be tried again.
        max_reply_bytes: the most bytes of a reply that is not passed on as it arrives.
    """

    def __init__(
        self,
        platform: Platform,
        router: Router,
        backends: Backends,
        guardrails: Guardrails,
        cache: CallCache,
        recorder: Recorder,
        span_ids: SpanIds,
        sleep: Callable[[float, HangUp], None],
        budgets: RetryBudgets,
        max_reply_bytes: int,
    ) -> None:
        self._platform = platform
        self._router = router
        self._backends = backends
        self._guardrails = guardrails
        self._cache = cache
        self._recorder = recorder
        self._span_ids = span_ids
        self._sleep = sleep
        self._budgets = budgets
        self._max_reply_bytes = max_reply_bytes

    def answer(self, incoming: Incoming) -> Answer:
        """Return the reply to a request; any error becomes a reply, too."""
        received = receive(incoming, self._span_ids)
        record = self._recorder.begin(received)
        try:
            answer = self._answered(received, record)
        except GatewayProblem as exc:
            answer = _refused(record, exc)
        except Problem as exc:
            answer = _refused(record, of_platform(exc))
        except Exception:
            _log.exception("%s %s failed", incoming.method, incoming.path)
            problem = GatewayProblem(500, "internal", "internal", "the local gateway failed; its log says why")
            answer = _refused(record, problem)
        else:
            if not record.is_stream:
                record.end(error_answers.seen(answer), answer.status)
        headers = {"traceparent": received.context.traceparent, "x-to11-request-id": incoming.request_id}
        if record.cache is not None:
            headers["x-to11-cache"] = record.cache
        return answer._replace(headers={**answer.headers, **headers})

    def close(self) -> None:
        """Close the idle connections to providers."""
        self._backends.close()

    def _answered(self, received: ReceivedCall, record: CallRecord) -> Answer:
        matched = match(received.incoming.method, received.incoming.path)
        unread = received.incoming.unread
        if unread is not None and unread.status != 413:  # what is not HTTP is nobody's call
            raise unread
        session = self._session(received)
        admitted = record.enter(advance(received, AdmittedCall, match=matched, project_id=session.project_id))
        if unread is not None:
            raise unread
        understood = record.enter(understand(admitted))
        record.cache = "miss" if self._cache.covers(understood) else None
        scope = self._router.scope(session, understood.route_query())
        placed = record.enter(advance(understood, PlacedCall, env=scope.env))
        if placed.match.endpoint is MODELS:
            return _list_models(self._router, scope)
        call = record.enter(advance(placed, RoutedCall, plan=self._router.resolve(scope)))
        self._guardrails.check_input(input_texts(call.body, call.inputs))
        return self._cache.answered(call, record, lambda: self._sent(call, record))

    def _session(self, received: ReceivedCall) -> Session:
        """Return a session for the caller, after checking the headers of to11."""
        if received.key is None:
            raise GatewayProblem(401, "auth", "auth", "no to11 key: send x-to11-authorization: Bearer <key>")
        project_id = received.incoming.header("x-to11-project-id")
        if project_id is None:
            raise bad_request("missing_project_id", "no project: send x-to11-project-id")
        return self._platform.visit(project_id, received.key)

    def _sent(self, call: RoutedCall, record: CallRecord) -> Answer:
        def ask(attempt: Attempt) -> Reached:
            return self._ask(call, attempt, record)

        policy = AttemptPolicy(record.watched(ask), self._sleep, self._budgets, call.incoming.hang_up)
        reached = first_answer(call.plan, policy)
        record.attempt = reached.attempt
        if reached.content is None:
            record.is_stream = True
            return streaming.streamed(call, reached, record, self._guardrails.stream)
        return buffered(call, reached, record.facts, self._guardrails.check_output)

    def _ask(self, call: RoutedCall, attempt: Attempt, record: CallRecord) -> Reached:
        record.attempt = attempt
        request = outgoing.request(call, attempt)
        reached = self._reached(call, attempt, request)
        if reached.reply.status >= 400 and stream_usage.OPTIONS.encode() in (reached.content or b""):
            # Some servers refuse the option that requests the tokens of a stream.
            plain = outgoing.request(call, attempt, asks_usage=False)
            return reached if plain == request else self._reached(call, attempt, plain)
        return reached

    def _reached(self, call: RoutedCall, attempt: Attempt, request: UpstreamRequest) -> Reached:
        reply = self._backends.of(attempt.provider, call.project_id).send(request)
        if streaming.is_streaming_response(call, reply, is_cached=self._cache.covers(call)):
            return Reached(attempt, reply, None)
        try:
            return Reached(attempt, reply, whole(reply, self._max_reply_bytes))
        finally:
            getattr(reply.body, "close", lambda: None)()


def _refused(record: CallRecord, problem: GatewayProblem) -> Answer:
    record.end(problem)
    return error_answers.answer(problem, record.call.wire_format)


def _list_models(router: Router, scope: Scope) -> Answer:
    """Answer ``GET /v1/models`` and ``GET /v1/models/{model_id}`` from the configuration, without asking a provider.

    Raises:
        GatewayProblem: 404 for an unknown model; 409 if several providers have it.
    """
    model_id = scope.call.model
    if model_id is not None:
        content: dict[str, Any] = router.model(scope, model_id)
    else:
        content = {"object": "list", "data": router.models(scope)}
    return Answer(200, {"content-type": "application/json"}, json.dumps(content).encode())

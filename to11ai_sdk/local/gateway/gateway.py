"""The gateway: a call is let in, resolved, checked, sent, checked again and written down."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..problems import Problem
from .answer import Answer
from .call import Call
from .endpoints import MODELS, match
from .gateway_problem import GatewayProblem, bad_request
from .observe.traces import TraceContext
from .relay import error_answers, relay
from .upstream import outgoing, stream_usage
from .upstream.attempts import Reached, first_answer
from .upstream.header_rules import without_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..service import Platform, Session
    from .call import Incoming
    from .observe.guardrails import Guardrails
    from .observe.recorder import Ending, Recorder
    from .observe.reply_cache import Lookup
    from .observe.traces import SpanIds
    from .provider_protocol import UpstreamRequest
    from .routing import Attempt, Plan, Router, Scope
    from .upstream.backends import Backends

_log = logging.getLogger(__name__)


class Gateway:
    """Answers calls.

    Args:
        platform: knows the keys, environments and rules.
        router: decides where a call goes.
        backends: what answers for a provider.
        guardrails: look at what goes in and comes out.
        lookup: the cache of replies.
        recorder: writes calls down.
        span_ids: makes the ids of spans.
        sleep: waits some seconds before a target is tried again.
    """

    def __init__(
        self,
        platform: Platform,
        router: Router,
        backends: Backends,
        guardrails: Guardrails,
        lookup: Lookup,
        recorder: Recorder,
        span_ids: SpanIds,
        sleep: Callable[[float], None],
    ) -> None:
        self._platform = platform
        self._router = router
        self._backends = backends
        self._guardrails = guardrails
        self._lookup = lookup
        self._recorder = recorder
        self._span_ids = span_ids
        self._sleep = sleep

    def answer(self, incoming: Incoming) -> Answer:
        """The reply to a request; what goes wrong becomes a reply, too."""
        call = Call(without_ours(incoming), TraceContext.begin(incoming.headers.get("traceparent"), self._span_ids))
        finish = self._recorder.begin(call)
        try:
            answer = self._answered(call, finish)
        except GatewayProblem as exc:
            finish(exc)
            answer = error_answers.answer(exc, call.form)
        except Exception:
            _log.exception("%s %s failed", incoming.method, incoming.path)
            problem = GatewayProblem(500, "internal", "internal", "the local gateway failed; its log says why")
            finish(problem)
            answer = error_answers.answer(problem, call.form)
        else:
            if not call.is_stream:
                finish(error_answers.seen(answer), answer.status)
        headers = {"traceparent": call.context.traceparent, "x-to11-request-id": incoming.request_id}
        if call.cache is not None:
            headers["x-to11-cache"] = call.cache
        return answer._replace(headers={**answer.headers, **headers})

    def _answered(self, call: Call, finish: Ending) -> Answer:
        call.match = match(call.incoming.method, call.incoming.path)
        with self._let_in(call) as session:
            if call.incoming.unread is not None:
                raise call.incoming.unread
            call.understand()
            self._lookup.begin(call)
            scope = self._router.scope(session, call.wanted())
            call.env = scope.env
            if call.match.endpoint is MODELS:
                return _list_models(self._router, scope)
            call.plan = self._router.resolve(scope)
        self._guardrails.check_input(call.texts())
        return self._sent(call, call.plan, finish)

    @contextmanager
    def _let_in(self, call: Call) -> Generator[Session]:
        """A session of the caller's, once the headers of to11 are in order."""
        incoming = call.incoming
        if incoming.key is None:
            raise GatewayProblem(401, "auth", "auth", "no to11 key: send x-to11-authorization: Bearer <key>")
        project_id = incoming.header("x-to11-project-id")
        if project_id is None:
            raise bad_request("missing_project_id", "no project: send x-to11-project-id")
        try:
            with self._platform.visit(project_id, incoming.key) as session:
                call.project_id = project_id
                yield session
        except Problem as exc:
            word = {401: "auth", 403: "forbidden"}.get(exc.status, "bad_request")
            raise GatewayProblem(exc.status, word, word, exc.message, exc.details) from exc

    def _sent(self, call: Call, plan: Plan, finish: Ending) -> Answer:
        digest = self._lookup.digest(call, plan)
        kept = self._lookup.find(call, plan, digest)
        if kept is not None:
            return kept
        reached = first_answer(plan, lambda attempt: self._ask(call, attempt), self._sleep)
        if reached.content is None:
            call.is_stream = True
            return relay.streamed(call, reached, self._guardrails.stream, finish)
        answer = relay.whole(call, reached, self._guardrails.check_output)
        self._lookup.keep(call, plan, digest, answer)
        return answer

    def _ask(self, call: Call, attempt: Attempt) -> Reached:
        call.attempt = attempt
        request = outgoing.request(call, attempt)
        reached = self._reached(call, attempt, request)
        if reached.reply.status >= 400 and stream_usage.OPTIONS.encode() in (reached.content or b""):
            # Some servers refuse the option that asks for the tokens of a stream.
            plain = outgoing.request(call, attempt, asks_usage=False)
            return reached if plain == request else self._reached(call, attempt, plain)
        return reached

    def _reached(self, call: Call, attempt: Attempt, request: UpstreamRequest) -> Reached:
        reply = self._backends.of(attempt.provider, call.project_id).send(request)
        if relay.comes_bit_by_bit(call, reply):
            return Reached(attempt, reply, None)
        try:
            return Reached(attempt, reply, b"".join(reply.body))
        finally:
            getattr(reply.body, "close", lambda: None)()


def _list_models(router: Router, scope: Scope) -> Answer:
    """Answer ``GET /v1/models`` and ``GET /v1/models/{model_id}`` from the configuration, without asking a provider.

    Raises:
        GatewayProblem: 404 there is no such model; 409 several providers have it.
    """
    model_id = scope.call.model
    if model_id is not None:
        content: dict[str, Any] = router.model(scope, model_id)
    else:
        content = {"object": "list", "data": router.models(scope)}
    return Answer(200, {"content-type": "application/json"}, json.dumps(content).encode())

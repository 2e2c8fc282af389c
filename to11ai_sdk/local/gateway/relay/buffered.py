"""Returns a provider's whole reply to the caller: unchanged if both use one format, else translated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_types import is_object
from ...json_input.reader import read_json_or_none
from .. import gateway_problem
from ..answer import Answer
from ..formats import FORMATS, FormatError, deltas_of, sse
from ..formats.common import escaped
from ..observe.watch import reply_texts
from ..upstream.header_rules import to_caller
from ..upstream.outgoing import speaks, upstream_format
from . import error_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..call import RoutedCall
    from ..observe.watch import ReplyFacts
    from ..upstream.attempts import Reached


def buffered(call: RoutedCall, reached: Reached, facts: ReplyFacts, check: Callable[[Iterable[str]], None]) -> Answer:
    """Return the answer for a reply that was read to its end.

    Args:
        call: the call.
        reached: the reply.
        facts: receives its model and tokens.
        check: receives the model's texts.

    Raises:
        GatewayProblem: 502 if the provider failed, redirects, or its reply cannot be read; any error of ``check``.
    """
    attempt, reply, content = reached.attempt, reached.reply, reached.content or b""
    source_format = upstream_format(call, attempt)
    if 300 <= reply.status < 400:
        raise gateway_problem.redirected(attempt.provider_id, reply.status)
    if call.is_native:
        return _native(call, reached)
    if reply.status >= 500:
        raise gateway_problem.redacted(attempt.provider_id, reply.status)
    if reply.status >= 400:
        return error_answers.refused(attempt, reply, content, None if speaks(call, attempt) else call.wire_format)
    value = read_json_or_none(content)
    facts.read(value)
    if call.is_chat:
        # Text that is not a reply may still be read by people.
        check(reply_texts(value) if is_object(value) else [content.decode("utf-8", "replace")])
    if source_format == call.wire_format:
        return Answer(reply.status, to_caller(reply.headers), content)
    return _translated(call, reached, source_format, value)


def _native(call: RoutedCall, reached: Reached) -> Answer:
    attempt, reply, content = reached
    if reply.status < 400:
        headers = to_caller(reply.headers)
        length = reply.headers.get("content-length", "")
        if call.incoming.method == "HEAD" and length.isdecimal():
            headers["content-length"] = length  # that of the reply to GET
        return Answer(reply.status, headers, content or b"")
    code = error_answers.code_for(reply.status, has_model=False)
    return Answer(reply.status, error_answers.refusal_headers(attempt, reply, code), content or b"")


def _translated(call: RoutedCall, reached: Reached, source_format: str, value: Any) -> Answer:
    headers = {**to_caller(reached.reply.headers), "content-type": "application/json"}
    if value is None:
        raise gateway_problem.unreadable(reached.attempt.provider_id, "it is not JSON")
    try:
        neutral = FORMATS[source_format].read_reply(value)
    except FormatError as exc:
        raise gateway_problem.unreadable(reached.attempt.provider_id, str(exc)) from exc
    writer = reached.attempt.provider.writers[call.wire_format]
    if call.streams:
        events = b"".join(writer.write_stream(deltas_of(neutral), call.neutral))
        return Answer(reached.reply.status, {**headers, "content-type": sse.MEDIA_TYPE}, events)
    return Answer(reached.reply.status, headers, escaped(writer.write_reply(neutral, call.neutral)))

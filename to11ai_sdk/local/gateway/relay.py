"""A provider's reply on its way to the caller: as it is where both speak alike, else translated."""

from __future__ import annotations

import json
import re
from threading import Event
from typing import TYPE_CHECKING, Any

from . import errors, usage
from .answers import Answer, Stream
from .formats import FORMATS, FormatError, deltas_of
from .formats.neutral import End, Error, PartDelta, PartStart, Request, Text
from .headers import to_caller
from .outgoing import speaks, upstream_form
from .problems import GatewayProblem
from .provider import UnreachableError
from .watch import Watch, decoded, reply_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from .attempts import Reached
    from .calls import Call
    from .formats.neutral import Delta
    from .guardrails import OutputGuard

    Finish = Callable[[GatewayProblem | None], None]

EVENTS = "text/event-stream"
_NUMBER = re.compile(rb'"sequence_number": ?(\d+)')


def is_stream(headers: Mapping[str, str]) -> bool:
    """Whether a reply is a stream of events."""
    return headers.get("content-type", "").startswith(EVENTS)


def whole(call: Call, reached: Reached, check: Callable[[Iterable[str]], None]) -> Answer:
    """The reply that was read to its end.

    Raises:
        GatewayProblem: 502 the provider failed, redirects, or its reply cannot be read; whatever ``check`` raises.
    """
    attempt, reply, content = reached.attempt, reached.reply, reached.content or b""
    form = upstream_form(call, attempt)
    if 300 <= reply.status < 400:
        raise errors.redirected(attempt.provider_id, reply.status)
    if call.is_native:
        return _native(call, reached)
    if reply.status >= 500:
        raise errors.redacted(attempt.provider_id, reply.status)
    if reply.status >= 400:
        return errors.refused(attempt, reply, content, None if speaks(call, attempt) else call.form)
    value = decoded(content, reply.headers)
    call.facts.read(value)
    if call.is_chat:
        check(reply_texts(value))
    if form == call.form:
        return Answer(reply.status, to_caller(reply.headers), content)
    return _translated(call, reached, form, value)


def _native(call: Call, reached: Reached) -> Answer:
    attempt, reply, content = reached
    headers = to_caller(reply.headers)
    if reply.status >= 400:
        headers["x-to11-error-code"] = errors.word_for(reply.status, has_model=False)
        headers["x-to11-upstream-provider"] = attempt.provider_id
        if reply.status == 429 and "retry-after" in reply.headers:
            headers["retry-after"] = reply.headers["retry-after"]
    return Answer(reply.status, headers, content or b"")


def _translated(call: Call, reached: Reached, form: str, value: Any) -> Answer:
    headers = {**to_caller(reached.reply.headers), "content-type": "application/json"}
    asked = FORMATS[call.form].read_request(call.body)
    try:
        neutral = FORMATS[form].read_reply(value)
    except FormatError as exc:
        raise _unreadable(reached.attempt.provider_id, str(exc)) from exc
    if call.streams:
        events = b"".join(FORMATS[call.form].write_stream(deltas_of(neutral), asked))
        return Answer(reached.reply.status, {**headers, "content-type": EVENTS}, events)
    return Answer(reached.reply.status, headers, _encoded(FORMATS[call.form].write_reply(neutral, asked)))


def streamed(call: Call, reached: Reached, guard: OutputGuard, finish: Finish) -> Answer:
    """The reply that is sent while it arrives.

    Args:
        call: the call.
        reached: the head of the reply.
        guard: sees the text.
        finish: is told how the stream ended; nothing was wrong if it is ``None``. The first time counts.
    """
    form = upstream_form(call, reached.attempt)
    made = _verbatim(call, reached, guard) if form == call.form else _rewritten(call, reached, form, guard)
    headers = {"cache-control": "no-cache", **to_caller(reached.reply.headers)}
    gone = Event()
    chunks = _finishing(call, reached, made, finish, gone)

    def abort() -> None:
        gone.set()
        getattr(reached.reply.body, "abort", _nothing)()

    return Answer(reached.reply.status, headers, Stream(chunks, abort))


def _verbatim(call: Call, reached: Reached, guard: OutputGuard) -> Generator[bytes]:
    watch = Watch(call.facts)
    is_unasked = call.form == "openai_chat" and not usage.is_asked_for(call.body)
    for chunk in reached.reply.body:
        events = watch.whole_events(chunk)
        for text in watch.texts(events):
            guard.add(text)
        if call.facts.is_over:
            guard.end()
        events = usage.taken_out(events) if is_unasked else events
        if events:
            yield events
    guard.end()
    if watch.rest:
        yield watch.rest


def _rewritten(call: Call, reached: Reached, form: str, guard: OutputGuard) -> Generator[bytes]:
    deltas = FORMATS[form].read_stream(reached.reply.body)
    asked = FORMATS[call.form].read_request(call.body)
    yield from FORMATS[call.form].write_stream(_heard(call, deltas, guard), asked)


def _heard(call: Call, deltas: Iterator[Delta], guard: OutputGuard) -> Iterator[Delta]:
    in_text = False
    for delta in deltas:
        call.facts.hear(delta)
        if isinstance(delta, PartStart):
            in_text = isinstance(delta.part, Text)
        elif in_text and isinstance(delta, PartDelta):
            guard.add(delta.text)
        elif isinstance(delta, End | Error):
            guard.end()
        yield delta


def _finishing(call: Call, reached: Reached, made: Generator[bytes], finish: Finish, gone: Event) -> Generator[bytes]:
    """The stream; what breaks it becomes an event, and its end is told before the last byte leaves."""
    provider_id = reached.attempt.provider_id
    number = 0
    try:
        for chunk in made:
            if call.facts.is_over:
                finish(errors.broken_stream(provider_id) if call.facts.is_broken else None)
            yield chunk
            number = _number_after(chunk, number)
        finish(None)
    except GeneratorExit:
        finish(errors.hung_up())
        raise
    except (GatewayProblem, UnreachableError) as exc:
        reason = exc if isinstance(exc, GatewayProblem) else errors.unreachable(provider_id, exc)
        finish(errors.hung_up() if gone.is_set() else reason)
        yield from _error_event(call, reason, number)
    finally:
        made.close()
        getattr(reached.reply.body, "close", _nothing)()


def _number_after(events: bytes, number: int) -> int:
    """The number of the next event of a stream of responses, the only ones that are numbered."""
    found = _NUMBER.findall(events)
    return int(found[-1]) + 1 if found else number


def _error_event(call: Call, problem: GatewayProblem, number: int) -> Iterator[bytes]:
    error = Error(None, problem.code, problem.message, problem.status)
    for event in FORMATS[call.form].write_stream(iter([error]), Request("", ())):
        # It is written as the first event of a stream, and comes in the middle of one.
        yield event.replace(b'"sequence_number":0', b'"sequence_number":%d' % number)


def _unreadable(provider_id: str, reason: str) -> GatewayProblem:
    message = f"the reply of the provider {provider_id} cannot be read: {reason}"
    return GatewayProblem(502, "upstream", "upstream", message, upstream_provider=provider_id)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _nothing() -> None:
    """What there is to abort where nothing is open."""

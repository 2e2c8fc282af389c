"""A provider's reply on its way to the caller: as it is where both speak alike, else translated."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from threading import Event
from typing import TYPE_CHECKING, Any

from ....json_types import is_object
from ...json_input.reader import read_json_or_none
from .. import gateway_problem
from ..answer import Answer, Stream
from ..formats import FORMATS, FormatError, deltas_of, sse
from ..formats.neutral import ChatRequest, End, Error, PartDelta, PartStart, Text
from ..gateway_problem import GatewayProblem
from ..observe.watch import Watch, reply_texts
from ..provider_protocol import UnreachableError
from ..upstream import stream_usage
from ..upstream.header_rules import to_caller
from ..upstream.outgoing import speaks, upstream_form
from . import error_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from ..call import Call
    from ..formats.neutral import Delta
    from ..observe.guardrails import OutputGuard
    from ..provider_protocol import UpstreamReply
    from ..upstream.attempts import Reached

    Finish = Callable[[GatewayProblem | None], None]

_NUMBER = re.compile(rb'"sequence_number": ?(\d+)')


def comes_bit_by_bit(call: Call, reply: UpstreamReply) -> bool:
    """Whether a reply is passed on as it arrives: events, and what nothing here reads if its length is not known."""
    if call.incoming.method == "HEAD" or reply.status >= 300 or reply.status == 204:
        return False
    is_read = call.cache is not None or not (call.is_native or call.match.endpoint.name == "audio_speech")
    return _is_events(reply.headers) or not (is_read or "content-length" in reply.headers)


def _is_events(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == sse.MEDIA_TYPE


def whole(call: Call, reached: Reached, check: Callable[[Iterable[str]], None]) -> Answer:
    """The reply that was read to its end.

    Raises:
        GatewayProblem: 502 the provider failed, redirects, or its reply cannot be read; whatever ``check`` raises.
    """
    attempt, reply, content = reached.attempt, reached.reply, reached.content or b""
    form = upstream_form(call, attempt)
    if 300 <= reply.status < 400:
        raise gateway_problem.redirected(attempt.provider_id, reply.status)
    if call.is_native:
        return _native(call, reached)
    if reply.status >= 500:
        raise gateway_problem.redacted(attempt.provider_id, reply.status)
    if reply.status >= 400:
        return error_answers.refused(attempt, reply, content, None if speaks(call, attempt) else call.form)
    value = read_json_or_none(content)
    call.facts.read(value)
    if call.is_chat:
        # What cannot be read as a reply may be read by people.
        check(reply_texts(value) if is_object(value) else [content.decode("utf-8", "replace")])
    if form == call.form:
        return Answer(reply.status, to_caller(reply.headers), content)
    return _translated(call, reached, form, value)


def _native(call: Call, reached: Reached) -> Answer:
    attempt, reply, content = reached
    if reply.status < 400:
        return Answer(reply.status, to_caller(reply.headers), content or b"")
    word = error_answers.word_for(reply.status, has_model=False)
    return Answer(reply.status, error_answers.refusal_headers(attempt, reply, word), content or b"")


def _translated(call: Call, reached: Reached, form: str, value: Any) -> Answer:
    headers = {**to_caller(reached.reply.headers), "content-type": "application/json"}
    asked = FORMATS[call.form].read_request(call.body)
    if value is None:
        raise _unreadable(reached.attempt.provider_id, "it is not JSON")
    try:
        neutral = FORMATS[form].read_reply(value)
    except FormatError as exc:
        raise _unreadable(reached.attempt.provider_id, str(exc)) from exc
    if call.streams:
        events = b"".join(FORMATS[call.form].write_stream(deltas_of(neutral), asked))
        return Answer(reached.reply.status, {**headers, "content-type": sse.MEDIA_TYPE}, events)
    return Answer(reached.reply.status, headers, _encoded(FORMATS[call.form].write_reply(neutral, asked)))


def streamed(call: Call, reached: Reached, new_guard: Callable[[], OutputGuard], finish: Finish) -> Answer:
    """The reply that is sent while it arrives.

    Args:
        call: the call.
        reached: the head of the reply.
        new_guard: makes what sees the text of one choice.
        finish: is told how the stream ended; nothing was wrong if it is ``None``. The first time counts.
    """
    form = upstream_form(call, reached.attempt)
    if not call.is_chat:
        made = _unread(call, reached)
    elif form == call.form:
        made = _verbatim(call, reached, defaultdict(new_guard))
    else:
        made = _rewritten(call, reached, form, new_guard())
    gone = Event()

    def abort() -> None:
        gone.set()
        getattr(reached.reply.body, "abort", _nothing)()

    def end() -> None:
        finish(gateway_problem.hung_up())
        getattr(reached.reply.body, "close", _nothing)()

    headers = {"cache-control": "no-cache", **to_caller(reached.reply.headers)}
    return Answer(reached.reply.status, headers, Stream(_finishing(call, reached, made, finish, gone), abort, end))


def _unread(call: Call, reached: Reached) -> Generator[bytes]:
    watch = Watch(call.facts)
    tells = _is_events(reached.reply.headers) and not call.is_native
    for chunk in reached.reply.body:
        if tells:
            deque(watch.texts(watch.whole_events(chunk)), maxlen=0)
        yield chunk


def _verbatim(call: Call, reached: Reached, guards: defaultdict[int, OutputGuard]) -> Generator[bytes]:
    watch = Watch(call.facts)
    is_unasked = call.form == "openai_chat" and not stream_usage.is_asked_for(call.body)
    for chunk in reached.reply.body:
        events = watch.whole_events(chunk)
        for choice, text in watch.texts(events):
            guards[choice].add(text)
        if call.facts.is_over:
            _end(guards)
        events = stream_usage.taken_out(events) if is_unasked else events
        if events:
            yield events
    _end(guards)
    if not (call.facts.is_over or call.facts.has_stopped):
        raise FormatError("its stream ended before its last event")


def _end(guards: Mapping[int, OutputGuard]) -> None:
    for guard in guards.values():
        guard.end()


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
    """The stream; what breaks it becomes an event, and its end is told before the last byte leaves.

    Raises:
        ConnectionError: it broke, and is of no format that has an event for that.
    """
    provider_id = reached.attempt.provider_id
    number = 0
    try:
        for chunk in made:
            if call.facts.is_over:
                finish(gateway_problem.broken_stream(provider_id) if call.facts.is_broken else None)
            yield chunk
            number = _number_after(chunk, number)
        finish(None)
    except (FormatError, GatewayProblem, UnreachableError) as exc:
        if isinstance(exc, UnreachableError) and call.facts.is_over:
            return  # everything had come
        reason = _reason(provider_id, exc)
        finish(gateway_problem.hung_up() if gone.is_set() else reason)
        if not call.is_chat:
            raise ConnectionError(reason.message) from exc
        yield from _error_event(call, reason, number)


def _reason(provider_id: str, exc: FormatError | GatewayProblem | UnreachableError) -> GatewayProblem:
    if isinstance(exc, UnreachableError):
        return gateway_problem.unreachable(provider_id, exc)
    return exc if isinstance(exc, GatewayProblem) else _unreadable(provider_id, str(exc))


def _number_after(events: bytes, number: int) -> int:
    """The number of the next event of a stream of responses, the only ones that are numbered."""
    found = _NUMBER.findall(events)
    return int(found[-1]) + 1 if found else number


def _error_event(call: Call, problem: GatewayProblem, number: int) -> Iterator[bytes]:
    error = Error(None, problem.code, problem.message, problem.status)
    for event in FORMATS[call.form].write_stream(iter([error]), ChatRequest("", ())):
        # It is written as the first event of a stream, and comes in the middle of one.
        yield event.replace(b'"sequence_number":0', b'"sequence_number":%d' % number)


def _unreadable(provider_id: str, reason: str) -> GatewayProblem:
    message = f"the reply of the provider {provider_id} cannot be read: {reason}"
    return GatewayProblem(502, "upstream", "upstream", message, upstream_provider=provider_id)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _nothing() -> None:
    """What there is to abort where nothing is open."""

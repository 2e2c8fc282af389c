"""Passes a provider's stream to the caller: unchanged if both use one format, else translated."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from ...http.application import Pauses
from .. import gateway_problem
from ..answer import Answer, Stream
from ..formats import FORMATS, FormatError, sse
from ..formats.neutral import ChatRequest, End, Error, PartDelta, PartStart, Text
from ..gateway_problem import GatewayProblem
from ..observe.watch import StreamWatcher
from ..provider import UnreachableError
from ..upstream import stream_usage
from ..upstream.header_rules import to_caller
from ..upstream.outgoing import upstream_format

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from ..call import RoutedCall
    from ..formats.neutral import Delta
    from ..observe.guardrails import OutputGuard
    from ..observe.recorder import CallRecord
    from ..provider import UpstreamReply
    from ..upstream.attempts import Reached

_NUMBER = re.compile(rb'"sequence_number": ?(\d+)')


def is_streaming_response(call: RoutedCall, reply: UpstreamReply, *, is_cached: bool) -> bool:
    """Return whether a reply is passed on as it arrives: events, or an unread body of unknown length.

    Args:
        call: the call.
        reply: the head of the reply.
        is_cached: whether the cache is used for the call.
    """
    if call.incoming.method == "HEAD" or reply.status >= 300 or reply.status == 204:
        return False
    is_read = is_cached or not (call.is_native or call.match.endpoint.name == "audio_speech")
    return _is_events(reply.headers) or not (is_read or "content-length" in reply.headers)


def _is_events(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == sse.MEDIA_TYPE


def streamed(call: RoutedCall, reached: Reached, record: CallRecord, new_guard: Callable[[], OutputGuard]) -> Answer:
    """Return an answer that is sent while the reply arrives.

    Args:
        call: the call.
        reached: the head of the reply.
        record: the record to end with the stream.
        new_guard: makes the guard for the text of one choice.
    """
    source_format = upstream_format(call, reached.attempt)
    pauses = Pauses()
    chunks = _reporting(reached.reply, pauses)
    if not call.is_chat:
        made = _unread(call, reached, chunks, record)
    elif source_format == call.wire_format:
        made = _verbatim(call, chunks, record, defaultdict(new_guard))
    else:
        made = _rewritten(call, reached, chunks, record, new_guard(), pauses)

    def end() -> None:
        record.end(gateway_problem.hung_up())
        _close(reached.reply)

    headers = {"cache-control": "no-cache", **to_caller(reached.reply.headers)}
    stream = Stream(_finishing(call, reached, made, record), end)
    return Answer(reached.reply.status, headers, stream, pauses)


def _reporting(reply: UpstreamReply, pauses: Pauses) -> Iterator[bytes]:
    """Yield the bytes of a body, and report each wait for more of them."""
    may_wait = not reply.announces_waits
    if may_wait:
        pauses.before()
    for chunk in reply.body:
        if chunk:
            yield chunk
        if may_wait or not chunk:
            pauses.before()


def _unread(call: RoutedCall, reached: Reached, chunks: Iterator[bytes], record: CallRecord) -> Generator[bytes]:
    watch = StreamWatcher(record.facts)
    has_tokens = _is_events(reached.reply.headers) and not call.is_native
    for chunk in chunks:
        if has_tokens:
            deque(watch.texts(watch.whole_events(chunk)), maxlen=0)
        yield chunk


def _verbatim(
    call: RoutedCall, chunks: Iterator[bytes], record: CallRecord, guards: defaultdict[int, OutputGuard]
) -> Generator[bytes]:
    watch = StreamWatcher(record.facts)
    is_unasked = call.wire_format == "openai_chat" and not stream_usage.is_asked_for(call.body)
    for chunk in chunks:
        events = watch.whole_events(chunk)
        for choice, text in watch.texts(events):
            guards[choice].add(text)
        if record.facts.is_over:
            _end(guards)
        events = stream_usage.without_usage_chunk(events) if is_unasked else events
        if events:
            yield events
    if rest := watch.rest():
        # Not all servers end their last event with a blank line; what is cut off is not passed on.
        for choice, text in watch.texts(rest + b"\n\n"):
            guards[choice].add(text)
    _end(guards)
    if not (record.facts.is_over or record.facts.has_stopped):
        raise FormatError("its stream ended before its last event")
    if rest and not (is_unasked and stream_usage.without_usage_chunk(rest + b"\n\n") == b""):
        yield rest


def _end(guards: Mapping[int, OutputGuard]) -> None:
    for guard in guards.values():
        guard.end()


def _rewritten(
    call: RoutedCall,
    reached: Reached,
    chunks: Iterator[bytes],
    record: CallRecord,
    guard: OutputGuard,
    pauses: Pauses,
) -> Generator[bytes]:
    deltas = FORMATS[upstream_format(call, reached.attempt)].read_stream(chunks)
    writer = reached.attempt.provider.writers[call.wire_format]
    yield from writer.write_stream(_checked(deltas, record, guard), call.neutral)
    # Before the end is sent: the caller's next call may then use the same connection.
    pauses.before()
    getattr(reached.reply.body, "finish", _nothing)()


def _checked(deltas: Iterator[Delta], record: CallRecord, guard: OutputGuard) -> Iterator[Delta]:
    in_text = False
    for delta in deltas:
        record.facts.update(delta)
        if isinstance(delta, PartStart):
            in_text = isinstance(delta.part, Text)
        elif in_text and isinstance(delta, PartDelta):
            guard.add(delta.text)
        elif isinstance(delta, End | Error):
            guard.end()
        yield delta


def _finishing(call: RoutedCall, reached: Reached, made: Generator[bytes], record: CallRecord) -> Generator[bytes]:
    """Pass the stream on; turn a failure into an event, and record the end before the last byte is sent.

    Raises:
        ConnectionError: it broke, and its format has no event for that.
    """
    provider_id = reached.attempt.provider_id
    number = 0
    try:
        for chunk in made:
            if record.facts.is_over:
                record.end(gateway_problem.broken_stream(provider_id) if record.facts.is_broken else None)
            yield chunk
            number = _number_after(chunk, number)
        record.end(None)
    except (FormatError, GatewayProblem, UnreachableError) as exc:
        if isinstance(exc, UnreachableError) and record.facts.is_over:
            return  # everything had arrived
        reason = _reason(provider_id, exc)
        record.end(reason)
        if not call.is_chat:
            raise ConnectionError(reason.message) from exc
        yield from _error_event(call, reason, number)


def _reason(provider_id: str, exc: FormatError | GatewayProblem | UnreachableError) -> GatewayProblem:
    if isinstance(exc, UnreachableError):
        return gateway_problem.unreachable(provider_id, exc)
    return exc if isinstance(exc, GatewayProblem) else gateway_problem.unreadable(provider_id, str(exc))


def _number_after(events: bytes, number: int) -> int:
    """Return the number of the next event in a responses stream, the only format with numbered events."""
    found = _NUMBER.findall(events)
    return int(found[-1]) + 1 if found else number


def _error_event(call: RoutedCall, problem: GatewayProblem, number: int) -> Iterator[bytes]:
    error = Error(None, problem.code, problem.message, problem.status)
    for event in FORMATS[call.wire_format].write_stream(iter([error]), ChatRequest("", ())):
        # It was written as the first event of a stream, but is sent in the middle of one.
        yield event.replace(b'"sequence_number":0', b'"sequence_number":%d' % number)


def _close(reply: UpstreamReply) -> None:
    getattr(reply.body, "close", _nothing)()


def _nothing() -> None:
    """Do nothing: there is nothing open to close."""

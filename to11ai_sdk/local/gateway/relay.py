"""A provider's reply on its way to the caller: as it is where both speak alike, else translated."""

from __future__ import annotations

import json
from threading import Event
from typing import TYPE_CHECKING, Any

from . import errors
from .answers import Answer, Stream
from .formats import FORMATS, FormatError, deltas_of
from .formats.neutral import Error, PartDelta, PartStart, Request, Text
from .headers import to_caller
from .outgoing import speaks, upstream_form
from .problems import GatewayProblem
from .provider import UnreachableError
from .watch import Watch, reply_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from .attempts import Reached
    from .calls import Call
    from .formats.neutral import Delta

    Check = Callable[[str], None]
    """Is given the text of a reply bit by bit; raises ``GatewayProblem`` to end it."""
    Finish = Callable[[GatewayProblem | None], None]

EVENTS = "text/event-stream"


def is_stream(headers: Mapping[str, str]) -> bool:
    """Whether a reply is a stream of events."""
    return headers.get("content-type", "").startswith(EVENTS)


def whole(call: Call, reached: Reached, check: Callable[[Iterable[str]], None]) -> Answer:
    """The reply that was read to its end.

    Raises:
        GatewayProblem: 502 the provider failed or its reply cannot be read; whatever ``check`` raises.
    """
    attempt, reply, content = reached.attempt, reached.reply, reached.content or b""
    form = upstream_form(call, attempt)
    if call.is_native:
        return _native(call, reached)
    if reply.status >= 500:
        raise errors.redacted(attempt.provider_id, reply.status)
    if reply.status >= 400:
        is_own = form == call.form and speaks(attempt.provider.dialect, form)
        return errors.refused(attempt, reply, content, None if is_own else call.form)
    decoded = _json(content, reply.headers)
    call.facts.read(decoded)
    if call.is_chat:
        check(reply_texts(decoded))
    if form == call.form:
        return Answer(reply.status, to_caller(reply.headers), content)
    return _translated(call, reached, form, decoded)


def _native(call: Call, reached: Reached) -> Answer:
    attempt, reply, content = reached
    headers = to_caller(reply.headers)
    if reply.status >= 400:
        headers["x-to11-error-code"] = errors.word_for(reply.status, has_model=False)
        headers["x-to11-upstream-provider"] = attempt.provider_id
        if reply.status == 429 and "retry-after" in reply.headers:
            headers["retry-after"] = reply.headers["retry-after"]
    return Answer(reply.status, headers, content or b"")


def _translated(call: Call, reached: Reached, form: str, decoded: Any) -> Answer:
    headers = {**to_caller(reached.reply.headers), "content-type": "application/json"}
    asked = FORMATS[call.form].read_request(call.body)
    try:
        neutral = FORMATS[form].read_reply(decoded)
    except FormatError as exc:
        raise _unreadable(reached.attempt.provider_id, str(exc)) from exc
    if call.streams:
        events = b"".join(FORMATS[call.form].write_stream(deltas_of(neutral), asked))
        return Answer(reached.reply.status, {**headers, "content-type": EVENTS}, events)
    return Answer(reached.reply.status, headers, _encoded(FORMATS[call.form].write_reply(neutral, asked)))


def streamed(call: Call, reached: Reached, check: Check, finish: Finish) -> Answer:
    """The reply that is sent while it arrives.

    Args:
        call: the call.
        reached: the head of the reply.
        check: sees the text.
        finish: is told how the stream ended; nothing was wrong if it is ``None``. The first time counts.
    """
    form = upstream_form(call, reached.attempt)
    made = _verbatim(call, reached, check) if form == call.form else _rewritten(call, reached, form, check)
    headers = {"cache-control": "no-cache", **to_caller(reached.reply.headers)}
    gone = Event()
    chunks = _finishing(call, reached, made, finish, gone)

    def abort() -> None:
        gone.set()
        getattr(reached.reply.body, "abort", _nothing)()

    return Answer(reached.reply.status, headers, Stream(chunks, abort))


def _verbatim(call: Call, reached: Reached, check: Check) -> Generator[bytes]:
    watch = Watch(call.facts)
    for chunk in reached.reply.body:
        events = watch.whole_events(chunk)
        for text in watch.texts(events):
            check(text)
        if events:
            yield events
    if watch.rest:
        yield watch.rest


def _rewritten(call: Call, reached: Reached, form: str, check: Check) -> Generator[bytes]:
    deltas = FORMATS[form].read_stream(reached.reply.body)
    asked = FORMATS[call.form].read_request(call.body)
    yield from FORMATS[call.form].write_stream(_heard(call, deltas, check), asked)


def _heard(call: Call, deltas: Iterator[Delta], check: Check) -> Iterator[Delta]:
    in_text = False
    for delta in deltas:
        call.facts.hear(delta)
        if isinstance(delta, PartStart):
            in_text = isinstance(delta.part, Text)
        elif in_text and isinstance(delta, PartDelta):
            check(delta.text)
        yield delta


def _finishing(call: Call, reached: Reached, made: Generator[bytes], finish: Finish, gone: Event) -> Generator[bytes]:
    """The stream; what breaks it becomes an event, and its end is told before the last byte leaves."""
    provider_id = reached.attempt.provider_id
    try:
        for chunk in made:
            if call.facts.is_over:
                finish(errors.broken_stream(provider_id) if call.facts.is_broken else None)
            yield chunk
        finish(None)
    except GeneratorExit:
        finish(errors.hung_up())
        raise
    except (GatewayProblem, UnreachableError) as exc:
        reason = exc if isinstance(exc, GatewayProblem) else errors.unreachable(provider_id, str(exc))
        finish(errors.hung_up() if gone.is_set() else reason)
        yield from _error_event(call, reason)
    finally:
        made.close()
        getattr(reached.reply.body, "close", _nothing)()


def _error_event(call: Call, problem: GatewayProblem) -> Iterator[bytes]:
    error = Error(None, problem.code, problem.message, problem.status)
    return FORMATS[call.form].write_stream(iter([error]), Request("", ()))


def _json(content: bytes, headers: Mapping[str, str]) -> Any:
    if not headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _unreadable(provider_id: str, reason: str) -> GatewayProblem:
    message = f"the reply of the provider {provider_id} cannot be read: {reason}"
    return GatewayProblem(502, "upstream", "upstream", message, upstream_provider=provider_id)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _nothing() -> None:
    """What there is to abort where nothing is open."""

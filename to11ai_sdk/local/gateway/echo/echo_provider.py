"""``EchoProvider``: a provider without a network."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from ..formats.common import encode
from ..provider import UnreachableError, UpstreamReply, UpstreamRequest
from .context import CountedIds, EchoReply, EchoRequest, ProviderContext, Tally
from .kept_responses import KeptResponses
from .refusals import EchoError, InvalidError, error_body, refusal_of
from .routes import DIALECTS, route
from .storage import MemoryFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ...hang_up import HangUp
    from .directives import Directives
    from .storage import FileStore

_REQUEST_ID = {"anthropic": "request-id"}


def _sleep(seconds: float, hang_up: HangUp) -> None:
    time.sleep(seconds)


class EchoProvider:
    """Answers as a provider of a dialect would, offline, and in the same way each time.

    Args:
        dialect: ``"openai"`` (also for xAI and Mistral), ``"anthropic"``, ``"cohere"``, or ``"native"`` for one whose
            API is only passed through.
        name: the provider that it stands for, such as ``"xai"``; it appears in model lists, and markers may name it.
        provider_type: the provider whose API it has, such as ``"mistral"``, if the name is another.
        models: its models, in addition to ``echo`` and the models that fail on purpose.
        files: the store of uploaded files, by default in memory.
        responses: keeps responses for later requests, by default in memory.
        tally: counts how often requests have failed, by default in memory.
        new_id: makes an id from a prefix and the bytes of the request.
        clock: the time in seconds since 1970.
        sleep: waits some seconds, or until the caller hangs up; only ``slow`` calls it.

    Raises:
        ValueError: the dialect is unknown.
    """

    def __init__(
        self,
        *,
        dialect: str,
        name: str | None = None,
        provider_type: str | None = None,
        models: Collection[str] = (),
        files: FileStore | None = None,
        responses: KeptResponses | None = None,
        tally: Tally | None = None,
        new_id: Callable[[str, bytes], str] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float, HangUp], None] = _sleep,
    ) -> None:
        if dialect not in DIALECTS:
            raise ValueError(f"dialect must be one of {', '.join(DIALECTS)}, not {dialect!r}")
        self.dialect = dialect
        self._sleep = sleep
        # An empty store may be false.
        kept = MemoryFiles(clock) if files is None else files
        name = name or dialect
        ids, memory = new_id or CountedIds(), (tally or Tally(), responses or KeptResponses())
        self._context = ProviderContext(dialect, name, models, kept, ids, clock, *memory, provider_type or name)

    def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Answer a request.

        Raises:
            UnreachableError: the request asks for it, or for a first byte later than its ``timeout_s``.
        """
        request_id = self._context.new_id("req_", request.body)
        headers = {_REQUEST_ID.get(self.dialect, "x-request-id"): request_id}
        try:
            answered, directives = self._answer(request)
        except InvalidError as exc:
            return self._refused(refusal_of(exc, self.dialect), headers, request_id)
        except EchoError as exc:
            return self._refused(exc, headers, request_id)
        headers["content-type"] = answered.media_type
        if answered.error_event is None:
            answered = answered._replace(chunks=_damaged(answered.chunks, directives.flags))
            headers["content-length"] = str(sum(map(len, answered.chunks)))
        else:
            headers["cache-control"] = "no-cache"
        body = self._body(answered, directives, request.hang_up)
        return UpstreamReply(200, headers, body, announces_waits=not directives.value("slow"))

    def _answer(self, request: UpstreamRequest) -> tuple[EchoReply, Directives]:
        target = urlsplit(request.path)
        endpoint, arguments = route(self.dialect, self._context.name, request.method, target.path)
        echo_request = EchoRequest(self._context, request, arguments, dict(parse_qsl(target.query)))
        answered = endpoint(echo_request)
        if "error-event" in echo_request.directives.flags and answered.error_event is None:
            raise EchoError(500, "echo: an error, as the request asked for.")
        if float(echo_request.directives.value("slow") or 0) >= request.timeout_s:
            self._sleep(request.timeout_s, request.hang_up)
            raise UnreachableError(f"{self._context.name}: no answer within {request.timeout_s:g} s")
        return answered, echo_request.directives

    def _refused(self, error: EchoError, headers: dict[str, str], request_id: str) -> UpstreamReply:
        body = encode(error_body(error, self.dialect, request_id))
        headers = {**headers, "content-type": "application/json", "content-length": str(len(body))}
        if error.retry_after is not None:
            headers["retry-after"] = error.retry_after
        return UpstreamReply(error.status, headers, _once(body))

    def _body(self, answered: EchoReply, directives: Directives, hang_up: HangUp) -> Iterator[bytes]:
        pause = float(directives.value("slow") or 0)
        for chunk in _broken(answered, directives.flags):
            if pause:
                self._sleep(pause, hang_up)
            if hang_up.happened:
                return
            if chunk is None:
                raise UnreachableError(f"{self._context.name}: the connection broke, as the request asked for")
            yield chunk


def _broken(answered: EchoReply, flags: frozenset[str]) -> list[bytes | None]:
    """Return the chunks of a reply, broken in the middle if requested; at ``None`` the connection breaks."""
    half = -(-len(answered.chunks) // 2)
    first, second = answered.chunks[:half], answered.chunks[half:]
    if "cut" in flags:
        return [*first, None]
    if answered.error_event is None:
        return [*answered.chunks]
    if "error-event" in flags:
        return [*first, answered.error_event]
    return [*first, b"data: {malformed\n\n", *second] if "malformed" in flags else [*answered.chunks]


def _damaged(chunks: Sequence[bytes], flags: frozenset[str]) -> list[bytes]:
    """Return the chunks of a reply that is not a stream: all, without the second half, or as two halves to be cut."""
    if not flags & {"malformed", "cut"}:
        return [*chunks]
    body = b"".join(chunks)
    half = len(body) // 2
    return [body[:half]] if "malformed" in flags else [body[:half], body[half:]]


def _once(body: bytes) -> Iterator[bytes]:
    yield body

"""Notes about a call what only its exported span says: the id and finish reasons of the reply, and each attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ....json_types import is_object
from ...bounds import MAX_OTLP_ITEMS
from ...json_input.reader import objects
from ..formats.neutral import End, Start
from ..gateway_problem import TOO_LARGE, GatewayProblem
from ..observe.watch import ReplyFacts, token_count
from ..provider import ReplyTooLargeError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..formats.neutral import Delta, StopReason, Usage
    from ..routing import Attempt
    from ..upstream.attempts import Reached

_ENDED = ("completed", "incomplete", "failed", "cancelled")
"""The last statuses of an OpenAI response, which has no finish reason."""

_INPUT = ("prompt_tokens_details", "input_tokens_details")
_OUTPUT = ("completion_tokens_details", "output_tokens_details")
_PARTS = {
    "cache_read.input_tokens": (
        (*_INPUT, None),
        ("cached_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens"),
    ),
    "cache_write.input_tokens": (
        (*_INPUT, None),
        ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens"),
    ),
    "reasoning.output_tokens": (_OUTPUT, ("reasoning_tokens", "thinking_tokens")),
    **{f"{kind}.input_tokens": (_INPUT, (f"{kind}_tokens",)) for kind in ("text", "image", "audio")},
    **{f"{kind}.output_tokens": (_OUTPUT, (f"{kind}_tokens",)) for kind in ("text", "image", "audio")},
}
"""Where a usage has the parts of its tokens: members of it, ``None`` for itself, and the names there."""


class Try(NamedTuple):
    """One request to a provider.

    Attributes:
        attempt: its target.
        after_s: seconds since the call began.
        lasted_s: seconds until the head of the reply, or the whole of a reply that is not a stream.
        status: HTTP status of the reply, ``None`` without one.
        error: a word for the error, ``None`` if there was none.
    """

    attempt: Attempt
    after_s: float
    lasted_s: float
    status: int | None
    error: str | None


class CallDetails(ReplyFacts):
    """The facts about a reply, and what else a span says of a call.

    Args:
        timer: returns seconds of a clock that never goes back.

    Attributes:
        response_id: the provider's id of the reply.
        token_parts: parts of the input and output tokens, by the end of their attribute, such as
            ``"reasoning.output_tokens"``.
        stop: why a translated stream ended, of which the provider's own word is not known.
        first_after_s: seconds from the beginning of the call to the first event of a stream, or to a whole reply.
        tries: the requests to providers, in their order.
    """

    def __init__(self, timer: Callable[[], float]) -> None:
        super().__init__()
        self.response_id: str | None = None
        self.token_parts: dict[str, int] = {}
        self.stop: StopReason | None = None
        self.first_after_s: float | None = None
        self.tries: list[Try] = []
        self._reasons: dict[int, str] = {}
        self._timer = timer
        self._begun = timer()

    @property
    def finish_reasons(self) -> list[str]:
        """The reasons in the order of the choices, in the provider's words."""
        return [self._reasons[index] for index in sorted(self._reasons)]

    def read(self, value: Any) -> None:
        """Read a reply or an event of any format."""
        super().read(value)
        if not is_object(value):
            return
        self._arrived()
        for holder in (value, value.get("message"), value.get("response")):
            if is_object(holder):
                self._identify(holder.get("id"))
                self._look(holder)
        delta = value.get("delta")
        if is_object(delta):
            self._reason(0, delta.get("stop_reason"))

    def update(self, delta: Delta) -> None:
        """Read a delta of the neutral form."""
        super().update(delta)
        self._arrived()
        if isinstance(delta, Start):
            self._identify(delta.id)
        elif isinstance(delta, End):
            self.stop = delta.stop
        if isinstance(delta, Start | End) and delta.usage:
            self.token_parts.update(_neutral_parts(delta.usage))

    def watched(self, ask: Callable[[Attempt], Reached]) -> Callable[[Attempt], Reached]:
        """Return a function that asks a target, and notes how that went."""

        def noting(attempt: Attempt) -> Reached:
            before = self._timer()
            status, error = None, None
            try:
                reached = ask(attempt)
                status = reached.reply.status
                error = str(status) if status >= 400 else None
            except (GatewayProblem, UnreachableError) as exc:
                error = _word(exc)
                raise
            finally:
                if len(self.tries) < MAX_OTLP_ITEMS:
                    lasted_s = self._timer() - before
                    self.tries.append(Try(attempt, before - self._begun, lasted_s, status, error))
            return reached

        return noting

    def _count(self, usage: dict[str, Any]) -> None:
        super()._count(usage)
        self.token_parts.update(_parts(usage))

    def _arrived(self) -> None:
        if self.first_after_s is None:
            self.first_after_s = self._timer() - self._begun

    def _identify(self, value: object) -> None:
        if self.response_id is None and isinstance(value, str) and value:
            self.response_id = value

    def _look(self, reply: dict[str, Any]) -> None:
        for place, choice in enumerate(objects(reply.get("choices"))):
            index = choice.get("index")
            self._reason(index if isinstance(index, int) else place, choice.get("finish_reason"))
        self._reason(0, reply.get("stop_reason"))
        status, details = reply.get("status"), reply.get("incomplete_details")
        if reply.get("object") == "response" and status in _ENDED:
            self._reason(0, (is_object(details) and details.get("reason")) or status)

    def _reason(self, index: int, value: object) -> None:
        if isinstance(value, str) and value and (index in self._reasons or len(self._reasons) < MAX_OTLP_ITEMS):
            self._reasons[index] = value


def _parts(usage: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for part, (holders, names) in _PARTS.items():
        for holder in holders:
            found = usage if holder is None else usage.get(holder)
            if is_object(found) and (count := token_count(found, *names) or 0) > 0:
                yield part, count
                break


def _neutral_parts(usage: Usage) -> Iterator[tuple[str, int]]:
    counts = {
        "cache_read.input_tokens": usage.cache_read_tokens,
        "cache_write.input_tokens": usage.cache_write_tokens,
        "reasoning.output_tokens": usage.reasoning_tokens,
    }
    return ((part, count) for part, count in counts.items() if count > 0)


def _word(exc: GatewayProblem | UnreachableError) -> str:
    if isinstance(exc, GatewayProblem):
        return exc.header_code
    return TOO_LARGE if isinstance(exc, ReplyTooLargeError) else "unreachable"

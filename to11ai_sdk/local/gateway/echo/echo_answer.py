"""Makes the answers of ``echo``: the user's last text, or what the request asks for instead."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...bounds import MAX_SCHEMA_WORK
from ...work_budget import WorkBudget
from . import tokens
from .directives import without_markers
from .instances import NoInstanceError, instance_of
from .refusals import EchoError
from .tools import arguments_for, objects_in, tools_to_call
from .turns import ToolUse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...hang_up import HangUp
    from .context import EchoRequest
    from .conversation import ChatQuestion
    from .turns import OfferedTool

REFUSAL = "echo: this request is refused."
_LONGEST = 1_000_000
_TOO_MUCH_WORK = "making a value for it takes too many steps; use fewer allOf, anyOf and $ref"


class EchoAnswer(NamedTuple):
    """An answer.

    Attributes:
        text: the text of the answer or refusal.
        calls: the tools to call; then there is no text.
        finish: why it ends.
        thinking: the thinking before the answer; ``None`` if there is none.
        stop_sequence: the text that ended it.
    """

    text: str = ""
    calls: tuple[ToolUse, ...] = ()
    finish: Literal["stop", "length", "stop_sequence", "calls", "refusal"] = "stop"
    thinking: str | None = None
    stop_sequence: str | None = None

    @property
    def thinking_tokens(self) -> int:
        """The tokens of the thinking."""
        return tokens.count(self.thinking or "")

    @property
    def tokens(self) -> int:
        """The tokens of the whole answer."""
        calls = sum(tokens.count(call.name) + tokens.count(call.arguments) for call in self.calls)
        return self.thinking_tokens + tokens.count(self.text) + calls


def signature(thinking: str) -> str:
    """Return the signature of a thinking block, which proves that it comes back unchanged."""
    return base64.b64encode(hashlib.sha256(b"echo:" + thinking.encode("utf-8", "surrogatepass")).digest()).decode()


def seal(thinking: str) -> str:
    """Return thinking as the ``encrypted_content`` of a reasoning item, which ``is_sealed`` recognizes."""
    content = thinking.encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(hashlib.sha256(b"echo reasoning:" + content).digest() + content).decode()


def is_sealed(sealed: str) -> bool:
    """Whether an ``encrypted_content`` was made by ``echo`` and is unchanged."""
    try:
        content = base64.b64decode(sealed, b"-_", validate=True)
        return hmac.compare_digest(seal(content[32:].decode("utf-8", "surrogatepass")), sealed)
    except ValueError:
        return False


def answers(ask: ChatQuestion, echo_request: EchoRequest, prefix: str) -> list[EchoAnswer]:
    """Return as many answers as a request wants; all but the first end in their number.

    Args:
        ask: the request.
        echo_request: the request to the endpoint, with the directives found in it.
        prefix: the beginning of the ids of calls.

    Raises:
        EchoError: 400, a schema in the request has no value.
    """
    directives = echo_request.directives
    if "refuse" in directives.flags:
        return [EchoAnswer(REFUSAL, finish="refusal")] * ask.choices
    said, request = without_markers(ask.user_text), without_markers(ask.request)
    thinking = f"The user said: {tokens.cut(said, 50)}" if ask.thinking else None
    if directives.say is None and (called := tools_to_call(ask, request)):
        with schema_budget(echo_request.request.hang_up) as budget:
            made = [(tool, arguments_for(tool, request, budget)) for tool in called]
        return [_calling(made, thinking, lambda: echo_request.new_id(prefix)) for _ in range(ask.choices)]
    text = _text(ask, echo_request, said)
    endings = [f" ({index + 1})" if index and ask.schema is None else "" for index in range(ask.choices)]
    whole = (EchoAnswer(text + ending, thinking=thinking) for ending in endings)
    return [_within_limit(_stopped(answer, ask.stop), ask.limit) for answer in whole]


def schema_budget(hang_up: HangUp) -> WorkBudget:
    """Return the work that one answer may spend on schemas; it ends when the caller hangs up."""
    return WorkBudget(MAX_SCHEMA_WORK, _TOO_MUCH_WORK, hang_up)


def _calling(made: Sequence[tuple[OfferedTool, str]], thinking: str | None, new_id: Callable[[], str]) -> EchoAnswer:
    uses = (ToolUse(new_id(), tool.name, text, tool.parameters is None, tool.namespace) for tool, text in made)
    return EchoAnswer(calls=tuple(uses), finish="calls", thinking=thinking)


def _text(ask: ChatQuestion, echo_request: EchoRequest, said: str) -> str:
    directives, request = echo_request.directives, echo_request.request
    if directives.say is not None:
        text = directives.say
    elif "request" in directives.flags:
        text = json.dumps(json.loads(request.body), ensure_ascii=False)
    elif ask.schema is not None:
        return _json(ask.schema, said, request.hang_up)
    else:
        text = _echo(ask, said)
    times = min(int(directives.value("repeat") or 1), _LONGEST // (len(text) + 1) + 1)
    return " ".join([text] * times)


def _echo(ask: ChatQuestion, said: str) -> str:
    if ask.results:
        return "\n".join(f"echo: {name} returned {text}" for name, text in ask.results)
    images = next((message.images for message in reversed(ask.messages) if message.role == "user"), 0)
    seen = f" [{images} image{'s' * (images > 1)}]" if images else ""
    return f"echo: {said}{seen}"


def _json(schema: dict[str, object], said: str, hang_up: HangUp) -> str:
    if not schema:
        return json.dumps(next(objects_in(said), {"echo": said}), ensure_ascii=False)
    try:
        with schema_budget(hang_up) as budget:
            return json.dumps(instance_of(schema, budget), ensure_ascii=False)
    except NoInstanceError as exc:
        message = f"Invalid schema for response_format: {exc}"
        raise EchoError(400, message, param="response_format") from exc


def _stopped(answer: EchoAnswer, stop: tuple[str, ...]) -> EchoAnswer:
    places = [(place, text) for text in stop if text and (place := answer.text.find(text)) >= 0]
    if not places:
        return answer
    place, text = min(places)
    return answer._replace(text=answer.text[:place], finish="stop_sequence", stop_sequence=text)


def _within_limit(answer: EchoAnswer, limit: int | None) -> EchoAnswer:
    if limit is None or answer.tokens <= limit:
        return answer
    text = tokens.cut(answer.text, max(0, limit - answer.thinking_tokens))
    return answer._replace(text=text, finish="length", stop_sequence=None)

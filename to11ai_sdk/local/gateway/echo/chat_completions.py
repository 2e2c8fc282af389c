"""OpenAI's ``POST /chat/completions``.

Sources: https://platform.openai.com/docs/api-reference/chat/object and ``/chat/streaming``.
"""

from __future__ import annotations

from itertools import chain, repeat, zip_longest
from typing import TYPE_CHECKING, Any

from ..formats import sse
from .body import BodyField, parse
from .chat_requests import is_old_form, read_chat
from .context import EchoReply, EchoRequest, as_events, as_json
from .echo_answer import EchoAnswer, answers
from .openai_limits import check_chat
from .refusals import EchoError, openai_error
from .tokens import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conversation import ChatQuestion
    from .turns import ToolUse

_FINISH = {"stop": "stop", "stop_sequence": "stop", "length": "length", "calls": "tool_calls", "refusal": "stop"}


def chat_completions(echo_request: EchoRequest) -> EchoReply:
    """Answer a chat request, as a whole or as a stream."""
    body = parse(echo_request.request.body)
    ask = read_chat(body, echo_request.provider.type)
    if echo_request.provider.is_openai:
        check_chat(body)
    echo_request.apply_directives(ask.model, ask.user_text)
    said = answers(ask, echo_request, "call_")
    head = {"id": echo_request.new_id("chatcmpl-"), "created": echo_request.now(), "model": ask.model}
    usage = _usage(ask, said)
    if (stream := body.get("stream")) and stream.flag():
        return _stream(head, said, usage if _wants_usage(body) else None, is_old_form(body))
    choices = [_choice(index, answer, is_old_form(body)) for index, answer in enumerate(said)]
    return as_json(
        {**head, "object": "chat.completion", "choices": choices, "usage": usage, "system_fingerprint": "fp_echo"}
    )


def _wants_usage(body: BodyField) -> bool:
    options = body.get("stream_options")
    wanted = options.get("include_usage") if options else None
    return wanted is not None and wanted.flag()


def _choice(index: int, answer: EchoAnswer, old: bool) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []}
    if answer.finish == "refusal":
        message.update(content=None, refusal=answer.text)
    if answer.calls:
        message["content"] = None
        message |= _called(answer.calls[0]) if old else {"tool_calls": [*map(_call, answer.calls)]}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": _finish(answer, old)}


def _call(call: ToolUse) -> dict[str, Any]:
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _called(call: ToolUse) -> dict[str, Any]:
    return {"function_call": {"name": call.name, "arguments": call.arguments}}


def _finish(answer: EchoAnswer, old: bool) -> str:
    return "function_call" if old and answer.calls else _FINISH[answer.finish]


def _usage(ask: ChatQuestion, said: list[EchoAnswer]) -> dict[str, Any]:
    prompt, completion = ask.prompt_tokens, sum(answer.tokens for answer in said)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": sum(answer.thinking_tokens for answer in said)},
    }


def _stream(head: dict[str, Any], said: list[EchoAnswer], usage: dict[str, Any] | None, old: bool) -> EchoReply:
    shared: dict[str, Any] = {**head, "object": "chat.completion.chunk", "system_fingerprint": "fp_echo"}
    if usage is not None:
        shared["usage"] = None
    # The choices are interleaved, as from a model that writes them in parallel.
    rounds = chain.from_iterable(zip_longest(*map(_chunks, range(len(said)), said, repeat(old))))
    events = [sse.write({**shared, "choices": [choice]}) for choice in rounds if choice is not None]
    if usage is not None:
        events.append(sse.write({**shared, "choices": [], "usage": usage}))
    broken = {"error": openai_error(EchoError(500, "echo: the stream broke, as the request asked for."))}
    return as_events([*events, sse.write("[DONE]")], sse.write(broken))


def _chunks(index: int, answer: EchoAnswer, old: bool) -> Iterator[dict[str, Any]]:
    for delta in _deltas(answer, old):
        yield {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}
    yield {"index": index, "delta": {}, "logprobs": None, "finish_reason": _finish(answer, old)}


def _deltas(answer: EchoAnswer, old: bool) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if answer.calls else "", "refusal": None}
    name = "refusal" if answer.finish == "refusal" else "content"
    for piece in pieces(answer.text):
        yield {name: piece}
    for index, call in enumerate(answer.calls):
        begun = call._replace(arguments="")
        yield _called(begun) if old else {"tool_calls": [{"index": index, **_call(begun)}]}
        for piece in pieces(call.arguments):
            part = {"custom": {"input": piece}} if call.custom else {"function": {"arguments": piece}}
            yield {"function_call": {"arguments": piece}} if old else {"tool_calls": [{"index": index, **part}]}

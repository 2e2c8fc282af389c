"""What each wire format can hold, as hypothesis strategies, and formats that make the same ids again and again."""

from __future__ import annotations

import itertools
import json
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from to11ai_sdk.local.gateway.formats import Format, formats
from to11ai_sdk.local.gateway.formats.neutral import (
    ChatReply,
    ChatRequest,
    Delta,
    End,
    File,
    Image,
    Message,
    PartDelta,
    PartStart,
    Reasoning,
    RedactedThinking,
    Refusal,
    ReplyPart,
    ResponseFormat,
    Sampling,
    Signature,
    Start,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
)
from to11ai_sdk.local.gateway.formats.streams import is_empty

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES = ("openai_chat", "openai_responses", "anthropic_messages")
NOW = 1_700_000_000


def numbered_formats() -> dict[str, Format]:
    """The formats with ids 1, 2, 3 and a clock that stands still."""
    numbers = itertools.count(1)
    return formats(lambda prefix: f"{prefix}{next(numbers)}", lambda: NOW)


def stream_of(name: str, deltas: list[Delta], request: ChatRequest) -> bytes:
    return b"".join(numbered_formats()[name].write_stream(deltas, request))


def collect(deltas: Iterable[Delta]) -> ChatReply:
    """The reply that a whole stream makes up."""
    start, *middle, end = deltas
    assert isinstance(start, Start), start
    assert isinstance(end, End), end
    grown: list[tuple[ReplyPart, list[str]]] = []
    for delta in middle:
        if isinstance(delta, PartStart):
            grown.append((delta.part, []))
        elif isinstance(delta, PartDelta):
            grown[-1][1].append(delta.text)
        elif isinstance(delta, Signature):
            part, texts = grown[-1]
            assert isinstance(part, Thinking)
            grown[-1] = (replace(part, signature=delta.signature), texts)
    parts = tuple(part for part in (_with(*each) for each in grown) if not is_empty(part))
    return ChatReply(start.id, start.model, parts, end.stop, end.stop_sequence, end.usage, start.created)


def _with(part: ReplyPart, pieces: list[str]) -> ReplyPart:
    if isinstance(part, RedactedThinking):
        return part
    text = "".join(pieces)
    return replace(part, arguments=text) if isinstance(part, ToolCall) else replace(part, text=text)


words = st.text(min_size=1, max_size=20).filter(str.strip)
names = st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)
proofs = words.filter(lambda proof: not proof.startswith("to11:"))
ids = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
texts = st.builds(Text, words)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(words, json_values, max_size=3)
arguments = json_objects.map(lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")))
calls = st.builds(ToolCall, ids, names, arguments)
data_urls = st.binary(max_size=9).map(lambda data: f"data:image/png;base64,{b64encode(data).decode()}")
web_urls = words.map(lambda word: f"https://example.com/{word}")
images = st.builds(Image, data_urls | web_urls)
file_names = words.map(lambda word: f"{word}.png")
detailed_images = st.builds(Image, data_urls | web_urls, st.sampled_from([None, "low", "high"]))
signed = st.builds(Thinking, words, proofs)
redacted = st.builds(RedactedThinking, words)
refusals = st.builds(Refusal, words)
tool_choices = st.sampled_from(
    [ToolChoice("auto"), ToolChoice("none"), ToolChoice("required"), ToolChoice("tool", "f")]
)
flags = st.none() | st.booleans()
schemas = st.fixed_dictionaries(
    {
        "type": st.just("object"),
        "properties": st.dictionaries(words, st.sampled_from([{"type": "string"}, {"enum": [1]}, {}]), max_size=2),
    }
)


def some(strategy: st.SearchStrategy[Any], least: int = 1) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, min_size=least, max_size=3).map(tuple)


def messages(role: str, parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Message]:
    return st.builds(Message, st.just(role), parts)


def results(content: st.SearchStrategy[Any], is_error: st.SearchStrategy[bool]) -> st.SearchStrategy[Message]:
    return messages("tool", st.tuples(st.builds(ToolResult, ids, content, is_error)))


tools = st.lists(
    st.builds(Tool, names, st.none() | words, schemas, st.booleans()), max_size=3, unique_by=lambda tool: tool.name
).map(tuple)


def _as_sent(request: ChatRequest) -> ChatRequest:
    """A request that needs no putting in order: ids and names are distinct, calls have tools, someone is asked."""
    numbers = itertools.count()
    turns = tuple(
        replace(
            message,
            parts=tuple(
                replace(part, id=f"call-{next(numbers)}") if isinstance(part, ToolCall) else part
                for part in message.parts
            ),
        )
        for message in request.messages
    )
    asked = (*turns, Message("user", (Text("So?"),))) if turns else turns
    offered = {tool.name: tool for tool in request.tools}
    if next(numbers):
        offered = offered or {"t": Tool("t", None, {"type": "object", "properties": {}}, False)}
    choice = {} if offered else {"tool_choice": None, "parallel_tool_calls": None}
    return replace(request, messages=asked, tools=tuple(offered.values()), **choice)


# What all three formats can hold.
common_requests = st.builds(
    ChatRequest,
    model=words,
    messages=st.tuples(
        messages("system", st.tuples(texts)),
        messages("user", some(texts | images)),
        messages("assistant", st.tuples(texts, calls, calls)),
        results(st.tuples(texts), st.just(False)),
        results(st.tuples(texts), st.just(False)),
        messages("user", some(texts | images)),
        messages("assistant", st.tuples(texts)),
        messages("user", some(texts)),
    ),
    tools=tools,
    tool_choice=st.none() | tool_choices,
    sampling=st.builds(Sampling, st.integers(1, 99), st.none() | st.floats(0.1, 0.9), st.none() | st.floats(0.1, 0.9)),
    reasoning=st.builds(Reasoning, effort=st.sampled_from([None, "low", "high"])),
    user=st.none() | words,
).map(_as_sent)

_openai_settings = {
    "model": words,
    "tools": tools,
    "tool_choice": st.none() | tool_choices,
    "parallel_tool_calls": flags,
    "reasoning": st.builds(Reasoning, effort=st.sampled_from([None, "none", "minimal", "high"])),
    "response_format": st.none()
    | st.sampled_from([ResponseFormat("text"), ResponseFormat("json_object")])
    | st.builds(ResponseFormat, st.just("json_schema"), words, st.none() | words, st.none() | schemas, flags),
    "user": st.none() | words,
    "metadata": st.dictionaries(words, words, max_size=2),
    "verbosity": st.sampled_from([None, "low", "high"]),
    "service": st.dictionaries(st.sampled_from(["prompt_cache_key", "service_tier"]), words),
}
_counts = st.none() | st.integers(1, 9999)
_floats = st.none() | st.floats(0, 2)

chat_requests = st.builds(
    ChatRequest,
    messages=some(
        messages("system", some(texts))
        | messages("developer", some(texts))
        | messages("user", some(texts | detailed_images | st.builds(File, data_urls, file_names)))
        | messages("assistant", st.tuples(some(texts), some(calls, 0)).map(lambda both: both[0] + both[1]))
        | messages("assistant", st.tuples(refusals) | some(calls))
        | results(some(texts), st.just(False)),
        least=0,
    ),
    sampling=st.builds(Sampling, _counts, _floats, _floats, st.none(), some(words, 0)),
    n=st.integers(1, 3),
    **_openai_settings,
).flatmap(lambda it: st.sampled_from([it, replace(it, stream=True), replace(it, stream=True, include_usage=True)]))


def _alternating(requests: ChatRequest) -> ChatRequest:
    kept = [
        message
        for previous, message in itertools.pairwise((None, *requests.messages))
        if message and not (previous and previous.role == message.role == "assistant")
    ]
    return replace(requests, messages=tuple(kept))


_documents = st.builds(File, data_urls, file_names) | st.builds(File, web_urls, st.none() | words)
responses_requests = (
    st.builds(
        ChatRequest,
        messages=some(
            messages("system", some(texts))
            | messages("developer", some(texts))
            | messages("user", some(texts | detailed_images | _documents))
            | messages("assistant", some(texts | refusals | calls | st.builds(Thinking, words, proofs, words)))
            | results(some(texts | detailed_images | _documents), st.just(False)),
            least=0,
        ),
        sampling=st.builds(Sampling, _counts, _floats, _floats),
        **_openai_settings,
    )
    .map(_alternating)
    .flatmap(lambda it: st.sampled_from([it, replace(it, stream=True, include_usage=True)]))
)

_turns = some(
    messages("user", some(texts | images | _documents))
    | messages("assistant", some(texts | calls | signed | redacted).map(lambda parts: (*parts, Text("So."))))
    | results(some(texts | images | _documents, 0), st.just(False))
    | results(some(texts | images | _documents), st.just(True)),
    least=0,
)
_systems = some(messages("system", some(texts)), 0).map(lambda several: several[:1])
_choices = st.tuples(st.none() | tool_choices, flags).map(
    lambda both: both if both[0] and both[0].type != "none" else (both[0], None)
)
anthropic_requests = st.builds(
    lambda choice, stream, **rest: ChatRequest(
        tool_choice=choice[0], parallel_tool_calls=choice[1], stream=stream, include_usage=stream, **rest
    ),
    choice=_choices,
    stream=st.booleans(),
    model=words,
    messages=st.tuples(_systems, _turns).map(lambda both: both[0] + both[1]),
    tools=tools,
    sampling=st.builds(
        Sampling,
        st.integers(1, 9999),
        st.none() | st.floats(0.1, 0.9),
        st.none() | st.floats(0.1, 0.9),
        _counts,
        some(words, 0),
    ),
    reasoning=st.builds(Reasoning, st.sampled_from([None, "low", "max"]))
    | st.builds(Reasoning, st.none(), st.sampled_from(["enabled", "adaptive"]), st.none() | st.integers(1, 9999)),
    user=st.none() | words,
)
REQUESTS: dict[str, st.SearchStrategy[ChatRequest]] = {
    "openai_chat": chat_requests.map(_as_sent),
    "openai_responses": responses_requests.map(_as_sent),
    "anthropic_messages": anthropic_requests.map(_as_sent),
}

usages = st.builds(
    lambda fresh, output, read, write, thought: Usage(fresh + read + write, output, read, write, thought),
    *[st.integers(0, 999)] * 5,
)


def _ended(reply: ChatReply) -> ChatReply:
    called = any(isinstance(part, ToolCall) for part in reply.parts)
    stop = "tool_use" if called else "end_turn"
    return replace(reply, stop=stop) if reply.stop in {"end_turn", "tool_use"} else reply


def _has_distinct_ids(reply: ChatReply) -> bool:
    found = [part.id for part in reply.parts if isinstance(part, ToolCall)]
    return len(found) == len(set(found))


_openai_stops = st.sampled_from(["end_turn", "max_tokens", "refusal"])
chat_replies = st.builds(
    ChatReply,
    id=ids.map(lambda it: f"chatcmpl-{it}"),
    model=words,
    parts=st.tuples(
        some(texts, 0).map(lambda it: it[:1]), some(refusals, 0).map(lambda it: it[:1]), some(calls, 0)
    ).map(lambda it: it[0] + it[1] + it[2]),
    stop=_openai_stops,
    usage=st.none() | usages,
    created=st.integers(1, 2**31),
).map(_ended)
responses_replies = st.builds(
    ChatReply,
    id=ids.map(lambda it: f"resp_{it}"),
    model=words,
    parts=some(texts | refusals | calls | st.builds(Thinking, st.text(max_size=9), words, words), 0),
    stop=_openai_stops,
    usage=st.none() | usages,
    created=st.integers(1, 2**31),
).map(_ended)
anthropic_replies = st.builds(
    lambda stop, stop_sequence, **rest: ChatReply(
        stop=stop, stop_sequence=stop_sequence if stop == "stop_sequence" else None, **rest
    ),
    stop=st.sampled_from(["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal"]),
    stop_sequence=words,
    id=ids.map(lambda it: f"msg_{it}"),
    model=words,
    parts=some(
        texts | calls | signed | redacted | st.builds(Thinking, words) | st.builds(Thinking, st.just(""), words), 0
    ),
    usage=usages,
).map(_ended)
REPLIES: dict[str, st.SearchStrategy[ChatReply]] = {
    "openai_chat": chat_replies.filter(_has_distinct_ids),
    "openai_responses": responses_replies.filter(_has_distinct_ids),
    "anthropic_messages": anthropic_replies.filter(_has_distinct_ids),
}


def pieces(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """The same bytes, cut anywhere."""
    cuts = st.lists(st.integers(0, len(data)), max_size=8).map(sorted)
    return cuts.map(lambda at: [data[low:high] for low, high in itertools.pairwise([0, *at, len(data)])])


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Places of all values inside a JSON value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, member in members for inner in paths(member, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """The value with another one at a place."""
    if not path:
        return by
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], by)
    return changed


@st.composite
def damaged(draw: st.DrawFn, bodies: st.SearchStrategy[Any]) -> Any:
    """A body in which a value or two are not what they should be."""
    body = draw(bodies)
    for _ in range(draw(st.integers(1, 2))):
        body = replaced(body, draw(st.sampled_from(paths(body))), draw(json_values))
    return body

"""What every client is asked, and what has to come back: the same for all of them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

GPT, CLAUDE = "gpt-4o", "claude-sonnet-4-6"
MODELS = (GPT, CLAUDE)
CAPABILITIES = ("chat", "stream", "tools", "structured", "agent", "image", "errors", "stream_error")

HELLO, HELLO_ANSWER = "Hello!", "echo: Hello!"
COUNT, COUNT_ANSWER = "Count to 3", "echo: Count to 3"
WEATHER = 'Weather, please: {"location": "Paris"}'
"""echo calls the tool that a text is about, with the first JSON object that fits."""
THANKS = "Thank you"
CALLS = [("get_weather", {"location": "Paris"})]
TALK = ["echo: get_weather returned 21 degrees in Paris", "echo: Thank you"]
CITY = {"name": "Paris", "population": 7}
CITY_AS_ANSWER = f"[[echo:say64={base64.urlsafe_b64encode(json.dumps(CITY).encode()).decode().rstrip('=')}]] City?"
"""For a client that asks for an answer in JSON."""
CITY_AS_ARGUMENTS = f"City? {json.dumps(CITY)}"
"""For a client that asks for a call of a tool instead."""
PICTURE, PICTURE_ANSWER = "What is this?", "echo: What is this? [1 image]"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel
DATA_URL = f"data:image/png;base64,{PNG}"
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"location": {"type": "string"}},
    "required": ["location"],
    "additionalProperties": False,
}
DESCRIPTION = "The weather of a place."


class City(BaseModel):
    """A city."""

    name: str
    population: int


def get_weather(location: str) -> str:
    """The weather of a place.

    Args:
        location: name of the place.
    """
    return f"21 degrees in {location}"


@dataclass
class Reply:
    """An answer of a model, as a client shows it; ``tokens`` in and out, where it shows them."""

    text: str
    tokens: tuple[int, int] | None = None


@dataclass
class Stream:
    """A streamed answer, piece by piece."""

    pieces: list[str]
    tokens: tuple[int, int] | None = None


@dataclass
class Talk:
    """A conversation with a tool: what was called, and the answers to the user."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Failure:
    """What a client makes of an error: its class, and what ``raise_for_gateway`` makes of that."""

    name: str
    status: int | None = None
    code: str | None = None
    retry_after: float | None = None
    exception: Exception | None = field(default=None, compare=False)


ERRORS = {
    "key": "a wrong to11 key",
    "model": "an unknown model",
    "rate": "429 of the provider",
    "server": "500 of the provider",
}
ERROR_TEXTS = {"rate": "[[echo:status=429,retry-after=300]] Hello!", "server": "[[echo:status=500]] Hello!"}
STREAM_ERROR = "[[echo:error-event]] one two three four five six"

AGENT = "What is the weather?"
AGENT_CITY = {"name": "name", "population": 0}
"""What echo makes of the schema."""
AGENT_CALLS = [("get_weather", {"location": "location"})]
AGENT_TEXT = "echo: get_weather returned 21 degrees in location"

"""The clients on Node: each is a module in ``node/``, which runs in a process of its own."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from .. import asked
from ..asked import Reply, Stream, Talk
from ..client import Cannot, Client
from ..places import HERE, MODULES, node, node_process
from .openai import SCHEMA_ON_CLAUDE

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient

NO_LOOP = Cannot("it has no loop of its own")


class NodeError(Exception):
    """What a client on Node threw."""

    def __init__(self, thrown: dict[str, Any]) -> None:
        super().__init__(thrown["message"])
        self.thrown = thrown


class OnNode(Client):
    """A client on Node; what it is asked goes to its process."""

    language = "node"
    module: ClassVar[str]

    def __init__(self, sdk: Any, model: str) -> None:
        super().__init__(sdk, model)
        self.retries = True

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        """The environment that the lines of the page read; they run in the process."""
        key = client._transport.api_key
        return {"TO11_API_KEY": key, "TO11_PROJECT_ID": project_id, "TO11_GATEWAY_URL": gateway_url}

    @classmethod
    def needed(cls) -> None:
        if not (MODULES.is_dir() and os.environ.get("TO11_NODE_MODULES") and node()):
            pytest.skip("needs Node and TO11_NODE_MODULES, as nox -s clients sets it")

    @classmethod
    def version(cls) -> str:
        found = json.loads((MODULES / cls.package / "package.json").read_text("utf-8"))
        return str(found["version"])

    @classmethod
    def lines(cls) -> str:
        """What the module imports of others, and the body of its ``connect``."""
        source = (HERE / "node" / f"{cls.module}.mjs").read_text("utf-8")
        imports = [line for line in source.splitlines() if line.startswith("import ") and '"./' not in line]
        body = re.findall(
            r"^export function connect\(model\) \{\n(.*?)^  return .*?^\}", source, re.DOTALL | re.MULTILINE
        )
        lines = [line.removeprefix("  ") for line in body[0].rstrip().splitlines()]
        used = [line for line in imports if any(re.search(rf"\b{name}\b", body[0]) for name in imported(line))]
        return "\n".join([*used, "", *lines])

    def at_once(self) -> None:
        self.retries = False

    def ask(self, function: str, **more: Any) -> Any:
        found = node_process(self.module).ask(
            function=function, model=self.model, env=self.sdk, retries=self.retries, **more
        )
        self.waits = found["waits"]
        if "thrown" in found:
            raise type(found["thrown"]["name"], (NodeError,), {})(found["thrown"])
        return found["value"]

    def waited(self) -> list[float]:
        """The waits between the tries of the last call, where they are noted."""
        return list(self.waits)

    def chat(self, text: str) -> Reply:
        return reply(self.ask("chat", text=text))

    def stream(self, text: str) -> Stream:
        found = self.ask("stream", text=text)
        return Stream(found["pieces"], found["tokens"] and tuple(found["tokens"]))

    def tools(self, *texts: str) -> Talk:
        found = self.ask("tools", texts=texts)
        return Talk([(name, arguments) for name, arguments in found["calls"]], found["texts"])

    def structured(self) -> Any:
        return self.ask("structured", text=asked.CITY_AS_ANSWER)

    def agent(self) -> Any:
        found = self.ask("agent", text=asked.AGENT)
        if "calls" in found:
            return Talk([(name, arguments) for name, arguments in found["calls"]], found["texts"])
        return found

    def image(self, text: str) -> Reply:
        return reply(self.ask("image", text=text, image=asked.PNG))

    @classmethod
    def check_error(cls, kind: str, exc: Any) -> None:
        wanted = {"key": (401, "auth"), "model": (404, "model_not_found"), "rate": (429, "rate_limit")}
        wanted["server"] = (502, "upstream")
        thrown = exc.thrown
        if kind != "stream":
            assert (thrown["status"], thrown["code"]) == wanted[kind]
        elif cls.says_why:
            assert "the stream broke" in thrown["message"]


def imported(line: str) -> list[str]:
    """The names that an import line brings."""
    return re.findall(r"\w+", line.partition(" from ")[0].removeprefix("import "))


def reply(found: dict[str, Any]) -> Reply:
    return Reply(found["text"], found["tokens"] and tuple(found["tokens"]))


class OpenAIChat(OnNode):
    """openai, chat completions."""

    title = "openai for Node, chat completions"
    package = "openai"
    module = "openai_chat"
    cannot: ClassVar = {("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE}
    notes = ("It obeys a `Retry-After` of up to 60 s. It ignores a longer one and retries after a moment.",)
    classes: ClassVar = {
        "key": "AuthenticationError",
        "model": "NotFoundError",
        "rate": "RateLimitError",
        "server": "InternalServerError",
        "stream": "APIError",
    }


class OpenAIResponses(OpenAIChat):
    """openai, responses."""

    title = "openai for Node, responses"
    module = "openai_responses"
    cannot: ClassVar = {("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE, "agent": NO_LOOP}


class Anthropic(OnNode):
    """@anthropic-ai/sdk."""

    title = "@anthropic-ai/sdk"
    package = "@anthropic-ai/sdk"
    module = "anthropic"
    classes: ClassVar = OpenAIChat.classes


class OpenAIAgents(OnNode):
    """@openai/agents."""

    title = "@openai/agents"
    package = "@openai/agents"
    module = "openai_agents"
    cannot: ClassVar = {
        ("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE,
        ("agent", asked.CLAUDE): SCHEMA_ON_CLAUDE,
    }
    classes: ClassVar = OpenAIChat.classes


class AiOpenAI(OnNode):
    """ai with @ai-sdk/openai."""

    title = "ai, @ai-sdk/openai"
    package = "@ai-sdk/openai"
    module = "ai_openai"
    cannot: ClassVar = {
        ("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE,
        ("agent", asked.CLAUDE): SCHEMA_ON_CLAUDE,
    }
    classes: ClassVar = {**dict.fromkeys(asked.ERRORS, "AI_APICallError"), "stream": "AI_StreamProviderError"}
    notes: ClassVar = (
        'An error inside a stream is a part `{type: "error"}` of the stream, not an exception.',
        "It ignores `x-should-retry`, and a `Retry-After` of 60 s or more. Set `maxRetries: 0` to switch retries off.",
        "It refers to earlier turns by their ids, and only OpenAI stores those. With a Claude model set "
        "`providerOptions: {openai: {store: false}}`.",
    )


class AiAnthropic(AiOpenAI):
    """ai with @ai-sdk/anthropic."""

    title = "ai, @ai-sdk/anthropic"
    package = "@ai-sdk/anthropic"
    module = "ai_anthropic"
    cannot: ClassVar = {}
    notes = AiOpenAI.notes[:2]


class AiCompatible(AiOpenAI):
    """ai with @ai-sdk/openai-compatible."""

    title = "ai, @ai-sdk/openai-compatible"
    package = "@ai-sdk/openai-compatible"
    module = "ai_compatible"
    notes = AiOpenAI.notes[:2]


class AiMistral(AiOpenAI):
    """ai with @ai-sdk/mistral."""

    title = "ai, @ai-sdk/mistral"
    package = "@ai-sdk/mistral"
    module = "ai_mistral"
    models = ("mistral-large-latest",)
    classes: ClassVar = {**AiOpenAI.classes, "stream": "AI_TypeValidationError"}
    shows_tokens = ("chat",)
    notes = AiOpenAI.notes[:2]


class AiCohere(AiOpenAI):
    """ai with @ai-sdk/cohere."""

    title = "ai, @ai-sdk/cohere"
    package = "@ai-sdk/cohere"
    module = "ai_cohere"
    models = ("rerank-v3.5",)
    cannot: ClassVar = {
        name: Cannot("the gateway serves only `rerank` in Cohere's format, no chat")
        for name in ("stream", "tools", "structured", "agent", "image", "stream_error")
    }
    shows_tokens = ()
    notes = AiOpenAI.notes[1:2]
    hello_answer = "1:1 0:0"


CLIENTS: tuple[type[OnNode], ...] = (
    OpenAIChat,
    OpenAIResponses,
    Anthropic,
    OpenAIAgents,
    AiOpenAI,
    AiAnthropic,
    AiCompatible,
    AiMistral,
    AiCohere,
)

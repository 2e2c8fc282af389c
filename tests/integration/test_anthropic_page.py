"""Every example of the page "Anthropic SDK", as it is written but for the host and the keys."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from pages_of_to11 import example

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from to11ai_sdk.local import LocalTo11

NODE_MODULES = os.environ.get("TO11_NODE_MODULES")
"""Folder with ``node_modules/@anthropic-ai/sdk``."""


@pytest.fixture
def page(to11: LocalTo11, capsys: pytest.CaptureFixture[str]) -> Generator[dict[str, Any]]:
    """The names of the page after its first example."""
    names: dict[str, Any] = {}
    exec(example("anthropic_python.py.txt", to11), names)
    assert capsys.readouterr().out == "echo: Hello from to11!\n"
    yield names
    names["client"].close()


def test_python(page: dict[str, Any], to11: LocalTo11) -> None:
    assert page["message"].usage.output_tokens > 0
    assert to11.requests[-1].path == "/v1/v1/messages"


def test_streaming(page: dict[str, Any], to11: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    exec(example("anthropic_streaming.py.txt", to11), page)
    assert capsys.readouterr().out == "echo: Count to 10"
    span = to11.traces()[0]
    assert span.is_stream
    assert span.input_tokens
    assert span.output_tokens


def test_system_messages(page: dict[str, Any], to11: LocalTo11) -> None:
    exec(example("anthropic_system.py.txt", to11), page)
    assert "ocean" in page["message"].content[0].text
    assert to11.requests[-1].body["system"].startswith("You are")


def test_tool_use(page: dict[str, Any], to11: LocalTo11) -> None:
    exec(example("anthropic_tools.py.txt", to11), page)
    called = page["message"].content[-1]
    assert (called.type, called.name, set(called.input)) == ("tool_use", "get_weather", {"location"})
    assert page["message"].stop_reason == "tool_use"


def test_cross_format_routing(page: dict[str, Any], to11: LocalTo11) -> None:
    exec(example("anthropic_cross.py.txt", to11), page)
    assert page["message"].content[0].text == "echo: Hello!"
    assert (page["message"].type, page["message"].model) == ("message", "gpt-4o")
    assert to11.traces()[0].provider_id == "openai"


@pytest.mark.skipif(not (NODE_MODULES and shutil.which("node")), reason="needs Node and @anthropic-ai/sdk")
def test_typescript_node_js(to11: LocalTo11, tmp_path: Path) -> None:
    assert NODE_MODULES
    (tmp_path / "node_modules").symlink_to(os.path.join(NODE_MODULES, "node_modules"))
    (tmp_path / "example.mjs").write_text(example("anthropic_node.mjs", to11), encoding="utf-8")
    done = subprocess.run(["node", "example.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "echo: Hello from to11!\n"), done.stderr


STREAM_IN_NODE = """
const stream = client.messages.stream({
  model: "gpt-4o", max_tokens: 256, messages: [{ role: "user", content: "Count to 3" }],
});
stream.on("text", (text) => process.stdout.write(text));
const final = await stream.finalMessage();
console.log("|" + final.stop_reason);
try {
  await client.messages.create({ model: "no-such-model", max_tokens: 9, messages: [{ role: "user", content: "x" }] });
} catch (error) {
  console.log(error.constructor.name, error.status, error.headers.get("x-to11-error-code"));
}
"""


@pytest.mark.skipif(not (NODE_MODULES and shutil.which("node")), reason="needs Node and @anthropic-ai/sdk")
def test_node_js_streams_and_sees_errors(to11: LocalTo11, tmp_path: Path) -> None:
    assert NODE_MODULES
    (tmp_path / "node_modules").symlink_to(os.path.join(NODE_MODULES, "node_modules"))
    code = example("anthropic_node.mjs", to11) + STREAM_IN_NODE
    (tmp_path / "example.mjs").write_text(code, encoding="utf-8")
    done = subprocess.run(["node", "example.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    lines = ["echo: Hello from to11!", "echo: Count to 3|end_turn", "NotFoundError 404 model_not_found", ""]
    assert done.stdout == "\n".join(lines), done.stderr

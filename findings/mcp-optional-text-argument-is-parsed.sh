#!/usr/bin/env bash
# mcp 2.3.0 (PyPI), its own server and client joined in memory.
# Guess: a tool's argument of type `str | None` takes any text, as `str` does, and leaves it unchanged.
# What happens: if the type is not plain `str`, a text that happens to be JSON is parsed before it is checked.
# Given to `str | None`, the text '{"k": 1}' is refused (an object is not a string) and 'null' arrives as None; `Any`
# gets a dict instead of the text. Plain `str` takes all of them. The published schemas allow a string in all three.
# Why it matters: making a prompt, a template or a JSON document optional breaks the tool for exactly those values
# that hold JSON, and the error blames the model for having sent an object, which it did not.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check mcp==2.3.0 pydantic==2.14.4
"$dir/venv/bin/python" - <<'PY'
import asyncio
import logging
from importlib.metadata import version
from typing import Any

from mcp import Client
from mcp.server import MCPServer

logging.disable(logging.ERROR)
server = MCPServer("probe")


@server.tool()
def plain(text: str) -> str:
    return repr(text)


@server.tool()
def optional(text: str | None = None) -> str:
    return repr(text)


@server.tool()
def anything(text: Any) -> str:
    return repr(text)


CASES = [
    ("plain", '{"k": 1}', "'{\"k\": 1}'"),
    ("plain", "null", "'null'"),
    ("optional", "hello", "'hello'"),
    ("optional", "5", "'5'"),
    ("optional", '{"k": 1}', "refused"),
    ("optional", "[1]", "refused"),
    ("optional", "null", "None"),
    ("anything", '{"k": 1}', "{'k': 1}"),
]


async def main():
    async with Client(server) as client:
        tools = {tool.name: tool.input_schema["properties"]["text"] for tool in (await client.list_tools()).tools}
        print("schema of plain:", tools["plain"], " schema of optional:", tools["optional"])
        assert {"type": "string"} in tools["optional"]["anyOf"]
        for tool, text, expected in CASES:
            result = await client.call_tool(tool, {"text": text})
            seen = "refused" if result.is_error else result.content[0].text
            print(f"{tool:9} given the text {text!r:12} -> {seen}")
            if result.is_error:
                print("          ", result.content[0].text.splitlines()[2].strip())
            assert seen == expected, (tool, text, seen)


print("mcp", version("mcp"), "pydantic", version("pydantic"))
asyncio.run(main())
PY

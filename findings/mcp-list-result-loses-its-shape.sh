#!/usr/bin/env bash
# mcp 2.3.0 and fastmcp 4.2.3 (PyPI), each with its own server and client joined in memory.
# Guess: a tool that returns a list gives the model that list as JSON text; both packages, with one decorator, agree.
# What happens: in mcp the list is taken apart, to the last level: [[1, 2], [3]] and [1, [2, 3]] both become the three
# texts 1, 2 and 3, ["a"] looks just like "a", and an empty list is a result without any content. In fastmcp the
# first is one text of JSON, yet the empty list has no content there either. structuredContent is right in both.
# Why it matters: clients that show the model the texts (the OpenAI Agents SDK does by default) lose rows, groups and
# "nothing found", although the tool, its schema and its tests are right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check mcp==2.3.0 fastmcp==4.2.3
"$dir/venv/bin/python" - <<'PY'
import asyncio
import logging
from importlib.metadata import version

import fastmcp
import mcp
from mcp.server import MCPServer

logging.disable(logging.ERROR)
TOOLS = {
    "pairs": (list[list[int]], [[1, 2], [3]]),
    "mixed": (list[int | list[int]], [1, [2, 3]]),
    "names": (list[str], ["a"]),
    "nothing": (list[str], []),
}


def register(server, name, kind, value):
    def tool() -> kind:
        return value

    server.tool(name=name)(tool)


async def texts(client):
    seen = {}
    async with client:
        for name, (_, value) in TOOLS.items():
            result = await client.call_tool(name, {})
            assert result.structured_content == {"result": value}, result
            seen[name] = [block.text for block in result.content]
    return seen


async def main():
    for package, server, client in (("mcp", MCPServer, mcp.Client), ("fastmcp", fastmcp.FastMCP, fastmcp.Client)):
        made = server("probe")
        for name, (kind, value) in TOOLS.items():
            register(made, name, kind, value)
        seen = await texts(client(made))
        print(package, version(package))
        for name, (_, value) in TOOLS.items():
            print(f"  returned {value!s:14} texts {seen[name]}")
        yielded[package] = seen


yielded = {}
asyncio.run(main())
flat = ["1", "2", "3"]
assert yielded["mcp"] == {"pairs": flat, "mixed": flat, "names": ["a"], "nothing": []}
assert yielded["fastmcp"]["pairs"] == ["[[1,2],[3]]"]
assert yielded["fastmcp"]["nothing"] == []
PY

#!/usr/bin/env bash
# langgraph 1.2.24 with langgraph-checkpoint 4.3.2 and langgraph-checkpoint-sqlite 3.1.2 (PyPI); openai-agents 0.24.0.
# Guess: a conversation kept by a checkpointer grows with its text: a turn of 2 kB adds a few kB.
# What happens: each of the three checkpoints of a turn holds all messages so far, so the file grows with the square of
# the conversation: 100 turns of 2 kB are 200 kB of text and a file of 37 MB, 200 turns 145 MB, and nothing is ever
# removed. The in-memory saver keeps copies too: 25 MB and 97 MB. The SQLite session of the OpenAI Agents SDK holds
# the same 200 turns in 0.6 MB.
# Why it matters: short tests show nothing; an agent that people come back to fills a disk, or the memory of a worker,
# with 300 to 700 times what was said, and each turn writes more than the one before.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langgraph==1.2.24 langgraph-checkpoint==4.3.2 \
  langgraph-checkpoint-sqlite==3.1.2 langchain-core==1.8.3 openai-agents==0.24.0 openai==3.57.0
cd "$dir"
cat > probe.py <<'PY'
import asyncio
import os
import sqlite3
import tracemalloc
from importlib.metadata import version

from agents import SQLiteSession
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, MessagesState, StateGraph

HALF = "x" * 1000  # what the user says in a turn, and what the model says


def model(state):
    return {"messages": [AIMessage(HALF)]}


graph = StateGraph(MessagesState)
graph.add_node("model", model)
graph.add_edge(START, "model")


def talk(saver, turns):
    app = graph.compile(checkpointer=saver)
    for _ in range(turns):
        app.invoke({"messages": [("user", HALF)]}, {"configurable": {"thread_id": "t"}})
    return len(app.get_state({"configurable": {"thread_id": "t"}}).values["messages"])


def in_file(turns):
    path = f"{turns}.db"
    connection = sqlite3.connect(path, check_same_thread=False)
    assert talk(SqliteSaver(connection), turns) == 2 * turns
    [[checkpoints]] = connection.execute("select count(*) from checkpoints")
    assert checkpoints == 3 * turns, checkpoints
    connection.close()
    return os.path.getsize(path) / 1e6


def in_memory(turns):
    saver = InMemorySaver()
    talk(saver, 1)
    tracemalloc.start()
    talk(saver, turns - 1)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / 1e6


async def in_session(turns):
    path = f"session{turns}.db"
    session = SQLiteSession("t", path)
    for _ in range(turns):
        await session.add_items([{"role": "user", "content": HALF}, {"role": "assistant", "content": HALF}])
    assert len(await session.get_items()) == 2 * turns
    session.close()
    return os.path.getsize(path) / 1e6


names = ("langgraph", "langgraph-checkpoint", "langgraph-checkpoint-sqlite", "openai-agents")
print(*(f"{name} {version(name)}" for name in names))
sizes = {turns: (in_file(turns), in_memory(turns), asyncio.run(in_session(turns))) for turns in (50, 100, 200)}
for turns, (file, memory, session) in sizes.items():
    text = turns * 2 * len(HALF) / 1e6
    print(f"{turns:4} turns, {text:.1f} MB of text: SqliteSaver {file:6.1f} MB, InMemorySaver {memory:5.1f} MB, "
          f"SQLiteSession {session:.1f} MB")
for less, more in ((50, 100), (100, 200)):
    file, memory, session = (big / small for small, big in zip(sizes[less], sizes[more]))
    assert 3.5 < file < 4.5, file
    assert 3.2 < memory < 4.5, memory
    assert session < 2.5, session
assert sizes[200][0] > 300 * 0.4 and sizes[200][1] > 200 * 0.4, sizes
PY
venv/bin/python probe.py

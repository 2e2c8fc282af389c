"""The client in Pyodide, Python in a browser, here under Node: all works but the network, and that is said."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from .packing import ROOT, needs_index, python, run, source

MODULES = Path(os.environ.get("TO11_NODE_MODULES", "")) / "node_modules"
PAGE = (ROOT / "docs" / "lambda.md").read_text("utf-8")
LOAD = """
const [folder, site, script] = process.argv.slice(2);
require(folder).loadPyodide().then((pyodide) => {
  pyodide.mountNodeFS("/site", site);
  pyodide.runPython("import sys; sys.path.insert(0, '/site')");
  console.log(pyodide.runPython(require("fs").readFileSync(script, "utf8")));
});
"""
SCRIPT = """
import json
from to11ai_sdk import ResolvedPrompt, To11aiNetworkError, create_client, gateway_auth_headers

rendered = {"format": "text", "text": "Welcome!"}
known = {"promptId": "p", "versionId": "v", "version": 1, "contentHash": "", "rendered": rendered}
fallback = ResolvedPrompt.from_dict(known)
found = {"headers": sorted(gateway_auth_headers("k", "p")), "errors": {}}
for scheme in ("http", "https"):
    client = create_client(api_key="k", base_url=f"{scheme}://127.0.0.1:4777", timeout_s=1.0)
    try:
        client.prompts.list(project_id="p")
    except To11aiNetworkError as exc:
        found["errors"][scheme] = [str(exc), exc.attempts]
    call = {"project_id": "p", "slug": "s", "labels": ["production"]}
    found[scheme] = client.prompts.resolve(**call, fallback=fallback).messages[0].content
json.dumps(found)
"""

pytestmark = [
    needs_index,
    pytest.mark.skipif(not (MODULES / "pyodide").is_dir(), reason="Pyodide is not installed: nox -s neighbours"),
    pytest.mark.skipif(not shutil.which("node"), reason="there is no Node"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the script found."""
    folder = tmp_path_factory.mktemp("pyodide")
    command = next(line for line in PAGE.splitlines() if line.startswith("pip install --target site "))
    run(*python("-m", *command.split()), cwd=source(folder))
    (folder / "load.cjs").write_text(LOAD)
    (folder / "script.py").write_text(SCRIPT)
    said = run("node", "load.cjs", MODULES / "pyodide", folder / "site", folder / "script.py", cwd=folder)
    result: dict[str, Any] = json.loads(said)
    return result


def test_what_needs_no_network_works(found: dict[str, Any]) -> None:
    assert found["headers"] == ["x-to11-authorization", "x-to11-project-id"]
    assert (found["http"], found["https"]) == ("Welcome!", "Welcome!")
    assert sorted(found["errors"]) == ["http", "https"]


def test_that_there_is_no_network_is_said_at_once(found: dict[str, Any]) -> None:
    for message, attempts in found["errors"].values():
        assert "Pyodide" in message
        assert attempts == 1

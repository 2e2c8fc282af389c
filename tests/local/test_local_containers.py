"""The compose file of ``docs/local.md``: its commands and health checks run as processes, without a container."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from services.postgres import programs

if TYPE_CHECKING:
    from services.postgres import PostgresServer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "local.md").read_text("utf-8")
KEY = "key-of-a-compose-file-0123456789"
HAS_VALUE = re.compile(r"\$\{\w+:\?[^}]+\}")
"""A variable without which compose does not start, and says why."""


@pytest.fixture
def services() -> Any:
    yaml: Any = pytest.importorskip("yaml")
    (content,) = re.findall(r"^```yaml\n(services:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return yaml.safe_load(content)["services"]


def test_no_secret_of_the_file_has_a_default(services: Any) -> None:
    for service in services.values():
        for name, value in service["environment"].items():
            assert HAS_VALUE.fullmatch(value) or name in {"POSTGRES_USER", "POSTGRES_DB"}, name
    assert services["to11"]["ports"] == ["127.0.0.1:4500:4500"]
    assert "ports" not in services["database"]


def test_the_commands_of_the_compose_file_serve(services: Any, postgres_server: PostgresServer) -> None:
    to11 = services["to11"]
    words = to11["command"]
    assert words[:2] == ["to11ai", "local"]
    (place,) = [word for word in words if word.startswith("postgresql://")]
    assert place == f"postgresql://{services['database']['environment']['POSTGRES_USER']}@database/to11"
    words = [postgres_server.url() if word == place else word for word in words[1:]]
    environment = {**os.environ, **dict.fromkeys(to11["environment"], KEY), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "to11ai_sdk", *words, "--port", "0", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            port = urlsplit(ready["base_url"]).port
            check_health(to11["healthcheck"]["test"], port, 0)
            for host, status in {"to11:4500": 200, "localhost:4500": 200, "evil.example": 421}.items():
                assert listed(port, host, ready["project_id"]) == status
            process.terminate()
            assert KEY not in "".join(process.communicate(timeout=60))
        finally:
            if process.poll() is None:
                process.kill()
    check_health(to11["healthcheck"]["test"], port, 1)


def check_health(test: list[str], port: int | None, status: int) -> None:
    assert test[:2] == ["CMD", "python"]
    words = [word.replace(":4500/", f":{port}/") for word in test[2:]]
    assert words != test[2:]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr


def listed(port: int | None, host: str, project_id: str) -> int:
    opened = HTTPConnection("127.0.0.1", port, timeout=60)
    opened.request(
        "GET", f"/v1/projects/{project_id}/prompts", headers={"Host": host, "Authorization": f"Bearer {KEY}"}
    )
    status = opened.getresponse().status
    opened.close()
    return status


def test_the_database_is_asked_whether_it_is_ready(services: Any, postgres_server: PostgresServer) -> None:
    test = services["database"]["healthcheck"]["test"]
    assert test[:2] == ["CMD", "pg_isready"]
    words = [programs() / "pg_isready", *test[2:], "-h", postgres_server.folder]
    assert subprocess.run([str(word) for word in words], capture_output=True, check=False).returncode == 0


def test_the_image_runs_the_command_that_the_page_describes() -> None:
    (content,) = re.findall(r"^```dockerfile\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (line,) = re.findall(r"^CMD (.*)$", content, re.MULTILINE)
    assert json.loads(line) == ["to11ai", "local", "--host", "0.0.0.0", "--allow-host", "to11"]
    assert content.index("USER to11") < content.index("CMD")

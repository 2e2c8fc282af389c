"""Every curl line of the page "API reference", as it is written but for the host and the keys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from pages_of_to11 import curl_lines, localized

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from to11ai_sdk.local import LocalTo11

LINES = curl_lines()


class Shell:
    """Runs commands in a folder as someone does who has the keys in the environment.

    The page leaves the two headers of to11 out of most examples and says so; here a ``.curlrc`` adds them.
    """

    def __init__(self, to11: LocalTo11, folder: Path) -> None:
        self._to11 = to11
        self.folder = folder
        auth = f"x-to11-authorization: Bearer {to11.api_key}", f"x-to11-project-id: {to11.project_id}"
        (folder / ".curlrc").write_text("".join(f'header = "{line}"\n' for line in auth))
        (folder / "recording.mp3").write_bytes(b"ID3 not really music")
        (folder / "data.jsonl").write_text('{"a": 1}\n')

    def run(self, command: str) -> bytes:
        """What the command prints; it must succeed with a status below 400."""
        keys = {"OPENAI_API_KEY": "sk-anything", "ANTHROPIC_API_KEY": "sk-ant-anything"}
        ours = {"TO11_API_KEY": self._to11.api_key, "TO11_PROJECT_ID": self._to11.project_id}
        home = {} if "x-to11-authorization" in command else {"CURL_HOME": str(self.folder)}
        done = subprocess.run(
            ["sh", "-c", localized(command, self._to11).replace("curl ", "curl --fail-with-body -sS ", 1)],
            cwd=self.folder,
            env={**os.environ, **keys, **ours, **home},
            capture_output=True,
            timeout=100,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout


def _content(reply: bytes) -> str:
    return str(json.loads(reply)["choices"][0]["message"]["content"])


def _streamed(reply: bytes) -> bool:
    return reply.startswith(b"data: {") and reply.endswith(b"data: [DONE]\n\n")


CHECKS: dict[str, Callable[[bytes], Any]] = {
    "1 POST /v1/chat/completions": lambda reply: _content(reply) == "echo: What is the capital of France?",
    "2 POST /v1/messages": lambda reply: json.loads(reply)["content"][0]["text"] == "echo: Hello!",
    "3 POST /v1/chat/completions": lambda reply: _content(reply) == "echo: Hello!",
    "4 POST /v1/chat/completions": _streamed,
    "5 GET /v1/models": lambda reply: len(json.loads(reply)["data"]) > 1,
    "6 GET /v1/models/gpt-4o": lambda reply: json.loads(reply)["owned_by"] == "openai",
    "7 POST /v1/embeddings": lambda reply: len(json.loads(reply)["data"][0]["embedding"]) > 1,
    "8 POST /v1/messages/count_tokens": lambda reply: json.loads(reply) == {"input_tokens": 14},
    "9 POST /v1/images/generations": lambda reply: len(json.loads(reply)["data"]) == 1,
    "10 POST /v1/audio/transcriptions": lambda reply: "recording.mp3" in json.loads(reply)["text"],
    "11 POST /v1/audio/speech": lambda reply: reply == b"",
    "12 POST /v1/files": lambda reply: json.loads(reply)["filename"] == "data.jsonl",
    "13 GET /v1/files": lambda reply: [row["filename"] for row in json.loads(reply)["data"]] == ["data.jsonl"],
    "14 GET /v1/files/file-abc123": lambda reply: json.loads(reply)["filename"] == "data.jsonl",
    "15 GET /v1/files/file-abc123/content": lambda reply: reply == b"",
    "16 DELETE /v1/files/file-abc123": lambda reply: json.loads(reply)["deleted"],
}


def test_every_line_of_the_page_is_checked() -> None:
    assert list(LINES) == list(CHECKS)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("asked", LINES)
def test_curl(to11: LocalTo11, tmp_path: Path, asked: str) -> None:
    shell = Shell(to11, tmp_path)
    is_there = "GET /v1/files" in asked or "DELETE" in asked
    file_id = json.loads(shell.run(LINES["12 POST /v1/files"]))["id"] if is_there else ""
    assert CHECKS[asked](shell.run(LINES[asked].replace("file-abc123", file_id)))
    if "speech" in asked:
        assert (tmp_path / "speech.mp3").read_bytes().startswith(b"RIFF")
    if "content" in asked:
        assert (tmp_path / "downloaded.jsonl").read_text() == '{"a": 1}\n'

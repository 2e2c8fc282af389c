"""The models of the built-in providers, and how one is added."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from gateway_harness import HELLO, Caller

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.config.providers import ProviderModel
from to11ai_sdk.local.gateway.config.registry import DEFAULTS

GATEWAY = (Path(__file__).parents[3] / "docs" / "gateway.md").read_text("utf-8")


def chat(ready: dict[str, str], model: str) -> Any:
    auth = {"x-to11-authorization": f"Bearer {ready['api_key']}", "x-to11-project-id": ready["project_id"]}
    body = json.dumps({"model": model, "messages": HELLO}).encode()
    address = f"{ready['gateway_url'].removesuffix('/v1')}/v1/chat/completions"
    with urlopen(Request(address, body, {**auth, "content-type": "application/json"}), timeout=60) as reply:
        return json.load(reply)["choices"][0]["message"]["content"]


def test_the_command_of_the_page_adds_models() -> None:
    [line] = re.findall(r"^to11ai local --provider 'anthropic=echo.*$", GATEWAY, re.MULTILINE)
    command = [sys.executable, "-m", "to11ai_sdk", *shlex.split(line)[1:], "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            for model in ("claude-next", "claude-sonnet-4-6", "gpt-9-nano"):
                assert chat(ready, model) == "echo: Hello!"
            with pytest.raises(HTTPError, match="404"):
                chat(ready, "anthropic::claude-haiku-4-5")
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("model", "option"),
    [
        ("claude-next", "--provider 'anthropic=echo,models="),
        ("gpt-next", "--provider 'openai=echo,models="),
        ("mistral::next", "--provider 'mistral=echo,models="),
        ("local::next", "add it to the models of 'local' in its configuration"),
    ],
)
def test_the_404_of_an_unknown_model_says_how_to_add_it(model: str, option: str) -> None:
    local = {"kind": "upstream", "base_url": "http://localhost:9/v1", "models": ["a"]}
    with LocalTo11(providers={"local": local}) as to11:
        reply = Caller(to11).send("POST", "/v1/chat/completions", {"model": model, "messages": HELLO})
    assert (reply.status, reply.headers["x-to11-error-code"]) == (404, "model_not_found")
    assert option in reply.json["error"]["message"]


def test_each_built_in_model_is_answered_where_it_is_for() -> None:
    paths: dict[str, tuple[str, dict[str, Any]]] = {
        "chat": ("chat/completions", {"messages": HELLO}),
        "embeddings": ("embeddings", {"input": "hello"}),
        "image_generation": ("images/generations", {"prompt": "red", "size": "16x16"}),
        "audio_speech": ("audio/speech", {"input": "hello", "voice": "alloy"}),
        "rerank": ("rerank", {"query": "a", "documents": ["a"]}),
    }
    with LocalTo11() as to11:
        for provider in DEFAULTS:
            for model in provider.models:
                kinds = (model.kinds or frozenset()) - {"count_tokens", "audio_transcription"}
                for path, body in [paths[kind] for kind in kinds]:
                    reply = Caller(to11).send("POST", f"/v1/{path}", {"model": model.id, **body})
                    assert reply.status == 200, (model.id, reply.body)


@pytest.mark.parametrize("name", [model.id for provider in DEFAULTS for model in provider.models])
def test_each_built_in_model_is_for_one_kind_of_call(name: str) -> None:
    kinds = ProviderModel.named(name).kinds
    assert kinds is not None
    assert len(kinds - {"count_tokens"}) == 1

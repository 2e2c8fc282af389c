"""How a local to11 is told which providers its gateway has."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from gateway_harness import Caller

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.config.gateway_config import GatewayConfig
from to11ai_sdk.local.serve import serve

if TYPE_CHECKING:
    from pathlib import Path

SECOND = {"kind": "echo", "dialect": "openai", "models": ["house-*", "listed"]}


def models(to11: LocalTo11) -> set[str]:
    return {model["id"] for model in Caller(to11).send("GET", "/v1/models").json["data"]}


def test_providers_stand_beside_the_usual_ones() -> None:
    with LocalTo11(providers={"second": SECOND, "xai": None}) as to11:
        assert models(to11) >= {"gpt-4o", "listed"}
        assert "grok-4" not in models(to11)
        assert Caller(to11).chat("house-special").json["model"] == "house-special"
        assert to11.traces()[0].provider_id == "second"


@pytest.mark.parametrize("kind", ["mapping", "json", "toml", "object"])
def test_a_configuration_comes_in_every_form(tmp_path: Path, kind: str) -> None:
    content: dict[str, Any] = {"defaults": False, "providers": {"second": SECOND}}
    config: Any = content
    if kind == "json":
        config = tmp_path / "gateway.json"
        config.write_text(json.dumps(content))
    elif kind == "toml":
        if sys.version_info < (3, 11):
            pytest.importorskip("tomli")
        config = str(tmp_path / "gateway.toml")
        text = (
            'defaults = false\n[providers.second]\nkind = "echo"\ndialect = "openai"\nmodels = ["house-*", "listed"]\n'
        )
        (tmp_path / "gateway.toml").write_text(text)
    elif kind == "object":
        config = GatewayConfig.of(content)
    with LocalTo11(config=config) as to11:
        assert models(to11) == {"listed"}


def test_a_configuration_that_is_wrong_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="knid"):
        LocalTo11(providers={"second": {**SECOND, "knid": 1}})
    with pytest.raises(ValueError, match="missing"):
        LocalTo11(config=tmp_path / "missing.toml")


def test_the_command_line_takes_providers(tmp_path: Path) -> None:
    (tmp_path / "gateway.json").write_text('{"defaults": false}')
    options = ["--config", str(tmp_path / "gateway.json"), "--provider", "second=echo,dialect=openai,models=listed|b"]
    command = [sys.executable, "-m", "to11ai_sdk", "local", "--port", "0", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())

            class Told:
                base_url, api_key, project_id = told["base_url"], told["api_key"], told["project_id"]

            found: Any = Told
            assert models(found) == {"listed", "b"}
        finally:
            process.terminate()


def test_the_command_line_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(0, providers=["second"]) == 1
    assert "--provider" in capsys.readouterr().err

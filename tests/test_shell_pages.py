"""What the pages show for a shell runs as it stands there, one block after the other in one folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from shell_pages import environment, page_blocks, run_block

if TYPE_CHECKING:
    from pathlib import Path

    from to11ai_sdk.local import LocalTo11

TRY = next(block for block in page_blocks("docs/guide.md") if "welcome-message" in block)
PROMPT = "PROMPT_ID=$(to11ai prompts list --limit 1 | grep -o 'prompt_[0-9a-f]*')\n"
VERSION = "VERSION_ID=$(to11ai prompts list-versions --prompt-id $PROMPT_ID | grep -om1 'version_[0-9a-f]*')\n"
"""What a reader does who copies the ids from the output of the commands before."""
NOT_HERE = r"pip install .*|export TO11_API_KEY=\.\.\. .*|to11ai local .*(?:postgresql:|--host ).*"
"""What installs, what stands for the reader's own key, and what needs a database or a network."""


def pasted(block: str) -> str:
    lines = [line for line in block.splitlines(keepends=True) if not re.fullmatch(NOT_HERE, line.strip())]
    with_ids = [VERSION + line if "VERSION_ID" in line else line for line in lines]
    script = (PROMPT if "PROMPT_ID" in block else "") + "".join(with_ids)
    return re.sub(r" (PROMPT|VERSION)_ID", r" $\1_ID", script)


@pytest.fixture
def variables() -> dict[str, str]:
    return environment(OPENAI_API_KEY="", ANTHROPIC_API_KEY="")


@pytest.fixture
def project(variables: dict[str, str], to11: LocalTo11) -> LocalTo11:
    """The project of a reader who has pasted the exports."""
    variables["TO11_API_URL"], variables["TO11_GATEWAY_URL"] = to11.base_url, to11.gateway_url
    variables["TO11_API_KEY"], variables["TO11_PROJECT_ID"] = to11.api_key, to11.project_id
    return to11


def run_page(page: str, folder: Path, variables: dict[str, str]) -> list[str]:
    blocks = [pasted(block) for block in page_blocks(page)]
    assert blocks
    return [run_block(block, folder, variables) for block in blocks]


def test_the_commands_of_the_guide_run(project: LocalTo11, variables: dict[str, str], tmp_path: Path) -> None:
    printed = "".join(run_page("docs/guide.md", tmp_path, variables))
    assert "welcome-message: created the prompt, created version 1, moved the label production\n" in printed
    assert '"text": "Hello Ada!"' in printed
    assert '"ruleId": "rule_support"' in printed
    resolved = project.client().prompts.resolve(
        project_id=project.project_id, slug="welcome-message", labels=["production"]
    )
    assert [message.content for message in resolved.messages] == ["You welcome guests.", "I am a guest."]


def test_the_commands_of_the_readme_and_for_a_snapshot_run(
    project: LocalTo11, variables: dict[str, str], tmp_path: Path
) -> None:
    run_block(TRY, tmp_path, variables)
    assert '"content": "I am Ada."' in "".join(run_page("README.md", tmp_path, variables))
    run_page("docs/reliability.md", tmp_path, variables)
    assert "welcome-message" in (tmp_path / "prompts.json").read_text("utf-8")
    assert project.requests[-1].row == "prompts.resolve"


def test_the_commands_of_prompts_as_code_run(project: LocalTo11, variables: dict[str, str], tmp_path: Path) -> None:
    run_block(TRY, tmp_path, variables)
    first, second = run_page("docs/prompts-as-code.md", tmp_path, variables)
    assert "+ prompts/welcome-message.liquid\n" in first
    assert second == "The project is what the files say.\n" * 2
    assert project.requests


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("page", ["docs/local.md", "docs/gateway.md", "docs/opentelemetry.md", "docs/templates.md"])
def test_the_commands_of_the_local_to11_run(page: str, variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(page_blocks("docs/gateway.md", "toml")[0], "utf-8")
    printed = "".join(run_page(page, tmp_path, variables))
    assert ("echo: Hello!" in printed) == (page == "docs/gateway.md")

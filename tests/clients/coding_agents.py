"""Configures Claude Code and Codex for the gateway, in the tests and on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11

CLAUDE_CODE = {
    "ANTHROPIC_BASE_URL": "{root}",
    "ANTHROPIC_AUTH_TOKEN": "managed-by-to11",
    "ANTHROPIC_CUSTOM_HEADERS": "x-to11-authorization: Bearer {key}\nx-to11-project-id: {project}",
}
"""The environment of Claude Code."""
CODEX = """{named}model_provider = "to11"

[model_providers.to11]
name = "to11"
base_url = "{base_url}"
wire_api = "responses"
http_headers = {{ "x-to11-authorization" = "Bearer {key}", "x-to11-project-id" = "{project}" }}
"""
"""The file ``~/.codex/config.toml``."""


def claude_code_env(local: LocalTo11) -> dict[str, str]:
    """Return the environment for a local to11."""
    options = local.client().anthropic_options(project_id=local.project_id, gateway_url=local.gateway_url)
    given = {"root": options["base_url"], "key": local.api_key, "project": local.project_id}
    return {name: value.format(**given) for name, value in CLAUDE_CODE.items()}


def codex_config(local: LocalTo11, model: str | None) -> str:
    """Return the file for a local to11; without a model Codex uses its default."""
    options = local.client().openai_options(project_id=local.project_id, gateway_url=local.gateway_url)
    given = {"base_url": options["base_url"], "key": local.api_key, "project": local.project_id}
    return CODEX.format(named=f'model = "{model}"\n' if model else "", **given)


def section() -> str:
    """Return the section of the page about both."""
    versions = json.loads(Path(__file__).with_name("package.json").read_text("utf-8"))["dependencies"]
    shell = {"root": "${TO11_GATEWAY_URL%/v1}", "key": "$TO11_API_KEY", "project": "$TO11_PROJECT_ID"}
    exports = "\n".join(f'export {name}="{value.format(**shell)}"' for name, value in CLAUDE_CODE.items())
    config = CODEX.format(base_url="http://127.0.0.1:4500/v1", named='model = "gpt-4o"\n', key="...", project="...")
    return f"""Both were tested with `gpt-4o` and `claude-sonnet-4-6`, on a greeting and on a task that needs a tool.

### Claude Code {versions["@anthropic-ai/claude-code"]}

```sh
{exports}
claude -p "Hello there" --model claude-sonnet-4-6
```

### Codex {versions["@openai/codex"]}

Put this into `~/.codex/config.toml`, with the address, the key and the project that `to11ai local` prints:

```toml
{config.strip()}
```

- Codex no longer accepts `wire_api = "chat"`."""

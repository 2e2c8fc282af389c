"""Headers for the to11 gateway, to give to a provider's own SDK; the to11 SDK sends no model traffic itself."""

from __future__ import annotations

from .wire import header_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .models import ResolvedPrompt


def gateway_auth_headers(api_key: str, project_id: str, env: str | None = None) -> dict[str, str]:
    """The headers that authenticate a call at the gateway.

    Args:
        api_key: to11 API key; the provider's own key stays in ``Authorization`` or ``x-api-key``.
        project_id: id of the project.
        env: slug of the environment; without it the gateway takes the project's fallback.

    Raises:
        ValueError: a blank value, or one that a header cannot hold; does not print the value.

    Source: the page "API reference" of the to11 gateway.
    """
    headers = {
        "x-to11-authorization": f"Bearer {header_value('api_key', api_key)}",
        "x-to11-project-id": header_value("project_id", project_id),
    }
    return headers if env is None else {**headers, "x-to11-env": header_value("env", env)}


def gateway_prompt_headers(prompt: ResolvedPrompt) -> dict[str, str]:
    """The headers that tell the gateway which prompt a call was made from.

    Args:
        prompt: what ``client.prompts.resolve`` returned.
    """
    headers = {
        "x-to11-prompt-id": header_value("prompt_id", prompt.prompt_id),
        "x-to11-prompt-version": f"{prompt.version:.0f}",
    }
    # The gateway refuses empty header values.
    return (
        {**headers, "x-to11-prompt-labels": header_value("labels", ",".join(prompt.labels))}
        if prompt.labels
        else headers
    )

"""The clients, one module each; what a client needs is imported where it is used, so that the modules always load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    anthropic,
    boto3,
    cohere,
    google_genai,
    instructor,
    langchain,
    litellm,
    mistralai,
    on_node,
    openai,
    openai_agents,
    pydantic_ai,
    strands,
)

if TYPE_CHECKING:
    from ..client import Client

CLIENTS: tuple[type[Client], ...] = (
    openai.Chat,
    openai.Responses,
    anthropic.Messages,
    openai_agents.OverResponses,
    openai_agents.OverChat,
    langchain.OverOpenAI,
    langchain.OverAnthropic,
    pydantic_ai.OverChat,
    pydantic_ai.OverResponses,
    pydantic_ai.OverAnthropic,
    instructor.OverOpenAI,
    instructor.OverAnthropic,
    litellm.OverOpenAI,
    litellm.OverAnthropic,
    strands.OverOpenAI,
    strands.OverAnthropic,
    cohere.Rerank,
    mistralai.Chat,
    google_genai.Passthrough,
    boto3.Passthrough,
    *on_node.CLIENTS,
)

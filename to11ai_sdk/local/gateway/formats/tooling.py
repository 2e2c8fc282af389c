"""Separates tools that can be translated from those that their provider runs, and reads ``allowed_tools``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from .neutral import Tool, ToolChoice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...json_input.fields import Fields

PROVIDER_RUN = (
    "advisor",
    "code_execution",
    "code_interpreter",
    "file_search",
    "image_generation",
    "mcp",
    "programmatic_tool_calling",
    "tool_search",
    "web_fetch",
    "web_search",
)
"""How the types begin of tools that a provider runs itself. They are left out where no choice forces one."""

PROVIDER_DEFINED = ("apply_patch", "bash", "browser", "computer", "local_shell", "memory", "shell", "text_editor")
"""How the types begin of tools that the caller runs, but only models of the provider know how to call. Refused."""


class Tooling(NamedTuple):
    """The tools of a request, and the choice among them.

    Attributes:
        tools: those that the caller runs.
        choice: whether one is to be called.
        parallel: whether several may be called at once.
    """

    tools: tuple[Tool, ...]
    choice: ToolChoice | None
    parallel: bool | None


def is_provider_run(kind: str) -> bool:
    """Whether tools of a type are run by the provider."""
    return kind.startswith(PROVIDER_RUN)


def left_out(tools: Sequence[Fields]) -> list[str]:
    """Return the names, or else the types, of the tools that a provider would run."""
    kinds = ((tool, tool.words("type")) for tool in tools)
    return [str(tool.raw.get("name") or kind) for tool, kind in kinds if is_provider_run(kind)]


def refuse_kind(fields: Fields, known: Mapping[str, Any]) -> NoReturn:
    """Refuse a tool of a type that cannot be translated, or a choice of one."""
    kind = fields.text("type")[:_LONGEST]
    if is_provider_run(kind):
        fields.refuse("type", f"{kind!r} is run by the provider itself, and no other can: do not force it, {_ADVICE}")
    if kind.startswith(PROVIDER_DEFINED):
        known_to = "is not supported here: only models of its own provider know how to call it"
        fields.refuse("type", f"{kind!r} {known_to}; offer a function instead, {_ADVICE}")
    fields.choice("type", known, _ADVICE)
    raise AssertionError(kind)  # pragma: no cover


def settled(fields: Fields, tooling: Tooling, run_by_provider: Sequence[str]) -> Tooling:
    """Return the tools and the choice without the tools that the provider would run.

    Raises:
        FormatError: the choice forces one of them.
    """
    choice = tooling.choice
    names = ", ".join(repr(name[:_LONGEST]) for name in run_by_provider[:_SHOWN])
    is_named = choice is not None and choice.type == "tool" and choice.name in run_by_provider
    if is_named and not any(tool.name == choice.name for tool in tooling.tools if choice):
        fields.refuse(
            "tool_choice", f"forces {names}, which the provider runs itself, and no other can: do not, {_ADVICE}"
        )
    if tooling.tools:
        return tooling
    if choice and choice.type in ("required", "tool"):
        if not (run_by_provider or fields.children("tools")):
            fields.refuse("tool_choice", "forces a call, and the request offers no tools: add some")
        fields.refuse(
            "tool_choice", f"forces a call, and the provider itself runs all tools ({names}): do not, {_ADVICE}"
        )
    return Tooling((), None, None)


def allowed(fields: Fields, tools: Sequence[Tool], references: Sequence[Fields]) -> Tooling:
    """Return the tools that a choice of some allows, and the choice among them.

    Raises:
        FormatError: a call is forced, and none of the tools allowed can be translated.
    """
    meant = set(map(_meant, references))
    kept = tuple(tool for tool in tools if meant & _meanings(tool))
    words = {"auto": ToolChoice("auto"), "required": ToolChoice("required")}
    choice = fields.choice("mode", words, "see the list of tool choices")
    if choice.type == "required" and not kept:
        fields.refuse("tools", f"has no function among those that the request offers: add one, {_ADVICE}")
    return Tooling(kept, choice if kept else None, None)


def custom(name: str, description: str | None, wanted: Fields, namespace: str | None = None) -> Tool:
    """Return a tool that takes text as a function of one argument, the text; a grammar becomes its description."""
    about = {"type": "string"}
    grammar = wanted.child("grammar") if wanted.has("grammar") else wanted
    if grammar.has("definition"):
        definition = f"Text in this {grammar.words('syntax') or 'formal'} grammar:\n{grammar.text('definition')}"
        about["description"] = definition
    schema = {"type": "object", "properties": {"input": about}, "required": ["input"], "additionalProperties": False}
    return Tool(name, description, schema, namespace=namespace, is_custom=True)


_ADVICE = "or ask the provider in its own format"
_SHOWN, _LONGEST = 5, 60


def _meant(reference: Fields) -> tuple[str, str | None, str]:
    """Return what an entry of ``allowed_tools`` names: a whole namespace, or a tool, of one namespace or of any."""
    holder = reference if reference.has("name") else reference.child(reference.words("type"))
    if reference.words("type") == "namespace":
        return "namespace", None, holder.words("name")
    return "tool", holder.text_or_none("namespace"), holder.words("name")


def _meanings(tool: Tool) -> set[tuple[str, str | None, str]]:
    of_any = {("tool", None, tool.name), ("tool", tool.namespace, tool.name)}
    return of_any if tool.namespace is None else {*of_any, ("namespace", None, tool.namespace)}

"""Checks the templates of prompts when a version is created, and renders them when a prompt is resolved.

A ``text`` template is ``{"text": Liquid}``. A ``chat`` template is ``{"messages": [block, ...]}``; a block has ``role``
(system, developer, user, assistant), ``content`` (Liquid), and optionally ``name``, ``condition``, ``disabled`` and
``required`` (used by the editor only). A block of the role ``tool`` is the definition of a tool (``name``,
``parameters``, ``description``), or in its old form just ``content``; it is kept, but is not a message.

A condition is ``{"kind": "expr", "ast": expression}``, see ``expressions``; it reads the prompt's variables. A
condition of another kind is always true. A block whose condition is false is dimmed: it is left out, and recorded under
its name. A disabled block is left out without a record, and blocks without a name are never recorded. The role
``developer`` becomes ``user`` by default. Names of blocks are unique within a template.

Source: the page "Prompts" of the to11 dashboard docs, and the public tutorial example-weather-agent.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_types import is_array, is_object
from .. import expressions
from ..json_input.reader import MAX_KEPT_DEPTH, too_deep
from ..problems import Problem
from . import liquid_templates
from .budget import Budget
from .schemas import compile_schema
from .variables import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

FORMATS = ("text", "chat")
ROLES = ("system", "developer", "user", "assistant", "tool")
MAX_BLOCKS = 500
MAX_TOOL_NAME = 200


class Rendered(NamedTuple):
    """A rendered prompt.

    ``payload`` is ``{"format": "text", "text": ...}`` or ``{"format": "chat", "messages": [{"role", "content"}]}``;
    ``block_render_record`` has ``"rendered"`` or ``"dimmed"`` for each named block; ``content_hash`` is ``sha256:``
    and the hex digest of the payload's canonical JSON (keys sorted, no blanks, UTF-8).
    """

    payload: dict[str, Any]
    block_render_record: dict[str, str]
    content_hash: str


def check_template(format: str, template_json: Any, variables_schema: Any) -> None:  # noqa: A002
    """Refuse a template or schema that could never be rendered.

    Raises:
        Problem: 400 ``INVALID_INPUT`` for an unknown format; 422 ``TEMPLATE_INVALID`` and 422
            ``VARIABLES_SCHEMA_INVALID``, naming the place.
    """
    if too_deep(template_json, MAX_KEPT_DEPTH):
        raise _invalid("templateJson", f"must not be nested deeper than {MAX_KEPT_DEPTH} levels")
    blocks = _blocks(format, template_json)
    compile_schema(variables_schema)
    for block in blocks:
        _parse(block)


def render(
    format: str,  # noqa: A002
    template_json: Any,
    variables_schema: Any,
    variables: Mapping[str, Any],
    now: datetime,
    *,
    strict_variables: bool = True,
    developer_role: str = "user",
) -> Rendered:
    """Fill a template with variables.

    Args:
        format: ``text`` or ``chat``.
        template_json: the template.
        variables_schema: the schema of the variables.
        variables: JSON values by name.
        now: the current time for the filter ``date``.
        strict_variables: whether an undefined variable is an error; otherwise it is nil.
        developer_role: the role that ``developer`` becomes.

    Raises:
        Problem: 422 ``VARIABLES_INVALID``; 422 ``TEMPLATE_RENDER_FAILED`` naming the block and what failed in it, such
            as the undefined variable; or what ``check_template`` raises.
    """
    blocks = [block.spoken_by(developer_role) for block in _blocks(format, template_json)]
    values = bind(variables_schema, variables)
    kept = [block for block in blocks if _holds(block, values)]
    record = {block.name: "rendered" if block in kept else "dimmed" for block in blocks if block.name}
    payload = _payload(format, kept, partial(_render, values, Budget(), now, strict_variables))
    return Rendered(payload, record, _content_hash(payload))


class _Block(NamedTuple):
    """A block that is a message; a text template is one block without a role."""

    place: str
    role: str
    content: str
    name: str | None = None
    condition: Any = None

    def spoken_by(self, developer_role: str) -> _Block:
        """Return the block with another role if its role is ``developer``."""
        return self._replace(role=developer_role) if self.role == "developer" else self


def _payload(kind: str, blocks: list[_Block], text_of: Callable[[_Block], str]) -> dict[str, Any]:
    texts = [text_of(block) for block in blocks]
    if kind == "text":
        return {"format": "text", "text": texts[0]}
    messages = [{"role": block.role, "content": text} for block, text in zip(blocks, texts, strict=True)]
    return {"format": "chat", "messages": messages}


def _content_hash(payload: Mapping[str, Any]) -> str:
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _holds(block: _Block, values: Mapping[str, Any]) -> bool:
    return block.condition is None or expressions.evaluate(block.condition, expressions.reader(values))


def _parse(block: _Block) -> liquid_templates.Template:
    try:
        return liquid_templates.parse(block.content)
    except liquid_templates.TemplateError as error:
        raise _invalid(block.place, str(error)) from error


def _render(values: Mapping[str, Any], budget: Budget, now: datetime, strict: bool, block: _Block) -> str:
    template = _parse(block)
    try:
        return liquid_templates.render(template, values, budget, now, strict=strict)
    except liquid_templates.TemplateError as error:
        message = f"{block.place}: {error}"
        details = {"field": block.place, "reason": str(error), "block": block.name}
        raise Problem(422, "TEMPLATE_RENDER_FAILED", message, details) from error


def _invalid(place: str, message: str) -> Problem:
    return Problem(422, "TEMPLATE_INVALID", f"{place}: {message}", {"field": place, "reason": message})


# The shape of templates


def _blocks(kind: str, template_json: Any) -> list[_Block]:
    """Return the blocks that are messages, in order; refuse an invalid block."""
    if kind not in FORMATS:
        message = f"format must be one of {', '.join(FORMATS)}"
        raise Problem(400, "INVALID_INPUT", message, {"field": "format"})
    if not is_object(template_json):
        raise _invalid("templateJson", f"must be an object with {'text' if kind == 'text' else 'messages'}")
    return [_text_block(template_json)] if kind == "text" else list(_chat_blocks(template_json))


def _text_block(template_json: Mapping[str, Any]) -> _Block:
    return _Block("text", "", _string("text", template_json.get("text")))


def _chat_blocks(template_json: Mapping[str, Any]) -> Iterator[_Block]:
    messages = template_json.get("messages")
    if not is_array(messages) or len(messages) > MAX_BLOCKS:
        raise _invalid("messages", f"must be an array of at most {MAX_BLOCKS} blocks")
    taken: set[str] = set()
    for index, block in enumerate(messages):
        place = f"messages.{index}"
        _check_block(place, block)
        if block["role"] == "tool":
            _check_tool(place, block)
            continue
        checked = _message(place, block)
        _take_name(checked, taken)
        if not block.get("disabled"):
            yield checked


def _check_block(place: str, block: Any) -> None:
    if not is_object(block):
        raise _invalid(place, 'must be an object such as {"role": "user", "content": "..."}')
    if block.get("role") not in ROLES:
        raise _invalid(f"{place}.role", f"must be one of {', '.join(ROLES)}")
    for flag in ("disabled", "required"):
        if not isinstance(block.get(flag), (bool, type(None))):
            raise _invalid(f"{place}.{flag}", "must be true or false")


def _check_tool(place: str, block: Mapping[str, Any]) -> None:
    if "name" not in block:
        _string(f"{place}.content", block.get("content"))
        return
    name = block["name"]
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_TOOL_NAME:
        raise _invalid(f"{place}.name", f"must be a text of 1 to {MAX_TOOL_NAME} characters")
    if "parameters" not in block:
        raise _invalid(f"{place}.parameters", "must be the JSON Schema of the tool's parameters, or null")
    if block.get("description") is not None:
        _string(f"{place}.description", block["description"])


def _message(place: str, block: Mapping[str, Any]) -> _Block:
    role = str(block["role"])
    content = _string(f"{place}.content", block.get("content"))
    name = block.get("name")
    if name is not None and not (isinstance(name, str) and name):
        raise _invalid(f"{place}.name", "must be a text that is not empty, or left out")
    return _Block(f"{place}.content", role, content, name, _condition(f"{place}.condition", block.get("condition")))


def _take_name(block: _Block, taken: set[str]) -> None:
    if block.name in taken:
        raise _invalid(block.place.replace(".content", ".name"), f"{block.name!r} is the name of another block already")
    if block.name:
        taken.add(block.name)


def _condition(place: str, condition: Any) -> Any:
    """Return the expression of a condition; ``None`` if the condition is always true."""
    if condition is None:
        return None
    if not is_object(condition):
        raise _invalid(place, 'must be an object such as {"kind": "expr", "ast": ...}')
    if condition.get("kind") != "expr":
        return None
    try:
        expressions.check(condition.get("ast"))
    except expressions.ExpressionError as error:
        raise _invalid(".".join(filter(None, (place, "ast", error.place))), str(error)) from error
    return condition["ast"]


def _string(place: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _invalid(place, "must be a text")
    return value

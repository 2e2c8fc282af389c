"""Reads the blocks of a template, and refuses templates of another shape.

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

from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_types import is_array, is_object
from .. import expressions
from ..bounds import MAX_BLOCKS
from ..problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMATS = ("text", "chat")
DEVELOPER_ROLES = ("user", "developer", "system")
"""Roles that the role ``developer`` may become."""
ROLES = ("system", "developer", "user", "assistant", "tool")
MAX_TOOL_NAME = 200


class Block(NamedTuple):
    """A block that is a message; a text template is one block without a role."""

    place: str
    role: str
    content: str
    name: str | None = None
    condition: Any = None

    def spoken_by(self, developer_role: str) -> Block:
        """Return the block with another role if its role is ``developer``."""
        return self._replace(role=developer_role) if self.role == "developer" else self


def invalid_template(place: str, message: str) -> Problem:
    """Return the refusal of a template, naming the place."""
    return Problem(422, "TEMPLATE_INVALID", f"{place}: {message}", {"field": place, "reason": message})


def blocks_of(kind: str, template_json: Any) -> list[Block]:
    """Return the blocks that are messages, in order; refuse an invalid block."""
    if kind not in FORMATS:
        message = f"format must be one of {', '.join(FORMATS)}"
        raise Problem(400, "INVALID_INPUT", message, {"field": "format"})
    if not is_object(template_json):
        raise invalid_template("templateJson", f"must be an object with {'text' if kind == 'text' else 'messages'}")
    return [_text_block(template_json)] if kind == "text" else list(_chat_blocks(template_json))


def _text_block(template_json: Mapping[str, Any]) -> Block:
    return Block("text", "", _string("text", template_json.get("text")))


def _chat_blocks(template_json: Mapping[str, Any]) -> Iterator[Block]:
    messages = template_json.get("messages")
    if not is_array(messages) or len(messages) > MAX_BLOCKS:
        raise invalid_template("messages", f"must be an array of at most {MAX_BLOCKS} blocks")
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
        raise invalid_template(place, 'must be an object such as {"role": "user", "content": "..."}')
    if block.get("role") not in ROLES:
        raise invalid_template(f"{place}.role", f"must be one of {', '.join(ROLES)}")
    for flag in ("disabled", "required"):
        if not isinstance(block.get(flag), (bool, type(None))):
            raise invalid_template(f"{place}.{flag}", "must be true or false")


def _check_tool(place: str, block: Mapping[str, Any]) -> None:
    if "name" not in block:
        _string(f"{place}.content", block.get("content"))
        return
    name = block["name"]
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_TOOL_NAME:
        raise invalid_template(f"{place}.name", f"must be a text of 1 to {MAX_TOOL_NAME} characters")
    if "parameters" not in block:
        raise invalid_template(f"{place}.parameters", "must be the JSON Schema of the tool's parameters, or null")
    if block.get("description") is not None:
        _string(f"{place}.description", block["description"])


def _message(place: str, block: Mapping[str, Any]) -> Block:
    role = str(block["role"])
    content = _string(f"{place}.content", block.get("content"))
    name = block.get("name")
    if name is not None and not (isinstance(name, str) and name):
        raise invalid_template(f"{place}.name", "must be a text that is not empty, or left out")
    return Block(f"{place}.content", role, content, name, _condition(f"{place}.condition", block.get("condition")))


def _take_name(block: Block, taken: set[str]) -> None:
    if block.name in taken:
        raise invalid_template(
            block.place.replace(".content", ".name"), f"{block.name!r} is the name of another block already"
        )
    if block.name:
        taken.add(block.name)


def _condition(place: str, condition: Any) -> Any:
    """Return the expression of a condition; ``None`` if the condition is always true."""
    if condition is None:
        return None
    if not is_object(condition):
        raise invalid_template(place, 'must be an object such as {"kind": "expr", "ast": ...}')
    if condition.get("kind") != "expr":
        return None
    try:
        expressions.check(condition.get("ast"))
    except expressions.ExpressionError as error:
        raise invalid_template(".".join(filter(None, (place, "ast", error.place))), str(error)) from error
    return condition["ast"]


def _string(place: str, value: Any) -> str:
    if not isinstance(value, str):
        raise invalid_template(place, "must be a text")
    return value

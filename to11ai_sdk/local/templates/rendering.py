"""Checks the templates of prompts when a version is created, and renders them when a prompt is resolved."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import expressions
from ..bounds import MAX_KEPT_DEPTH, MAX_TEMPLATE_WORK
from ..hang_up import NEVER
from ..json_input.reader import too_deep
from ..problems import Problem
from ..work_budget import WorkBudget, WorkBudgetError
from . import liquid_templates
from .blocks import blocks_of, invalid_template
from .budget import Budget
from .schemas import compile_schema
from .values import wrap
from .variables import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ..hang_up import HangUp
    from .blocks import Block


class Rendered(NamedTuple):
    """A rendered prompt.

    ``payload`` is ``{"format": "text", "text": ...}`` or ``{"format": "chat", "messages": [{"role", "content"}]}``;
    ``block_render_record`` has ``"rendered"`` or ``"dimmed"`` for each named block; ``content_hash`` is ``sha256:``
    and the hex digest of the payload's canonical JSON (keys sorted, no blanks, UTF-8).
    """

    payload: dict[str, Any]
    block_render_record: dict[str, str]
    content_hash: str


def check_template(
    format: str,  # noqa: A002
    template_json: Any,
    variables_schema: Any,
    hang_up: HangUp = NEVER,
) -> None:
    """Refuse a template or schema that could never be rendered.

    Raises:
        Problem: 400 ``INVALID_INPUT`` for an unknown format; 422 ``TEMPLATE_INVALID`` and 422
            ``VARIABLES_SCHEMA_INVALID``, naming the place.
    """
    if too_deep(template_json, MAX_KEPT_DEPTH):
        raise invalid_template("templateJson", f"must not be nested deeper than {MAX_KEPT_DEPTH} levels")
    blocks = blocks_of(format, template_json)
    compile_schema(variables_schema)
    with WorkBudget(MAX_TEMPLATE_WORK, "has too many tags, together with the blocks before it", hang_up) as budget:
        for block in blocks:
            _parse(block, budget)


def render(
    format: str,  # noqa: A002
    template_json: Any,
    variables_schema: Any,
    variables: Mapping[str, Any],
    now: datetime,
    *,
    strict_variables: bool = True,
    developer_role: str = "user",
    hang_up: HangUp = NEVER,
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
        hang_up: the event that the caller hangs up, which ends the work.

    Raises:
        Problem: 422 ``VARIABLES_INVALID``; 422 ``TEMPLATE_RENDER_FAILED`` naming the block and what failed in it, such
            as the undefined variable; or what ``check_template`` raises.
    """
    blocks = [block.spoken_by(developer_role) for block in blocks_of(format, template_json)]
    values: dict[str, Any] = wrap(bind(variables_schema, variables, hang_up))
    with Budget(hang_up) as budget:
        kept = [block for block in blocks if _holds(block, values, budget)]
        payload = _payload(format, kept, partial(_render, values, budget, now, strict_variables))
    record = {block.name: "rendered" if block in kept else "dimmed" for block in blocks if block.name}
    return Rendered(payload, record, _content_hash(payload))


def _payload(kind: str, blocks: list[Block], text_of: Callable[[Block], str]) -> dict[str, Any]:
    texts = [text_of(block) for block in blocks]
    if kind == "text":
        return {"format": "text", "text": texts[0]}
    messages = [{"role": block.role, "content": text} for block, text in zip(blocks, texts, strict=True)]
    return {"format": "chat", "messages": messages}


def _content_hash(payload: Mapping[str, Any]) -> str:
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _holds(block: Block, values: Mapping[str, Any], budget: Budget) -> bool:
    if block.condition is None:
        return True
    try:
        return expressions.evaluate(block.condition, expressions.reader(values), budget)
    except WorkBudgetError as error:
        raise _failed(block, str(error)) from error


def _parse(block: Block, budget: WorkBudget) -> liquid_templates.Template:
    try:
        return liquid_templates.parse(block.content, budget)
    except (liquid_templates.TemplateError, WorkBudgetError) as error:
        raise invalid_template(block.place, str(error)) from error


def _render(values: Mapping[str, Any], budget: Budget, now: datetime, strict: bool, block: Block) -> str:
    template = _parse(block, budget)
    try:
        return liquid_templates.render(template, values, budget, now, strict=strict)
    except liquid_templates.TemplateError as error:
        raise _failed(block, str(error)) from error


def _failed(block: Block, reason: str) -> Problem:
    details = {"field": block.place, "reason": reason, "block": block.name}
    return Problem(422, "TEMPLATE_RENDER_FAILED", f"{block.place}: {reason}", details)

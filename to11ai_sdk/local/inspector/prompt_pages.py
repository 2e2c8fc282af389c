"""Makes the pages of prompts: the list, and versions, labels, differences and renderings of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...json_types import is_array, is_object
from .. import bounds
from ..http import request_body
from ..problems import Problem, invalid
from ..service import labels, versions
from ..service import prompts as prompt_service
from ..store import prompts
from . import snippets
from .line_diff import side_by_side
from .parts import Shown, shortened

if TYPE_CHECKING:
    from ..service import Session
    from ..store import Row
    from .parts import Visit

_PER_PAGE = 25
_VERSIONS = 20
_EMPTY: dict[str, Any] = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}, "null": None}


def show_list(visit: Visit) -> Shown:
    """Show the prompts, newest first, or those with a text in slug or name."""
    page, text = visit.number("page", 1), visit.query.get("q", "").strip()[:200]
    with visit.parts.session() as session:
        if text:
            rows = prompts.named(session.tx, session.project_id, text, _PER_PAGE + 1, (page - 1) * _PER_PAGE)
            found, total = rows[:_PER_PAGE], None
            has_more = len(rows) > _PER_PAGE
        else:
            listed = prompt_service.list_page(session, page=page, limit=_PER_PAGE, sort_by="-updatedAt")
            total = listed.pagination["total"]
            found = [prompt_service.find(session, item["id"]) for item in listed.items]
            has_more = page < listed.pagination["totalPages"]
        shown = [{**row, "labels": labels.list_all(session, prompt_id=row["id"])[:8]} for row in found]
    return Shown("prompts.html", {"prompts": shown, "q": text, "page": page, "has_more": has_more, "total": total})


def show_prompt(visit: Visit) -> Shown:
    """Show a prompt, and what it renders to if that is asked for."""
    prompt_id = visit.path["prompt_id"]
    with visit.parts.session() as session:
        prompt = prompt_service.find(session, prompt_id)
        values = {"prompt": prompt, **_versions(visit, session, prompt_id), **_labels(visit, session, prompt_id)}
    values["variables"] = visit.form.get("variables", _example(values["right"]))
    values["label"] = visit.form.get("label", "")
    values |= {"rendered": None, "problem": None, "snippets": _snippets(visit, prompt["slug"], values)}
    if visit.form:
        values |= _rendered(visit, prompt["slug"])
    return Shown("prompt.html", values)


def _versions(visit: Visit, session: Session, prompt_id: str) -> dict[str, Any]:
    """Return a page of versions, and the two that are compared: by default the newest and the one before."""
    newest = prompts.versions_below(session.tx, prompt_id, 2**31, 2)
    if not newest:
        return {"versions": [], "below": None, "left": None, "right": None, "pairs": []}
    last = newest[0]["version"]
    right = _version(session, prompt_id, min(visit.number("right", last), last))
    left = _version(session, prompt_id, min(visit.number("left", max(1, right["version"] - 1)), last))
    listed = prompts.versions_below(session.tx, prompt_id, visit.number("below", last + 1), _VERSIONS)
    below = listed[-1]["version"] if listed and listed[-1]["version"] > 1 else None
    pairs = side_by_side(describe(left), describe(right))
    return {"versions": listed, "below": below, "left": left, "right": right, "pairs": pairs}


def _version(session: Session, prompt_id: str, number: int) -> Row:
    row = prompts.version_by_number(session.tx, prompt_id, number)
    if row is None:
        raise Problem(404, "PROMPT_VERSION_NOT_FOUND", f"the prompt has no version number {number}")
    return row


def _labels(visit: Visit, session: Session, prompt_id: str) -> dict[str, Any]:
    page = visit.number("moves", 1)
    moves = labels.prompt_events(session, prompt_id=prompt_id, page=page, limit=_VERSIONS)
    numbers: dict[str | None, int | None] = {None: None}

    def number_of(version_id: str | None) -> int | None:
        if version_id not in numbers:
            numbers[version_id] = versions.find_version(session, prompt_id, str(version_id))["version"]
        return numbers[version_id]

    pointers = labels.list_all(session, prompt_id=prompt_id)[:200]
    return {
        "pointers": [{**row, "version": number_of(row["versionId"])} for row in pointers],
        "moves": [
            {**row, "from": number_of(row["fromVersionId"]), "to": number_of(row["toVersionId"])}
            for row in moves["items"]
        ],
        "moves_page": page,
        "moves_pages": moves["pagination"]["totalPages"],
    }


def describe(version: Row) -> str:
    """Return a version as text: the messages of its template, then its schema and settings."""
    parts = [f"format: {version['format']}", *_template(version["template_json"])]
    for title, value in (("variables schema", version["variables_schema"]), ("model config", version["model_config"])):
        if value:
            parts += ["", f"--- {title}", json.dumps(value, indent=2, ensure_ascii=False)]
    return shortened("\n".join(parts))


def _template(template: Any) -> list[str]:
    if is_object(template) and isinstance(template.get("text"), str):
        return ["", template["text"]]
    messages = template.get("messages") if is_object(template) else None
    if not is_array(messages):
        return ["", json.dumps(template, indent=2, ensure_ascii=False)]
    lines: list[str] = []
    for message in messages:
        role = message.get("role") if is_object(message) else None
        content = message.get("content") if is_object(message) else message
        text = content if isinstance(content, str) else json.dumps(message, indent=2, ensure_ascii=False)
        lines += ["", f"--- {role or 'message'}", text]
    return lines


def _example(version: Row | None) -> str:
    """Return variables to start with: for each property of the schema its own example, or an empty value."""
    schema = version["variables_schema"] if version else None
    properties = schema.get("properties") if is_object(schema) else None
    named = list(properties.items())[:50] if is_object(properties) else []
    return json.dumps({name: _value(each) for name, each in named}, indent=2, ensure_ascii=False)


def _value(schema: Any) -> Any:
    if not is_object(schema):
        return ""
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    listed = schema.get("examples") or schema.get("enum")
    if is_array(listed) and listed:
        return listed[0]
    kind = schema.get("type")
    first = kind[0] if is_array(kind) and kind else kind
    return _EMPTY.get(first, "") if isinstance(first, str) else ""


def _rendered(visit: Visit, slug: str) -> dict[str, Any]:
    label = visit.form.get("label", "")
    try:
        result = visit.call("prompts.resolve", slug=slug, labels=[label], variables=_variables(visit))
    except Problem as exc:
        return {"problem": exc}
    rendered = result["rendered"]
    messages = rendered.get("messages") or [{"role": "text", "content": rendered.get("text", rendered)}]
    return {"rendered": {**result, "messages": [_said(message) for message in messages]}}


def _said(message: dict[str, Any]) -> tuple[str, str]:
    content = message.get("content")
    text = content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)
    return str(message.get("role")), shortened(text)


def _variables(visit: Visit) -> dict[str, Any]:
    given = visit.form.get("variables", "").strip() or "{}"
    try:
        value = request_body.parse(given.encode("utf-8"))
    except Problem as exc:
        raise Problem(exc.status, exc.code, exc.message.replace("the body is", "the variables are", 1)) from None
    if not is_object(value):
        raise invalid("the variables must be a JSON object", field="variables")
    return value


def _snippets(visit: Visit, slug: str, values: dict[str, Any]) -> dict[str, str]:
    """Return the call that renders, to copy."""
    try:
        variables = _variables(visit) if visit.form else json.loads(values["variables"])
    except Problem:
        variables = {}
    label = values["label"] or next((row["label"] for row in values["pointers"]), "production")
    path = f"/v1/projects/{quote(visit.parts.project_id, safe='')}/prompts:resolve"
    body = {"slug": slug, "labels": [label], "variables": variables}
    text = json.dumps(body, ensure_ascii=False)
    return snippets.curl_and_python(
        "POST", path, "", {"content-type": "application/json"}, text[: bounds.MAX_RECORDED_BODY]
    )

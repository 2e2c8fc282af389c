"""OpenAI's ``/files``: upload, list, metadata, content, delete.

Source: https://platform.openai.com/docs/api-reference/files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...bounds import MAX_FILE_LIFE_S
from .context import EchoReply, EchoRequest, as_json
from .refusals import EchoError, InvalidError
from .storage import FileRow, FilesFullError
from .uploads import read_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .uploads import Form

_PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_MOST = 10_000


def upload(echo_request: EchoRequest) -> EchoReply:
    """``POST /files``."""
    form = read_form(echo_request.request)
    purpose = form.need("purpose")
    if purpose not in _PURPOSES:
        raise InvalidError(("purpose",), "a purpose", purpose, _PURPOSES)
    now, life = echo_request.now(), _life(form)
    row = FileRow(
        echo_request.new_id("file-"),
        form.file.name,
        purpose,
        len(form.file.content),
        now,
        None if life is None else now + life,
        form.file.content,
    )
    try:
        echo_request.provider.files.put(row)
    except FilesFullError as exc:
        raise EchoError(413, str(exc), param="file", code="file_storage_limit_exceeded") from exc
    return as_json(_shown(row))


def _life(form: Form) -> int | None:
    """Return for how many seconds a file is kept, ``None`` for ever."""
    given = form.fields.get("expires_after[seconds]")
    if given is None:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and 0 < int(given) <= MAX_FILE_LIFE_S):
        raise InvalidError(("expires_after", "seconds"), f"an integer from 1 to {MAX_FILE_LIFE_S}", given)
    return int(given)


def listing(echo_request: EchoRequest) -> EchoReply:
    """``GET /files`` with ``purpose``, ``order`` (newest first unless ``asc``), ``after`` and ``limit``."""
    query = echo_request.query
    rows = [row for row in echo_request.provider.files.list() if query.get("purpose") in (None, row.purpose)]
    if query.get("order", "desc") != "asc":
        rows.reverse()
    if after := query.get("after"):
        places = [place for place, row in enumerate(rows) if row.id == after]
        rows = rows[places[0] + 1 :] if places else []
    limit = query.get("limit", str(_MOST))
    if not (limit.isdecimal() and 0 < int(limit) <= _MOST):
        raise InvalidError(("limit",), f"an integer from 1 to {_MOST}", limit)
    return as_json(_page(rows, int(limit)))


def metadata(echo_request: EchoRequest) -> EchoReply:
    """``GET /files/{file_id}``."""
    return as_json(_shown(_find(echo_request)))


def content(echo_request: EchoRequest) -> EchoReply:
    """``GET /files/{file_id}/content``."""
    return EchoReply([_find(echo_request).content], "application/octet-stream")


def delete(echo_request: EchoRequest) -> EchoReply:
    """``DELETE /files/{file_id}``."""
    row = _find(echo_request)
    echo_request.provider.files.delete(row.id)
    return as_json({"id": row.id, "object": "file", "deleted": True})


def _find(echo_request: EchoRequest) -> FileRow:
    file_id = echo_request.arguments["file_id"]
    row = echo_request.provider.files.get(file_id)
    if row is None:
        raise EchoError(404, f"No such File object: {file_id}", param="id")
    return row


def _page(rows: Sequence[FileRow], limit: int) -> dict[str, Any]:
    shown = [_shown(row) for row in rows[:limit]]
    ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else {"first_id": None, "last_id": None}
    return {"object": "list", "data": shown, **ends, "has_more": len(rows) > limit}


def _shown(row: FileRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "object": "file",
        "bytes": row.size,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "filename": row.filename,
        "purpose": row.purpose,
        "status": "processed",
        "status_details": None,
    }

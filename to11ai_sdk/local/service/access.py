"""Authenticates keys and checks their permissions."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ..problems import Problem
from ..store import Transaction, projects
from .session import Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

PERMISSIONS = frozenset(
    {
        "env:policies:manage",
        "keys:create",
        "keys:rotate",
        "project:manage_default_environment",
        "project:manage_environments",
        "project:manage_labels",
        "prompt:create",
        "prompt:read",
        "routing:read",
        "routing:review",
        "routing:write",
    }
)
"""All permissions of a key; no call of the table needs some of them."""

_WRITES = {
    "create": "prompt:create",
    "update": "prompt:create",
    "archive": "prompt:create",
    "create_version": "prompt:create",
    "move_label": "prompt:create",
    "create_project_label": "project:manage_labels",
    "update_project_label": "project:manage_labels",
    "delete_project_label": "project:manage_labels",
}


def needed(row_name: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the permissions that a call of the table with these arguments requires."""
    namespace, _, method = row_name.rpartition(".")
    if namespace == "prompts":
        return (_WRITES.get(method, "prompt:read"),)
    if namespace == "project_environments":
        # Reading environments needs only a key of the project: the API names no permission for it.
        if method in ("list", "get"):
            return ()
        fallback = ("project:manage_default_environment",) if given.get("is_gateway_fallback") else ()
        return ("project:manage_environments", *fallback)
    return ("routing:write",) if method in ("create", "set", "rollback") else ("routing:read",)


def digest(key: str) -> str:
    """Return the digest of a key, which is stored instead of it."""
    return sha256(key.encode()).hexdigest()


def authenticate(tx: Transaction, key: str | None, project_id: str) -> Caller:
    """Return the caller with this key.

    Raises:
        Problem: 401 if the key is missing or unknown; 403 if it does not open this project, whether or not that exists.
    """
    if not key:
        raise Problem(401, "UNAUTHORIZED", "no key: send the header Authorization: Bearer <key>")
    row = projects.key(tx, digest(key))
    if row is None:
        raise Problem(401, "UNAUTHORIZED", "unknown key; use the one that this server printed when it started")
    if row["project_id"] != project_id:
        raise Problem(403, "FORBIDDEN", "the key does not open this project")
    return Caller(row["id"], project_id, row["permissions"])

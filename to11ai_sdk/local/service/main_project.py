"""Creates projects and keys, and opens the main project of a store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ..store import DataFileError, projects
from . import access, environments, registry
from .session import Caller

if TYPE_CHECKING:
    from ..store import Row
    from .session import Session

_NO_KEY = (
    "the key of this store's project was given in TO11_LOCAL_API_KEY and is not stored: set TO11_LOCAL_API_KEY, "
    "to the same key or to a new one, which then replaces it"
)
_TAKEN_KEY = "TO11_LOCAL_API_KEY is another key of this store already: set it to a new one"


class Access(NamedTuple):
    """The access to a project: its id and a key."""

    project_id: str
    api_key: str


class NewKey(NamedTuple):
    """A key that was just made.

    Attributes:
        id: its id.
        key: the key in clear; only its digest is stored.
    """

    id: str
    key: str


def open_main(session: Session, key: str | None) -> Access:
    """Return the access to the main project, which is created in an empty store.

    Args:
        session: a session of nobody.
        key: the key that the owner gave, which replaces the one of the store.

    Raises:
        DataFileError: the store has only a digest of its main key, or the given key is another one of the store.
    """
    row = projects.main(session.tx)
    if row is None:
        return create(session, is_main=True, key=key)
    if key is None and not row["main_key"]:
        raise DataFileError(_NO_KEY)
    if key is not None:
        _replace_main_key(session, row, key)
    return Access(row["id"], key or row["main_key"])


def create(session: Session, *, is_main: bool, key: str | None = None) -> Access:
    """Create a project with a key, its default environments and label."""
    project_id = f"proj_{session.ids.token(session.tx)}"
    # A key refers to its project, and the project's row has the key in clear: add that last.
    session.tx.insert("projects", {"id": project_id, "created_at": session.now})
    own = replace(session, caller=Caller("", project_id))
    made = create_key(own, "local developer", None, key)
    if is_main:
        session.tx.update("projects", {"id": project_id}, {"main_key": "" if key else made.key})
    _seed(replace(session, caller=Caller(made.id, project_id)))
    return Access(project_id, made.key)


def create_key(session: Session, name: str, permissions: list[str] | None, key: str | None = None) -> NewKey:
    """Create a key of the session's project."""
    key = key or f"to11_local_{session.ids.token(session.tx)}{session.ids.token(session.tx)}"
    row: Row = {
        "id": session.new_id("key"),
        "project_id": session.project_id,
        "name": name,
        "digest": access.digest(key),
        "permissions": permissions,
        "created_at": session.now,
    }
    session.tx.insert("keys", row)
    return NewKey(row["id"], key)


def _replace_main_key(session: Session, project: Row, key: str) -> None:
    """Make a key that its owner gave the main key; it is stored as a digest only."""
    digest = access.digest(key)
    main, found = projects.first_key(session.tx, project["id"]), projects.key(session.tx, digest)
    if main is None or (found is not None and found["id"] != main["id"]):
        raise DataFileError(_TAKEN_KEY)
    if project["main_key"]:
        session.tx.update("projects", {"id": project["id"]}, {"main_key": ""})
    if found is None:
        session.tx.update("keys", {"id": main["id"]}, {"digest": digest})


def _seed(session: Session) -> None:
    """Create the system environments and the system label of a new project."""
    production = {"name": "Production", "is_default": True, "is_gateway_fallback": True}
    environments.insert(session, "prod", production, is_system=True)
    environments.insert(session, "staging", {"name": "Staging"}, is_system=True)
    registry.create(session, label="production", is_default=True, is_system=True)

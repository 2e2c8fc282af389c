"""Says in a problem why PostgreSQL cannot be used now, and what to do about it."""

from __future__ import annotations

import psycopg

from ..storage_problems import ProblemWords, StorageProblem, problem_with

# The signs are the beginnings of the SQLSTATE.
_BUSY = ProblemWords(
    ("55P03", "57014", "40"),
    503,
    "STORAGE_BUSY",
    "other changes hold the database; this call waited for {wait:g} s: try again, and if it stays so, look in "
    "pg_stat_activity for a transaction that does not end",
)
_UNAVAILABLE = ProblemWords(
    ("08", "57P", "25P03", "53200", "28", "3D000"),
    503,
    "STORAGE_UNAVAILABLE",
    "PostgreSQL cannot be reached, or ended the connection, so nothing was changed; start it or repair the network, "
    "then try again",
)
_TOO_MANY = ProblemWords(
    ("53300", "53400"),
    503,
    "STORAGE_UNAVAILABLE",
    "PostgreSQL has too many connections; raise its max_connections or run fewer servers, then try again",
)
_ALL = (
    _BUSY,
    _UNAVAILABLE,
    ProblemWords(
        ("53100",),
        507,
        "STORAGE_FULL",
        "the disk of PostgreSQL is full, so nothing was changed; free some space there, then try again",
    ),
    _TOO_MANY,
    ProblemWords(
        ("25006", "42501"),
        503,
        "STORAGE_READ_ONLY",
        "the database cannot be written by this user or is a read-only replica, so nothing was changed; connect to the "
        "primary server as a user with the rights, then try again",
    ),
    ProblemWords(
        ("42P01", "42883", "3F000", "26000", "42P05"),
        503,
        "STORAGE_UNAVAILABLE",
        "our tables are not where they were, so nothing was changed: if the schema was dropped, restore it or restart "
        "the server; if a pooler is in between, let it keep one session for each connection",
    ),
    ProblemWords(
        ("58",),
        503,
        "STORAGE_FAILED",
        "the disk of PostgreSQL reported an error, so nothing was changed; check the disk, then try again",
    ),
    ProblemWords(
        ("XX001", "XX002"),
        500,
        "STORAGE_DAMAGED",
        "the database is damaged; stop the servers, then restore a backup",
    ),
)
# The states of failed connections are not given.
_PASSING = ("starting up", "shutting down", "in recovery mode")
_FULL = ("too many clients", "too many connections", "remaining connection slots")
_UNCERTAIN = ProblemWords(
    (),
    503,
    "STORAGE_UNCERTAIN",
    "the connection to PostgreSQL ended while the change was committed, so it may have been made or not; look before "
    "you repeat it",
)


def busy() -> StorageProblem:
    """Return the problem of a call that waited too long for its turn."""
    return problem_with(_BUSY)


def uncertain() -> StorageProblem:
    """Return the problem of a change of which nobody knows whether it was committed."""
    return problem_with(_UNCERTAIN)


def may_pass(error: psycopg.Error) -> bool:
    """Return whether a connection failed because the server starts, stops or is full at this moment."""
    return _is_full(error) or any(words in str(error) for words in _PASSING)


def problem_of(error: psycopg.Error) -> StorageProblem | None:
    """Return the problem for an error of psycopg; ``None`` if a statement of our own is wrong."""
    state = error.sqlstate
    if state is None:
        # Without a state it is no answer of the server's: there is no connection, or it ended.
        is_lost = isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
        return problem_with(_of_connecting(error)) if is_lost else None
    words = next((words for words in _ALL if state.startswith(words.signs)), None)
    return None if words is None else problem_with(words)


def _of_connecting(error: psycopg.Error) -> ProblemWords:
    """Return the words for a failed connection, whose state psycopg does not give."""
    return _TOO_MANY if _is_full(error) else _UNAVAILABLE


def _is_full(error: psycopg.Error) -> bool:
    return any(words in str(error) for words in _FULL)

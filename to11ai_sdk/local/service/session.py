"""Holds the context of a handler: one transaction, the caller and the time."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import blake2s
from typing import TYPE_CHECKING, Any, NamedTuple

from ..hang_up import NEVER
from ..problems import Problem

if TYPE_CHECKING:
    from ..hang_up import HangUp
    from ..store import Transaction

Clock = Callable[[], datetime]
"""Returns the time; a naive one is read as UTC."""


def timestamp(moment: datetime) -> str:
    """Return a time in ISO 8601, UTC, with microseconds: these texts sort like the times."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Ids:
    """Makes ids and secrets.

    Args:
        seed: the same seed gives the same ids in the same order; by default they are random.
    """

    seed: int | str | None = None

    def token(self, tx: Transaction) -> str:
        """Return 20 hexadecimal digits."""
        if self.seed is None:
            return secrets.token_hex(10)
        return blake2s(f"{self.seed}:{tx.count()}".encode(), digest_size=10).hexdigest()


@dataclass(frozen=True)
class Caller:
    """The caller of a request.

    Attributes:
        key_id: id of the key; it stands for the user, because a local project has no accounts.
        project_id: the one project that the key opens.
        permissions: those of the key, ``None`` for all.
    """

    key_id: str
    project_id: str
    permissions: Collection[str] | None = None


@dataclass(frozen=True)
class Session:
    """The state of one request.

    Attributes:
        tx: the transaction, which is committed if the request succeeds.
        caller: the caller.
        moment: when the request began.
        ids: makes ids.
        hang_up: the event that the caller hangs up, which ends long work.
    """

    tx: Transaction
    caller: Caller
    moment: datetime
    ids: Ids
    hang_up: HangUp = NEVER

    @property
    def project_id(self) -> str:
        """Id of the caller's project."""
        return self.caller.project_id

    @property
    def actor_id(self) -> str:
        """Id of the author to record."""
        return self.caller.key_id

    @property
    def now(self) -> str:
        """The moment in its stored form."""
        return timestamp(self.moment)

    def new_id(self, prefix: str) -> str:
        """Return a new id such as ``"prompt_0f9c..."``."""
        return f"{prefix}_{self.ids.token(self.tx)}"

    def require(self, *permissions: str) -> None:
        """Refuse with 403 unless the key has all of these permissions."""
        held = self.caller.permissions
        missing = [] if held is None else [name for name in permissions if name not in held]
        if missing:
            raise Problem(403, "FORBIDDEN", f"the key lacks the permission {', '.join(missing)}", {"missing": missing})


class DeferredWork(NamedTuple):
    """Work that may take long: a handler returns it, and it is done once the handler's transaction has ended.

    Attributes:
        work: returns the data of the reply, and needs no transaction.
        then: writes in a transaction of its own after the work, and returns the data instead.
    """

    work: Callable[[], Any]
    then: Callable[[Session], Any] | None = None

"""The providers that a rule names, and whether they are active in an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object
from ..problems import Problem
from ..store import environments
from .environments import find as find_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Row
    from .session import Session


def named(snapshot: Any) -> Iterator[tuple[str, str | None]]:
    """Each provider that a snapshot names, and the environment it is named for, if it says one."""
    if is_object(snapshot):
        if isinstance(snapshot.get("providerId"), str):
            yield snapshot["providerId"], snapshot.get("envSlug")
        for key, value in snapshot.items():
            if key not in ("params", "when"):
                yield from named(value)
    elif is_array(snapshot):
        for item in snapshot:
            yield from named(item)


def check_active(session: Session, environment: Row, snapshot: Any, rule_id: str) -> None:
    """Refuse a release to an environment in which a provider of the snapshot is switched off.

    A provider that is named with an ``envSlug`` must be active in that environment instead.
    """
    for provider_id, env_slug in named(snapshot):
        home = environment if env_slug in (None, environment["slug"]) else find_environment(session, str(env_slug))
        if provider_id in environments.switched_off(session.tx, home["id"]):
            raise Problem(
                422,
                "ENV_NOT_ENABLED_FOR_PROVIDER",
                f"the provider {provider_id!r} is not active in the environment {home['slug']!r}",
                {"ruleId": rule_id, "envSlug": home["slug"], "providerId": provider_id},
            )

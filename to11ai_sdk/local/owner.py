"""Adds what the owner of a local to11 can do beyond the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .problems import Problem
from .service import environments, releases, rules
from .store import DataFileError, StorageProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

    from .gateway.observe.trace_log import TraceLog
    from .gateway.observe.traces import Span
    from .service import Platform, Session
    from .service.main_project import Access


class Owner(ABC):
    """Settings, keys, rules, providers, approvals and traces of a platform."""

    @property
    @abstractmethod
    def _platform(self) -> Platform: ...

    @property
    @abstractmethod
    def _traces(self) -> TraceLog: ...

    @property
    @abstractmethod
    def project_id(self) -> str:
        """Id of the project."""

    @property
    def enforce_label_registry(self) -> bool:
        """Strict mode of the project: only registered labels may be moved. Off in a new project; can be set."""
        return self._platform.strict_labels(self.project_id)

    @enforce_label_registry.setter
    def enforce_label_registry(self, enforce: bool) -> None:
        self.set_enforce_label_registry(enforce)

    def set_enforce_label_registry(self, enforce: bool, *, project_id: str | None = None) -> None:
        """Switch strict mode on or off, as :attr:`enforce_label_registry` does, in any project.

        Args:
            enforce: whether only registered labels may be moved.
            project_id: the project, by default the main one.

        Raises:
            LookupError: there is no such project.
        """
        self._platform.strict_labels(self._project(project_id), enforce)

    @property
    def strict_variables(self) -> bool:
        """Whether an undefined variable is an error in a template, not nil. On in a new project; can be set."""
        return self._platform.strict_variables(self.project_id)

    @strict_variables.setter
    def strict_variables(self, strict: bool) -> None:
        self.set_strict_variables(strict)

    def set_strict_variables(self, strict: bool, *, project_id: str | None = None) -> None:
        """Switch strict variables on or off, as :attr:`strict_variables` does, in any project.

        Args:
            strict: whether an undefined variable is an error in a template.
            project_id: the project, the main one unless given.

        Raises:
            LookupError: there is no such project.
        """
        self._platform.strict_variables(self._project(project_id), strict)

    def create_project(self) -> Access:
        """Make another project and return ``(project_id, api_key)``. Only a digest of this key is stored."""
        return self._platform.create_project()

    def create_key(self, *, permissions: Collection[str] | None = None, project_id: str | None = None) -> str:
        """Make another key; only a digest of it is stored.

        Args:
            permissions: its permissions, such as ``{"prompt:read"}``; ``None`` for all.
            project_id: the project it opens, by default the main one.

        Raises:
            LookupError: there is no such project.
            ValueError: an unknown permission; the message lists the known ones.
        """
        return self._platform.create_key(self._project(project_id), permissions)

    def create_rule(self, rule_id: str | None = None, *, project_id: str | None = None) -> str:
        """Make a routing rule without a version, which the API cannot do, and return its id.

        Args:
            rule_id: its id, by default a new one.
            project_id: its project, by default the main one.

        Raises:
            LookupError: there is no such project.
            ValueError: the id is blank, longer than 200 characters or not printable.
        """
        with self._owner(project_id) as session:
            rule_id = session.new_id("rule") if rule_id is None else rule_id
            rules.ensure(session, rule_id)
        return rule_id

    def disable_provider(self, env_slug: str, provider_id: str, *, project_id: str | None = None) -> None:
        """Switch a provider off in an environment; releases that name it are then refused there.

        Args:
            env_slug: slug of the environment.
            provider_id: id of the provider, such as ``"openai"``.
            project_id: the project, by default the main one.

        Raises:
            LookupError: there is no such project.
            ValueError: there is no such environment, it is archived, or ``provider_id`` is blank.
        """
        with self._owner(project_id) as session:
            environments.set_provider(session, env_slug, provider_id, is_active=False)

    def enable_provider(self, env_slug: str, provider_id: str, *, project_id: str | None = None) -> None:
        """Switch a provider on in an environment; every provider is on until it is switched off.

        Args:
            env_slug: slug of the environment.
            provider_id: id of the provider, such as ``"openai"``.
            project_id: the project, by default the main one.

        Raises:
            LookupError: there is no such project.
            ValueError: there is no such environment, it is archived, or ``provider_id`` is blank.
        """
        with self._owner(project_id) as session:
            environments.set_provider(session, env_slug, provider_id, is_active=True)

    def approve_release(self, release_id: str, *, project_id: str | None = None) -> None:
        """Approve a pending release to an environment with ``requires_approval``, so that it serves.

        Args:
            release_id: id of the release.
            project_id: its project, by default the main one.

        Raises:
            LookupError: there is no such project.
            ValueError: no release with this id is pending.
        """
        with self._owner(project_id) as session:
            releases.review(session, release_id, approve=True)

    def reject_release(self, release_id: str, *, project_id: str | None = None) -> None:
        """Reject a pending release.

        Args:
            release_id: id of the release.
            project_id: its project, by default the main one.

        Raises:
            LookupError: there is no such project.
            ValueError: no release with this id is pending.
        """
        with self._owner(project_id) as session:
            releases.review(session, release_id, approve=False)

    def traces(self, limit: int = 100, *, project_id: str | None = None) -> list[Span]:
        """Return the spans of the gateway's calls in a project, newest first; also at ``/local/traces`` as JSON.

        Args:
            limit: how many, 1000 at most.
            project_id: the project, by default the main one.

        Raises:
            LookupError: there is no such project.
        """
        with self._storage():
            return self._traces.recent(self._project(project_id), limit)

    def clear_traces(self, *, project_id: str | None = None) -> int:
        """Delete the spans of a project, as ``DELETE /local/traces`` does, and return how many there were.

        Args:
            project_id: the project, by default the main one.

        Raises:
            DataFileError: the data file cannot be written now.
        """
        with self._storage():
            return self._traces.clear(self._project(project_id))

    def _project(self, project_id: str | None) -> str:
        return self.project_id if project_id is None else project_id

    @contextmanager
    def _owner(self, project_id: str | None) -> Generator[Session]:
        try:
            with self._storage(), self._platform.owner(self._project(project_id)) as session:
                yield session
        except Problem as exc:
            raise ValueError(exc.message) from exc

    @contextmanager
    def _storage(self) -> Generator[None]:
        try:
            yield
        except StorageProblem as exc:
            raise DataFileError(exc.message) from exc

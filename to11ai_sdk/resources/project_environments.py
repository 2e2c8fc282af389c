"""Declares ``client.project_environments``."""

from __future__ import annotations

from .endpoint import Resource, endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins

    from ..models.environments import ArchiveProjectEnvironmentResult, ProjectEnvironment

_ENVIRONMENTS = "/v1/projects/{project_id}/environments"


class ProjectEnvironmentResource(Resource):
    """``client.project_environments``: the environments of a project."""

    namespace = "project_environments"

    @endpoint(f"GET {_ENVIRONMENTS}")
    def list(self, *, project_id: str, include_archived: bool = False) -> builtins.list[ProjectEnvironment]:
        """List the environments of a project.

        Args:
            project_id: id of the project.
            include_archived: list archived ones, too.
        """
        ...

    @endpoint(f"GET {_ENVIRONMENTS}/{{slug}}")
    def get(self, *, project_id: str, slug: str) -> ProjectEnvironment:
        """Get one environment by its slug; 404 ``ENVIRONMENT_NOT_FOUND`` if there is none."""
        ...

    @endpoint(f"POST {_ENVIRONMENTS}")
    def create(
        self,
        *,
        project_id: str,
        slug: str,
        name: str,
        color: str | None = None,
        description: str | None = None,
        is_pointer: bool | None = None,
        requires_approval: bool | None = None,
        is_default: bool | None = None,
        is_gateway_fallback: bool | None = None,
        sort_order: int | None = None,
    ) -> ProjectEnvironment:
        """Create an environment.

        Args:
            slug: 1 to 63 lower-case letters, digits and hyphens.
            name: display name, up to 120 characters.
            color: display colour.
            description: up to 280 characters.
            is_pointer: whether it only points at versions.
            requires_approval: whether a release to it waits for approval.
            is_default: whether it is the default for publishing.
            is_gateway_fallback: ``True`` makes it the environment of gateway calls that name none, in place of the
                present one; needs the permission ``project:manage_default_environment``.
            sort_order: position in the list.

        Raises:
            To11aiApiError: 409 ``ENVIRONMENT_SLUG_TAKEN`` if the slug is in use.
        """
        ...

    @endpoint(f"PATCH {_ENVIRONMENTS}/{{slug}}", new_slug="slug")
    def update(
        self,
        *,
        project_id: str,
        slug: str,
        new_slug: str | None = None,
        name: str | None = None,
        color: str | None = None,
        description: str | None = None,
        is_pointer: bool | None = None,
        requires_approval: bool | None = None,
        is_default: bool | None = None,
        is_gateway_fallback: bool | None = None,
        sort_order: int | None = None,
    ) -> ProjectEnvironment:
        """Change an environment; ``None`` leaves a field unchanged. The other fields are those of :meth:`create`.

        Args:
            slug: present slug.
            new_slug: another slug; the old one works for 7 more days. A system environment keeps its slug.
        """
        ...

    @endpoint(f"POST {_ENVIRONMENTS}/{{slug}}/archive")
    def archive(self, *, project_id: str, slug: str) -> ArchiveProjectEnvironmentResult:
        """Archive an environment and clear its pointers; returns how many there were.

        409 ``CANNOT_ARCHIVE_GATEWAY_FALLBACK`` or ``SYSTEM_ENV_IMMUTABLE`` if that is not allowed.
        """
        ...

    @endpoint(f"POST {_ENVIRONMENTS}/{{slug}}/restore")
    def restore(self, *, project_id: str, slug: str) -> ProjectEnvironment:
        """Restore an archived environment; 409 ``ENVIRONMENT_SLUG_TAKEN`` if its slug is in use again."""
        ...

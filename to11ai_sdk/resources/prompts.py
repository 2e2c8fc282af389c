"""Declares ``client.prompts``: prompts, their versions and labels, and the label registry of a project."""

from __future__ import annotations

from functools import partial

from .._http.exchange import REQUEST_ID
from ..cache import is_outage
from ..errors import To11aiError
from ..prompt_keys import prompt_key
from .endpoint import Resource, endpoint, row_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any, ClassVar, Literal

    from ..cache import PromptCache
    from ..models.prompts import (
        PaginatedLabelEvents,
        PaginatedResult,
        PaletteToken,
        ProjectPromptLabel,
        ProjectPromptLabelUsage,
        Prompt,
        PromptFormat,
        PromptLabelEvent,
        PromptLabelPointer,
        PromptVersion,
    )
    from ..models.rendered import ResolvedPrompt
    from .endpoint import Endpoint, Send

_PROJECT = "/v1/projects/{project_id}"
_PROMPT = _PROJECT + "/prompts/{prompt_id}"
_LABELS = _PROJECT + "/prompt-labels"
_LABEL = _LABELS + "/{label}"


class PromptResource(Resource):
    """``client.prompts``: prompts, their versions and labels, and the label registry of a project."""

    namespace = "prompts"

    def __init__(self, send: Send, cache: PromptCache, wait_timeout_s: float | None = None) -> None:
        super().__init__(send)
        self._cache = cache
        self._wait_timeout_s = wait_timeout_s

    def _call(self, row: Endpoint, arguments: Mapping[str, Any]) -> Any:
        try:
            return super()._call(row, arguments)
        finally:
            # A call that timed out may have moved the label.
            if row.name in ("prompts.move_label", "prompts.archive"):
                self._cache.forget(arguments["project_id"], arguments["prompt_id"], arguments.get("label"))

    @endpoint(f"POST {_PROJECT}/prompts")
    def create(
        self,
        *,
        project_id: str,
        name: str,
        slug: str,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Prompt:
        """Create a prompt.

        Args:
            project_id: id of the project.
            name: display name, 1 to 200 characters, unique in the project.
            slug: lower-case letters, digits and hyphens, unique in the project.
            description: free text.
            tags: words by which to find it.
        """
        ...

    @endpoint(f"GET {_PROJECT}/prompts", paged=True)
    def list(
        self,
        *,
        project_id: str,
        status: Literal["active", "draft", "archived"] | str | None = None,
        sort_by: Literal["name", "slug", "createdAt", "updatedAt", "-name", "-slug", "-createdAt", "-updatedAt"]
        | str
        | None = None,
        tags: str | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> PaginatedResult:
        """List the prompts of a project, one page at a time; :meth:`iter` fetches all pages.

        Args:
            status: only ``"active"``, ``"draft"`` or ``"archived"`` ones.
            sort_by: the server's sort key, with ``-`` in front for the reverse order.
            tags: only prompts with all of these tags, separated by commas.
            page: number of the page, from 1.
            limit: items per page.
        """
        ...

    def iter(
        self,
        *,
        project_id: str,
        status: Literal["active", "draft", "archived"] | str | None = None,
        sort_by: Literal["name", "slug", "createdAt", "updatedAt", "-name", "-slug", "-createdAt", "-updatedAt"]
        | str
        | None = None,
        tags: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Prompt]:
        """Iterate over the prompts of a project, fetching each page when needed; takes what :meth:`list` takes.

        Each comes once, even if others are created or archived meanwhile.
        """
        from .paging import NumberedPages

        filters: dict[str, Any] = {"status": status, "sort_by": sort_by, "tags": tags, "limit": limit}
        return NumberedPages("prompts.list", lambda page: self.list(project_id=project_id, page=page, **filters))

    @endpoint(f"GET {_PROMPT}")
    def get(self, *, project_id: str, prompt_id: str) -> Prompt:
        """Get one prompt by its id; 404 ``PROMPT_NOT_FOUND`` if there is none."""
        ...

    @endpoint(f"PATCH {_PROMPT}")
    def update(
        self,
        *,
        project_id: str,
        prompt_id: str,
        name: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Prompt:
        """Change a prompt; ``None`` leaves a field unchanged, ``""`` clears the description."""
        ...

    @endpoint(f"DELETE {_PROMPT}")
    def archive(self, *, project_id: str, prompt_id: str) -> Prompt:
        """Archive a prompt and return the archived prompt; drops it from this client's cache and the shared cache."""
        ...

    @endpoint(f"POST {_PROMPT}/versions")
    def create_version(
        self,
        *,
        project_id: str,
        prompt_id: str,
        format: PromptFormat,  # noqa: A002 - the API's own word
        template_json: Any,
        variables_schema: Any | None,
        model_config: Any | None = None,
        changelog: str | None = None,
    ) -> PromptVersion:
        """Create the next version of a prompt; versions never change, and no label moves to the new one automatically.

        Args:
            prompt_id: id of the prompt.
            format: ``"text"`` or ``"chat"``.
            template_json: ``{"text": ...}``, or ``{"messages": [...]}`` of blocks with role and content, in Liquid.
            variables_schema: JSON Schema of the variables, an object; ``None`` is sent as null.
            model_config: free-form settings such as ``{"model": ..., "temperature": ...}``.
            changelog: what is new in it.
        """
        ...

    @endpoint(f"GET {_PROMPT}/versions")
    def list_versions(self, *, project_id: str, prompt_id: str) -> builtins.list[PromptVersion]:
        """List all versions of a prompt."""
        ...

    @endpoint(f"GET {_PROMPT}/versions/{{version_number}}")
    def get_version(self, *, project_id: str, prompt_id: str, version_number: int) -> PromptVersion:
        """Get one version.

        Args:
            version_number: its number, 1, 2, ..., not its id.
        """
        ...

    @endpoint(f"PUT {_PROMPT}/labels/{{label}}")
    def move_label(
        self, *, project_id: str, prompt_id: str, label: str, version_id: str, reason: str | None = None
    ) -> PromptLabelPointer:
        """Point a label at a version of the prompt; drops the prompt from this client's cache for that label.

        A shared cache drops it for all labels.

        Args:
            label: letters, digits, ``_`` and ``-``, up to 64.
            version_id: id of the version, not its number.
            reason: recorded with the event.

        Raises:
            PromptLabelNotRegisteredError: the project is strict about labels and this one is not registered.
        """
        ...

    @endpoint(f"GET {_PROMPT}/labels")
    def list_labels(self, *, project_id: str, prompt_id: str) -> builtins.list[PromptLabelPointer]:
        """List the labels of a prompt and the versions they point at."""
        ...

    @endpoint(f"POST {_PROJECT}/prompts:resolve", safe=True)
    def _resolve(
        self, *, project_id: str, slug: str, labels: Sequence[str], variables: Mapping[str, Any] | None = None
    ) -> ResolvedPrompt:
        """Render the version of a prompt that the first matching label points at."""
        ...

    _resolve_row = row_of(_resolve)

    def resolve(
        self,
        *,
        project_id: str,
        slug: str,
        labels: Sequence[str],
        variables: Mapping[str, Any] | None = None,
        cache: bool = True,
        fallback: ResolvedPrompt | None = None,
    ) -> ResolvedPrompt:
        """Get the content of a prompt, rendered and ready to send, from the cache or the server.

        A cached prompt is fresh for ``ttl_seconds``. After that one caller refreshes it; in an outage the stale prompt
        is served for up to ``stale_if_error_s``, and after that the one of the client's snapshot, with a warning on the
        logger ``to11ai_sdk``. The returned object is a private copy.

        Args:
            project_id: id of the project.
            slug: slug of the prompt.
            labels: the first one that points at a version wins, so the order matters.
            variables: values for the template.
            cache: ``False`` neither reads nor writes the cache, and asks the server before the snapshot.
            fallback: returned if the server cannot be reached or answers 5xx or 429, and neither the cache nor the
                snapshot has the prompt.

        Raises:
            To11aiApiError: 404 ``PROMPT_NOT_FOUND`` or ``PROMPT_LABELS_NOT_FOUND``, 422 ``TEMPLATE_RENDER_FAILED``.
        """
        row = self._resolve_row
        key = prompt_key(project_id, slug, labels, variables)
        if cache and key is not None and (data := self._cache.fresh(key)) is not None:
            return row.build(data, data.get(REQUEST_ID))  # type: ignore[no-any-return]
        arguments = {"project_id": project_id, "slug": slug, "labels": labels, "variables": variables}
        load = partial(self._send, row, arguments, row.cacheable)
        try:
            if key is None or not cache:
                return self._send(row, arguments, row.read)  # type: ignore[no-any-return]
            data = self._cache.get(key, load, self._wait_timeout_s)
        except To11aiError as exc:
            # A thread that waited for another's call has made none to describe.
            exc.method, exc.endpoint = row.method, row.path
            data = self._cache.spare(key, exc, keep=cache)
            if data is None:
                if fallback is None or not is_outage(exc):
                    raise
                return fallback
        return row.build(data, data.get(REQUEST_ID))  # type: ignore[no-any-return]

    @endpoint(f"GET {_LABELS}")
    def list_project_labels(
        self, *, project_id: str, include_archived: bool = False
    ) -> builtins.list[ProjectPromptLabel]:
        """List the label registry of a project.

        Args:
            include_archived: list archived labels, too.
        """
        ...

    @endpoint(f"POST {_LABELS}")
    def create_project_label(
        self,
        *,
        project_id: str,
        label: str,
        is_default: bool | None = None,
        description: str | None = None,
        display_color: PaletteToken | None = None,
    ) -> ProjectPromptLabel:
        """Register a label; 409 ``PROJECT_LABEL_TAKEN`` if it is registered already.

        Args:
            label: letters, digits, ``_`` and ``-``, up to 64; upper and lower case differ.
            is_default: whether it is a default of the project.
            description: up to 280 characters.
            display_color: a colour of the palette; by default the server picks one.
        """
        ...

    @endpoint(f"GET {_LABEL}")
    def get_project_label(self, *, project_id: str, label: str) -> ProjectPromptLabel:
        """Get one label of the registry; 404 ``PROJECT_LABEL_NOT_FOUND`` if it is not registered."""
        ...

    @endpoint(f"PATCH {_LABEL}")
    def update_project_label(
        self,
        *,
        project_id: str,
        label: str,
        is_default: bool | None = None,
        description: str | None = None,
        display_color: PaletteToken | None = None,
    ) -> ProjectPromptLabel:
        """Change a label's settings; ``None`` leaves a setting unchanged, ``""`` clears the description."""
        ...

    @endpoint(f"DELETE {_LABEL}")
    def delete_project_label(self, *, project_id: str, label: str) -> ProjectPromptLabel:
        """Archive a label and return it; 409 ``PROJECT_LABEL_SYSTEM_NOT_DELETABLE`` for a system label."""
        ...

    @endpoint(f"GET {_LABEL}/usages")
    def list_project_label_usages(self, *, project_id: str, label: str) -> builtins.list[ProjectPromptLabelUsage]:
        """List the prompts on which a label points at a version."""
        ...

    @endpoint(f"GET {_PROMPT}/labels/{{label}}/events")
    def _list_label_events(
        self,
        *,
        project_id: str,
        prompt_id: str,
        label: str,
        page: int | None = None,
        limit: int | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> PaginatedLabelEvents:
        """List the moves of one label on one prompt."""
        ...

    @endpoint(f"GET {_PROMPT}/label-events")
    def _list_prompt_label_events(
        self,
        *,
        project_id: str,
        prompt_id: str,
        label: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> PaginatedLabelEvents:
        """List the moves of labels on one prompt."""
        ...

    @endpoint(f"GET {_PROJECT}/label-events")
    def _list_project_label_events(
        self,
        *,
        project_id: str,
        label: str | None = None,
        prompt_id: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> PaginatedLabelEvents:
        """List the moves of labels in a project."""
        ...

    _EVENT_ROWS: ClassVar[dict[str, tuple[Callable[..., Any], tuple[str, ...]]]] = {
        "label": (_list_label_events, ("prompt_id", "label")),
        "prompt": (_list_prompt_label_events, ("prompt_id",)),
        "project": (_list_project_label_events, ()),
    }

    def list_label_events(
        self,
        *,
        project_id: str,
        scope: Literal["label", "prompt", "project"],
        prompt_id: str | None = None,
        label: str | None = None,
        page: int | None = None,
        limit: int | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> PaginatedLabelEvents:
        """List label moves, one page at a time; :meth:`iter_label_events` fetches all pages.

        Args:
            project_id: id of the project.
            scope: ``"label"`` (one label of one prompt), ``"prompt"`` or ``"project"``.
            prompt_id: id of the prompt; needed by the first two scopes, a filter in the third.
            label: needed by the scope ``"label"``, a filter in the others.
            page: number of the page, from 1.
            limit: items per page.
            since: only moves at or after this time, ISO 8601 if a str; a naive datetime is read as UTC.
            until: only moves at or before this time.

        Raises:
            ValueError: the scope is unknown, or needs an argument that was not given.
            To11aiApiError: 422 ``INVALID_DATE_RANGE`` if ``since`` is after ``until``.
        """
        place: dict[str, Any] = {"project_id": project_id, "prompt_id": prompt_id, "label": label}
        call = self._events_call(scope, place)
        result: PaginatedLabelEvents = call(self, page=page, limit=limit, since=since, until=until, **place)
        return result

    def _events_call(self, scope: str, place: Mapping[str, Any]) -> Callable[..., Any]:
        if scope not in list(self._EVENT_ROWS):
            raise ValueError(f"scope must be one of {', '.join(self._EVENT_ROWS)}, not {scope!r:.100}")
        call, needed = self._EVENT_ROWS[scope]
        for name in needed:
            if place[name] is None:
                raise ValueError(f"scope={scope!r} needs {name}")
        return call

    def iter_label_events(
        self,
        *,
        project_id: str,
        scope: Literal["label", "prompt", "project"],
        prompt_id: str | None = None,
        label: str | None = None,
        limit: int | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> Iterator[PromptLabelEvent]:
        """Iterate over label moves, fetching each page when needed; takes what :meth:`list_label_events` takes."""
        from .paging import NumberedPages

        place: dict[str, Any] = {"project_id": project_id, "prompt_id": prompt_id, "label": label}
        filters: dict[str, Any] = {**place, "limit": limit, "since": since, "until": until}
        call = self._events_call(scope, place)
        return NumberedPages("prompts.list_label_events", lambda page: call(self, page=page, **filters))

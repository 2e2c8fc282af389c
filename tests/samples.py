"""Replies as the API sends them, written from its reference and not from the SDK's models."""

from __future__ import annotations

from typing import Any

TIME = "2026-06-17T10:30:00.000Z"

PROMPT: dict[str, Any] = {
    "id": "pm_1",
    "projectId": "pr_1",
    "name": "Welcome",
    "slug": "welcome",
    "description": None,
    "tags": ["email"],
    "status": "active",
    "createdByUserId": "u_1",
    "createdAt": TIME,
    "updatedAt": TIME,
}
PROMPT_VERSION: dict[str, Any] = {
    "id": "pv_1",
    "promptId": "pm_1",
    "version": 1,
    "format": "chat",
    "templateJson": {"messages": [{"role": "user", "content": "Hi {{name}}"}]},
    "variablesSchema": {"type": "object"},
    "modelConfig": {"model": "gpt-5", "temperature": 0},
    "changelog": None,
    "createdByUserId": "u_1",
    "createdByDisplayName": None,
    "createdByImage": None,
    "createdAt": TIME,
}
POINTER: dict[str, Any] = {
    "promptId": "pm_1",
    "label": "production",
    "versionId": "pv_1",
    "updatedByUserId": "u_1",
    "updatedByDisplayName": None,
    "updatedAt": TIME,
}
EVENT: dict[str, Any] = {
    "id": "ev_1",
    "promptId": "pm_1",
    "label": "production",
    "fromVersionId": None,
    "toVersionId": "pv_1",
    "movedByUserId": "u_1",
    "movedAt": TIME,
    "reason": None,
}
LABEL: dict[str, Any] = {
    "projectId": "pr_1",
    "label": "production",
    "isSystem": True,
    "isDefault": True,
    "description": None,
    "displayColor": "green",
    "createdByUserId": "u_1",
    "createdAt": TIME,
    "updatedAt": TIME,
    "archivedAt": None,
}
USAGE: dict[str, Any] = {
    "promptId": "pm_1",
    "promptSlug": "welcome",
    "promptName": "Welcome",
    "versionId": "pv_1",
    "version": 1,
    "updatedAt": TIME,
    "updatedByUserId": "u_1",
}
RESOLVED: dict[str, Any] = {
    "promptId": "pm_1",
    "versionId": "pv_1",
    "releaseId": "rel_1",
    "version": 3,
    "labels": ["production"],
    "contentHash": "sha256:00",
    "rendered": {"format": "chat", "messages": [{"role": "system", "content": "Be kind."}]},
    "blockRenderRecord": {"intro": "rendered", "vip": "dimmed"},
    "subjectHash": None,
    "variantName": None,
}
RESOLVED_TEXT: dict[str, Any] = {**RESOLVED, "rendered": {"format": "text", "text": "Hello."}}
ENVIRONMENT: dict[str, Any] = {
    "id": "env_1",
    "projectId": "pr_1",
    "slug": "prod",
    "name": "Production",
    "color": None,
    "description": None,
    "isPointer": False,
    "requiresApproval": False,
    "isDefault": True,
    "isGatewayFallback": True,
    "isSystem": True,
    "isProduction": True,
    "sortOrder": 0,
    "createdBy": "u_1",
    "updatedBy": "u_1",
    "createdAt": TIME,
    "updatedAt": TIME,
    "archivedAt": None,
}
ARCHIVED_ENVIRONMENT: dict[str, Any] = {
    "environment": {**ENVIRONMENT, "slug": "qa", "archivedAt": TIME},
    "livePointerCounts": {"prompts": 2, "providers": 0, "rules": 1},
}
RULE_VERSION: dict[str, Any] = {
    "id": "rv_1",
    "ruleId": "ru_1",
    "version": 1,
    "snapshotJson": {"endpoint": "messages", "strategy": "single"},
    "description": None,
    "createdBy": "u_1",
    "createdAt": TIME,
}
RELEASE: dict[str, Any] = {
    "id": "rr_1",
    "ruleId": "ru_1",
    "environmentId": "env_1",
    "envSlug": "prod",
    "actorId": "u_1",
    "actorType": "api_key",
    "strategy": "single",
    "versionId": "rv_1",
    "weights": None,
    "changeKind": "release_initial",
    "priorReleaseId": None,
    "reason": None,
    "approvalStatus": "committed",
    "approvalRequestedBy": None,
    "approvalRequestedAt": None,
    "approvedBy": None,
    "approvedAt": None,
    "rejectedBy": None,
    "rejectedAt": None,
    "activeFrom": TIME,
    "activeTo": None,
    "createdAt": TIME,
}
PAGINATION: dict[str, Any] = {"page": 1, "limit": 20, "total": 1, "totalPages": 1}
EVENTS: dict[str, Any] = {"items": [EVENT], "pagination": PAGINATION}

DATA: dict[str, Any] = {
    "prompts.create": PROMPT,
    "prompts.list": [PROMPT],
    "prompts.get": PROMPT,
    "prompts.update": PROMPT,
    "prompts.archive": PROMPT,
    "prompts.create_version": PROMPT_VERSION,
    "prompts.list_versions": [PROMPT_VERSION],
    "prompts.get_version": PROMPT_VERSION,
    "prompts.move_label": POINTER,
    "prompts.list_labels": [POINTER],
    "prompts.resolve": RESOLVED,
    "prompts.list_project_labels": [LABEL],
    "prompts.create_project_label": LABEL,
    "prompts.get_project_label": LABEL,
    "prompts.update_project_label": LABEL,
    "prompts.delete_project_label": LABEL,
    "prompts.list_project_label_usages": [USAGE],
    "prompts.list_label_events": EVENTS,
    "project_environments.list": [ENVIRONMENT],
    "project_environments.get": ENVIRONMENT,
    "project_environments.create": ENVIRONMENT,
    "project_environments.update": ENVIRONMENT,
    "project_environments.archive": ARCHIVED_ENVIRONMENT,
    "project_environments.restore": ENVIRONMENT,
    "routing_rules.versions.create": RULE_VERSION,
    "routing_rules.versions.list": [RULE_VERSION],
    "routing_rules.versions.get": RULE_VERSION,
    "routing_rules.releases.set": RELEASE,
    "routing_rules.releases.rollback": RELEASE,
    "routing_rules.releases.list": [RELEASE],
}
"""The ``data`` of a reply by public method."""


def success(data: Any, *, pagination: Any = None, **more: Any) -> dict[str, Any]:
    """A success envelope."""
    return {"success": True, "code": 200, "data": data, "error": None, "pagination": pagination, **more}


def refusal(code: Any = None, message: Any = "no", details: Any = None, **more: Any) -> dict[str, Any]:
    """An error envelope."""
    error = {"code": code, "message": message, "details": details, **more}
    return {"success": False, "code": 0, "data": None, "error": error, "pagination": None}

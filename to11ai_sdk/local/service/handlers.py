"""Maps each row of the table to the function that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from . import environments, labels, prompts, registry, releases, resolve, rules, versions

Handler = Callable[..., Any]
"""Takes a session and a row's arguments except the project; returns the data of the reply, or a ``Page``."""

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "prompts.create": prompts.create,
        "prompts.list": prompts.list_page,
        "prompts.get": prompts.get,
        "prompts.update": prompts.update,
        "prompts.archive": prompts.archive,
        "prompts.create_version": versions.create,
        "prompts.list_versions": versions.list_all,
        "prompts.get_version": versions.get,
        "prompts.move_label": labels.move,
        "prompts.list_labels": labels.list_all,
        "prompts.resolve": resolve.resolve,
        "prompts.list_project_labels": registry.list_all,
        "prompts.create_project_label": registry.create,
        "prompts.get_project_label": registry.get,
        "prompts.update_project_label": registry.update,
        "prompts.delete_project_label": registry.delete,
        "prompts.list_project_label_usages": registry.list_usages,
        "prompts.list_label_events": labels.prompt_events,
        "prompts.list_prompt_label_events": labels.prompt_events,
        "prompts.list_project_label_events": labels.project_events,
        "project_environments.list": environments.list_all,
        "project_environments.get": environments.get,
        "project_environments.create": environments.create,
        "project_environments.update": environments.update,
        "project_environments.archive": environments.archive,
        "project_environments.restore": environments.restore,
        "routing_rules.versions.create": rules.create_version,
        "routing_rules.versions.list": rules.list_versions,
        "routing_rules.versions.get": rules.get_version,
        "routing_rules.releases.set": releases.set_release,
        "routing_rules.releases.rollback": releases.rollback,
        "routing_rules.releases.list_all": releases.list_all,
        "routing_rules.releases.list_env": releases.list_all,
    }
)
"""The handler of every row, by its dotted name."""

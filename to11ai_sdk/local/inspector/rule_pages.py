"""Makes the pages of routing rules: what serves each environment in which shares, versions and releases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_types import is_array, is_object
from ..service import environments, releases
from ..service import rules as rule_service
from ..store import rules
from .parts import Shown, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..service import Session
    from .parts import Visit

_PER_PAGE = 20


class Share(NamedTuple):
    """A part of the calls of a rule.

    Attributes:
        name: of the variant or target.
        version: number of the version of the rule.
        percent: the share of the calls.
        start: the sum of the shares before.
    """

    name: str
    version: int
    percent: float
    start: float


def show_list(visit: Visit) -> Shown:
    """Show a page of rules with what serves each environment."""
    page = visit.number("page", 1)
    with visit.parts.session() as session:
        found = rules.ids(session.tx, session.project_id, _PER_PAGE + 1, (page - 1) * _PER_PAGE)
        cards = _bars(session, found[:_PER_PAGE])
    return Shown("rules.html", {"cards": cards, "page": page, "has_more": len(found) > _PER_PAGE})


def show_rule(visit: Visit) -> Shown:
    """Show versions and releases of a rule, newest first."""
    rule_id, cursor = visit.path["rule_id"], visit.query.get("before") or None
    below = visit.number("below", 1) if "below" in visit.query else None
    with visit.parts.session() as session:
        listed = rule_service.list_versions(session, rule_id=rule_id, cursor=below, limit=_PER_PAGE)
        timeline = releases.list_all(session, rule_id=rule_id, cursor=cursor, limit=_PER_PAGE)
        numbers = {version_id: _number(session, rule_id, version_id) for version_id in _named(timeline)}
        bars = _bars(session, [rule_id])[0][1]
    values = {
        "rule_id": rule_id,
        "bars": bars,
        "versions": [{**row, "text": _text(row["snapshotJson"])} for row in listed],
        "below": listed[-1]["version"] if len(listed) == _PER_PAGE and listed[-1]["version"] > 1 else None,
        "releases": [{**row, "serves": _serves(row, numbers)} for row in timeline],
        "before": timeline[-1]["id"] if len(timeline) == _PER_PAGE else None,
    }
    return Shown("rule.html", values)


def _bars(session: Session, rule_ids: list[str]) -> list[tuple[str, list[tuple[dict[str, Any], list[Share]]]]]:
    """Return the shares in each environment, for each of some rules."""
    shown = [(env, _shares(session, env["id"], {*rule_ids})) for env in environments.list_all(session)]
    return [(rule_id, [(env, shares.get(rule_id, [])) for env, shares in shown]) for rule_id in rule_ids]


def _shares(session: Session, environment_id: str, rule_ids: set[str]) -> dict[str, list[Share]]:
    """Return the shares in an environment, by the id of the rule."""
    found: dict[str, list[Share]] = {}
    for row in rules.serving_versions(session.tx, session.project_id, environment_id):
        if row["rule_id"] not in rule_ids:
            continue
        number = _number(session, row["rule_id"], row["version_id"])
        shares = found.setdefault(row["rule_id"], [])
        for name, percent in _variants(row["snapshot_json"]):
            start = shares[-1].start + shares[-1].percent if shares else 0.0
            shares.append(Share(name, number, percent * row["weight"] / 100, start))
    return found


def _number(session: Session, rule_id: str, version_id: str) -> int:
    """Return the number of a version."""
    row = rules.version(session.tx, session.project_id, rule_id, version_id)
    return int(row["version"]) if row else 0


def _variants(snapshot: Any) -> Iterator[tuple[str, float]]:
    """Yield name and percentage of what a snapshot chooses among."""
    variants: list[Any] = (snapshot.get("variants") or []) if is_object(snapshot) else []
    if is_object(snapshot) and snapshot.get("strategy") in ("weighted", "experiment") and variants:
        for variant in variants:
            weight = variant.get("weight")
            yield _named_target(variant), 100 / len(variants) if weight is None else weight
    else:
        yield " → ".join(_targets(snapshot)) or "the requested model", 100.0


def _named_target(variant: dict[str, Any]) -> str:
    return f"{variant.get('name')}: {_target(variant.get('target'))}"


def _target(target: Any) -> str:
    if not is_object(target):
        return str(target)
    return "/".join(str(target[name]) for name in ("providerId", "modelId") if target.get(name))


def _targets(snapshot: Any) -> Iterator[str]:
    """Yield what a rule without shares tries, in order."""
    if not is_object(snapshot):
        return
    if is_object(snapshot.get("target")):
        yield _target(snapshot["target"])
    for part in ("chain", "steps", "variants"):
        entries = snapshot.get(part)
        if is_array(entries):
            yield from (_entry(entry) for entry in entries[:10])
            return


def _entry(entry: Any) -> str:
    if not is_object(entry):
        return str(entry)
    return _target(entry["target"]) if is_object(entry.get("target")) else str(entry.get("name") or _target(entry))


def _named(timeline: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the versions that releases name."""
    return {version_id for row in timeline for version_id, _ in _weights(row)}


def _weights(row: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the versions of a release and their percentages."""
    weights: list[dict[str, Any]] = row["weights"] or [{"versionId": row["versionId"], "weight": 100}]
    return [(entry["versionId"], entry["weight"]) for entry in weights]


def _serves(row: dict[str, Any], numbers: dict[str, int]) -> str:
    shares = [f"v{numbers[version_id]} {weight} %" for version_id, weight in _weights(row)]
    return ", ".join(shares).removesuffix(" 100 %")


def _text(snapshot: Any) -> str:
    return shortened(json.dumps(snapshot, indent=2, ensure_ascii=False))

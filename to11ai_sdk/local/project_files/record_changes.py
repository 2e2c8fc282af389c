"""Plans what a push changes in the label registry and the environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .fields import dump
from .record_lists import LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .record_lists import RecordList, Records

_EMPTY = {"text": "", "true or false": False}
"""The values that clear a setting, by what it is."""
_NEVER_CLEARED = ("name", "display_color")


class RecordChange(NamedTuple):
    """What a push changes in a label of the registry or an environment: ``fields`` is ``None`` to archive it."""

    kind: str
    name: str
    fields: dict[str, Any] | None
    old: dict[str, Any] | None

    @property
    def is_new(self) -> bool:
        """Whether the server does not have it."""
        return self.old is None

    @property
    def line(self) -> str:
        """What is done, in words."""
        noun = LISTS[self.kind].noun
        if self.fields is None:
            return f"- archive the {noun} {self.name}"
        names = ", ".join(self.fields)
        return f"+ create the {noun} {self.name}" if self.is_new else f"~ change the {noun} {self.name}: {names}"

    def details(self) -> Iterator[str]:
        """Yield each setting, as it is and as it will be."""
        for name, value in (self.fields or {}).items():
            before = f"{dump(self.old[name])} -> " if self.old and name in self.old else ""
            yield f"{name}: {before}{dump(value)}"


def plan_records(kind: str, wanted: Records, present: Records) -> list[RecordChange]:
    """Return what makes the list of the server like that of the file, without archiving."""
    of = LISTS[kind]
    taken = {flag for flag in of.unique if any(record.get(flag) for record in wanted.values())}
    changes: list[RecordChange] = []
    for name, record in wanted.items():
        old = present.get(name)
        fields = record if old is None else _changed(record, old, of, taken)
        if fields or old is None:
            changes.append(RecordChange(kind, name, fields, old))
    return changes


def _changed(wanted: dict[str, Any], present: dict[str, Any], of: RecordList, taken: set[str]) -> dict[str, Any]:
    """Return the settings that differ; one that the file leaves out is cleared, unless another record takes it."""
    changed: dict[str, Any] = {}
    for name, kind in of.kinds.items():
        empty = _EMPTY.get(kind)
        if name in wanted or (empty is not None and name not in _NEVER_CLEARED):
            value = wanted.get(name, empty)
            if value != present.get(name, empty) and (value or name not in taken):
                changed[name] = value
    return changed

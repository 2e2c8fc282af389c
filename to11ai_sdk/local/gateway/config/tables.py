"""Defines the tables of a configuration and their keys; an error names the key.

Without Pydantic: its import and the models would take longer than the rest of a start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ....json_types import is_mapping
from ..formats import FORMATS
from .providers import DIALECTS, KINDS, ConfigError
from .values import among, flag, items, mapping, one_of, regions, seconds, size, text, texts, variable, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_NAME_OF_A_MODEL = 'must be the name of a model, or {id = "...", kinds = ["chat"]}'
KIND_WORDS = ("echo", "none", "upstream")

T = TypeVar("T")


class Key(Generic[T]):
    """A key of a table; an attribute of the table has its value.

    Args:
        read: takes a value as given and its place, and returns what the configuration means; raises ``ConfigError``.
        default: the value of an absent key.
    """

    def __init__(self, read: Callable[[Any, str], T], default: T) -> None:
        self.read: Callable[[Any, str], T] = read
        self.default: T = default

    def __set_name__(self, owner: type[Table], name: str) -> None:
        self.name: str = name
        owner.keys = {**owner.keys, name: self}

    def __get__(self, table: Table, owner: type[Table]) -> T:
        value: T = table.given.get(self.name, self.default)
        return value


class Table:
    """A table with known keys only; a known key without a value counts as absent.

    Args:
        content: the table as given.
        place: its key, ``""`` for the whole configuration.

    Attributes:
        keys: the keys that it may have, by name.
        given: the values of the keys that are not absent.

    Raises:
        ConfigError: a key is unknown or wrong; the message names it.
    """

    keys: ClassVar[Mapping[str, Key[Any]]] = {}

    def __init__(self, content: Any, place: str = "") -> None:
        members = mapping(content, place)
        self.given: dict[str, Any] = {
            name: key.read(members[name], _within(place, name))
            for name, key in self.keys.items()
            if members.get(name) is not None
        }
        for name in members:
            if name not in self.keys:
                raise self.unknown_key(place, name)

    @classmethod
    def unknown_key(cls, place: str, name: object, hidden: Iterable[str] = ()) -> ConfigError:
        """Return the error of an unknown key; ``hidden`` are keys that it does not suggest."""
        known = sorted(set(cls.keys).difference(hidden))
        return ConfigError(f"{_within(place, name)} is not a key; there are: {', '.join(known)}")


def _within(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)


class ModelEntry(Table):
    """An entry of ``models``: the name of a model, or a pattern, and the kinds of its calls."""

    id: Key[str] = Key(text, "")
    kinds: Key[tuple[str, ...]] = Key(among(sorted(KINDS)), ())


def models(value: Any, place: str) -> list[ModelEntry]:
    """Read the models of a provider: names, or tables with a name and the kinds of calls."""
    return [_model(item, f"{place}.{index}") for index, item in enumerate(items(value, place))]


def _model(value: Any, place: str) -> ModelEntry:
    if not is_mapping(value) and not (isinstance(value, str) and value.strip()):
        raise wrong(place, _NAME_OF_A_MODEL)
    entry = ModelEntry(value if is_mapping(value) else {"id": value}, place)
    if not entry.id or "::" in entry.id:
        raise wrong(place, _NAME_OF_A_MODEL)
    return entry


class ProviderTable(Table):
    """A provider that ``echo`` answers for, or one that is removed."""

    kind: Key[str] = Key(one_of(KIND_WORDS), "upstream")
    type: Key[str | None] = Key(text, None)
    dialect: Key[str | None] = Key(one_of(DIALECTS), None)
    models: Key[list[ModelEntry] | None] = Key(models, None)
    timeout: Key[float | None] = Key(seconds, None)


class UpstreamTable(ProviderTable):
    """A provider that is a server."""

    base_url: Key[str | None] = Key(text, None)
    key_env: Key[str | None] = Key(variable, None)
    formats: Key[tuple[str, ...]] = Key(among(FORMATS), ())


class GuardrailsTable(Table):
    """The table ``guardrails``."""

    enabled: Key[bool] = Key(flag, default=False)
    blocklist: Key[tuple[str, ...]] = Key(texts, ())
    whole_words: Key[bool] = Key(flag, default=False)
    phone_regions: Key[tuple[str, ...] | None] = Key(regions, None)


class CacheTable(Table):
    """The table ``cache``."""

    enabled: Key[bool] = Key(flag, default=False)
    ttl: Key[float | None] = Key(seconds, None)


class ConfigTable(Table):
    """A whole configuration; each provider is read by its name."""

    defaults: Key[bool] = Key(flag, default=True)
    providers: Key[Mapping[Any, Any]] = Key(mapping, {})
    guardrails: Key[GuardrailsTable] = Key(GuardrailsTable, GuardrailsTable({}))
    cache: Key[CacheTable] = Key(CacheTable, CacheTable({}))
    max_reply_bytes: Key[int | None] = Key(size, None)

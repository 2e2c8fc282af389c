"""Defines the tables of a configuration as Pydantic models; an error names the key.

Our checks describe valid values in the terms of a configuration file; Pydantic checks the keys and the structure.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from ....json_types import is_mapping, is_sequence
from ..formats import FORMATS
from .providers import DIALECTS, KINDS, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")

T = TypeVar("T", bound="Table")


def wrong(message: str) -> PydanticCustomError:
    """Return the error of the key that is being checked."""
    return PydanticCustomError("config", "{message}", {"message": message})


def _text(value: Any) -> Any:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise wrong("must be a text that is not blank")
    return value


def _boolean(value: Any) -> Any:
    if value is not None and not isinstance(value, bool):
        raise wrong(f"must be true or false, not {type(value).__name__}")
    return value


def _mapping(value: Any) -> Any:
    if value is not None and not is_mapping(value):
        raise wrong(f"must be a table, not {type(value).__name__}")
    return value


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (OverflowError, TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise wrong("must be a number of seconds above 0")
    return number


def _bytes(value: Any) -> Any:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise wrong("must be a number of bytes above 0")
    return value


def _items(value: Any) -> Any:
    if value is not None and not is_sequence(value):
        raise wrong(f"must be a list, not {type(value).__name__}")
    return None if value is None else list(value)


def _texts(value: Any) -> tuple[Any, ...]:
    values = _items(value) or ()
    if not all(isinstance(item, str) and item.strip() for item in values):
        raise wrong("must be a list of texts that are not blank")
    return tuple(values)


def _regions(value: Any) -> tuple[Any, ...]:
    from phonenumbers import SUPPORTED_REGIONS  # here: few configurations name regions

    unknown = set(_texts(value)) - SUPPORTED_REGIONS
    if unknown:
        raise wrong(f"must be regions of two capital letters, such as GB, not {min(unknown)!r}")
    return _texts(value)


def _among(words: frozenset[str] | tuple[str, ...]) -> BeforeValidator:
    def check(value: Any) -> Any:
        if set(_texts(value)) - set(words):
            raise wrong(f"must be among {', '.join(sorted(words) if isinstance(words, frozenset) else words)}")
        return _texts(value)

    return BeforeValidator(check)


def _one_of(words: tuple[str, ...]) -> BeforeValidator:
    def check(value: Any) -> Any:
        if _text(value) is not None and value not in words:
            raise wrong(f"must be one of {', '.join(words)}, not {value!r}")
        return value

    return BeforeValidator(check)


def _variable(value: Any) -> Any:
    if _text(value) is not None and not _VARIABLE.fullmatch(value):
        # The value is not printed: it may be an API key.
        raise wrong("must be the name of an environment variable, such as OPENAI_API_KEY")
    return value


Text = Annotated[str | None, BeforeValidator(_text)]
Seconds = Annotated[float | None, BeforeValidator(_seconds)]
Items = Annotated[list[Any] | None, BeforeValidator(_items)]
_NAME_OF_A_MODEL = 'must be the name of a model, or {id = "...", kinds = ["chat"]}'
KIND_WORDS = ("echo", "none", "upstream")


def _members(kind: type[BaseModel], content: Any) -> dict[str, Any]:
    """Accept any mapping, and treat a known key without a value as absent."""
    if not is_mapping(content):
        raise wrong(f"must be a table, not {type(content).__name__}")
    return {str(key): value for key, value in content.items() if value is not None or key not in kind.model_fields}


class Table(BaseModel):
    """A table with known keys only."""

    # Built at their first use: most starts need two of the tables.
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _is_table(cls, content: Any) -> Any:
        return _members(cls, content)


class ModelEntry(Table):
    """An entry of ``models``: a name, or a table with the name and the kinds of calls."""

    id: Text = None
    kinds: Annotated[tuple[str, ...], _among(KINDS)] = ()

    @model_validator(mode="before")
    @classmethod
    def _is_table(cls, content: Any) -> Any:
        if is_mapping(content):
            return _members(cls, content)
        if not isinstance(content, str) or not content.strip():
            raise wrong(_NAME_OF_A_MODEL)
        return {"id": content}

    @property
    def name(self) -> str:
        """The name of the model, or a pattern."""
        return self.id or ""

    @model_validator(mode="after")
    def _has_name(self) -> ModelEntry:
        if self.id is None or "::" in self.id:
            raise wrong(_NAME_OF_A_MODEL)
        return self


class ProviderTable(Table):
    """A provider that ``echo`` answers for, or one that is removed."""

    kind: Annotated[str, _one_of(KIND_WORDS)] = "upstream"
    type: Text = None
    dialect: Annotated[str | None, _one_of(tuple(DIALECTS))] = None
    models: Annotated[list[ModelEntry] | None, BeforeValidator(_items)] = None
    timeout: Seconds = None


class UpstreamTable(ProviderTable):
    """A provider that is a server."""

    base_url: Text = None
    key_env: Annotated[str | None, BeforeValidator(_variable)] = None
    formats: Annotated[tuple[str, ...], _among(tuple(FORMATS))] = ()


class GuardrailsTable(Table):
    """The table ``guardrails``."""

    enabled: Annotated[bool, BeforeValidator(_boolean)] = False
    blocklist: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
    whole_words: Annotated[bool, BeforeValidator(_boolean)] = False
    phone_regions: Annotated[tuple[str, ...] | None, BeforeValidator(_regions)] = None


class CacheTable(Table):
    """The table ``cache``."""

    enabled: Annotated[bool, BeforeValidator(_boolean)] = False
    ttl: Seconds = None


class ConfigTable(Table):
    """A whole configuration; each provider is read by its name."""

    defaults: Annotated[bool, BeforeValidator(_boolean)] = True
    providers: Annotated[Any, BeforeValidator(_mapping)] = {}
    guardrails: Annotated[GuardrailsTable, BeforeValidator(_mapping)] = Field(default_factory=GuardrailsTable)
    cache: Annotated[CacheTable, BeforeValidator(_mapping)] = Field(default_factory=CacheTable)
    max_reply_bytes: Annotated[int | None, BeforeValidator(_bytes)] = None


_INNER: Mapping[str, type[Table]] = {"models": ModelEntry, "guardrails": GuardrailsTable, "cache": CacheTable}


def read_table(kind: type[T], place: str, content: Any) -> T:
    """Read a table.

    Args:
        kind: the model of the table.
        place: the key of the table, ``""`` for the whole configuration.
        content: the table as given.

    Raises:
        ConfigError: a key is unknown or wrong; the message names it.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as exc:
        raise ConfigError(_message(kind, place, exc.errors(include_url=False)[0])) from exc


def unknown_key(kind: type[Table], place: str, key: str, hidden: frozenset[str] = frozenset()) -> str:
    """Return the message for an unknown key of a table; ``hidden`` are keys that it does not suggest."""
    known = sorted(set(kind.model_fields) - hidden)
    return f"{place}.{key}".lstrip(".") + f" is not a key; there are: {', '.join(known)}"


def _message(kind: type[Table], place: str, error: ErrorDetails) -> str:
    *outer, last = map(str, error["loc"] or ("",))
    within = ".".join(filter(None, (place, *outer)))
    if error["type"] == "extra_forbidden":
        return unknown_key(_INNER[outer[0]] if outer else kind, within, last)
    return f"{'.'.join(filter(None, (within, last))) or 'the configuration'} {error['msg']}"

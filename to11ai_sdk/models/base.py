"""Defines the base of every model: tolerant of fields that a newer server adds, strict about types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, SupportsIndex, TypeVar, cast, overload

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetPydanticSchema
from pydantic.alias_generators import to_camel
from typing_extensions import Self

from ..json_types import is_mapping

if TYPE_CHECKING:
    from typing import Generic
else:

    class Generic:
        """``typing.Generic`` must follow Pydantic's base, whose ``__iter__`` would win then."""

        def __class_getitem__(cls, item):
            return cls


def _iso_text(value: object) -> object:
    # Pydantic would read a number, or a text of digits, as seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise ValueError("a timestamp is an ISO 8601 text")


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


Timestamp = Annotated[datetime, Field(strict=False), BeforeValidator(_iso_text), AfterValidator(_aware)]
"""A time with its zone; a naive one is read as UTC."""


# A million invalid items would give gigabytes of errors. Pydantic's ``FailFast`` does not work for a dictionary before
# 2.14, nor in a union on Python 3.10.
_FIRST_ERROR_ENDS = GetPydanticSchema(lambda kind, build: cast("Any", {**build(kind), "fail_fast": True}))
Item = TypeVar("Item")
Items = Annotated[list[Item], _FIRST_ERROR_ENDS]
"""A list that is refused at its first invalid item."""
Words = Annotated[dict[str, str], _FIRST_ERROR_ENDS]
"""A dictionary that is refused at its first invalid value."""


class Model(BaseModel):
    """Base of the models: accepts the API's camelCase and Python names."""

    __slots__ = ("_request_id",)
    # Not a field: models with different ids are equal, and another key of __dict__ would slow cache hits.

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        strict=True,
        extra="ignore",
        hide_input_in_errors=True,
        defer_build=True,
    )

    @property
    def request_id(self) -> str | None:
        """Return the server's id of the request that this came from, if known; copies have none."""
        return getattr(self, "_request_id", None)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the model of a JSON object, by wire or Python names.

        Raises:
            pydantic.ValidationError: a ``ValueError`` that names the invalid fields, but not their values (except an
                unknown tag of a union).
        """
        # In strict mode Pydantic accepts no other mapping.
        return cls.model_validate(dict(data) if is_mapping(data) else data)


class Rows(Generic[Item]):
    """Lets a page be used as the list of its items; ``dict(page)`` still has the fields."""

    if TYPE_CHECKING:
        items: list[Item]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: str) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    @overload
    def __getitem__(self, index: SupportsIndex) -> Item: ...
    def __getitem__(self, index: SupportsIndex | slice | str) -> Any:
        return vars(self)[index] if isinstance(index, str) else self.items[index]

    def keys(self) -> list[str]:
        """Return the names of the fields."""
        return [*vars(self)]

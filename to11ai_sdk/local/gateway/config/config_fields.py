"""Reading a configuration key by key: what is wrong is said with the name of the key."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ....json_types import is_mapping, is_sequence

if TYPE_CHECKING:
    from collections.abc import Mapping


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the key and says what it takes."""


class Fields:
    """The keys of one table of a configuration.

    Args:
        place: the key of the table, ``""`` for the whole.
        content: the table.

    Raises:
        ConfigError: it is no table.
    """

    def __init__(self, place: str, content: Any) -> None:
        if not is_mapping(content):
            raise ConfigError(f"{place or 'the configuration'} must be a table, not {_kind(content)}")
        self._place = place
        self._content: Mapping[Any, Any] = content
        self._known: set[str] = set()

    def at(self, key: str) -> str:
        """The whole name of a key."""
        return f"{self._place}.{key}" if self._place else key

    def wrong(self, key: str, message: str) -> ConfigError:
        """The error of a key."""
        return ConfigError(f"{self.at(key)} {message}")

    def get(self, key: str) -> Any:
        """A value as it stands; ``None`` if it is not there."""
        self._known.add(key)
        return self._content.get(key)

    def text(self, key: str, default: str | None = None) -> str | None:
        """A text that is not blank."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "must be a text that is not blank")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        """``true`` or ``false``."""
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, f"must be true or false, not {_kind(value)}")
        return default if value is None else value

    def seconds(self, key: str, default: float) -> float:
        """A number of seconds above zero; a text that is one, too."""
        value = self.get(key)
        if value is None:
            return default
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (OverflowError, TypeError, ValueError):
            number = math.nan
        if not 0 < number < math.inf:
            raise self.wrong(key, "must be a number of seconds above 0")
        return number

    def items(self, key: str) -> list[Any] | None:
        """A list."""
        value = self.get(key)
        if value is None:
            return None
        if not is_sequence(value):
            raise self.wrong(key, f"must be a list, not {_kind(value)}")
        return list(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts that are not blank."""
        values = self.items(key) or []
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise self.wrong(key, "must be a list of texts that are not blank")
        return tuple(values)

    def table(self, key: str) -> Mapping[str, Any]:
        """A table as it stands; an empty one if it is not there."""
        value = self.get(key)
        return Fields(self.at(key), {} if value is None else value)._content

    def inside(self, key: str) -> Fields:
        """The keys of a table in this one."""
        return Fields(self.at(key), self.table(key))

    def end(self) -> None:
        """Refuse keys that nobody asked for."""
        unknown = [str(key) for key in self._content if key not in self._known]
        if unknown:
            raise self.wrong(unknown[0], f"is not a key there is; there are: {', '.join(sorted(self._known))}")


def _kind(value: Any) -> str:
    return type(value).__name__

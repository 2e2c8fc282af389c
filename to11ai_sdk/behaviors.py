"""Settings of the SDK that an application, its environment or the server may switch (``resolve_behavior``)."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .json_types import is_mapping, is_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeVar

    Value = TypeVar("Value")


def env_var_name_for_key(key: str) -> str:
    """The environment variable of a behaviour: ``sdk.retry-v2`` is ``TO11_SDK_BEHAVIOR_SDK_RETRY_V2``."""
    return "TO11_SDK_BEHAVIOR_" + key.upper().replace(".", "_").replace("-", "_")


class BehaviorStore:
    """Behaviours by key: what the application set, then the environment, then what the server last said.

    Args:
        overrides: values that win over all others.

    Raises:
        TypeError: ``overrides`` is no mapping.
    """

    def __init__(self, overrides: Mapping[str, Any] | None = None) -> None:
        if overrides is not None and not is_mapping(overrides):
            raise TypeError(f"behavior_overrides must be a mapping, not {type(overrides).__name__}")
        self._overrides = dict(overrides or {})
        self._served: dict[str, Any] = {}

    def absorb(self, envelope: Mapping[str, Any]) -> None:
        """Keep the flags of a success envelope: ``"sdkBehavior": {"v": 1, "flags": {...}}``; ignore another ``v``."""
        behavior = envelope.get("sdkBehavior")
        if envelope.get("success") is not True or not is_object(behavior):
            return
        flags = behavior.get("flags")
        if behavior.get("v") == 1 and is_object(flags):
            self._served.update(flags)

    def resolve(self, key: str, coded_default: Value) -> Value:
        """The value of a behaviour: the first that has the type of the default, else the default.

        A bool is not a number; an int may stand for a float and the other way round; ``None`` counts as not set.
        """
        return next((value for value in self._candidates(key) if _same_kind(value, coded_default)), coded_default)

    def _candidates(self, key: str) -> Iterator[Any]:
        yield self._overrides.get(key)
        yield _parsed(os.environ.get(env_var_name_for_key(key)))
        yield self._served.get(key)


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    import json

    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        return text


_KINDS = ((int, float), (str,), (Mapping,), (list, tuple))


def _same_kind(value: Any, default: Any) -> bool:
    if value is None or default is None:
        return value is not None
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    return any(isinstance(value, kinds) and isinstance(default, kinds) for kinds in _KINDS)

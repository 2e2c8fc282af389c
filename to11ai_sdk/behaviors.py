"""Resolves behaviours: switches of the SDK that the application, its environment or the server may set."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .json_types import is_mapping
from .settings import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeVar

    Value = TypeVar("Value")

_PREFIX = "TO11_SDK_BEHAVIOR_"


def env_var_name_for_key(key: str) -> str:
    """Return the environment variable of a behaviour: ``sdk.retry-v2`` is ``TO11_SDK_BEHAVIOR_SDK_RETRY_V2``."""
    return _PREFIX + key.upper().replace(".", "_").replace("-", "_")


class BehaviorStore:
    """Holds behaviours by key; the application precedes its environment, which precedes the server.

    Args:
        init_overrides: values that override all others.
        env: environment variables, read once, in the constructor; by default those of the process.

    Raises:
        TypeError: an argument is not a mapping.
    """

    def __init__(
        self, *, init_overrides: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self._overrides = {} if init_overrides is None else dict(mapping("init_overrides", init_overrides))
        variables = os.environ if env is None else mapping("env", env)
        self._env = {name: variables[name] for name in variables if name.startswith(_PREFIX)}
        self._served: dict[str, Any] = {}

    def absorb(self, envelope: Mapping[str, Any]) -> None:
        """Keep the flags of a success envelope."""
        if envelope.get("success") is True:
            self.update_from_envelope(envelope.get("sdkBehavior"))

    def update_from_envelope(self, sdk_behavior: Mapping[str, Any] | None) -> None:
        """Keep the flags of an envelope's ``sdkBehavior``, ``{"v": 1, "flags": {...}}``; ignore anything else."""
        if is_mapping(sdk_behavior) and sdk_behavior.get("v") == 1 and is_mapping(sdk_behavior.get("flags")):
            self._served.update(sdk_behavior["flags"])

    def resolve(self, key: str, coded_default: Value) -> Value:
        """Return the first value of a behaviour that has the type of the default, else the default.

        A bool is not a number; an int is accepted as a float and a float as an int; ``None`` counts as not set.
        """
        return next((value for value in self._candidates(key) if _same_kind(value, coded_default)), coded_default)

    def _candidates(self, key: str) -> Iterator[Any]:
        yield self._overrides.get(key)
        yield _parsed(self._env.get(env_var_name_for_key(key)))
        yield self._served.get(key)


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    import json

    try:
        return json.loads(text)
    except (RecursionError, TypeError, ValueError):
        return text


_KINDS = ((int, float), (str,), (Mapping,), (list, tuple))


def _same_kind(value: Any, default: Any) -> bool:
    if value is None or default is None:
        return value is not None
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    return any(isinstance(value, kinds) and isinstance(default, kinds) for kinds in _KINDS)

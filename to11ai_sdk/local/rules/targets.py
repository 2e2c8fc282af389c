"""The parts of a routing rule that say where a request goes: targets, variants, their parameters and conditions."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from ...json_types import is_array, is_object
from .. import expressions
from ..problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

INVALID_VARIANT_PARAMS = "INVALID_VARIANT_PARAMS"
INVALID_RULE_STRATEGY = "INVALID_RULE_STRATEGY"
INVALID_STRATEGY_VARIANTS = "INVALID_STRATEGY_VARIANTS"
INVALID_WHEN_CLAUSE = "INVALID_WHEN_CLAUSE"

_CREDENTIALS = re.compile(
    r"(x?apikey|(proxy)?authorization|credentials?|password|passphrase|secret|token"
    r"|(client|api|app|shared)secret|(access|auth|api|bearer|refresh|session)token|(secret|private|access)key)"
)


class Place(NamedTuple):
    """Where in a snapshot something is: its path, and the variant it belongs to."""

    path: str
    variant: str | None = None

    def at(self, *names: str | int) -> Place:
        """The place of a member."""
        return self._replace(path=".".join(filter(None, (self.path, *map(str, names)))))


def refusal(code: str, place: Place, reason: str, message: str, status: int = 422) -> Problem:
    """The problem with something in a snapshot, with the details that the API gives."""
    details = {"field": place.path, "reason": reason, "variantName": place.variant}
    return Problem(status, code, f"{place.path}: {message}" if place.path else message, details)


def check_target(target: Any, place: Place, code: str = INVALID_RULE_STRATEGY) -> None:
    """Refuse what is no target: ``{"providerId", "modelId"?, "params"?, "when"?}``.

    Raises:
        Problem: with ``code``, ``INVALID_VARIANT_PARAMS`` or ``INVALID_WHEN_CLAUSE``.
    """
    if not is_object(target):
        raise refusal(code, place, "target_missing", "must be an object with providerId and modelId")
    if not _is_name(target.get("providerId")):
        raise refusal(code, place.at("providerId"), "provider_missing", "must be the id of a provider")
    if target.get("modelId") is not None and not _is_name(target["modelId"]):
        raise refusal(code, place.at("modelId"), "malformed", "must be the id of a model, or left out")
    check_params(target.get("params"), place.at("params"))
    check_when(target.get("when"), place.at("when"))


def check_variants(variants: Any, place: Place) -> None:
    """Refuse what is no list of variants: ``{"name", "target", "weight"?, "params"?, "when"?}``, names distinct.

    Raises:
        Problem: 422 ``INVALID_STRATEGY_VARIANTS``, or one of ``check_target``.
    """
    if not is_array(variants) or not variants:
        raise refusal(INVALID_STRATEGY_VARIANTS, place, "variants_missing", "must list at least one variant")
    names: set[str] = set()
    for index, variant in enumerate(variants):
        _check_variant(variant, place.at(index), names)


def _check_variant(variant: Any, place: Place, names: set[str]) -> None:
    if not is_object(variant):
        raise refusal(INVALID_STRATEGY_VARIANTS, place, "malformed", "must be an object with name and target")
    name = variant.get("name")
    if not _is_name(name):
        raise refusal(INVALID_STRATEGY_VARIANTS, place.at("name"), "name_missing", "must be a name that is not empty")
    place = place._replace(variant=name)
    if name in names:
        raise refusal(INVALID_STRATEGY_VARIANTS, place.at("name"), "duplicate_name", "is the name of another variant")
    names.add(name)
    check_target(variant.get("target"), place.at("target"), INVALID_STRATEGY_VARIANTS)
    check_params(variant.get("params"), place.at("params"))
    check_when(variant.get("when"), place.at("when"))


def check_params(params: Any, place: Place) -> None:
    """Refuse parameters that are no object.

    Raises:
        Problem: 400 ``INVALID_VARIANT_PARAMS``.
    """
    if params is not None and not is_object(params):
        raise refusal(INVALID_VARIANT_PARAMS, place, "not_an_object", "must be an object, or left out", 400)


def check_values(value: Any, place: Place) -> None:
    """Refuse credentials in plain text and numbers that JSON does not have, however deep.

    Raises:
        Problem: 400 ``INVALID_VARIANT_PARAMS``.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise refusal(INVALID_VARIANT_PARAMS, place, "not_finite", "must be a finite number", 400)
    if is_object(value) and place.path.split(".")[-2:-1] == ["variants"] and _is_name(value.get("name")):
        place = place._replace(variant=value["name"])
    for name, member in _members(value):
        if _is_credential(name, member):
            message = "must not hold a credential; store it with the provider's connection and leave it out here"
            raise refusal(INVALID_VARIANT_PARAMS, place.at(name), "plaintext_credential", message, 400)
        check_values(member, place.at(name))


def check_when(when: Any, place: Place) -> None:
    """Refuse a ``when`` that is no expression; null is none.

    Raises:
        Problem: 400 ``INVALID_WHEN_CLAUSE``; ``details.reason`` is ``unknown_operator`` or ``malformed``.
    """
    if when is None:
        return
    try:
        expressions.check(when)
    except expressions.ExpressionError as error:
        raise refusal(INVALID_WHEN_CLAUSE, place.at(error.place), error.reason, str(error), 400) from error


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if is_object(value):
        yield from value.items()
    elif is_array(value):
        yield from enumerate(value)


def _is_credential(name: str | int, value: Any) -> bool:
    # Only a text is a credential: a tool's JSON Schema may well describe a property named "password".
    texts = value if is_array(value) else [value]
    word = re.sub(r"[^a-z]", "", str(name).lower())
    return any(isinstance(text, str) and text for text in texts) and bool(_CREDENTIALS.fullmatch(word))


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())

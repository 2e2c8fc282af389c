"""The table of Liquid's filters; calls them, checks their arguments and refuses wrong calls."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from liquid import token
from liquid.builtin.expressions.filtered import FILTER_TOKENS
from liquid.builtin.expressions.primitive import Blank, Empty

from .array_filters import ARRAY_FILTERS
from .dates import date_text
from .number_filters import NUMBER_FILTERS
from .text_filters import TEXT_FILTERS
from .values import OperandError, is_undefined, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

# python-liquid does not take these words as arguments of filters.
FILTER_TOKENS.update((token.TOKEN_BLANK, token.TOKEN_EMPTY))

COMPARING = ("where", "reject", "find", "find_index", "has")
"""Filters that compare values; to all others ``blank`` and ``empty`` are empty texts."""


def _date(value: Any, format: Any, *, now: datetime) -> Any:  # noqa: A002
    return date_text(value, format, now)


FILTERS: Mapping[str, Callable[..., Any]] = {**TEXT_FILTERS, **NUMBER_FILTERS, **ARRAY_FILTERS, "date": _date}


class _Arguments(NamedTuple):
    """The names of a filter's arguments: the required, the optional, and those that are written with a name."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    named: tuple[str, ...]


def _arguments_of(function: Callable[..., Any]) -> _Arguments:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    positional = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    return _Arguments(
        tuple(each.name for each in positional if each.default is each.empty),
        tuple(each.name for each in positional if each.default is not each.empty),
        tuple(each.name for each in parameters if each.kind is each.KEYWORD_ONLY and each.name != "now"),
    )


_ARGUMENTS = {name: _arguments_of(function) for name, function in FILTERS.items()}


def call(name: str, value: Any, arguments: Sequence[Any], named: Mapping[str, Any], now: datetime) -> Any:
    """Return the result of a filter; ``now`` is the current time.

    Raises:
        OperandError: the arguments are wrong, or the filter cannot use the value; the message names the filter.
    """
    try:
        _check_arguments(name, arguments, named)
        clock = {"now": now} if name == "date" else {}
        given = arguments if name in COMPARING else map(_plain, arguments)
        return wrap(FILTERS[name](_plain(value), *given, **named, **clock))
    except OperandError as error:
        raise OperandError(f"the filter {name!r} {error}") from error


def _plain(value: Any) -> Any:
    return "" if not is_undefined(value) and isinstance(value, (Blank, Empty)) else value


def _check_arguments(name: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> None:
    required, optional, names = _ARGUMENTS[name]
    unknown = next((each for each in named if each not in names), None)
    if unknown is not None:
        raise OperandError(f"takes no argument named {unknown[:40]!r}")
    listed = ", ".join((*required, *(f"{each} (optional)" for each in optional)))
    if len(arguments) < len(required):
        missing = required[len(arguments)]
        raise OperandError(f"needs the argument {missing!r}; write {{{{ value | {name}: {', '.join(required)} }}}}")
    if len(arguments) > len(required) + len(optional):
        takes = f"takes {listed}" if listed else "takes no arguments"
        raise OperandError(f"{takes}, but {len(arguments)} are given")

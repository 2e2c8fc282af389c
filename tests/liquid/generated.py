"""Makes templates of every filter and operator with operands of every kind, and knows which differences are usual."""

from __future__ import annotations

import math
import random
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from engines import REFUSED, Case, Outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCALARS: dict[str, Any] = {
    "nil": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "minus": -7,
    "half": 0.5,
    "rest": 2.5,
    "less": -2.5,
    "two": 2.0,
    "much": 1e22,
    "little": 1e-7,
    "nothing": "",
    "blanks": " \n ",
    "name": "Ada Lovelace",
    "number": "12",
    "decimal": "3.75",
    "junk": "12abc",
    "csv": "a,b,,",
    "umlaut": "Ünï é ß",
    "quote": "<b> & 'x' <br>",
}
ARRAYS: dict[str, Any] = {
    "numbers": [3, 1, 2.5],
    "mixed": [True, None, "a", 1.5],
    "words": ["b", "A", "c", "B"],
    "none": [],
    "nested": [[1, [2]], [], 3],
    "twice": [1, True, 0, False, 1.0, "1", 1],
    "gaps": ["b", None, "a"],
}
RECORDS: dict[str, Any] = {
    "records": [{"n": "x", "ok": True, "q": 2}, {"n": "y", "q": 1}, {"n": "X", "ok": False, "q": None}]
}
VARIABLES = {**SCALARS, **ARRAYS, **RECORDS, "object": {"n": 1}, "empty_object": {}}

TEXT_FILTERS = (
    *("capitalize", "downcase", "upcase", "escape", "escape_once", "strip", "lstrip", "rstrip", "newline_to_br"),
    *("strip_html", "strip_newlines", "url_encode", "url_decode", "base64_encode", "size", "first", "last", "default"),
    *("abs", "ceil", "floor", "round", "truncate", "truncatewords", "reverse", "sort", "uniq", "compact", "join"),
)
TEXT_ARGUMENTS = ("append", "prepend", "remove", "remove_first", "remove_last", "split", "replace", "replace_first")
NUMBER_ARGUMENTS = ("plus", "minus", "times", "divided_by", "modulo", "at_least", "at_most", "round")
WHOLE_ARGUMENTS = ("slice", "truncate", "truncatewords")
ARRAY_FILTERS = ("first", "last", "join", "size", "reverse", "sort", "sort_natural", "uniq", "compact")
OF_RECORDS = ("map", "where", "reject", "sort", "sort_natural", "uniq", "compact", "sum", "find", "find_index", "has")
COMPARING = ("where", "reject", "find", "find_index", "has")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "contains")
GIVE_ARRAYS = ("reverse", "sort", "sort_natural", "uniq", "compact", "split", "concat", "map")
CHAINED = ("append", "prepend", "plus", "minus", "times", "modulo", "remove", "replace", "default", "at_least")


class Generated(NamedTuple):
    """A template of one filter or operator; ``operands`` are the values in it."""

    case: Case
    name: str
    operands: tuple[Any, ...] = ()


def generated() -> Iterator[Generated]:
    """Every filter with operands of every kind, every operator with all pairs, and chains of filters."""
    for value, name in product(SCALARS, TEXT_FILTERS):
        yield _filtered(value, name)
    arguments = {**dict.fromkeys(TEXT_ARGUMENTS + NUMBER_ARGUMENTS, SCALARS)}
    arguments.update(dict.fromkeys(WHOLE_ARGUMENTS, ("zero", "one", "minus", "number", "half", "nil", "name", "true")))
    for name, listed in arguments.items():
        for value, argument in product(SCALARS, (each for each in listed if (name, each) != ("round", "much"))):
            yield _filtered(value, name, argument)
    for value, name in product(ARRAYS, ARRAY_FILTERS):
        yield _filtered(value, name)
    for name, field in product(OF_RECORDS, ("n", "ok", "q", "absent")):
        # Ruby's order of equal items is its own, and true counts as 1 to liquidjs.
        if (name, field) not in (("sort_natural", "absent"), ("sum", "ok")):
            yield _of_records(name, f"'{field}'")
    for name, field, target in product(COMPARING, ("n", "ok", "q"), (*SCALARS, "'x'", "2", "blank", "empty")):
        if name == "where" or target != "nil":
            yield _of_records(name, f"'{field}', {target}", VARIABLES.get(target))
    for left, operator, right in product(VARIABLES, OPERATORS, (*VARIABLES, "blank", "empty")):
        source = f"{{% if {left} {operator} {right} %}}y{{% else %}}n{{% endif %}}"
        yield Generated(Case(source, VARIABLES), operator, (VARIABLES[left], VARIABLES.get(right, right)))
    yield from _chains()


def _chains() -> Iterator[Generated]:
    chance = random.Random(0)
    for _ in range(600):
        value, *arguments = chance.choices(list(SCALARS), k=4)
        calls = " | ".join(f"{chance.choice(CHAINED)}: {argument}" for argument in arguments)
        yield Generated(Case(f"{{{{ {value} | {calls} }}}}", VARIABLES), "chain")


def _filtered(value: str, name: str, *arguments: str) -> Generated:
    call = f"{name}: {', '.join(arguments)}" if arguments else name
    tail = " | join: '|'" if name in GIVE_ARRAYS else ""
    operands = tuple(VARIABLES[each] for each in (value, *arguments))
    return Generated(Case(f"{{{{ {value} | {call}{tail} }}}}", VARIABLES), name, operands)


def _of_records(name: str, arguments: str, target: Any = None) -> Generated:
    printed = {"map": " | join: '|'", "find": " | map: 'n' | join"}.get(name, " | map: 'n' | join: '|'")
    tail = "" if name in ("sum", "has", "find_index") else printed
    return Generated(Case(f"{{{{ records | {name}: {arguments}{tail} }}}}", VARIABLES), f"{name} of records", (target,))


def _text_of_number(text: str | None) -> float | str | None:
    try:
        return text if text is None else float(text)
    except ValueError:
        return text


def _same_numbers(one: str | None, other: str | None) -> bool:
    """Whether two texts are the same, but for how the numbers are printed that they begin with."""
    left, right = _text_of_number(one), _text_of_number(other)
    numbers = isinstance(left, float) and isinstance(right, float)
    return numbers and math.isclose(left, right, rel_tol=1e-9)  # type: ignore[arg-type]


def _holds(kind: type | tuple[type, ...]) -> Callable[[Generated], bool]:
    return lambda made: any(isinstance(operand, kind) for operand in made.operands)


_BOOLEAN, _FLOAT = _holds(bool), _holds(float)
_NUMBERS = ("abs", "ceil", "floor", *NUMBER_ARGUMENTS)

FROM_RUBY: dict[str, Callable[[Generated, Outputs], bool]] = {
    "minus zero": lambda _, seen: (seen.ruby or "").replace("-0.0", "0.0") == seen.to11,
    "newer filters": lambda made, seen: (
        seen.ruby is REFUSED and made.name.split()[0] in (*COMPARING, "find_index", "sum")
    ),
    "arrays and objects": lambda made, _: made.name == "first" and made.operands == (ARRAYS["nested"],),
    "size of a number": lambda made, _: made.name == "size" and _holds(int)(made),
    "blank in where": lambda made, _: made.name == "where of records" and "blank" in made.case.template,
    "infinity": lambda made, seen: made.name == "chain" and seen.to11 is REFUSED and "Infinity" in str(seen.ruby),
}
"""How the local to11 may differ from Ruby's engine, by the name of the difference in docs/templates.md."""


def _named(*names: str) -> Callable[[Generated, Outputs], bool]:
    return lambda made, _: made.name in names


def _float_in_text(made: Generated, _: Outputs) -> bool:
    return any(isinstance(operand, float) for operand in _flat(made.operands)) and made.name not in OPERATORS


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        yield from _flat(value) if isinstance(value, list) else (value,)


def _unordered(made: Generated, seen: Outputs) -> bool:
    return made.name in ("<", "<=", ">", ">=") and seen.to11 is not REFUSED


FROM_LIQUIDJS: dict[str, Callable[[Generated, Outputs], bool]] = {
    "floats": lambda made, seen: _same_numbers(seen.to11, seen.liquidjs) or _float_in_text(made, seen),
    "division by zero": lambda made, seen: made.name in ("divided_by", "modulo") and seen.to11 is REFUSED,
    "true as a number": lambda made, _: made.name in _NUMBERS and _BOOLEAN(made),
    "numbers in texts": lambda made, _: made.name in _NUMBERS and _holds(str)(made),
    "division": _named("divided_by", "modulo"),
    "order of numbers and texts": lambda made, seen: made.name in OPERATORS and seen.to11 is REFUSED,
    "order of nil, true and false": _unordered,
    "contains": _named("contains"),
    "whole numbers as arguments": lambda made, seen: made.name in WHOLE_ARGUMENTS and seen.to11 is REFUSED,
    "negative lengths": lambda made, _: made.name == "truncate" and "minus" in made.case.template,
    "truncated words": _named("truncatewords"),
    "splitting at blanks": lambda made, _: made.name == "split" and " " in str(made.operands[1]),
    "replacing nothing": lambda made, _: made.name in ("replace", "replace_first"),
    "entities": _named("escape", "escape_once"),
    "encoded punctuation": _named("url_encode"),
    "first and last": _named("first", "last"),
    "nested arrays": lambda made, _: made.operands == (ARRAYS["nested"],),
    "mixed sorting": lambda made, seen: made.name.startswith("sort") and seen.to11 is REFUSED,
    "compact with a property": _named("compact of records"),
    "the same items": _named("uniq of records"),
    "nil as a target": lambda made, _: made.name == "where of records" and ", nil" in made.case.template,
    "nil as a word": lambda made, _: made.case.template.startswith("{% if nil ") and "blank" in made.case.template,
    "empty objects": lambda made, _: made.name in OPERATORS and VARIABLES["empty_object"] in made.operands,
}
"""How liquidjs may differ from both others, in the same way."""


def difference(made: Generated, seen: Outputs) -> str | None:
    """Return the name of the difference between the engines, nothing if they agree, ``unknown`` if it has no name.

    Chains of filters are only compared with Ruby's engine, and the filters that it lacks only with liquidjs.
    """
    if seen.to11 != seen.ruby:
        name = next((name for name, explains in FROM_RUBY.items() if explains(made, seen)), "unknown")
        return "unknown" if name == "newer filters" and seen.to11 != seen.liquidjs else name
    if seen.to11 == seen.liquidjs or made.name == "chain":
        return None
    return next((name for name, explains in FROM_LIQUIDJS.items() if explains(made, seen)), "unknown")

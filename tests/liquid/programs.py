"""Makes templates of nested tags by chance: the same for the same seed."""

from __future__ import annotations

import random

TEXTS = ("name", "nick", "spaces", "no_text", "csv", "text", "number", "user.name", "user.city", "docs[0].title")
NUMBERS = ("zero", "count", "neg", "price", "whole", "docs.size", "3", "-2", "1.5", "forloop.index")
OTHERS = (
    "vip",
    "muted",
    "tags",
    "none",
    "user.tags",
    "docs.first.ok",
    "absent",
    "user.absent",
    "x",
    "y",
    "true",
    "nil",
)
VALUES = (*TEXTS, *NUMBERS, *OTHERS, "'a'", '"b c"', "item", "tags[1]", "tags.last", "forloop.last", "user['name']")
FILTERS = (
    *("upcase", "append: 'z'", "join: ','", "split: ','", "first", "last", "plus: 1", "times: 2.5", "round", "strip"),
    *("default: 'd'", "reverse", "sort_natural", "uniq", "truncate: 6", "replace: 'a', 'o'", "capitalize", "compact"),
    *("abs", "divided_by: 2", "modulo: 3", "date: '%Y'", "escape", "where: 'ok'", "concat: tags"),
)
OPERATORS = ("==", "!=", "<", ">", "<=", ">=", "contains", "==")


class Programs:
    """Templates by chance; arrays are joined where they are printed, since the engines print them differently."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._pick = self._chance.choice

    def template(self, depth: int = 3) -> str:
        """Return a template with tags nested so deep."""
        return "".join(self._statement(depth) for _ in range(self._chance.randint(1, 3)))

    def _statement(self, depth: int) -> str:
        kinds = (self._simple, self._if, self._unless, self._for, self._case, self._capture)
        weights = (30, 20, 10, 20, 14, 6) if depth else (1, 0, 0, 0, 0, 0)
        return self._chance.choices(kinds, weights)[0](depth - 1)

    def _tag(self, text: str) -> str:
        return f"{{%{self._pick(('', '', '', '', '-'))} {text} {self._pick(('', '', '', '', '-'))}%}}"

    def _value(self) -> str:
        value = self._pick(VALUES)
        for _ in range(self._pick((0, 0, 1, 1, 2))):
            value += f" | {self._pick(FILTERS)}"
        return value

    def _condition(self) -> str:
        tests = [self._test()]
        while self._chance.random() < 0.3:
            tests += [self._pick(("and", "or")), self._test()]
        return " ".join(tests)

    def _test(self) -> str:
        if self._chance.random() < 0.3:
            return self._pick(VALUES)
        sides = [self._pick((*VALUES, "blank", "empty")) for _ in range(2)]
        return f"{sides[0]} {self._pick(OPERATORS)} {sides[1]}"

    def _simple(self, _: int) -> str:
        tags = ("increment c", "decrement c", "cycle 'a', 'b', 3", "cycle 'g': 'a', 'b'", f"assign x = {self._value()}")
        printed = f"{{{{ {self._value()} | join: '|' }}}}"
        return self._pick((printed, printed, printed, " t ", "\n", self._tag(self._pick(tags))))

    def _if(self, depth: int) -> str:
        parts = [self._tag(f"if {self._condition()}"), self.template(depth)]
        if self._chance.random() < 0.3:
            parts += [self._tag(f"elsif {self._condition()}"), self.template(depth)]
        return "".join([*parts, self._otherwise(depth), self._tag("endif")])

    def _unless(self, depth: int) -> str:
        opening = self._tag(f"unless {self._condition()}")
        return opening + self.template(depth) + self._otherwise(depth) + self._tag("endunless")

    def _otherwise(self, depth: int) -> str:
        return self._tag("else") + self.template(depth) if self._chance.random() < 0.5 else ""

    def _for(self, depth: int) -> str:
        limits = ("", "limit: 2", f"limit: {self._pick(VALUES)}", "offset: 1", "offset: continue", "limit: 1 offset: 1")
        items, reverse = self._pick((*VALUES, "(1..3)")), self._pick(("", "reversed"))
        opening = self._tag(f"for item in {items} {reverse} {self._pick(limits)}")
        ending = self._pick(("", "", self._tag("break"), "{% if item == 3 %} {% continue %}{% endif %}"))
        return opening + self.template(depth) + ending + self._otherwise(depth) + self._tag("endfor")

    def _case(self, depth: int) -> str:
        words = (*VALUES, "blank", "empty")
        whens = (
            self._tag(f"when {self._pick(words)}") + self.template(depth) for _ in range(self._chance.randint(1, 2))
        )
        opening = self._tag(f"case {self._pick(VALUES)}") + self._pick(("", " ", "\n"))
        return opening + "".join(whens) + self._otherwise(depth) + self._tag("endcase")

    def _capture(self, depth: int) -> str:
        return self._tag("capture y") + self.template(depth) + self._tag("endcapture")

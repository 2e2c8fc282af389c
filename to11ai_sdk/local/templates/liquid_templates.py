"""Parses and renders the Liquid templates of prompts, within a budget of work and output.

All standard tags and filters of Liquid are supported except ``include`` and ``render`` (a prompt reads no other
template) and ``tablerow`` (it writes HTML). They behave as in Ruby's engine; docs/templates.md lists the differences.
"now" in the filter ``date`` is the time given to the renderer. Nothing is escaped. An array or object in ``{{ }}`` is
written as JSON. With strict variables, an undefined variable is an error wherever it is used, including ``{% if %}``;
only the filter ``default`` accepts it: ``{{ name | default: "you" }}``. Without them it is nil.

A hostile template must not stop the server: its length and the number and shape of its tags are limited, and its work
is counted against a ``Budget``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from liquid import BoundTemplate, Environment, RenderContext, StrictDefaultUndefined, Token
from liquid.exceptions import FilterArgumentError, LiquidError
from liquid.output import LimitedStringIO
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap

from ..work_budget import WorkBudgetError
from . import filters
from .budget import COMPARISON_WORK, ITEM_WORK, NODE_WORK, PARSE_CHARACTER_WORK, PARSE_WORK, items_in
from .explanations import explain, message_of
from .nodes import add_tags, use_liquids_values
from .tags import TemplateError, count_tags, line_of, tag_spans
from .values import OperandError, is_undefined, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ..work_budget import WorkBudget
    from .budget import Budget

__all__ = ["Template", "TemplateError", "parse", "render"]


class Template(NamedTuple):
    """A parsed template; ``tags`` is the number of its tags and outputs, with long ones counted more than once."""

    parsed: BoundTemplate
    tags: int


def parse(source: str, budget: WorkBudget) -> Template:
    """Parse a template and check its filters.

    Raises:
        WorkBudgetError: it takes more work than is left.
        TemplateError: it has a syntax error or an unknown tag or filter, or exceeds the limits.
    """
    tags = count_tags(source)
    budget.spend(PARSE_WORK * tags + PARSE_CHARACTER_WORK * sum(end - start for start, end in tag_spans(source)))
    try:
        # python-liquid drops a line break at the very end, if what comes before it ends with "-%}".
        parsed = _ENVIRONMENT.from_string(source + "{% # %}" * source.endswith("\n"))
    except LiquidError as error:
        raise TemplateError(explain(error, source, _problem_of)) from error
    context = RenderContext(parsed)
    for node in parsed.nodes:
        use_liquids_values(node, context)
    return Template(parsed, tags)


def render(
    template: Template, variables: Mapping[str, Any], budget: Budget, now: datetime, *, strict: bool = True
) -> str:
    """Return the text of a template.

    Args:
        template: the result of ``parse``.
        variables: JSON values by name, wrapped.
        budget: the rest of the budget of this rendering.
        now: the current time.
        strict: whether an undefined variable is an error; otherwise it is nil.

    Raises:
        TemplateError: a variable is undefined, a filter cannot use its value, or the budget is used up.
    """
    context = _Context(template, variables, budget, now, strict=strict)
    buffer = context.get_buffer()
    try:
        template.parsed.render_with_context(context, buffer)
    except WorkBudgetError as error:
        raise TemplateError(str(error)) from error
    except LiquidError as error:
        raise TemplateError(_describe(error)) from error
    except UnicodeError as error:
        raise TemplateError("cannot be rendered: a text is not Unicode, such as half of a surrogate pair") from error
    # Filters may get any value, so whatever goes wrong in a filter is an error of the template.
    except Exception as error:
        raise TemplateError(f"cannot be rendered: {type(error).__name__}: {str(error)[:200]}") from error
    budget.output -= buffer.size
    return buffer.getvalue()


class _Context(RenderContext):
    """Counts the values that are read, filtered, assigned and looped over."""

    def __init__(
        self, template: Template, variables: Mapping[str, Any], budget: Budget, now: datetime, *, strict: bool
    ) -> None:
        super().__init__(template.parsed, globals=variables)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        self.budget = budget
        self.now = now
        self.if_undefined = UNDEFINED if strict else None
        self.loop_work = NODE_WORK * template.tags

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        value = super().get(path, token=token, default=self.if_undefined if default is UNDEFINED else default)
        self.budget.spend(NODE_WORK + size_of(value))
        return value

    def get_item(self, obj: Any, key: Any) -> Any:
        if isinstance(key, bool):
            raise TypeError("true and false are no index")
        return super().get_item(obj, key)

    def parentloop(self) -> object:
        return self.loops[-1] if self.loops else None

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return partial(self._filtered, name, token)

    def _filtered(self, name: str, token: Token | None, value: Any, *arguments: Any, **named: Any) -> object:
        operands = (*arguments, *named.values())
        for operand in (value, *operands):
            if is_undefined(operand) and name != "default":
                str(operand)  # Raises; some filters would treat it as an empty text.
        try:
            self.budget.pay_for_filter(name, value, operands)
            result = filters.call(name, value, arguments, named, self.now)
        except OperandError as error:
            raise FilterArgumentError(str(error), token=token) from error
        self.budget.pay_for(result)
        return result

    def assign(self, key: str, val: Any) -> None:
        self.budget.pay_for(val)
        super().assign(key, val)

    def get_buffer(self, buf: TextIO | None = None) -> LimitedStringIO:
        used = buf.size if isinstance(buf, LimitedStringIO) else 0
        # By default a StringIO turns "\r" into "\n".
        return LimitedStringIO(limit=self.budget.output - used, newline="")

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.budget.spend(length * self.loop_work)

    def pay_for_comparison(self, left: Any, right: Any) -> None:
        """Pay for a comparison; comparing arrays or objects reads both, and is slow."""
        both = isinstance(left, (list, dict)) and isinstance(right, (list, dict))
        items = ITEM_WORK * min(size_of(left), size_of(right)) if both else ITEM_WORK * items_in(left)
        self.budget.spend(COMPARISON_WORK + items)

    def pay_for_loop(self, value: Any) -> None:
        """Pay for the whole value of a loop."""
        self.budget.spend(size_of(value))


class _Environment(Environment):
    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        add_tags(self)
        self.filters = dict(filters.FILTERS)


_ENVIRONMENT = _Environment(undefined=StrictDefaultUndefined)


def _problem_of(tag: str) -> str | None:
    try:
        _ENVIRONMENT.from_string(tag)
    except LiquidError as error:
        return message_of(error)
    return None


def _describe(error: LiquidError) -> str:
    if not error.token or error.token.start_index < 0:
        return message_of(error)
    return f"line {line_of(error.token.source, error.token.start_index)}: {message_of(error)}"

"""Liquid templates as prompts use them: strict about variables, plain text out, and bounded.

The standard tags and filters of Liquid are there, but for ``include`` and ``render`` (a prompt reads no other
template) and ``tablerow`` (it writes HTML). "now" in the filter ``date`` is the time given to the renderer. Nothing
is escaped. An array or object in ``{{ }}`` is written as JSON. A variable that is not there is an error wherever it is
used, in ``{% if %}`` too; only the filter ``default`` takes it: ``{{ name | default: "you" }}``.

A hostile template must not stop the server: its length and the number and shape of its tags are limited, and what it
does is counted against a ``Budget``.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

from dateutil import parser  # type: ignore[import-untyped]
from liquid import BoundTemplate, Environment, RenderContext, StrictDefaultUndefined, Token
from liquid.builtin.expressions.logical import ContainsExpression
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.exceptions import LiquidError
from liquid.filter import liquid_filter, with_context
from liquid.output import LimitedStringIO
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap

from .budget import NODE_WORK, Budget, BudgetError
from .tags import TemplateError, count_tags, line_of
from .values import is_undefined, size_of, text_of, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from liquid.ast import Node
    from liquid.expression import Expression

__all__ = ["Template", "TemplateError", "parse", "render"]


class Template(NamedTuple):
    """A parsed template; ``tags`` is how many tags and outputs it has."""

    parsed: BoundTemplate
    tags: int


def parse(source: str) -> Template:
    """Parse a template and check its filters.

    Raises:
        TemplateError: a syntax error, an unknown tag or filter, or beyond the limits.
    """
    tags = count_tags(source)
    try:
        parsed = _ENVIRONMENT.from_string(source)
        _check_names(parsed)
    except LiquidError as error:
        raise TemplateError(_describe(error)) from error
    return Template(parsed, tags)


def render(template: Template, variables: Mapping[str, Any], budget: Budget, now: datetime) -> str:
    """Return the text of a template; ``now`` is what time it is.

    Raises:
        TemplateError: an undefined variable, a filter that does not fit its value, or more than the budget allows.
    """
    context = _Context(template, wrap(dict(variables)), budget, now)
    buffer = context.get_buffer()
    try:
        template.parsed.render_with_context(context, buffer)
    except BudgetError as error:
        raise TemplateError(str(error)) from error
    except LiquidError as error:
        raise TemplateError(_describe(error)) from error
    # Filters meet values nobody thought of: anything that goes wrong in one is an error of the template.
    except Exception as error:
        raise TemplateError(f"cannot be rendered: {type(error).__name__}: {str(error)[:200]}") from error
    budget.output -= buffer.size
    return buffer.getvalue()


class _Context(RenderContext):
    """Counts what is read, filtered, assigned and looped over."""

    def __init__(self, template: Template, variables: Mapping[str, Any], budget: Budget, now: datetime) -> None:
        super().__init__(template.parsed, globals=variables)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        self.budget = budget
        self.now = now
        self.loop_work = NODE_WORK * template.tags

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        value = super().get(path, token=token, default=default)
        self.budget.spend(NODE_WORK + size_of(value))
        return value

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return partial(self._filtered, name, super().filter(name, token))

    def _filtered(self, name: str, call: Callable[..., object], value: Any, *args: Any, **named: Any) -> object:
        arguments = (*args, *named.values())
        for operand in (value, *arguments):
            if is_undefined(operand) and name != "default":
                str(operand)  # Raises; some filters would take it for an empty text.
        self.budget.pay_for_filter(name, value, arguments)
        result = wrap(call(value, *args, **named))
        self.budget.pay_for(result)
        return result

    def assign(self, key: str, val: Any) -> None:
        self.budget.pay_for(val)
        super().assign(key, val)

    def get_buffer(self, buf: TextIO | None = None) -> LimitedStringIO:
        used = buf.size if isinstance(buf, LimitedStringIO) else 0
        # Without a newline of its own, a StringIO turns "\r" into "\n".
        return LimitedStringIO(limit=self.budget.output - used, newline="")

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.budget.spend(length * self.loop_work)


class _OutputNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(text_of(self.expression.evaluate(context)))


class _Output(Output):
    node_class = _OutputNode


class _EchoNode(EchoNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(text_of(self.expression.evaluate(context)))


class _EchoTag(EchoTag):
    node_class = _EchoNode


class _ForNode(ForNode):
    """Pays for the whole iterable first: Liquid walks all of it to skip or reverse."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        cast("_Context", context).budget.spend(size_of(self.expression.iterable.evaluate(context)))
        return super().render_to_output(context, buffer)


class _ForTag(ForTag):
    node_class = _ForNode


@with_context
@liquid_filter
def _date(value: object, form: str, *, context: RenderContext) -> object:
    return date_text(value, form, cast("_Context", context).now)


class _Environment(Environment):
    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for tag in (_Output, _EchoTag, _ForTag):
            self.add_tag(tag)
        for name in ("include", "render", "tablerow"):
            del self.tags[name]
        self.add_filter("date", _date)


_ENVIRONMENT = _Environment(undefined=StrictDefaultUndefined)


def _check_names(template: BoundTemplate) -> None:
    unknown = sorted(set(template.filter_names(include_partials=False)) - _ENVIRONMENT.filters.keys())
    if unknown:
        raise TemplateError(f"unknown filter {unknown[0]!r}; use one of Liquid's standard filters")
    context = RenderContext(template)
    for node in template.nodes:
        for expression in _expressions(node, context):
            _check_expression(expression)


def _expressions(node: Node, context: RenderContext) -> Iterator[Expression]:
    yield from node.expressions()
    for child in node.children(context, include_partials=False):
        yield from _expressions(child, context)


def _check_expression(expression: Expression) -> None:
    # Python walks a whole range to find a value that is no whole number.
    if isinstance(expression, ContainsExpression) and isinstance(expression.left, RangeLiteral):
        raise TemplateError("'contains' does not take a range; compare with '<' and '>'")
    for child in expression.children():
        _check_expression(child)


def _describe(error: LiquidError) -> str:
    message = str(error.message or type(error).__name__)
    if not error.token or error.token.start_index < 0:
        return message
    return f"line {line_of(error.token.source, error.token.start_index)}: {message}"


def date_text(value: Any, form: str, now: datetime) -> Any:
    """Return a moment in the form of ``strftime``; what is no moment stays as it is.

    Args:
        value: ``"now"`` or ``"today"``, seconds since 1970, or a text with a date or a time in it. What such a text
            leaves out is that of ``now``, at midnight; without a time zone it is UTC.
        form: such as ``"%Y-%m-%d"``; ``%s`` is seconds since 1970.
        now: what time it is, aware.
    """
    try:
        moment = _moment(value, now.astimezone(timezone.utc))
    except (OSError, OverflowError, TypeError, ValueError):
        return value
    # strftime would count %s by the time zone of the machine.
    seconds = str(int(moment.timestamp()))
    return moment.strftime(re.sub("%[%s]", lambda word: seconds if word[0] == "%s" else word[0], form))


def _moment(value: Any, now: datetime) -> datetime:
    if value in ("now", "today"):
        return now
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return datetime.fromtimestamp(int(value), timezone.utc)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    moment: datetime = parser.parse(value, default=midnight, tzinfos=_zone)
    return moment


def _zone(_: str | None, offset: int | None) -> timezone:
    return timezone(timedelta(seconds=offset or 0))

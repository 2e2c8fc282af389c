"""Replaces the tags of python-liquid that print, loop or compare other than Liquid does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

from liquid.ast import ConditionalBlockNode
from liquid.builtin.expressions import FilteredExpression, LoopExpression, StringLiteral
from liquid.builtin.expressions.primitive import FloatLiteral, RangeLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.case_tag import MultiExpressionBlockNode
from liquid.builtin.tags.cycle_tag import CycleNode, CycleTag
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.builtin.tags.for_tag import BreakNode, BreakTag, ContinueNode, ContinueTag, ForNode, ForTag
from liquid.builtin.tags.ifchanged_tag import IfChangedNode, IfChangedTag
from liquid.exceptions import LiquidTypeError
from liquid.expression import Expression

from .comparing import AnyOf, replace_comparisons
from .filters import FILTERS
from .operands import number, whole
from .tags import TemplateError, line_of
from .values import OperandError, is_undefined, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liquid import Environment, RenderContext
    from liquid.ast import BlockNode, Node
    from liquid.stream import TokenStream
    from liquid.token import Token

    _SomeNode = TypeVar("_SomeNode", bound=Node)


def printed(value: Any, token: Token) -> str:
    """Return the text of a value.

    Raises:
        LiquidTypeError: a number is too long.
    """
    try:
        return text_of(value)
    except OperandError as error:
        raise LiquidTypeError(str(error), token=token) from error


class _OutputNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(printed(self.expression.evaluate(context), self.token))


class _Output(Output):
    node_class = _OutputNode


class _EchoNode(EchoNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(printed(self.expression.evaluate(context), self.token))


class _EchoTag(EchoTag):
    node_class = _EchoNode


class _BreakTag(BreakTag):
    def parse(self, stream: TokenStream) -> BreakNode:
        return _not_blank(super().parse(stream))


class _ContinueTag(ContinueTag):
    def parse(self, stream: TokenStream) -> ContinueNode:
        return _not_blank(super().parse(stream))


class _IfChangedTag(IfChangedTag):
    def parse(self, stream: TokenStream) -> IfChangedNode:
        node = cast("IfChangedNode", super().parse(stream))
        node.block.blank = False
        return _not_blank(node)


def _not_blank(node: _SomeNode) -> _SomeNode:
    """Keep the white space of the blocks around a node; python-liquid would drop it."""
    node.blank = False
    return node


class _CycleNode(CycleNode):
    """Keeps its position by the name of the cycle, or by the text of its arguments; their values may change."""

    def __init__(self, token: Token, group: Expression | None, args: list[Expression]) -> None:
        super().__init__(token, group, args)
        self.called = None if group else str(self)

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        name = printed(self.group.evaluate(context), self.token) if self.group else None
        index = context.cycle(("cycle", name, self.called), len(self.args))
        if index >= len(self.args):
            return 0
        return buffer.write(printed(self.args[index].evaluate(context), self.token))


class _CycleTag(CycleTag):
    node_class = _CycleNode


class _Loop(LoopExpression):
    """The items of a loop: those of an array, the pairs of an object, a text as one item; none of any other value."""

    def evaluate(self, context: RenderContext) -> tuple[Iterator[object], int]:
        values = _looped(self.iterable.evaluate(context))
        key = f"{self.identifier}-{self.iterable}"
        if isinstance(self.offset, StringLiteral) and self.offset.value == "continue":
            start = context.stopindex(key)
        else:
            start = self._whole(self.offset, context, "offset") or 0
        limit = self._whole(self.limit, context, "limit")
        if isinstance(values, str):
            # Ruby's engine repeats a whole text, whatever the limit.
            return iter([values] if values else []), min(1, len(values))
        stop = len(values) if limit is None else limit + start
        chosen = values[max(start, 0) : max(stop, 0)]
        context.stopindex(key, start + len(chosen))
        return iter(chosen[::-1] if self.reversed else chosen), len(chosen)

    def _whole(self, expression: Expression | None, context: RenderContext, name: str) -> int | None:
        value = expression and expression.evaluate(context)
        if value is None or expression is None:
            return None
        try:
            return whole(value, name)
        except OperandError as error:
            raise LiquidTypeError(f"'for' {error}", token=expression.token) from error


def _looped(value: Any) -> Any:
    if is_undefined(value):
        return str(value)  # Raises.
    if isinstance(value, (list, tuple, range, str)):
        return value  # pyright: ignore
    return list(value.items()) if isinstance(value, dict) else ()  # pyright: ignore


class _ForNode(ForNode):
    """Pays for the whole iterable first, because a range may be very long."""

    def __init__(
        self, token: Token, expression: LoopExpression, block: BlockNode, default: BlockNode | None = None
    ) -> None:
        loop = _Loop(
            expression.token,
            expression.identifier,
            expression.iterable,
            limit=expression.limit,
            offset=expression.offset,
            reversed_=expression.reversed,
            cols=None,
        )
        super().__init__(token, loop, block, default)
        for part in (block, default):
            if part is not None:
                part.blank = self.blank

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        cast("Any", context).pay_for_loop(self.expression.iterable.evaluate(context))
        return super().render_to_output(context, buffer)


class _ForTag(ForTag):
    node_class = _ForNode


def add_tags(environment: Environment) -> None:
    """Replace the tags of an environment by those here, and remove those that prompts do not have."""
    for tag in (_Output, _EchoTag, _CycleTag, _ForTag, _BreakTag, _ContinueTag, _IfChangedTag):
        environment.add_tag(tag)
    for name in ("include", "render", "tablerow"):
        del environment.tags[name]


class _End(Expression):
    """The beginning or the end of a range: a whole number, or the one that a text begins with; nil is 0."""

    __slots__ = ("inner",)

    def __init__(self, inner: Expression) -> None:
        super().__init__(inner.token)
        self.inner = inner

    def __str__(self) -> str:
        return str(self.inner)

    def evaluate(self, context: RenderContext) -> int:
        value = self.inner.evaluate(context)
        if is_undefined(value):
            str(value)  # Raises.
        try:
            if value is None or isinstance(value, str) or isinstance(self.inner, FloatLiteral):
                return int(number(value))
            return whole(value, "an end")
        except OperandError as error:
            raise LiquidTypeError(f"a range {error}", token=self.token) from error

    def children(self) -> list[Expression]:
        return [self.inner]


_ADVICE = {"json": "arrays and objects print as JSON without one"}


def _check_filters(expression: Expression) -> None:
    for each in (expression.filters or ()) if isinstance(expression, FilteredExpression) else ():
        if each.name not in FILTERS:
            line = line_of(each.token.source, each.token.start_index)
            advice = _ADVICE.get(each.name, "use one of Liquid's standard filters")
            raise TemplateError(f"line {line}: unknown filter {each.name!r}; {advice}")


def _use_whole_ends(expression: Expression) -> None:
    for child in expression.children():
        _use_whole_ends(child)
    # The value of a case is part of each of its comparisons, so it may be visited again.
    if isinstance(expression, RangeLiteral) and not isinstance(expression.start, _End):
        expression.start, expression.stop = _End(expression.start), _End(expression.stop)


def use_liquids_values(node: Node, context: RenderContext) -> None:
    """Make a node and all nodes below it compare and count as Liquid does.

    Raises:
        TemplateError: a comparison is not possible, or a filter does not exist.
    """
    if isinstance(node, MultiExpressionBlockNode):
        tests: Any = node.expression
        node.expression = cast("Any", AnyOf(tests.token, tests.left, tests.expressions))
    if isinstance(node, ConditionalBlockNode):
        node.block.blank = node.blank
    for expression in node.expressions():
        _check_filters(expression)
        replace_comparisons(expression)
        _use_whole_ends(expression)
    for child in node.children(context, include_partials=False):
        use_liquids_values(child, context)

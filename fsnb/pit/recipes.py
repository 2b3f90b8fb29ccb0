"""Which primitives an aggregate is made of, and how its value is said with them: RECIPES, a line per Ibis operation.

Looked up by the exact type: Ibis derives approximate operations from exact ones, and one is not the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.errors import DefinitionError, NotSupported, TypeMismatch
from fsnb.identity import Over
from fsnb.model import Output, Window, leaves
from fsnb.pit.primitives import Builder, Order, Primitive, Sorting, clean

SUPPORTED = (
    "count, sum, mean, min, max, std, var, nunique, any, all, first, last, argmin, argmax, median, quantile, mode, "
    "approx_nunique"
)
INSTEAD: Mapping[type, str] = {
    ops.ApproxMedian: "median, which is exact",
    ops.ApproxQuantile: "quantile, which is exact",
    ops.ApproxMultiQuantile: "one quantile per feature",
    ops.Arbitrary: "first or last, which are the same row every time",
    ops.MultiQuantile: "one quantile per feature",
}

Said = Callable[[ir.Table], ir.Value]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """`arguments` are row-level values on the view's relation; `values` stand on the unbound table of primitives."""

    arguments: tuple[tuple[str, ir.Value], ...]
    orders: tuple[Order, ...]
    primitives: tuple[Primitive, ...]
    values: tuple[tuple[str, ir.Value], ...]


def take_apart(outputs: tuple[Output, ...]) -> Parts:
    """Arguments, orders, primitives and values of windowed outputs.

    Raises
    ------
    NotSupported
        An aggregate is not one of those that fsnb knows over a window.
    DefinitionError, TypeMismatch
        A quantile that is not from 0 to 1; a median of text.
    """
    builder = Builder()
    said = [(output.name, _said(output.value.op(), _Asked(builder, output.window, output.name))) for output in outputs]
    table = ibis.table(dict(builder.types), name="_fsnb_primitives")
    values = tuple((name, value(table).op().replace(_null_by_zero).to_expr()) for name, value in said)
    arguments = tuple((name, node.to_expr()) for node, name in builder.arguments.items())
    return Parts(arguments, tuple(builder.orders.values()), tuple(builder.primitives.values()), values)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a recipe is asked for: the window, and the feature, for messages."""

    builder: Builder
    window: Window | None
    feature: str

    def one(self, function: str, argument: ir.Value, parameter: float | None = None) -> Said:
        name = self.builder.aggregate(function, argument, self.window, parameter)
        return lambda table: table[name]

    def refusal(self, node: ops.Value, why: str) -> str:
        return f"feature {self.feature!r}: {type(node).__name__} {why}"


def _said(node: ops.Value, asked: _Asked) -> Said:
    found = {leaf: _leaf(leaf, asked) for leaf in leaves(node)}
    return lambda table: node.replace({leaf: said(table).op() for leaf, said in found.items()}).to_expr()


def _leaf(node: ops.Value, asked: _Asked) -> Said:
    if isinstance(node, Over):
        return _said(node.arg, _Asked(asked.builder, Window(node.size, node.offset), asked.feature))
    if type(node) not in RECIPES:
        why = f"over a window is not supported. Supported are {SUPPORTED}."
        instead = f" Use {INSTEAD[type(node)]}." if type(node) in INSTEAD else ""
        raise NotSupported(asked.refusal(node, why + instead))
    return RECIPES[type(node)](node, asked)


def _null_by_zero(node: ops.Node, kwargs: Mapping[str, Any] | None) -> ops.Node:
    """Division by zero is NULL: PostgreSQL and Spark would stop, DuckDB and Polars say infinity."""
    node = node.__recreate__(kwargs) if kwargs else node
    if isinstance(node, ops.Divide | ops.FloorDivide | ops.Modulus):
        return node.copy(right=ops.NullIf(node.right, ops.Literal(0, dt.int8)))
    return node


# ---------------------------------------------------------------------- arguments


def _argument(node: Any) -> ir.Value:
    """The argument where the condition holds, NULL elsewhere."""
    return _only(node.arg.to_expr(), node.where)


def _only(value: ir.Value, where: ops.Value | None) -> ir.Value:
    return value if where is None else where.to_expr().ifelse(value, ibis.null(value.type()))


def _number(value: ir.Value, dtype: dt.DataType) -> ir.Value:
    """A value as a number; PostgreSQL casts no boolean to one."""
    if value.type().is_boolean():
        return ibis.cases((value, ibis.literal(1, dtype)), (~value, ibis.literal(0, dtype)))
    return value.cast(dtype)


def _orderable(node: ops.Value, value: ir.Value, asked: _Asked) -> ir.Value:
    if value.type().is_nested() or value.type().is_json():
        raise TypeMismatch(asked.refusal(node, f"of {value.type()} has no order to go by. Take a plain column of it."))
    return clean(value)


# ---------------------------------------------------------------------- recipes


def _count_star(node: Any, asked: _Asked) -> Said:
    return asked.one("count", _only(ibis.literal(1, "int8"), node.where))


def _named(function: str) -> Recipe:
    return lambda node, asked: asked.one(function, clean(_argument(node)))


def _sum(node: Any, asked: _Asked) -> Said:
    return asked.one("sum", clean(_number(_argument(node), node.dtype)))


def _mean(node: Any, asked: _Asked) -> Said:
    number = clean(_number(_argument(node), dt.float64))
    total, count = asked.one("sum", number), asked.one("count", number)
    return lambda table: total(table).cast("float64") / count(table)


def _end(function: str) -> Recipe:
    """The least or greatest value; of booleans, as numbers."""

    def recipe(node: Any, asked: _Asked) -> Said:
        if not node.dtype.is_boolean():
            return asked.one(function, clean(_argument(node)))
        number = asked.one(function, _number(_argument(node), dt.int8))
        return lambda table: number(table) == 1

    return recipe


def _variance(node: Any, asked: _Asked) -> Said:
    function = "var_samp" if node.how == "sample" else "var_pop"
    variance = asked.one(function, clean(_number(_argument(node), dt.float64)))
    return (lambda table: variance(table).sqrt()) if isinstance(node, ops.StandardDev) else variance


def _quantile(node: Any, asked: _Asked) -> Said:
    if not node.arg.dtype.is_numeric():
        raise TypeMismatch(asked.refusal(node, f"needs numbers to interpolate, not {node.arg.dtype}. Cast the column."))
    share = 0.5 if isinstance(node, ops.Median) else _share(node, asked)
    return asked.one("quantile", clean(_argument(node).cast("float64")), share)


def _share(node: Any, asked: _Asked) -> float:
    share = node.quantile.value if isinstance(node.quantile, ops.Literal) else None
    if share is None or not 0 <= share <= 1:
        raise DefinitionError(asked.refusal(node, "needs one number from 0 to 1, e.g. quantile(0.9)."))
    return float(share)


def _mode(node: Any, asked: _Asked) -> Said:
    return asked.one("mode", _orderable(node, _argument(node), asked))


def _place(end: str) -> Recipe:
    """First and last: of the rows that the condition lets through, and with a value unless NULLs are included."""

    def recipe(node: Any, asked: _Asked) -> Said:
        value = _orderable(node, node.arg.to_expr(), asked)
        eligible = ibis.literal(1, "int8") if node.include_null else value
        by = tuple(_sorting(key, asked) for key in node.order_by)
        name = asked.builder.place(end, by, _only(eligible, node.where), value, asked.window)
        return lambda table: table[name]

    return recipe


def _sorting(key: ops.SortKey, asked: _Asked) -> Sorting:
    column = asked.builder.argument(_orderable(key, key.arg.to_expr(), asked))
    return Sorting(column, key.ascending, key.nulls_first)


def _extreme(ascending: bool) -> Recipe:
    """Argmax and argmin: the last row in order of the key, or of the key from above, so that the latest row wins."""

    def recipe(node: Any, asked: _Asked) -> Said:
        value, key = (_orderable(node, part.to_expr(), asked) for part in (node.arg, node.key))
        eligible = _only(value.notnull().ifelse(key, ibis.null(key.type())), node.where)
        by = (Sorting(asked.builder.argument(key), ascending),)
        name = asked.builder.place("max", by, eligible, value, asked.window)
        return lambda table: table[name]

    return recipe


Recipe = Callable[[Any, _Asked], Said]

RECIPES: Mapping[type, Recipe] = {
    ops.CountStar: _count_star,
    ops.Count: _named("count"),
    ops.CountDistinct: _named("nunique"),
    ops.ApproxCountDistinct: _named("approx_nunique"),
    ops.Sum: _sum,
    ops.Mean: _mean,
    ops.Min: _end("min"),
    ops.Max: _end("max"),
    ops.Variance: _variance,
    ops.StandardDev: _variance,
    ops.Any: _end("max"),
    ops.All: _end("min"),
    ops.Median: _quantile,
    ops.Quantile: _quantile,
    ops.Mode: _mode,
    ops.First: _place("min"),
    ops.Last: _place("max"),
    ops.ArgMax: _extreme(ascending=True),
    ops.ArgMin: _extreme(ascending=False),
}

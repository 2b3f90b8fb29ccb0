"""Feature values taken apart: row-level arguments, primitive aggregates over them, and one value over the primitives.

`(t.arr_delay > 15).mean()` becomes the arguments `a0 = float(t.arr_delay > 15)`, the primitives `sum(a0)` and
`count(a0)`, and the value `sum / nullif(count, 0)`. Every strategy on every engine computes the same few primitives,
so mean is everywhere sum / count. A condition (`where=`) moves into the argument, which is NULL where it does not hold:
no primitive sees NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.errors import NotSupported
from fsnb.model import Output, Window
from fsnb.model.data import normal_type

SUPPORTED = "count, sum, mean, min, max, std, var, nunique, any, all"
ZERO_WHEN_EMPTY = ("count", "nunique")


@dataclass(frozen=True, slots=True)
class Primitive:
    """One aggregate of one argument over one window; `function` is a key of every engine's table."""

    name: str
    function: str
    argument: str
    window: Window | None


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """`arguments` are row-level values on the view's relation; `values` stand on the unbound table of primitives."""

    arguments: tuple[tuple[str, ir.Value], ...]
    primitives: tuple[Primitive, ...]
    values: tuple[tuple[str, ir.Value], ...]


class _Builder:
    """Numbers arguments and primitives once each, however often features use them."""

    def __init__(self) -> None:
        self.arguments: dict[ops.Value, str] = {}
        self.primitives: dict[tuple[str, str, Window | None], Primitive] = {}
        self.types: dict[str, dt.DataType] = {}

    def primitive(self, function: str, argument: ir.Value, window: Window | None) -> tuple[str, dt.DataType]:
        name = self.arguments.setdefault(argument.op(), f"a{len(self.arguments)}")
        key = (function, name, window)
        if key not in self.primitives:
            self.primitives[key] = Primitive(f"p{len(self.primitives)}", function, name, window)
        primitive = self.primitives[key].name
        self.types[primitive] = _result_type(function, argument.type())
        return primitive, self.types[primitive]


def _result_type(function: str, argument: dt.DataType) -> dt.DataType:
    if function in ZERO_WHEN_EMPTY:
        return dt.int64
    return argument if function in ("sum", "min", "max") else dt.float64


def clean(value: ir.Value) -> ir.Value:
    """A value as fsnb reads it: floats as float64 with NaN as NULL, integers of a sum untouched."""
    value = _dividing_floats(value)
    target = normal_type(value.type())
    value = value if value.type() == target else value.cast(target)
    if isinstance(target, dt.Floating):
        value = value.isnan().ifelse(ibis.null("float64"), value)
    return value


def _dividing_floats(value: ir.Value) -> ir.Value:
    """With its quotients of integers as quotients of floats.

    Where Ibis leaves that cast to sqlglot, a quotient that is used twice in a query loses it in one place.
    """

    def divide(node: ops.Node, arguments: Mapping[str, object] | None) -> ops.Node:
        node = node.__recreate__(arguments) if arguments else node
        if not (isinstance(node, ops.Divide) and node.left.dtype.is_integer()):
            return node
        return ops.Divide(ops.Cast(node.left, dt.float64), node.right)

    return value.op().replace(divide, filter=ops.Value).to_expr()


def take_apart(outputs: tuple[Output, ...]) -> Parts:
    """Arguments, primitives and values of windowed outputs.

    Raises
    ------
    NotSupported
        An aggregate is not one of those that every engine has.
    """
    builder = _Builder()
    pending = [(output, _plan_reductions(output, builder)) for output in outputs]
    table = ibis.table(dict(builder.types), name="_fsnb_primitives")
    values = tuple((output.name, _rebuild(output.value.op(), made, table)) for output, made in pending)
    arguments = tuple((name, node.to_expr()) for node, name in builder.arguments.items())
    return Parts(arguments, tuple(builder.primitives.values()), values)


def _plan_reductions(output: Output, builder: _Builder) -> Mapping[ops.Reduction, _Recipe]:
    reductions = output.value.op().find(ops.Reduction, filter=ops.Value)
    return {node: _recipe(node, output, builder) for node in reductions}


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How to say a reduction with primitives: `shape` is a key of SHAPES."""

    shape: str
    names: tuple[str, ...]


SHAPES: Mapping[str, Callable[..., ir.Value]] = {
    "is": lambda value: value,
    "ratio": lambda total, count: total.cast("float64") / count.nullif(0),
    "root": lambda variance: variance.sqrt(),
    "true": lambda value: value == 1,
}


def _recipe(node: ops.Reduction, output: Output, builder: _Builder) -> _Recipe:
    def made(shape: str, *wanted: tuple[str, ir.Value]) -> _Recipe:
        return _Recipe(shape, tuple(builder.primitive(f, a, output.window)[0] for f, a in wanted))

    where = getattr(node, "where", None)
    if isinstance(node, ops.CountStar):
        return made("is", ("count", _only(ibis.literal(1, "int8"), where)))
    arg = _only(node.arg.to_expr(), where) if isinstance(getattr(node, "arg", None), ops.Value) else None
    match node:
        case ops.Count():
            return made("is", ("count", clean(arg)))
        case ops.CountDistinct():
            return made("is", ("nunique", clean(arg)))
        case ops.Sum():
            return made("is", ("sum", clean(_number(arg, node.dtype))))
        case ops.Mean():
            number = clean(_number(arg, dt.float64))
            return made("ratio", ("sum", number), ("count", number))
        case ops.Min() | ops.Max() if node.dtype.is_boolean():
            return made("true", (type(node).__name__.lower(), _number(arg, dt.int8)))
        case ops.Min() | ops.Max():
            return made("is", (type(node).__name__.lower(), clean(arg)))
        case ops.Variance() | ops.StandardDev():
            function = "var_samp" if node.how == "sample" else "var_pop"
            shape = "root" if isinstance(node, ops.StandardDev) else "is"
            return made(shape, (function, clean(_number(arg, dt.float64))))
        case ops.Any():
            return made("true", ("max", _number(arg, dt.int8)))
        case ops.All():
            return made("true", ("min", _number(arg, dt.int8)))
    raise NotSupported(
        f"feature {output.name!r}: {type(node).__name__} over a window is not supported. Supported are {SUPPORTED}."
    )


def _only(value: ir.Value, where: ops.Value | None) -> ir.Value:
    if where is None:
        return value
    return where.to_expr().ifelse(value, ibis.null(value.type()))


def _number(value: ir.Value, dtype: dt.DataType) -> ir.Value:
    """A value as a number; PostgreSQL casts no boolean to one."""
    if value.type().is_boolean():
        return ibis.cases((value, ibis.literal(1, dtype)), (~value, ibis.literal(0, dtype)))
    return value.cast(dtype)


def _rebuild(node: ops.Value, recipes: Mapping[ops.Reduction, _Recipe], table: ir.Table) -> ir.Value:
    replaced = {
        reduction: SHAPES[recipe.shape](*(table[name] for name in recipe.names)).op()
        for reduction, recipe in recipes.items()
    }
    return node.replace(replaced).to_expr()

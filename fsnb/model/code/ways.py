"""Operations that are written in a way of their own: casts, cases, slices, row windows, `fsnb.over`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import ibis
import ibis.expr.operations as ops

from fsnb.identity import Over
from fsnb.model.code.literals import duration, plain
from fsnb.model.code.said import Said, function, infix, pair, prefix, several, text
from fsnb.model.entity import Window
from fsnb.model.over import over

Way = Callable[[Any], Said]  # how arguments are written: as plain values where that will do, or as expressions


class Written(Protocol):
    """What writes the values inside of a value."""

    def expression(self, node: Any) -> Said: ...


def _cast(values: Written, node: ops.Cast, way: Way) -> Said:
    return values.expression(node.arg).call("cast", Said(text(str(node.to)), str(node.to)))


def _try_cast(values: Written, node: ops.TryCast, way: Way) -> Said:
    return values.expression(node.arg).call("try_cast", Said(text(str(node.to)), str(node.to)))


def _cases(values: Written, node: ops.SearchedCase, way: Way) -> Said:
    branches = [
        pair(values.expression(case), way(result)) for case, result in zip(node.cases, node.results, strict=True)
    ]
    return function("ibis.cases", ibis.cases, *branches, **_otherwise(node, way))


def _simple_cases(values: Written, node: ops.SimpleCase, way: Way) -> Said:
    branches = [pair(way(case), way(result)) for case, result in zip(node.cases, node.results, strict=True)]
    return values.expression(node.base).call("cases", *branches, **_otherwise(node, way))


def _otherwise(node: Any, way: Way) -> dict[str, Said]:
    empty = isinstance(node.default, ops.Literal) and node.default.value is None
    return {} if empty and way.__name__ == "argument" else {"else_": way(node.default)}


def _if_else(values: Written, node: ops.IfElse, way: Way) -> Said:
    return values.expression(node.bool_expr).call("ifelse", way(node.true_expr), way(node.false_null_expr))


def _is_in(values: Written, node: ops.InValues, way: Way) -> Said:
    return values.expression(node.value).call("isin", several([way(each) for each in node.options]))


def _between(values: Written, node: ops.Between, way: Way) -> Said:
    return values.expression(node.arg).call("between", way(node.lower_bound), way(node.upper_bound))


def _coalesce(values: Written, node: ops.Coalesce, way: Way) -> Said:
    first, *rest = node.arg
    if len(rest) == 1:
        return values.expression(first).call("fill_null", way(rest[0]))
    return function("ibis.coalesce", ibis.coalesce, values.expression(first), *map(way, rest))


def _greatest(values: Written, node: ops.Greatest, way: Way) -> Said:
    return function("ibis.greatest", ibis.greatest, *map(way, node.arg))


def _least(values: Written, node: ops.Least, way: Way) -> Said:
    return function("ibis.least", ibis.least, *map(way, node.arg))


def _concat(values: Written, node: ops.StringConcat, way: Way) -> Said:
    first, *rest = node.arg
    said = values.expression(first)
    for each in rest:
        said = infix(said, "+", way(each))
    return said


def _sort_key(values: Written, node: ops.SortKey, way: Way) -> Said:
    nulls = {"nulls_first": plain(True)} if node.nulls_first else {}
    return values.expression(node.arg).call("asc" if node.ascending else "desc", **nulls)


def _delta(values: Written, node: Any, way: Way) -> Said:
    return values.expression(node.left).call("delta", values.expression(node.right), unit=plain(node.part.value))


def _day_of_week(values: Written, node: Any, way: Way) -> Said:
    said = values.expression(node.arg)
    part = "index" if isinstance(node, ops.DayOfWeekIndex) else "full_name"
    return Said(f"{said.tight}.day_of_week.{part}()", getattr(said.value.day_of_week, part)())


def _of_epoch(values: Written, node: ops.TimestampFromUNIX, way: Way) -> Said:
    return values.expression(node.arg).call("as_timestamp", plain(node.unit.short))


def _element(values: Written, node: Any, way: Way) -> Said:
    """`structs["field"]`."""
    said = values.expression(node.arg)
    return Said(f"{said.tight}[{text(node.field)}]", said.value[node.field])


def _array_item(values: Written, node: ops.ArrayIndex, way: Way) -> Said:
    said, index = values.expression(node.arg), way(node.index)
    return Said(f"{said.tight}[{index.text}]", said.value[index.value])


def _bucket(values: Written, node: ops.Bucket, way: Way) -> Said:
    usual = {"closed": "left", "close_extreme": True, "include_under": False, "include_over": False}
    given = {name: plain(value) for name, other in usual.items() if (value := getattr(node, name)) != other}
    return values.expression(node.arg).call("bucket", plain(node.buckets), **given)


def _interval(values: Written, node: ops.IntervalFromInteger, way: Way) -> Said:
    return values.expression(node.arg).call("as_interval", plain(node.unit.short))


def _slice(values: Written, node: ops.StringSlice, way: Way) -> Said:
    said = values.expression(node.arg)
    start, end = (None if each is None else way(each) for each in (node.start, node.end))
    shown = f"{start.text if start else ''}:{end.text if end else ''}"
    return Said(f"{said.tight}[{shown}]", said.value[start and start.value : end and end.value])


def _date(values: Written, node: ops.DateFromYMD, way: Way) -> Said:
    return function("ibis.date", ibis.date, way(node.year), way(node.month), way(node.day))


def _array(values: Written, node: ops.Array, way: Way) -> Said:
    return function("ibis.array", ibis.array, several([way(each) for each in node.exprs]))


def _window(values: Written, node: ops.WindowFunction, way: Way) -> Said:
    """`value.over(...)`; an analytic function that stands alone has no other form."""
    given = {"group_by": node.group_by, "order_by": node.order_by}
    named = {name: several([values.expression(each) for each in some]) for name, some in given.items() if some}
    if node.start is not None or node.end is not None:
        named[node.how] = pair(_edge(node.start, way), _edge(node.end, way))
    return values.expression(node.func).call("over", **named)


def _edge(boundary: Any, way: Way) -> Said:
    """How many rows, or how far, from the present row: before it below zero."""
    if boundary is None:
        return plain(None)
    said = way(boundary.value)
    return prefix("-", said) if boundary.preceding and said.value else said


def _ranking(values: Written, node: Any, way: Way) -> Said:
    name = RANKINGS[type(node)]
    return function(f"ibis.{name}", getattr(ibis, name))


def _over(values: Written, node: Over, way: Way) -> Said:
    size, offset = duration(node.size), duration(node.offset)
    window = Said(size.text, size.value)
    if node.offset:
        window = function("fsnb.Window", Window, size, offset)
    return function("fsnb.over", over, values.expression(node.arg), window)


RANKINGS: Mapping[type, str] = {
    ops.CumeDist: "cume_dist",
    ops.DenseRank: "dense_rank",
    ops.MinRank: "rank",
    ops.PercentRank: "percent_rank",
    ops.RowNumber: "row_number",
}
SPECIAL: Mapping[type, Callable[[Written, Any, Way], Said]] = {
    Over: _over,
    ops.Array: _array,
    ops.ArrayIndex: _array_item,
    ops.Between: _between,
    ops.Bucket: _bucket,
    ops.Cast: _cast,
    ops.Coalesce: _coalesce,
    ops.DateDelta: _delta,
    ops.DateFromYMD: _date,
    ops.DayOfWeekIndex: _day_of_week,
    ops.DayOfWeekName: _day_of_week,
    ops.Greatest: _greatest,
    ops.IfElse: _if_else,
    ops.InValues: _is_in,
    ops.IntervalFromInteger: _interval,
    ops.Least: _least,
    ops.SearchedCase: _cases,
    ops.SimpleCase: _simple_cases,
    ops.SortKey: _sort_key,
    ops.StringConcat: _concat,
    ops.StringSlice: _slice,
    ops.StructField: _element,
    ops.TimeDelta: _delta,
    ops.TimestampDelta: _delta,
    ops.TimestampFromUNIX: _of_epoch,
    ops.TryCast: _try_cast,
    ops.WindowFunction: _window,
    **dict.fromkeys(RANKINGS, _ranking),
}

"""ClickHouse's aggregates, where its own differ without a word: overflow, estimates, types, one value's variance.

Its sum of integers wraps around, Ibis counts distinct values by its estimate `uniq`, counts are unsigned (which has no
common type with int64), and the sample variance of one value is not NULL; `varSamp` loses digits by cancellation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir


@ibis.udf.agg.builtin(name="uniqExact")
def uniq_exact(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """How many distinct values that are not NULL."""


@ibis.udf.agg.builtin(name="varSampStable")
def var_samp(value) -> float:  # type: ignore[no-untyped-def,empty-body]
    """The sample variance without cancellation; NaN of one value."""


@ibis.udf.agg.builtin(name="varPopStable")
def var_pop(value) -> float:  # type: ignore[no-untyped-def,empty-body]
    """The population variance without cancellation."""


def _signed(value: ir.Value) -> ir.IntegerValue:
    return ops.Cast(value, dt.int64).to_expr()


def _sum(column: ir.Value, where: ir.Value | None) -> ir.Value:
    """Summed as decimals, whose cast back fails where int64 does not hold the sum."""
    if not column.type().is_integer():
        return column.sum(where=where)
    return column.cast("decimal(38, 0)").sum(where=where).cast(column.type())


def _var_samp(column: ir.Value, where: ir.Value | None) -> ir.Value:
    several = column.count(where=where) > 1
    return several.ifelse(var_samp(column, where=where), ibis.null("float64"))


AGGREGATES: Mapping[str, Callable[[ir.Value, ir.Value | None], ir.Value]] = {
    "count": lambda column, where: _signed(column.count(where=where)),
    "nunique": lambda column, where: _signed(uniq_exact(column, where=where)),
    "sum": _sum,
    "var_samp": _var_samp,
    "var_pop": lambda column, where: var_pop(column, where=where),
}

"""First, last, argmin and argmax: number the events of a key in each order, and look up what stands at a place.

A strategy sees a column of integers and takes its least or greatest, in a window or over a whole history. A place is
the same however often it is computed, but for rows that are equal in all that an order looks at, their value included.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
import polars as pl

from fsnb.pit.events import RIGHT, VALUE, key_names, sortings
from fsnb.pit.planning import ViewPlan
from fsnb.pit.primitives import Order, Primitive


def numbered(part: ViewPlan, rows: ir.Table) -> ir.Table:
    """The events with a column of places for each order; NULL where a row has no place in it."""
    places = {order.name: _place(part, rows, order) for order in part.orders}
    return rows.mutate(**places) if places else rows


def _place(part: ViewPlan, rows: ir.Table, order: Order) -> ir.Value:
    by = [
        (rows[s.column].asc if s.ascending else rows[s.column].desc)(nulls_first=s.nulls_first)
        for s in sortings(part, order)
    ]
    number = ibis.row_number().over(group_by=key_names(part), order_by=by)
    return rows[order.eligible].notnull().ifelse(number, ibis.null("int64"))


def looked_up(part: ViewPlan, met: ir.Table, rows: ir.Table) -> ir.Table:
    """`met` with the values that stand at its places, instead of the places."""
    for primitive, order in placed(part):
        keys, column = key_names(part), VALUE + primitive.name
        there = rows.filter(rows[order.name].notnull()).select(*keys, order.name, order.value)
        there = there.rename({RIGHT + name: name for name in there.columns})
        same = [*((key, RIGHT + key) for key in keys), (column, RIGHT + order.name)]
        joined = met.left_join(there, same)
        kept = [name for name in met.columns if name != column]
        met = joined.select(*kept, **{column: joined[RIGHT + order.value]})
    return met


def placed(part: ViewPlan) -> Iterator[tuple[Primitive, Order]]:
    """The primitives that want what stands at a place, each with its order."""
    orders = {order.name: order for order in part.orders}
    return ((p, orders[p.argument]) for p in part.primitives if p.argument in orders)


# ---------------------------------------------------------------------- the same in Polars


def numbered_polars(part: ViewPlan, frame: pl.LazyFrame) -> pl.LazyFrame:
    """As `numbered`; places count over all keys together."""
    for order in part.orders:
        by = sortings(part, order)
        frame = frame.sort(
            [s.column for s in by],
            descending=[not s.ascending for s in by],
            nulls_last=[not s.nulls_first for s in by],
        ).with_row_index(order.name)
        place = pl.when(pl.col(order.eligible).is_not_null()).then(pl.col(order.name).cast(pl.Int64))
        frame = frame.with_columns(place.alias(order.name))
    return frame


def looked_up_polars(part: ViewPlan, met: pl.LazyFrame, frame: pl.LazyFrame) -> pl.LazyFrame:
    """As `looked_up`."""
    for primitive, order in placed(part):
        column = VALUE + primitive.name
        there = frame.filter(pl.col(order.name).is_not_null())
        there = there.select(pl.col(order.name).alias(column), pl.col(order.value).alias(RIGHT + order.value))
        met = met.join(there, on=column, how="left").drop(column).rename({RIGHT + order.value: column})
    return met

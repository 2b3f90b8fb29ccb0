"""The same plan in Polars' own terms: sorted heads and `join_asof`, or a banded equi-join and `group_by`.

Why not through ibis: its Polars backend has no window functions and no inequality joins (ibis#10513), and its
`asof_join` does not sort. The user's own row-level expressions still run through ibis, and the result is registered
on the connection, so that what comes back is an ordinary Ibis table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis.expr.types as ir
import polars as pl

from fsnb.pit.clocks import cutoff, floored, polars_microseconds
from fsnb.pit.events import (
    AVAILABLE,
    BAND,
    CUTOFF,
    END,
    EVENT,
    START,
    event_columns,
    hull,
    key_names,
    lanes,
    order_names,
)
from fsnb.pit.planning import Span, ViewPlan
from fsnb.pit.read import new_name

AGGREGATES: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "count": lambda column: column.count().cast(pl.Int64),
    "nunique": lambda column: column.drop_nulls().n_unique().cast(pl.Int64),
    # Polars sums no values to 0; the rule of time is NULL
    "sum": lambda column: pl.when(column.count() > 0).then(column.sum()),
    "min": lambda column: column.min(),
    "max": lambda column: column.max(),
    "var_samp": lambda column: column.var(ddof=1),
    "var_pop": lambda column: column.var(ddof=0),
}


def answer(part: ViewPlan, con: Any, relation: ir.Table, asks: ir.Table) -> ir.Table:
    """The view's primitives (or columns) for each distinct ask, registered on the connection."""
    rows = _events(part, con, relation)
    frame = _ANSWERS[part.view.kind](part, con.compile(asks), rows)
    return con.create_table(new_name("answer"), frame)


def with_cutoff(table: ir.Table, con: Any, part: ViewPlan, at: str) -> ir.Table:
    """The table with each row's cutoff beside it."""
    cut = cutoff(polars_microseconds(at), part.lag, part.refresh).alias(CUTOFF)
    return con.create_table(new_name("cut"), con.compile(table).with_columns(cut))


def _events(part: ViewPlan, con: Any, relation: ir.Table) -> pl.LazyFrame:
    """The rows that may ever count, as in `fsnb.pit.events`, with the clocks read by Polars."""
    columns, must = event_columns(part, relation, lambda value: value)
    clocks = [name for name in (EVENT, AVAILABLE) if name in columns]
    frame = con.compile(relation.select(**columns)).drop_nulls(must)
    frame = frame.with_columns(polars_microseconds(name) for name in clocks)
    if not clocks:
        return frame
    return frame.with_columns(_start(part.span(None), clocks).alias(START))


def _start(span: Span, clocks: list[str]) -> pl.Expr:
    seen = pl.col(EVENT) + span.lo
    return pl.max_horizontal(seen, pl.col(AVAILABLE)) if AVAILABLE in clocks else seen


def _heads(part: ViewPlan, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The events that are the latest known at some moment, sorted by when they start."""
    keys = key_names(part)
    order = order_names(rows.collect_schema().names())
    ranked = rows.sort(order, nulls_last=False, maintain_order=True).with_row_index("_fsnb_rank")
    ranked = ranked.sort(START, "_fsnb_rank").with_columns(_fsnb_best=pl.col("_fsnb_rank").cum_max().over(keys))
    last = ranked.unique([*keys, START], keep="last", maintain_order=True)
    return last.filter(pl.col("_fsnb_rank") == pl.col("_fsnb_best"))


def _latest(part: ViewPlan, asks: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    keys, hi = key_names(part), part.span(None).hi
    result = asks.sort(CUTOFF)
    for wanted in lanes(part):
        lane = rows.filter(pl.col(wanted[0]).is_not_null()) if part.view.skip_nulls else rows
        found = _heads(part, lane).select(*keys, START, EVENT, *wanted)
        result = result.join_asof(
            found, left_on=CUTOFF, right_on=START, by=keys, strategy="backward", check_sortedness=False, coalesce=False
        )
        if hi is not None:
            fresh = pl.col(CUTOFF) < pl.col(EVENT) + hi
            result = result.with_columns(pl.when(fresh).then(pl.col(name)).alias(name) for name in wanted)
        result = result.drop(START, EVENT)
    return result


def _static(part: ViewPlan, asks: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    order = order_names(rows.collect_schema().names())
    wanted = [name for name, _ in part.arguments]
    last = rows.sort(order, nulls_last=False, maintain_order=True) if order else rows
    return last.unique(key_names(part), keep="last", maintain_order=True).select(*key_names(part), *wanted)


def _windowed(part: ViewPlan, asks: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    span = hull(part)
    rows = rows.with_columns(_start(span, rows.collect_schema().names()).alias(START))
    on, inside = key_names(part), pl.col(CUTOFF) >= pl.col(START)
    if span.hi is not None:
        asks, rows = _banded(asks, rows.with_columns((pl.col(EVENT) + span.hi).alias(END)), span.hi - span.lo)
        on, inside = [*on, BAND], inside & (pl.col(CUTOFF) < pl.col(END))
    met = asks.join(rows, on=on).filter(inside)
    return met.group_by(*key_names(part), CUTOFF).agg(
        _aggregate(part, primitive, span) for primitive in part.primitives
    )


def _aggregate(part: ViewPlan, primitive: Any, span: Span) -> pl.Expr:
    mine, column = part.span(primitive.window), pl.col(primitive.argument)
    if mine != span:
        column = column.filter(_within(mine))
    return AGGREGATES[primitive.function](column).alias(primitive.name)


def _within(span: Span) -> pl.Expr:
    return (pl.col(CUTOFF) >= pl.col(EVENT) + span.lo) & (pl.col(CUTOFF) < pl.col(EVENT) + span.hi)


def _banded(asks: pl.LazyFrame, rows: pl.LazyFrame, width: int) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Each event in the one or two time bands that it reaches, each ask in its own."""
    rows = rows.filter(pl.col(START) < pl.col(END))
    first, second = floored(pl.col(START), width), floored(pl.col(END) - 1, width)
    crossing = rows.filter(first != second).with_columns(second.alias(BAND))
    rows = pl.concat([rows.with_columns(first.alias(BAND)), crossing])
    return asks.with_columns(floored(pl.col(CUTOFF), width).alias(BAND)), rows


_ANSWERS = {"asof": _latest, "static": _static, "window": _windowed}

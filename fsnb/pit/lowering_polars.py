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
    VALUE,
    event_columns,
    hull,
    key_names,
    lanes,
    order_names,
)
from fsnb.pit.lowering import Strategy
from fsnb.pit.places import looked_up_polars, numbered_polars
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
    "mode": lambda column: column.drop_nulls().mode().min(),
    "approx_nunique": lambda column: column.drop_nulls().approx_n_unique().cast(pl.Int64),
}


def _wide(part: ViewPlan, primitive: Any) -> pl.Expr:
    """The argument, in 128 bits where it is an integer to sum: Polars' own sum wraps around without a word."""
    column = pl.col(primitive.argument)
    return column.cast(pl.Int128) if _sums_integers(part, primitive) else column


def _narrow(part: ViewPlan, primitive: Any, answer: pl.Expr) -> pl.Expr:
    """Back to int64, which fails where it does not hold the sum."""
    answer = answer.cast(pl.Int64) if _sums_integers(part, primitive) else answer
    return answer.alias(VALUE + primitive.name)


def _sums_integers(part: ViewPlan, primitive: Any) -> bool:
    return primitive.function == "sum" and dict(part.arguments)[primitive.argument].type().is_integer()


def _carried(column: pl.Expr, keys: list[str]) -> pl.Expr:
    """A running aggregate leaves NULL where its argument is; it stays what it was."""
    return column.forward_fill().over(keys)


RUNNING: Mapping[str, Callable[[pl.Expr, list[str]], pl.Expr]] = {
    "count": lambda column, keys: column.cum_count().over(keys).cast(pl.Int64),
    "nunique": lambda column, keys: (
        (column.is_not_null() & column.is_first_distinct()).cum_sum().over(keys).cast(pl.Int64)
    ),
    "sum": lambda column, keys: _carried(column.cum_sum().over(keys), keys),
    "min": lambda column, keys: _carried(column.cum_min().over(keys), keys),
    "max": lambda column, keys: _carried(column.cum_max().over(keys), keys),
}


def with_cutoff(table: ir.Table, con: Any, part: ViewPlan, at: str) -> ir.Table:
    """The table with each row's cutoff beside it."""
    cut = cutoff(polars_microseconds(at), part.lag, part.refresh).alias(CUTOFF)
    return con.create_table(new_name("cut"), con.compile(table).with_columns(cut))


def events(part: ViewPlan, con: Any, relation: ir.Table, asks: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that may ever count, as in `fsnb.pit.lowering`, with the clocks read by Polars."""
    columns, must = event_columns(part, relation, lambda value: value)
    clocks = [name for name in (EVENT, AVAILABLE) if name in columns]
    frame = con.compile(relation.select(**columns)).drop_nulls(must)
    frame = frame.with_columns(polars_microseconds(name) for name in clocks)
    if not clocks:
        return frame
    if part.orders:
        frame = numbered_polars(part, frame.join(asks, on=key_names(part), how="semi"))
    return frame.with_columns(_start(part.span(None), clocks).alias(START))


def _start(span: Span, clocks: list[str]) -> pl.Expr:
    seen = pl.col(EVENT) + span.lo
    return pl.max_horizontal(seen, pl.col(AVAILABLE)) if AVAILABLE in clocks else seen


def _heads(part: ViewPlan, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The events that are the latest known at some moment, sorted by when they start."""
    keys, order = key_names(part), order_names(part)
    ranked = rows.sort(order, nulls_last=False).with_row_index("_fsnb_rank")
    ranked = ranked.sort(START, "_fsnb_rank")
    if part.view.source.available is None:
        return ranked.unique([*keys, START], keep="last", maintain_order=True)
    ranked = ranked.with_columns(_fsnb_best=pl.col("_fsnb_rank").cum_max().over(keys))
    last = ranked.unique([*keys, START], keep="last", maintain_order=True)
    return last.filter(pl.col("_fsnb_rank") == pl.col("_fsnb_best"))


def latest_rows(part: ViewPlan, cut: pl.LazyFrame, asks: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The spine with the values of the latest row that each of its rows may see."""
    keys, hi = key_names(part), part.span(None).hi
    cut = cut.sort(CUTOFF)
    for wanted in lanes(part):
        lane = rows.filter(pl.col(wanted[0]).is_not_null()) if part.view.skip_nulls else rows
        found = _heads(part, lane).select(*keys, START, EVENT, *(pl.col(name).alias(VALUE + name) for name in wanted))
        cut = cut.join_asof(
            found, left_on=CUTOFF, right_on=START, by=keys, strategy="backward", check_sortedness=False, coalesce=False
        )
        if hi is not None:
            fresh = pl.col(CUTOFF) < pl.col(EVENT) + hi
            cut = cut.with_columns(pl.when(fresh).then(pl.col(VALUE + name)).alias(VALUE + name) for name in wanted)
        cut = cut.drop(START, EVENT)
    return cut


def _static(part: ViewPlan, cut: pl.LazyFrame, asks: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    for wanted in lanes(part):
        lane = rows.filter(pl.col(wanted[0]).is_not_null()) if part.view.skip_nulls else rows
        last = lane.sort(order_names(part), nulls_last=False)
        last = last.unique(key_names(part), keep="last", maintain_order=True)
        values = [pl.col(name).alias(VALUE + name) for name in wanted]
        cut = cut.join(last.select(*key_names(part), *values), on=key_names(part), how="left")
    return cut


def _windowed(part: ViewPlan, cut: pl.LazyFrame, asks: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    span, on = hull(part), [*key_names(part), CUTOFF]
    rows = rows.with_columns(_start(span, rows.collect_schema().names()).alias(START))
    same, inside = key_names(part), pl.col(CUTOFF) >= pl.col(START)
    if span.hi is not None:
        asks, rows = _banded(asks, rows.with_columns((pl.col(EVENT) + span.hi).alias(END)), span.hi - span.lo)
        same, inside = [*same, BAND], inside & (pl.col(CUTOFF) < pl.col(END))
    met = asks.join(rows, on=same).filter(inside)
    answer = met.group_by(on).agg(_aggregate(part, primitive, span) for primitive in part.primitives)
    return cut.join(answer, on=on, how="left")


def _lifetime(part: ViewPlan, cut: pl.LazyFrame, asks: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The whole history of a key: running aggregates over its events, picked by an as-of join."""
    keys = key_names(part)
    running = [_narrow(part, p, RUNNING[p.function](_wide(part, p), keys)) for p in part.primitives]
    run = rows.sort(START).select(*keys, START, *running)
    found = run.unique([*keys, START], keep="last", maintain_order=True)
    cut = cut.sort(CUTOFF)
    return cut.join_asof(found, left_on=CUTOFF, right_on=START, by=keys, strategy="backward", check_sortedness=False)


def _aggregate(part: ViewPlan, primitive: Any, span: Span) -> pl.Expr:
    mine, column = part.span(primitive.window), _wide(part, primitive)
    if mine != span:
        column = column.filter(_within(mine))
    if primitive.function == "quantile":
        found = column.quantile(primitive.parameter, interpolation="linear")
    else:
        found = AGGREGATES[primitive.function](column)
    return _narrow(part, primitive, found)


def _within(span: Span) -> pl.Expr:
    return (pl.col(CUTOFF) >= pl.col(EVENT) + span.lo) & (pl.col(CUTOFF) < pl.col(EVENT) + span.hi)


def _banded(asks: pl.LazyFrame, rows: pl.LazyFrame, width: int) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Each event in the one or two time bands that it reaches, each ask in its own."""
    rows = rows.filter(pl.col(START) < pl.col(END))
    first, second = floored(pl.col(START), width), floored(pl.col(END) - 1, width)
    crossing = rows.filter(first != second).with_columns(second.alias(BAND))
    rows = pl.concat([rows.with_columns(first.alias(BAND)), crossing])
    return asks.with_columns(floored(pl.col(CUTOFF), width).alias(BAND)), rows


def registered(fill: Callable[[ViewPlan, pl.LazyFrame, pl.LazyFrame, pl.LazyFrame], pl.LazyFrame]) -> Strategy:
    """A strategy from: view, spine with keys and cutoffs, distinct asks, events -> the spine with its values."""

    def strategy(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
        asked = con.compile(asks)
        rows = events(part, con, relation, asked)
        return con.create_table(new_name("met"), fill(part, con.compile(cut), asked, rows))

    return strategy


latest, static, joined, lifetime = (registered(fill) for fill in (latest_rows, _static, _windowed, _lifetime))


def looked_up(part: ViewPlan, con: Any, relation: ir.Table, met: ir.Table, asks: ir.Table) -> ir.Table:
    """Places in the order of the events, as the values that stand there."""
    rows = events(part, con, relation, con.compile(asks))
    return con.create_table(new_name("met"), looked_up_polars(part, con.compile(met), rows))

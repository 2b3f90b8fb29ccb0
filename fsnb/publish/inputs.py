"""The rows that a view reads, as the publisher sees them: on their own, in a stretch of time, and as input marks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.model import FeatureView, Source
from fsnb.model.data import TIMESTAMP
from fsnb.pit import ViewPlan
from fsnb.pit.clocks import floored
from fsnb.pit.events import AVAILABLE, EVENT, START
from fsnb.pit.lowering import events
from fsnb.publish.intervals import Grid, Group, Mark, Range
from fsnb.publish.stretches import EARLIEST, LATEST, moment

ENTER, REACH, LEAVE = "fsnb_enter", "fsnb_reach", "fsnb_leave"
Times = Sequence[tuple[Any, Any]]
"""Stretches (after, up to], each end a naive time or an expression of one."""


@ibis.udf.scalar.builtin(name="hash")
def _duckdb_hash(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """DuckDB's 64 bits of a struct."""


@ibis.udf.scalar.builtin(name="hash_record_extended")
def _postgres_hash(value, seed: int) -> int:  # type: ignore[no-untyped-def,empty-body]
    """PostgreSQL's 64 bits of a record."""


@ibis.udf.scalar.builtin(name="xxhash64")
def _xxhash64(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """Spark's 64 bits of a struct, which passes by what is NULL."""


def _spark_hash(value: ir.StructValue) -> ir.Value:
    """Told where a NULL stands; as decimals, since a sum of integers may not leave int64."""
    nulls = {f"fsnb_null_{number}": value[name].isnull() for number, name in enumerate(value.names)}
    told = ibis.struct({name: value[name] for name in value.names} | nulls)
    return _xxhash64(told).cast("decimal(38, 0)")


HASHED = {"duckdb": _duckdb_hash, "postgres": lambda value: _postgres_hash(value, 0), "pyspark": _spark_hash}


def standing_on_rows(view: FeatureView) -> FeatureView:
    """The same view on the rows of its relation, taken as a table under the source's name.

    So the rows can be given in part, whatever the expression does before: a condition on a source may not be.
    """
    rows = ibis.table(view.relation.schema(), name=view.source.name)
    on_them = {view.relation.op(): rows.op()}
    outputs = tuple(replace(each, value=each.value.op().replace(on_them).to_expr()) for each in view.outputs)
    found = copy.copy(view)
    object.__setattr__(found, "relation", rows)
    object.__setattr__(found, "source", _without_data(view.source))
    object.__setattr__(found, "outputs", outputs)
    return found


def _without_data(source: Source) -> Source:
    """The same source; what is kept for the next run does not hold its rows in memory."""
    found = copy.copy(source)
    object.__setattr__(found, "data", None)
    return found


def in_ticks(view: FeatureView) -> bool:
    """Whether the history tells the view tick by tick, not source row by source row."""
    return view.kind == "window" or (view.kind == "asof" and view.skip_nulls)


def tick_at_or_after(us: Any, refresh: int | None) -> Any:
    """The first tick of `refresh` that is not before a time; without one, the time itself."""
    return us if refresh is None else floored(us + (refresh - 1), refresh)


# ---------------------------------------------------------------------- a stretch of time


def longest(part: ViewPlan) -> tuple[int, int | None, bool]:
    """How soon an event counts, for how long at most where it leaves a window, and whether in one it stays for ever."""
    spans = [part.span(window) for window in part.windows or (None,)]
    finite = [span.hi for span in spans if span.hi is not None]
    return min(span.lo for span in spans), max(finite, default=None), len(finite) < len(spans)


def needed(part: ViewPlan, told: Sequence[Range]) -> list[Range] | None:
    """The stretches of event time of all rows that count in some stretches of the history; None: all times."""
    if part.view.kind == "static":
        return None
    if not in_ticks(part.view):
        return list(told)
    lo, hi, for_ever = longest(part)
    if for_ever:
        return [(EARLIEST, max(end for _, end in told) - lo)] if told else []
    # a row stays until the tick at which it has left, and counts from the tick at which it enters
    return [(start - (hi or 0) - (part.refresh or 1), end - lo) for start, end in told]


def times(ranges: Sequence[Range]) -> Times:
    """Stretches in microseconds as naive times that Python and the engines can hold."""
    return tuple((as_moment(start), as_moment(end)) for start, end in ranges)


def within(view: FeatureView, rows: ir.Table, wanted: Times | None) -> ir.Table:
    """The rows of some stretches of event time: a condition on the column itself, for which an index can serve."""
    if wanted is None:
        return rows
    return rows.filter(inside(rows[view.source.event_time], wanted))


def inside(column: ir.TimestampValue, wanted: Times) -> ir.BooleanValue:
    """Whether a time is in one of these stretches."""
    found = [(column > as_value(start)) & (column <= as_value(end)) for start, end in wanted]
    return reduce(or_, found, ibis.literal(False))


def as_value(moment: Any) -> Any:
    """A time as an expression; one that is an expression already, as it is."""
    return moment if isinstance(moment, ir.Value) else ibis.literal(moment, TIMESTAMP)


def as_moment(us: int) -> datetime:
    """Microseconds as a naive time that Python and the engines can hold."""
    return moment(max(EARLIEST, min(us, LATEST)))


# ---------------------------------------------------------------------- marks


def groups(part: ViewPlan, found: Sequence[tuple[Any, ...]]) -> list[Group]:
    """The rows of `counted`, read."""
    for_ever = in_ticks(part.view) and longest(part)[2]
    return [
        Group(int(enter), int(reach), None if for_ever else int(reach), Mark(int(count), int(latest), int(total)))
        for enter, reach, count, latest, total in found
    ]


def counted(part: ViewPlan, con: Any, relation: ir.Table, grid: Grid, end: Any) -> ir.Table:
    """What can be seen up to `end`, by the intervals that it can change; one scan and one group-by."""
    part = replace(part, orders=())
    rows = computed_once(con, events(part, con, relation))
    if part.view.kind == "static":
        rows = rows.mutate(**{EVENT: ibis.literal(0, "int64"), START: ibis.literal(0, "int64")})
    said = [name for name in rows.columns if name != START]
    if in_ticks(part.view):
        rows = computed_once(con, rows.mutate(**_ticks(part, rows)))
    enter, reach, seen = _stay(part, rows, end)
    hashed = HASHED[con.name](ibis.struct({name: _hashable(rows[name]) for name in said}))
    told = rows.filter(seen).select(
        fsnb_event=rows[EVENT],
        fsnb_hash=hashed,
        **{ENTER: interval_number(enter, grid), REACH: interval_number(reach, grid)},
    )
    return told.group_by(ENTER, REACH).aggregate(
        count=told.count(), latest=told.fsnb_event.max(), total=told.fsnb_hash.sum()
    )


def computed_once(con: Any, rows: ir.Table) -> ir.Table:
    """The same rows, of which PostgreSQL computes each column once.

    It would merge the queries around them into one and repeat a column's expression wherever it is used: clocks that
    stand in each other's terms, dozens of times (248 ms where 58 do, for the marks of 16,000 rows). It does not do that
    beyond a LIMIT; Ibis leaves OFFSET 0 out.
    """
    return rows.limit(2**63 - 1) if con.name == "postgres" else rows


def _ticks(part: ViewPlan, rows: ir.Table) -> dict[str, ir.Value]:
    """The ticks at which a row enters, and has left the last of its windows."""
    lo, hi, _ = longest(part)
    enter = rows[EVENT] + lo
    enter = tick_at_or_after(
        ibis.greatest(enter, rows[AVAILABLE]) if AVAILABLE in rows.columns else enter, part.refresh
    )
    return {ENTER: enter, LEAVE: enter if hi is None else tick_at_or_after(rows[EVENT] + hi, part.refresh)}


def _stay(part: ViewPlan, rows: ir.Table, end: Any) -> tuple[ir.Value, ir.Value, ir.BooleanValue]:
    """The first and the last moment that a row can change, and whether it can be seen by the end."""
    if not in_ticks(part.view):
        return rows[EVENT], rows[EVENT], tick_at_or_after(rows[START], part.refresh) <= end
    enter, leave = rows[ENTER], rows[LEAVE]
    counts = enter <= end
    return enter, ibis.greatest(enter, leave), counts if longest(part)[2] else counts & (enter <= leave)


def interval_number(us: Any, grid: Grid) -> Any:
    """The interval of a moment, as `Grid.number` says it; exact in integers, of which `/` makes floats."""
    return (floored(us - 1, grid.every) / grid.every).round().cast("int64")


def _hashable(value: ir.Value) -> ir.Value:
    """JSON has no hash on PostgreSQL."""
    return value.cast("string") if value.type().is_json() else value

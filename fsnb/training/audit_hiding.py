"""A source as it stood at a moment: what was not visible then is deleted, or overwritten with other values.

Visible is what the rules of time say, of every source by its own clocks: event time at or before the cutoff (before it,
where the view's `closed` leaves the right end open), and available by then. A static table has no clock, and stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.model import FeatureView, Source


@dataclass(frozen=True, slots=True, eq=False)
class Clocked:
    """A table with the source that says its clocks, and what scrambling needs: columns to keep, extremes of others."""

    source: Source
    table: ir.Table
    keep: frozenset[str]
    extremes: Mapping[str, tuple[Any, Any]]


def clocked(view: FeatureView, source: Source, table: ir.Table) -> Clocked:
    """Read the extremes of every column that may be overwritten."""
    clocks = {source.event_time or "", source.available or ""}
    keep = frozenset({*clocks, *source.tie_break, *view.entity.keys, *_joined_on(view.relation)})
    return Clocked(source, table, keep, _extremes(table, [name for name in table.columns if name not in keep]))


def _joined_on(relation: ir.Table) -> set[str]:
    """Names of the columns that the view's own joins compare."""
    links = relation.op().find(ops.JoinLink)
    return {field.name for link in links for value in link.predicates for field in value.find(ops.Field)}


def _extremes(table: ir.Table, names: Collection[str]) -> dict[str, tuple[Any, Any]]:
    ordered = [name for name in names if _has_extremes(table[name].type())]
    if not ordered:
        return {}
    ends = {f"{end}{i}": getattr(table[name], end)() for i, name in enumerate(ordered) for end in ("min", "max")}
    found = table.aggregate(**ends).to_pyarrow().to_pylist()[0]
    return {name: (found[f"min{i}"], found[f"max{i}"]) for i, name in enumerate(ordered)}


def _has_extremes(dtype: dt.DataType) -> bool:
    kinds = ("integer", "floating", "string", "timestamp", "date")
    return any(getattr(dtype, f"is_{kind}")() for kind in kinds)


def visible(source: Source, table: ir.Table, moment: datetime, *, before: bool) -> ir.BooleanValue:
    """Whether a row was visible at a moment (naive UTC); with `before` one of exactly that event time was not."""
    event = table[source.event_time]
    now = ibis.literal(moment, type=event.type())
    seen = event < now if before else event <= now
    if source.available is not None:
        seen = seen & (table[source.available] <= now)
    return seen.fill_null(False)


def cut(one: Clocked, moment: datetime, *, before: bool) -> ir.Table:
    """The table without the rows that were not visible."""
    return one.table.filter(visible(one.source, one.table, moment, before=before))


def scrambled(one: Clocked, moment: datetime, *, before: bool) -> ir.Table:
    """The table with other values in the rows that were not visible: keys, clocks and tie-break stay as they are.

    A value becomes the column's greatest, or its smallest where it is the greatest: so it is one that the view's
    expressions can read. Flags are turned over; what has no order becomes NULL.
    """
    seen, table = visible(one.source, one.table, moment, before=before), one.table
    changed = {
        name: seen.ifelse(table[name], _other(table[name], one.extremes.get(name, (None, None)))).cast(dtype)
        for name, dtype in table.schema().items()
        if name not in one.keep
    }
    return table.mutate(**changed)


def _other(column: ir.Value, ends: tuple[Any, Any]) -> ir.Value:
    low, high = (ibis.literal(end, type=column.type()) for end in ends)
    if column.type().is_boolean():
        return ~column.fill_null(False)
    if ends[0] == ends[1]:
        return ibis.null(column.type())
    return (column == high).fill_null(False).ifelse(low, high)


def hidden_rows(one: Clocked, moments: Sequence[datetime], *, before: bool) -> list[int]:
    """How many rows each moment hides."""
    seen = {f"n{i}": visible(one.source, one.table, m, before=before).sum() for i, m in enumerate(moments)}
    found = one.table.aggregate(_fsnb_all=one.table.count(), **seen).to_pyarrow().to_pylist()[0]
    return [found["_fsnb_all"] - (found[f"n{i}"] or 0) for i in range(len(moments))]

"""Strategies in SQL, through Ibis: heads and their lookup, running aggregates, one banded join.

Every strategy answers the same small question: for rows that ask at a cutoff `c` for a key, which events count?
An event counts from `start` (its event time, or when it became available) until `end` (it left the window, or its
ttl ran out). As-of views first reduce their events to those that are the latest known at some moment ("heads").

Why not Table.asof_join(tolerance=...): ibis 12 drops matches when the two time columns are named differently
(ibis#11780), and on Polars asof_join does not sort, so rows from the future match. Polars has a lowering of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.pit import clickhouse
from fsnb.pit.clocks import floored, microseconds
from fsnb.pit.events import (
    AVAILABLE,
    BAND,
    CUTOFF,
    END,
    EVENT,
    NEXT,
    RIGHT,
    START,
    VALUE,
    event_columns,
    hull,
    key_names,
    lanes,
    order_names,
)
from fsnb.pit.narrowing import narrowed, restricted
from fsnb.pit.places import numbered
from fsnb.pit.planning import Span, ViewPlan
from fsnb.pit.primitives import Primitive
from fsnb.pit.ranking import NATIVE_QUANTILE, RANKED

AT, FIRST, LAST_START, NEVER_NULL = "_fsnb_at", "_fsnb_first_", "_fsnb_last", "_fsnb_c_or_never"
BEFORE_ALL, AFTER_ALL = -(2**63), 2**63 - 1
Strategy = Callable[[ViewPlan, Any, ir.Table, ir.Table, ir.Table], ir.Table]
"""(view, connection, its relation, the spine with keys and cutoffs, the distinct asks) -> the spine with its values."""
Lookup = Callable[[ViewPlan, ir.Table, ir.Table, ir.Table], ir.Table]
"""(view, rows with keys and cutoffs, these distinct, what was known from START on) -> each row with the last that was
known by its cutoff, or NULLs. The distinct ones stand by themselves: read from the rows they would repeat its query."""


# ---------------------------------------------------------------------- events


def events(part: ViewPlan, con: Any, relation: ir.Table) -> ir.Table:
    """The rows that may ever count, each with the moment from which it is seen (`start`)."""
    columns, must = event_columns(part, relation, lambda value: microseconds(con, value))
    rows = relation.select(**columns).drop_null(must)
    rows = numbered(part, rows)
    return rows.mutate(**{START: starts(rows, part.span(None))}) if EVENT in columns else rows


def starting(part: ViewPlan, con: Any, relation: ir.Table, wanted: Sequence[str]) -> ir.Table:
    """Keys and times of the events that have a value in `wanted`, read apart from what the view computes of them."""
    columns, must = event_columns(part, relation, lambda value: microseconds(con, value))
    must = [*must, *wanted]
    rows = narrowed(relation.select(**{name: columns[name] for name in must}), must).drop_null(must)
    return rows.mutate(**{START: starts(rows, part.span(None))})


def starts(rows: ir.Table, span: Span) -> ir.Value:
    """The first cutoff at which an event counts; available time only raises it."""
    seen = rows[EVENT] + span.lo
    return ibis.greatest(seen, rows[AVAILABLE]) if AVAILABLE in rows.columns else seen


def of_asked_keys(part: ViewPlan, relation: ir.Table, asks: ir.Table) -> ir.Table:
    """The rows that any ask may meet."""
    keys = asks.select(key_names(part)).distinct()

    def taken(table: ir.Table, names: Mapping[str, str]) -> ir.Table:
        return table.semi_join(keys, [*zip(names.values(), key_names(part), strict=True)])

    return restricted(relation, part.view.entity.keys, taken)


# ---------------------------------------------------------------------- as-of: which moment, then which of its rows


def known(part: ViewPlan, rows: ir.Table) -> ir.Table:
    """The moments from which on a newer event is known, by `moment_names`; several rows where events are equal.

    With two clocks a row that becomes available after a newer one is never the latest.
    """
    keys = key_names(part)
    found = rows.select(*keys, *moment_names(part))
    if part.view.source.available is None:
        return found
    upto = ibis.range_window(group_by=keys, order_by=START, following=0)
    found = found.mutate(_fsnb_newest=found[EVENT].max().over(upto))
    return found.filter(found[EVENT] == found["_fsnb_newest"]).select(*keys, START, EVENT)


def moment_names(part: ViewPlan) -> tuple[str, ...]:
    """With one clock the start says the event time too."""
    return (START,) if part.view.source.available is None else (START, EVENT)


def heads(part: ViewPlan, rows: ir.Table, wanted: Sequence[str]) -> ir.Table:
    """Of rows that are the latest from one moment on, the one with the greatest available time, then tie-break."""
    group = [*key_names(part), START] if START in rows.columns else key_names(part)
    last = [rows[name].desc(nulls_first=False) for name in order_names(part) if name != EVENT]
    return first_of(rows, group, last).select(*group, *wanted)


def first_of(rows: ir.Table, group_by: list[str], order_by: list[ir.Value]) -> ir.Table:
    ranked = rows.mutate(_fsnb_rank=ibis.row_number().over(group_by=group_by, order_by=order_by))
    return ranked.filter(ranked["_fsnb_rank"] == 0)


def asof(part: ViewPlan, cut: ir.Table, asks: ir.Table, found: ir.Table) -> ir.Table:
    """Native ASOF join: each ask meets the last head that started by its cutoff.

    DuckDB's ASOF lets a NULL on the left meet the last row of all, so no cutoff is before everything.
    """
    cut = cut.mutate(**{NEVER_NULL: cut[CUTOFF].fill_null(BEFORE_ALL)})
    return cut.asof_join(found, on=cut[NEVER_NULL] >= found[RIGHT + START], predicates=same_keys(part))


def interval(part: ViewPlan, cut: ir.Table, asks: ir.Table, found: ir.Table) -> ir.Table:
    """The same in plain SQL: the heads of a key follow one another, so an ask falls between exactly two."""
    after = ibis.window(group_by=[RIGHT + key for key in key_names(part)], order_by=RIGHT + START)
    # comparisons alone: for anything else DuckDB compares every row with every row
    found = found.mutate(**{NEXT: found[RIGHT + START].lead().over(after).fill_null(AFTER_ALL)})
    inside = [cut[CUTOFF] >= found[RIGHT + START], cut[CUTOFF] < found[NEXT]]
    return cut.left_join(found, [*same_keys(part), *inside])


def union(part: ViewPlan, cut: ir.Table, asks: ir.Table, found: ir.Table) -> ir.Table:
    """The same by one sort: asks among the heads in order of time, each with the start of the last head so far."""
    keys = key_names(part)
    moments = found.select(
        **{key: found[RIGHT + key] for key in keys}, **dict.fromkeys((CUTOFF, LAST_START), found[RIGHT + START])
    )
    both = moments.union(asks.select(*keys, CUTOFF).mutate(**{LAST_START: ibis.null("int64")}))
    upto = ibis.range_window(group_by=keys, order_by=CUTOFF, following=0)
    seen = both.mutate(**{NEXT: both[LAST_START].max().over(upto)}).filter(lambda t: t[LAST_START].isnull())
    at = seen.select(**{AT + name: seen[name] for name in (*keys, CUTOFF)}, **{AT + START: seen[NEXT]})
    placed = cut.left_join(at, [(name, AT + name) for name in (*keys, CUTOFF)]).select(*cut.columns, AT + START)
    return placed.left_join(found, [*same_keys(part), (AT + START, RIGHT + START)])


def same_keys(part: ViewPlan) -> list[tuple[str, str]]:
    """Equal keys, by name: an expression of the left may be found again inside the right, which computed it too."""
    return [(key, RIGHT + key) for key in key_names(part)]


Found = Callable[[ViewPlan, Any, ir.Table, ir.Table, ir.Table, Sequence[str]], tuple[ir.Table, ir.Table]]
"""(view, connection, its relation, rows that ask, the distinct asks, columns that must have a value)
-> the rows with their moments, and events among which are those of the moments."""


def latest(lookup: Lookup, *, unique: bool = True) -> Strategy:
    """The moment first, from keys and times alone; the other columns only of the rows of that moment.

    `unique` where the lookup wants each moment once.
    """

    def found(
        part: ViewPlan, con: Any, relation: ir.Table, asking: ir.Table, asks: ir.Table, valued: Sequence[str]
    ) -> tuple[ir.Table, ir.Table]:
        moments = known(part, starting(part, con, relation, valued))
        moments = moments.distinct() if unique else moments
        return met(part, lookup, asking, asks, moments), events(part, con, relation)

    return by_lanes(found)


def by_lanes(found: Found) -> Strategy:
    """Of each lane's moments the values."""

    def fill(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
        if not part.view.skip_nulls:
            return _with_values(part, *found(part, con, relation, cut, asks, ()), *lanes(part))
        on = [*key_names(part), CUTOFF]
        for lane in lanes(part):
            there, rows = found(part, con, relation, asks, asks, lane)
            answer = _with_values(part, there, rows.drop_null(lane), lane)
            cut = matched(cut, answer.select(*on, VALUE + lane[0]), on)
        return cut

    return fill


def met(part: ViewPlan, lookup: Lookup, cut: ir.Table, asks: ir.Table, moments: ir.Table) -> ir.Table:
    """Each row with its moment beside it."""
    found = lookup(part, cut, asks, moments.rename({RIGHT + name: name for name in moments.columns}))
    return closed(found.select(*cut.columns, **{AT + name: found[RIGHT + name] for name in moment_names(part)}))


def event_time(part: ViewPlan, met: ir.Table) -> ir.Value:
    """When the moment's event happened, microseconds."""
    return met[AT + EVENT] if AT + EVENT in met.columns else met[AT + START] - part.span(None).lo


def _with_values(part: ViewPlan, met: ir.Table, rows: ir.Table, wanted: Sequence[str]) -> ir.Table:
    """Of each row's moment the values."""
    keys, moment = key_names(part), moment_names(part)
    there = met.select(*keys, *(AT + name for name in moment))
    there = rows.semi_join(there, [*((key, key) for key in keys), *((name, AT + name) for name in moment)])
    best = heads(part, there, wanted)
    best = best.rename({RIGHT + name: name for name in best.columns})
    joined = met.left_join(best, [*same_keys(part), (AT + START, RIGHT + START)])
    asked = [name for name in met.columns if name not in {AT + name for name in moment}]
    return joined.select(*asked, **{VALUE + name: _unexpired(part, joined, RIGHT + name) for name in wanted})


def closed(joined: ir.Table) -> ir.Table:
    """A join as a query of its own, computed once however often it is used; Ibis would go on joining the same chain."""
    return ops.Project(joined, {name: joined[name] for name in joined.columns}).to_expr()


def _unexpired(part: ViewPlan, met: ir.Table, name: str) -> ir.Value:
    span = part.span(None)
    if span.hi is None:
        return met[name]
    return (met[CUTOFF] < event_time(part, met) + span.hi).ifelse(met[name], ibis.null(met[name].type()))


def static(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
    """No time: one row for each key."""
    rows = events(part, con, relation)
    for wanted in lanes(part):
        lane = rows.filter(rows[wanted[0]].notnull()) if part.view.skip_nulls else rows
        best = heads(part, lane, wanted)
        met = cut.left_join(best.rename({RIGHT + name: name for name in best.columns}), same_keys(part))
        cut = met.select(*cut.columns, **{VALUE + name: met[RIGHT + name] for name in wanted})
    return cut


# ---------------------------------------------------------------------- whole history: running aggregates


def lifetime(lookup: Lookup) -> Strategy:
    """What an ask sees of its key's whole history is what had been seen when the last event started to count.

    So each aggregate runs once over the events in order of their start, and an as-of join picks its value: the cost is
    a sort, where a join would meet every event of the key again for each ask.
    """

    def fill(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
        keys, rows = key_names(part), events(part, con, relation)
        once = {p.argument for p in part.primitives if p.function == "nunique"}
        rows = rows.mutate(**{FIRST + name: _is_first(rows, keys, name) for name in once})
        upto = ibis.range_window(group_by=keys, order_by=START, following=0)
        run = rows.mutate(**{VALUE + p.name: _running(con, rows, p).over(upto) for p in part.primitives})
        found = first_of(run, [*keys, START], [])
        names = [VALUE + primitive.name for primitive in part.primitives]
        found = found.select(*keys, START, *names).rename({RIGHT + name: name for name in (*keys, START)})
        return lookup(part, cut, asks, found).select(*cut.columns, *names)

    return fill


def _is_first(rows: ir.Table, keys: list[str], name: str) -> ir.Value:
    """1 where a value is seen for the first time, so that their running sum counts distinct values."""
    number = ibis.row_number().over(group_by=[*keys, name], order_by=START)
    return ((number == 0) & rows[name].notnull()).ifelse(1, 0).cast("int64")


def _running(con: Any, rows: ir.Table, primitive: Primitive) -> ir.Value:
    if primitive.function == "nunique":
        return rows[FIRST + primitive.argument].sum()
    return sql_aggregate(con, primitive.function)(rows[primitive.argument], None)


# ---------------------------------------------------------------------- windows: one banded join for all of a view


SQL_AGGREGATES: Mapping[str, Callable[[ir.Value, ir.Value | None], ir.Value]] = {
    "count": lambda column, where: column.count(where=where),
    "nunique": lambda column, where: column.nunique(where=where),
    "sum": lambda column, where: ops.Cast(column.sum(where=where), column.type()).to_expr(),
    "min": lambda column, where: column.min(where=where),
    "max": lambda column, where: column.max(where=where),
    "approx_nunique": lambda column, where: column.approx_nunique(where=where),
    "var_samp": lambda column, where: column.var(how="sample", where=where),
    "var_pop": lambda column, where: column.var(how="pop", where=where),
}


def _checked_sum(column: ir.Value, where: ir.Value | None) -> ir.Value:
    """Summed as decimals: the cast back fails where int64 does not hold the sum."""
    if not column.type().is_integer():
        return column.sum(where=where)
    return column.cast("decimal(38, 0)").sum(where=where).cast(column.type())


def _extreme(name: str, worst: ir.Value) -> Callable[[ir.Value, ir.Value | None], ir.Value]:
    """The least or greatest value that is not the worst infinity; that one where there is no other."""

    def aggregate(column: ir.Value, where: ir.Value | None) -> ir.Value:
        plain = SQL_AGGREGATES[name]
        if not column.type().is_floating():
            return plain(column, where)
        other = column != worst if where is None else where & (column != worst)
        alone = (column.count(where=where) > 0).ifelse(worst, ibis.null("float64"))
        return plain(column, other).coalesce(alone)

    return aggregate


# DataFusion's own sum of integers wraps around without a word (other engines' sums are wider, or fail), and its least
# of nothing but infinities is the greatest finite float
INFINITY = ibis.literal(math.inf)  # negated below, since Ibis writes a negative one as positive there
OWN_AGGREGATES: Mapping[str, Mapping[str, Callable[[ir.Value, ir.Value | None], ir.Value]]] = {
    "datafusion": {"sum": _checked_sum, "min": _extreme("min", INFINITY), "max": _extreme("max", -INFINITY)},
    "clickhouse": clickhouse.AGGREGATES,
}


def sql_aggregate(con: Any, function: str) -> Callable[[ir.Value, ir.Value | None], ir.Value]:
    return OWN_AGGREGATES.get(con.name, {}).get(function, SQL_AGGREGATES[function])


def joined(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
    """Equi-join on key and time band, filter, group by; once for each distinct ask.

    A band is as wide as the widest window, so an event counts in at most two bands and an ask lies in one: the join
    stays an equi-join, and its cost is the events within a window or two of each ask, not all events of the key.
    A whole history has no bands.
    """
    span, on = hull(part), [*key_names(part), CUTOFF]
    rows = events(part, con, relation)
    rows, same = rows.mutate(**{START: starts(rows, span)}), key_names(part)
    if span.hi is not None:
        asks, rows = banded(asks, rows.mutate(**{END: rows[EVENT] + span.hi}), span.hi - span.lo)
        same = [*same, BAND]
    rows = rows.rename({RIGHT + name: name for name in same})
    inside = [asks[CUTOFF] >= rows[START]] + ([asks[CUTOFF] < rows[END]] if span.hi is not None else [])
    met = asks.inner_join(rows, [*((name, RIGHT + name) for name in same), *inside])
    ranked = [p for p in part.primitives if p.function in RANKED and not _is_native(con, p)]
    computed = {VALUE + p.name: _aggregate(part, con, p, met, span) for p in part.primitives if p not in ranked}
    if computed:
        cut = matched(cut, met.group_by(*on).aggregate(**computed), on)
    for primitive in ranked:
        there = [met[primitive.argument].notnull(), *_within(part, primitive, met, span)]
        cut = matched(cut, RANKED[primitive.function](met.filter(there), on, primitive), on)
    return cut


def _is_native(con: Any, primitive: Primitive) -> bool:
    return primitive.function == "quantile" and con.name in NATIVE_QUANTILE


def matched(cut: ir.Table, answer: ir.Table, on: Sequence[str]) -> ir.Table:
    """`cut` with the values of an answer that has at most one row for each of its asks, NULL where it has none."""
    values = [name for name in answer.columns if name not in on]
    answer = answer.rename({RIGHT + name: name for name in on})
    return cut.left_join(answer, [(name, RIGHT + name) for name in on]).select(*cut.columns, *values)


def _aggregate(part: ViewPlan, con: Any, primitive: Primitive, met: ir.Table, span: Span) -> ir.Value:
    conditions, column = _within(part, primitive, met, span), met[primitive.argument]
    where = ibis.and_(*conditions) if conditions else None
    if primitive.function == "quantile":
        return column.quantile(primitive.parameter, where=where)
    return sql_aggregate(con, primitive.function)(column, where)


def _within(part: ViewPlan, primitive: Primitive, met: ir.Table, span: Span) -> list[ir.BooleanValue]:
    """Which of the rows that met an ask are in a primitive's own window: no condition where all are."""
    mine = part.span(primitive.window)
    if mine == span:
        return []
    ends = [] if mine.hi is None else [met[CUTOFF] < met[EVENT] + mine.hi]
    return [met[CUTOFF] >= met[EVENT] + mine.lo, *ends]


def banded(asks: ir.Table, rows: ir.Table, width: int) -> tuple[ir.Table, ir.Table]:
    rows = rows.filter(rows[START] < rows[END])
    first = rows.mutate(**{BAND: floored(rows[START], width)})
    second = rows.mutate(**{BAND: floored(rows[END] - 1, width)})
    crossing = second.filter(floored(second[START], width) != second[BAND])
    return asks.mutate(**{BAND: floored(asks[CUTOFF], width)}), first.union(crossing)

"""JoinPlan -> one Ibis table on a connection. STRATEGIES says which engine gets which strategy.

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

from fsnb.identity import bind
from fsnb.pit import lowering_polars
from fsnb.pit.clocks import cutoff, floored, microseconds
from fsnb.pit.engines import check_engine
from fsnb.pit.events import (
    AVAILABLE,
    BAND,
    CUTOFF,
    END,
    EVENT,
    NEXT,
    START,
    VALUE,
    event_columns,
    hull,
    key_names,
    lanes,
    order_names,
)
from fsnb.pit.planning import JoinPlan, Span, ViewPlan
from fsnb.pit.primitives import ZERO_WHEN_EMPTY, Primitive, clean
from fsnb.pit.read import ROW

RIGHT, FIRST, NEVER_NULL = "_fsnb_r", "_fsnb_first_", "_fsnb_c_or_never"
BEFORE_ALL = -(2**63)
Strategy = Callable[[ViewPlan, Any, ir.Table, ir.Table, ir.Table], ir.Table]


def lower(plan: JoinPlan, con: Any, tables: Mapping[str, ir.Table], spine: ir.Table) -> ir.Table:
    """The training set of a plan as an ordinary Ibis table; lazy.

    Parameters
    ----------
    plan
        What to compute.
    con
        The Ibis connection that holds `tables` and `spine`.
    tables
        Every source of `plan.sources`, read by `fsnb.pit.read_source`.
    spine
        The spine's table. A column `_fsnb_row`, where it has one, is carried through, to order by.

    Returns
    -------
    ibis.Table
        One row per spine row, in no promised order: the spine's columns, then the features.

    Raises
    ------
    NotSupported
        The engine cannot keep the rules of time.
    """
    check_engine(con.name, "training set")
    filled = spine
    for part in plan.views:
        filled = _with_view(filled, spine, part, plan, con, tables)
    kept = [ROW] if ROW in spine.columns else []
    return filled.select(*plan.spine.columns, *kept, *(feature.column for feature in plan.features))


def _with_view(
    filled: ir.Table,
    spine: ir.Table,
    part: ViewPlan,
    plan: JoinPlan,
    con: Any,
    tables: Mapping[str, ir.Table],
) -> ir.Table:
    """`filled` with one view's features; its asks come from the bare spine: views do not wait for each other."""
    relation = bind(part.view.relation, tables)
    on = [*key_names(part), CUTOFF]
    cut = _asking(filled, con, part, plan, relation)
    asks = _asking(spine, con, part, plan, relation).select(*on).drop_null().distinct()
    met = _fill(part, con, relation, cut, asks)
    values = {feature.column: value for feature, value in zip(part.features, _values(part, met), strict=True)}
    return met.select(*(name for name in cut.columns if name not in on), **values)


def _asking(table: ir.Table, con: Any, part: ViewPlan, plan: JoinPlan, relation: ir.Table) -> ir.Table:
    """The spine with its keys, in the source's types, and its cutoff beside it."""
    names = [(plan.spine.key_column(key), relation[key].type()) for key in part.view.entity.keys]
    keys = [table[name] if table[name].type() == dtype else table[name].cast(dtype) for name, dtype in names]
    table = table.mutate(**dict(zip(key_names(part), keys, strict=True)))
    if con.name == "polars":
        return lowering_polars.with_cutoff(table, con, part, plan.spine.at)
    return table.mutate(**{CUTOFF: cutoff(microseconds(con, table[plan.spine.at]), part.lag, part.refresh)})


def _fill(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
    if con.name == "polars":
        return lowering_polars.fill(part, con, relation, cut, asks)
    shape = "lifetime" if part.view.kind == "window" and not part.view.windows else part.view.kind
    return STRATEGIES.get(con.name, STRATEGIES["sql"])[shape](part, con, relation, cut, asks)


def _values(part: ViewPlan, met: ir.Table) -> list[ir.Value]:
    """The features' values over what was met: arithmetic over primitives, zero counts, no NaN, `fill`."""
    if part.view.kind == "window":
        primitives = {primitive.name: primitive for primitive in part.primitives}
        found = {name: _over_primitives(value, primitives, met) for name, value in part.values}
    else:
        found = {name: met[VALUE + name] for name, _ in part.arguments}
    fill = dict(part.view.fill)
    done = {name: clean(value) for name, value in found.items()}
    done |= {name: done[name].coalesce(ibis.literal(fill[name], done[name].type())) for name in done if name in fill}
    return [done[feature.name] for feature in part.features]


def _over_primitives(value: ir.Value, primitives: Mapping[str, Primitive], met: ir.Table) -> ir.Value:
    replaced = {}
    for field in value.op().find(ops.Field, filter=ops.Value):
        column = met[VALUE + field.name]
        replaced[field] = (column.coalesce(0) if primitives[field.name].function in ZERO_WHEN_EMPTY else column).op()
    return value.op().replace(replaced).to_expr()


# ---------------------------------------------------------------------- events


def events(part: ViewPlan, con: Any, relation: ir.Table) -> ir.Table:
    """The rows that may ever count, each with the moment from which it is seen (`start`)."""
    columns, must = event_columns(part, relation, lambda value: microseconds(con, value))
    rows = relation.select(**columns).drop_null(must)
    return rows.mutate(**{START: _start(rows, part.span(None))}) if EVENT in columns else rows


def _start(rows: ir.Table, span: Span) -> ir.Value:
    """The first cutoff at which an event counts; available time only raises it."""
    seen = rows[EVENT] + span.lo
    return ibis.greatest(seen, rows[AVAILABLE]) if AVAILABLE in rows.columns else seen


# ---------------------------------------------------------------------- as-of: heads, then one of two joins


def heads(part: ViewPlan, rows: ir.Table, wanted: Sequence[str]) -> ir.Table:
    """The events that are the latest known at some moment, each from its start until the next head's.

    Of the rows seen by then the latest is the one with the greatest event time, then available time, then tie-break.
    With two clocks a row that becomes available late, after a newer one, is never a head.
    """
    keys, order = key_names(part), order_names(part)
    if AVAILABLE in rows.columns:
        first = [rows[name].asc(nulls_first=True) for name in order]
        ranked = rows.mutate(_fsnb_rank=ibis.row_number().over(group_by=keys, order_by=first))
        upto = ibis.range_window(group_by=keys, order_by=START, following=0)
        best = ranked.mutate(_fsnb_best=ranked["_fsnb_rank"].max().over(upto))
        found = best.filter(best["_fsnb_rank"] == best["_fsnb_best"])
    else:
        last = [rows[name].desc(nulls_first=False) for name in order if name != EVENT]
        found = _first(rows, [*keys, START] if START in rows.columns else keys, last)
    return found.select(*(name for name in (*keys, START, EVENT) if name in found.columns), *wanted)


def _first(rows: ir.Table, group_by: list[str], order_by: list[ir.Value]) -> ir.Table:
    ranked = rows.mutate(_fsnb_rank=ibis.row_number().over(group_by=group_by, order_by=order_by))
    return ranked.filter(ranked["_fsnb_rank"] == 0)


def _asof(part: ViewPlan, cut: ir.Table, found: ir.Table) -> ir.Table:
    """Native ASOF join: each ask meets the last head that started by its cutoff.

    DuckDB's ASOF lets a NULL on the left meet the last row of all, so no cutoff is before everything.
    """
    cut = cut.mutate(**{NEVER_NULL: cut[CUTOFF].fill_null(BEFORE_ALL)})
    return cut.asof_join(found, on=cut[NEVER_NULL] >= found[RIGHT + START], predicates=_same(part))


def _interval(part: ViewPlan, cut: ir.Table, found: ir.Table) -> ir.Table:
    """The same in plain SQL: the heads of a key follow one another, so an ask falls between exactly two."""
    after = ibis.window(group_by=[RIGHT + key for key in key_names(part)], order_by=RIGHT + START)
    found = found.mutate(**{NEXT: found[RIGHT + START].lead().over(after)})
    before_next = (cut[CUTOFF] < found[NEXT]) | found[NEXT].isnull()
    return cut.left_join(found, [*_same(part), cut[CUTOFF] >= found[RIGHT + START], before_next])


def _lookup(part: ViewPlan, cut: ir.Table, found: ir.Table) -> ir.Table:
    """Static: one head per key."""
    return cut.left_join(found, _same(part))


def _same(part: ViewPlan) -> list[tuple[str, str]]:
    """Equal keys, by name: an expression of the left may be found again inside the right, which computed it too."""
    return [(key, RIGHT + key) for key in key_names(part)]


def _latest(join: Callable[[ViewPlan, ir.Table, ir.Table], ir.Table]) -> Strategy:
    def fill(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
        rows = events(part, con, relation)
        for wanted in lanes(part):
            lane = rows.filter(rows[wanted[0]].notnull()) if part.view.skip_nulls else rows
            found = heads(part, lane, wanted)
            met = join(part, cut, found.rename({RIGHT + name: name for name in found.columns}))
            cut = met.select(*cut.columns, **{VALUE + name: _unexpired(part, met, RIGHT + name) for name in wanted})
        return cut

    return fill


def _unexpired(part: ViewPlan, met: ir.Table, name: str) -> ir.Value:
    hi = part.span(None).hi
    if hi is None:
        return met[name]
    return (met[CUTOFF] < met[RIGHT + EVENT] + hi).ifelse(met[name], ibis.null(met[name].type()))


# ---------------------------------------------------------------------- whole history: running aggregates


def _lifetime(join: Callable[[ViewPlan, ir.Table, ir.Table], ir.Table]) -> Strategy:
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
        found = _first(run, [*keys, START], [])
        names = [VALUE + primitive.name for primitive in part.primitives]
        found = found.select(*keys, START, *names).rename({RIGHT + name: name for name in (*keys, START)})
        return join(part, cut, found).select(*cut.columns, *names)

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
OWN_AGGREGATES = {
    "datafusion": {"sum": _checked_sum, "min": _extreme("min", INFINITY), "max": _extreme("max", -INFINITY)}
}


def sql_aggregate(con: Any, function: str) -> Callable[[ir.Value, ir.Value | None], ir.Value]:
    return OWN_AGGREGATES.get(con.name, {}).get(function, SQL_AGGREGATES[function])


def _windowed(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
    """Equi-join on key and time band, filter, group by; once for each distinct ask.

    A band is as wide as the widest window, so an event counts in at most two bands and an ask lies in one: the join
    stays an equi-join, and its cost is the events within a window or two of each ask, not all events of the key.
    """
    span, on = hull(part), [*key_names(part), CUTOFF]
    rows = events(part, con, relation)
    rows = rows.mutate(**{START: _start(rows, span)})
    assert span.hi is not None
    asks, rows = _banded(asks, rows.mutate(**{END: rows[EVENT] + span.hi}), span.hi - span.lo)
    rows = rows.rename({RIGHT + name: name for name in (*key_names(part), BAND)})
    inside = [asks[CUTOFF] >= rows[START], asks[CUTOFF] < rows[END]]
    met = asks.inner_join(rows, [*_same(part), (BAND, RIGHT + BAND), *inside])
    computed = {VALUE + primitive.name: _aggregate(part, con, primitive, met, span) for primitive in part.primitives}
    answer = met.group_by(*on).aggregate(**computed).rename({RIGHT + name: name for name in on})
    return cut.left_join(answer, [(name, RIGHT + name) for name in on]).select(*cut.columns, *computed)


def _aggregate(part: ViewPlan, con: Any, primitive: Primitive, met: ir.Table, span: Span) -> ir.Value:
    mine, where = part.span(primitive.window), None
    if mine != span:
        where = (met[CUTOFF] >= met[EVENT] + mine.lo) & (met[CUTOFF] < met[EVENT] + mine.hi)
    return sql_aggregate(con, primitive.function)(met[primitive.argument], where)


def _banded(asks: ir.Table, rows: ir.Table, width: int) -> tuple[ir.Table, ir.Table]:
    rows = rows.filter(rows[START] < rows[END])
    first = rows.mutate(**{BAND: floored(rows[START], width)})
    second = rows.mutate(**{BAND: floored(rows[END] - 1, width)})
    crossing = second.filter(floored(second[START], width) != second[BAND])
    return asks.mutate(**{BAND: floored(asks[CUTOFF], width)}), first.union(crossing)


STRATEGIES: Mapping[str, Mapping[str, Strategy]] = {
    "duckdb": {"asof": _latest(_asof), "window": _windowed, "lifetime": _lifetime(_asof), "static": _latest(_lookup)},
    "sql": {
        "asof": _latest(_interval),
        "window": _windowed,
        "lifetime": _lifetime(_interval),
        "static": _latest(_lookup),
    },
}

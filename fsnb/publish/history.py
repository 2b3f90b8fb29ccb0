"""What the history of a view should hold, and which rows it lacks, as Ibis expressions on the target.

A history row says: from `available_time` on, a reader who looks for the latest `event_time` finds these values. So a
plain as-of join on the history gives the very rows that the rules of time give from the raw sources:

- An as-of view has one row per source row. Available is the first asking time at which the row is seen: its event time
  or its own available time, whichever is later, rounded up to the refresh tick, plus the lag.
- A windowed view has one row per entity and refresh tick T, computed with cutoff T, event time T, available T + lag.
  Values change only where an event enters or leaves a window, so the ticks just after those moments are enough, and of
  these only the ones whose values are not those of the tick before.
- An as-of view with `skip_nulls` is told in ticks too: a row mixes columns of several source rows, and each of them
  enters (and with a ttl leaves) at a moment of its own.
- A static view has one row per key, at the epoch.

Nothing is rewritten. What was never told, a late row, is available when the rules of time say. What was told and has
changed since is told again, available from the run on: that is what was served until then. `fsnb_known_time` is when
the rules would have made a row available, in its corrections too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add, or_
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.identity import bind
from fsnb.model import FeatureView, Spine
from fsnb.model.data import TIMESTAMP
from fsnb.pit import EnginePlan, JoinPlan, ViewPlan, lower, on, plan
from fsnb.pit.choosing import Estimate
from fsnb.pit.clocks import floored, microseconds
from fsnb.pit.events import AVAILABLE, EVENT, START, key_names, order_names
from fsnb.pit.lowering import events
from fsnb.publish.certificate import ABS_TOL, REL_TOL
from fsnb.publish.inputs import Times, as_value, computed_once, inside, interval_number, tick_at_or_after
from fsnb.publish.intervals import Grid, Range

EVENT_TIME, AVAILABLE_TIME, KNOWN_TIME, RUN_ID = "event_time", "available_time", "fsnb_known_time", "fsnb_run_id"
TICKS, STAGE, LAST = "fsnb_ticks", "fsnb_stage", "fsnb_last"
EPOCH = datetime(1970, 1, 1)
MICROSECOND = ibis.interval(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stretches:
    """Which part of a history is told anew.

    Attributes
    ----------
    told
        Stretches of event time, (after, up to], in order.
    end
        No tick after this moment, and no source row that is seen only after it.
    opening, closing
        For a view told in ticks: what is in force at the first tick after a moment is told too. At the opening of
        every entity, since what led to it may never have been told; at the closing of those that the stretches change,
        since what follows was told without them.
    """

    told: tuple[Range, ...]
    end: int
    opening: int | None = None
    closing: int | None = None

    def reach(self, part: ViewPlan) -> list[Range]:
        """All stretches that source rows are needed for."""
        ends = [] if self.closing is None else [(self.closing, self.closing + (part.refresh or 1))]
        return [*self.told, *ends]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The columns of a view's published tables."""

    keys: tuple[str, ...]
    features: tuple[str, ...]
    types: ibis.Schema

    @classmethod
    def of(cls, view: FeatureView) -> Layout:
        keys = {key: view.relation[key].type() for key in view.entity.keys}
        times = dict.fromkeys((EVENT_TIME, AVAILABLE_TIME, KNOWN_TIME), TIMESTAMP)
        types = keys | dict(view.schema.items()) | times | {RUN_ID: "string"}
        return cls(view.entity.keys, view.features, ibis.schema(types))

    def only(self, *columns: str) -> ibis.Schema:
        return ibis.schema({name: self.types[name] for name in columns})

    @property
    def required(self) -> tuple[str, ...]:
        return (*self.keys, EVENT_TIME, AVAILABLE_TIME, KNOWN_TIME, RUN_ID)

    @property
    def history(self) -> ibis.Schema:
        return self.only(*self.keys, EVENT_TIME, AVAILABLE_TIME, *self.features, KNOWN_TIME, RUN_ID)

    @property
    def current(self) -> ibis.Schema:
        return self.only(*self.keys, EVENT_TIME, AVAILABLE_TIME, *self.features, RUN_ID)

    @property
    def stage(self) -> ibis.Schema:
        return self.only(*self.keys, EVENT_TIME, KNOWN_TIME, *self.features)

    @property
    def ticks(self) -> ibis.Schema:
        return self.only(*self.keys, EVENT_TIME, KNOWN_TIME)

    @property
    def staged(self) -> ir.Table:
        """The temporary table of what the history should hold."""
        return ibis.table(self.stage, name=STAGE)

    @property
    def last(self) -> ir.Table:
        """The temporary table of what the history says last of each of its moments."""
        return ibis.table(self.history, name=LAST)


def tick_plan(view: FeatureView) -> JoinPlan:
    """The view on a spine of ticks, asked at the moment from which a tick's values are available."""
    return plan(Spine(ibis.table(Layout.of(view).ticks, name=TICKS), at=KNOWN_TIME), view)


# ---------------------------------------------------------------------- what the history should hold


def source_rows(part: ViewPlan, con: Any, tables: Mapping[str, ir.Table], end: Any) -> ir.Table:
    """An as-of or static view's rows that are seen by the cutoff `end` (microseconds).

    One per key, event time and the time from which it is known.
    Of rows that become known at the same moment only the winner can ever be read.
    """
    view, layout = part.view, Layout.of(part.view)
    rows = computed_once(con, events(part, con, bind(view.relation, tables)))
    times: dict[str, Any] = {EVENT_TIME: ibis.literal(0, "int64"), KNOWN_TIME: ibis.literal(0, "int64")}
    if view.kind != "static":
        seen = tick_at_or_after(rows[START], part.refresh)
        rows = rows.filter(seen <= end)
        times = {EVENT_TIME: rows[EVENT], KNOWN_TIME: tick_at_or_after(rows[START], part.refresh) + part.lag}
    rows = rows.mutate(**times)
    order = [rows[name].desc(nulls_first=False) for name in order_names(part) if name != EVENT]
    same = [*key_names(part), EVENT_TIME, KNOWN_TIME]
    ranked = rows.mutate(fsnb_rank=ibis.row_number().over(group_by=same, order_by=order or None))
    won = ranked.filter(ranked["fsnb_rank"] == 0)
    fill = dict(view.fill)
    values = {name: won[name] for name in layout.features}
    values |= {name: values[name].coalesce(ibis.literal(fill[name], values[name].type())) for name in fill}
    clocks = {name: timestamp(won[name]) for name in (EVENT_TIME, KNOWN_TIME)}
    return won.select(**_keys(part, won), **clocks, **values)


def candidate_ticks(part: ViewPlan, con: Any, tables: Mapping[str, ir.Table], stretches: Stretches) -> ir.Table:
    """Where a value may change in some stretches of time: where events enter and leave, and where it was told to."""
    keys, last = key_names(part), Layout.of(part.view).last
    rows = computed_once(con, events(part, con, bind(part.view.relation, tables)))
    told = {key: last[name] for key, name in zip(keys, part.view.entity.keys, strict=True)}
    past = last.select(**told, tick=microseconds(con, last[EVENT_TIME]))
    ticks = reduce(_and_also, [*_changes(part, rows), past])
    ticks = reduce(
        _and_also, _at_the_ends(part, rows, past, ticks, stretches), ticks.filter(_in(ticks["tick"], stretches))
    )
    clocks = {EVENT_TIME: timestamp(ticks["tick"]), KNOWN_TIME: timestamp(ticks["tick"] + part.lag)}
    return ticks.select(**_keys(part, ticks), **clocks)


def _and_also(left: ir.Table, right: ir.Table) -> ir.Table:
    return left.union(right, distinct=True)


def _in(tick: ir.IntegerValue, stretches: Stretches) -> ir.BooleanValue:
    inside = [(tick > start) & (tick <= end) for start, end in stretches.told]
    return reduce(or_, inside, ibis.literal(False)) & (tick <= stretches.end)


def _at_the_ends(
    part: ViewPlan, rows: ir.Table, past: ir.Table, ticks: ir.Table, stretches: Stretches
) -> Iterator[ir.Table]:
    """What is in force when the history begins in the middle, or goes on after a gap."""
    keys = key_names(part)
    if stretches.opening is not None:
        first = tick_at_or_after(stretches.opening + 1, part.refresh)
        before = rows.filter(rows[START] <= first).select(*keys).union(past.filter(past["tick"] <= first).select(*keys))
        yield before.distinct().mutate(tick=_whole(first))
    if stretches.closing is not None:
        after = tick_at_or_after(stretches.closing + 1, part.refresh)
        mine = ticks.filter(_in(ticks["tick"], stretches)).select(*keys)
        yield mine.distinct().mutate(tick=_whole(after))


def _whole(us: Any) -> ir.IntegerValue:
    return us if isinstance(us, ir.Value) else ibis.literal(us, "int64")


def _changes(part: ViewPlan, rows: ir.Table) -> list[ir.Table]:
    keys, found = key_names(part), []
    for window in part.windows or (None,):
        span = part.span(window)
        start = rows[EVENT] + span.lo
        start = ibis.greatest(start, rows[AVAILABLE]) if AVAILABLE in rows.columns else start
        if span.hi is None:
            found.append(rows.select(*keys, tick=tick_at_or_after(start, part.refresh)))
            continue
        end = rows[EVENT] + span.hi
        counted = rows.filter(start < end)  # one that is known too late changes nothing, then or when it leaves
        found += [counted.select(*keys, tick=tick_at_or_after(moment, part.refresh)) for moment in (start, end)]
    return found


def on_ticks(joined: JoinPlan, con: Any, tables: Mapping[str, ir.Table], counted: Estimate | None = None) -> EnginePlan:
    """The plan on the candidate ticks, which are in the table TICKS; by what was `counted` there, nothing is read."""
    (part,) = joined.views
    ticks = ibis.table(Layout.of(part.view).ticks, name=TICKS)
    return on(joined, con, tables, ticks, known={part.view.name: counted})


def tick_values(
    joined: JoinPlan, con: Any, tables: Mapping[str, ir.Table], counted: Estimate | None = None
) -> ir.Table:
    """The view at each of the candidate ticks."""
    plan = on_ticks(joined, con, tables, counted)
    (part,) = plan.views
    assert plan.table is not None
    return lower(plan, con, tables, plan.table).select(*Layout.of(part.view).stage.names)


def _keys(part: ViewPlan, table: ir.Table) -> dict[str, ir.Value]:
    return {name: table[key] for key, name in zip(key_names(part), part.view.entity.keys, strict=True)}


def timestamp(us: ir.IntegerValue) -> ir.TimestampValue:
    """Microseconds since the epoch as a timestamp. In two steps: PostgreSQL counts an interval in float seconds."""
    rest = us - floored(us, 1_000_000)
    seconds = ((us - rest) / 1_000_000).cast("int64")
    return (ibis.literal(EPOCH) + seconds.as_interval("s") + rest.as_interval("us")).cast(TIMESTAMP)


# ---------------------------------------------------------------------- which rows the history lacks


def last_told(layout: Layout, told: ir.Table, wanted: Times, *, before: bool) -> ir.Table:
    """What a history says now of its moments in some stretches of time: corrections count, what they corrected not.

    With `before` also what it says last before each stretch, of each entity.
    """
    here = told.filter(inside(told[EVENT_TIME], wanted))
    if before:
        here = here.union(_before(layout, told, wanted))
    return _first(here, [*layout.keys, EVENT_TIME, KNOWN_TIME], (AVAILABLE_TIME,))


def _before(layout: Layout, told: ir.Table, wanted: Times) -> ir.Table:
    """The rows of the last moment of each entity between one stretch and the next; one pass over the history."""
    outside = told.filter(~inside(told[EVENT_TIME], wanted), told[EVENT_TIME] <= as_value(wanted[-1][0]))
    gap = reduce(add, [(outside[EVENT_TIME] > as_value(start)).ifelse(1, 0) for start, _ in wanted])
    moments = (
        outside.mutate(fsnb_gap=gap)
        .group_by(*layout.keys, "fsnb_gap")
        .aggregate(fsnb_moment=lambda t: t[EVENT_TIME].max())
    )
    moments = moments.rename({_told(key): key for key in layout.keys})
    same = [*((key, _told(key)) for key in layout.keys), (EVENT_TIME, "fsnb_moment")]
    return told.inner_join(moments, same).select(*told.columns)


def rows_lacking(layout: Layout, now: Any) -> ir.Table:
    """Staged source rows that were never told, or were told otherwise, with the time from which to read them.

    A correction of a row that another one has superseded meanwhile is left out: nobody could read it.
    """
    stage = layout.staged
    following = stage[KNOWN_TIME].lead().over(group_by=[*layout.keys, EVENT_TIME], order_by=KNOWN_TIME)
    last = layout.last.rename({_told(name): name for name in layout.last.columns})
    same = [(name, _told(name)) for name in (*layout.keys, EVENT_TIME, KNOWN_TIME)]
    met = stage.mutate(fsnb_next=following).left_join(last, same)
    met = met.mutate(fsnb_new=met[_told(AVAILABLE_TIME)].isnull())
    met = met.mutate(
        **{AVAILABLE_TIME: met["fsnb_new"].ifelse(met[KNOWN_TIME], _again(met[_told(AVAILABLE_TIME)], now))}
    )
    readable = met["fsnb_next"].isnull() | (met["fsnb_next"] > met[AVAILABLE_TIME])
    kept = met.filter(met["fsnb_new"] | (_differ(layout, met) & readable))
    return kept.select(*layout.stage.names, AVAILABLE_TIME)


def ticks_lacking(layout: Layout, now: Any) -> ir.Table:
    """Staged ticks whose values are not what the history tells there, with the time from which to read them.

    Between two ticks of the history the staged ones should repeat the first; from where they stop doing so, each one
    that differs from the one before is told.
    """
    by = {"group_by": [*layout.keys, "fsnb_governing"], "order_by": EVENT_TIME}
    met = _beside_governing(layout)
    stale = met["fsnb_governing"].isnull() | _differ(layout, met)
    met = met.mutate(fsnb_since=stale.ifelse(1, 0).max().over(ibis.cumulative_window(**by)))
    before = met["fsnb_since"].lag().over(**by).fill_null(0)
    moved = reduce(or_, [~met[name].identical_to(met[name].lag().over(**by)) for name in layout.features])
    available = met["fsnb_here"].isnull().ifelse(met[KNOWN_TIME], _again(met["fsnb_here"], now))
    met = met.mutate(fsnb_tell=(met["fsnb_since"] == 1) & ((before == 0) | moved), **{AVAILABLE_TIME: available})
    return met.filter(met["fsnb_tell"]).select(*layout.stage.names, AVAILABLE_TIME)


def _beside_governing(layout: Layout) -> ir.Table:
    """Each staged tick beside the last told one up to it, which governs it; `fsnb_here` where that is the very tick."""
    last, names = layout.last, layout.stage.names
    told = last.select(*names, fsnb_staged=ibis.literal(0, "int8"), fsnb_governing=last[EVENT_TIME])
    staged = layout.staged.mutate(fsnb_staged=ibis.literal(1, "int8"), fsnb_governing=ibis.null(TIMESTAMP))
    both = told.union(staged.select(*told.columns))
    upto = ibis.cumulative_window(group_by=layout.keys, order_by=[EVENT_TIME, "fsnb_staged"])
    both = both.mutate(fsnb_governing=both["fsnb_governing"].max().over(upto))
    marked = both.filter(both["fsnb_staged"] == 1)
    governing = last.rename({_told(name): name for name in last.columns})
    same = [(name, _told(name)) for name in layout.keys]
    met = marked.left_join(governing, [*same, ("fsnb_governing", _told(EVENT_TIME))])
    here = (met["fsnb_governing"] == met[EVENT_TIME]).ifelse(met[_told(AVAILABLE_TIME)], ibis.null(TIMESTAMP))
    return met.mutate(fsnb_here=here)


def withdrawn(layout: Layout, until: Any) -> ir.Table:
    """Rows of the history, known up to a time, that the sources no longer give. They stay: it was read from."""
    last = layout.last
    return last.filter(last[KNOWN_TIME] <= until).anti_join(layout.staged, [*layout.keys, EVENT_TIME, KNOWN_TIME])


def current_rows(layout: Layout, told: ir.Table, now: Any, run_id: Any, since: Any, stretches: Times) -> ir.Table:
    """The latest row of each entity by now, among those that a run has told or that became available `since`.

    What the run has told lies in `stretches` of event time; with no `since`, all rows are looked at.
    """
    seen = told.filter(told[AVAILABLE_TIME] <= now)
    if since is not None:  # each side by a column that has an index
        mine = inside(seen[EVENT_TIME], stretches) & (seen[RUN_ID] == run_id)
        seen = seen.filter(mine | (seen[AVAILABLE_TIME] > since))
    return _first(seen, layout.keys, (EVENT_TIME, AVAILABLE_TIME)).select(*layout.current.names)


def rows_of(con: Any, told: ir.Table, wanted: Times, grid: Grid) -> ir.Table:
    """How many rows the history has of each interval in some stretches of time."""
    here = told.filter(inside(told[EVENT_TIME], wanted))
    number = interval_number(microseconds(con, here[EVENT_TIME]), grid)
    return here.select(fsnb_interval=number).group_by("fsnb_interval").aggregate(fsnb_rows=lambda t: t.count())


def _first(table: ir.Table, by: Sequence[str], greatest: Sequence[str]) -> ir.Table:
    order = [table[name].desc() for name in greatest]
    ranked = table.mutate(fsnb_rank=ibis.row_number().over(group_by=by, order_by=order))
    return ranked.filter(ranked["fsnb_rank"] == 0).drop("fsnb_rank")


def _told(name: str) -> str:
    return f"fsnb_told_{name}"


def _again(told: ir.Value, now: Any) -> ir.Value:
    """When a correction of what was told becomes readable: now, but in any case after that."""
    return ibis.greatest(now, told + MICROSECOND)


def _differ(layout: Layout, met: ir.Table) -> ir.BooleanValue:
    """Whether any feature is not what was told; floats within a tolerance: a sum depends on the order of its rows."""
    return reduce(or_, [~_alike(met[name], met[_told(name)]) for name in layout.features])


def _alike(new: ir.Value, old: ir.Value) -> ir.BooleanValue:
    alike = new.identical_to(old)
    if not new.type().is_floating():
        return alike
    finite = ~(new.isinf() | old.isinf())
    near = (new - old).abs() <= ibis.greatest(new.abs(), old.abs()) * REL_TOL + ABS_TOL
    return alike | (finite & near).fill_null(False)

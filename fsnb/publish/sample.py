"""Which rows a certificate rests on: a few entities, a stretch of time of each, and the moments where engines err.

Both engines and the oracle answer for the same asks over the same source rows, cut out by the same two conditions: the
sampled keys, and each key's stretch of time. So the cost does not grow with the source, and a hot key does not make
the slow oracle read a million rows. The draw is made on the target, in one fixed pseudo-random order of event times.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from fsnb.identity import bind
from fsnb.model import FeatureView, Spine
from fsnb.model.data import TIMESTAMP
from fsnb.pit import ViewPlan, attach, plan
from fsnb.pit.clocks import floored
from fsnb.pit.events import AVAILABLE, EVENT, key_names
from fsnb.pit.lowering import events

AT, FROM, TO, ANCHOR = "fsnb_at", "fsnb_from", "fsnb_to", "fsnb_anchor"
ENTITIES, EVENTS_EACH, MOST_EVENTS = 24, 80, 4_000
EPOCH, DAY = datetime(1970, 1, 1), 86_400_000_000
EARLIEST, LATEST = -DAY * 365 * 1_900, DAY * 365 * 8_000  # times that Python and PostgreSQL can hold

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A row that the view reads: its key and clocks, in microseconds."""

    key: Key
    time: int
    available: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`asks` to fill, how many each stratum gave, and `cut`: the keys and stretches of time that source rows are from."""

    asks: pa.Table
    strata: tuple[tuple[str, int], ...]
    cut: pa.Table | None


def asking_plan(view: FeatureView) -> Any:
    """The plan of one view on a spine of its keys and a time."""
    columns = {key: view.relation[key].type() for key in view.entity.keys}
    return plan(Spine(ibis.table(columns | {AT: TIMESTAMP}, name="fsnb_asks"), at=AT), view)


def sample(view: FeatureView, con: Any, tables: Mapping[str, ir.Table], *, rows: int = 500, seed: int = 0) -> Sample:
    """Draw what a certificate compares, the same for the same data, seed and engine.

    Parameters
    ----------
    view
        The view to certify.
    con, tables
        The target and its tables; an SQL engine.
    rows
        Asks at most.
    """
    part = asking_plan(view).views[0]
    known = events(part, con, bind(view.relation, tables))
    clocks = [name for name in (EVENT, AVAILABLE) if name in known.columns]
    known = known.select(*key_names(part), *clocks)
    found, anchors, cut = _neighbourhoods(part, con, known, seed) if clocks else (_keys_only(part, known), {}, None)
    buckets = _buckets(part, found, anchors, random.Random(seed))
    chosen = _round_robin(buckets, rows)
    return Sample(_table(part, [ask for _, ask in chosen]), _counts(chosen), cut)


def restrict(view: FeatureView, con: Any, source: ir.Table, cut: pa.Table | None) -> ir.Table:
    """The source's rows of the sampled keys and stretches of time; rows without a time stay.

    Only columns that the view's relation takes from the source as they are can be used. Every side drops the same rows.
    """
    keys = [(key, column) for key in view.entity.keys if (column := origin(view, key)) is not None]
    clock = view.source.event_time and origin(view, view.source.event_time)
    if cut is None or not (keys or clock):
        return source
    if not keys:
        return source.filter(_between(source, clock, *(ibis.literal(each) for each in _whole(cut))))
    stretches = attach(con, _merged(cut, [key for key, _ in keys]), "sample")
    stretches = stretches.rename({f"fsnb_k{i}": key for i, (key, _) in enumerate(keys)})
    same = [source[column] == stretches[f"fsnb_k{i}"] for i, (_, column) in enumerate(keys)]
    joined = source.inner_join(stretches, same)
    if clock:
        joined = joined.filter(_between(joined, clock, joined[FROM], joined[TO]))
    return joined.select(*source.columns)


def _between(table: ir.Table, clock: str, start: ir.Value, end: ir.Value) -> ir.BooleanValue:
    return table[clock].isnull() | ((table[clock] >= start) & (table[clock] <= end))


def _whole(cut: pa.Table) -> tuple[datetime, datetime]:
    return min(cut[FROM].to_pylist(), default=EPOCH), max(cut[TO].to_pylist(), default=EPOCH)


def origin(view: FeatureView, column: str) -> str | None:
    """The source's column that a column of the view's relation is a plain copy of."""
    node: Any = view.relation[column].op()
    while isinstance(node, ops.Field):
        parent: Any = node.rel
        if isinstance(parent, ops.UnboundTable):
            return node.name if parent.name == view.source.name else None
        if isinstance(
            parent, ops.JoinReference | ops.SelfReference | ops.Filter | ops.Sort | ops.DropNull | ops.Distinct
        ):
            node = ops.Field(parent.parent, node.name)
        elif isinstance(parent, ops.Project | ops.JoinChain):
            node = parent.values[node.name]
        else:
            return None
    return None


def _merged(cut: pa.Table, keys: Sequence[str]) -> pa.Table:
    """One stretch per combination of keys, so that no row comes twice."""
    found = cut.group_by(list(keys)).aggregate([(FROM, "min"), (TO, "max")])
    return found.rename_columns([*keys, FROM, TO]).select([*keys, FROM, TO])


# ---------------------------------------------------------------------- which entities, which stretch of time


def _neighbourhoods(
    part: ViewPlan, con: Any, known: ir.Table, seed: int
) -> tuple[list[Event], dict[str, list[Event]], pa.Table]:
    anchors = {name: _fetch(part, query) for name, query in _draws(part, known, seed).items()}
    first: dict[Key, Event] = {}
    for _, event in _round_robin(anchors, ENTITIES * len(anchors)):
        if len(first) < ENTITIES:
            first.setdefault(event.key, event)
    cut = _stretches(part, con, known, list(first.values()))
    stretches = attach(con, cut, "sample").rename({f"fsnb_r{name}": name for name in key_names(part)})
    same = [known[name] == stretches[f"fsnb_r{name}"] for name in key_names(part)]
    near = known.inner_join(stretches, same)
    near = near.filter((near[EVENT] >= near[FROM]) & (near[EVENT] <= near[TO])).select(*known.columns)
    found = _fetch(part, near.order_by(near.columns).limit(MOST_EVENTS))
    return found, anchors, _as_timestamps(part, cut)


def _draws(part: ViewPlan, known: ir.Table, seed: int) -> dict[str, ir.Table]:
    """Queries for the events to start from. The order is scrambled by event time: equal on every run, unlike random()."""
    keys = key_names(part)
    scrambled = (floored_remainder(known[EVENT], 999_983) * 7_919 + seed * 104_729) % 1_000_003
    shuffled = known.order_by(scrambled, EVENT, *keys)
    ties = known.group_by(*keys, EVENT).aggregate(fsnb_n=lambda t: t.count())
    ties = ties.filter(ties["fsnb_n"] > 1).drop("fsnb_n").order_by(EVENT, *keys)
    draws = {"spread": shuffled, "ties": ties, "first": known.order_by(EVENT, *keys)}
    draws["last"] = known.order_by(known[EVENT].desc(), *keys)
    texts = [known[key] for key in keys if known[key].type().is_string()]
    if texts:
        draws["non-ASCII keys"] = shuffled.filter(
            ibis.or_(*(shuffled[t.get_name()].re_search("[^ -~]") for t in texts))
        )
    if AVAILABLE in known.columns:
        draws["late"] = shuffled.filter(shuffled[AVAILABLE] > shuffled[EVENT])
    return {name: query.limit(ENTITIES if name == "spread" else 4) for name, query in draws.items()}


def floored_remainder(value: ir.Value, step: int) -> ir.Value:
    return value - floored(value, step)


def _stretches(part: ViewPlan, con: Any, known: ir.Table, anchors: list[Event]) -> pa.Table:
    """Per sampled key a stretch of time around its event with about EVENTS_EACH events, all of them where it has few."""
    keys = key_names(part)
    chosen = _key_table(part, [event.key for event in anchors], **{ANCHOR: [event.time for event in anchors]})
    named = attach(con, chosen, "sample").rename({f"fsnb_r{key}": key for key in keys})
    met = known.inner_join(named, [known[key] == named[f"fsnb_r{key}"] for key in keys])
    found = met.group_by(*keys, ANCHOR).aggregate(
        n=lambda t: t.count(), first=lambda t: t[EVENT].min(), last=lambda t: t[EVENT].max()
    )
    stretches = [(tuple(row[key] for key in keys), *_stretch(row)) for row in con.to_pyarrow(found).to_pylist()]
    stretches.sort(key=repr)
    return _key_table(
        part, [key for key, _, _ in stretches], **{FROM: [s[1] for s in stretches], TO: [s[2] for s in stretches]}
    )


def _stretch(row: Mapping[str, Any]) -> tuple[int, int]:
    if row["n"] <= EVENTS_EACH:
        return row["first"], row["last"]
    half = (row["last"] - row["first"]) * EVENTS_EACH // (2 * row["n"])
    return row[ANCHOR] - half, row[ANCHOR] + half


def _fetch(part: ViewPlan, query: ir.Table) -> list[Event]:
    keys = key_names(part)
    rows = query.to_pyarrow().to_pylist()
    return [Event(tuple(row[key] for key in keys), row[EVENT], row.get(AVAILABLE)) for row in rows]


def _keys_only(part: ViewPlan, known: ir.Table) -> list[Event]:
    """The entities of a static view, which have no time: the epoch stands for it."""
    some = known.distinct().order_by(known.columns).limit(20 * ENTITIES).to_pyarrow().to_pylist()
    return [Event(tuple(row.values()), 0, None) for row in some]


# ---------------------------------------------------------------------- which moments


def _buckets(
    part: ViewPlan, found: list[Event], anchors: Mapping[str, list[Event]], rng: random.Random
) -> dict[str, list[tuple[Key, int | None]]]:
    """Asks by stratum, each in random order."""
    buckets: dict[str, list[tuple[Key, int | None]]] = {"no such entity": [], "NULL key": [], "NULL time": []}
    for event in found:
        for stratum, c in _cutoffs(part, event):
            buckets.setdefault(stratum, []).extend((event.key, at) for at in _asking_times(part, c))
    sampled = {event.key for event in found}
    for stratum, events_ in anchors.items():
        near = [
            (e.key, at) for e in events_ if e.key in sampled for at in _asking_times(part, e.time + part.span(None).lo)
        ]
        buckets[stratum] = near
    _extremes(part, found, buckets, rng)
    for asks in buckets.values():
        rng.shuffle(asks)
    return buckets


def _cutoffs(part: ViewPlan, event: Event) -> Iterator[tuple[str, int]]:
    """The cutoffs at which something about an event changes."""
    yield "event time", event.time + part.span(None).lo
    if event.available is not None:
        yield "available", event.available
    if part.view.kind != "window":
        yield from [("ttl edge", event.time + hi) for hi in [part.span(None).hi] if hi is not None]
        return
    for window in part.view.windows:
        span = part.span(window)
        yield "window edge", event.time + span.lo
        if span.hi is not None:
            yield "window edge", event.time + span.hi


def _asking_times(part: ViewPlan, c: int) -> list[int]:
    """The first asking time whose cutoff reaches `c`, and the moments around it."""
    if part.refresh is None:
        return [c + part.lag - 1, c + part.lag, c + part.lag + 1]
    tick = floored(c + part.refresh - 1, part.refresh)
    return [tick + part.lag - 1, tick + part.lag]


def _extremes(
    part: ViewPlan, found: list[Event], buckets: dict[str, list[tuple[Key, int | None]]], rng: random.Random
) -> None:
    keys = sorted({event.key for event in found}, key=repr)
    times = sorted(event.time for event in found) or [0]
    reach = max((hi for window in part.view.windows if (hi := part.span(window).hi)), default=0) + part.lag
    for key in keys:
        buckets.setdefault("before the first event", []).append((key, times[0] - DAY))
        buckets.setdefault("after the last event", []).append((key, times[-1] + reach + (part.refresh or 0) + DAY))
        buckets.setdefault("any time", []).extend((key, rng.randint(times[0], times[-1] + reach)) for _ in range(10))
        buckets["NULL time"] += [(key, None)]
    some = keys[0] if keys else _nobody(part)
    buckets["no such entity"] = [(_nobody(part), at) for at in (times[0], times[-1] + reach)]
    buckets["NULL key"] = [((*some[:i], None, *some[i + 1 :]), times[-1] + reach) for i in range(len(some))]
    buckets["NULL time"] = buckets["NULL time"][:2]


def _nobody(part: ViewPlan) -> Key:
    """A key that hardly anyone has; NULL where its type has no such value."""
    types = [part.view.relation[key].type() for key in part.view.entity.keys]
    return tuple("no such key" if t.is_string() else -1 if t.is_signed_integer() else None for t in types)


def _round_robin(buckets: Mapping[str, Sequence[Any]], most: int) -> list[tuple[str, Any]]:
    """At most so many items, taken from the buckets in turn; nothing twice."""
    queues = {name: iter(items) for name, items in buckets.items()}
    taken: dict[Any, str] = {}
    while queues and len(taken) < most:
        for name in list(queues):
            item = next((item for item in queues[name] if item not in taken), None)
            if item is None:
                del queues[name]
            elif len(taken) < most:
                taken[item] = name
    return [(name, item) for item, name in taken.items()]


def _counts(chosen: list[tuple[str, Any]]) -> tuple[tuple[str, int], ...]:
    names = [name for name, _ in chosen]
    return tuple((name, names.count(name)) for name in dict.fromkeys(names))


# ---------------------------------------------------------------------- tables


def _key_table(part: ViewPlan, keys: list[Key], **columns: list[int]) -> pa.Table:
    types = {
        name: part.view.relation[key].type() for name, key in zip(key_names(part), part.view.entity.keys, strict=True)
    }
    schema = ibis.schema(types | dict.fromkeys(columns, "int64")).to_pyarrow()
    values = [*map(list, zip(*keys, strict=True))] or [[] for _ in types]
    return pa.table([*values, *columns.values()], schema=schema)


def _as_timestamps(part: ViewPlan, cut: pa.Table) -> pa.Table:
    """The stretches under the entity's own key names, their ends as timestamps."""
    columns = [cut[name] for name in key_names(part)]
    ends = [pa.array([moment(_held(us)) for us in cut[name].to_pylist()], pa.timestamp("us")) for name in (FROM, TO)]
    return pa.table([*columns, *ends], names=[*part.view.entity.keys, FROM, TO])


def _held(us: int) -> int:
    return max(EARLIEST, min(us, LATEST))


def _table(part: ViewPlan, asks: list[tuple[Key, int | None]]) -> pa.Table:
    rows = [(key, at) for key, at in asks if at is None or EARLIEST < at < LATEST]
    columns = {name: part.view.relation[name].type() for name in part.view.entity.keys}
    schema = ibis.schema(columns | {AT: TIMESTAMP}).to_pyarrow()
    values = [*map(list, zip(*(key for key, _ in rows), strict=True))] or [[] for _ in columns]
    return pa.table([*values, [None if at is None else moment(at) for _, at in rows]], schema=schema)


def moment(us: int) -> datetime:
    """Microseconds since the epoch as a naive time."""
    return EPOCH + timedelta(microseconds=us)

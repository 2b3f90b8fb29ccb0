"""Where a certificate looks: a few entities, and of each the stretch of time around one of its events.

Both engines and the oracle read the same source rows, cut out by two conditions: the sampled keys, and each key's
stretch of time. So the cost does not grow with the source, and a hot key does not make the slow oracle read a million
rows. The draw is made on the target, in one fixed pseudo-random order of event times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from fsnb.model import FeatureView
from fsnb.pit import ViewPlan, attach
from fsnb.pit.clocks import floored
from fsnb.pit.events import AVAILABLE, EVENT, key_names

FROM, TO, ANCHOR = "fsnb_from", "fsnb_to", "fsnb_anchor"
ENTITIES, EVENTS_EACH, MOST_EVENTS = 24, 80, 4_000
EPOCH, DAY = datetime(1970, 1, 1), 86_400_000_000
EARLIEST, LATEST = -DAY * 365 * 1_900, DAY * 365 * 8_000  # times that Python and PostgreSQL can hold
PLAIN = (ops.JoinReference, ops.SelfReference, ops.Filter, ops.Sort, ops.DropNull, ops.Distinct)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A row that the view reads: its key and clocks, in microseconds."""

    key: Key
    time: int
    available: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """The events that were drawn, those that the draw started from, by stratum, and the stretches of time."""

    events: list[Event]
    anchors: Mapping[str, list[Event]]
    cut: pa.Table | None


def neighbourhood(part: ViewPlan, con: Any, known: ir.Table, seed: int) -> Neighbourhood:
    """Draw entities and stretches of time from the events that a view may ever read, `known`."""
    anchors = {name: _fetch(part, query) for name, query in _draws(part, known, seed).items()}
    first: dict[Key, Event] = {}
    for _, event in round_robin(anchors, ENTITIES * len(anchors)):
        if len(first) < ENTITIES:
            first.setdefault(event.key, event)
    cut = _stretches(part, con, known, list(first.values()))
    stretches = attach(con, cut, "sample").rename({f"fsnb_r{name}": name for name in key_names(part)})
    near = known.inner_join(stretches, [(name, f"fsnb_r{name}") for name in key_names(part)])
    near = near.filter((near[EVENT] >= near[FROM]) & (near[EVENT] <= near[TO])).select(*known.columns)
    found = _fetch(part, near.order_by(near.columns).limit(MOST_EVENTS))
    return Neighbourhood(found, anchors, _as_timestamps(part, cut))


def without_clock(part: ViewPlan, known: ir.Table) -> Neighbourhood:
    """Entities of a static view, which have no time: the epoch stands for it."""
    some = known.distinct().order_by(known.columns).limit(20 * ENTITIES).to_pyarrow().to_pylist()
    return Neighbourhood([Event(tuple(row.values()), 0, None) for row in some], {}, None)


def restrict(view: FeatureView, con: Any, source: ir.Table, cut: pa.Table | None) -> ir.Table:
    """The source's rows of the sampled keys and stretches of time; rows without a time stay.

    Only columns that the view's relation takes from the source as they are can be used. All sides drop the same rows.
    """
    keys = [(key, column) for key in view.entity.keys if (column := origin(view, key)) is not None]
    clock = origin(view, view.source.event_time) if view.source.event_time else None
    if cut is None or not (keys or clock):
        return source
    if keys:
        stretches = attach(con, _merged(cut, [key for key, _ in keys]), "sample")
        stretches = stretches.rename({f"fsnb_k{i}": key for i, (key, _) in enumerate(keys)})
        joined = source.inner_join(stretches, [(column, f"fsnb_k{i}") for i, (_, column) in enumerate(keys)])
        start, end = joined[FROM], joined[TO]
    else:
        joined = source
        start = ibis.literal(min(cut[FROM].to_pylist(), default=EPOCH))
        end = ibis.literal(max(cut[TO].to_pylist(), default=EPOCH))
    if clock:
        joined = joined.filter(joined[clock].isnull() | ((joined[clock] >= start) & (joined[clock] <= end)))
    return joined.select(*source.columns)


def origin(view: FeatureView, column: str) -> str | None:
    """The source's column that a column of the view's relation is a plain copy of."""
    node: Any = view.relation[column].op()
    while isinstance(node, ops.Field):
        parent: Any = node.rel
        if isinstance(parent, ops.UnboundTable):
            return node.name if parent.name == view.source.name else None
        if isinstance(parent, PLAIN):
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


def round_robin(buckets: Mapping[str, Sequence[Any]], most: int) -> list[tuple[str, Any]]:
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


# ---------------------------------------------------------------------- the draw


def _draws(part: ViewPlan, known: ir.Table, seed: int) -> dict[str, ir.Table]:
    """Queries for the events to start from, in a scrambled order that is the same on every run, unlike random()."""
    keys = key_names(part)
    scrambled = ((known[EVENT] - floored(known[EVENT], 999_983)) * 7_919 + seed * 104_729) % 1_000_003
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


def _stretches(part: ViewPlan, con: Any, known: ir.Table, anchors: list[Event]) -> pa.Table:
    """Per sampled key a stretch of time around its event, with about EVENTS_EACH events or all of them."""
    keys = key_names(part)
    chosen = _key_table(part, [event.key for event in anchors], **{ANCHOR: [event.time for event in anchors]})
    named = attach(con, chosen, "sample").rename({f"fsnb_r{key}": key for key in keys})
    met = known.inner_join(named, [(key, f"fsnb_r{key}") for key in keys])
    found = met.group_by(*keys, ANCHOR).aggregate(
        n=lambda t: t.count(), first=lambda t: t[EVENT].min(), last=lambda t: t[EVENT].max()
    )
    stretches = [(tuple(row[key] for key in keys), *_stretch(row)) for row in con.to_pyarrow(found).to_pylist()]
    stretches.sort(key=repr)
    ends = {FROM: [start for _, start, _ in stretches], TO: [end for _, _, end in stretches]}
    return _key_table(part, [key for key, _, _ in stretches], **ends)


def _stretch(row: Mapping[str, Any]) -> tuple[int, int]:
    if row["n"] <= EVENTS_EACH:
        return row["first"], row["last"]
    half = (row["last"] - row["first"]) * EVENTS_EACH // (2 * row["n"])
    return row[ANCHOR] - half, row[ANCHOR] + half


def _fetch(part: ViewPlan, query: ir.Table) -> list[Event]:
    keys = key_names(part)
    rows = query.to_pyarrow().to_pylist()
    return [Event(tuple(row[key] for key in keys), row[EVENT], row.get(AVAILABLE)) for row in rows]


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


def moment(us: int) -> datetime:
    """Microseconds since the epoch as a naive time."""
    return EPOCH + timedelta(microseconds=us)

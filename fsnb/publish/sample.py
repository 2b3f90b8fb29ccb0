"""Which rows a certificate rests on: the moments at which engines err, around the events that were drawn."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from fsnb.identity import bind
from fsnb.model import FeatureView, Spine
from fsnb.model.data import TIMESTAMP
from fsnb.pit import JoinPlan, ViewPlan, plan
from fsnb.pit.clocks import floored
from fsnb.pit.events import AVAILABLE, EVENT, key_names
from fsnb.pit.lowering import events
from fsnb.publish.stretches import (
    DAY,
    EARLIEST,
    LATEST,
    Event,
    Key,
    moment,
    neighbourhood,
    round_robin,
    without_clock,
)

AT = "fsnb_at"

Ask = tuple[Key, int | None]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`asks` to fill, how many each stratum gave, and `cut`: the keys and stretches of time that rows are read from."""

    asks: pa.Table
    strata: tuple[tuple[str, int], ...]
    cut: pa.Table | None


def asking_plan(view: FeatureView) -> JoinPlan:
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
    near = neighbourhood(part, con, known, seed) if clocks else without_clock(part, known)
    buckets = _buckets(part, near.events, near.anchors, random.Random(seed))
    chosen = round_robin(buckets, rows)
    return Sample(_table(part, [ask for _, ask in chosen]), _counts(chosen), near.cut)


# ---------------------------------------------------------------------- which moments


def _buckets(
    part: ViewPlan, found: list[Event], anchors: Mapping[str, list[Event]], rng: random.Random
) -> dict[str, list[Ask]]:
    """Asks by stratum, each in random order."""
    buckets: dict[str, list[Ask]] = _extremes(part, found, rng)
    for event in found:
        for stratum, c in _cutoffs(part, event):
            asks: list[Ask] = [(event.key, at) for at in _asking_times(part, c)]
            buckets.setdefault(stratum, []).extend(asks)
            if part.refresh and c % part.refresh == 0:
                buckets.setdefault("on a refresh tick", []).extend(asks)
    sampled, lo = {event.key for event in found}, part.span(None).lo
    for stratum, drawn in anchors.items():
        near = [event for event in drawn if event.key in sampled]
        buckets[stratum] = [(event.key, at) for event in near for at in _asking_times(part, event.time + lo)]
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
    for span in (part.span(window) for window in part.windows if window):
        yield "window edge", event.time + span.lo
        if span.hi is not None:
            yield "window edge", event.time + span.hi


def _asking_times(part: ViewPlan, c: int) -> list[int]:
    """The first asking time whose cutoff reaches `c`, and the moments around it."""
    if part.refresh is None:
        return [c + part.lag - 1, c + part.lag, c + part.lag + 1]
    tick = floored(c + part.refresh - 1, part.refresh)
    return [tick + part.lag - 1, tick + part.lag]


def _extremes(part: ViewPlan, found: list[Event], rng: random.Random) -> dict[str, list[Ask]]:
    """Asks about nobody, about no time, and before, after and anywhere between the events."""
    keys = sorted({event.key for event in found}, key=repr)
    times = sorted(event.time for event in found) or [0]
    reach = max((hi for window in part.windows if (hi := part.span(window).hi)), default=0) + part.lag
    first, last = times[0], times[-1] + reach
    someone = keys[0] if keys else _nobody(part)
    return {
        "no such entity": [(_nobody(part), first), (_nobody(part), last)],
        "NULL key": [((*someone[:i], None, *someone[i + 1 :]), last) for i in range(len(someone))],
        "NULL time": [(key, None) for key in keys[:2]],
        "before the first event": [(key, first - DAY) for key in keys],
        "after the last event": [(key, last + (part.refresh or 0) + DAY) for key in keys],
        "any time": [(key, rng.randint(first, last)) for key in keys for _ in range(10)],
    }


def _nobody(part: ViewPlan) -> Key:
    """A key that hardly anyone has; NULL where its type has no such value."""
    types = [part.view.relation[key].type() for key in part.view.entity.keys]
    return tuple("no such key" if t.is_string() else -1 if t.is_signed_integer() else None for t in types)


def _counts(chosen: list[tuple[str, Any]]) -> tuple[tuple[str, int], ...]:
    names = [name for name, _ in chosen]
    return tuple((name, names.count(name)) for name in dict.fromkeys(names))


def _table(part: ViewPlan, asks: list[tuple[Key, int | None]]) -> pa.Table:
    rows = [(key, at) for key, at in asks if at is None or EARLIEST < at < LATEST]
    columns = {name: part.view.relation[name].type() for name in part.view.entity.keys}
    schema = ibis.schema(columns | {AT: TIMESTAMP}).to_pyarrow()
    values = [*map(list, zip(*(key for key, _ in rows), strict=True))] or [[] for _ in columns]
    return pa.table([*values, [None if at is None else moment(at) for _, at in rows]], schema=schema)

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

Nothing is rewritten. A value that has changed since it was told is told again, available from the run on; its
`fsnb_known_time`, when the rules would have made it available, stays that of the first telling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.identity import bind
from fsnb.model import FeatureView, Spine
from fsnb.model.data import TIMESTAMP
from fsnb.pit import JoinPlan, ViewPlan, lower, plan
from fsnb.pit.clocks import floored, microseconds
from fsnb.pit.events import AVAILABLE, EVENT, START, key_names, order_names
from fsnb.pit.lowering import events
from fsnb.publish.certificate import ABS_TOL, REL_TOL

EVENT_TIME, AVAILABLE_TIME, KNOWN_TIME, RUN_ID = "event_time", "available_time", "fsnb_known_time", "fsnb_run_id"
TICKS, STAGE = "fsnb_ticks", "fsnb_stage"
EPOCH = datetime(1970, 1, 1)
MICROSECOND = ibis.interval(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The columns of a view's published tables."""

    keys: tuple[str, ...]
    features: tuple[str, ...]
    types: ibis.Schema

    @classmethod
    def of(cls, view: FeatureView) -> Layout:
        keys = {key: view.relation[key].type().copy(nullable=False) for key in view.entity.keys}
        times = dict.fromkeys((EVENT_TIME, AVAILABLE_TIME, KNOWN_TIME), TIMESTAMP.copy(nullable=False))
        types = keys | dict(view.schema.items()) | times | {RUN_ID: "!string"}
        return cls(view.entity.keys, view.features, ibis.schema(types))

    def only(self, *columns: str) -> ibis.Schema:
        return ibis.schema({name: self.types[name] for name in columns})

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


def in_ticks(view: FeatureView) -> bool:
    """Whether the history tells the view tick by tick, not source row by source row."""
    return view.kind == "window" or (view.kind == "asof" and view.skip_nulls)


def tick_plan(view: FeatureView) -> JoinPlan:
    """The view on a spine of ticks: asked at the moment from which a tick's values are available."""
    return plan(Spine(ibis.table(Layout.of(view).ticks, name=TICKS), at=KNOWN_TIME), view)


def timestamp(us: ir.IntegerValue) -> ir.TimestampValue:
    """Microseconds since the epoch as a timestamp. In two steps: PostgreSQL counts an interval in float seconds."""
    seconds = floored(us, 1_000_000)
    whole = (seconds // 1_000_000).cast("int64").as_interval("s")
    return (ibis.literal(EPOCH) + whole + (us - seconds).as_interval("us")).cast(TIMESTAMP)


def tick_at_or_after(us: Any, refresh: int | None) -> Any:
    return us if refresh is None else floored(us + (refresh - 1), refresh)


def micros(moment: datetime) -> int:
    return int((moment - EPOCH) / ibis.util.timedelta_us) if False else _whole_micros(moment)


def _whole_micros(moment: datetime) -> int:
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds

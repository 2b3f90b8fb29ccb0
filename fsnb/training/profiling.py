"""Profiles of rows in memory: of a training set that is logged, and of every entity asked at one time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from fsnb.catalog import Profile
from fsnb.identity import bind
from fsnb.model import FeatureView, Spine
from fsnb.model.data import reader
from fsnb.model.moments import naive_utc, utc_now
from fsnb.pit import collect
from fsnb.profiling.distributions import distributions

AT = "fsnb_asked_at"
INSTANT = timedelta(microseconds=1)  # with closed="left", a row at the very cutoff is not seen


def profile_rows(
    rows: pa.Table, view: FeatureView, columns: Mapping[str, str], *, of: str, newest: str | datetime | None
) -> Profile:
    """The distributions of a view's features, `{feature: column}`, in rows that are here already."""
    looked_at = list(dict.fromkeys([*([newest] if isinstance(newest, str) else []), *columns.values()]))
    said = {"view": view.name, "of": of, "fingerprint": view.fingerprint}
    return distributions(reader(), rows.select(looked_at), columns, newest=newest, **said)


def every_entity(
    view: FeatureView, con: Any, tables: Mapping[str, ir.Table], at: datetime | str | None = None
) -> tuple[Spine, datetime, datetime | None]:
    """Each entity that the sources know once, the time to ask at, and the newest event time.

    Without `at`, it is the earliest time by which every row of the sources has been seen: lag and refresh are waited
    for. Entities with a NULL key never match and are left out.
    """
    relation = bind(view.relation, tables)
    newest, known = _newest(view, con, relation)
    asked = datetime.fromisoformat(at) if isinstance(at, str) else at
    moment = naive_utc(asked) if asked is not None else known or utc_now()
    keys = collect(con, relation.select(*view.entity.keys).drop_null(how="any").distinct())
    times = pa.array([moment] * keys.num_rows, pa.timestamp("us"))
    return Spine(keys.append_column(AT, times), at=AT), moment, newest


def own_events(view: FeatureView, con: Any, tables: Mapping[str, ir.Table], rows: int) -> Spine:
    """The keys and event times of a view's newest rows, each pair once; a static view's keys, asked about now."""
    relation = bind(view.relation, tables)
    time = view.source.event_time
    asked = ibis.literal(utc_now(), "timestamp(6)") if time is None else relation[time]
    pairs = relation.select(**{key: relation[key] for key in view.entity.keys}, **{AT: asked})
    newest = pairs.drop_null(how="any").distinct().order_by(ibis.desc(AT), *view.entity.keys).limit(rows)
    return Spine(collect(con, newest), at=AT)


def _newest(view: FeatureView, con: Any, relation: ir.Table) -> tuple[datetime | None, datetime | None]:
    """The newest event time, and when the last row is seen."""
    clocks = [clock for clock in (view.source.event_time, view.source.available) if clock]
    if not clocks:
        return None, None
    found = collect(con, relation.aggregate(**{f"clock_{n}": relation[name].max() for n, name in enumerate(clocks)}))
    times = [found.column(n)[0].as_py() for n in range(len(clocks))]
    last = max((time for time in times if time is not None), default=None)
    return times[0], last and last + view.lag + (view.refresh or timedelta(0)) + INSTANT

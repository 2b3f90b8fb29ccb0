"""Small sources and views to publish, and a reader of published history that shares no code with the publisher."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from ibis import _

from fsnb.model import Entity, FeatureView, Source
from fsnb.pit import collect, read_source
from fsnb.publish import Publication, Target, load, publish
from fsnb.publish.lake import lake_of
from fsnb.publish.sql import quoted

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1)
START = datetime(2024, 1, 1)
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
TYPES = {"k": pa.string(), "ts": pa.timestamp("us"), "known": pa.timestamp("us"), "x": pa.float64(), "n": pa.int64()}
THING = Entity("thing", "k")


def table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, pa.DataType] = TYPES) -> pa.Table:
    """An Arrow table with fixed types, also of no rows."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(types))


def row(k: str | None, hour: float, x: float | None = 1.0, n: int | None = 1, known: float | None = None) -> Row:
    """An event `hour` hours after START, known then or at another hour."""
    known = hour if known is None else known
    return {"k": k, "ts": START + hour * HOUR, "known": START + known * HOUR, "x": x, "n": n}


ROWS = [
    row("a", 0, 1.5, 3),
    row("a", 2, 2.5, -4),
    row("b", 1, None, 0),
    row("é", 1.25, 7.0, 2),
    row("a", 3, 4.0, 5, known=6),
]


def events(rows: Sequence[Row] = ROWS, **options: Any) -> Source:
    return Source("events", table(rows), **{"event_time": "ts", "available": "known", "tie_break": "n"} | options)


def latest(source: Source | None = None, **options: Any) -> FeatureView:
    """An as-of view."""
    return FeatureView(
        "latest", entity=THING, source=source or events(), features={"x": _.x, "double": _.n * 2}, **options
    )


def sums(source: Source | None = None, **options: Any) -> FeatureView:
    """A windowed view, brought up to date each hour."""
    features = {"rows": _.count(), "total": _.x.sum(), "high": _.n.max()}
    rules = {"windows": ["2h", "1d"], "refresh": "1h", "lag": "15m"} | options
    return FeatureView("sums", entity=THING, source=source or events(), features=features, **rules)


def release(
    view: FeatureView, target: Target, local: Any, rows: Sequence[Row] | None = None, **options: Any
) -> Publication:
    """Load the view's source (or other rows for it) onto the target and publish."""
    source = view.source if rows is None else events(rows)
    load(source, target, replace=True)
    few = {"rows": 80} | options
    return publish(view, target, local=local, tables={"events": read_source(local, source)}, **few)


def read(target: Target, name: str) -> list[Row]:
    """All rows of a table or view in the target's schema of published tables."""
    with looking(target) as con:
        return fetch(con, target.schema_on(con), name)


@contextmanager
def looking(target: Target) -> Iterator[Any]:
    """A session in which everything that is published can be read."""
    with target.session() as con:
        if lake := lake_of(con):
            for view in lake.views():
                lake.attach(view)
        yield con


def fetch(con: Any, schema: str, name: str) -> list[Row]:
    if con.name == "pyspark":
        return collect(con, con.table(name)).to_pylist()
    cursor = con.con.execute(f"SELECT * FROM {quoted(con, schema, name)}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def relations(target: Target) -> set[str]:
    """Names of everything in the target's schema of published tables."""
    with looking(target) as con:
        if lake := lake_of(con):
            return lake.relations()
        schema = target.schema_on(con)
        query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'"
        return {name for (name,) in con.con.execute(query).fetchall()}


def change(target: Target, statement: str) -> None:
    with target.session() as con:
        con.con.execute(statement)


def asof(
    view: FeatureView, history: Sequence[Row], missing: Mapping[str, Any], key: Mapping[str, Any], at: datetime
) -> Row:
    """What a reader finds at a time: the latest event time of what is available by then, unless the ttl has run out."""
    seen = [each for each in history if each["available_time"] <= at and all(each[k] == v for k, v in key.items())]
    if not seen:
        return dict(missing)
    best = max(seen, key=lambda each: (each["event_time"], each["available_time"]))
    by_row = view.kind == "asof" and not view.skip_nulls
    if by_row and view.ttl and not _fresh(view, best["event_time"], at):
        return dict(missing)
    return {name: best[name] for name in view.features}


def _fresh(view: FeatureView, event: datetime, at: datetime) -> bool:
    end = at - view.lag
    end -= (end - EPOCH) % view.refresh if view.refresh else timedelta(0)
    start = end - view.ttl
    at_an_end = (event == start and view.closed in ("left", "both")) or (
        event == end and view.closed in ("right", "both")
    )
    return start < event < end or at_an_end


def same(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, float) and isinstance(theirs, float):
        return math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return type(mine) is type(theirs) and mine == theirs

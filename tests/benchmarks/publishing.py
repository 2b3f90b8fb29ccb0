"""Ten days of the flights views told on PostgreSQL, beside a script written by hand; and what a re-run costs.

    python -m tests.benchmarks.publishing [--days 10] [--rounds 3]

Both sides tell the same ten days after the same half year: stage by INSERT ... SELECT, append to the history what it
lacks, bring the current table up to date, one transaction for each view. The script knows its three views and nothing
else: no ledger, no late rows, no corrections, no versions. A view's history is thrown back to the half year before
every round; each side's median is taken.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

import fsnb
from fsnb.demo import flights, views
from fsnb.model import FeatureView
from fsnb.model.moments import utc_now
from fsnb.publish import Target, bring_up_to_date, ledger
from fsnb.publish.checks import tables_on
from fsnb.publish.materialize import materialize
from fsnb.publish.runs import Run
from fsnb.store import FeatureStore
from tests.support.postgres import PostgresServer

BEFORE = datetime(2013, 7, 1)
SCHEMA = "fsnb"
KEPT = f"CREATE TABLE {SCHEMA}.kept_{{0}} AS SELECT * FROM {SCHEMA}.{{0}}"
BARS = {"told": 1.5}
MOST_MS = 50

LAST_LEG = """
CREATE TEMPORARY TABLE stage ON COMMIT DROP AS
SELECT tailnum, scheduled_at AS event_time, greatest(scheduled_at, landed_at) AS available_time,
       dep_delay AS last_dep_delay, arr_delay AS last_arr_delay
FROM landings WHERE scheduled_at > %(start)s AND scheduled_at <= %(end)s
  AND greatest(scheduled_at, landed_at) <= %(end)s AND tailnum IS NOT NULL AND landed_at IS NOT NULL
"""
WINDOWED = """
CREATE TEMPORARY TABLE stage ON COMMIT DROP AS
WITH moved AS (
  SELECT {key} AS key, greatest({event}, {known}) AS moment FROM {table} WHERE {near}
  {leaving}
), ticks AS (
  SELECT DISTINCT key, to_timestamp(ceil(extract(epoch FROM moment) / {step}) * {step}) AT TIME ZONE 'UTC' AS tick
  FROM moved WHERE key IS NOT NULL AND moment IS NOT NULL
), wanted AS (SELECT * FROM ticks WHERE tick > %(start)s AND tick <= %(end)s)
SELECT key AS {key}, tick AS event_time, tick AS available_time, {values}
FROM wanted LEFT JOIN (SELECT * FROM {table} WHERE {near}) AS e
  ON e.{key} = key AND e.{event} <= tick AND e.{event} > tick - interval '{longest}' AND e.{known} <= tick
GROUP BY key, tick
"""
NEAR = "{event} > %(start)s::timestamp - interval '{longest}' - interval '1 day' AND {event} <= %(end)s"
LEAVING = "UNION ALL SELECT {key}, {event} + interval '{window}' FROM {table} WHERE {near} AND {known} IS NOT NULL"
VALUE = (
    "count(*) FILTER (WHERE {inside}) AS {count}_{label}, avg({of}) FILTER (WHERE {inside}) AS {mean}_{label}, "
    "avg(CASE WHEN {of} > 15 THEN 1.0 WHEN {of} IS NOT NULL THEN 0.0 END) FILTER (WHERE {inside})::double precision "
    "AS {share}_{label}"
)


@dataclass(frozen=True)
class ByHand:
    """What the script knows of a view."""

    stage: str
    key: str
    features: tuple[str, ...]
    in_ticks: bool


def windowed(
    table: str, key: str, known: str, of: str, names: tuple[str, str, str], windows: dict[str, str], step: int
) -> ByHand:
    longest = list(windows.values())[-1]
    common = {"table": table, "key": key, "event": "scheduled_at", "known": known, "longest": longest}
    near = NEAR.format(**common)
    leaving = " ".join(LEAVING.format(**common, near=near, window=window) for window in windows.values())
    count, mean, share = names
    values, features = [], []
    for label, window in windows.items():
        inside = f"e.scheduled_at > tick - interval '{window}'"
        values.append(VALUE.format(inside=inside, of=f"e.{of}", count=count, mean=mean, share=share, label=label))
        features += [f"{name}_{label}" for name in names]
    text = WINDOWED.format(**common, near=near, leaving=leaving, step=step, values=", ".join(values))
    return ByHand(text, key, tuple(features), in_ticks=True)


DEPARTURES = ("origin_left", "origin_mean_delay", "origin_late_share")
WEEK = ("aircraft_legs", "aircraft_mean_delay", "aircraft_late_share")
BY_HAND = {
    "aircraft_last_leg": ByHand(LAST_LEG, "tailnum", ("last_dep_delay", "last_arr_delay"), in_ticks=False),
    "origin_departures": windowed(
        "departures", "origin", "departed_at", "dep_delay", DEPARTURES, {"1h": "1 hour", "3h": "3 hours"}, 3_600
    ),
    "aircraft_week": windowed("landings", "tailnum", "landed_at", "arr_delay", WEEK, {"7d": "7 days"}, 86_400),
}


def script(url: str, name: str, start: datetime, end: datetime) -> None:
    """The view's ten days by hand, in one transaction."""
    hand, history, current = BY_HAND[name], f"{SCHEMA}.{name}__v1_history", f"{SCHEMA}.{name}__v1_current"
    columns = ", ".join([hand.key, "event_time", "available_time", *hand.features])
    moved = " OR ".join(f"f.{n} IS DISTINCT FROM f.was_{n}" for n in hand.features)
    lags = ", ".join(f"lag({n}) OVER w AS was_{n}" for n in hand.features)
    fresh = (
        f"SELECT {columns} FROM (SELECT *, {lags} FROM stage "
        f"WINDOW w AS (PARTITION BY {hand.key} ORDER BY event_time)) f WHERE {moved}"
        if hand.in_ticks
        else f"SELECT {columns} FROM stage"
    )
    with psycopg.connect(url) as con:
        con.execute("SELECT pg_advisory_xact_lock(1)")
        con.execute(hand.stage, {"start": start, "end": end})
        con.execute("ANALYZE stage")
        con.execute(
            f"INSERT INTO {history} ({columns}, fsnb_known_time, fsnb_run_id) "
            f"SELECT {columns}, available_time, 'by hand' FROM ({fresh}) s WHERE NOT EXISTS (SELECT FROM {history} h "
            f"WHERE h.{hand.key} = s.{hand.key} AND h.event_time = s.event_time)"
        )
        update = ", ".join(f"{n} = EXCLUDED.{n}" for n in ("event_time", "available_time", *hand.features))
        con.execute(
            f"INSERT INTO {current} AS c ({columns}, fsnb_run_id) SELECT DISTINCT ON ({hand.key}) {columns}, 'by hand' "
            f"FROM {history} WHERE fsnb_run_id = 'by hand' ORDER BY {hand.key}, event_time DESC, available_time DESC "
            f"ON CONFLICT ({hand.key}) DO UPDATE SET {update}, fsnb_run_id = EXCLUDED.fsnb_run_id "
            "WHERE (EXCLUDED.event_time, EXCLUDED.available_time) > (c.event_time, c.available_time)"
        )


# ---------------------------------------------------------------------- measuring


def seconds(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def thrown_back(url: str, name: str) -> None:
    """The view's tables and ledger as they were after the half year."""
    with psycopg.connect(url, autocommit=True) as con:
        for table in (f"{name}__v1_history", f"{name}__v1_current", "fsnb_intervals", "fsnb_runs"):
            con.execute(f"TRUNCATE {SCHEMA}.{table}")
            con.execute(f"INSERT INTO {SCHEMA}.{table} SELECT * FROM {SCHEMA}.kept_{table}")
            con.execute(f"VACUUM (ANALYZE) {SCHEMA}.{table}")  # summarizes the index of time too


def keep(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as con:
        for table in (f"{name}__v1_history", f"{name}__v1_current", "fsnb_intervals", "fsnb_runs"):
            con.execute(f"DROP TABLE IF EXISTS {SCHEMA}.kept_{table}")
            con.execute(KEPT.format(table))


def rows_told(url: str, name: str) -> int:
    with psycopg.connect(url) as con:
        query = f"SELECT count(*) FROM {SCHEMA}.{name}__v1_history WHERE event_time > %s"
        return int(con.execute(query, [BEFORE]).fetchone()[0])  # type: ignore[index]


def rerun(view: FeatureView, target: Target, start: datetime | None, end: datetime) -> float:
    """The transaction alone, of a run that has nothing to do; the connection is there."""
    with target.session() as con:
        tables = tables_on(view, target, con)

        def once() -> None:
            run = Run(f"again {time.perf_counter()}", end, utc_now(), start=start, promote=False, of_version=1)
            told.append(materialize(view, con, tables, SCHEMA, run, clock=utc_now).due)

        told: list[int] = []
        once()  # rows of before that became known after the half year
        once()
        assert not told[-1]
        return statistics.median(seconds(once) for _ in range(5))


def called_again(store: FeatureStore, view: FeatureView, end: datetime) -> float:
    """A whole call of a user for one day that is done: certificate, checks, session, transaction."""

    def once() -> None:
        assert not store.publish(view, to="prod", start=end - timedelta(days=1), end=end).intervals_due

    once()
    return statistics.median(seconds(once) for _ in range(9))


def compared(store: FeatureStore, target: Target, view: FeatureView, days: int, rounds: int) -> Iterator[str]:
    url, name, end = target.url, view.name, BEFORE + timedelta(days=days)
    bring = {"start": BEFORE, "end": end}
    keep(url, name)
    ours, hand, rows = [], [], {}
    for _ in range(rounds + 1):  # the first of each is warm-up
        thrown_back(url, name)
        hand.append(seconds(lambda: script(url, name, BEFORE, end)))
        rows["hand"] = rows_told(url, name)
        thrown_back(url, name)
        ours.append(seconds(lambda: bring_up_to_date(view, target, **bring)))
        rows["ours"] = rows_told(url, name)
    mine, theirs = statistics.median(ours[1:]), statistics.median(hand[1:])
    yield (
        f"{name:20} ours {mine:7.3f} s ({rows['ours']:,} rows)  by hand {theirs:7.3f} s ({rows['hand']:,} rows)  "
        f"ratio {mine / theirs:5.2f} (bar {BARS['told']})"
    )
    day = rerun(view, target, end - timedelta(days=1), end)
    everything, call = rerun(view, target, None, end), called_again(store, view, end)
    yield (
        f"{'':20} again, nothing due: one day {day * 1e3:6.1f} ms (bar {MOST_MS}), all of the history "
        f"{everything * 1e3:6.1f} ms; store.publish() of one day {call * 1e3:6.1f} ms"
    )
    yield f"{'':20} {one_late_row(target, view, end)}"


def one_late_row(target: Target, view: FeatureView, end: datetime) -> str:
    """How many intervals a row that arrives two days late makes due, and how long they take."""
    source = view.source.name
    columns = ", ".join(view.source.schema.names)
    moved = columns.replace("scheduled_at", "scheduled_at + interval '1 minute'", 1)
    with psycopg.connect(target.url, autocommit=True) as con:
        con.execute(
            f"INSERT INTO {source} ({columns}) SELECT {moved} FROM {source} WHERE scheduled_at > %s "
            "AND scheduled_at < %s AND tailnum IS NOT NULL ORDER BY scheduled_at LIMIT 1",
            [end - timedelta(days=2, hours=12), end - timedelta(days=2)],
        )
    began = time.perf_counter()
    told = bring_up_to_date(view, target, end=end)
    took = time.perf_counter() - began
    return (
        f"one late row: {told.intervals_due} of {told.intervals_due + told.intervals_kept} intervals due, {took:.3f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder, PostgresServer() as server:
        store = fsnb.open(Path(folder, "store"))
        given = views.sources(store, flights.tables(Path(folder, "data")))
        target = store.target("prod", server.url)
        for source in given:
            store.load(source, to="prod")
        wanted = [view for view in views.views(given) if view.name in BY_HAND]
        for view in wanted:
            took = seconds(lambda view=view: store.publish(view, to="prod", end=BEFORE))  # type: ignore[misc]
            with target.session() as con:
                told = len(ledger.done(con, SCHEMA, view.name, 1, ledger_grid()))
            print(f"{view.name:20} half a year, {told} intervals, with its certificate: {took:.1f} s", flush=True)
        for view in wanted:
            for line in compared(store, target, view, asked.days, asked.rounds):
                print(line, flush=True)


def ledger_grid() -> Any:
    from fsnb.publish.intervals import DAY, Grid

    return Grid(DAY)


if __name__ == "__main__":
    main()

"""An online store in PostgreSQL: tables in a schema of their own, one statement a read, one transaction a push.

Why an advisory lock per view: two pushes that upsert the same keys in different orders would deadlock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fsnb.errors import OnlineStoreError
from fsnb.online.connecting import PerThread, connect, shown
from fsnb.online.copying import COLUMNS, copied
from fsnb.online.database import Batch, Row
from fsnb.online.series import Series
from fsnb.urls import one_line

BATCH_ROWS = 10_000  # of a scan
LOCK = "SELECT pg_advisory_xact_lock(%s)"
TABLES = """
CREATE SCHEMA IF NOT EXISTS fsnb_online;
CREATE TABLE IF NOT EXISTS fsnb_online.series (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, view TEXT NOT NULL, version INTEGER NOT NULL,
    served BOOLEAN NOT NULL, synced BIGINT NOT NULL, doc TEXT NOT NULL, UNIQUE (view, version));
CREATE TABLE IF NOT EXISTS fsnb_online.runs (series BIGINT, run TEXT, PRIMARY KEY (series, run));
CREATE TABLE IF NOT EXISTS fsnb_online.rows (
    series BIGINT, key BYTEA, event BIGINT NOT NULL, available BIGINT NOT NULL, value BYTEA NOT NULL,
    PRIMARY KEY (series, key));
CREATE TABLE IF NOT EXISTS fsnb_online.pending (
    series BIGINT, key BYTEA, event BIGINT, available BIGINT, value BYTEA NOT NULL,
    PRIMARY KEY (series, key, event, available))
"""
NEWER_WINS = """
    ON CONFLICT (series, key) DO UPDATE SET
        event = excluded.event, available = excluded.available, value = excluded.value
    WHERE (excluded.event, excluded.available) > (kept.event, kept.available)"""
INTO = "INSERT INTO fsnb_online.rows AS kept (series, key, event, available, value)"
UPSERT = f"{INTO} SELECT %s::bigint, key, event, available, value FROM fsnb_pushed {NEWER_WINS}"
DEFER = """
    INSERT INTO fsnb_online.pending SELECT %s::bigint, key, event, available, value FROM fsnb_pushed
    ON CONFLICT (series, key, event, available) DO NOTHING"""
MATURE = f"""
    {INTO} SELECT DISTINCT ON (key) series, key, event, available, value
    FROM fsnb_online.pending WHERE series = %s AND available <= %s
    ORDER BY key, event DESC, available DESC {NEWER_WINS}"""
# The last line tells which series is served, in the same statement: a reader never sees a switch half done.
READ = """
    SELECT key, event, available, 0, value FROM fsnb_online.rows WHERE series = %(mine)s AND key {keys}
    UNION ALL SELECT key, event, available, 1, value FROM fsnb_online.pending WHERE series = %(mine)s AND key {keys}
    UNION ALL SELECT NULL, id, 0, 0, NULL FROM fsnb_online.series WHERE view = %(view)s AND served"""
READ_ONE, READ_MANY = READ.format(keys="= %(keys)s"), READ.format(keys="= ANY(%(keys)s)")
SCAN = """
    SELECT key, event, available, 0, value FROM fsnb_online.rows WHERE series = %s
    UNION ALL SELECT key, event, available, 1, value FROM fsnb_online.pending WHERE series = %s"""
FORGET = """
    DELETE FROM fsnb_online.rows WHERE series = {id}; DELETE FROM fsnb_online.pending WHERE series = {id};
    DELETE FROM fsnb_online.runs WHERE series = {id}; DELETE FROM fsnb_online.series WHERE id = {id}"""


class Opened:
    """A connection, and a cursor for reads that is made once: making one takes half as long as a read."""

    def __init__(self, con: Any) -> None:
        con.execute("SET plan_cache_mode = force_generic_plan")  # a read planned anew takes twice as long
        self.con, self.cursor = con, con.cursor(binary=True)
        self.close = con.close


class Postgres:
    """A PostgreSQL database as an online store; its tables are made when it is first pushed to."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connections = PerThread(lambda: Opened(connect(url)))
        self._ids: dict[tuple[str, int], int] = {}

    def __repr__(self) -> str:
        return f"Postgres({self.where!r})"

    @property
    def where(self) -> str:
        return shown(self._url)

    def served(self, view: str) -> Series | None:
        return next(iter(self._series("WHERE view = %s AND served", [view])), None)

    def all_series(self, view: str | None = None) -> tuple[Series, ...]:
        which, values = ("", []) if view is None else ("WHERE view = %s", [view])
        return self._series(f"{which} ORDER BY view, version", values)

    def synced(self, series: Series) -> int:
        query = "SELECT synced FROM fsnb_online.series WHERE view = %s AND version = %s"
        with self._session() as con:
            found = con.execute(query, (series.view, series.version)).fetchone()
        return found[0] if found else 0

    def pushed(self, series: Series, runs: Sequence[str]) -> set[str]:
        query = (
            "SELECT run FROM fsnb_online.runs JOIN fsnb_online.series ON series = id WHERE view = %s AND version = %s"
        )
        with self._session() as con:
            found = con.execute(query, (series.view, series.version)).fetchall() if _has_tables(con) else []
        return {run for (run,) in found}.intersection(runs)

    def read(self, series: Series, keys: Sequence[bytes]) -> list[Row] | None:
        mine = self._id(series)
        query, asked = (READ_ONE, keys[0]) if len(keys) == 1 else (READ_MANY, list(keys))
        with self._session():
            cursor = self._connections.get().cursor
            found = cursor.execute(query, {"mine": mine, "keys": asked, "view": series.view}, prepare=True).fetchall()
        rows = [row for row in found if row[0] is not None]
        served = next((row[1] for row in found if row[0] is None), None)
        return rows if mine is not None and served == mine else None

    def scan(self, series: Series) -> Iterator[list[Row]]:
        mine = self._id(series)
        with self._session() as con, con.transaction(), con.cursor("fsnb_scan", binary=True) as cursor:
            cursor.execute(SCAN, (mine, mine))
            while rows := cursor.fetchmany(BATCH_ROWS):
                yield rows

    @contextmanager
    def push(self, series: Series, now: int) -> Iterator[PostgresPush]:
        with self._session() as con, con.transaction():
            con.execute(LOCK, (_number("schema"),))
            con.execute(TABLES)
            con.execute(LOCK, (_number(series.view),))
            new = (series.view, series.version, now, json.dumps(series.to_doc()))
            con.execute(
                "INSERT INTO fsnb_online.series (view, version, served, synced, doc) VALUES (%s, %s, false, %s, %s) "
                "ON CONFLICT (view, version) DO NOTHING",
                new,
            )
            where = "SELECT id FROM fsnb_online.series WHERE view = %s AND version = %s"
            yield PostgresPush(con, con.execute(where, new[:2]).fetchone()[0], series, now)

    def forget(self, series: Series) -> None:
        mine = self._id(series)
        with self._session() as con, con.transaction():
            con.execute(LOCK, (_number(series.view),))
            con.execute(FORGET.format(id=int(mine or 0)))
        self._ids.clear()

    def close(self) -> None:
        self._connections.close()

    def _id(self, series: Series) -> int | None:
        """What rows of a series are marked with; None where the store does not have it."""
        key = (series.view, series.version)
        if key not in self._ids:
            self.all_series(series.view)
        return self._ids.get(key)

    def _series(self, which: str, values: Sequence[Any]) -> tuple[Series, ...]:
        with self._session() as con:
            if not _has_tables(con):
                return ()
            rows = con.execute(f"SELECT id, view, version, doc FROM fsnb_online.series {which}", values).fetchall()
        self._ids |= {(view, version): id for id, view, version, _ in rows}
        return tuple(Series.from_doc(json.loads(doc)) for *_, doc in rows)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """This thread's connection; one that broke is made anew the next time."""
        import psycopg

        con = self._connections.get().con
        try:
            yield con
        except psycopg.Error as error:
            if con.closed or con.broken:
                self._connections.close()
            raise OnlineStoreError(f"online store {self.where}: {one_line(error)}. Try again.") from error


def _has_tables(con: Any) -> bool:
    return con.execute("SELECT to_regclass('fsnb_online.pending')").fetchone()[0] is not None


def _number(what: str) -> int:
    """The number of an advisory lock."""
    return int.from_bytes(hashlib.sha256(f"fsnb online {what}".encode()).digest()[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class PostgresPush:
    """One push, inside its transaction."""

    con: Any = field(repr=False)
    id: int
    series: Series
    now: int

    def write(self, batch: Batch) -> None:
        self.con.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS fsnb_pushed ({COLUMNS}) ON COMMIT DROP")
        self.con.execute("TRUNCATE fsnb_pushed")
        with self.con.cursor().copy("COPY fsnb_pushed FROM STDIN (FORMAT binary)") as copy:
            copy.write(copied(batch))
        self.con.execute(DEFER if batch.pending else UPSERT, (self.id,))

    def finish(self, runs: Sequence[str], serve: bool) -> None:
        until = (self.id, self.now)
        self.con.execute(MATURE, until)
        self.con.execute("DELETE FROM fsnb_online.pending WHERE series = %s AND available <= %s", until)
        self.con.cursor().executemany(
            "INSERT INTO fsnb_online.runs VALUES (%s, %s) ON CONFLICT DO NOTHING", [(self.id, run) for run in runs]
        )
        self.con.execute("UPDATE fsnb_online.series SET synced = greatest(synced, %s) WHERE id = %s", until[::-1])
        if serve:
            which = (self.id, self.series.view)
            self.con.execute("UPDATE fsnb_online.series SET served = (id = %s) WHERE view = %s", which)

"""An online store in a SQLite file: embedded, no server, shared by processes. WAL: readers never wait for a push.

A push is one transaction: rows and position are there together or not at all.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from fsnb.errors import OnlineStoreError
from fsnb.online.connecting import PerThread
from fsnb.online.database import Batch, Row
from fsnb.online.series import Series

WAIT_SECONDS = 60  # for a push of another process
MOST_KEYS = 500  # in one statement

TABLES = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY AUTOINCREMENT, view TEXT NOT NULL, version INTEGER NOT NULL, served INTEGER NOT NULL,
    synced INTEGER NOT NULL, doc TEXT NOT NULL, UNIQUE (view, version));
CREATE TABLE IF NOT EXISTS runs (series INTEGER, run TEXT, PRIMARY KEY (series, run)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "rows" (
    series INTEGER, key BLOB, event INTEGER NOT NULL, available INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (series, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (
    series INTEGER, key BLOB, event INTEGER, available INTEGER, value BLOB NOT NULL,
    PRIMARY KEY (series, key, event, available)) WITHOUT ROWID;
"""
NEW = "INSERT OR IGNORE INTO series (view, version, served, synced, doc) VALUES (?, ?, 0, ?, ?)"
ID = "SELECT id FROM series WHERE view = ? AND version = ?"
NEWER_WINS = """
    ON CONFLICT (series, key) DO UPDATE SET
        event = excluded.event, available = excluded.available, value = excluded.value
    WHERE (excluded.event, excluded.available) > ("rows".event, "rows".available)"""
INSERT = f'INSERT INTO "rows" (series, key, event, available, value) VALUES {{rows}} {NEWER_WINS}'
DEFER = "INSERT OR IGNORE INTO pending (series, key, event, available, value) VALUES {rows}"
# The series stands in the text: of a million rows, a value less to bind takes a twelfth of the time off.
VALUES = "({id:d}, ?, ?, ?, ?)"
TOGETHER = 100  # rows in one statement, each still written in turn; that takes a quarter off
MATURE = f"""
    INSERT INTO "rows" (series, key, event, available, value)
    SELECT series, key, event, available, value FROM pending WHERE series = ? AND available <= ?
    ORDER BY key, event, available {NEWER_WINS}"""
# The last line tells which series is served, in the same statement: a reader never sees a switch half done.
READ = """
    SELECT key, event, available, 0, value FROM "rows" WHERE series = ?1 AND key {keys}
    UNION ALL SELECT key, event, available, 1, value FROM pending WHERE series = ?1 AND key {keys}
    UNION ALL SELECT NULL, id, 0, 0, NULL FROM series WHERE view = ?2 AND served"""
READ_ONE = READ.format(keys="= ?3")
SCAN = """
    SELECT key, event, available, 0, value FROM "rows" WHERE series = ?1
    UNION ALL SELECT key, event, available, 1, value FROM pending WHERE series = ?1"""


class Sqlite:
    """A SQLite file as an online store; made when it is first pushed to."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._connections = PerThread(lambda: sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None))
        self._ids: dict[tuple[str, int], int] = {}

    def __repr__(self) -> str:
        return f"Sqlite({self.where!r})"

    @property
    def where(self) -> str:
        return f"sqlite:///{self.path}"

    def served(self, view: str) -> Series | None:
        return next(iter(self._series("WHERE view = ? AND served", view)), None)

    def all_series(self, view: str | None = None) -> tuple[Series, ...]:
        which, values = ("", []) if view is None else ("WHERE view = ?", [view])
        return self._series(f"{which} ORDER BY view, version", *values)

    def synced(self, series: Series) -> int:
        with self._errors():
            query = "SELECT synced FROM series WHERE view = ? AND version = ?"
            found = self._connections.get().execute(query, (series.view, series.version)).fetchone()
        return found[0] if found else 0

    def pushed(self, series: Series, runs: Sequence[str]) -> set[str]:
        if not self.path.exists():
            return set()
        query = "SELECT run FROM runs JOIN series ON series = id WHERE view = ? AND version = ?"
        with self._errors():
            con = self._connections.get()
            found = con.execute(query, (series.view, series.version)).fetchall() if _has_tables(con) else []
        return {run for (run,) in found}.intersection(runs)

    def read(self, series: Series, keys: Sequence[bytes]) -> list[Row] | None:
        mine = self._id(series)
        try:
            con = self._connections.get()
            if len(keys) == 1:
                return _if_served(con.execute(READ_ONE, (mine, series.view, keys[0])).fetchall(), mine)
            return self._read_many(con, mine, series.view, keys)
        except sqlite3.Error as error:
            raise self._said(error) from None

    def _read_many(self, con: sqlite3.Connection, mine: int | None, view: str, keys: Sequence[bytes]) -> Any:
        rows: list[Row] = []
        con.execute("BEGIN")  # several statements, one moment
        try:
            for start in range(0, len(keys) or 1, MOST_KEYS):
                some = keys[start : start + MOST_KEYS]
                query = READ.format(keys=f"IN ({', '.join(f'?{3 + i}' for i in range(len(some)))})")
                found = _if_served(con.execute(query, (mine, view, *some)).fetchall(), mine)
                if found is None:
                    return None
                rows += found
        finally:
            con.execute("COMMIT")
        return rows

    def scan(self, series: Series) -> Iterator[list[Row]]:
        with self._errors():
            cursor = self._connections.get().execute(SCAN, (self._id(series),))
            while rows := cursor.fetchmany(10_000):
                yield rows

    @contextmanager
    def push(self, series: Series, now: int) -> Iterator[SqlitePush]:
        with self._errors():
            self._make()
            con = self._connections.get()
            con.execute("BEGIN IMMEDIATE")
            try:
                con.execute(NEW, (series.view, series.version, now, json.dumps(series.to_doc())))
                (mine,) = con.execute(ID, (series.view, series.version)).fetchone()
                yield SqlitePush(con, mine, series, now)
                con.execute("COMMIT")
            except BaseException:
                if con.in_transaction:
                    con.execute("ROLLBACK")
                raise

    def forget(self, series: Series) -> None:
        with self._errors():
            con, mine = self._connections.get(), self._id(series)
            con.execute("BEGIN IMMEDIATE")
            for table, column in (('"rows"', "series"), ("pending", "series"), ("runs", "series"), ("series", "id")):
                con.execute(f"DELETE FROM {table} WHERE {column} = ?", (mine,))
            con.execute("COMMIT")
        self._ids.clear()

    def close(self) -> None:
        self._connections.close()

    # ------------------------------------------------------------------ connections

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._said(error) from None
        con = self._connections.get()
        if not _has_tables(con):
            _write_ahead(con)
            con.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT")
        con.execute("PRAGMA synchronous = NORMAL")  # what a power cut undoes it undoes whole, the position too

    def _id(self, series: Series) -> int | None:
        """What rows of a series are marked with; None where the store does not have it."""
        key = (series.view, series.version)
        if key not in self._ids:
            self.all_series(series.view)
        return self._ids.get(key)

    def _series(self, which: str, *values: Any) -> tuple[Series, ...]:
        if not self.path.exists():
            return ()
        with self._errors():
            con = self._connections.get()
            if not _has_tables(con):
                return ()
            rows = con.execute(f"SELECT id, view, version, doc FROM series {which}", values).fetchall()
        self._ids |= {(view, version): id for id, view, version, _ in rows}
        return tuple(Series.from_doc(json.loads(doc)) for *_, doc in rows)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._said(error) from error

    def _said(self, error: Exception) -> OnlineStoreError:
        code = getattr(error, "sqlite_errorname", "")
        advice = "Another process is pushing to it. Try again." if code.startswith("SQLITE_BUSY") else ""
        advice = advice or "It must be a SQLite file that you may write to, in a directory that you may write to."
        return OnlineStoreError(f"online store {self.where}: {error}. {advice}")


def _write_ahead(con: sqlite3.Connection) -> None:
    """Let readers and a pusher work at once. SQLite does not wait for another process here, so this does."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            con.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _if_served(found: list[Any], mine: int | None) -> list[Row] | None:
    """The rows without the last one, which says which series is served; None where that is another."""
    if found and found[-1][0] is None and found.pop()[1] == mine:
        return found
    return None


def _has_tables(con: sqlite3.Connection) -> bool:
    return bool(con.execute("SELECT 1 FROM sqlite_master WHERE name = 'pending'").fetchone())


@dataclass(frozen=True, slots=True)
class SqlitePush:
    """One push, inside its transaction."""

    con: sqlite3.Connection = field(repr=False)
    id: int
    series: Series
    now: int

    def write(self, batch: Batch) -> None:
        rows = list(zip(batch.keys, batch.events, batch.availables, batch.values, strict=True))
        whole = len(rows) - len(rows) % TOGETHER
        some = (rows[at : at + TOGETHER] for at in range(0, whole, TOGETHER))
        self.con.executemany(self._statement(batch, TOGETHER), (tuple(chain.from_iterable(each)) for each in some))
        self.con.executemany(self._statement(batch, 1), rows[whole:])

    def _statement(self, batch: Batch, count: int) -> str:
        values = ", ".join([VALUES.format(id=self.id)] * count)
        return (DEFER if batch.pending else INSERT).format(rows=values)

    def finish(self, runs: Sequence[str], serve: bool) -> None:
        until = (self.id, self.now)
        self.con.execute(MATURE, until)
        self.con.execute("DELETE FROM pending WHERE series = ? AND available <= ?", until)
        self.con.executemany("INSERT OR IGNORE INTO runs VALUES (?, ?)", [(self.id, run) for run in runs])
        self.con.execute("UPDATE series SET synced = max(synced, ?2) WHERE id = ?1", until)
        if serve:
            self.con.execute("UPDATE series SET served = (id = ?) WHERE view = ?", (self.id, self.series.view))

"""What one would write by hand: push the current table, newer wins; read one row. A class per store, the same calls."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.benchmarks.online_data import COLUMNS, INTEGERS

NAMES = ", ".join(COLUMNS)
SELECT = f"SELECT k, epoch_us(event_time), epoch_us(available_time), {NAMES} FROM v__v1_current"
CHANGES = ", ".join(f"{name} = excluded.{name}" for name in ("event", "available", *COLUMNS))
NEWER = f"ON CONFLICT (k) DO UPDATE SET {CHANGES} WHERE (excluded.event, excluded.available) > (t.event, t.available)"
TYPES = {name: "BIGINT" if name in INTEGERS else "DOUBLE PRECISION" for name in COLUMNS}
TABLE = f"(k BIGINT, event BIGINT, available BIGINT, {', '.join(f'{name} {TYPES[name]}' for name in COLUMNS)}"


def rows(con: Any) -> Iterator[tuple[Any, ...]]:
    """The current table of a DuckDB connection, times as microseconds."""
    found = con.execute(SELECT)
    while some := found.fetchmany(100_000):
        yield from some


class PlainSqlite:
    """A table with a column each, `executemany`, one transaction."""

    def __init__(self, folder: Path, url: str) -> None:
        self.con = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
        self.con.execute("PRAGMA journal_mode = WAL")
        self.con.execute("PRAGMA synchronous = NORMAL")
        types = TABLE.replace("BIGINT", "INTEGER").replace("k INTEGER", "k INTEGER PRIMARY KEY")
        self.con.execute(f"CREATE TABLE t {types})")
        self.query = f"SELECT {NAMES} FROM t WHERE k = ?"

    def push(self, con: Any) -> None:
        self.con.execute("BEGIN")
        marks = ", ".join("?" * (3 + len(COLUMNS)))
        self.con.executemany(f"INSERT INTO t VALUES ({marks}) {NEWER}", rows(con))
        self.con.execute("COMMIT")

    def read(self, k: int) -> Any:
        return self.con.execute(self.query, (k,)).fetchone()


class PlainPostgres:
    """A table with a column each, binary COPY into a temporary table, one INSERT."""

    def __init__(self, folder: Path, url: str) -> None:
        self.con = psycopg.connect(url, autocommit=True)
        self.con.execute("DROP TABLE IF EXISTS t")
        self.con.execute(f"CREATE TABLE t {TABLE}, PRIMARY KEY (k))")
        self.query = f"SELECT {NAMES} FROM t WHERE k = %s"

    def push(self, con: Any) -> None:
        with self.con.transaction():
            self.con.execute("CREATE TEMPORARY TABLE new (LIKE t) ON COMMIT DROP")
            with self.con.cursor().copy("COPY new FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int8"] * 3 + ["int8" if name in INTEGERS else "float8" for name in COLUMNS])
                for row in rows(con):
                    copy.write_row(row)
            self.con.execute(f"INSERT INTO t SELECT * FROM new {NEWER}")

    def read(self, k: int) -> Any:
        return self.con.execute(self.query, (k,), prepare=True, binary=True).fetchone()


class PlainRedis:
    """One packed value per key, MSET in pipelines; without newer-wins, which MSET has not."""

    def __init__(self, folder: Path, url: str) -> None:
        self.con = redis.Redis.from_url(url, single_connection_client=True)
        self.struct = struct.Struct("<qq" + "".join("q" if name in INTEGERS else "d" for name in COLUMNS))

    def push(self, con: Any) -> None:
        pack = self.struct.pack
        pairs = ((f"t:{k}", pack(*values)) for k, *values in rows(con))
        while some := list(islice(pairs, 1000)):
            self.con.execute_command("MSET", *chain.from_iterable(some))

    def read(self, k: int) -> Any:
        return self.struct.unpack(self.con.get(f"t:{k}"))[2:]


PLAIN = {"sqlite": PlainSqlite, "postgresql": PlainPostgres, "redis": PlainRedis}

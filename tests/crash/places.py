"""The targets that publishers are killed on, behind one face. What a new kind of target needs is here and nothing else.

A place is opened for looking in `reader()`. A DuckDB file is looked at in a copy: opening the file itself would do the
recovery that the next publisher must do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg

from tests.crash.trips import SOURCE

SECONDS_TO_SETTLE = 60
RAW = "raw"
ONLOOKER = "onlooker"


class Place(Protocol):
    """A target, and a folder for the store of those who publish there."""

    url: str
    home: Path
    schema: str

    def reader(self) -> contextlib.AbstractContextManager[Reader]:
        """A connection to look at what is there."""

    def settle(self) -> None:
        """Wait until nobody is at work there any more, after a publisher was killed."""

    def left_behind(self) -> list[str]:
        """What a publisher should have taken away when it died: temporary tables, locks, files."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A driver's connection; both drivers' cursors speak the DBAPI."""

    connection: Any

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def records(self, query: str) -> list[dict[str, Any]]:
        cursor = self.connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


SOURCES = {SOURCE: f"{RAW}.{SOURCE}"}


@dataclass(frozen=True, slots=True)
class DuckDBFile:
    """A DuckDB file in a folder of its own."""

    home: Path
    schema: str = "main"

    @classmethod
    def new(cls, home: Path) -> DuckDBFile:
        found = cls(home)
        found.path.parent.mkdir()
        return found

    @property
    def path(self) -> Path:
        return self.home / "target" / "prod.duckdb"

    @property
    def url(self) -> str:
        return str(self.path)

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        copied = self.home / "copy"
        shutil.copytree(self.path.parent, copied)
        try:
            with duckdb.connect(copied / self.path.name) as connection:
                yield Reader(connection)
        finally:
            shutil.rmtree(copied)

    def settle(self) -> None:
        """A file has nobody at work on it but the process that was killed."""

    def left_behind(self) -> list[str]:
        allowed = {self.path.name, f"{self.path.name}.wal", "ballast"}
        return [f"file {each.name}" for each in self.path.parent.iterdir() if each.name not in allowed]


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A database on a server of the tests' own."""

    home: Path
    url: str
    schema: str = "fsnb"

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        with self._connect() as connection:
            yield Reader(connection)

    def _connect(self) -> psycopg.Connection[Any]:
        """A connection, also of a server that is just recovering."""
        deadline = time.monotonic() + SECONDS_TO_SETTLE
        while True:
            try:
                return psycopg.connect(self.url, autocommit=True, connect_timeout=5)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def backends(self) -> list[int]:
        """Process ids of the server's sides of all connections but our own and those of onlookers."""
        others = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            f"AND backend_type = 'client backend' AND application_name <> '{ONLOOKER}'"
        )
        with self.reader() as found:
            return [pid for (pid,) in found.rows(others)]

    def settle(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_SETTLE
        while self.backends():
            if time.monotonic() > deadline:
                raise RuntimeError("the server still works for a publisher that is dead")
            time.sleep(0.01)

    def left_behind(self) -> list[str]:
        """Temporary tables of a transaction, locks.

        The certificate's sample is in temporary tables of the session. A backend that is killed cannot drop them, and
        the server does so later; their names are Ibis's, or those of frames.
        """
        queries = {
            "temporary table": "SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r' "
            "AND relname !~ '^(ibis_|_fsnb_frame_)'",
            "advisory lock": "SELECT objid::text FROM pg_locks WHERE locktype = 'advisory' AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())",
            "prepared transaction": "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()",
        }
        with self.reader() as found:
            return [f"{what} {name}" for what, query in queries.items() for (name,) in found.rows(query)]

    def terminate(self, pid: int) -> None:
        """End a backend as an administrator does: its client sees the connection closed."""
        with self.reader() as found:
            found.rows(f"SELECT pg_terminate_backend({pid})")

    @staticmethod
    def kill(pid: int) -> None:
        """SIGKILL a backend: the server stops all others and recovers from its log."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

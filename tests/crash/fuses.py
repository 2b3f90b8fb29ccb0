"""Where a publisher kills itself: at the n-th statement of a transaction, at the n-th COMMIT, while closing.

The drivers' own methods are wrapped, in the publisher's process alone; fsnb knows nothing of it. On a lake a commit is
that of the Delta table or the link to a manifest; a statement is one that writes, or keeps, rows. A death is SIGKILL:
no handler, no rollback, no close. "during" starts a clock and then the real call, which runs with the GIL released, so
that the process dies in the middle of writing or waiting.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import deltalake.transaction
import duckdb
import psycopg

from fsnb.publish.lake.engines import OnSpark

KINDS = ("statement", "commit", "close")
MOMENTS = ("before", "during", "after")
OF_LAKES = ("COPY (", "CREATE OR REPLACE TEMPORARY TABLE")  # which have no transactions
WRITES = re.compile(r'(INSERT INTO|CREATE TABLE|COPY) "\w+"\.')


@dataclass(frozen=True, slots=True)
class Fuse:
    """Die at the `number`-th call of a kind, counted from 1; `seconds` into it where the moment is "during"."""

    kind: str
    number: int
    moment: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.moment} {self.kind} {self.number}"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_after(seconds: float) -> None:
    time.sleep(seconds)
    die()


class Counting:
    """Counts what a publisher does on its connections, and dies where the fuse says."""

    def __init__(self, fuse: Fuse | None) -> None:
        self.fuse, self.seen = fuse, Counter[str]()
        self._open: dict[int, list[str]] = {}

    def watch(self) -> None:
        """Wrap the drivers, in this process."""
        for owner, name in (
            (duckdb.DuckDBPyConnection, "execute"),
            (duckdb.DuckDBPyConnection, "close"),
            (psycopg.Cursor, "execute"),
            (psycopg.Cursor, "copy"),
            (psycopg.Connection, "close"),
        ):
            self._wrap(owner, name, close=name == "close")
        self._wrap_postgres_transactions()
        self._wrap_lakes()

    def _wrap(self, owner: Any, name: str, close: bool) -> None:
        real = getattr(owner, name)

        def call(connection: Any, *args: Any, **options: Any) -> Any:
            kind = "close" if close else self._kind(connection, str(args[0]) if args else "")
            return self._around(kind, lambda: real(connection, *args, **options))

        setattr(owner, name, call)

    def _kind(self, connection: Any, statement: str) -> str:
        """What a statement counts as.

        Ibis runs each query in a transaction of its own where the driver has no other: so a first statement is not
        counted, and a COMMIT only where something was written to a table that has a schema.
        """
        owner = id(getattr(connection, "connection", connection))
        if statement.startswith(OF_LAKES):
            return "statement"
        if statement.startswith("BEGIN"):
            self._open[owner] = []
            return ""
        if statement in ("COMMIT", "ROLLBACK"):
            return self._ended(owner) if statement == "COMMIT" else ""
        ran = self._open.get(owner, [])
        kind = "statement" if ran else ""
        ran.append(statement)
        return kind

    def _ended(self, owner: int) -> str:
        return "commit" if any(map(WRITES.match, self._open.pop(owner, []))) else ""

    def _wrap_postgres_transactions(self) -> None:
        """psycopg begins and commits by itself; a transaction with the name of a savepoint is none of its own."""
        enter, leave = psycopg.Transaction.__enter__, psycopg.Transaction.__exit__

        def begin(transaction: Any) -> Any:
            found = enter(transaction)
            if not transaction.savepoint_name:
                self._open[id(transaction.connection)] = []
            return found

        def end(transaction: Any, *error: Any) -> Any:
            kind = "" if transaction.savepoint_name else self._ended(id(transaction.connection))
            return self._around("" if error[0] else kind, lambda: leave(transaction, *error))

        psycopg.Transaction.__enter__, psycopg.Transaction.__exit__ = begin, end

    def _wrap_lakes(self) -> None:
        """A Delta commit, the link to a manifest, and what Spark is asked to write or to keep."""
        self._wrap_as("commit", deltalake.DeltaTable, "create_write_transaction")
        self._wrap_as("commit", deltalake.transaction, "create_table_with_add_actions")
        self._wrap_as("commit", os, "link")
        self._wrap_as("statement", OnSpark, "write")
        self._wrap_as("statement", OnSpark, "keep")

    def _wrap_as(self, kind: str, owner: Any, name: str) -> None:
        real = getattr(owner, name)
        setattr(owner, name, lambda *args, **options: self._around(kind, lambda: real(*args, **options)))

    def _around(self, kind: str, call: Callable[[], Any]) -> Any:
        self.seen[kind] += 1
        fuse = self.fuse
        if not kind or fuse is None or (fuse.kind, fuse.number) != (kind, self.seen[kind]):
            return call()
        if fuse.moment == "before":
            die()
        if fuse.moment == "during":
            threading.Thread(target=_die_after, args=(fuse.seconds,), daemon=True).start()
        found = call()
        die()
        return found

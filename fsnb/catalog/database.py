"""The database under the catalog: opened, brought to the present schema, its failures said in words.

Why no connection pool: a kernel forks, a server has threads; a connection that never outlives one call is never shared.

Why every write takes one lock (BEGIN IMMEDIATE on SQLite, an advisory lock on PostgreSQL): PostgreSQL draws an id
before it commits, so of two writers the one with id 7 may be seen before the one with id 6, and a reader that asks
"what came after 7" would never learn of 6. In turn there is no such gap, and no race for a version number either.
It must be READ COMMITTED: a stricter transaction would still look at the state from before it waited for the lock.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, column, create_engine, inspect, make_url, select, table
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from fsnb.catalog.words import search_text
from fsnb.errors import CatalogError

WAIT_SECONDS = 30  # for a writer in another process
AT_ONCE = 1000  # rows of a migration
WRITERS = int.from_bytes(b"fsnb")  # the advisory lock that writers take on PostgreSQL


def _write_words(con: Connection) -> None:
    """The words of a search by field, a thousand documents at a time; bodies stay as they are."""
    rows = table("fsnb_documents", *map(column, ("id", "name", "body", "search_text")))
    last = 0
    while True:
        page = select(rows).where(rows.c.id > last).order_by(rows.c.id).limit(AT_ONCE)
        found = con.execute(page).all()
        if not found:
            return
        for row in found:
            words = search_text(row.name, json.loads(row.body))
            con.execute(rows.update().where(rows.c.id == row.id).values(search_text=words))
        last = found[-1].id


# What each release added, oldest first. A line that was released is never edited: the next one is appended. A function
# does what SQL cannot.
# `key` stands for (kind, name), because an index row of PostgreSQL ends at 2.7 kB. `body` is last so that a search
# need not read past it.
MIGRATIONS: tuple[tuple[str, tuple[str | Callable[[Connection], None], ...]], ...] = (
    (
        "0.1.0",
        (
            "CREATE TABLE fsnb_schema_version (version INTEGER PRIMARY KEY, release TEXT NOT NULL)",
            """CREATE TABLE fsnb_documents (
                id {serial}, key TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
                fingerprint TEXT NOT NULL, created_at TEXT NOT NULL, created_by TEXT NOT NULL,
                search_text TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (key, version))""",
        ),
    ),
    ("0.1.0", (_write_words,)),
)
SERIAL = {
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "postgresql": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
}
SCHEMA_VERSION = table("fsnb_schema_version", column("version"), column("release"))

# How a code of SQLite (its name) or PostgreSQL (its SQLSTATE) begins -> what to do.
ADVICE = {
    "SQLITE_BUSY": f"Another process kept it locked for {WAIT_SECONDS} s. Try again, or close that process.",
    "SQLITE_READONLY": "It can be read, not written. Allow writing to the file and its directory, or use another path.",
    "SQLITE_CANTOPEN": "It must be a file, and you must be able to write to it and to its directory.",
    "SQLITE_NOTADB": "The file is something else. Name another path, or move the file away.",
    "SQLITE_CORRUPT": "The file is damaged. Restore it from a backup, or move it away.",
    "SQLITE_FULL": "The disk is full. Free some space and try again.",
    "55P03": f"Another process kept it locked for {WAIT_SECONDS} s. Try again, or end that process.",
    "25006": "The server takes no writes. Name the primary server.",
    "42501": "Ask for the right to create, read and insert into tables there.",
}
UNREACHABLE = "Check that the server runs, and the host, port, database, user and password of the URL."


@dataclass(frozen=True, slots=True)
class Database:
    """An engine with no pool, and what to call it in a message."""

    engine: Engine = field(repr=False)
    where: str
    secrets: tuple[str, ...] = field(repr=False)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection that commits at the end, rolls back on an error and is then closed."""
        try:
            with self.engine.begin() as con:
                yield con
        except DBAPIError as error:
            raise CatalogError(self.explain(error)) from None

    def lock(self, con: Connection) -> None:
        """Let one writer in at a time, until the end of the transaction; readers are not held up."""
        if con.dialect.name == "sqlite":
            con.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            con.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
            con.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")

    def upgrade(self) -> None:
        """Run the migrations that this catalog has not had, all or none of them."""
        with self.connection() as con:
            if self.schema_version(con) == len(MIGRATIONS):
                return
            if con.dialect.name == "sqlite":
                _write_ahead(con)
        with self.connection() as con:
            self.lock(con)
            done = self.schema_version(con)
            for version, (release, statements) in enumerate(MIGRATIONS[done:], start=done + 1):
                for statement in statements:
                    if isinstance(statement, str):
                        con.exec_driver_sql(statement.format(serial=SERIAL[con.dialect.name]))
                    else:
                        statement(con)
                con.execute(SCHEMA_VERSION.insert().values(version=version, release=release))

    def schema_version(self, con: Connection) -> int:
        """How many migrations this catalog has had; one from a newer fsnb is refused."""
        if not inspect(con).has_table(SCHEMA_VERSION.name):
            return 0
        newest = select(SCHEMA_VERSION).order_by(SCHEMA_VERSION.c.version.desc()).limit(1)
        version, release = con.execute(newest).one()
        if version > len(MIGRATIONS):
            raise CatalogError(
                f"catalog {self.where}: it has schema version {version}, this fsnb reads up to {len(MIGRATIONS)}. "
                f"It needs fsnb {release} or newer: pip install 'fsnb>={release}'."
            )
        return int(version)

    def explain(self, error: DBAPIError) -> str:
        """Who, what and what to do, with every password masked."""
        code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
        advice = UNREACHABLE if code is None else ""
        for start, known in ADVICE.items():
            advice = known if str(code).startswith(start) else advice
        said = " ".join(str(error.orig).split()).rstrip(".?")
        for secret in self.secrets:
            said = said.replace(secret, "***")
        return f"catalog {self.where}: {said}. {advice}".strip()


def open_database(url_or_path: str | os.PathLike[str]) -> Database:
    """Open a SQLite file (created if missing, with its directories) or a PostgreSQL database."""
    text = os.fspath(url_or_path)
    # A scheme has two letters or more: `C:\...` is a path. So is anything that is given as a Path.
    is_url = isinstance(url_or_path, str) and re.match(r"[A-Za-z][\w+]+:", text)
    database = _postgresql(text) if is_url else _sqlite(Path(text).expanduser().absolute())
    database.upgrade()
    return database


def _sqlite(path: Path) -> Database:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(
            f"catalog {path}: cannot make its directory ({error.strerror}). Name a directory that you can write to."
        ) from None
    # isolation_level None: the driver begins no transaction by itself, lock() does.
    connect: dict[str, Any] = {"timeout": WAIT_SECONDS, "isolation_level": None}
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool, connect_args=connect)
    return Database(engine, str(path), ())


def _write_ahead(con: Connection) -> None:
    """Let readers and a writer work at once. SQLite does not wait for another process here, so this does."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            con.exec_driver_sql("PRAGMA journal_mode=WAL")
            return
        except OperationalError as error:
            busy = getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _postgresql(text: str) -> Database:
    scheme = text.partition(":")[0]
    if scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise CatalogError(
            f"catalog {scheme}:...: no such kind. Give a path (a SQLite file) or postgresql://user@host/database."
        )
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # their messages quote the URL
        url = None
    if url is None or "@" in (url.host or ""):
        raise CatalogError(
            f"catalog {scheme}:...: not a URL. Write postgresql://user:password@host:port/database, "
            "with @ : / in a password as %40 %3A %2F."
        )
    where = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    query = {"connect_timeout": "10", "client_encoding": "utf8", **url.query}
    secrets = (url.password, *(value for key, value in url.query.items() if "password" in key))
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg", query=query), poolclass=NullPool, isolation_level="READ COMMITTED"
        )
    except ImportError:
        raise CatalogError(f"catalog {where}: the driver is not installed: pip install 'fsnb[postgres]'.") from None
    return Database(engine, where, tuple(str(secret) for secret in secrets if secret))

"""A PostgreSQL server of the tests' own: `fsnb.demo.postgres.PrivateServer`, and databases for one test each.

Two things are harsher than need be, so that carelessness shows:

- the password is a canary: whatever prints, logs or stores it can be searched for it;
- the server's time zone is not UTC: a session that leaves it at that reads other instants from naive times.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from fsnb.demo.postgres import PrivateServer, account_to_run_as

ELSEWHERE = {"timezone": "America/New_York"}


class PostgresServer(PrivateServer):
    """A fresh server with one superuser `fsnb` and one database `fsnb`, from `with` until its end.

    >>> with PostgresServer() as server:
    ...     psycopg.connect(server.url)
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(ELSEWHERE | dict(settings or {}))
        self.password = f"canary{secrets.token_hex(12)}"

    @contextlib.contextmanager
    def fresh_database(self, tablespace: str = "pg_default") -> Iterator[str]:
        """The URL of a new, empty database, which is dropped at the end with whoever is still connected."""
        name = sql.Identifier(f"test_{secrets.token_hex(6)}")
        self._execute(sql.SQL("CREATE DATABASE {} TABLESPACE {}").format(name, sql.Identifier(tablespace)))
        try:
            yield self.url_of(name.as_string().strip('"'))
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    @contextlib.contextmanager
    def tablespace(self, folder: Path) -> Iterator[str]:
        """The name of a new tablespace in a folder."""
        name, place = f"space_{secrets.token_hex(6)}", folder / "tablespace"
        place.mkdir()
        account = account_to_run_as()
        if account:
            shutil.chown(place, account["user"], account["group"])
        self._execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(sql.Identifier(name), sql.Literal(str(place))))
        try:
            yield name
        finally:
            self._execute(sql.SQL("DROP TABLESPACE {}").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composable) -> None:
        # without a limit: on a busy machine a connection takes longer than who waits for a start should wait
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement)

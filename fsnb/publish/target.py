"""Target: a named production database, and the one place where its password passes through.

Whatever goes wrong while connecting is raised anew outside the `except`, from functions whose frames hold no secret:
neither the message nor the chain of causes nor a traceback that shows local variables can tell the password.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import ibis

from fsnb import shells
from fsnb.errors import TargetError
from fsnb.model.entity import check_name
from fsnb.pit import working
from fsnb.publish import sql
from fsnb.publish.idle import Idle
from fsnb.publish.lake import lake_of
from fsnb.publish.lake.opening import check_folder, open_delta, open_spark
from fsnb.urls import (
    OF_FILES,
    PLACEHOLDER,
    SECRET_OPTIONS,
    Address,
    Unset,
    address_of,
    filled,
    no_driver,
    one_line,
    only_placeholders,
    scrubbed,
    unreachable,
    with_variables,
    without_password,
)

LAKES = ("delta", "spark")
FILE_SUFFIXES = (".duckdb", ".db", ".ddb")
SCHEMES = (
    "postgresql://user:${PGPASSWORD}@host:5432/database, duckdb:///path/to/file.duckdb, a path that ends in .duckdb, "
    "delta:///path/to/folder, spark:///path/to/folder"
)
DEFAULT_SCHEMA = {"postgres": "fsnb", "duckdb": "main"}
SECONDS_TO_CONNECT = 10
ASKABLE = "SET enable_progress_bar = true; SET enable_progress_bar_print = false"  # how far a query is can be asked
HELD = "Could not set lock"  # DuckDB's words for a file that another process has open


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """A named production database, the schema that published tables go to, and where it keeps each source.

    Parameters
    ----------
    name
        "prod", say.
    url
        `postgresql://user:${PGPASSWORD}@host:5432/database`, `duckdb:///path/to/file.duckdb`, or a path that ends in
        `.duckdb` (created if missing). `${NAME}` is read from the environment at each connect. A password that is
        written out serves this session and is left out of `to_doc()`. `delta:///path/to/folder` is a lake of Delta
        tables over which DuckDB computes, `spark:///path/to/folder` one of parquet files over which Spark does, in the
        session of this process or a new one; the folder is created if missing.
    schema
        The database schema of published tables, created if missing. By default `fsnb` on PostgreSQL, `main` on DuckDB;
        a lake has none.
    sources
        `{source: table on the target}`, `"schema.table"` where it is not on the search path; the same name by default.
        On a lake a table's folder, or a parquet file, a pattern of such or a folder of them, from the lake's folder or
        absolute; on Spark also a table or view that the session knows.

    Raises
    ------
    TargetError
        The URL is of an unsupported kind.
    """

    name: str
    url: str
    schema: str | None
    sources: tuple[tuple[str, str], ...]
    _idle: Idle = field(compare=False)
    _held: Callable[[], Any] | None = field(compare=False)

    def __init__(
        self, name: str, url: str | Path, *, schema: str | None = None, sources: Mapping[str, str] | None = None
    ) -> None:
        object.__setattr__(self, "name", check_name(name, "target"))
        object.__setattr__(self, "url", _normal_url(str(url), f"target {name!r}"))
        if schema is not None and self.is_lake:
            raise TargetError(f"target {name!r}: a lake has no schemas. Give the folder: {self.url}/{schema}.")
        object.__setattr__(self, "schema", schema)
        object.__setattr__(self, "sources", tuple((sources or {}).items()))
        object.__setattr__(self, "_idle", Idle())
        object.__setattr__(self, "_held", None)

    def __repr__(self) -> str:
        shown = "".join(f", {key}={value!r}" for key, value in self._options() if value)
        return f"Target({self.name!r}, {without_password(self.url, '***')!r}{shown})"

    def _options(self) -> list[tuple[str, Any]]:
        return [("schema", self.schema), ("sources", dict(self.sources))]

    def table_of(self, source: str) -> str:
        """The name of a source's table on the target."""
        return dict(self.sources).get(source, source)

    def schema_on(self, con: Any) -> str:
        """The schema of published tables, on the target's own connection."""
        lake = lake_of(con)
        return lake.schema if lake else self.schema or DEFAULT_SCHEMA[con.name]

    @property
    def is_lake(self) -> bool:
        """Whether published tables are files in a folder, not tables of a database."""
        return self.url.partition("://")[0] in LAKES

    def to_doc(self) -> dict[str, Any]:
        """The target as JSON, without a password; placeholders stay as they are."""
        return {"name": self.name, "url": without_password(self.url, ""), **dict(self._options())}

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Target:
        return cls(doc["name"], doc["url"], schema=doc["schema"], sources=doc["sources"])

    def connect(self) -> Any:
        """An Ibis connection to the target; the caller disconnects it, or uses `session`.

        Raises
        ------
        TargetError
            A variable of the URL is not set, the server cannot be reached or refuses the password, the driver is
            missing, or another process holds the DuckDB file for 10 s.
        """
        con, failure = _attempt(self)
        if failure:
            raise TargetError(failure)
        return con

    @contextmanager
    def session(self, *views: str) -> Iterator[Any]:
        """A connection for a block. A DuckDB file is free for others again at its end; see `fsnb.publish.idle`.

        On a lake it has the published tables of `views`, as they are now and stay for as long as it lives.
        """
        with sql.lost_told(f"target {self.name!r}"), self._connection() as con:
            if lake := lake_of(con):
                lake.open(views)
            with working(con):
                yield con

    @contextmanager
    def held(self) -> Iterator[Target]:
        """This target, whose sessions in a block have one connection: the first of them makes it, the end closes it.

        To open a file and to close it takes longer than a run that finds nothing due.
        """
        with sql.lost_told(f"target {self.name!r}"), ExitStack() as stack:
            found = copy(self)
            object.__setattr__(found, "_held", cache(lambda: stack.enter_context(self._lent())))
            yield found

    def _connection(self) -> AbstractContextManager[Any]:
        return nullcontext(self._held()) if self._held else self._lent()

    @contextmanager
    def _lent(self) -> Iterator[Any]:
        """A connection that waits for its next session where this one ends well, and is closed where not."""
        waits_as, ended_well = self._waits_as(), False
        con = self._idle.take(waits_as) or self.connect()
        try:
            yield con
            ended_well = True
        finally:
            if ended_well and waits_as is not None:
                self._idle.put(waits_as, con)
            else:
                (lake_of(con) or con).disconnect()

    def _waits_as(self) -> int | None:
        """What a connection to PostgreSQL is kept as: the URL and what its variables are now, no secret in it."""
        try:
            url = with_variables(self.url)
        except Unset:
            return None  # connecting says what is missing
        return hash(url) if url.partition("://")[0] in OF_SERVERS else None

    def _repr_html_(self) -> str:
        return shells.html(self)


# ---------------------------------------------------------------------- reading URLs


def _normal_url(url: str, who: str) -> str:
    """The URL with an absolute path where it is a file's: the same target from every working directory."""
    if PLACEHOLDER.match(url):
        return url
    if url.lower().endswith(FILE_SUFFIXES) and "://" not in url:
        url = f"duckdb://{url}"
    scheme, found, rest = url.partition("://")
    if not found or scheme not in CONNECTORS:
        kind = f"{scheme}://" if found else "a URL with no scheme"
        raise TargetError(f"{who}: cannot connect to {kind}. Supported are {SCHEMES}.")
    if scheme not in OF_FILES:
        port = address_of(url).port
        if port and not port.isdecimal() and not only_placeholders(port):  # not shown: it may be half of a password
            raise TargetError(f"{who}: the port in its URL is not a number. Give {SCHEMES.split(',')[0]}.")
        return url
    if scheme in LAKES and not PLACEHOLDER.search(rest):
        check_folder(rest, who)
    if not rest.strip("/") or rest.lstrip("/") == ":memory:":
        raise TargetError(f"{who}: {url!r} names no file, and what is published into memory is lost. Give a path.")
    return url if PLACEHOLDER.search(rest) else f"{scheme}://{Path(rest).expanduser().absolute()}"


# ---------------------------------------------------------------------- connecting


def _attempt(target: Target) -> tuple[Any, str]:
    """A connection, or why there is none. Secrets live in this function and those below, and in no exception."""
    who = f"target {target.name!r}"
    secrets: list[str] = []
    connecting: tuple[type[Exception], ...] = (OSError, ValueError, *_driver_errors())
    try:
        url = target.url
        if PLACEHOLDER.match(url):
            url = _normal_url(with_variables(url), who)
        address = address_of(url)
        options = {name: filled(value) for name, value in address.options}
        secrets += [
            filled(address.password),
            *(value for name, value in options.items() if name.lower() in SECRET_OPTIONS),
        ]
        return CONNECTORS[address.scheme](address, options), ""
    except Unset as missing:
        return None, missing.told(who)
    except ImportError as error:
        return None, no_driver(who, error, EXTRAS.get(target.url.partition("://")[0], "postgres"))
    except TargetError as error:
        return None, scrubbed(str(error), secrets)
    except duckdb.Error as error:
        return None, scrubbed(f"{who}: cannot open its file. {one_line(error)} {_file_advice(str(error))}", secrets)
    except connecting as error:
        return None, scrubbed(unreachable(who, address, error), secrets)


def _postgres(address: Address, options: dict[str, str]) -> Any:
    wanted = {"user": address.user, "password": address.password, "host": address.host, "database": address.path}
    found: dict[str, Any] = {name: filled(value) for name, value in wanted.items() if value}
    if port := filled(address.port):
        if not port.isdecimal():
            raise ValueError("its port is not a number")
        found["port"] = int(port)
    # prepared by the driver of itself, a statement would fail once the types of the tables that it reads have changed
    usual: dict[str, Any] = {"connect_timeout": SECONDS_TO_CONNECT, "prepare_threshold": None}
    return ibis.postgres.connect(**usual | options | found)


def _duckdb(address: Address, options: dict[str, str]) -> Any:
    """The file, once whoever has it open is done: publishers hold it for seconds, a notebook longer."""
    path, deadline = with_variables(address.path), time.monotonic() + SECONDS_TO_CONNECT
    while True:
        try:
            con = ibis.duckdb.connect(path)
            con.raw_sql(ASKABLE)
            return con
        except duckdb.IOException as error:
            if HELD not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0.02, 0.1))


def _delta(address: Address, options: dict[str, str]) -> Any:
    return open_delta(_folder(address))


def _spark(address: Address, options: dict[str, str]) -> Any:
    return open_spark(_folder(address))


def _folder(address: Address) -> str:
    folder = with_variables(address.path)
    check_folder(folder, "its URL")
    return folder


EXTRAS = {"delta": "delta", "spark": "spark"}
OF_SERVERS = ("postgresql", "postgres")
CONNECTORS: Mapping[str, Callable[[Address, dict[str, str]], Any]] = {
    "postgresql": _postgres,
    "postgres": _postgres,
    "duckdb": _duckdb,
    "delta": _delta,
    "spark": _spark,
}


def _driver_errors() -> tuple[type[Exception], ...]:
    try:
        import psycopg
    except ImportError:
        return ()
    return (psycopg.Error,)


def _file_advice(message: str) -> str:
    if HELD in message:
        return (
            f"One process at a time can have it open, and it was not free for {SECONDS_TO_CONNECT} s: close the other "
            "connection, or shut that kernel down."
        )
    return "Check the path, and that the file is a DuckDB database."

"""The few statements that Ibis has no expression for: names quoted by the dialect, one transaction, one lock.

Queries are Ibis expressions compiled by the target's connection; here they are wrapped into INSERT and CREATE and run
on the driver's own connection. Inside `transaction` Ibis itself may be used too: on PostgreSQL it opens savepoints, on
DuckDB it runs in the transaction that is open.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Any

import duckdb
import ibis
import polars as pl
import sqlglot.expressions as sge

from fsnb.errors import FsnbError, NotSupported, PublishError, TargetError
from fsnb.pit import stop
from fsnb.publish.lake import lake_of

OF_LAKES = (  # what is not imported has raised nothing
    ("pyspark.errors", "PySparkException"),
    ("py4j.protocol", "Py4JError"),
    ("deltalake.exceptions", "DeltaError"),
)
PAGES_PER_RANGE = 16  # of 8 kB: a thousand rows or two, a day of many a source
LONGEST_NAME = {"postgres": 63}  # bytes; PostgreSQL cuts what is longer, and two names may become one


def quoted(con: Any, *parts: str) -> str:
    """A name, or `schema.name`, as the dialect quotes it; whatever it holds."""
    return ".".join(_quoted(con.dialect, part) for part in parts if part)


@lru_cache(1_000)
def _quoted(dialect: Any, name: str) -> str:
    return sge.to_identifier(name, quoted=True).sql(dialect)


def literal(con: Any, value: Any) -> str:
    """A value as the dialect writes it."""
    return sge.convert(value).sql(con.dialect)


def names(con: Any, columns: Sequence[str]) -> str:
    return ", ".join(quoted(con, column) for column in columns)


def run(con: Any, statement: str) -> int:
    """Run one statement; the number of rows that it wrote."""
    cursor = con.con.execute(statement)
    if con.name == "postgres":
        return max(cursor.rowcount, 0)
    row = cursor.fetchone() if statement.startswith(("INSERT", "UPDATE", "DELETE")) else None
    return row[0] if row else 0


def rows(con: Any, query: str) -> list[tuple[Any, ...]]:
    if con.name == "pyspark":
        return [tuple(row) for row in con.raw_sql(query).collect()]
    return con.con.execute(query).fetchall()


def books(con: Any) -> Any:
    """The connection on which the ledger's tables are: a lake keeps them beside its own."""
    lake = lake_of(con)
    return con if lake is None else lake.books


def create_table(
    con: Any, where: tuple[str, str], schema: ibis.Schema, *, required: Sequence[str] = (), key: Sequence[str] = ()
) -> None:
    if lake := lake_of(con):
        lake.create(where[1], schema, key=tuple(key))
        return
    run(con, table_definition(con, where, schema, required=required, key=key))


def table_definition(
    con: Any, where: tuple[str, str], schema: ibis.Schema, *, required: Sequence[str] = (), key: Sequence[str] = ()
) -> str:
    """CREATE TABLE with these columns; `required` ones are NOT NULL, `key` is the primary key where it is given."""
    types = ibis.schema({name: dtype.copy(nullable=name not in required) for name, dtype in schema.items()})
    columns = [column.sql(con.dialect) for column in types.to_sqlglot_column_defs(con.dialect)]
    columns += [f"PRIMARY KEY ({names(con, key)})"] if key else []
    return f"CREATE TABLE {quoted(con, *where)} ({', '.join(columns)})"


def index_definitions(con: Any, where: tuple[str, str], order: Sequence[str], clocks: Sequence[str]) -> list[str]:
    """The indexes of a table, where the target keeps any: one to look up a moment, one for each clock's ranges."""
    if con.name != "postgres":
        return []
    table = quoted(con, *where)
    moments = [f"CREATE INDEX ON {table} ({names(con, order)})"] if order else []
    ranges = [
        f"CREATE INDEX ON {table} USING brin ({quoted(con, clock)}) WITH (pages_per_range = {PAGES_PER_RANGE})"
        for clock in clocks
    ]
    return [*moments, *ranges]


def create_temporary(con: Any, name: str, query: str, joined: Sequence[str]) -> int:
    """A table of this connection alone, filled; the number of its rows. The next one of this name takes its place.

    PostgreSQL is told to look at its values, of the columns that it is `joined` by, which is all that its plans need.
    """
    if lake := lake_of(con):
        return lake.engine.keep(name, query)
    table = quoted(con, name)
    if con.name == "postgres":
        filled = run(con, f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {query}")
        run(con, f"ANALYZE {table} ({names(con, joined)})")
        return filled
    run(con, f"CREATE OR REPLACE TEMPORARY TABLE {table} AS {query}")
    run(con, f"ANALYZE {table}")
    return rows(con, f"SELECT count(*) FROM {table}")[0][0]


def summarize(con: Any, where: tuple[str, str]) -> None:
    """Let PostgreSQL's block range indexes of a table know of its new rows, which else a vacuum would do."""
    if con.name == "postgres":
        run(
            con,
            "SELECT brin_summarize_new_values(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "JOIN pg_am ON pg_am.oid = relam "
            f"WHERE amname = 'brin' AND indrelid = to_regclass({literal(con, quoted(con, *where))})",
        )


def analyze(con: Any, where: tuple[str, str]) -> None:
    """Let the database count a table's values anew. Files of a lake tell theirs."""
    if lake_of(con) is None:
        run(con, f"ANALYZE {quoted(con, *where)}")


def insert(con: Any, where: tuple[str, str], columns: Sequence[str], query: str) -> int:
    """INSERT ... SELECT; the number of rows written."""
    if lake := lake_of(con):
        return lake.append(where[1], query)
    return run(con, f"INSERT INTO {quoted(con, *where)} ({names(con, columns)}) {query}")


def insert_values(con: Any, where: tuple[str, str], values: Mapping[str, Any]) -> None:
    written = ", ".join(literal(con, value) for value in values.values())
    run(con, f"INSERT INTO {quoted(con, *where)} ({names(con, list(values))}) VALUES ({written})")


def lead(con: Any, view: tuple[str, str], table: tuple[str, str], columns: Sequence[str] | None) -> None:
    """CREATE VIEW over a table, or put these columns of it in place of what a view was."""
    create = "CREATE VIEW" if columns is None else "CREATE OR REPLACE VIEW"
    chosen = "*" if columns is None else names(con, columns)
    run(con, f"{create} {quoted(con, *view)} AS SELECT {chosen} FROM {quoted(con, *table)}")


def relations(con: Any, schema: str) -> set[str]:
    """Names of the tables and views in a schema."""
    if lake := lake_of(con):
        return lake.relations()
    if con.name == "postgres":  # its information_schema takes ten times as long, and leaves out what others own
        query = (
            "SELECT relname FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid "
            f"WHERE nspname = {literal(con, schema)} AND relkind IN ('r', 'p', 'f', 'v', 'm')"
        )
    else:
        query = (
            "SELECT table_name FROM information_schema.tables "
            f"WHERE table_catalog = current_database() AND table_schema = {literal(con, schema)}"
        )
    return {name for (name,) in rows(con, query)}


def locate(con: Any, name: str) -> tuple[str, str] | None:
    """Schema and name of a table or view, `name` or `schema.name`; a bare name is looked for along the search path."""
    if lake := lake_of(con):
        shown = lake.locate(name)
        return None if shown is None else (lake.schema, shown)
    schema, _, table = name.rpartition(".")
    if con.name == "postgres" and not schema:
        there = f"to_regclass({literal(con, quoted(con, table))})"
        found = rows(
            con,
            "SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid "
            f"WHERE pg_class.oid = {there}",
        )
        return (found[0][0], table) if found else None
    schema = schema or con.current_database
    return (schema, table) if table in relations(con, schema) else None


def home(con: Any, name: str, avoid: str) -> tuple[str, str]:
    """Schema and name for a new table: the first schema of the search path that is not `avoid`, where it names none.

    A user called like the schema of published tables has that schema first on its path, once it is there.
    """
    if lake := lake_of(con):
        return lake.schema, lake.home(name)
    schema, _, table = name.rpartition(".")
    if con.name == "postgres" and not schema:
        path = [each for (each,) in rows(con, "SELECT unnest(current_schemas(false))")]
        schema = next((each for each in path if each != avoid), avoid)
    return schema or con.current_database, table


def stored_schema(con: Any, schema: ibis.Schema, who: str) -> ibis.Schema:
    """The types that these columns have once they are in a table of the target: PostgreSQL keeps an int8 as int16."""
    if lake := lake_of(con):
        return lake.stored(schema, who)
    found = {name: _stored_type(con.compiler.type_mapper, dtype) for name, dtype in schema.items()}
    for name, dtype in found.items():
        if dtype.is_unknown():
            raise NotSupported(f"{who}: {name!r} is {schema[name]}, which {con.name} has no type for. Cast it.")
    return ibis.schema({name: dtype.copy(nullable=True) for name, dtype in found.items()})


def table_schema(con: Any, where: tuple[str, str]) -> ibis.Schema:
    """The columns of a table as they are, every type nullable."""
    if con.name == "postgres":
        mapper = con.compiler.type_mapper
        return ibis.schema({name: _type_named(mapper, said) for name, said in column_types(con, where).items()})
    lake = lake_of(con)
    found = lake.schema_of(where[1]) if lake else con.get_schema(where[1], database=where[0])
    return ibis.schema({name: dtype.copy(nullable=True) for name, dtype in found.items()})


@cache
def _type_named(mapper: Any, said: str) -> Any:
    """A type of a dialect; Ibis takes as long to read one as a server takes to answer."""
    return mapper.from_string(said, nullable=True)


@cache
def _stored_type(mapper: Any, dtype: Any) -> Any:
    return mapper.from_string(mapper.to_string(dtype))


def column_types(con: Any, where: tuple[str, str]) -> dict[str, str]:
    """The columns of a table or view in order, with their types in the target's own words, precision included."""
    if con.name == "postgres":
        query = (
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            f"WHERE attrelid = to_regclass({literal(con, quoted(con, *where))}) AND attnum > 0 AND NOT attisdropped "
            "ORDER BY attnum"
        )
    else:
        query = (
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_catalog = current_database() "
            f"AND table_schema = {literal(con, where[0])} AND table_name = {literal(con, where[1])} "
            "ORDER BY ordinal_position"
        )
    return dict(rows(con, query))


def lock(con: Any, what: str) -> None:
    """Wait for the other publishers of `what`, until the transaction ends. A DuckDB file has one writer anyway.

    On a lake nobody waits: of two that are at it, the one that commits later finds that the other has, and begins anew.
    """
    if con.name == "postgres":
        number = int.from_bytes(hashlib.sha256(what.encode()).digest()[:8], "big", signed=True)
        run(con, f"SELECT pg_advisory_xact_lock({number})")


class LostInCommit(Exception):
    """The connection ended before the answer to COMMIT came: the transaction may be there, whole, or not."""


@contextmanager
def _postgres_transaction(connection: Any) -> Iterator[None]:
    """READ COMMITTED, whatever the server's default: in a stricter one, a lock is waited for with an old snapshot."""
    import psycopg

    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    committing = False
    try:
        with connection.transaction():
            yield
            committing = True
    except psycopg.Error as error:
        if committing and is_lost(error):
            raise LostInCommit(str(error)) from error
        raise


def is_lost(error: Exception) -> bool:
    """Whether the connection ended under a statement, which then is not to blame. On Spark that is Java's end."""
    if isinstance(error, ConnectionError) or type(error).__name__ == "Py4JNetworkError":
        return True
    if type(error).__name__ == "Py4JError":  # Java has not answered; where it has raised, a trace is told
        text = str(error)
        unanswered = text.startswith("An error occurred while calling") and "Trace:" not in text
        return unanswered or text.endswith("does not exist in the JVM")
    if not hasattr(error, "sqlstate"):
        return False
    by_driver = type(error).__name__ == "OperationalError" and error.sqlstate is None
    return by_driver or str(error.sqlstate).startswith(("08", "57P"))


@contextmanager
def transaction(con: Any) -> Iterator[None]:
    """All of it or nothing, whatever is raised inside. Who waited for `lock` sees what the one before has written."""
    if lake := lake_of(con):
        with lake.transaction():
            yield
        return
    if con.name == "postgres":
        with _postgres_transaction(con.con):
            yield
        return
    run(con, "BEGIN TRANSACTION")
    try:
        yield
        run(con, "COMMIT")
    except BaseException:
        stop(con)  # after Ctrl-C a query may still run, and ROLLBACK would wait for it
        with suppress(duckdb.Error):  # an error may have ended it already
            run(con, "ROLLBACK")
        raise


@contextmanager
def taken_back(con: Any) -> Iterator[None]:
    """A transaction of which nothing stays."""

    class TakenBack(Exception):
        pass

    with suppress(TakenBack), transaction(con):
        yield
        raise TakenBack


def explained(con: Any, query: str) -> str:
    """The engine's own plan of a query, as text."""
    return "\n".join(str(row[-1]) for row in rows(con, f"EXPLAIN {query}"))


def engine_errors() -> tuple[type[Exception], ...]:
    """What engines and Ibis raise when they cannot do what they were asked."""
    compiling = ibis.common.exceptions
    found = [compiling.TranslationError, compiling.UnsupportedOperationError, compiling.UnsupportedBackendType]
    found += [duckdb.Error, pl.exceptions.PolarsError, ConnectionError]  # the last by py4j, when Java has ended
    with suppress(ImportError):
        import psycopg

        found.append(psycopg.Error)
    found += [getattr(sys.modules[module], name) for module, name in OF_LAKES if module in sys.modules]
    return tuple(found)


@contextmanager
def engine_errors_as(kind: type[PublishError], who: str, todo: str = "") -> Iterator[None]:
    """An engine's error as one of ours, with the first line of what it said.

    A lost connection is no error of what was asked: only who speaks of the target (a plain PublishError) tells of it.
    """
    try:
        yield
    except LostInCommit as error:
        raise TargetError(
            f"{who}: lost the connection during COMMIT ({_first_line(error)}). Whether it was written is not known, "
            "but all of it or nothing. Do it again: what is there is not written twice."
        ) from error
    except engine_errors() as error:
        if not is_lost(error):
            raise kind(f"{who}: {_first_line(error)}. {todo}".rstrip()) from error
        if kind is not PublishError:
            raise
        raise _lost(who, error, todo) from error
    except OSError as error:  # of the files of a lake
        if kind is not PublishError:
            raise
        raise PublishError(f"{who}: {_first_line(error)}. {todo}".rstrip()) from error


@contextmanager
def lost_told(who: str) -> Iterator[None]:
    """The connection's end as an error of ours, wherever it is met: before a statement, or while closing."""
    try:
        yield
    except Exception as error:
        if isinstance(error, FsnbError) or not is_lost(error):
            raise
        raise _lost(who, error) from error


def _lost(who: str, error: Exception, todo: str = "") -> TargetError:
    again = "Check that the server runs, and do it again."
    return TargetError(f"{who}: lost the connection ({_first_line(error)}). {again} {todo}".rstrip())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def check_length(con: Any, found: Sequence[str], who: str) -> None:
    """Refuse a name that the target would cut short."""
    most = LONGEST_NAME.get(con.name)
    for name in found:
        if most and len(name.encode()) > most:
            raise PublishError(
                f"{who}: the name {name!r} is longer than the {most} bytes that {con.name} keeps. Shorten it."
            )

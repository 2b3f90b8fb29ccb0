"""What fsnb knows of engines: which ones the tests hold to the rules of time, which cannot hold them, how rows travel.

A connection's name is the key of every table here. Rows leave and enter as Arrow, which tells NULL from NaN and keeps
integers whole. Spark's way through pandas does neither, so it is gone around on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from fsnb.errors import NotSupported, listed
from fsnb.pit.working import working

# connection name -> what people call it; docs/engines.md says what each of them can do
TESTED: Mapping[str, str] = {
    "duckdb": "DuckDB",
    "polars": "Polars",
    "postgres": "PostgreSQL",
    "pyspark": "Spark",
    "datafusion": "DataFusion",
}

NO_MICROSECONDS = "Ibis cannot read the microseconds of its times"
REFUSED: Mapping[str, str] = {
    "sqlite": "it keeps times as text, and reads them right only to the millisecond",
    "mysql": "its UNIX_TIMESTAMP answers 0 for times before 1970",
    "oracle": NO_MICROSECONDS,
    "exasol": NO_MICROSECONDS,
    "druid": NO_MICROSECONDS,
}

UTC = ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Z", "+00:00")
ZONES: Mapping[str, Callable[[Any], str]] = {
    "duckdb": lambda con: con.con.execute("SELECT current_setting('TimeZone')").fetchone()[0],
    "postgres": lambda con: con.con.info.parameter_status("TimeZone"),  # the server tells it of itself: no query
    "pyspark": lambda con: con._session.conf.get("spark.sql.session.timeZone"),
}
SET_ZONE_SQL = "con.raw_sql(\"SET TimeZone = 'UTC'\")."
SET_ZONE = {"pyspark": 'session.conf.set("spark.sql.session.timeZone", "UTC").'}
NO_UNSIGNED = ("postgres", "pyspark")
# what a spine may carry through, in types that Spark has
_SPARK_TYPES: Mapping[pa.DataType, pa.DataType] = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.string_view(): pa.string(),
}


def check_engine(name: str, who: str) -> None:
    """Refuse an engine that cannot hold the rules of time, before anything is read.

    Raises
    ------
    NotSupported
        Times of the engine are not whole microseconds, or cannot be read as such.
    """
    if name in REFUSED:
        raise NotSupported(
            f"{who}: {name} cannot keep the rules of time, which count in microseconds: {REFUSED[name]}. "
            f"Engines that the tests hold to them: {listed(TESTED.values())}."
        )


def check_session(con: Any, who: str) -> None:
    """Refuse a session that reads times with a zone elsewhere than in UTC, where Ibis has put it; and one of Spark in
    which a sum that leaves int64 wraps around instead of failing.
    """
    if con.name in ZONES and (zone := ZONES[con.name](con)) not in UTC:
        raise NotSupported(
            f"{who}: the time zone of this {TESTED[con.name]} session is {zone!r}, so that times with a zone would be "
            f"read as of there. Set it back: {SET_ZONE.get(con.name, SET_ZONE_SQL)}"
        )
    if con.name == "pyspark" and con._session.conf.get("spark.sql.ansi.enabled") != "true":
        raise NotSupported(
            f"{who}: Spark's ANSI mode is off in this session, so that integers wrap around where they overflow. "
            'Turn it on: session.conf.set("spark.sql.ansi.enabled", "true").'
        )


def check_types(name: str, schema: ibis.Schema, who: str) -> None:
    """Refuse columns of types that an engine does not have."""
    unsigned = [column for column, dtype in schema.items() if dtype.is_unsigned_integer()]
    if unsigned and name in NO_UNSIGNED:
        raise NotSupported(
            f"{who}: column {unsigned[0]!r} is {schema[unsigned[0]]}, and {TESTED[name]} has no unsigned integers. "
            "Cast the data to a signed type first."
        )


def holds(con: Any, table: ir.Table) -> bool:
    """Whether a table lies on this very connection: two in-memory databases are equal to Ibis."""
    return any(backend is con for backend in table._find_backends()[0])


def collect(con: Any, table: ir.Table) -> pa.Table:
    """The rows of a table expression as Arrow, in its types; NULL and NaN stay apart, integers whole.

    Ibis collects from Spark through pandas, where an integer beside a NULL becomes a float.
    """
    with working(con):
        if con.name != "pyspark":
            return con.to_pyarrow(table)
        con._run_pre_execute_hooks(table)
        rows = con.raw_sql(con.compile(table)).toArrow()
    return rows.cast(pa.schema([field.with_nullable(True) for field in table.schema().to_pyarrow()]))


def send(con: Any, name: str, rows: pa.Table) -> ir.Table:
    """Arrow rows as a table of the connection, for as long as the connection lives."""
    return UPLOADS.get(con.name, _create)(con, name, rows)


def _create(con: Any, name: str, rows: pa.Table) -> ir.Table:
    return con.create_table(name, rows, temp=True)


def _register(con: Any, name: str, rows: pa.Table) -> ir.Table:
    con.con.register(name, rows)
    return con.table(name)


def _to_spark(con: Any, name: str, rows: pa.Table) -> ir.Table:
    """Spark takes Arrow itself: naive times as the session's zone (Ibis sets UTC), nanoseconds floored."""
    types = [field.with_type(_SPARK_TYPES.get(field.type, field.type)) for field in rows.schema]
    con._session.createDataFrame(rows.cast(pa.schema(types))).createOrReplaceTempView(name)
    return con.table(name)


UPLOADS: Mapping[str, Callable[[Any, str, pa.Table], ir.Table]] = {"duckdb": _register, "pyspark": _to_spark}

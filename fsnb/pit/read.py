"""Data -> a table on an engine, read in fsnb's one way: floats without NaN, times as naive UTC microseconds.

CSV text is parsed by DuckDB whatever the engine, so that two engines never disagree over what a file says. Parquet is
scanned by the engine itself.
"""

from __future__ import annotations

import glob
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import polars as pl
import pyarrow as pa
from ibis.formats.polars import PolarsType

from fsnb.errors import FsnbError, NotSupported, UnknownName, listed
from fsnb.model import Source, Spine
from fsnb.model.data import SUFFIXES, absolute_path, is_path, is_table_name, physical_schema, read_file
from fsnb.pit.clocks import whole_microseconds
from fsnb.pit.engines import TESTED, check_engine, check_session, check_types, collect, holds, send

# what the engines say of a table or of its schema; DuckDB takes `x.json` for a file
NO_TABLE = (ibis.common.exceptions.TableNotFound, ibis.common.exceptions.IbisError, KeyError, duckdb.IOException)
ROW = "_fsnb_row"
_NUMBER = count()


def new_name(what: str) -> str:
    """A table name that nobody else uses in this process."""
    return f"_fsnb_{what}_{next(_NUMBER)}"


SETTINGS = {
    # it guesses that a registered frame is tiny, and then runs ASOF as a nested loop: 12 s instead of 0.1 on
    # 33,000 asks and 330,000 events
    # how far a query is can be asked; what DuckDB prints of it by itself would stand beside ours
    "duckdb": "SET asof_loop_join_threshold = 0; SET enable_progress_bar = true; SET enable_progress_bar_print = false",
    # its parser refuses what Ibis nests for a view of several windows
    "datafusion": "SET datafusion.sql_parser.recursion_limit = 1000",
}


def attach(con: Any, data: Any, who: str) -> ir.Table:
    """Make data readable on a connection, as it is: a file is scanned, a frame is not copied where the engine allows.

    Parameters
    ----------
    con
        An Ibis connection.
    data
        A path or glob, a frame, an Ibis table, or the name of a table on `con`.
    who
        Names the owner in errors: "source 'flights'".
    """
    check_engine(con.name, who)
    check_session(con, who)
    if con.name in SETTINGS:
        con.raw_sql(SETTINGS[con.name])
    if isinstance(data, ir.Table):
        return data if holds(con, data) else upload(con, rows_of(data))
    if is_path(data):
        return _attach_file(con, absolute_path(data, who), who)
    if is_table_name(data):
        return table_named(con, data, who)
    if data is None:
        raise FsnbError(f"{who} has no data here: it was defined on a frame of another process. Give it data again.")
    physical_schema(data, who)
    return upload(con, data)


def table_named(con: Any, name: str, who: str) -> ir.Table:
    """The table `name` or `schema.name` of a connection."""
    database, _, table = name.rpartition(".")
    try:
        return con.table(table, database=database or None)
    except NO_TABLE:
        there = con.list_tables(database=database or None)
        todo = f"Of schema {database!r}, that is; a file ends in {', '.join(SUFFIXES)}." if database else ""
        raise UnknownName.among(f"{who}: {con.name}", "table", table, there, todo) from None


def rows_of(table: ir.Table) -> pa.Table:
    """The rows of a table of whatever connection it is of."""
    return collect(table.get_backend(), table)


def _attach_file(con: Any, path: str, who: str) -> ir.Table:
    if con.name == "duckdb":
        return read_file(con, path)
    if con.name not in PARQUET:
        readers = listed(TESTED[name] for name in ("duckdb", *PARQUET))
        raise NotSupported(
            f"{who} is a file, which {con.name} does not read here. Load it there first, or use {readers}."
        )
    if not path.lower().endswith((".parquet", ".pq")):
        return upload(con, parsed(path))
    return PARQUET[con.name](con, path)


def _scan_polars(con: Any, path: str) -> ir.Table:
    return con.create_table(new_name("file"), pl.scan_parquet(path))


def _scan_spark(con: Any, path: str) -> ir.Table:
    name = new_name("file")
    con._session.read.parquet(*files(path)).createOrReplaceTempView(name)
    return con.table(name)


def _scan_datafusion(con: Any, path: str) -> ir.Table:
    scan = partial(con.read_parquet, file_extension=Path(path).suffix)
    return ibis.union(*(scan(file, table_name=new_name("file")) for file in files(path)))


def files(path: str) -> list[str]:
    """The files of a pattern; engines' own patterns know no `**`."""
    return sorted(glob.glob(path, recursive=True))


PARQUET = {"polars": _scan_polars, "pyspark": _scan_spark, "datafusion": _scan_datafusion}


def parsed(path: str) -> pa.Table:
    """The rows of a file, in its order, as DuckDB reads it."""
    return read_file(ibis.duckdb.connect(), path).to_pyarrow()


def upload(con: Any, data: Any, what: str = "frame") -> ir.Table:
    """A frame as a table of the connection, for as long as it lives."""
    name = new_name(what)
    return con.create_table(name, _lazy(data)) if con.name == "polars" else send(con, name, _arrow(data))


def _lazy(data: Any) -> pl.LazyFrame:
    if isinstance(data, pl.LazyFrame):
        return data
    if isinstance(data, pl.DataFrame):
        return data.lazy()
    return pl.DataFrame(_arrow(data)).lazy()


def _arrow(data: Any) -> Any:
    if isinstance(data, (pl.DataFrame, pl.LazyFrame)):
        return data.lazy().collect().to_arrow(compat_level=pl.CompatLevel.oldest())
    if type(data).__module__.startswith("pandas"):
        return pa.Table.from_pandas(data, preserve_index=False)
    return data


def normalise(table: ir.Table, schema: ibis.Schema, who: str) -> ir.Table:
    """The columns of `schema` from a table as it is: cast where types differ, NaN as NULL, aware times as naive UTC.

    Raises
    ------
    UnknownName
        A column of the schema is not in the table.
    NotSupported
        The engine has no type for a column.
    """
    missing = [name for name in schema.names if name not in table.columns]
    if missing:
        raise UnknownName.among(
            who, "column", missing[0], table.columns, f"Its definition reads {listed(schema.names)}."
        )
    con = table.get_backend()
    check_types(con.name, schema, who)
    if con.name == "polars":
        return _normalise_polars(con, table, schema)
    return table.select(**{name: _column(con, table[name], dtype) for name, dtype in schema.items()})


def _column(con: Any, value: ir.Value, dtype: dt.DataType) -> ir.Value:
    if value.type().is_timestamp() and value.type().scale == 9:
        value = whole_microseconds(con, value)  # engines' own casts cut a time before 1970 upwards
    value = value if value.type() == dtype else value.cast(dtype)
    return value.isnan().ifelse(ibis.null("float64"), value) if dtype.is_floating() else value


def _normalise_polars(con: Any, table: ir.Table, schema: ibis.Schema) -> ir.Table:
    """In Polars' own terms: the ibis backend's cast of an aware time keeps the wall clock."""
    frame = con.compile(table)
    types = frame.collect_schema()
    columns = [_polars_column(name, types[name], dtype) for name, dtype in schema.items()]
    return con.create_table(new_name("read"), frame.select(columns))


def _polars_column(name: str, have: Any, want: dt.DataType) -> pl.Expr:
    column = pl.col(name)
    if want.is_timestamp() and isinstance(have, pl.Datetime):
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if have.time_zone else column
        return column if have.time_unit == "us" else column.dt.cast_time_unit("us")
    if want.is_floating():
        return column.cast(pl.Float64).fill_nan(None)
    target = PolarsType.from_ibis(want)
    return column if have == target else column.cast(target)


def read_source(con: Any, source: Source, data: Any = None) -> ir.Table:
    """A source on an engine, as fsnb reads it; `data` in place of the source's own."""
    who = f"source {source.name!r}"
    return normalise(attach(con, source.data if data is None else data, who), source.schema, who)


def read_spine(con: Any, spine: Spine) -> ir.Table:
    """The spine on an engine, as it is, with its row numbers beside it where it has an order (a file, a frame).

    A distributed engine scans a file in no order, so there the file's rows are read here and numbered.
    """
    data = spine.data
    if isinstance(data, ir.Table) and holds(con, data):
        return data
    if not is_path(data) or con.name not in ("duckdb", "polars"):
        data = _arrow(_rows(data))
        return attach(con, data.append_column(ROW, pa.array(np.arange(data.num_rows, dtype="int64"))), "spine")
    table = attach(con, data, "spine")
    if con.name == "polars":
        return con.create_table(new_name("spine"), con.compile(table).with_row_index(ROW))
    return table.mutate(**{ROW: ibis.row_number()})


def _rows(data: Any) -> Any:
    if is_path(data):
        return parsed(absolute_path(data, "spine"))
    return rows_of(data) if isinstance(data, ir.Table) else data

"""What a user hands us as data, and the types it has once fsnb reads it.

`data` is a path or glob (parquet, csv), a Polars / pandas / Arrow frame, an Ibis table, or the name of a table on
the engine. Whatever it is, its columns are read in one way on every engine: floats and decimals as float64, NaN as
NULL, timestamps as naive UTC microseconds. This module knows the types only; `fsnb.pit.read` does the reading.
"""

from __future__ import annotations

import glob
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fsnb.errors import DefinitionError
from fsnb.model.csv_text import csv_query

TIMESTAMP = dt.Timestamp(scale=6)
RESERVED = "_fsnb_"
PARQUET, CSV = (".parquet", ".pq"), (".csv", ".csv.gz", ".tsv")
SUFFIXES = (*PARQUET, *CSV)


def is_path(data: Any) -> bool:
    """True for a path object, or text that ends like a file we can read."""
    return isinstance(data, Path) or (isinstance(data, str) and data.lower().endswith(SUFFIXES))


def is_table_name(data: Any) -> bool:
    """True for text that names a table on the engine."""
    return isinstance(data, str) and not is_path(data)


def absolute_path(data: str | Path, who: str) -> str:
    """The absolute path or glob, after checking that it leads to at least one file."""
    path = str(Path(data).expanduser().absolute())
    if not glob.glob(path, recursive=True):
        raise DefinitionError(f"{who}: no file at {str(data)!r}. Looked for {path}.")
    return path


@cache
def reader() -> Any:
    """A DuckDB connection of our own, to look into files and frames."""
    return ibis.duckdb.connect()


def read_file(con: Any, path: str) -> ir.Table:
    """A parquet or csv file (or glob) as a table of a DuckDB connection; nothing is loaded yet."""
    if path.lower().endswith(PARQUET):
        return con.read_parquet(path)
    name = ibis.util.gen_name("fsnb_csv")
    con.con.execute(f"CREATE TEMPORARY VIEW {name} AS {csv_query(con, path)}")
    return con.table(name)


def physical_schema(data: Any, who: str) -> ibis.Schema:
    """The types that the data has where it lies."""
    if isinstance(data, ir.Table):
        return data.schema()
    if is_path(data):
        path = absolute_path(data, who)
        try:
            return read_file(reader(), path).schema()
        except Exception as error:  # duckdb raises its own tree; the file is the user's, the message says which
            raise DefinitionError(f"{who}: cannot read {path}: {str(error).splitlines()[0]}") from error
    if is_table_name(data):
        raise DefinitionError(
            f"{who}: {data!r} is neither a file ({', '.join(SUFFIXES)}) nor a frame. "
            f"If it is a table of a connection, pass con.table({data!r})."
        )
    return _frame_schema(data, who)


def frame_columns(data: Any, names: list[str]) -> Any:
    """Some columns of a Polars, pandas or Arrow frame, or of an Ibis table, in memory."""
    if isinstance(data, ir.Table):
        return data.select(*names).to_pyarrow()
    if type(data).__module__.startswith("pandas"):
        return data[names]
    chosen = data.select(names)
    return chosen.collect() if hasattr(chosen, "collect") else chosen


def _frame_schema(data: Any, who: str) -> ibis.Schema:
    kind = f"{type(data).__module__.partition('.')[0]}.{type(data).__name__}"
    if kind in ("polars.LazyFrame", "polars.DataFrame"):
        from ibis.formats.polars import PolarsSchema

        return PolarsSchema.to_ibis(data.collect_schema())
    if kind in ("pandas.DataFrame", "pyarrow.Table"):
        import pyarrow as pa
        from ibis.formats.pyarrow import PyArrowSchema

        schema = data.schema if kind == "pyarrow.Table" else pa.Schema.from_pandas(data, preserve_index=False)
        return PyArrowSchema.to_ibis(schema)
    raise DefinitionError(
        f"{who}: cannot read a {kind}. Give a path, a Polars, pandas or Arrow frame, an Ibis table, or a table's name."
    )


def normal_type(dtype: dt.DataType) -> dt.DataType:
    """The type a column has once fsnb has read it."""
    if dtype.is_floating() or dtype.is_decimal():
        return dt.float64
    if dtype.is_timestamp():
        return TIMESTAMP
    return dtype.copy(nullable=True)


def normal_schema(schema: ibis.Schema, who: str) -> ibis.Schema:
    """The schema as fsnb reads it; warns where nanoseconds are cut."""
    for name, dtype in schema.items():
        if name.startswith(RESERVED):
            raise DefinitionError(
                f"{who}: column {name!r} starts with {RESERVED!r}, which fsnb keeps for itself. Rename it."
            )
        if dtype.is_timestamp() and (dtype.scale or 0) > 6:
            warnings.warn(f"{who}: {name!r} has nanoseconds; they are floored to microseconds.", stacklevel=4)
    return ibis.schema({name: normal_type(dtype) for name, dtype in schema.items()})

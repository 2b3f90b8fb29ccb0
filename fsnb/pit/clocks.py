"""Times as whole microseconds since the epoch, UTC: the one clock on which all engines agree.

Why not timestamp arithmetic: intervals, rounding and time zones differ per engine; int64 comparisons do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import polars as pl


@ibis.udf.scalar.builtin
def epoch_us(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """DuckDB's microseconds since the epoch, for naive and aware timestamps alike."""


@ibis.udf.scalar.builtin
def epoch_ns(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """DuckDB's nanoseconds since the epoch."""


@ibis.udf.scalar.builtin
def unix_micros(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """Spark's microseconds since the epoch, for timestamps with a zone."""


def microseconds(con: Any, value: ir.Value) -> ir.IntegerValue:
    """Microseconds since the epoch on an SQL engine; naive is UTC."""
    return CLOCKS.get(con.name, _portable)(value)


def _portable(value: ir.Value) -> ir.IntegerValue:
    """`epoch_seconds()` is floored before its cast: on some engines the cast rounds up (ibis#11928)."""
    if value.type().timezone is not None:
        value = value.cast("timestamp")
    return value.epoch_seconds().floor().cast("int64") * 1_000_000 + value.microsecond().cast("int64")


def _duckdb(value: ir.Value) -> ir.IntegerValue:
    if (value.type().scale or 0) <= 6:
        return epoch_us(value)
    return floored(epoch_ns(value), 1000) // 1000  # its own casts cut a time before 1970 upwards


def _spark(value: ir.Value) -> ir.IntegerValue:
    """Ibis has no microseconds there, and calls Spark's times with and without a zone by one name."""
    return unix_micros(value.cast("timestamp('UTC')"))


def _datafusion(value: ir.Value) -> ir.IntegerValue:
    """Its times are integers; Ibis' own epoch_seconds() there is an int32, cut towards zero."""
    value = date_trunc("microsecond", value) if value.type().scale == 9 else value
    return value.cast("timestamp(6)").cast("int64")


CLOCKS: Mapping[str, Callable[[ir.Value], ir.IntegerValue]] = {
    "duckdb": _duckdb,
    "pyspark": _spark,
    "databricks": _spark,
    "datafusion": _datafusion,
}


@ibis.udf.scalar.builtin
def make_timestamp(us) -> dt.Timestamp(scale=6):  # type: ignore[no-untyped-def,valid-type]
    """DuckDB's timestamp of microseconds since the epoch."""


@ibis.udf.scalar.builtin
def date_trunc(unit: str, value) -> dt.Timestamp(scale=9):  # type: ignore[no-untyped-def,valid-type]
    """DataFusion's floor of a time, before 1970 too, where its cast cuts towards zero."""


def whole_microseconds(con: Any, value: ir.Value) -> ir.Value:
    """A time with nanoseconds, floored; where the engine's own cast does that, the value as it is."""
    if con.name == "duckdb":
        return make_timestamp(microseconds(con, value))
    return date_trunc("microsecond", value) if con.name == "datafusion" else value


def polars_microseconds(column: str) -> pl.Expr:
    """Microseconds since the epoch in Polars; naive is UTC."""
    return pl.col(column).dt.epoch("us")


def cutoff(at: Any, lag: int, refresh: int | None) -> Any:
    """`t - lag`, or the last tick of `refresh` at or before it; for ints, Ibis and Polars integers alike.

    Written with two remainders, since half of the engines give a negative time a negative remainder.
    """
    late = at - lag
    return late if refresh is None else floored(late, refresh)


def floored(value: Any, step: int) -> Any:
    """The greatest multiple of `step` that is not above `value`, before 1970 too."""
    return value - ((value % step) + step) % step

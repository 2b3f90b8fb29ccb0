"""Times as whole microseconds since the epoch, UTC: the one clock on which all engines agree.

Why not timestamp arithmetic: intervals, rounding and time zones differ per engine; int64 comparisons do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import polars as pl

from fsnb.errors import NotSupported

UTC = dt.Timestamp(timezone="UTC", scale=6)


@ibis.udf.scalar.builtin
def epoch_us(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """DuckDB's microseconds since the epoch, for naive and aware timestamps alike."""


@ibis.udf.scalar.builtin
def epoch_ns(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """DuckDB's nanoseconds since the epoch."""


@ibis.udf.scalar.builtin
def unix_micros(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """Spark's and BigQuery's microseconds since the epoch, for timestamps with a zone."""


@ibis.udf.scalar.builtin
def date_part(part: str, value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """Snowflake's part of a time; a zone counts, no zone is UTC."""


@ibis.udf.scalar.builtin
def date_mi(day, other) -> int:  # type: ignore[no-untyped-def,empty-body]
    """PostgreSQL's days from one date to another."""


@ibis.udf.scalar.builtin(name="date_part")
def part_of_day(part: str, value) -> float:  # type: ignore[no-untyped-def,empty-body]
    """PostgreSQL's part of a time of day, as a double."""


@ibis.udf.scalar.builtin(name="toUnixTimestamp64Micro")
def to_unix_micro(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """ClickHouse's microseconds since the epoch, of a DateTime64(6)."""


@ibis.udf.scalar.builtin
def at_timezone(value, zone: str) -> UTC:  # type: ignore[no-untyped-def,valid-type]
    """Trino's time in another zone."""


@ibis.udf.scalar.builtin
def substring(text: str, start: int, length: int) -> str:  # type: ignore[empty-body]
    """Flink's; the first character is 1. Ibis' own guards against what cannot be here."""


@ibis.udf.scalar.builtin
def rpad(text: str, length: int, fill: str) -> str:  # type: ignore[empty-body]
    """Flink's."""


@ibis.udf.scalar.builtin(name="SWITCHOFFSET")
def switch_offset(value, offset: str) -> UTC:  # type: ignore[no-untyped-def,valid-type]
    """SQL Server's time at another offset."""


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


def _postgres(value: ir.Value) -> ir.IntegerValue:
    """Days, and microseconds of the day, which a double holds exactly: EXTRACT is a decimal there, 2.5 times as slow."""
    if value.type().timezone is not None:
        value = value.cast("timestamp")
    of_day = (part_of_day("epoch", value.time()) * 1_000_000).round().cast("int64")
    return _whole(date_mi(value.date(), ibis.date(1970, 1, 1))) * 86_400_000_000 + of_day


def _spark(value: ir.Value) -> ir.IntegerValue:
    """Ibis has no microseconds there, and calls Spark's times with and without a zone by one name."""
    return unix_micros(value.cast("timestamp('UTC')"))


def _datafusion(value: ir.Value) -> ir.IntegerValue:
    """Its times are integers; Ibis' own epoch_seconds() there is an int32, cut towards zero."""
    value = date_trunc("microsecond", value) if value.type().scale == 9 else value
    return value.cast("timestamp(6)").cast("int64")


def _snowflake(value: ir.Value) -> ir.IntegerValue:
    """The epoch of its times counts from UTC, with a zone and without."""
    return _whole(date_part("epoch_microsecond", value))


def _clickhouse(value: ir.Value) -> ir.IntegerValue:
    """Nullable, or `leadInFrame` would give 0 past the end, where other engines give NULL."""
    return _whole(to_unix_micro(_exactly(value, value.type().copy(scale=6))))


def _risingwave(value: ir.Value) -> ir.IntegerValue:
    """Its epoch is a decimal with all digits; that of a time with a zone counts from UTC."""
    return (value.epoch_seconds() * 1_000_000).floor().cast("int64")


def _trino(value: ir.Value) -> ir.IntegerValue:
    """`to_unixtime` is a double, and `date_format('%f')` has milliseconds only: the rest is in the text alone."""
    if value.type().timezone is not None:
        value = at_timezone(value, "UTC")
    value = _exactly(value, dt.Timestamp(scale=6))
    fraction = value.cast("string").right(6).cast("int64")
    return value.truncate("s").epoch_seconds().floor().cast("int64") * 1_000_000 + fraction


def _flink(value: ir.Value) -> ir.IntegerValue:
    """Days, hours and text: UNIX_TIMESTAMP reads the session's zone, TIMESTAMPDIFF of seconds ends in 2038."""
    if value.type().timezone is not None:
        raise NotSupported("flink reads a time with a zone by its session's zone alone: cast it to naive UTC first.")
    days = _whole(value.date().delta(ibis.date("1970-01-01"), unit="day"))
    seconds = ((days * 24 + value.hour()) * 60 + value.minute()) * 60 + value.second()
    fraction = rpad(substring(value.cast("string"), 21, 6), 6, "0")
    return seconds * 1_000_000 + fraction.cast("int64")


def _mssql(value: ir.Value) -> ir.IntegerValue:
    """Its cast of a time with an offset keeps the wall clock."""
    return _portable(value if value.type().timezone is None else switch_offset(value, "+00:00"))


def _whole(value: ir.Value) -> ir.IntegerValue:
    return _exactly(value, dt.int64)


def _exactly(value: ir.Value, target: dt.DataType) -> ir.Value:
    """A cast that is written even where Ibis holds the type to be the target already."""
    return ops.Cast(value, target).to_expr()


CLOCKS: Mapping[str, Callable[[ir.Value], ir.IntegerValue]] = {
    "duckdb": _duckdb,
    "postgres": _postgres,
    "pyspark": _spark,
    "databricks": _spark,
    "bigquery": _spark,
    "datafusion": _datafusion,
    "snowflake": _snowflake,
    "clickhouse": _clickhouse,
    "risingwave": _risingwave,
    "trino": _trino,
    "flink": _flink,
    "mssql": _mssql,
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

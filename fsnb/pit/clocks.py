"""Times as whole microseconds since the epoch, UTC: the one clock on which all engines agree.

Why not timestamp arithmetic: intervals, rounding and time zones differ per engine; int64 comparisons do not.
"""

from __future__ import annotations

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


def microseconds(con: Any, value: ir.Value) -> ir.IntegerValue:
    """Microseconds since the epoch on an SQL engine; naive is UTC.

    `epoch_seconds()` is floored before its cast: on some engines the cast rounds up (ibis#11928).
    """
    if con.name == "duckdb":
        if (value.type().scale or 0) <= 6:
            return epoch_us(value)
        return floored(epoch_ns(value), 1000) // 1000  # its own casts cut a time before 1970 upwards
    if value.type().timezone is not None:
        value = value.cast("timestamp")
    return value.epoch_seconds().floor().cast("int64") * 1_000_000 + value.microsecond().cast("int64")


@ibis.udf.scalar.builtin
def make_timestamp(us) -> dt.Timestamp(scale=6):  # type: ignore[no-untyped-def,valid-type]
    """DuckDB's timestamp of microseconds since the epoch."""


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

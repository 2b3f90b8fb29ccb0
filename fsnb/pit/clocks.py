"""Times as whole microseconds since the epoch, UTC: the one clock on which all engines agree.

Why not timestamp arithmetic: intervals, rounding and time zones differ per engine; int64 comparisons do not.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl


@ibis.udf.scalar.builtin
def epoch_us(value) -> int:  # type: ignore[no-untyped-def,empty-body]
    """DuckDB's microseconds since the epoch, for naive and aware timestamps alike."""


def microseconds(con: Any, value: ir.Value) -> ir.IntegerValue:
    """Microseconds since the epoch on an SQL engine; naive is UTC.

    `epoch_seconds()` is floored before its cast: on some engines the cast rounds up (ibis#11928).
    """
    if con.name == "duckdb":
        return epoch_us(value)
    if value.type().timezone is not None:
        value = value.cast("timestamp")
    return value.epoch_seconds().floor().cast("int64") * 1_000_000 + value.microsecond().cast("int64")


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

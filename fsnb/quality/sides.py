"""What a drift report was made of, and the same comparison of a part of it: a stretch of time, a slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from fsnb.errors import DefinitionError, UnknownName, listed
from fsnb.model import Slice, parse_duration
from fsnb.pit import collect
from fsnb.profiling import Baseline, Counting, profile, reading
from fsnb.profiling.kinds import Kind

if TYPE_CHECKING:
    from fsnb.quality.over_time import DriftOverTime
    from fsnb.quality.report import DriftReport

LENGTHS = ("1h", "6h", "1d", "1w", "4w", "13w", "52w")
MOST_STRETCHES = 60


@dataclass(frozen=True)
class Sides:
    """Both sides of a comparison, and how it was asked for.

    `reference` is what the baseline was made of, where that was given; `at` the current data's column of times.
    """

    baseline: Baseline
    current: Counting
    reference: Any
    columns: tuple[str, ...] | None
    bins: int
    kinds: Mapping[str, Kind] | None
    con: Any
    at: str | None

    def time_column(self, at: str | None = None) -> str:
        """The column of times: the one that is asked for, or named before, or the only one.

        Raises
        ------
        UnknownName, DefinitionError
        """
        schema = self.current.table.schema()
        times = [name for name, dtype in schema.items() if dtype.is_timestamp() or dtype.is_date()]
        wanted = at or self.at
        if wanted is None and self.baseline.event_times and self.baseline.event_times[0] in times:
            wanted = self.baseline.event_times[0]
        if wanted is None:
            if len(times) == 1:
                return times[0]
            raise DefinitionError(f"drift over time: name the column of times, at=... There is: {listed(times)}.")
        if wanted not in schema:
            raise UnknownName.among("the current data", "column", wanted, schema.names)
        if wanted not in times:
            raise DefinitionError(f"drift over time: column {wanted!r} is {schema[wanted]}, not a time.")
        return wanted

    def span(self, at: str) -> tuple[datetime, datetime] | None:
        """The first and the last time of the current rows; None without any."""
        times = _times(self.current.table, at)
        row = collect(self.current.con, self.current.table.aggregate(low=times.min(), high=times.max())).to_pylist()[0]
        return None if row["low"] is None else (row["low"], row["high"])


def sides_of(report: DriftReport) -> Sides:
    """What a report was made of.

    Raises
    ------
    DefinitionError
        It was put together by hand.
    """
    if report.sides is None:
        raise DefinitionError("this drift report does not know its rows. Make it with drift(reference, current).")
    return report.sides


def within(
    report: DriftReport, start: datetime | None, end: datetime | None, where: Slice | None, at: str | None
) -> DriftReport:
    """See `DriftReport.within`."""
    from fsnb.quality.drifting import drift

    sides = sides_of(report)
    table = sides.current.table
    if start is not None or end is not None:
        times = _times(table, sides.time_column(at))
        bounds = [*([times >= start] if start is not None else []), *([times < end] if end is not None else [])]
        table = table.filter(bounds)
    reference: Any = sides.baseline
    if where is not None:
        table = table.filter(where.on(table))
        reference = sliced(sides, where)
    return drift(
        reference,
        table,
        columns=sides.columns,
        kinds=sides.kinds,
        con=sides.current.con,
        name=report.name,
        at=at or sides.at,
    )


def sliced(sides: Sides, where: Slice) -> Baseline:
    """The baseline of a slice of the reference.

    Raises
    ------
    DefinitionError
        The reference was a baseline, which does not know its slices.
    """
    if sides.reference is None:
        raise DefinitionError(
            "drift by slice: the reference is a baseline, which does not know its slices. Give the reference's rows, "
            "such as the training set itself."
        )
    rows = reading(sides.reference, "reference", sides.con)
    names = [column.name for column in sides.baseline]
    kinds = {column.name: column.kind for column in sides.baseline}
    table = rows.table.filter(where.on(rows.table))
    return profile(table, columns=names, bins=sides.baseline.bins, kinds=kinds, con=rows.con)


def over_time(
    report: DriftReport, every: str | timedelta | None, at: str | None, columns: Sequence[str] | None
) -> DriftOverTime:
    """See `DriftReport.over_time`."""
    from fsnb.quality.over_time import drift_over_time

    sides = sides_of(report)
    column = sides.time_column(at)
    return drift_over_time(
        sides.baseline,
        sides.current.table,
        at=column,
        every=every or length(sides, column),
        columns=sides.columns if columns is None else columns,
        con=sides.current.con,
    )


def length(sides: Sides, at: str) -> str:
    """The shortest of LENGTHS that cuts the current rows into at most 60 stretches."""
    span = sides.span(at)
    if span is None:
        return LENGTHS[-1]
    fits = (each for each in LENGTHS if (span[1] - span[0]) / parse_duration(each) < MOST_STRETCHES - 1)
    return next(fits, LENGTHS[-1])


def _times(table: ir.Table, at: str) -> Any:
    value = table[at]
    return value.cast("timestamp") if value.type().is_date() else value

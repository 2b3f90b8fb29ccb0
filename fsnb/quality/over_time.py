"""Drift by day, by week or by slice, each against the one fixed baseline: counted in one go, not group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import ibis.expr.types as ir
import polars as pl

from fsnb.errors import DefinitionError, UnknownName
from fsnb.model import Slice, micros, parse_duration
from fsnb.pit.clocks import microseconds
from fsnb.profiling.baseline import Baseline
from fsnb.profiling.counting import Counting, reading
from fsnb.profiling.making import moment, profile
from fsnb.quality.comparing import Compared, compared
from fsnb.quality.counted import counted
from fsnb.quality.drifting import comparable, wanted
from fsnb.quality.tables import Tabular
from fsnb.quality.violations import of_schema

MONDAY = 4 * 86_400_000_000  # 1970-01-05, in microseconds


@dataclass(frozen=True, repr=False)
class DriftOverTime(Tabular):
    """A row for each stretch of time (or slice) and column, the predictions' column first where it is named."""

    rows: tuple[tuple[Any, Compared], ...]
    by: str

    def __repr__(self) -> str:
        groups = {group for group, _ in self.rows}
        return f"<DriftOverTime: {len(groups)} groups by {self.by}>"

    def to_polars(self) -> pl.DataFrame:
        """`start` (or `slice`), `column`, `kind`, `n_cur`, `null_rate_cur`, `psi`, `psi_floor95`, the verdict."""
        names = ("column", "kind", "n_cur", "null_rate_cur", "psi", "psi_floor95", "verdict", "reason")
        types = (pl.String, pl.String, pl.Int64, pl.Float64, pl.Float64, pl.Float64, pl.String, pl.String)
        first = pl.String if self.by == "slice" else pl.Datetime("us")
        schema = {self.by: first} | dict(zip(names, types, strict=True))
        rows = [[group, *(getattr(row, name) for name in names)] for group, row in self.rows]
        return pl.DataFrame(rows, schema=schema, orient="row")


def drift_over_time(
    reference: Any,
    current: Any,
    *,
    at: str,
    every: str | timedelta = "1w",
    columns: Sequence[str] | None = None,
    prediction: str | None = None,
    bins: int = 10,
    con: Any = None,
) -> DriftOverTime:
    """The drift of each stretch of time against one reference, which never moves.

    Stretches are aligned to the epoch in UTC, weeks and longer to Mondays; rows without a time have no stretch, and a
    stretch without rows is not in the result. As many scans as `drift` takes, whatever the number of stretches.

    Parameters
    ----------
    reference, current, columns, bins, con
        As for `drift`.
    at
        The column of times.
    every
        "1d", "1w", or any duration.
    prediction
        The column of predictions: it comes first.

    Returns
    -------
    DriftOverTime
        In order of time.

    Raises
    ------
    UnknownName, DefinitionError
    """
    baseline, counting = _sides(reference, current, columns, bins, con, at)
    names = _first(_names(baseline, counting, columns), prediction)
    step = micros(parse_duration(every))
    if step < 1:
        raise DefinitionError(f"drift_over_time: every is {every!r}; give a duration, such as '1w'.")
    origin = MONDAY if step % (7 * 86_400_000_000) == 0 else 0
    groups = _by_time(counting, baseline, names, at, step, origin)
    rows = [
        (_start(group, step, origin), compared(baseline[column.name], column))
        for group in sorted(groups)
        for column in groups[group]
    ]
    return DriftOverTime(tuple(rows), "start")


def _start(group: int, step: int, origin: int) -> datetime:
    return moment(group * step + origin)


def _by_time(
    counting: Counting, baseline: Baseline, names: Sequence[str], at: str, step: int, origin: int
) -> Mapping[Any, Any]:
    timed = replace(counting, table=counting.table.filter(counting.table[at].notnull()))
    return counted(baseline, timed, names, _bucket(timed, at, step, origin))


def _bucket(counting: Counting, at: str, step: int, origin: int) -> ir.Value:
    """The number of the stretch. By a floor of a quotient: remainders of negative numbers differ per engine."""
    value = counting.table[at]
    value = value.cast("timestamp") if value.type().is_date() else value
    whole = counting.con.name == "polars"  # whose Ibis backend has no microseconds; of a stretch they are no part
    micro = value.epoch_seconds() * 1_000_000 if whole else microseconds(counting.con, value)
    return ((micro - origin).cast("float64") / float(step)).floor().cast("int64")


def drift_by_slice(
    reference: Any,
    current: Any,
    slices: Sequence[Slice],
    *,
    columns: Sequence[str] | None = None,
    prediction: str | None = None,
    bins: int = 10,
    con: Any = None,
) -> DriftOverTime:
    """The drift of each slice of the current rows against the same slice of the reference; slices may overlap.

    `reference` is data, not a baseline, since a baseline does not know its slices. As many scans for each slice as
    `profile` and `drift` take.
    """
    if isinstance(reference, Baseline):
        raise DefinitionError("drift_by_slice: a baseline does not know its slices. Give the reference's rows.")
    before, now = reading(reference, "reference", con), reading(current, "current data", con)
    rows = []
    for one in slices:
        there, here = (replace(side, table=side.table.filter(one.on(side.table))) for side in (before, now))
        baseline = profile(there.table, columns=columns, bins=bins)
        names = _first(_names(baseline, here, columns), prediction)
        found = counted(baseline, here, names)[None] if names else ()
        rows += [(one.name, compared(baseline[column.name], column)) for column in found]
    return DriftOverTime(tuple(rows), "slice")


def _sides(
    reference: Any, current: Any, columns: Sequence[str] | None, bins: int, con: Any, at: str
) -> tuple[Baseline, Counting]:
    baseline = reference if isinstance(reference, Baseline) else profile(reference, columns=columns, bins=bins, con=con)
    counting = reading(current, "current data", con)
    if at not in counting.table.columns:
        raise UnknownName.among("current data", "column", at, counting.table.columns)
    dtype = counting.table[at].type()
    if not (dtype.is_timestamp() or dtype.is_date()):
        raise DefinitionError(f"drift_over_time: column {at!r} is {dtype}, not a time.")
    return baseline, counting


def _names(baseline: Baseline, counting: Counting, columns: Sequence[str] | None) -> list[str]:
    names = wanted(baseline, columns)
    return comparable(names, of_schema(baseline, counting.table.schema(), names))


def _first(names: list[str], prediction: str | None) -> list[str]:
    if prediction is None:
        return names
    if prediction not in names:
        raise UnknownName.among("drift", "column of predictions", prediction, names)
    return [prediction, *(name for name in names if name != prediction)]

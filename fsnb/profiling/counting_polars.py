"""Counting on Polars, in its own terms: the Ibis backend has no arrays to unnest, and counts bytes for letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import polars as pl

from fsnb.pit.read import new_name
from fsnb.profiling.tallies import BY, LARGEST, Tallies, Tally, Wanted, summary, with_bins, with_values

if TYPE_CHECKING:
    from fsnb.profiling.counting import Measure


def prepare(con: Any, table: ir.Table, measures: Sequence[Measure], by: ir.Value | None) -> ir.Table:
    """The measures as a lazy frame of the connection."""
    kept = table if by is None else table.mutate(**{BY: by})
    columns = [_measured(measure).alias(measure.key) for measure in measures]
    frame = con.compile(kept).select(*columns, *([] if by is None else [BY]))
    return con.create_table(new_name("measures"), frame)


def _measured(measure: Measure) -> pl.Expr:
    column = pl.col(measure.column)
    if measure.part == "number":
        number = column.cast(pl.Float64)
        return pl.when(number.abs() <= LARGEST).then(number)
    if measure.part == "text":
        return column.cast(pl.String)
    if measure.part == "length":
        return column.str.len_chars().cast(pl.Float64)
    if measure.part == "present":
        return pl.when(column.is_not_null()).then(1.0)
    time = column.cast(pl.Datetime("us"))
    if measure.part == "microseconds":
        return time.to_physical().cast(pl.Float64)
    return (time.dt.hour() if measure.part == "hour" else time.dt.weekday() - 1).cast(pl.Float64)


def count(con: Any, table: ir.Table, wanted: Sequence[Wanted], grouped: bool) -> Tallies:
    """See `fsnb.profiling.counting`."""
    columns = [one.alias(f"{name}{at}") for at, want in enumerate(wanted) for name, one in _aggregates(want, grouped)]
    frame: pl.LazyFrame = con.compile(table)
    all_ = [pl.len().alias("n"), *columns]
    rows = (frame.group_by(BY).agg(all_) if grouped else frame.select(all_)).collect().to_dicts()
    return {row.get(BY): {want.key: _tally(row, want, at) for at, want in enumerate(wanted)} for row in rows}


def _aggregates(want: Wanted, grouped: bool) -> list[tuple[str, pl.Expr]]:
    value = pl.col(want.key)
    found = [("known", value.count())]
    if want.about:
        found.append(("about", value.drop_nulls().approx_n_unique()))
    if want.summary and want.number:
        found += [("min", value.min()), ("max", value.max()), ("sum", value.sum()), ("var", value.var(ddof=0))]
    if want.distinct:
        found.append(("distinct", value.drop_nulls().n_unique()))
    if want.edges:
        low, high = value <= want.edges[0], value > want.edges[-1]
        found += [("low", value.filter(low).sum()), ("high", value.filter(high).sum())]
        found.append(
            ("bins", _counted(pl.lit(pl.Series(want.edges)).search_sorted(value.drop_nulls(), side="left"), grouped))
        )
    if want.values:
        found.append(("values", _counted(value.drop_nulls(), grouped)))
    return found


def _counted(value: pl.Expr, grouped: bool) -> pl.Expr:
    counts = value.alias("value").value_counts()
    return counts if grouped else counts.implode()


def _tally(row: Mapping[str, Any], want: Wanted, at: int) -> Tally:
    tally = summary(row, want, at)
    if want.edges is not None:
        tally = with_bins(tally, want, dict(_pairs(row.get(f"bins{at}"))))
    return with_values(tally, _pairs(row[f"values{at}"])) if want.values else tally


def _pairs(counts: list[dict[str, Any]] | None) -> list[tuple[Any, int]]:
    return [(one["value"], one["count"]) for one in counts or ()]


def ranked(con: Any, table: ir.Table, ranks: Mapping[str, Sequence[int]]) -> dict[str, list[float]]:
    """One sort for each measure."""
    frame: pl.LazyFrame = con.compile(table)
    at = {key: [rank - 1 for rank in wanted] for key, wanted in ranks.items()}
    found = frame.select(pl.col(key).drop_nulls().sort().gather(places).implode() for key, places in at.items())
    return {key: list(values) for key, values in found.collect().to_dicts()[0].items()}

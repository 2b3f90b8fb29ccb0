"""Counting on DuckDB: its `histogram` aggregates count between edges and by value, so that one scan gives everything.

It was the fastest of what was tried: 100 columns of 1M rows take seconds, where an aggregate with a condition for each
bin takes more than a minute. Its `quantile_disc` of 200 quantiles costs 20 times as much as numbering the sorted
rows, so that ranks are found as on any other SQL engine.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np

from fsnb.profiling.counting_sql import aggregated, aggregates, numbers
from fsnb.profiling.tallies import BY, Tallies, Tally, Wanted, summary, with_bins, with_values

FLOATS = dt.Array(dt.float64)


@ibis.udf.agg.builtin(name="histogram")
def between(value: float, edges: FLOATS) -> dt.Map(dt.float64, dt.int64):  # type: ignore[valid-type]
    """Rows by the edge that they are at most; infinity for those over the last."""


@ibis.udf.agg.builtin(name="histogram")
def by_number(value: float) -> dt.Map(dt.float64, dt.int64):  # type: ignore[valid-type]
    """Rows by value."""


@ibis.udf.agg.builtin(name="histogram")
def by_text(value: str) -> dt.Map(dt.string, dt.int64):  # type: ignore[valid-type]
    """Rows by value."""


def count(con: Any, table: ir.Table, wanted: Sequence[Wanted], grouped: bool) -> Tallies:
    """See `fsnb.profiling.counting`."""
    rows = aggregated(con, table, wanted, grouped, _aggregates)
    return {row.get(BY): {want.key: _tally(row, want, at) for at, want in enumerate(wanted)} for row in rows}


def _aggregates(con: Any, value: ir.Value, want: Wanted) -> dict[str, ir.Value]:
    found = aggregates(con, value, want)
    if want.edges is not None:
        found["bins"] = between(value, numbers(want.edges))
    if want.values:
        found["values"] = by_number(value) if want.number else by_text(value)
    return found


def _tally(row: Mapping[str, Any], want: Wanted, at: int) -> Tally:
    tally = summary(row, want, at)
    if want.edges is not None:
        place = {edge: bin for bin, edge in enumerate([*want.edges, np.inf])}
        tally = with_bins(tally, want, {place[edge]: times for edge, times in row[f"bins{at}"] or ()})
    return with_values(tally, row[f"values{at}"] or ()) if want.values else tally

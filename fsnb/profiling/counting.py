"""What is counted of a table, and where: one aggregate over all columns, on the engine that holds the rows.

A measure is a number or a text made from a column: the value itself, a text's length, a time's hour. `count` answers
summaries, counts between edges and value counts of many measures at once; `ranked` the values at given ranks. What
differs between engines stands in `COUNTERS`: DuckDB has an aggregate for histograms, so that everything is one scan;
Polars its own expressions; other SQL engines group unnested codes, in a second scan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from fsnb.model.data import normal_schema
from fsnb.pit import attach, normalise
from fsnb.pit.clocks import microseconds
from fsnb.profiling import counting_duckdb, counting_polars, counting_sql
from fsnb.profiling.tallies import BY, LARGEST, Tallies, Wanted

Part = Literal["number", "text", "length", "hour", "weekday", "microseconds", "present"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A part of a column; `key` names it."""

    column: str
    part: Part

    @property
    def key(self) -> str:
        return f"{self.part}_{self.column}"


@dataclass(frozen=True, slots=True)
class Counter:
    """How an engine makes the table of measures, counts it, and finds values by rank."""

    prepare: Callable[..., ir.Table]
    count: Callable[[Any, ir.Table, Sequence[Wanted], bool], Tallies]
    ranked: Callable[[Any, ir.Table, Mapping[str, Sequence[int]]], dict[str, list[float]]]


def _prepare_sql(con: Any, table: ir.Table, measures: Sequence[Measure], by: ir.Value | None) -> ir.Table:
    columns = {measure.key: _measured(con, table, measure) for measure in measures}
    return table.select(**columns, **({BY: by} if by is not None else {}))


def _measured(con: Any, table: ir.Table, measure: Measure) -> ir.Value:
    value = table[measure.column]
    if measure.part == "number":
        number = value.cast("float64")
        return (number.abs() > ibis.literal(repr(LARGEST)).cast("float64")).ifelse(None, number)
    if measure.part == "length":
        return value.length().cast("float64")
    if measure.part == "text":
        return _text(value)
    if measure.part == "present":
        return ibis.cases((value.notnull(), 1.0))
    value = value.cast("timestamp") if value.type().is_date() else value
    if measure.part == "microseconds":
        return microseconds(con, value).cast("float64")
    return (value.hour() if measure.part == "hour" else value.day_of_week.index()).cast("float64")


def _text(value: ir.Value) -> ir.Value:
    if value.type().is_boolean():
        return ibis.cases((value, "true"), (~value, "false"))  # engines spell a cast each in their own way
    return value if value.type().is_string() else value.cast("string")


SQL = Counter(_prepare_sql, counting_sql.count, counting_sql.ranked)
COUNTERS: Mapping[str, Counter] = {
    "duckdb": Counter(_prepare_sql, counting_duckdb.count, counting_sql.ranked),
    "polars": Counter(counting_polars.prepare, counting_polars.count, counting_polars.ranked),
}


@dataclass(frozen=True)
class Counting:
    """A table on its connection, as fsnb reads it (NaN is NULL, times are naive UTC), ready to be counted."""

    con: Any
    table: ir.Table

    @property
    def counter(self) -> Counter:
        return COUNTERS.get(self.con.name, SQL)

    def measures(self, measures: Sequence[Measure], by: ir.Value | None = None) -> ir.Table:
        """The measures as columns named by their keys, and the group as `BY`."""
        return self.counter.prepare(self.con, self.table, measures, by)

    def count(self, measures: ir.Table, wanted: Sequence[Wanted]) -> Tallies:
        """By group (None without groups), then by key: what is wanted."""
        return self.counter.count(self.con, measures, wanted, BY in measures.columns)

    def ranked(self, measures: ir.Table, ranks: Mapping[str, Sequence[int]]) -> dict[str, list[float]]:
        """Values at ranks from 1, of the rows that are not NULL in ascending order."""
        return self.counter.ranked(self.con, measures, ranks) if ranks else {}


def reading(data: Any, who: str, con: Any = None) -> Counting:
    """Data to count: a path, a frame, or an Ibis table; on `con`, else where it lies, else on a DuckDB of its own."""
    if con is not None and isinstance(data, ir.Table) and not data._find_backends()[0]:
        return Counting(con, data)  # unbound: a table of the connection, as fsnb has written it
    if con is None:
        con = data.get_backend() if isinstance(data, ir.Table) and data._find_backends()[0] else ibis.duckdb.connect()
    table = attach(con, data, who)
    return Counting(con, normalise(table, normal_schema(table.schema(), who), who))

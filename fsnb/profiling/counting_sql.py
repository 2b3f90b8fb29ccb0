"""Counting on any SQL engine: one aggregate for summaries, one group-by of unnested codes for bins and values.

A code is the text "<measure>#<bin>" or "<measure>=<value>", so that all columns are counted by one group-by in one
scan, whatever their types. An engine's shortest text of a float reads back as the very float.

Edges travel as one text literal that the engine splits and casts: as numbers, engines would read them as decimals and
round twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fsnb.pit import collect
from fsnb.profiling.tallies import BY, Tallies, Tally, Wanted, summary, with_bins, with_values


@ibis.udf.scalar.builtin
def width_bucket(value: float, edges: dt.Array(dt.float64)) -> int:  # type: ignore[valid-type,empty-body]
    """PostgreSQL's: how many of the ascending edges are at most the value."""


def count(con: Any, table: ir.Table, wanted: Sequence[Wanted], grouped: bool) -> Tallies:
    """See `fsnb.profiling.counting`."""
    found = summaries(con, table, wanted, grouped)
    codes = _codes(con, table, wanted)
    counted: dict[tuple[Any, str], list[tuple[str, int]]] = {}
    for group, code, times in _grouped(con, table, codes, grouped) if codes else ():
        counted.setdefault((group, code), []).append(times)
    return _with_codes(found, wanted, counted)


def summaries(con: Any, table: ir.Table, wanted: Sequence[Wanted], grouped: bool) -> Tallies:
    """One aggregate: the rows of each measure, and its summary where that is wanted."""
    rows = aggregated(con, table, wanted, grouped, aggregates)
    return {row.get(BY): {want.key: summary(row, want, at) for at, want in enumerate(wanted)} for row in rows}


def aggregated(
    con: Any,
    table: ir.Table,
    wanted: Sequence[Wanted],
    grouped: bool,
    of: Callable[[Any, ir.Value, Wanted], dict[str, ir.Value]],
) -> list[dict[str, Any]]:
    """The rows of one aggregate, whose columns end in the measure's number."""
    columns = {"n": table.count()}
    for at, want in enumerate(wanted):
        columns |= {f"{name}{at}": value for name, value in of(con, table[want.key], want).items()}
    made = table.group_by(BY).aggregate(**columns) if grouped else table.aggregate(**columns)
    return collect(con, made).to_pylist()


def aggregates(con: Any, value: ir.Value, want: Wanted) -> dict[str, ir.Value]:
    found: dict[str, ir.Value] = {"known": value.count()}
    if want.about:
        # DataFusion's estimate takes no floats
        exact = con.name == "datafusion" and value.type().is_floating()
        found["about"] = value.nunique() if exact else value.approx_nunique()
    if want.summary and want.number:
        found |= {"min": value.min(), "max": value.max(), "sum": value.sum(), "var": value.var(how="pop")}
    if want.distinct:
        found["distinct"] = value.nunique()
    if want.edges:
        low, high = number(want.edges[0]), number(want.edges[-1])
        found |= {"low": _sum_where(value, value <= low), "high": _sum_where(value, value > high)}
    return found


def _sum_where(value: ir.Value, condition: ir.Value) -> ir.Value:
    """Not `value.sum(where=)`: one FILTER makes DuckDB's whole aggregate, of 100 columns, take three times as long."""
    return condition.ifelse(value, None).sum()


def number(value: float) -> ir.Value:
    """A float that no engine rounds."""
    return ibis.literal(repr(value)).cast("float64")


def numbers(values: Sequence[float]) -> ir.Value:
    """Floats that no engine rounds, as one array."""
    return ibis.literal(",".join(map(repr, values))).split(",").cast("array<float64>")


# ---------------------------------------------------------------------- codes


def _codes(con: Any, table: ir.Table, wanted: Sequence[Wanted]) -> list[ir.Value]:
    bin_of = BINS.get(con.name, _bin)
    found = []
    for at, want in enumerate(wanted):
        value = table[want.key]
        if want.edges is not None:
            found.append(ibis.literal(f"{at}#") + bin_of(value, want.edges).cast("string"))
        if want.values:
            found.append(ibis.literal(f"{at}=") + value.cast("string"))
    return found


def _bin(value: ir.Value, edges: tuple[float, ...]) -> ir.Value:
    """How many edges are under the value: the number of its bin."""
    under = numbers(edges).filter(lambda edge: edge < value).length()
    return value.isnull().ifelse(None, under)


def _bin_postgres(value: ir.Value, edges: tuple[float, ...]) -> ir.Value:
    """By binary search: an edge is under the value where minus the edge is over minus the value."""
    mirrored = numbers([-edge for edge in reversed(edges)])
    return len(edges) - width_bucket(-value, mirrored)


BINS: Mapping[str, Callable[[ir.Value, tuple[float, ...]], ir.Value]] = {"postgres": _bin_postgres}


def _grouped(con: Any, table: ir.Table, codes: list[ir.Value], grouped: bool) -> list[tuple[Any, str, Any]]:
    by = [BY] if grouped else []
    long = table.select(*by, code=ibis.array(codes).unnest())
    long = long.filter(long.code.notnull())
    rows = collect(con, long.group_by(*by, "code").aggregate(times=long.count())).to_pylist()
    return [(row.get(BY), *_split(row["code"], row["times"])) for row in rows]


def _split(code: str, times: int) -> tuple[str, tuple[str, int]]:
    """The code's place, with its sign, and its value with how often it was met."""
    end = next(at for at, letter in enumerate(code) if letter in "#=")
    return code[: end + 1], (code[end + 1 :], times)


def _with_codes(found: Tallies, wanted: Sequence[Wanted], counted: Mapping[tuple[Any, str], list]) -> Tallies:
    for group, tallies in found.items():
        for at, want in enumerate(wanted):
            tally: Tally = tallies[want.key]
            if want.edges is not None:
                bins = {int(bin): times for bin, times in counted.get((group, f"{at}#"), ())}
                tally = with_bins(tally, want, bins)
            if want.values:
                read = float if want.number else str
                tally = with_values(tally, ((read(v), times) for v, times in counted.get((group, f"{at}="), ())))
            tallies[want.key] = tally
    return found


# ---------------------------------------------------------------------- ranks


def ranked(con: Any, table: ir.Table, ranks: Mapping[str, Sequence[int]]) -> dict[str, list[float]]:
    """Each measure is numbered in its order, and the rows at the ranks are kept: one sort for each measure."""
    return {key: _ranked(con, table[[key]].drop_null(), key, wanted) for key, wanted in ranks.items()}


def _ranked(con: Any, table: ir.Table, key: str, wanted: Sequence[int]) -> list[float]:
    placed = table.mutate(place=ibis.row_number().over(order_by=table[key]) + 1)
    rows = collect(con, placed.filter(placed.place.isin(sorted(set(wanted))))).to_pylist()
    found = {row["place"]: row[key] for row in rows}
    return [found[rank] for rank in wanted]

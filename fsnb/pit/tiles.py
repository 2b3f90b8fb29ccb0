"""Windowed aggregates in memory, for engines that run in this process: sorted events, then tiles of doubling size.

Near-linear in events and asks whatever the windows and however hot a key: a window is a range of a key's sorted events;
with two clocks an event covers a range of a key's sorted asks (fsnb.pit.pyramid). Distinct values are counted as the
stretches of cutoffs during which a value is in the window: those of one value do not overlap, so those that began less
those that ended is the exact count.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import ibis.expr.datatypes as dt
import numpy as np
import polars as pl

from fsnb.errors import FsnbError
from fsnb.pit.events import AVAILABLE, CUTOFF, EVENT, VALUE
from fsnb.pit.planning import ViewPlan
from fsnb.pit.pyramid import Array, Monoid, additive, greatest, least
from fsnb.pit.ranges import KEY, Line, Met, integers, meet

FUNCTIONS = ("count", "sum", "min", "max", "var_samp", "var_pop", "nunique")
LARGEST = 2**62
INT64 = np.iinfo("int64")


def supports(function: str, argument: dt.DataType) -> bool:
    """Whether tiles compute an aggregate of values of this type."""
    ordered = argument.is_numeric() or argument.is_boolean() or argument.is_temporal() or argument.is_string()
    return function in FUNCTIONS and (ordered or function == "count")


def aggregate(part: ViewPlan, rows: pl.DataFrame, asks: pl.DataFrame) -> pl.DataFrame:
    """The primitives of a windowed view for each ask.

    Parameters
    ----------
    part
        The view, with the primitives to compute.
    rows
        Events that may count: `_fsnb_key`, event time and, with two clocks, available time in microseconds, and the
        arguments; none of the first three is NULL.
    asks
        Distinct `_fsnb_key` and cutoffs, and what else is to be carried through. Keys are numbered 0, 1, 2, ...

    Returns
    -------
    polars.DataFrame
        `asks` in order of key and cutoff, with one column for each primitive beside them.

    Raises
    ------
    FsnbError
        A sum of integers does not fit into int64.
    """
    asks = asks.sort(KEY, CUTOFF)
    return pl.concat(_in_one_piece(part, *piece) for piece in _pieces(rows, asks))


def _pieces(rows: pl.DataFrame, asks: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Both by ranges of keys, each of so few that key and time together fit into an int64."""
    clocks = [rows[name] for name in (EVENT, AVAILABLE) if name in rows.columns] + [asks[CUTOFF]]
    reach = max(_int(times.max()) for times in clocks) - min(_int(times.min()) for times in clocks)
    keys, many = _int(asks[KEY].max()) + 1, LARGEST // (reach + 4)
    for first in range(0, keys, many):
        inside = pl.col(KEY).is_between(first, first + many, closed="left")
        both = (rows, asks) if many >= keys else (rows.filter(inside), asks.filter(inside))
        yield both[0].with_columns(pl.col(KEY) - first), both[1].with_columns(pl.col(KEY) - first)


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _in_one_piece(part: ViewPlan, rows: pl.DataFrame, asks: pl.DataFrame) -> pl.DataFrame:
    windows = list(dict.fromkeys(primitive.window for primitive in part.primitives))
    spans = [part.span(window) for window in windows]
    met = meet(spans, rows, asks)
    wanted = dict.fromkeys((_family(p.function), p.argument) for p in part.primitives)
    with ThreadPoolExecutor(os.cpu_count()) as pool, np.errstate(all="ignore"):
        jobs = {each: pool.submit(FAMILIES[each[0]], met, each[1]) for each in wanted}
        found = {each: job.result() for each, job in jobs.items()}
    columns = []
    for p in part.primitives:
        column = found[_family(p.function), p.argument][p.function]
        start = windows.index(p.window) * len(asks)
        columns.append(column.slice(start, len(asks)).alias(VALUE + p.name))
    return asks.with_columns(columns)


def _family(function: str) -> str:
    return "var" if function.startswith("var") else function


# ---------------------------------------------------------------------- aggregates: all windows, one after another


Columns = Mapping[str, pl.Series]


def _values(met: Met, name: str) -> tuple[Array, Array | None]:
    """An argument's values in the order of the rows, and where they are; anything where they are not."""
    series = met.columns[name]
    present = series.is_not_null().to_numpy() if series.null_count() else None
    return series.to_physical().fill_null(0).to_numpy(), present


def _count(met: Met, name: str) -> Columns:
    return {"count": pl.Series(met.count(_values(met, name)[1]))}


def _sum(met: Met, name: str) -> Columns:
    values, present = _values(met, name)
    integers = not np.issubdtype(values.dtype, np.floating)
    monoid, values = additive(0 if integers else 0.0), values.astype("int64" if integers else "float64")
    total = met.fold(monoid, monoid.leaf(values, present))[0]
    if integers and float(np.abs(values.astype("float64")).max(initial=0.0)) * len(values) >= INT64.max:
        _check_overflow(met, values, present, total)
    return {"sum": pl.select(pl.when(pl.lit(met.count(present)) > 0).then(pl.lit(total))).to_series()}


def _check_overflow(met: Met, values: Array, present: Array | None, total: Array) -> None:
    floats = additive(0.0)
    roughly = met.fold(floats, floats.leaf(values.astype("float64"), present))[0]
    if (np.abs(roughly - total) > 2.0**62).any():
        raise FsnbError("a sum of integers does not fit into int64. Cast the column to float64 before summing it.")


def _extreme(function: str, monoid_of: Callable[[object], Monoid]) -> Callable[[Met, str], Columns]:
    def columns(met: Met, name: str) -> Columns:
        series = met.columns[name]
        decode = _coded(series) if series.dtype == pl.String else None
        values, present = _values(met, name) if decode is None else (decode.codes, decode.present)
        floating = np.issubdtype(values.dtype, np.floating)
        worst = np.inf if floating else np.iinfo(values.dtype).max
        if function == "max":
            worst = -np.inf if floating else np.iinfo(values.dtype).min
        monoid = monoid_of(worst)
        best = pl.Series(met.fold(monoid, monoid.leaf(values, present))[0])
        best = best.cast(series.dtype) if decode is None else decode.words(best)
        return {function: pl.select(pl.when(pl.lit(met.count(present)) > 0).then(pl.lit(best))).to_series()}

    return columns


@dataclass(frozen=True, slots=True)
class _Coded:
    """Text as ranks, since numpy orders no text fast; the order is that of code points."""

    codes: Array
    present: Array | None
    ranked: pl.Series

    def words(self, codes: pl.Series) -> pl.Series:
        if not len(self.ranked):
            return pl.Series([None] * len(codes), dtype=pl.String)
        return self.ranked.gather(codes.clip(0, len(self.ranked) - 1))


def _coded(series: pl.Series) -> _Coded:
    present = series.is_not_null().to_numpy() if series.null_count() else None
    codes = series.rank("dense").fill_null(1).cast(pl.Int64).to_numpy() - 1
    return _Coded(codes, present, series.drop_nulls().unique().sort())


def _variance(met: Met, name: str) -> Columns:
    values, present = _values(met, name)
    rows, squares = met.moments(values.astype("float64"), present)
    made = pl.DataFrame({"n": rows, "m2": squares}).select(
        var_samp=pl.when(pl.col("n") > 1).then(pl.col("m2") / (pl.col("n") - 1)),
        var_pop=pl.when(pl.col("n") > 0).then(pl.col("m2") / pl.col("n")),
    )
    return made.to_dict()


def _nunique(met: Met, name: str) -> Columns:
    """Stretches of cutoffs during which a value is in a window: begun less ended."""
    rows = met.rows.with_row_index("row").filter(pl.col(name).is_not_null())
    index, key = rows["row"].to_numpy(), integers(rows[KEY])
    code = rows[name].rank("dense").cast(pl.Int64).to_numpy()
    same = key * (len(code) + 1) + code
    line = Line.over(met.cutoff)
    asked = line.place(met.ask_key, met.cutoff)
    counts, orders = [], {}
    for span in met.spans:
        start, end = (moment[index] for moment in met.stays(span))
        if span.lo not in orders:
            order = pl.Series(start).arg_sort().to_numpy()
            orders[span.lo] = order[np.argsort(same[order], kind="stable")]
        row, begins = _begins(same, start, end, orders[span.lo])
        starts, ends = line.place(key[row], begins), line.place(key[row], end[row])
        begun, ended = (
            np.searchsorted(pl.Series(moments).sort().to_numpy(), asked, "right") for moments in (starts, ends)
        )
        counts.append(begun - ended)
    return {"nunique": pl.Series(np.concatenate(counts)).cast(pl.Int64)}


def _begins(same: Array, start: Array, end: Array, order: Array) -> tuple[Array, Array]:
    """Rows whose stay lasts longer than all earlier ones of the same value, and from when on it does.

    `order` is that of the values, and of the starts within each.
    """
    order = order[start[order] < end[order]]
    same, start, end = same[order], start[order], end[order]
    first = np.flatnonzero(np.append(True, same[1:] != same[:-1])[: len(same)])
    place = np.arange(len(same)) - np.repeat(first, np.diff(np.append(first, len(same))))
    before = np.append(INT64.min, _running_max(end, place)[:-1])[: len(same)]
    begins = np.maximum(start, np.where(place == 0, INT64.min, before))
    longer = begins < end
    return order[longer], begins[longer]


def _running_max(values: Array, place: Array) -> Array:
    """The greatest so far of each group; `place` counts from 0 within it. A value doubles its reach in each step."""
    reach, values = 1, values.copy()
    at = np.flatnonzero(place >= reach)
    rising = bool((values[at] >= values[at - 1]).all())
    while len(at) and not rising:
        values[at] = np.maximum(values[at], values[at - reach])
        reach *= 2
        at = at[place[at] >= reach]
    return values


FAMILIES: Mapping[str, Callable[[Met, str], Columns]] = {
    "count": _count,
    "sum": _sum,
    "min": _extreme("min", least),
    "max": _extreme("max", greatest),
    "var": _variance,
    "nunique": _nunique,
}

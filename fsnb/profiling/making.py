"""A table -> its baseline: kinds of columns, their distributions, and the edges that later data is counted on.

Three scans, and one sort for each number of many values: a summary of every column; values of those that have few; the
values at ranks of the other numbers, by sorting; counts between these. Each reads only the columns that it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis.expr.datatypes as dt

from fsnb.errors import DefinitionError, UnknownName
from fsnb.profiling import edges as cut
from fsnb.profiling import kinds as kind
from fsnb.profiling.baseline import Baseline
from fsnb.profiling.column import Column
from fsnb.profiling.counting import Counting, Measure, Part, reading
from fsnb.profiling.kinds import Kind
from fsnb.profiling.numbers import Numbers, exactly
from fsnb.profiling.tallies import Tally, Wanted

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = ((end.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) for end in (datetime.min, datetime.max))
Tallied = dict[str, Tally]


def profile(
    data: Any,
    *,
    columns: Sequence[str] | None = None,
    bins: int = 10,
    kinds: Mapping[str, Kind] | None = None,
    event_time: str | None = None,
    labels: Sequence[str] = (),
    name: str = "",
    con: Any = None,
) -> Baseline:
    """The statistics of a table, to compare later data with.

    Parameters
    ----------
    data
        A path (parquet, csv), a Polars, pandas or Arrow frame, or an Ibis table, which is counted on its own engine.
    columns
        Which ones; all by default.
    bins
        Bins of the PSI, 2 to 50: deciles by default.
    kinds
        `{column: kind}` where the column's own is not right: "numeric", "boolean", "categorical", "text", "identifier",
        "datetime", "other".
    event_time
        A column of times whose first and last are kept.
    labels
        Columns that hold what is predicted; noted, no more.
    con
        The Ibis connection to count on, for a path or a frame; a DuckDB of its own by default.

    Returns
    -------
    Baseline
        NULL, NaN and infinite values (beyond 1e150) are counted as null. Numbers are read as float64, times as UTC.

    Raises
    ------
    UnknownName, DefinitionError
    """
    if not 2 <= bins <= 50:
        raise DefinitionError(f"profile: bins is {bins}; give 2 to 50.")
    counting = chosen(reading(data, "profile", con), columns, "profile")
    given = kind.check(kinds or {}, counting.table.schema(), "profile")
    made = columns_of(counting, given, bins)
    times = _event_times(made, event_time, counting)
    return Baseline(tuple(made), made[0].n, bins, times, name, tuple(labels))


def chosen(counting: Counting, columns: Sequence[str] | None, who: str) -> Counting:
    """With the columns that were asked for."""
    for name in columns or ():
        if name not in counting.table.columns:
            raise UnknownName.among(who, "column", name, counting.table.columns)
    wanted = counting.table.columns if columns is None else tuple(dict.fromkeys(columns))
    if not wanted:
        raise DefinitionError(f"{who}: no columns to look at.")
    return replace(counting, table=counting.table.select(*wanted))


def _event_times(made: Sequence[Column], wanted: str | None, counting: Counting) -> Any:
    if wanted is None:
        return None
    found = {column.name: column for column in made}.get(wanted)
    if found is None:
        raise UnknownName.among("profile", "event time", wanted, counting.table.columns)
    if found.kind != "datetime":
        raise DefinitionError(f"profile: event_time {wanted!r} is {found.dtype}, not a time.")
    if found.minimum is None or found.maximum is None:
        return None
    return wanted, moment(found.minimum), moment(found.maximum)


def moment(microseconds: float) -> datetime:
    """Microseconds since the epoch as a naive UTC time; a float may round the last of them out of the calendar."""
    inside = min(max(int(microseconds), FIRST), LAST)
    return (EPOCH + timedelta(microseconds=inside)).replace(tzinfo=None)


# ---------------------------------------------------------------------- the scans


def columns_of(counting: Counting, given: Mapping[str, Kind] | None = None, bins: int | None = 10) -> list[Column]:
    """The columns of a table. Without `bins` those of many values have no distribution, and nothing is sorted."""
    given = given or {}
    schema = counting.table.schema()
    parts = {name: measures_of(name, given.get(name) or kind.by_type(dtype)) for name, dtype in schema.items()}
    measures = [measure for some in parts.values() for measure in some]
    tallied = scan(counting, measures, [_first(measure) for measure in measures])
    second = [want for m in measures if (want := _second(m, tallied[m.key], schema[m.column], m.column in given))]
    for key, tally in scan(counting, measures, second).items():
        tallied[key] = replace(tallied[key], values=tally.values, distinct=tally.distinct)
    many = [m for m in measures if m.part in ("number", "length") and not few_values(tallied[m.key])]
    fine = _finely(counting, many, {m.key: tallied[m.key].known for m in many}, bins) if many and bins else {}
    found = _Found(tallied, fine, bins)
    return [_column(name, str(dtype), given.get(name), found) for name, dtype in schema.items()]


def measures_of(name: str, of: Kind | None) -> list[Measure]:
    """What is measured of a column of a kind; None is text of which only the values will tell."""
    return [Measure(name, part) for part in PARTS[of]]


PARTS: Mapping[Kind | None, tuple[Part, ...]] = {
    "numeric": ("number",),
    "boolean": ("text",),
    "categorical": ("text",),
    "identifier": ("text",),
    "text": ("text", "length"),
    None: ("text", "length"),
    "datetime": ("microseconds", "hour", "weekday"),
    "other": ("present",),
}


def scan(counting: Counting, measures: Sequence[Measure], wanted: Sequence[Wanted]) -> Tallied:
    """One call of the counter, on the measures that are wanted of it."""
    keys = {want.key for want in wanted}
    if not keys:
        return {}
    return counting.count(counting.measures([m for m in measures if m.key in keys]), wanted)[None]


def _first(measure: Measure) -> Wanted:
    """A summary; the values too of parts that have few."""
    summed = measure.part in ("number", "length", "microseconds")
    about = measure.part in ("number", "length", "text")
    values = measure.part in ("hour", "weekday")
    return Wanted(measure.key, measure.part != "text", summary=summed, about=about, values=values)


def _second(measure: Measure, tally: Tally, dtype: dt.DataType, given: bool) -> Wanted | None:
    """Values where there are few; how many there are where it may be that each row has its own."""
    if measure.part in ("hour", "weekday", "microseconds", "present"):
        return None
    number = measure.part != "text"
    about = tally.about_distinct or 0
    if about <= kind.TRIED_VALUES:
        return Wanted(measure.key, number, values=True)
    identifies = measure.part == "text" or (dtype.is_integer() and not given)
    return Wanted(measure.key, number, distinct=True) if identifies and about > tally.known / 2 else None


def few_values(tally: Tally) -> bool:
    """Whether all its values were counted, and are few enough to keep."""
    return tally.values is not None and len(tally.values) <= kind.MOST_VALUES


@dataclass(frozen=True, slots=True)
class _Fine:
    """A number of many values: fine edges and counts, deciles, atoms."""

    numbers: Numbers
    deciles: tuple[float, ...]
    atoms: tuple[float, ...]


def _finely(counting: Counting, many: Sequence[Measure], known: Mapping[str, int], bins: int) -> dict[str, _Fine]:
    asked = {key: [*cut.ranks(rows, cut.FINE), *cut.ranks(rows, bins)] for key, rows in known.items()}
    found = counting.ranked(counting.measures(many), asked)
    split = {key: cut.candidates(values[: cut.FINE - 1], bins) for key, values in found.items()}
    fine = {key: cut.edges(values, split[key]) for key, values in found.items()}
    counted = scan(counting, many, [Wanted(key, True, edges=edges) for key, edges in fine.items()])
    return {key: _fine(fine[key], found[key][cut.FINE - 1 :], split[key], counted[key], bins) for key in fine}


def _fine(edges: tuple[float, ...], deciles: Sequence[float], split: Sequence[float], tally: Tally, bins: int) -> _Fine:
    counts = tally.bins or ()
    mass = dict(zip(edges, counts, strict=False))
    kept = tuple(atom for atom in split if mass[atom] * bins > tally.known)
    return _Fine(Numbers(counts, None, edges, tally.low_sum, tally.high_sum), tuple(deciles), kept)


# ---------------------------------------------------------------------- the columns


@dataclass(frozen=True, slots=True)
class _Found:
    tallied: Tallied
    fine: Mapping[str, _Fine]
    bins: int | None

    def __call__(self, name: str, part: Part) -> Tally | None:
        return self.tallied.get(Measure(name, part).key)


def _column(name: str, dtype: str, given: Kind | None, found: _Found) -> Column:
    if tally := found(name, "microseconds"):
        return _times(name, dtype, tally, found)
    if tally := found(name, "text"):
        return _texts(name, dtype, given, tally, found)
    if tally := found(name, "number"):
        return _number(name, dtype, given, tally, found)
    tally = found(name, "present")
    assert tally is not None
    return Column(name, dtype, "other", tally.n, tally.n - tally.known)


def _times(name: str, dtype: str, tally: Tally, found: _Found) -> Column:
    hours, weekdays = by_place(found(name, "hour"), 24), by_place(found(name, "weekday"), 7)
    return Column(
        name, dtype, "datetime", tally.n, tally.n - tally.known,
        minimum=tally.minimum, maximum=tally.maximum, hours=hours, weekdays=weekdays,
    )  # fmt: skip


def by_place(tally: Tally | None, size: int) -> tuple[int, ...]:
    """Counts of 0, 1, ... as a tuple."""
    values = (tally.values if tally else None) or {}
    return tuple(int(values.get(place, 0)) for place in range(size))


def _texts(name: str, dtype: str, given: Kind | None, tally: Tally, found: _Found) -> Column:
    length = found(name, "length")
    counted = tally.values is not None
    distinct = _distinct(tally)
    of: Kind = "boolean" if dtype == "boolean" else given or kind.of_text(distinct, tally.known, mean(length))
    column = Column(name, dtype, of, tally.n, tally.n - tally.known, distinct, counted or tally.distinct is not None)
    if few_values(tally):
        column = replace(column, categories=tuple(sorted((tally.values or {}).items())))
    if of != "text" or length is None:
        return column
    return _with_numbers(column, length, Measure(name, "length").key, found)


def _distinct(tally: Tally) -> int:
    if tally.values is not None:
        return len(tally.values)
    return tally.distinct if tally.distinct is not None else tally.about_distinct or 0


def mean(tally: Tally | None) -> float:
    return (tally.mean if tally else None) or 0.0


def _number(name: str, dtype: str, given: Kind | None, tally: Tally, found: _Found) -> Column:
    exact = tally.values is not None or tally.distinct is not None
    column = Column(name, dtype, "numeric", tally.n, tally.n - tally.known, _distinct(tally), exact)
    if given is None and exact and dtype.lstrip("!u").startswith("int") and kind.unique(_distinct(tally), tally.known):
        column = replace(column, kind="identifier")
    return _with_numbers(column, tally, Measure(name, "number").key, found)


def _with_numbers(column: Column, tally: Tally, key: str, found: _Found) -> Column:
    """With the distribution of the number, or of the length."""
    column = replace(column, minimum=tally.minimum, maximum=tally.maximum, mean=tally.mean, std=tally.std)
    if not tally.known:
        return column
    if key in found.fine:
        fine = found.fine[key]
        return replace(column, numbers=fine.numbers, atoms=fine.atoms, psi_edges=cut.edges(fine.deciles, fine.atoms))
    if not few_values(tally):
        return column
    numbers = exactly(tally.values or {})
    if found.bins is None:
        return replace(column, numbers=numbers)
    atoms = cut.atoms(numbers.exact, tally.known, found.bins)
    deciles = cut.at_ranks(numbers.exact, cut.ranks(tally.known, found.bins))
    return replace(column, numbers=numbers, atoms=atoms, psi_edges=cut.edges(deciles, atoms))

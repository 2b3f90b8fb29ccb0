"""Current data, counted where a baseline says: the columns that drift compares, whole or by group.

At most three scans, whatever the number of columns: summaries and counts on the baseline's edges; values of the
columns whose reference has few; counts on edges for those among them that turn out to have many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis.expr.types as ir

from fsnb.profiling import kinds as kind
from fsnb.profiling.baseline import Baseline
from fsnb.profiling.column import Column
from fsnb.profiling.counting import Counting, Measure
from fsnb.profiling.making import by_place, measures_of
from fsnb.profiling.numbers import Numbers, exactly
from fsnb.profiling.tallies import Tallies, Tally, Wanted
from fsnb.quality.comparing import fine_edges


def counted(
    baseline: Baseline, counting: Counting, names: Sequence[str], by: ir.Value | None = None
) -> dict[Any, tuple[Column, ...]]:
    """Group -> the named columns of the current data, by the kinds and on the edges of the baseline.

    Without groups the only one is None. An empty table has no group where groups are asked for.
    """
    parts = {name: _measures(baseline[name]) for name in names}
    measures = [measure for some in parts.values() for measure in some]
    table = counting.measures(measures, by)
    tallies = counting.count(table, [_first(measure, baseline[measure.column]) for measure in measures])
    _add(tallies, counting, table, [want for m in measures if (want := _second(m, baseline[m.column], tallies))])
    _add(tallies, counting, table, [want for m in measures if (want := _third(m, baseline[m.column], tallies))])
    dtypes = {name: str(counting.table.schema()[name]) for name in names}
    return {group: tuple(_column(baseline[name], dtypes[name], of) for name in names) for group, of in tallies.items()}


def _measures(reference: Column) -> list[Measure]:
    """An integer that identifies was measured as a number: its values are not kept, so that only NULLs are left."""
    if reference.kind == "identifier" and reference.categories is None:
        return [Measure(reference.name, "present")]
    return measures_of(reference.name, reference.kind)


def _first(measure: Measure, reference: Column) -> Wanted:
    text = measure.part == "text"
    counted_now = measure.part in ("hour", "weekday") or (text and reference.categories is not None)
    summed = measure.part in ("number", "length", "microseconds")
    about = _counts_values(measure, reference)
    edges = reference.numbers.edges if reference.numbers and measure.part in ("number", "length") else None
    return Wanted(measure.key, not text, summary=summed, about=about, edges=edges, values=counted_now)


def _counts_values(measure: Measure, reference: Column) -> bool:
    numbers = reference.numbers
    return measure.part in ("number", "length") and numbers is not None and numbers.values is not None


def _second(measure: Measure, reference: Column, tallies: Tallies) -> Wanted | None:
    """Values, where both sides have few."""
    if not _counts_values(measure, reference) or _many(measure, tallies):
        return None
    return Wanted(measure.key, True, values=True)


def _third(measure: Measure, reference: Column, tallies: Tallies) -> Wanted | None:
    """Counts on edges, where the reference has few values and the current data many."""
    if not _counts_values(measure, reference) or not _many(measure, tallies):
        return None
    return Wanted(measure.key, True, edges=fine_edges(reference))


def _many(measure: Measure, tallies: Tallies) -> bool:
    return any((tally[measure.key].about_distinct or 0) > kind.TRIED_VALUES for tally in tallies.values())


def _add(tallies: Tallies, counting: Counting, table: ir.Table, wanted: Sequence[Wanted]) -> None:
    """Count more, and put it to what is there. A group that has appeared meanwhile is not looked at."""
    for group, found in (counting.count(table, wanted) if wanted else {}).items():
        for want in wanted:
            if group in tallies:
                tallies[group][want.key] = _joined(tallies[group][want.key], found[want.key], want)


def _joined(tally: Tally, more: Tally, want: Wanted) -> Tally:
    if want.values:
        return replace(tally, values=more.values)
    return replace(tally, bins=more.bins, low_sum=more.low_sum, high_sum=more.high_sum)


def _column(reference: Column, dtype: str, tallies: Mapping[str, Tally]) -> Column:
    found = {part: tallies[m.key] for m in _measures(reference) for part in [m.part]}
    first = next(iter(found.values()))
    column = Column(reference.name, dtype, reference.kind, first.n, first.n - first.known)
    if text := found.get("text"):
        values = text.values
        column = replace(column, categories=tuple(sorted(values.items())) if values is not None else None)
    if times := found.get("microseconds"):
        column = replace(column, minimum=times.minimum, maximum=times.maximum)
        column = replace(column, hours=by_place(found["hour"], 24), weekdays=by_place(found["weekday"], 7))
    number = found.get("number") or found.get("length")
    return _with_numbers(column, reference, number) if number and number.known else column


def _with_numbers(column: Column, reference: Column, tally: Tally) -> Column:
    column = replace(column, minimum=tally.minimum, maximum=tally.maximum, mean=tally.mean, std=tally.std)
    if reference.numbers is None:
        return column
    if tally.values is not None:
        return replace(column, numbers=exactly(tally.values), distinct=len(tally.values))
    edges = fine_edges(reference)
    return replace(column, numbers=Numbers(tally.bins or (), None, edges, tally.low_sum, tally.high_sum))

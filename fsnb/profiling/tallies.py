"""What is asked of a counter, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

BY = "_fsnb_by"
LARGEST = 1e150
"""Numbers beyond are read as infinite: their squares are, and engines fail on the variance."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to count of a measure: always its rows; its range, mean and standard deviation as a `summary`.

    `about`: an estimate of how many distinct values it has.

    `edges`: counts of `(-inf, e0], (e0, e1], ..., (ek, inf)`, and sums of the two open bins. `values`: each distinct
    value. `distinct`: how many there are, exactly.
    """

    key: str
    number: bool
    summary: bool = False
    about: bool = False
    edges: tuple[float, ...] | None = None
    values: bool = False
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted of a measure; None where it was not asked, or there was no row."""

    n: int
    known: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    about_distinct: int | None = None
    distinct: int | None = None
    bins: tuple[int, ...] | None = None
    low_sum: float = 0.0
    high_sum: float = 0.0
    values: Mapping[Any, int] | None = None


Tallies = dict[Any, dict[str, Tally]]
"""Group -> key -> tally."""


def summary(row: Mapping[str, Any], want: Wanted, at: int) -> Tally:
    """A tally from the row of an aggregate, whose columns end in the measure's number."""
    known = row[f"known{at}"]
    tally = Tally(row["n"], known)
    if want.about:
        tally = replace(tally, about_distinct=row[f"about{at}"])
    if want.summary and want.number and known:
        std = max(row[f"var{at}"] or 0.0, 0.0) ** 0.5
        tally = replace(tally, minimum=row[f"min{at}"], maximum=row[f"max{at}"], mean=row[f"sum{at}"] / known, std=std)
    if want.distinct:
        tally = replace(tally, distinct=row[f"distinct{at}"])
    if want.edges:
        tally = replace(tally, low_sum=row[f"low{at}"] or 0.0, high_sum=row[f"high{at}"] or 0.0)
    return tally


def with_bins(tally: Tally, want: Wanted, counts: Mapping[int, int]) -> Tally:
    """The tally with counts by number of bin."""
    return replace(tally, bins=tuple(counts.get(bin, 0) for bin in range(len(want.edges or ()) + 1)))


def with_values(tally: Tally, pairs: Iterable[tuple[Any, int]]) -> Tally:
    """The tally with counts by value; equal values (0 and -0) are one."""
    found: dict[Any, int] = {}
    for value, count in pairs:
        found[value] = found.get(value, 0) + count
    return replace(tally, values=found)

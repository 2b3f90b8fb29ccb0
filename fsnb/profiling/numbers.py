"""Counts of a number: of each of its values, or between edges. Values only; `fsnb.quality.shapes` has distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """Distinct values, ascending, and how often each occurs."""

    values: Floats
    counts: Floats


@dataclass(frozen=True, slots=True)
class Binned:
    """Counts of `(-inf, e0], (e0, e1], ..., (ek, inf)`: one more than there are edges, which ascend.

    `low_sum` and `high_sum` are the sums of the values in the first and the last, open bin: by them the tails are
    integrated exactly, however heavy they are.
    """

    edges: Floats
    counts: Floats
    low_sum: float
    high_sum: float

    @property
    def cumulative(self) -> Floats:
        """The distribution function at the edges."""
        return np.cumsum(self.counts)[:-1] / self.counts.sum()


@dataclass(frozen=True, slots=True)
class Numbers:
    """Counts of a number: of each distinct value where there are at most 10,000, else between edges.

    `values` and `counts` go together, or `edges` and one more of `counts` than there are edges (see `Binned`).
    """

    counts: tuple[int, ...]
    values: tuple[float, ...] | None = None
    edges: tuple[float, ...] | None = None
    low_sum: float = 0.0
    high_sum: float = 0.0

    @property
    def exact(self) -> ValueCounts:
        return ValueCounts(np.array(self.values, dtype=float), np.array(self.counts, dtype=float))

    def binned(self, edges: tuple[float, ...]) -> Binned:
        """Counts between edges, from value counts or from these very edges and others of theirs."""
        at = np.array(edges, dtype=float)
        if self.edges == edges:
            return Binned(at, np.array(self.counts, dtype=float), self.low_sum, self.high_sum)
        if self.values is None:
            return Binned(at, self._coarser(at), np.nan, np.nan)
        mine = self.exact
        bins = np.searchsorted(at, mine.values, side="left")
        counts = np.bincount(bins, weights=mine.counts, minlength=len(at) + 1).astype(float)
        sums = np.bincount(bins, weights=mine.counts * mine.values, minlength=len(at) + 1)
        return Binned(at, counts, float(sums[0]), float(sums[-1]))

    def _coarser(self, at: Floats) -> Floats:
        bins = np.searchsorted(at, [*(self.edges or ()), np.inf], side="left")
        return np.bincount(bins, weights=np.array(self.counts, dtype=float), minlength=len(at) + 1).astype(float)


def exactly(values: Mapping[float, int]) -> Numbers:
    """Counts of each value, ascending."""
    ordered = sorted(values)
    return Numbers(tuple(values[value] for value in ordered), tuple(ordered))

"""Where the bins of a number end: at quantiles of the reference, and on both sides of each atom. Pure.

A quantile is a value of the data, the one of rank `ceil(share * n)` (the inverse of the distribution function), so that
every engine finds the same. Bins are `(lo, hi]`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fsnb.profiling.numbers import ValueCounts

FINE = 200
TINY = 2.2250738585072014e-308
"""The least normal float: engines may flush smaller ones to 0."""


def ranks(known: int, parts: int) -> list[int]:
    """Ranks, from 1, of the `parts - 1` quantiles that cut `known` rows into equal parts."""
    return [max(math.ceil(known * part / parts), 1) for part in range(1, parts)]


def at_ranks(counts: ValueCounts, wanted: Sequence[int]) -> list[float]:
    """The values at ranks."""
    reached = np.cumsum(counts.counts)
    return [float(value) for value in counts.values[np.searchsorted(reached, np.array(wanted), side="left")]]


def atoms(counts: ValueCounts, known: int, bins: int) -> tuple[float, ...]:
    """Values with more than 1/bins of the rows."""
    return tuple(float(value) for value in counts.values[counts.counts * bins > known])


def candidates(quantiles: Sequence[float], bins: int) -> tuple[float, ...]:
    """Every value that can have more than 1/bins of the rows, from the 200 fine quantiles: it fills many of them."""
    least = max(FINE // bins - 1, 1)
    values, times = np.unique(np.array(quantiles), return_counts=True)
    return tuple(float(value) for value in values[times >= least])


def around(atom: float) -> tuple[float, float]:
    """The edges of a bin that holds one value only."""
    return (-TINY if atom == 0 else float(np.nextafter(atom, -np.inf)), atom)


def edges(quantiles: Sequence[float], split: Sequence[float]) -> tuple[float, ...]:
    """Ascending edges: the quantiles, and both sides of each atom."""
    return tuple(sorted({*quantiles, *(edge for atom in split for edge in around(atom))}))

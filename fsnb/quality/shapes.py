"""How far two distributions of numbers are apart: Kolmogorov-Smirnov and Wasserstein, from counts alone.

From value counts both are exact. From counts between edges they are known up to an error, which is worked out and
given, not guessed: between two edges a distribution function lies somewhere between its values at them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fsnb.profiling.numbers import Binned, Floats, ValueCounts

SUMMED = 10_000
"""Up to so many rows SciPy's own tail is quick."""


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance, and how far at most it may be from the exact one (0: it is exact)."""

    value: float
    error: float = 0.0


def ks_exact(reference: ValueCounts, current: ValueCounts) -> Distance:
    """Two-sample Kolmogorov-Smirnov statistic: the greatest gap of the distribution functions, 0 to 1.

    Source: Smirnov (1939).
    """
    _, f, g = _steps(reference, current)
    return Distance(float(np.max(np.abs(f - g))))


def wasserstein_exact(reference: ValueCounts, current: ValueCounts) -> Distance:
    """First Wasserstein (earth mover's) distance, in the column's own unit: the area between the distribution
    functions.

    Source: Vallender, Calculation of the Wasserstein distance between probability distributions on the line (1974).
    """
    values, f, g = _steps(reference, current)
    return Distance(float(np.sum(np.abs(f - g)[:-1] * np.diff(values))))


def _steps(reference: ValueCounts, current: ValueCounts) -> tuple[Floats, Floats, Floats]:
    """All values, and both distribution functions at them."""
    values = np.union1d(reference.values, current.values)
    return values, _reached(reference, values), _reached(current, values)


def _reached(side: ValueCounts, values: Floats) -> Floats:
    total = np.concatenate([[0], np.cumsum(side.counts)])
    return total[np.searchsorted(side.values, values, side="right")] / total[-1]


def ks_binned(reference: Binned, current: Binned) -> Distance:
    """The greatest gap at the edges, which is at most the exact statistic; `error` bounds what hides between them."""
    f, g = _padded(reference), _padded(current)
    most = max(np.max(f[1:] - g[:-1]), np.max(g[1:] - f[:-1]))
    found = float(np.max(np.abs(f - g)))
    return Distance(found, max(float(most) - found, 0.0))


def _padded(side: Binned) -> Floats:
    """The distribution function at -inf, at the edges and at inf."""
    return np.concatenate([[0], side.cumulative, [1]])


def wasserstein_binned(reference: Binned, current: Binned) -> Distance:
    """The area between the distribution functions, straight between edges, exact in the tails where they do not cross.

    `error` bounds the difference from the exact distance.
    """
    if len(reference.edges) == 0:
        mean = reference.low_sum / reference.counts.sum() - current.low_sum / current.counts.sum()
        return Distance(abs(mean), float("inf"))
    inner, inner_error = _between(reference, current)
    low = [_below(reference), _below(current)]
    high = [_above(reference), _above(current)]
    tails = abs(low[0] - low[1]) + abs(high[0] - high[1])
    tails_error = 2 * (min(low) + min(high))
    return Distance(inner + tails, inner_error + tails_error)


def _below(side: Binned) -> float:
    """The area under the distribution function up to the first edge."""
    return float(side.edges[0] * side.counts[0] - side.low_sum) / side.counts.sum()


def _above(side: Binned) -> float:
    """The area over the distribution function from the last edge on."""
    return float(side.high_sum - side.edges[-1] * side.counts[-1]) / side.counts.sum()


def _between(reference: Binned, current: Binned) -> tuple[float, float]:
    f, g, width = reference.cumulative, current.cumulative, np.diff(reference.edges)
    left, right = f[:-1] - g[:-1], f[1:] - g[1:]
    crossing = left * right < 0
    bases = np.where(crossing, np.abs(left) + np.abs(right), 1)
    mean = np.where(crossing, (left**2 + right**2) / (2 * bases), (np.abs(left) + np.abs(right)) / 2)
    most = np.maximum(f[1:] - g[:-1], g[1:] - f[:-1])
    least = np.maximum(0, np.maximum(f[:-1] - g[1:], g[:-1] - f[1:]))
    error = np.maximum(most - mean, mean - least)
    return float(np.sum(mean * width)), float(np.sum(error * width))


def ks_p(statistic: float, n_reference: int, n_current: int) -> float:
    """The two-sided p-value of a Kolmogorov-Smirnov statistic, asymptotic, for rows that are independent.

    Sources: the one-sample distribution (Simard and L'Ecuyer 2011) at `n * m / (n + m)`, as SciPy's `method="asymp"`;
    where that is over 10,000 and p under 3e-8, Maag and Dicaire (1971), which differs by less than 1e-10. SciPy's own
    tail adds up as many terms as there are rows, half a second for each column of a million.
    """
    from scipy.stats import kstwo

    both = max(round(n_reference * n_current / (n_reference + n_current)), 1)
    if both <= SUMMED:
        return float(kstwo.sf(statistic, both))
    if both * statistic**2 < 9:
        return float(1 - kstwo.cdf(statistic, both))
    return 2 * math.exp(-((6 * both * statistic + 1) ** 2) / (18 * both))

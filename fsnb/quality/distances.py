"""How far two lists of counts over the same bins are apart. Pure: counts in, numbers out.

Counts of the reference come first. A list that sums to 0 has no shares: every function answers None then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

FLOOR = 1e-4
Counts = npt.ArrayLike
Floats = npt.NDArray[np.float64]


def psi(reference: Counts, current: Counts, floor: float = FLOOR) -> float | None:
    """Population stability index: `sum((q - p) * ln(q / p))` over the shares p of the reference and q of the current.

    From 0, without an upper bound. Shares below `floor` are lifted to it on both sides, and not made to sum to 1
    again, so that an empty bin costs a finite amount. Symmetric but for that.

    Source: Siddiqi, Credit Risk Scorecards (2006), which has the thresholds 0.1 and 0.25 too; it is Jeffreys'
    divergence (Kullback and Leibler 1951).
    """
    p, q = shares(reference), shares(current)
    if p is None or q is None:
        return None
    p, q = np.maximum(p, floor), np.maximum(q, floor)
    return float(np.sum((q - p) * np.log(q / p)))


def contributions(reference: Counts, current: Counts, floor: float = FLOOR) -> Floats:
    """What each bin adds to the PSI; they sum to it."""
    p, q = shares(reference), shares(current)
    if p is None or q is None:
        return np.zeros(np.size(reference))
    p, q = np.maximum(p, floor), np.maximum(q, floor)
    return (q - p) * np.log(q / p)


def psi_floor(bins: int, n_reference: int, n_current: int, level: float = 0.95) -> float:
    """The PSI that `level` of all samples without any drift stay under: `chi2.ppf(level, bins - 1) * (1/n + 1/m)`.

    0 for one bin. Infinite when a side has no rows. Source: Yurdakul, Statistical Properties of the Population
    Stability Index (2018): PSI / (1/n + 1/m) is asymptotically chi-square with `bins - 1` degrees of freedom.
    """
    if min(n_reference, n_current) < 1:
        return float("inf")
    if bins < 2:
        return 0.0
    return float(special.chdtri(bins - 1, 1 - level)) * (1 / n_reference + 1 / n_current)


def jensen_shannon(reference: Counts, current: Counts) -> float | None:
    """Jensen-Shannon distance in base 2: the root of the divergence, 0 (equal) to 1 (nothing shared).

    Source: Endres and Schindelin, A new metric for probability distributions (2003).
    """
    p, q = shares(reference), shares(current)
    if p is None or q is None:
        return None
    middle = (p + q) / 2
    bits = (np.sum(special.rel_entr(p, middle)) + np.sum(special.rel_entr(q, middle))) / (2 * np.log(2))
    return float(np.sqrt(max(bits, 0.0)))


def hellinger(reference: Counts, current: Counts) -> float | None:
    """Hellinger distance, `|sqrt(p) - sqrt(q)| / sqrt(2)`: 0 (equal) to 1 (no share in common). Hellinger (1909)."""
    p, q = shares(reference), shares(current)
    if p is None or q is None:
        return None
    return float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2))


def linf(reference: Counts, current: Counts) -> float | None:
    """The greatest change of one bin's share, 0 to 1: the L-infinity (Chebyshev) distance."""
    p, q = shares(reference), shares(current)
    return None if p is None or q is None else float(np.max(np.abs(p - q), initial=0.0))


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """Pearson's test of homogeneity. `expected_min` under 5: the p-value is rough (Cochran 1954)."""

    statistic: float
    dof: int
    p: float
    cramers_v: float
    expected_min: float


def chi_square(reference: Counts, current: Counts) -> ChiSquare | None:
    """Chi-square of the 2 x bins contingency table, without a continuity correction, and Cramer's V.

    Bins that are empty on both sides are left out. With fewer than two bins there is nothing to test: statistic 0, p 1.
    V is `sqrt(chi2 / rows)`, 0 to 1, since the table has two rows. Sources: Pearson (1900); Cramer, Mathematical
    Methods of Statistics (1946), chapter 21.
    """
    table = np.array([reference, current], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    if table.size == 0 or not table.sum(axis=1).all():
        return None
    total, dof = float(table.sum()), table.shape[1] - 1
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    statistic = float(np.sum((table - expected) ** 2 / expected)) if dof else 0.0
    p = float(special.chdtrc(dof, statistic)) if dof else 1.0
    return ChiSquare(statistic, dof, p, float(np.sqrt(statistic / total)), float(expected.min()))


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """p-values adjusted so that rejecting those under `a` keeps the false discovery rate under `a`.

    In the order given; NaN stays NaN and is not counted as a test. Source: Benjamini and Hochberg (1995).
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known])[::-1]]
    ranks = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.minimum.accumulate(p[order] * len(order) / ranks)) if len(order) else []
    return adjusted


def shares(counts: Counts) -> Floats | None:
    """Counts as shares of their sum; None where that is 0."""
    found = np.asarray(counts, dtype=float)
    total = found.sum()
    return found / total if total > 0 else None

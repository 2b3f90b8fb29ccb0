"""How good predictions of a yes-or-no label are, with intervals: AUC, accuracy, Brier. Pure numpy; 95 % throughout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Z = 1.959963984540054
METRICS = ("auc", "accuracy", "brier")
BETTER_HIGH: Mapping[str, bool] = {"auc": True, "accuracy": True, "brier": False}


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and where it lies in 95 of 100 samples."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def rate(positives: float, n: float) -> Interval | None:
    """A share, with Wilson's interval (1927), which holds near 0 and 1 too."""
    if n <= 0:
        return None
    share = positives / n
    middle, scale = share + Z**2 / (2 * n), 1 + Z**2 / n
    reach = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Interval(share, float(max((middle - reach) / scale, 0)), float(min((middle + reach) / scale, 1)))


def auc(label: Floats, score: Floats) -> Interval | None:
    """Area under the ROC curve: how often a positive row has the higher score; ties count half.

    The interval is DeLong's (1988), by ranks (Sun and Xu 2014). None with one class only.
    """
    positive = label > 0
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        return None
    ranks = midranks(score)
    above = (ranks[positive] - midranks(score[positive])) / n
    below = 1 - (ranks[~positive] - midranks(score[~positive])) / m
    value = float(above.mean())
    error = np.sqrt(_variance(above) / m + _variance(below) / n)
    return _around(value, float(error), 0, 1)


def accuracy(label: Floats, score: Floats, threshold: float = 0.5) -> Interval | None:
    """The share of rows where `score >= threshold` is the label."""
    return rate(float(np.sum((score >= threshold) == (label > 0))), len(label))


def brier(label: Floats, score: Floats) -> Interval | None:
    """Mean squared difference of score and label, 0 to 1, the lower the better (Brier 1950)."""
    if not len(label):
        return None
    losses = (score - label) ** 2
    return _around(float(losses.mean()), float(np.sqrt(_variance(losses) / len(losses))), 0, 1)


def scores(label: Floats, score: Floats, threshold: float = 0.5) -> dict[str, Interval | None]:
    """All metrics of the same rows."""
    return {
        "auc": auc(label, score),
        "accuracy": accuracy(label, score, threshold),
        "brier": brier(label, score),
    }


def weighted_auc(positive: Floats, negative: Floats, score: Floats) -> float | None:
    """AUC where each row is positive and negative with a weight: expected, or reweighted.

    `sum over i, j of positive[i] * negative[j] * (score[i] > score[j], half for equal)` over the product of the sums. A
    row meets itself, as a tie.
    """
    total = positive.sum() * negative.sum()
    if total <= 0:
        return None
    _, place = np.unique(score, return_inverse=True)
    up = np.bincount(place, weights=positive)
    down = np.bincount(place, weights=negative)
    under = np.cumsum(down) - down
    return float(np.sum(up * (under + down / 2)) / total)


def midranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _around(value: float, error: float, least: float, most: float) -> Interval:
    return Interval(value, max(value - Z * error, least), min(value + Z * error, most))

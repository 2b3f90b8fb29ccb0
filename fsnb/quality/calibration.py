"""Isotonic regression: the non-decreasing function from score to probability that is nearest to the labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fsnb.quality.scoring import Floats


def calibrated(score: Floats, label: Floats) -> Callable[[Floats], Floats]:
    """A function from scores to probabilities, linear between the scores it was fitted on, constant beyond them.

    By pooling adjacent violators (Ayer et al. 1955; Zadrozny and Elkan 2002); equal scores are one.
    """
    at, place = np.unique(score, return_inverse=True)
    weight = np.bincount(place).astype(float)
    mean = np.bincount(place, weights=label) / weight
    fitted = pooled(mean, weight)

    def apply(values: Floats) -> Floats:
        return np.interp(values, at, fitted)

    return apply


def pooled(mean: Floats, weight: Floats) -> Floats:
    """The non-decreasing list nearest to `mean` in weighted squares: neighbours that decrease get their common mean."""
    blocks: list[tuple[float, float, int]] = []
    for value, mass in zip(mean.tolist(), weight.tolist(), strict=True):
        size = 1
        while blocks and blocks[-1][0] >= value:
            before, had, length = blocks.pop()
            value = (before * had + value * mass) / (had + mass)
            mass, size = mass + had, size + length
        blocks.append((value, mass, size))
    return np.repeat([value for value, _, _ in blocks], [size for _, _, size in blocks])

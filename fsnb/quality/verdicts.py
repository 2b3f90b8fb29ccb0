"""From a PSI to a verdict. An alarm needs a large PSI and one that chance does not explain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from fsnb.quality.distances import Counts, chi_square, psi, psi_floor

Verdict = Literal["ok", "warn", "alert", "too few rows", "not compared"]
ORDER: tuple[Verdict, ...] = ("alert", "warn", "too few rows", "not compared", "ok")

WARN, ALERT = 0.1, 0.25
"""The thresholds that the field uses (Siddiqi 2006): under 0.1 no change to speak of, over 0.25 a large one."""
LEAST_ROWS = 50
CHANCE = 1e-4
"""Of an alarm's chi-square test. On edges from 100 rows chance passes 30 times as often, which is still rare."""
NOISE = 0.999
"""Up to here chance is expected to go, where the data is said to be too little."""


def used(reference: Counts, current: Counts) -> int:
    """Bins that are not empty on both sides."""
    return int(np.sum((np.asarray(reference) > 0) | (np.asarray(current) > 0)))


def judged(
    what: str, reference: Counts, current: Counts, cells: tuple[Counts, Counts] | None = None
) -> tuple[Verdict, str]:
    """The verdict on two lists of counts, and the reason in words.

    "warn" from a PSI of 0.1, "alert" from 0.25, if it is over its noise floor too (`psi_floor` at 95 %), and if a
    chi-square test on the same bins (or on `cells`, where these are finer) gives chance less than 1 in 10,000. The
    floor is asymptotic: with ten rows in a bin, or with rare categories, PSI alone passes it far too often. "too few
    rows": no alarm, but chance alone may reach 0.1 in a sample of 1,000; or a side has fewer than 50 rows.
    """
    n, m = int(np.sum(reference)), int(np.sum(current))
    found = psi(reference, current)
    if found is None or min(n, m) < LEAST_ROWS:
        return "too few rows", f"{what}: {n:,} and {m:,} rows; {LEAST_ROWS} of each are needed"
    bins = used(reference, current)
    floor, noise = psi_floor(bins, n, m), psi_floor(bins, n, m, NOISE)
    if found >= WARN and found > floor and _is_no_chance(cells or (reference, current)):
        level: Verdict = "alert" if found >= ALERT else "warn"
        return level, f"{what}: PSI {found:.3g}, at least {ALERT if level == 'alert' else WARN}; noise {floor:.2g}"
    if max(noise, found) > WARN:
        return "too few rows", f"{what}: PSI {found:.3g}, which may be chance with so few rows"
    return "ok", ""


def _is_no_chance(cells: tuple[Counts, Counts]) -> bool:
    test = chi_square(*cells)
    return test is not None and test.p < CHANCE


def worst(judgements: Iterable[tuple[Verdict, str]]) -> tuple[Verdict, str]:
    """The worst verdict, with its reasons."""
    found = sorted(judgements, key=lambda one: ORDER.index(one[0]))
    verdict = found[0][0]
    return verdict, "; ".join(reason for level, reason in found if level == verdict and reason)


def is_worse(one: tuple[Verdict, str], other: tuple[Verdict, str]) -> bool:
    """Whether the first of two judgements is the worse one."""
    return ORDER.index(one[0]) < ORDER.index(other[0])

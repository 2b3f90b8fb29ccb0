"""From a PSI to a verdict. An alarm needs a large PSI and one that chance does not explain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from fsnb.quality.distances import Counts, psi, psi_floor

Verdict = Literal["ok", "warn", "alert", "too few rows", "not compared"]
ORDER: tuple[Verdict, ...] = ("alert", "warn", "too few rows", "not compared", "ok")

WARN, ALERT = 0.1, 0.25
"""The thresholds that the field uses (Siddiqi 2006): under 0.1 no change to speak of, over 0.25 a large one."""
LEAST_ROWS = 30
SURE = 0.999
"""Where chance alone may reach the threshold, only a PSI is believed that chance reaches once in a thousand samples."""


def used(reference: Counts, current: Counts) -> int:
    """Bins that are not empty on both sides."""
    return int(np.sum((np.asarray(reference) > 0) | (np.asarray(current) > 0)))


def judged(what: str, reference: Counts, current: Counts) -> tuple[Verdict, str]:
    """The verdict on two lists of counts, and the reason in words.

    "warn" from a PSI of 0.1, "alert" from 0.25, if it is also over the noise floor `psi_floor` at 95 %; where few
    rows make the noise reach 0.1, over the one at 99.9 %. "too few rows": there is no alarm, and one could not be told
    from noise; or a side has fewer than 30 rows.
    """
    n, m = int(np.sum(reference)), int(np.sum(current))
    found = psi(reference, current)
    if found is None or min(n, m) < LEAST_ROWS:
        return "too few rows", f"{what}: {n:,} and {m:,} rows; {LEAST_ROWS} of each are needed"
    bins = used(reference, current)
    sure, floor = psi_floor(bins, n, m, SURE), psi_floor(bins, n, m)
    if found >= WARN and found > (sure if sure > WARN else floor):
        level: Verdict = "alert" if found >= ALERT else "warn"
        return level, f"{what}: PSI {found:.3g}, at least {ALERT if level == 'alert' else WARN}; noise {floor:.2g}"
    if sure > WARN:
        return "too few rows", f"{what}: PSI {found:.3g}, where chance alone may give {sure:.2g} with so few rows"
    return "ok", ""


def worst(judgements: Iterable[tuple[Verdict, str]]) -> tuple[Verdict, str]:
    """The worst verdict, with its reasons."""
    found = sorted(judgements, key=lambda one: ORDER.index(one[0]))
    verdict = found[0][0]
    return verdict, "; ".join(reason for level, reason in found if level == verdict and reason)

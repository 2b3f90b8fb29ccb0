"""Verdicts: no alarm without drift, an alarm with it, and one wild value is no drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fsnb.profiling import edges as cut
from fsnb.profiling.column import Column
from fsnb.profiling.numbers import exactly
from fsnb.quality import drift, profile
from fsnb.quality.comparing import compared
from tests.support.deep import DEEP

RARE = 1 / np.arange(1, 51) ** 1.2
DRAWS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tail": lambda rng, n: rng.lognormal(0, 2, n),
    "zero-inflated": lambda rng, n: np.where(rng.random(n) < 0.8, 0, rng.lognormal(size=n)),
    "small integers": lambda rng, n: rng.poisson(2, n).astype(float),
    "5 % NULL": lambda rng, n: np.where(rng.random(n) < 0.05, np.nan, rng.normal(size=n)),
    "rarely true": lambda rng, n: rng.random(n) < 0.01,
    "5 categories": lambda rng, n: rng.integers(0, 5, n),
    "50 categories, most of them rare": lambda rng, n: rng.choice(50, n, p=RARE / RARE.sum()),
}
SIZES = ((100, 100), (100, 10_000), (300, 300), (450, 450), (600, 600), (2_000, 2_000), (10_000, 10_000))
TRIALS = 4_000 if DEEP else 200


def numeric(values: np.ndarray, *, reference: bool, bins: int = 10) -> Column:
    known = values[~np.isnan(values)]
    numbers = exactly(dict(zip(*(part.tolist() for part in np.unique(known, return_counts=True)), strict=True)))
    column = Column("x", "float64", "numeric", len(values), len(values) - len(known), numbers=numbers, std=1.0)
    if not reference:
        return column
    atoms = cut.atoms(numbers.exact, len(known), bins)
    deciles = cut.at_ranks(numbers.exact, cut.ranks(len(known), bins))
    return replace(column, atoms=atoms, psi_edges=cut.edges(deciles, atoms))


def categorical(values: np.ndarray, *, reference: bool) -> Column:
    counts = tuple(sorted(Counter(map(str, values.tolist())).items()))
    return Column("x", "string", "categorical", len(values), 0, categories=counts)


@pytest.mark.parametrize("name", DRAWS)
def test_without_drift_fewer_than_one_in_a_hundred_alarm(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsnb.quality.shapes.ks_p", lambda *_: 1.0)  # no part of a verdict, and most of the time
    rng, rates = np.random.default_rng(20131), {}
    for n, m in SIZES:
        trials = TRIALS if n + m < 15_000 else TRIALS // 4
        found = Counter(_trial(rng, name, n, m) for _ in range(trials))
        rates[n, m] = (found["warn"] + found["alert"]) / trials
    assert max(rates.values()) < 0.0101, rates
    assert sum(rates.values()) / len(rates) < 0.005, rates


def _trial(rng: np.random.Generator, name: str, n: int, m: int) -> str:
    reference, current = DRAWS[name](rng, n), DRAWS[name](rng, m)
    made = numeric if reference.dtype == float else categorical
    return compared(made(reference, reference=True), made(current, reference=False)).verdict


def test_half_a_standard_deviation_is_found_at_2000_rows() -> None:
    rng = np.random.default_rng(7)
    for _ in range(10):
        moved = compared(
            numeric(rng.normal(size=2_000), reference=True), numeric(rng.normal(0.5, size=2_000), reference=False)
        )
        assert moved.verdict in ("warn", "alert")


def test_few_rows_say_so_unless_the_drift_is_plain() -> None:
    rng = np.random.default_rng(7)
    few = numeric(rng.normal(size=100), reference=True)
    assert compared(few, numeric(rng.normal(size=100), reference=False)).verdict == "too few rows"
    assert compared(few, numeric(rng.normal(3, size=100), reference=False)).verdict == "alert"
    assert compared(few, numeric(rng.normal(3, size=49), reference=False)).verdict == "too few rows"


def test_one_wild_value_leaves_psi_unmoved_and_breaks_the_range() -> None:
    rng = np.random.default_rng(7)
    baseline = profile(pl.DataFrame({"x": rng.normal(size=25_000)}))
    values = rng.normal(size=25_000)
    wild = np.concatenate([values[:-1], [1_000_000.0]])
    before, after = (drift(baseline, pl.DataFrame({"x": rows})) for rows in (values, wild))
    assert before.violations == ()
    assert after["x"].psi == pytest.approx(before["x"].psi, abs=1e-4)
    assert after.verdict == "ok"
    assert [violation.check for violation in after.violations] == ["range_check"]

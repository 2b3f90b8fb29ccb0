"""Every figure of a report against SciPy, on real columns, from the rows and not from our counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.spatial import distance

from fsnb.quality import DriftReport, drift, shapes
from fsnb.quality.distances import benjamini_hochberg, contributions, psi, psi_floor
from tests.quality.real import CATEGORICAL, NUMERIC, Pairs

CLOSE = {"rel": 1e-9, "abs": 1e-12}


@pytest.fixture(scope="module")
def report(pairs: Pairs) -> DriftReport:
    return drift(*pairs, kinds=dict.fromkeys(NUMERIC, "numeric"))


def by_hand(reference: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts in deciles (lo, hi] with atoms apart, row by row."""
    cuts = set(np.quantile(reference, np.arange(1, 10) / 10, method="inverted_cdf").tolist())
    atoms = {value for value in np.unique(reference).tolist() if (reference == value).mean() > 0.1}
    bins = [
        (low, high) for low, high in zip([-np.inf, *sorted(cuts | atoms)], [*sorted(cuts | atoms), np.inf], strict=True)
    ]
    counted = []
    for rows in (reference, current):
        counts = []
        for low, high in bins:
            inside = (rows > low) & (rows <= high)
            counts.append((inside & (rows != high)).sum() if high in atoms else inside.sum())
            if high in atoms:
                counts.append((rows == high).sum())
        counted.append(np.array(counts))
    return counted[0], counted[1]


def from_shares(p: np.ndarray, q: np.ndarray, n: int, m: int) -> dict[str, float]:
    a, b = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    return {
        "psi": float(((b - a) * np.log(b / a)).sum()),
        "psi_floor95": stats.chi2.ppf(0.95, ((p > 0) | (q > 0)).sum() - 1) * (1 / n + 1 / m),
        "js": distance.jensenshannon(p, q, base=2),
        "hellinger": distance.euclidean(np.sqrt(p), np.sqrt(q)) / np.sqrt(2),
        "linf": distance.chebyshev(p, q),
    }


def contingency(counts: np.ndarray) -> dict[str, float]:
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2:
        return {"chi2": 0.0, "chi2_dof": 0, "chi2_p": 1.0, "cramers_v": 0.0}
    found = stats.chi2_contingency(counts, correction=False)
    v = stats.contingency.association(counts, method="cramer")
    return {"chi2": found.statistic, "chi2_dof": found.dof, "chi2_p": found.pvalue, "cramers_v": v}


def same(row: Any, wanted: dict[str, float]) -> None:
    for name, value in wanted.items():
        got = getattr(row, name)
        value = 0.0 if name == "psi_floor95" and np.isnan(value) else value
        assert got == pytest.approx(value, **CLOSE), f"{row.column}: {name} is {got!r}, SciPy has {value!r}"


@pytest.mark.parametrize("name", NUMERIC)
def test_numbers_are_as_in_scipy(report: DriftReport, pairs: Pairs, name: str) -> None:
    reference, current = (side[name].drop_nulls().to_numpy().astype(float) for side in pairs)
    mine, theirs = by_hand(reference, current)
    n, m = len(reference), len(current)
    test = stats.ks_2samp(reference, current, method="asymp")
    moved = stats.wasserstein_distance(reference, current)
    row = report[name]
    same(row, from_shares(mine / n, theirs / m, n, m) | contingency(np.array([mine, theirs])))
    both = round(len(reference) * len(current) / (len(reference) + len(current)))
    p = test.pvalue if both <= 10_000 else 1 - stats.kstwo.cdf(test.statistic, both)  # the tail of the same, sharper
    assert p == pytest.approx(test.pvalue, abs=5e-8)
    same(row, {"ks": test.statistic, "ks_p": p, "wasserstein": moved, "ks_error": 0, "wasserstein_error": 0})
    std = reference.std()
    assert row.wasserstein_norm == (pytest.approx(moved / std, **CLOSE) if std else None)
    assert (row.n_ref, row.n_cur) == (pairs[0].height, pairs[1].height)
    assert row.null_rate_ref == pytest.approx(pairs[0][name].null_count() / pairs[0].height)


@pytest.mark.parametrize("name", CATEGORICAL)
def test_categories_are_as_in_scipy(report: DriftReport, pairs: Pairs, name: str) -> None:
    reference, current = (side[name].cast(pl.String).drop_nulls().to_list() for side in pairs)
    known = sorted(set(reference))
    p = np.array([*(reference.count(value) for value in known), 0]) / len(reference)
    there = [current.count(value) for value in known]
    q = np.array([*there, len(current) - sum(there)]) / len(current)
    row = report[name]
    same(row, from_shares(p, q, len(reference), len(current)) | {"unseen_share": q[-1]})
    every = sorted({*reference, *current})
    same(row, contingency(np.array([[side.count(value) for value in every] for side in (reference, current)])))


def test_there_are_more_than_twenty_pairs_with_all_their_traps(report: DriftReport, pairs: Pairs) -> None:
    assert len(report.rows) == len(NUMERIC) + len(CATEGORICAL) > 20
    assert pairs[0]["mostly_null"].null_count() > pairs[0].height / 2
    assert pairs[0]["constant"].n_unique() == 1
    assert stats.kurtosis(pairs[0]["cubed"].drop_nulls()) > 50
    assert report["month_name"].unseen_share


def test_contributions_sum_to_the_psi() -> None:
    counts = [5, 0, 20, 75], [10, 3, 7, 80]
    assert contributions(*counts).sum() == pytest.approx(psi(*counts))


def test_no_rows_have_no_distance() -> None:
    assert psi([0, 0], [1, 2]) is None
    assert psi_floor(10, 0, 100) == float("inf")


def test_benjamini_hochberg_is_scipys() -> None:
    p = np.random.default_rng(3).random(40) ** 3
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))
    with_gap = benjamini_hochberg([0.01, np.nan, 0.02])
    assert with_gap[[0, 2]] == pytest.approx(stats.false_discovery_control([0.01, 0.02]))
    assert np.isnan(with_gap[1])


@pytest.mark.parametrize("root", [0.5, 1.4, 1.49, 1.8, 2.5, 2.999, 3.001, 4, 19])
@pytest.mark.parametrize("rows", [2_000, 30_000, 2_000_000])
def test_p_values_of_many_rows_are_those_of_scipy(rows: int, root: float) -> None:
    statistic = root / (rows / 2) ** 0.5
    exact = 1 - stats.kstwo.cdf(statistic, rows // 2)
    assert shapes.ks_p(statistic, rows, rows) == pytest.approx(exact, abs=1e-9 if rows > 2_000 else 5e-8)

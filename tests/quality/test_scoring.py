"""Metrics and intervals against scikit-learn and against pairs counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import accuracy_score, brier_score_loss, roc_auc_score

from fsnb.quality.calibration import calibrated
from fsnb.quality.finding import holm
from fsnb.quality.scoring import accuracy, auc, brier, rate, weighted_auc
from fsnb.quality.weighting import density_ratio, effective_size


@pytest.fixture(scope="module")
def scored() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    chance = rng.beta(2, 3, 700)
    return (rng.random(700) < chance).astype(float), np.round(chance, 2)  # rounded, so that there are ties


def test_metrics_are_scikit_learns(scored: tuple[np.ndarray, np.ndarray]) -> None:
    label, score = scored
    found = [metric(label, score) for metric in (auc, accuracy, brier)]
    wanted = [roc_auc_score(label, score), accuracy_score(label, score >= 0.5), brier_score_loss(label, score)]
    assert [one.value for one in found if one] == pytest.approx(wanted, abs=1e-12)


def test_delongs_variance_is_that_of_the_placements() -> None:
    label, score = np.array([1, 1, 1, 0, 0, 0, 0.0]), np.array([0.9, 0.6, 0.4, 0.5, 0.4, 0.2, 0.1])
    wins = np.array([[(a > b) + (a == b) / 2 for b in score[3:]] for a in score[:3]])
    error = np.sqrt(wins.mean(axis=1).var(ddof=1) / 3 + wins.mean(axis=0).var(ddof=1) / 4)
    found = auc(label, score)
    assert found is not None
    assert found.value == pytest.approx(wins.mean())
    assert found.low == pytest.approx(wins.mean() - 1.959963984540054 * error)


def test_wilsons_interval_holds_at_the_ends() -> None:
    none = rate(0, 50)
    assert none is not None
    assert (none.value, none.low) == (0, pytest.approx(0, abs=1e-12))
    assert none.high == pytest.approx(0.0713, abs=1e-4)
    assert rate(0, 0) is None


def test_one_class_has_no_auc() -> None:
    assert auc(np.ones(5), np.arange(5.0)) is None


def test_weighted_auc_is_the_sum_over_all_pairs() -> None:
    rng = np.random.default_rng(2)
    up, down, score = rng.random(60), rng.random(60), np.round(rng.random(60), 1)
    pairs = (score[:, None] > score[None, :]) + (score[:, None] == score[None, :]) / 2
    direct = (up[:, None] * down[None, :] * pairs).sum() / (up.sum() * down.sum())
    assert weighted_auc(up, down, score) == pytest.approx(direct, abs=1e-12)


def test_calibration_is_scikit_learns(scored: tuple[np.ndarray, np.ndarray]) -> None:
    label, score = scored
    at = np.linspace(-0.1, 1.1, 57)
    wanted = IsotonicRegression(out_of_bounds="clip").fit(score, label).predict(at)
    assert calibrated(score, label)(at) == pytest.approx(wanted, abs=1e-12)


def test_weights_give_the_slices_their_new_shares() -> None:
    rng = np.random.default_rng(4)
    source, target = rng.random((800, 3)) < [0.2, 0.5, 0.9], rng.random((500, 3)) < [0.5, 0.3, 0.8]
    weights = density_ratio(source.astype(float), target.astype(float))
    assert weights.mean() == pytest.approx(1)
    assert np.average(source, axis=0, weights=weights) == pytest.approx(target.mean(axis=0), abs=1e-9)
    assert 100 < effective_size(weights) < 800
    assert effective_size(np.full(10, 3.0)) == pytest.approx(10)


def test_equal_slices_do_not_upset_the_weights() -> None:
    member = (np.arange(100) % 4 == 0).astype(float)
    both = np.column_stack([member, member])
    weights = density_ratio(both, np.column_stack([1 - member, 1 - member]))
    assert np.average(member, weights=weights) == pytest.approx(0.75)


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])

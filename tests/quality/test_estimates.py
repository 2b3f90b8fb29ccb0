"""Performance without labels: against a direct computation, and against what came."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from ibis import _
from sklearn.isotonic import IsotonicRegression

from fsnb import Slice
from fsnb.errors import NotSupported
from fsnb.quality import cbpe, reweighted


def rows(n: int, hard: float, seed: int, *, labels: bool = True) -> pl.DataFrame:
    """A share of hard rows, of which the score knows nothing; the score is not calibrated."""
    rng = np.random.default_rng(seed)
    is_hard = rng.random(n) < hard
    chance = np.where(is_hard, 0.4, rng.beta(0.6, 1.2, n))
    late = rng.random(n) < chance
    frame = pl.DataFrame({"hard": is_hard, "score": np.round(chance**2, 3), "late": late})
    return frame if labels else frame.drop("late")


def test_cbpe_is_the_direct_computation() -> None:
    reference, current = rows(600, 0.3, 1), rows(300, 0.6, 2, labels=False)
    found = cbpe(reference, current, label="late", prediction="score")
    fitted = IsotonicRegression(out_of_bounds="clip").fit(reference["score"], reference["late"].cast(float))
    score = current["score"].to_numpy()
    chance = fitted.predict(score)
    pairs = wins = 0.0
    for i in range(len(score)):
        for j in range(len(score)):
            weight = chance[i] * (1 - chance[j])
            pairs += weight
            wins += weight * ((score[i] > score[j]) + (score[i] == score[j]) / 2)
    assert found["auc"].estimate == pytest.approx(wins / pairs, rel=1e-9)
    right = np.where(score >= 0.5, chance, 1 - chance).mean()
    assert found["accuracy"].estimate == pytest.approx(right, rel=1e-9)
    assert found["brier"].estimate == pytest.approx((chance * (1 - score) ** 2 + (1 - chance) * score**2).mean())
    assert (found["auc"].realised, found.labelled) == (None, 0)


def test_estimates_are_near_what_came_and_say_what_they_do_not_see() -> None:
    reference, current = rows(20_000, 0.2, 3), rows(8_000, 0.7, 4)
    slices = [Slice("hard", _.hard)]
    for found in (
        cbpe(reference, current, label="late", prediction="score"),
        reweighted(reference, current, slices, label="late", prediction="score"),
    ):
        auc = found["auc"]
        assert auc.estimate is not None
        assert auc.realised is not None
        assert auc.reference is not None
        assert abs(auc.estimate - auc.realised) < 0.015 < abs(auc.reference - auc.realised)
        assert found.labelled == 8_000
        assert "Concept drift is not seen" in str(found)
        assert "Concept drift is not seen" in found._repr_html_()


def test_the_interval_of_cbpe_holds_what_comes() -> None:
    held = 0
    for seed in range(20):
        found = cbpe(rows(5_000, 0.3, seed), rows(500, 0.3, seed + 100), label="late", prediction="score")["auc"]
        assert found.low is not None
        assert found.high is not None
        assert found.realised is not None
        held += found.low <= found.realised <= found.high
    assert held >= 17


def test_too_little_to_go_by_is_refused() -> None:
    with pytest.raises(NotSupported, match="99 effective rows of 99"):
        cbpe(rows(99, 0.3, 1), rows(50, 0.3, 2), label="late", prediction="score")
    with pytest.raises(NotSupported, match="effective rows"):
        reweighted(rows(5_000, 0.01, 1), rows(500, 0.99, 2), [Slice("hard", _.hard)], label="late", prediction="score")
    with pytest.raises(NotSupported, match="'hard' has"):
        reweighted(rows(500, 0, 1), rows(500, 0.5, 2), [Slice("hard", _.hard)], label="late", prediction="score")
    one = rows(500, 0, 1).with_columns(late=pl.lit(True))
    with pytest.raises(NotSupported, match="all the same"):
        cbpe(one, rows(500, 0.5, 2), label="late", prediction="score")

"""Slices: what is in them, which are weak, and that none is found where there is none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import polars as pl
import pytest
from ibis import _
from sklearn.metrics import roc_auc_score

from fsnb import Slice
from fsnb.errors import DefinitionError, TypeMismatch, UnknownName
from fsnb.quality import find_slices, nulled, robustness, shifted, slices, stale

EVENING, FAR = Slice("evening", _.hour >= 18), Slice("far", lambda t: t.distance > 1_900)


def rows(n: int = 4_000, *, weak: bool = True, seed: int = 0) -> pl.DataFrame:
    """Flights of which those in the evening with carrier "b" are predicted by a coin."""
    rng = np.random.default_rng(seed)
    hour, carrier = rng.integers(0, 24, n), rng.choice(["a", "b", "c"], n)
    chance = rng.beta(1, 2, n)
    late = rng.random(n) < chance
    broken = (hour >= 18) & (carrier == "b") & weak
    return pl.DataFrame(
        {
            "hour": hour, "carrier": carrier, "distance": rng.uniform(100, 2_000, n), "late": late,
            "score": np.where(broken, 1 - chance, chance),
            "at": [datetime(2013, 1, 1) + timedelta(hours=k) for k in range(n)],
        }
    ).with_columns(pl.when(pl.col("hour") > 2).then(pl.col("distance")))  # fmt: skip


@pytest.mark.parametrize("con", [ibis.duckdb.connect, ibis.polars.connect], ids=["duckdb", "polars"])
def test_a_slice_has_the_figures_of_its_rows(con: Any) -> None:
    data = rows()
    report = slices(data, [EVENING, FAR], label="late", prediction="score", columns=["distance"], con=con())
    evening = data.filter(pl.col("hour") >= 18)
    found = report["evening"]
    assert (found.n, found.share) == (evening.height, evening.height / data.height)
    assert found.label_rate is not None
    assert found.label_rate.value == pytest.approx(evening["late"].mean())
    assert found.metrics["auc"] is not None
    assert found.metrics["auc"].value == pytest.approx(roc_auc_score(evening["late"], evening["score"]))
    rates = dict(report.null_rates().filter(pl.col("column") == "distance").select("slice", "null_rate").iter_rows())
    assert rates["all rows"] == pytest.approx((data["hour"] <= 2).mean())
    assert rates["evening"] == 0


def test_null_is_in_no_slice_and_few_rows_come_last() -> None:
    report = slices(rows(), [FAR, EVENING, Slice("tiny", _.at < "2013-01-02")], label="late", prediction="score")
    known = rows()["distance"].drop_nulls()
    assert report["far"].n == (known > 1_900).sum()
    frame = report.to_polars()
    assert frame["slice"].to_list()[-1] == "tiny"
    assert frame["verdict"].to_list()[-1] == "too few rows"
    assert frame["slice"].to_list()[0] == "evening"


def test_against_a_reference_what_became_worse_comes_first() -> None:
    report = slices(
        rows(seed=1), [Slice("morning", _.hour < 10), EVENING], label="late", prediction="score",
        reference=rows(weak=False),
    )  # fmt: skip
    assert report.to_polars()["slice"][0] == "evening"
    assert report["evening"].metrics_ref is not None


def test_a_slice_that_cannot_be_says_what_there_is() -> None:
    with pytest.raises(UnknownName, match="It has: hour"):
        slices(rows(10), [Slice("x", _.our > 3)])
    with pytest.raises(TypeMismatch, match="not a boolean"):
        slices(rows(10), [Slice("x", _.hour)])
    with pytest.raises(DefinitionError, match="Ibis boolean"):
        Slice("x", True)
    with pytest.raises(DefinitionError, match="two slices"):
        slices(rows(10), [EVENING, EVENING])
    with pytest.raises(TypeMismatch, match="not yes or no"):
        slices(rows(10), [EVENING], label="hour")


def test_the_planted_weakness_is_found_and_nothing_else() -> None:
    found = find_slices(rows(), label="late", prediction="score", features=["hour", "carrier", "distance"])
    best = found.to_polars().row(0, named=True)
    assert best["slice"] in ("hour > 17 and carrier = b", "hour > 18 and carrier = b")
    confirmed = slices(rows(seed=9), found.slices[:1], label="late", prediction="score")
    assert confirmed.to_polars()["slice"][0] == best["slice"]
    assert all("b" in one.slice.name or "hour" in one.slice.name for one in found)


def test_what_is_tried_and_proposed_can_be_said() -> None:
    data, asked = rows(), {"label": "late", "prediction": "score", "features": ["hour", "carrier"]}
    all_of_them = find_slices(data, **asked)
    assert [one.slice.name for one in find_slices(data, **asked, most=1)] == [all_of_them.found[0].slice.name]
    assert len({one.effect >= 1 for one in all_of_them}) == 2, "some on either side"
    assert [one.effect for one in find_slices(data, **asked, effect=1)] == [
        e.effect for e in all_of_them if e.effect >= 1
    ]
    assert all(one.n >= 500 for one in find_slices(data, **asked, least=500))
    assert len(find_slices(data, **asked, alpha=0)) == 0
    halves = {one.slice.name for one in find_slices(data, **asked, parts=2)}
    assert halves & {"hour > 11", "hour > 12"}
    brier = find_slices(data, **asked, loss="brier").found[0]
    late, score = (
        data.filter(carrier="b").filter(pl.col("hour") >= 18)[name].cast(float) for name in ("late", "score")
    )
    assert brier.loss == pytest.approx(((late - score) ** 2).mean(), rel=0.1)
    with pytest.raises(UnknownName, match=r"no loss 'logg'\. Did you mean 'log'"):
        find_slices(data, **asked, loss="logg")


def test_a_score_says_yes_from_the_threshold_on_and_slices_are_sorted_by_what_is_asked() -> None:
    data = rows()
    report = slices(data, [EVENING, FAR], label="late", prediction="score", threshold=0.8, by="accuracy")
    accuracy = report["evening"].metrics["accuracy"]
    assert accuracy is not None
    evening = data.filter(pl.col("hour") >= 18)
    assert accuracy.value == pytest.approx(((evening["score"] >= 0.8) == evening["late"]).mean())
    shown = report.to_polars()["accuracy"].to_list()
    assert shown == sorted(shown)
    with pytest.raises(UnknownName, match="no figure to sort by 'briar'"):
        slices(data, [EVENING], label="late", prediction="score", by="briar")


def test_where_no_slice_is_weak_none_is_found() -> None:
    wrong = [
        len(find_slices(rows(1_500, weak=False, seed=seed), label="late", prediction="score")) for seed in range(12)
    ]
    assert sum(n > 0 for n in wrong) <= 1


def test_a_model_is_tried_on_parts_and_on_tampered_rows() -> None:
    data = rows(weak=False)
    report = robustness(
        data, lambda frame: frame["score"].fill_null(0.5).to_numpy(), label="late", slices=[EVENING],
        perturbations=[nulled("score"), shifted("score", 2), stale(["score"], keys=["carrier"], at="at", by="1d")],
    )  # fmt: skip
    frame = report.to_polars()
    assert frame["kind"].to_list() == ["all", "subpopulation", *["perturbation"] * 3]
    auc = dict(zip(frame["name"], frame["auc"], strict=True))
    assert auc["score is NULL"] == 0.5
    assert auc["score shifted by +2 std"] == pytest.approx(auc["all rows"])  # ranks stay
    assert frame["brier_change"][3] > 0.1
    assert auc["score 1d late"] == pytest.approx(0.5, abs=0.05)


def test_stale_features_are_those_of_the_latest_row_a_refresh_ago() -> None:
    at = [datetime(2013, 1, day) for day in (3, 1, 2, 4)]
    frame = pl.DataFrame({"k": ["x", "x", "x", "y"], "at": at, "f": [3, 1, 2, 4]})
    found = stale(["f"], keys=["k"], at="at", by="1d").apply(frame)
    assert found["f"].to_list() == [2, None, 1, None]

"""Drift in gates and in monitoring: against what was published, and against what a model was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from ibis import _

import fsnb
from fsnb import checks as c
from fsnb.checks import Monitoring
from fsnb.errors import DefinitionError, GateFailed
from fsnb.quality import Scored
from fsnb.store import FeatureStore

DAY = timedelta(days=1)
START = datetime(2024, 1, 1)
RIDER = fsnb.Entity("rider", "rider")


def rides(days: int, *, moved_from: int = 10**6) -> pl.DataFrame:
    """200 rides a day, the same ones however many days; from a day on fares are 15 more and cash is new."""
    return pl.concat([_day(number, moved=number >= moved_from) for number in range(days)])


def _day(number: int, *, moved: bool) -> pl.DataFrame:
    rng = np.random.default_rng(number)
    ways = ["card", "app", "cash"] if moved else ["card", "app"]
    return pl.DataFrame(
        {
            "rider": [f"r{k}" for k in rng.integers(0, 40, 200)],
            "at": [START + number * DAY + timedelta(seconds=k + 1) for k in range(200)],
            "fare": rng.normal(35 if moved else 20, 5, 200),
            "paid": rng.choice(ways, 200),
        }
    )


def last_ride(source: fsnb.Source, *checks: fsnb.Check) -> fsnb.FeatureView:
    features = {"fare": _.fare, "paid": _.paid}
    return fsnb.FeatureView("last_ride", entity=RIDER, source=source, features=features, checks=checks)


def told_of(days: int) -> datetime:
    return START + days * DAY


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    found = fsnb.open(tmp_path / "store")
    found.target("prod", tmp_path / "prod.duckdb")
    prove, proofs = fsnb.publish.publishing._prove, {}

    def once(view: fsnb.FeatureView, *rest: Any) -> Any:
        """One certificate: it takes longer than all else, and is tested elsewhere."""
        if view.fingerprint not in proofs:
            proofs[view.fingerprint] = prove(view, *rest)
        return proofs[view.fingerprint]

    monkeypatch.setattr(fsnb.publish.publishing, "_prove", once)
    return found


def released(store: FeatureStore, rows: pl.DataFrame, days: int, *checks: fsnb.Check, **asked: Any) -> Any:
    source = store.source("rides", rows, event_time="at")
    store.load(source, to="prod", replace=True)
    return store.publish(last_ride(source, *checks), to="prod", end=told_of(days), **asked)


# ---------------------------------------------------------------------- gates


def test_the_first_publication_has_nothing_to_compare_with_and_the_next_has(store: FeatureStore) -> None:
    drift = c.baseline_drift()
    first = released(store, rides(5), 5, drift)
    assert [(each.status, each.reason) for each in first.checks.results] == [
        ("skipped", "nothing was published yet to compare with")
    ] * 2
    same = released(store, rides(8), 8, drift)
    assert {each.status for each in same.checks.results} == {"passed"}
    assert "2 of 2 columns judged, none drifted (600 rows against 1,000 rows of what was published)" in str(
        [each.reason for each in same.checks.results]
    )


def test_drift_warns_unless_it_is_to_stop_and_then_nothing_is_written(store: FeatureStore) -> None:
    released(store, rides(5), 5)
    moved = rides(8, moved_from=5)
    strict = c.baseline_drift(severity="fail")
    with pytest.raises(GateFailed, match=r"rows to tell: 1 failed.*\n.*drift: fare: values: PSI .*paid: values: PSI"):
        released(store, moved, 8, strict)
    with store.target("prod").session() as con:
        assert con.table("last_ride_history").count().to_pyarrow().as_py() == 1_000
    published = released(store, moved, 8, c.baseline_drift("fare"))
    assert "warning: drift of fare (feature view 'last_ride': rows to tell): fare: values: PSI" in str(published)
    assert published.rows_appended == 600
    again = released(store, rides(9, moved_from=5), 9, c.baseline_drift(severity="warn"))
    assert {(each.table.rpartition(": ")[2], each.status) for each in again.checks.results} == {
        ("rows to tell", "failed"),
        ("its history", "failed"),
    }


def test_a_check_of_one_publication_alone(store: FeatureStore) -> None:
    released(store, rides(5), 5)
    with pytest.raises(GateFailed, match="drift of paid"):
        released(store, rides(8, moved_from=5), 8, checks=[c.baseline_drift("paid", severity="fail")])
    assert released(store, rides(8, moved_from=5), 8).checks is None


def test_the_source_is_held_against_what_it_was(store: FeatureStore) -> None:
    drift = c.baseline_drift("fare", on="source", severity="fail")
    released(store, rides(5), 5, drift)
    with pytest.raises(GateFailed, match=r"source 'rides': 1 failed"):
        released(store, rides(8, moved_from=5), 8, drift)
    assert released(store, rides(8), 8, drift).checks["drift of fare"].status == "passed"


def test_a_scheduled_run_goes_through_the_gate_too(store: FeatureStore) -> None:
    released(store, rides(5), 5, c.baseline_drift(severity="fail"))
    store.load(store.source("rides", rides(8, moved_from=5), event_time="at"), to="prod", replace=True)
    with pytest.raises(GateFailed, match="fare: values: PSI"):
        store.materialize("last_ride", to="prod", end=told_of(8))


def test_few_rows_are_skipped_and_a_baseline_of_few_is_made_again(store: FeatureStore) -> None:
    drift = c.baseline_drift()
    released(store, rides(1).head(30), 1, drift)
    few = released(store, rides(1).head(40), 1, drift)
    assert {each.status for each in few.checks.results} == {"skipped"}
    assert "no column of 2 can be judged" in few.checks.results[0].reason
    released(store, rides(6), 6, drift)
    kept = released(store, rides(9), 9, drift)
    assert "against 1,200 rows" in kept.checks.results[0].reason
    moved = released(store, rides(9), 9, drift, baseline="always")
    assert "against 1,200 rows" in moved.checks.results[0].reason
    assert "against 1,800 rows" in released(store, rides(12), 12, drift).checks.results[0].reason


def test_a_database_view_is_compared_as_it_reads(store: FeatureStore) -> None:
    source = store.source("rides", rides(5), event_time="at")
    store.load(source, to="prod")
    how: dict[str, Any] = {"to": "prod", "mode": "view"}
    drift = c.baseline_drift(severity="fail")
    assert store.publish(last_ride(source, drift), **how).checks["drift"].status == "skipped"
    assert store.publish(last_ride(source, drift), **how).checks["drift"].status == "skipped"  # 40 riders are too few
    assert [each.status for each in store.monitor("last_ride", "1d").verdicts if each.by != "check"] == ["info"] * 2


def test_what_no_store_asks_is_an_error_and_no_pass() -> None:
    import ibis

    table = ibis.duckdb.connect().create_table("t", pl.DataFrame({"x": [1.0]}))
    (found,) = c.run(table, [c.baseline_drift("x", severity="info")], who="t").results
    assert (found.status, found.stops) == ("error", True)
    with pytest.raises(DefinitionError, match="level='bad'"):
        c.baseline_drift(level="bad")
    assert c.baseline_drift("x").code() == "fsnb.checks.baseline_drift('x')"
    assert c.baseline_drift(severity="fail", level="warn").code() == (
        "fsnb.checks.baseline_drift(level='warn', severity='fail')"
    )
    assert fsnb.Check.from_doc(c.baseline_drift("x").to_doc()) == c.baseline_drift("x")


# ---------------------------------------------------------------------- monitoring


def test_monitoring_tells_of_the_drift_of_what_was_published(store: FeatureStore) -> None:
    released(store, rides(5), 5)
    told: list[Monitoring] = []
    released(store, rides(8, moved_from=7), 8)
    at = told_of(8)
    quiet = store.monitor("last_ride", "2d", to="prod", at=told_of(7), alert=told.append)
    assert (quiet.status, [each.status for each in quiet.verdicts], told) == ("ok", ["ok", "ok"], [])
    seen = store.monitor("last_ride", "1d", at=at, alert=told.append, retrain=lambda found: "started")
    assert (seen.told, seen.retrained, told[0].status) == (("append",), "started", "alert")
    found = {(each.by, each.name): each.status for each in seen.verdicts}
    assert found == {
        ("baseline_drift_check", "fare"): "alert",
        ("baseline_drift_check", "paid"): "alert",
        ("categorical_values_check", "paid"): "warn",
    }
    assert seen.report is None
    assert seen.reports[0]["fare"].n_cur == 200
    assert "fare" in seen._repr_html_()
    assert store.catalog.get("monitoring", "last_ride").body["status"] == "alert"
    empty = store.monitor("last_ride", "1d", at=told_of(300))
    assert (empty.status, empty.verdicts[0].reason) == ("error", "there is no row to compare in the window")


def test_what_could_not_be_looked_at_is_an_error_and_tells(store: FeatureStore, tmp_path: Path) -> None:
    released(store, rides(5), 5, baseline="never")
    told: list[Monitoring] = []
    seen = store.monitor("last_ride", "1d", at=told_of(5), alert=told.append)
    assert (seen.status, seen.verdicts[0].by, len(told)) == ("error", "drift of history", 1)
    assert "has no baseline of this definition" in seen.verdicts[0].reason
    unpublished = last_ride(store.source("others", rides(2), event_time="at"))
    with pytest.raises(DefinitionError, match="has no checks"):
        store.monitor(fsnb.FeatureView("v", entity=RIDER, source=unpublished.source, features={"f": _.fare}), "1d")


@pytest.mark.postgres
def test_the_same_on_postgres(store: FeatureStore, postgres_db_url: str) -> None:
    store.target("prod", postgres_db_url)
    released(store, rides(5), 5)
    drift = c.baseline_drift(severity="fail")
    with pytest.raises(GateFailed, match=r"rows to tell: 1 failed.*\n.*fare: values: PSI .*paid: values: PSI"):
        released(store, rides(8, moved_from=5), 8, drift)
    assert {each.status for each in released(store, rides(7), 7, drift).checks.results} == {"passed"}
    seen = store.monitor("last_ride", "2d", to="prod", at=told_of(7))
    assert {each.name: each.status for each in seen.verdicts if each.by != "check"} == {"fare": "ok", "paid": "ok"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeatureStore]:
    """A store with one logged training set; one for all, since a new MLflow database takes seconds."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        store = fsnb.open(folder / ".fsnb")
        source = store.source("rides", rides(12), event_time="at")
        asked = asks(10)
        store.training_set(fsnb.Spine(asked, at="asked", label="late"), last_ride(source)).log(name="fares")
        yield store


def asks(days: int, first: int = 1, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    n = 200 * (days - first)
    when = rng.uniform(first, days, n)
    return pl.DataFrame(
        {
            "rider": [f"r{k}" for k in rng.integers(0, 40, n)],
            "asked": [START + timedelta(days=float(d)) for d in np.sort(when)],
            "late": rng.random(n) < 0.3,
        }
    )


def scores(n: int, seed: int, *, sharp: float = 4.0) -> pl.DataFrame:
    """Calibrated scores and labels; the sharper, the better they tell."""
    rng = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-sharp * rng.normal(size=n)))
    return pl.DataFrame({"score": score, "late": rng.random(n) < score})


def test_a_model_is_watched_predictions_first(trained: FeatureStore) -> None:
    held_out = scores(3_000, 1)
    now = asks(12, 10, seed=2)
    rows = now.drop("late").with_columns(scores(now.height, 3)["score"], late=pl.lit(None, pl.Boolean))
    filled = trained.training_set(fsnb.Spine(rows, at="asked"), last_ride(trained._source("rides"))).to_polars()
    scored = Scored(filled, at="asked", prediction="score", label="late", calibration=held_out)
    at = START + 12 * DAY
    fine = trained.monitor("fares", "2d", at=at, scored=scored)
    assert [each.name for each in fine.verdicts] == ["score", "auc", "accuracy", "brier", "fare", "paid"]
    assert {each.status for each in fine.verdicts} == {"ok"}
    blunt = rows.with_columns(scores(rows.height, 3, sharp=0.5)["score"])
    spine = Scored(fsnb.Spine(blunt, at="asked"), prediction="score", label="late", calibration=held_out)
    told: list[Monitoring] = []
    seen = trained.monitor("fares", "2d", at=at, scored=spine, alert=told.append)
    found = {each.name: (each.by, each.status) for each in seen.verdicts}
    assert found["score"] == ("baseline_drift_check", "alert")
    assert found["auc"] == ("CBPE estimate", "alert")
    assert (found["fare"][1], told[0].verdicts[0].name) == ("ok", "score")
    assert [type(each).__name__ for each in seen.reports] == ["DriftReport", "PerformanceEstimate", "DriftReport"]


def test_a_missing_feature_a_wrong_type_and_no_predictions_are_told(trained: FeatureStore) -> None:
    rows = pl.DataFrame({"asked": [START + DAY] * 60, "fare": ["20"] * 60, "score": [0.5] * 60})
    seen = trained.monitor("fares", "1d", at=START + DAY, scored=Scored(rows, at="asked", prediction="score"))
    assert [(each.by, each.name, each.status) for each in seen.verdicts] == [
        ("drift of predictions", "could not look", "error"),
        ("missing_column_check", "paid", "alert"),
        ("data_type_check", "fare", "alert"),
    ]
    few = scores(20, 1)
    more = Scored(rows, at="asked", prediction="score", label="late", calibration=few)
    assert "cbpe: 20 effective rows" in str(trained.monitor("fares", "1d", at=START + DAY, scored=more))
    with pytest.raises(DefinitionError, match=r"scored=fsnb\.quality\.Scored"):
        trained.monitor("fares", "1d")
    with pytest.raises(DefinitionError, match="a label without a prediction"):
        Scored(rows, label="late")


def test_a_view_against_a_named_training_set(trained: FeatureStore) -> None:
    view = last_ride(trained._source("rides"))
    seen = trained.monitor(view, "10d", at=START + 10 * DAY, baseline="fares")
    assert {each.name: each.status for each in seen.verdicts} == {"fare": "info", "paid": "info"}  # 40 riders
    missing = trained.monitor(view, "10d", at=START + 10 * DAY, baseline="nothing")
    assert (missing.status, missing.verdicts[0].by) == ("error", "drift of values")
    report = trained.check(rides(5), [c.baseline_drift("fare", baseline="fares")])
    assert report.results[0].status == "passed"
    moved = trained.check(rides(5, moved_from=0), [c.baseline_drift(baseline="fares", severity="fail")])
    assert not moved.ok

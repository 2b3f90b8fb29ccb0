"""Baselines of training sets, and drift against them, through the store."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import polars as pl
import pytest

import fsnb
from fsnb.errors import TrainingSetError
from fsnb.quality import Baseline
from fsnb.store import FeatureStore
from fsnb.training import TrainingSet
from tests.training.conftest import ASKED, LEGS, PLANE, window_view


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    monkeypatch.chdir(tmp_path)  # MLflow writes artifacts beside where it is asked from
    return FeatureStore(tmp_path / ".fsnb", "duckdb")


def train(store: FeatureStore) -> TrainingSet:
    source = store.source("legs", LEGS, event_time="left", available="landed")
    return store.training_set(fsnb.Spine(ASKED, at="asked", label="late"), [window_view(source)])


def test_a_log_keeps_the_baseline_with_the_run_and_in_the_catalog(store: FeatureStore) -> None:
    made = train(store)
    logged = made.log()
    stored = store.baseline(logged.run_id)
    assert stored == fsnb.quality.profile(made.to_arrow(), event_time="asked", labels=("late",), name="recent")
    assert stored.n == len(made)
    assert stored.event_times is not None
    assert stored.event_times[0] == "asked"
    noted = store.catalog.get("baseline", "recent").body
    assert (noted["fingerprint"], noted["run_id"]) == (stored.fingerprint, logged.run_id)
    assert "numbers" not in noted["columns"][0]
    assert store.baseline("recent") == stored
    made.log()  # once more is harmless
    assert len(store.catalog.history("baseline", "recent")) <= 2
    assert PLANE.keys == ("tail",)


def test_drift_is_held_against_the_stored_baseline(store: FeatureStore) -> None:
    made = train(store)
    logged = made.log()
    for reference in ("recent", logged.run_id, made, store.baseline("recent")):
        report = store.drift(reference, made)
        assert report.verdict == "too few rows"
        assert report.n_ref == report.n_cur == len(made)
    store.engine.create_table("today", made.to_polars().drop("n_2h").with_columns(extra=pl.lit(1)).to_arrow())
    broken = store.drift("recent", "today")
    assert {v.check: v.column for v in broken.violations} == {
        "missing_column_check": "n_2h",
        "extra_column_check": "extra",
    }
    assert store.drift("recent", "today", columns=["mean_1d"]).violations == ()


def test_no_baseline_says_where_it_looked_and_what_to_do(store: FeatureStore) -> None:
    mlflow.set_tracking_uri(store.tracking_uri)
    try:
        with mlflow.start_run() as run:
            pass
        with pytest.raises(TrainingSetError, match=r"its run has no baseline.*profile\(rows\)"):
            store.baseline(run.info.run_id)
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    with pytest.raises(TrainingSetError, match="no baseline found for 'nothing'"):
        store.baseline("nothing")


def test_a_baseline_is_a_json_document(store: FeatureStore) -> None:
    stored = fsnb.quality.profile(LEGS, event_time="left")
    again = Baseline.from_doc(json.loads(json.dumps(stored.to_doc(), allow_nan=False)))
    assert again == stored
    assert again.fingerprint == stored.fingerprint

"""Baselines of training sets, and drift against them, through the store."""

from __future__ import annotations

import json
from collections.abc import Iterator

import mlflow
import polars as pl
import pytest

import fsnb
from fsnb.errors import TrainingSetError
from fsnb.quality import Baseline
from fsnb.store import FeatureStore
from fsnb.training import LoggedTrainingSet, TrainingSet
from tests.training.conftest import ASKED, LEGS, window_view


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeatureStore]:
    """One for all, since a new MLflow database takes seconds."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # MLflow writes artifacts beside where it is asked from
        yield FeatureStore(folder / ".fsnb", "duckdb")


@pytest.fixture(scope="module")
def train(store: FeatureStore) -> TrainingSet:
    source = store.source("legs", LEGS, event_time="left", available="landed")
    return store.training_set(fsnb.Spine(ASKED, at="asked", label="late"), [window_view(source)])


@pytest.fixture(scope="module")
def logged(train: TrainingSet) -> LoggedTrainingSet:
    return train.log()


def test_a_log_keeps_the_baseline_with_the_run_and_in_the_catalog(
    store: FeatureStore, train: TrainingSet, logged: LoggedTrainingSet
) -> None:
    stored = store.baseline(logged.run_id)
    assert stored == fsnb.quality.profile(train.to_arrow(), event_time="asked", labels=("late",), name="recent")
    assert stored.n == len(train)
    assert stored.event_times is not None
    assert stored.event_times[0] == "asked"
    noted = store.catalog.get("baseline", "recent").body
    assert (noted["fingerprint"], noted["run_id"]) == (stored.fingerprint, logged.run_id)
    assert "numbers" not in noted["columns"][0]
    assert store.baseline("recent") == stored


def test_drift_is_held_against_the_stored_baseline(
    store: FeatureStore, train: TrainingSet, logged: LoggedTrainingSet
) -> None:
    for reference in ("recent", logged.run_id, train, logged, store.baseline("recent")):
        report = store.drift(reference, train)
        assert report.verdict == "too few rows"
        assert report.n_ref == report.n_cur == len(train)
    store.engine.create_table("today", train.to_polars().drop("n_2h").with_columns(extra=pl.lit(1)).to_arrow())
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


def test_a_baseline_is_a_json_document() -> None:
    stored = fsnb.quality.profile(LEGS, event_time="left")
    again = Baseline.from_doc(json.loads(json.dumps(stored.to_doc(), allow_nan=False)))
    assert again == stored
    assert again.fingerprint == stored.fingerprint

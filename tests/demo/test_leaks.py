"""The story that the demo tells: leaks claim more than they serve, point-in-time features serve what they claim."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from fsnb.demo import flights, leaks, views
from fsnb.errors import NotSupported
from fsnb.model import Spine
from fsnb.store import FeatureStore

QUESTIONS = pl.DataFrame(
    {
        "scheduled_at": [f"2013-03-01 {time}" for time in ("10:00", "10:40", "11:20")],
        "asked_at": [f"2013-03-01 {time}" for time in ("08:00", "08:40", "09:20")],
        "origin": "JFK",
        "carrier": ["B6", "B6", "AA"],
        "late": [True, False, True],
    }
).with_columns(pl.col("scheduled_at", "asked_at").str.to_datetime())


def test_group_mean_holds_the_rows_own_label() -> None:
    means = leaks.group_means_with_own_row(QUESTIONS)
    assert means["origin_hour"].to_list() == [0.5, 0.5, 1.0]
    assert means["carrier_day"].to_list() == [0.5, 0.5, 1.0]


def test_group_mean_known_then_holds_only_what_had_landed(tmp_path: Path) -> None:
    landings = tmp_path / "landings.parquet"
    # The second of the hour lands at 08:30, out of order: seen by the second and third question, not by the first.
    QUESTIONS.select(
        *("origin", "carrier", "scheduled_at"),
        landed_at=pl.Series(["2013-03-01 12:00", "2013-03-01 08:30", "2013-03-01 13:00"]).str.to_datetime(),
        arr_delay=pl.Series([20, 0, 20]),
    ).with_columns(scheduled_at=pl.datetime(2013, 3, 1, 8)).write_parquet(landings)
    asked = QUESTIONS.with_columns(scheduled_at=pl.datetime(2013, 3, 1, 8))
    found = leaks.group_means_known_then(asked, flights.Tables(*[landings] * 4), "duckdb")
    assert found["origin_hour"].to_list() == [None, 0.0, 0.0]
    assert found["carrier_day"].to_list() == [None, 0.0, None]


@pytest.mark.slow
def test_leaks_claim_more_than_they_serve_and_honest_features_serve_what_they_claim(
    tables: flights.Tables, tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path, "duckdb")
    spine = Spine(pl.read_parquet(tables.questions).gather_every(3), at="asked_at", label="late")
    train = store.training_set(spine, views.views(views.sources(store, tables)))
    rows, columns = train.to_polars(), [*flights.KNOWN_AHEAD, *train.features]
    honest = leaks.auc(leaks.fit(rows, columns), rows)

    leaky = leaks.joined_by_event_time(train)
    by_event_time = leaks.fit(leaky, columns)
    means, known = leaks.group_means_with_own_row(rows), leaks.group_means_known_then(rows, tables, store.engine)
    by_group = leaks.fit(means, [*columns, *leaks.GROUPS])

    assert leaks.auc(leaks.fit(rows, flights.KNOWN_AHEAD), rows) + 0.05 < honest
    assert leaks.auc(by_event_time, rows) < honest < leaks.auc(by_event_time, leaky)
    assert leaks.auc(by_group, known) + 0.05 < honest < leaks.auc(by_group, means) - 0.05


def test_missing_model_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(NotSupported, match=r"scikit-learn.*fsnb\[demo\]"):
        leaks.fit(QUESTIONS, ["late"])

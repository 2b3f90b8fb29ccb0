"""The promise on real flights: what is trained on from the raw sources is what is published, and what is served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from ibis import _

from fsnb.demo import flights
from fsnb.demo.serving import features_served, values_apart
from fsnb.demo.views import AIRCRAFT, CARRIER, ORIGIN, Sources, sources
from fsnb.model import FeatureView, Spine
from fsnb.store import FeatureStore
from tests.support.deep import DEEP

END = datetime(2013, 1, 4)
BEFORE = END - timedelta(hours=16, minutes=47)  # at no tick of any view
CLOCKS = {"departures": "scheduled_at", "landings": "scheduled_at", "weather": "observed_at", "questions": "asked_at"}
TARGETS = [
    ("duckdb", 4),
    pytest.param(("postgres", 2), marks=pytest.mark.postgres),
    ("delta", 2),
    pytest.param(("spark", 2), marks=pytest.mark.spark),
]


def views(given: Sources) -> tuple[FeatureView, ...]:
    """Told row by row and in ticks, at once and at refreshes of two hours to a day; each is known a while later."""
    late = {"late": (_.arr_delay > 15).sum(), "worst": _.arr_delay.max()}
    legs = {"legs": _.count(), "delay": _.arr_delay.mean()}
    landed = {"source": given.landings}
    return (
        FeatureView(
            "last_leg",
            entity=AIRCRAFT,
            features={"last": _.arr_delay, "came_from": _.origin},
            ttl="1d",
            lag="5m",
            **landed,
        ),
        FeatureView("lately", entity=CARRIER, features=late, windows=["6h", "1d"], refresh="2h", lag="20m", **landed),
        FeatureView(
            "sky", entity=ORIGIN, source=given.weather, features={"wind": _.wind_speed}, refresh="6h", lag="45m"
        ),
        FeatureView("days", entity=AIRCRAFT, features=legs, windows=["2d"], refresh="1d", lag="3h", **landed),
    )


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> flights.Tables:
    """The tables up to END."""
    whole, folder = flights.tables(tmp_path_factory.getbasetemp() / "flights"), tmp_path_factory.mktemp("days")
    for name, clock in CLOCKS.items():
        rows = pl.scan_parquet(getattr(whole, name)).filter(pl.col(clock) < END)
        rows.collect().write_parquet(folder / f"{name}.parquet")
    return flights.Tables(**{name: folder / f"{name}.parquet" for name in CLOCKS})


@pytest.fixture(params=TARGETS, ids=lambda each: each[0])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, int]:
    """A target's URL, and how many of the views are published there."""
    kind, count = request.param
    if kind == "spark":
        request.getfixturevalue("spark")
    urls = {
        "duckdb": tmp_path / "prod.duckdb",
        "delta": f"delta://{tmp_path / 'lake'}",
        "spark": f"spark://{tmp_path / 'lake'}",
    }
    url = request.getfixturevalue("postgres_db_url") if kind == "postgres" else str(urls[kind])
    return url, 4 if DEEP else count


def test_training_from_published_flights_is_training_from_raw_and_what_is_served(
    place: tuple[str, int], days: flights.Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions are asked of the raw sources, of the published history, and at two moments of the online store."""
    url, count = place
    store = FeatureStore(tmp_path / "store", "duckdb")
    given = sources(store, days)
    defined = views(given)[:count]
    target = store.target("prod", url)
    for source in given:
        store.load(source, to="prod")
    train = store.training_set(Spine(days.questions, at="asked_at", label="late"), defined)
    raw = train.to_polars()
    features = [name for view in defined for name in view.features]
    entities = raw.select("tailnum", "carrier", "origin").unique()
    for at in (BEFORE, END) if DEEP or not url.startswith("spark") else (END,):
        for clock in ("fsnb.model.moments.utc_now", "fsnb.serve.serving.utc_now"):
            monkeypatch.setattr(clock, lambda at=at: at)
        published = [store.publish(view, to="prod", end=at, rows=40) for view in defined]
        assert all(store.sync_online(view).rows for view in defined)
        asked = store.training_set(Spine(entities.with_columns(asked_at=at), at="asked_at"), defined).to_polars()
        online = store.get_features(defined, asked, at=at).to_polars()
        assert values_apart(asked, online, features) == 0
        assert_filled(online, features)
    served = features_served(raw.select(train.plan.spine.columns), defined, published, target, store.engine)
    assert values_apart(raw, served, features) == 0
    assert_filled(raw, features)


def assert_filled(rows: pl.DataFrame, features: Sequence[str]) -> None:
    """So that NULLs are not all that is compared."""
    filled = {name: rows.height - rows[name].null_count() for name in features}
    assert min(filled.values()) > 300, filled

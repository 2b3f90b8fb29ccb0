"""The store's own calls: sync, read, check, on every online store; versions that change; what is refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import polars as pl
import pyarrow as pa
import pytest
from ibis import _

import fsnb
from fsnb.errors import DefinitionError, OnlineStoreError, TypeMismatch, UnknownName
from fsnb.store import FeatureStore

NOON = datetime(2024, 5, 1, 12)
HOUR = timedelta(hours=1)
SEATS = pa.table(
    {
        "line": ["a|b", "a", "é,漢", "x"],
        "seat": [1, 11, 111, -1],
        "at": [NOON, NOON + HOUR, NOON, NOON],
        "big": [2**53 + 1, -(2**63), None, 0],
        "share": [0.1 + 0.2, float("inf"), float("nan"), None],
        "kind": ["window", "", None, "é\x00"],
        "open": [True, False, None, True],
        "since": pa.array([NOON, datetime.max, None, datetime(1901, 1, 1)], pa.timestamp("us")),
        "born": [date(2024, 2, 29), date.min, None, date.max],
        "price": pa.array([Decimal("1.25"), None, None, None], pa.decimal128(9, 2)),
    }
)
FEATURES = ("big", "share", "kind", "open", "since", "born", "price")
TRIPS = pa.table({"rider": ["a", "a", "b"], "at": [NOON, NOON + HOUR, NOON], "fare": [1.0, 2.0, 4.0]})
SEAT, RIDER = fsnb.Entity("seat", ["line", "seat"]), fsnb.Entity("rider", "rider")


def rides(trips: fsnb.Source, **given: Any) -> fsnb.FeatureView:
    options = {"features": {"fare": _.fare}, "fill": {"fare": -1.0}} | given
    return fsnb.FeatureView("rides", entity=RIDER, source=trips, **options)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """Two views published to a DuckDB file."""
    home = tmp_path_factory.mktemp("serving")
    made = fsnb.open(home / "store")
    seats = made.source("seats", SEATS, event_time="at")
    trips = made.source("trips", TRIPS, event_time="at")
    made.target("prod", home / "prod.duckdb")
    features = {name: _[name] for name in FEATURES}
    views = [
        fsnb.FeatureView("seats_now", entity=SEAT, source=seats, features=features),
        fsnb.FeatureView(
            "spend", entity=RIDER, source=trips, windows="2h", refresh="1h",
            features={"trips": _.count(), "total": _.fare.sum()},
        ),
        rides(trips, ttl="1h"),
    ]  # fmt: skip
    for source in (seats, trips):
        made.load(source, to="prod")
    for view in views:
        made.publish(view, to="prod")
    return made


@pytest.fixture
def synced(store: FeatureStore, store_url: str) -> FeatureStore:
    for view in store.views:
        assert store.sync_online(view, store_url).runs == 1
    return store


def test_every_type_comes_back_as_it_was_published(synced: FeatureStore) -> None:
    keys = SEATS.select(["line", "seat"]).to_pylist()
    found = synced.get_features("seats_now", keys)
    wanted = SEATS.select(list(FEATURES)).to_pylist()
    wanted[2]["share"], wanted[0]["price"] = None, 1.25  # NaN reads as NULL, decimals as floats
    assert list(found) == wanted
    assert found.status == ("present",) * 4
    for row, want in zip(found, wanted, strict=True):
        assert [type(value) for value in row.values()] == [type(value) for value in want.values()]


def test_keys_that_look_alike_are_other_entities(synced: FeatureStore) -> None:
    asked = [("a|b", 1), ("a", 1), ("a|b1", 1), ("é,漢", 111), (None, 1)]
    found = synced.get_features("seats_now", asked)
    assert found.status == ("present", "missing", "missing", "present", "missing")
    assert found.views[0].event_time == (NOON, None, None, NOON, None)


def test_the_way_of_asking_does_not_matter(synced: FeatureStore) -> None:
    frame = pl.DataFrame({"rider": ["b", "a"], "other": [1, 2]})
    want = [{"trips_2h": 0, "total_2h": None}] * 2
    for keys in (frame, frame.to_pandas(), frame.to_arrow(), frame.to_dicts(), ["b", "a"], frame["rider"].to_numpy()):
        assert list(synced.get_features("spend", keys)) == want
    assert len(synced.get_features("spend", "a")) == 1
    assert len(synced.get_features(synced.view("spend"), [])) == 0


def test_several_views_and_features_in_one_answer(synced: FeatureStore) -> None:
    found = synced.get_features(
        [synced.view("spend")["trips_2h"].named("n"), "rides"], ["a", "nobody"], at="2100-01-01"
    )
    assert found.to_dict() == {
        "rider": ["a", "nobody"], "n": [0, 0], "fare": [-1.0, -1.0],
        "spend__status": ["present", "missing"], "spend__event_time": [NOON + 3 * HOUR, None], "spend__version": [1, 1],
        "rides__status": ["expired", "missing"], "rides__event_time": [NOON + HOUR, None], "rides__version": [1, 1],
    }  # fmt: skip
    assert found.status == ("expired", "missing")
    assert found["n"] == [0, 0]
    assert found.to_polars().schema["spend__event_time"] == pl.Datetime("us")


def test_all_three_agree_and_say_so(synced: FeatureStore) -> None:
    for view in synced.views:
        told = synced.check_online(view)
        assert told.ok, str(told)
        assert "canary" not in str(told) + repr(told)
    written = [path for path in synced.path.rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if b"canary" in path.read_bytes()] == []  # what every password here begins with


def test_another_session_reads_where_the_last_one_synced(store: FeatureStore, tmp_path: Path) -> None:
    store.sync_online("rides")
    later = fsnb.open(store.path)
    assert later.get_features("rides.fare", {"rider": "b"}).views[0].event_time == (NOON,)
    assert later.check_online("rides").ok
    elsewhere = f"sqlite://{tmp_path / 'other.sqlite'}"
    with pytest.raises(UnknownName, match=r"other\.sqlite has no view 'rides'.*store\.sync_online\('rides'"):
        later.get_features("rides", "b", online=elsewhere)


def test_what_cannot_be_answered_is_refused(store: FeatureStore) -> None:
    store.sync_online("seats_now")
    store.sync_online("spend")
    with pytest.raises(UnknownName, match=r"the online store has no view 'ridez'"):
        store.get_features("ridez", "a")
    with pytest.raises(UnknownName, match=r"version 1 as it is served, has no feature 'bigg'. Did you mean"):
        store.get_features("seats_now.bigg", ("a", 1))
    with pytest.raises(UnknownName, match=r"asked for has no key 'seat'. It has: line"):
        store.get_features("seats_now", {"line": "a"})
    with pytest.raises(TypeMismatch, match=r"key 'seat' is of type integer; '1' is str"):
        store.get_features("seats_now", ("a", "1"))
    with pytest.raises(DefinitionError, match=r"its keys are line, seat. Give them by name"):
        store.get_features("seats_now", "a")
    with pytest.raises(OnlineStoreError, match=r"asked as of 2024-05-01 00:00:00, .* keeps the latest rows only"):
        store.get_features("spend", "a", at="2024-05-01")
    with pytest.raises(OnlineStoreError, match=r"mysql:// is none. Give 'sqlite' \(embedded\)"):
        store.sync_online("spend", "mysql://host/db")
    with pytest.raises(OnlineStoreError, match=r"catalog knows of no publication of it to target 'other'"):
        store.sync_online("spend", target="other")


def test_two_columns_of_one_name_are_refused(store: FeatureStore) -> None:
    store.sync_online("rides")
    store.sync_online("spend")
    with pytest.raises(DefinitionError, match=r"both 'rides' and 'spend' have a feature 'fare'"):
        store.get_features(["rides", store.view("spend")["total_2h"].named("fare")], "a")


def test_readers_follow_the_version_that_the_target_promotes(tmp_path: Path) -> None:
    """A new version is served from its sync on, with its own features; a rollback on the target brings the old back."""
    store = fsnb.open(tmp_path / "store")
    trips = store.source("trips", TRIPS, event_time="at")
    store.target("prod", tmp_path / "prod.duckdb")
    store.load(trips, to="prod")
    store.publish(rides(trips), to="prod")
    store.sync_online("rides")
    before = store.get_features("rides", ["a", "nobody"])
    store.publish(rides(trips, features={"fare": _.fare, "twice": _.fare * 2}), to="prod")
    assert store.get_features("rides", ["a", "nobody"]) == before
    assert not store.check_online("rides").ok
    assert store.sync_online("rides").version == 2
    assert list(store.get_features("rides", ["a", "nobody"])) == [
        {"fare": 2.0, "twice": 4.0},
        {"fare": -1.0, "twice": None},
    ]
    assert store.check_online("rides").ok
    con = ibis.duckdb.connect(tmp_path / "prod.duckdb")
    con.con.execute('CREATE OR REPLACE VIEW "rides" AS SELECT * FROM "rides__v1_current"')
    con.disconnect()
    again = store.sync_online("rides")
    assert (again.version, again.runs) == (1, 0)
    assert store.get_features("rides", ["a", "nobody"]) == before
    assert store.check_online("rides").ok


def test_a_view_that_is_computed_when_read_is_refused(tmp_path: Path) -> None:
    store = fsnb.open(tmp_path / "store")
    trips = store.source("trips", TRIPS, event_time="at")
    store.target("prod", tmp_path / "prod.duckdb")
    store.load(trips, to="prod")
    store.publish(rides(trips), to="prod", mode="view", rows=20)
    with pytest.raises(OnlineStoreError, match=r"'rides': the target has it as a database view.*mode='table'"):
        store.sync_online("rides")


@pytest.mark.postgres
def test_a_postgresql_target_is_pushed_from(postgres_db_url: str, tmp_path: Path) -> None:
    """Its published tables are the outbox, for a store in a file and for one in the very database."""
    store = fsnb.open(tmp_path / "store")
    trips = store.source("trips", TRIPS, event_time="at")
    store.target("prod", postgres_db_url)
    store.load(trips, to="prod")
    store.publish(rides(trips), to="prod", rows=20)
    for url in ("sqlite", postgres_db_url):
        assert store.sync_online("rides", url).runs == 1
        assert [row["fare"] for row in store.get_features("rides", ["a", "b", "nobody"])] == [2.0, 4.0, -1.0]
        assert store.check_online("rides").ok

"""The facade: what it wires, what it remembers, what it refuses. The whole way once, on a small table."""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import ibis
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis import _

import fsnb
from fsnb.catalog import Profile
from fsnb.errors import CatalogError, DefinitionError, PublishError, TargetError, UnknownName, UsageError
from fsnb.store import FeatureStore

NOON = datetime(2024, 5, 1, 12)
HOUR = timedelta(hours=1)
TRIPS = pa.table(
    {
        "rider": ["a", "a", "b", "a"],
        "at": [NOON, NOON + HOUR, NOON + HOUR, NOON + 5 * HOUR],
        "known": [NOON + HOUR, NOON + 3 * HOUR, NOON + HOUR, NOON + 5 * HOUR],
        "fare": [1.0, 2.0, 4.0, 8.0],
    }
)
ASKED = pa.table(
    {"rider": ["b", "a", "a"], "when": [NOON + 2 * HOUR, NOON + 2 * HOUR, NOON + 4 * HOUR], "paid": [1, 0, 1]}
)
RIDER = fsnb.Entity("rider", "rider")
CANARY = "c4n4ry-p4ss"


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return fsnb.open(tmp_path / "store")


@pytest.fixture
def trips(store: FeatureStore, tmp_path: Path) -> fsnb.Source:
    pq.write_table(TRIPS, tmp_path / "trips.parquet")
    return store.source("trips", tmp_path / "trips.parquet", event_time="at", available="known")


def spend(source: fsnb.Source, **given: Any) -> fsnb.FeatureView:
    features = {"total": _.fare.sum(), "trips": _.count()}
    return fsnb.FeatureView(
        "spend", entity=RIDER, source=source, features=features, windows="1d", refresh="1h", **given
    )


SPINE = fsnb.Spine(ASKED, at="when", label="paid")


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_the_whole_way(store: FeatureStore, trips: fsnb.Source, tmp_path: Path, engine: str) -> None:
    train = store.training_set(SPINE, spend(trips), engine=engine)
    assert train.to_arrow().to_pylist() == [
        {"rider": "b", "when": NOON + 2 * HOUR, "paid": 1, "total_1d": 4.0, "trips_1d": 1},
        {"rider": "a", "when": NOON + 2 * HOUR, "paid": 0, "total_1d": 1.0, "trips_1d": 1},
        {"rider": "a", "when": NOON + 4 * HOUR, "paid": 1, "total_1d": 3.0, "trips_1d": 2},
    ]
    store.target("prod", tmp_path / "prod.duckdb")
    assert store.load(trips, to="prod") == 4
    publication = store.publish("spend", to="prod")
    assert publication.certificate.ok
    con = ibis.duckdb.connect(tmp_path / "prod.duckdb", read_only=True)
    current = con.table("spend").order_by("rider").select("rider", "total_1d", "trips_1d").to_pyarrow().to_pylist()
    con.disconnect()
    # a day after the last trip nothing is left in the window
    assert current == [{"rider": "a", "total_1d": None, "trips_1d": 0}, {"rider": "b", "total_1d": None, "trips_1d": 0}]
    assert {document.kind for document in store.catalog.list()} == {
        "source",
        "view",
        "target",
        "publication",
        "profile",
    }


def test_a_later_store_finds_what_an_earlier_one_defined(store: FeatureStore, trips: fsnb.Source) -> None:
    rows = store.training_set(SPINE, spend(trips)).to_arrow()
    later = fsnb.open(store.path, engine="polars")
    assert later.views == ("spend",)
    assert later.view("spend") == spend(trips)
    assert later.training_set(SPINE, later.view("spend")).to_arrow().to_pylist() == rows.to_pylist()


def test_views_and_features_are_found_by_name(store: FeatureStore, trips: fsnb.Source) -> None:
    view = store.register(spend(trips))
    whole, one = store.training_set(SPINE, "spend"), store.training_set(SPINE, [f"spend.{view.features[0]}"])
    assert (whole.features, one.features) == (view.features, view.features[:1])


def test_a_changed_definition_is_the_next_version_and_the_old_one_stays(
    store: FeatureStore, trips: fsnb.Source
) -> None:
    store.register(spend(trips))
    store.register(spend(trips))
    store.register(spend(trips, lag="1h"))
    assert [document.version for document in store.catalog.history("view", "spend")] == [2, 1]
    assert store.view("spend", 1).lag == timedelta(0)
    assert store.view("spend").lag == HOUR


def test_a_view_may_join_another_source_of_the_store(store: FeatureStore, trips: fsnb.Source) -> None:
    homes = store.source("homes", pa.table({"rider": ["a", "b"], "zone": [1, 2]}), event_time=None)
    view = fsnb.FeatureView(
        "zones",
        entity=RIDER,
        source=trips,
        features=lambda t: {"zone": t.left_join(homes.table, "rider").zone.max()},
        windows="1d",
    )
    assert store.training_set(SPINE, view).to_arrow()["zone_1d"].to_pylist() == [2, 1, 1]
    with pytest.raises(UnknownName, match="the store has no source 'homes'"):
        fsnb.open(store.path / "other").training_set(SPINE, view)


def test_a_source_may_be_a_table_of_the_engine(tmp_path: Path) -> None:
    con = ibis.duckdb.connect()
    con.create_table("trips_raw", TRIPS)
    store = fsnb.open(tmp_path / "store", engine=con)
    source = store.source("trips", "trips_raw", event_time="at", available="known")
    assert store.training_set(SPINE, spend(source)).to_arrow()["trips_1d"].to_pylist() == [1, 1, 2]
    with pytest.raises(UnknownName, match=r"has no table 'trips_rw'\. Did you mean 'trips_raw'"):
        store.source("trips", "trips_rw", event_time="at")
    with pytest.raises(UnknownName, match=r"duckdb has no table 'json'. .*; a file ends in \.parquet, .*\.tsv"):
        store.source("trips", "trips.json", event_time="at")
    with pytest.raises(UnknownName, match=r"polars has no table 'trips'. .*Of schema 'raw'"):
        fsnb.open(tmp_path / "other", engine="polars").source("trips", "raw.trips", event_time="at")


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda store: store.view("spendd"), UnknownName, "Did you mean 'spend'?"),
        (lambda store: fsnb.open(store.path / "new").view("spend"), UnknownName, "It has: nothing. Looked in /"),
        (
            lambda store: fsnb.open(store.path / "catalog.sqlite"),
            CatalogError,
            "catalog.sqlite: File exists",
        ),
        (lambda store: store.view("spend", 9), UnknownName, "version"),
        (
            lambda store: store.publish("spend", to="prod", baseline="allways", dry_run=True),
            UsageError,
            "baseline='allways' is not one of auto, always, never. Did you mean 'always'?",
        ),
        (
            lambda store: store.publish("spend", to="prod", mode="tabel", dry_run=True),
            UsageError,
            "mode='tabel' is not one of table, view",
        ),
        (lambda store: store.publish("spend", to="prd"), UnknownName, "the store has no target 'prd'"),
        (
            lambda store: store.load("tripz", to="prod"),
            UnknownName,
            "the store has no source 'tripz'. Did you mean 'trips'?",
        ),
        (
            lambda store: store.training_set(ASKED, store.view("spend")),
            DefinitionError,
            "needs an fsnb.Spine, not a Table",
        ),
        (
            lambda store: store.training_set(SPINE, store.view("spend"), engine="duck"),
            UnknownName,
            "has no engine 'duck'",
        ),
        (lambda store: store.training_set(SPINE, store.view("spend"), engine=5), DefinitionError, "engine is a int"),
        (lambda store: store.training_set(SPINE, "spent"), UnknownName, "Did you mean 'spend'?"),
        (lambda store: store.training_set(SPINE, ["spend.trps_1d"]), UnknownName, "has no feature 'trps_1d'"),
        (lambda store: store.register("spend"), DefinitionError, "takes a feature view, not a str"),
        (lambda store: store.publish("spend", to="prod"), PublishError, "trips"),
    ],
)
def test_store_refuses(
    store: FeatureStore, trips: fsnb.Source, tmp_path: Path, act: Any, error: Any, message: str
) -> None:
    store.register(spend(trips))
    store.target("prod", tmp_path / "prod.duckdb")
    with pytest.raises(error) as caught:
        act(store)
    assert message in str(caught.value)


def test_two_sources_of_one_name_in_one_training_set_are_refused(store: FeatureStore, trips: fsnb.Source) -> None:
    other = fsnb.Source("trips", TRIPS, event_time="at")
    view = fsnb.FeatureView("last", entity=RIDER, source=other, features={"fare": _.fare})
    with pytest.raises(DefinitionError, match="two different sources are named 'trips', one of them in 'last'"):
        store.training_set(SPINE, [spend(trips), view])


def test_a_password_is_nowhere(
    store: FeatureStore, trips: fsnb.Source, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FSNB_TEST_PASSWORD", CANARY)
    said = []
    for url in (f"postgresql://me:{CANARY}@127.0.0.1:1/db", "postgresql://me:${FSNB_TEST_PASSWORD}@127.0.0.1:1/db"):
        target = store.target("prod", url)
        with pytest.raises(TargetError) as caught:
            store.publish(spend(trips), to="prod")
        said += [repr(target), str(caught.value), "".join(traceback.format_exception(caught.value)), repr(store)]
    said += [
        *capfd.readouterr(),
        *(path.read_bytes().decode("latin-1") for path in store.path.rglob("*") if path.is_file()),
    ]
    assert all(CANARY not in text for text in said)
    assert store.catalog.get("target", "prod").body["url"] == "postgresql://me:${FSNB_TEST_PASSWORD}@127.0.0.1:1/db"


# ---------------------------------------------------------------------- the catalog around it


def test_words_are_recorded_without_another_meaning(store: FeatureStore, trips: fsnb.Source) -> None:
    view = store.register(spend(trips))
    told = store.describe("spend", owner="risk", tags=["money"], description="What riders pay.")
    assert (told.owner, told.tags, told.description) == ("risk", ("money",), "What riders pay.")
    assert told.fingerprint == view.fingerprint
    assert [document.name for document in store.catalog.search("owner:risk tag:money")] == ["spend"]
    versions = store.catalog.history("view", "spend")
    assert [document.body["owner"] for document in versions] == ["risk", ""]
    assert len({document.body["fingerprint"] for document in versions}) == 1
    assert store.describe("spend", tags=()).owner == "risk"
    assert not any(change.breaking for change in store.catalog.diff("spend@1", "spend").changes)
    with pytest.raises(UnknownName, match=r"Did you mean 'spend'\?"):
        store.describe("spends", owner="risk")


def test_a_definition_that_is_silent_keeps_what_was_said_and_one_that_speaks_replaces_it(
    store: FeatureStore, trips: fsnb.Source
) -> None:
    store.register(spend(trips))
    store.describe("spend", owner="risk")
    later = fsnb.open(store.path)
    later.register(spend(trips, tags=["money"]))  # the notebook runs again
    assert (later.view("spend").owner, later.view("spend").tags) == ("risk", ("money",))
    later.register(spend(trips, owner="ops"))
    assert later.catalog.get("view", "spend").body["owner"] == "ops"
    assert later.catalog.get("view", "spend").body["tags"] == ["money"]
    assert later.describe("spend", owner="").owner == ""


def test_what_is_logged_and_published_is_profiled_and_has_a_lineage(
    store: FeatureStore, trips: fsnb.Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.linear_model import LogisticRegression

    monkeypatch.chdir(tmp_path)
    train = store.training_set(SPINE, [spend(trips)["total_1d"].named("spent")])
    rows = train.to_pandas()
    logged = train.log(LogisticRegression().fit(rows[["spent"]], rows["paid"]))
    profile = Profile.from_doc(store.catalog.get("profile", "spend").body)
    assert (profile.of, profile.rows) == (f"training set spend, run {logged.run_id}", 3)
    assert profile["total_1d"].greatest == "4"
    assert profile.newest == NOON + 4 * HOUR
    store.target("prod", tmp_path / "prod.duckdb")
    store.load(trips, to="prod")
    for _again in range(2):  # the second writes nothing
        store.publish("spend", to="prod", end=NOON + 6 * HOUR)
    profile = Profile.from_doc(store.catalog.get("profile", "spend").body)
    assert (profile.of, profile.rows, profile["trips_1d"].greatest) == ("current table on prod", 2, "3")
    assert len(store.catalog.history("profile", "spend")) == 2
    found = store.catalog.lineage("spend", "view")
    assert [(node.kind, node.name) for node in found.downstream] == [
        ("training_set", "spend"),
        ("publication", "spend"),
        ("model", logged.model_uri),
    ]
    assert {edge.note for edge in found.downs} == {"of v1", ""}
    up = store.catalog.lineage(logged.model_uri).upstream
    assert [(node.kind, node.name) for node in up] == [
        ("training_set", "spend"),
        ("view", "spend"),
        ("source", "trips"),
    ]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ZeroDivisionError("by zero"), "^by zero"),
        (duckdb.IOException("IO Error: gone"), "^feature view 'spend': target 'prod': IO Error: gone"),
    ],
)
def test_a_profile_that_fails_says_that_the_view_is_published(
    store: FeatureStore,
    trips: fsnb.Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    told: str,
) -> None:
    def fails(*args: Any, **named: Any) -> None:
        raise raised

    store.target("prod", tmp_path / "prod.duckdb")
    store.load(trips, to="prod")
    monkeypatch.setattr("fsnb.store.distributions", fails)
    with pytest.raises(ZeroDivisionError if told.startswith("^by") else PublishError, match=told) as caught:
        store.publish(spend(trips), to="prod")
    assert caught.value.__notes__ == ["'spend' is published; only its profile is not in the catalog."]
    assert store.catalog.get("publication", "spend").version == 1


def test_a_profile_of_every_entity_is_of_all_that_the_sources_have(store: FeatureStore, trips: fsnb.Source) -> None:
    profile = store.profile(spend(trips, lag="30m"))
    assert (profile.rows, profile.newest) == (2, NOON + 5 * HOUR)
    assert [profile[name].greatest for name in ("total_1d", "trips_1d")] == ["11", "3"]
    assert store.catalog.get("profile", "spend").body == profile.to_doc()
    assert store.profile("spend", at=NOON + 2 * HOUR)["trips_1d"].greatest == "1"


@pytest.mark.parametrize("at", [None, NOON])
def test_a_profile_of_an_empty_source_has_no_rows(store: FeatureStore, at: datetime | None) -> None:
    empty = store.source("trips", TRIPS.slice(0, 0), event_time="at")
    profile = store.profile(spend(empty), at=at)
    assert (profile.rows, profile.newest) == (0, None)


@pytest.mark.postgres
def test_a_catalog_on_postgresql_serves_the_whole_way_and_no_password_is_kept(
    tmp_path: Path, postgres_db_url: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    password = urlsplit(postgres_db_url).password or ""
    assert password.startswith("canary")
    store = fsnb.open(tmp_path / "store", catalog=postgres_db_url)
    assert not (store.path / "catalog.sqlite").exists()
    trips = store.source("trips", TRIPS, event_time="at", available="known")
    target = store.target("prod", postgres_db_url)
    store.load(trips, to="prod")
    logged = store.training_set(SPINE, spend(trips)).log()
    store.publish("spend", to="prod", end=NOON + 6 * HOUR)
    store.describe("spend", owner="ops")
    told = [store, target, logged, store.catalog, store.catalog.lineage("trips"), store.catalog.diff("spend")]
    with pytest.raises(UnknownName) as unknown:
        store.catalog.lineage("spent")
    with pytest.raises(CatalogError) as refused:
        fsnb.open(tmp_path / "other", catalog=postgres_db_url.replace(password, f"{password}x"))
    errors = ["".join(traceback.format_exception(caught.value)) for caught in (unknown, refused)]
    with psycopg.connect(postgres_db_url) as con:
        rows = [str(row) for table in ("documents", "schema_version") for row in con.execute(f"TABLE fsnb_{table}")]
    files = [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    said = [*map(str, told), *map(repr, told), *errors, *rows, *files, *capfd.readouterr()]
    assert len(rows) > 8
    assert [text for text in said if password in text] == []
    assert {document.kind for document in store.catalog.search("spend")} == {
        "baseline",
        "publication",
        "training_set",
        "view",
    }

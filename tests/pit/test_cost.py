"""What a plan says that it would cost, held to what the engine then does, on a year of real flights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import polars as pl
import pytest
from ibis import _

import fsnb
from fsnb.demo import flights, views
from fsnb.pit.cost import Cost, size
from fsnb.pit.execution import EnginePlan, with_view
from fsnb.store import FeatureStore
from fsnb.training import TrainingSet
from tests.publish.support import latest, sums

FACTOR = 2.5
"""Rows that the engine reads, and pairs that its joins meet, are within this factor of the estimate."""
BYTES = 1.5
"""And bytes that come out within this one."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[FeatureStore, flights.Tables]:
    folder = tmp_path_factory.mktemp("year")
    return fsnb.open(folder / ".fsnb"), flights.tables(folder)


@pytest.fixture(scope="module")
def train(year: tuple[FeatureStore, flights.Tables]) -> TrainingSet:
    """20,000 of the demo's questions: views by as-of join, by join of pairs and by tiles in memory."""
    store, tables = year
    asked = pl.read_parquet(tables.questions).sample(20_000, seed=1)
    return store.training_set(
        fsnb.Spine(asked, at="asked_at", label="late"), list(views.views(views.sources(store, tables)))
    )


@pytest.fixture(scope="module")
def cost(train: TrainingSet) -> Cost:
    assert isinstance(train.plan, EnginePlan)
    return train.plan.cost()


def within(estimate: float, actual: float, factor: float) -> bool:
    return actual / factor <= estimate <= actual * factor


def test_all_strategies_are_there(cost: Cost) -> None:
    assert {name for view in cost.views for name in view.strategies} == {"asof", "join", "tiles"}


def test_rows_scanned_are_what_duckdb_then_reads(train: TrainingSet, cost: Cost) -> None:
    plan: Any = train.plan
    compared = 0
    for part, view in zip(plan.views, cost.views, strict=True):
        if "tiles" in view.strategies:
            continue
        query = with_view(train.spine, train.spine, part, plan, train.con, train.tables)
        told = train.con.con.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {train.con.compile(query)}").fetchall()[0][1]
        actual = json.loads(told)["cumulative_rows_scanned"]
        assert within(view.rows_scanned, actual, FACTOR), (view.view, view.rows_scanned, actual)
        compared += 1
    assert compared >= 3


def test_pairs_are_those_that_a_join_meets(train: TrainingSet, cost: Cost, year: Any) -> None:
    joined = next(view for view in cost.views if view.view == "aircraft_week")
    assert joined.strategies == ("join",)
    landings, asked = pl.scan_parquet(year[1].landings), pl.DataFrame(train.spine.to_pyarrow())
    # bands of the window's length: an ask meets its own band and the neighbour's later half of them
    asks = asked.select("tailnum", cut=pl.col("asked_at").dt.truncate("1d")).unique().drop_nulls().lazy()
    met = asks.join(landings.select("tailnum", "scheduled_at", "landed_at").drop_nulls(), on="tailnum")
    near = pl.col("scheduled_at").is_between(pl.col("cut") - pl.duration(days=7), pl.col("cut"))
    counted = met.select(near.sum().alias("near"), pl.len().alias("all")).collect()
    assert within(joined.pairs, 2 * counted["near"][0], FACTOR)
    assert joined.pairs < counted["all"][0]
    assert cost.pairs == sum(view.pairs for view in cost.views if "join" in view.strategies)


def test_rows_and_bytes_that_come_out(train: TrainingSet, cost: Cost) -> None:
    rows = train.to_arrow()
    assert cost.rows == rows.num_rows
    assert within(cost.bytes, rows.nbytes, BYTES)


def test_bytes_read_are_the_columns_of_the_parquet_file(cost: Cost, year: Any) -> None:
    leg = next(view for view in cost.views if view.view == "aircraft_last_leg")
    read = ["tailnum", "scheduled_at", "landed_at", "dep_delay", "arr_delay"]
    con = ibis.duckdb.connect()
    chunks = con.raw_sql(
        f"SELECT path_in_schema, sum(total_compressed_size) FROM parquet_metadata('{year[1].landings}') GROUP BY 1"
    ).fetchall()
    assert leg.bytes_read == sum(bytes_ for name, bytes_ in chunks if name in read)
    assert leg.bytes_read < Path(year[1].landings).stat().st_size


def test_refresh_is_what_each_day_reads_and_writes(cost: Cost, year: Any) -> None:
    week = next(view for view in cost.views if view.view == "aircraft_week")
    landings = pl.read_parquet(year[1].landings).drop_nulls(["tailnum", "landed_at"])
    day, scanned, written = timedelta(days=1), [], []
    end = landings["scheduled_at"].min()
    for tick in pl.datetime_range(end + 30 * day, end + 360 * day, "30d", eager=True):
        rows = landings.filter(pl.col("scheduled_at").is_between(tick - 8 * day, tick))
        scanned.append(len(rows))
        written.append(rows["tailnum"].n_unique())
    assert week.refresh is not None
    assert week.refresh.every == day
    assert within(week.refresh.rows_scanned, sum(scanned) / len(scanned), FACTOR)
    assert within(week.refresh.rows_written, sum(written) / len(written), FACTOR)
    hourly = next(view for view in cost.views if view.view == "origin_departures").refresh
    assert hourly is not None
    assert hourly.scanned_per_day == 24 * hourly.rows_scanned


def test_refresh_reaches_over_its_windows_and_itself(tmp_path: Path) -> None:
    hours = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 4, 10), "1h", eager=True)
    rows = pl.DataFrame({"ts": hours, "k": ["a", "b"] * (len(hours) // 2) + ["a"]})
    source = fsnb.Source("hours", rows, event_time="ts")
    view = fsnb.FeatureView(
        "days", entity=fsnb.Entity("thing", "k"), source=source, features={"n": _.count()},
        windows=["1d", fsnb.Window("1d", offset="2d")], refresh="12h",
    )  # fmt: skip
    (told,) = fsnb.open(tmp_path).training_set(fsnb.Spine(rows, at="ts"), view).plan.cost().views
    assert told.refresh is not None
    assert (told.refresh.rows_scanned, told.refresh.rows_written, told.refresh.per_day) == (84, 2, 2.0)


def test_cost_is_told_in_words_with_the_engines_own_plan(cost: Cost) -> None:
    said = str(cost)
    assert "aircraft_week by join" in said
    assert "every 1d" in said
    assert "READ_PARQUET" in cost.explain
    tiled = next(view for view in cost.views if "tiles" in view.strategies)
    assert tiled.explain.startswith("in memory, from this scan:\n")


def test_counting_runs_no_join(year: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store, tables = year
    asked = pl.read_parquet(tables.questions).sample(500, seed=2)
    train = store.training_set(fsnb.Spine(asked, at="asked_at"), store.view("carrier_landings"))
    monkeypatch.setattr(type(store.engine), "to_pyarrow", _small(type(store.engine).to_pyarrow))
    assert train.plan.cost().rows == 500


def _small(collect: Any) -> Any:
    """Reads a row or two, and fails where more come."""

    def checked(self: Any, query: Any, **options: Any) -> Any:
        rows = collect(self, query, **options)
        assert rows.num_rows <= 1
        return rows

    return checked


# ---------------------------------------------------------------------- every engine


@pytest.fixture(params=["duckdb", "polars", "datafusion", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "postgres":
        found = ibis.connect(request.getfixturevalue("postgres_db_url"))
    else:
        found = getattr(ibis, request.param).connect()
    yield found
    found.disconnect()


@pytest.mark.parametrize("view", [latest(refresh="1h"), sums()], ids=lambda view: view.name)
def test_every_engine_says_what_it_would_cost(view: fsnb.FeatureView, engine: Any, tmp_path: Path) -> None:
    spine = fsnb.Spine(view.source.data.select(["k", "ts"]), at="ts")
    found = fsnb.open(tmp_path, engine=engine).training_set(spine, view).plan.cost()
    (told,) = found.views
    assert found.engine == engine.name
    assert (found.rows, told.asks > 0, told.events, told.refresh is not None) == (5, True, 5, True)
    assert told.explain
    assert told.rows_scanned in (5, 10)
    assert found.bytes_read is not None
    assert found.bytes_read > 0


def test_size_in_words() -> None:
    assert [size(value) for value in (0, 999, 1500, 3_570_000, 2 * 10**12, 5 * 10**15)] == [
        "0 B", "999 B", "1.5 kB", "3.57 MB", "2 TB", "5e+03 TB",
    ]  # fmt: skip


def test_bytes_of_a_table_of_the_engine(tmp_path: Path) -> None:
    con = ibis.duckdb.connect()
    con.raw_sql("CREATE TABLE events AS SELECT 'a' AS k, TIMESTAMP '2024-01-01' AS ts, range AS n FROM range(1000)")
    store = fsnb.open(tmp_path, engine=con)
    source = store.source("events", "events", event_time="ts", tie_break="n")
    view = fsnb.FeatureView("named", entity=fsnb.Entity("thing", "k"), source=source, features={"n": _.n})
    spine = fsnb.Spine(pl.DataFrame({"k": ["a"]}).with_columns(ts=pl.datetime(2024, 1, 2)), at="ts")
    (told,) = store.training_set(spine, view).plan.cost().views
    assert told.bytes_read == 1000 * (16 + 8 + 8)

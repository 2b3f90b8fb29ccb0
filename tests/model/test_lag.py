"""The lag profile is what counting by hand gives, wherever the data lies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import polars as pl
import pytest

import fsnb
from fsnb.errors import DefinitionError
from fsnb.model import LagProfile, Source
from fsnb.model.lag import rounded_up, show_lag

START = datetime(1969, 12, 30, 22)  # clocks before 1970 must not be cut upwards
LAGS = [None, *range(0, 9_900_000, 100_000), -1_500_001]  # microseconds


def frame() -> pl.DataFrame:
    """A row every half hour of two days and more; one never known, one known before it happens, one without a time."""
    happened = [START + timedelta(minutes=30 * i, microseconds=7) for i in range(len(LAGS))]
    known = [None if lag is None else h + timedelta(microseconds=lag) for h, lag in zip(happened, LAGS, strict=True)]
    return pl.DataFrame({"at": [*happened, None], "known": [*known, START], "x": [*range(len(LAGS)), 1]})


def on_duckdb(data: pl.DataFrame, folder: Path) -> Any:
    return ibis.duckdb.connect().create_table("t", data.to_arrow())


def on_polars(data: pl.DataFrame, folder: Path) -> Any:
    return ibis.polars.connect().create_table("t", data)


def parquet(data: pl.DataFrame, folder: Path) -> Path:
    data.write_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def csv(data: pl.DataFrame, folder: Path) -> Path:
    data.write_csv(folder / "t.csv")
    return folder / "t.csv"


PLACES: dict[str, Callable[[pl.DataFrame, Path], Any]] = {
    "polars": lambda data, _: data,
    "lazy": lambda data, _: data.lazy(),
    "pandas": lambda data, _: data.to_pandas(),
    "arrow": lambda data, _: data.to_arrow(),
    "aware": lambda data, _: data.with_columns(pl.col("at", "known").dt.replace_time_zone("Asia/Kathmandu")),
    "parquet": parquet,
    "csv": csv,
    "duckdb": on_duckdb,
    "polars table": on_polars,
}


def profile(data: Any, **more: Any) -> LagProfile:
    return Source("s", data, event_time="at", available="known").profile_lag(**more)


@pytest.mark.filterwarnings("ignore:.*nanoseconds")
@pytest.mark.parametrize("place", PLACES)
def test_profile_is_what_counting_gives(place: str, tmp_path: Path) -> None:
    found = profile(PLACES[place](frame(), tmp_path))
    known = [lag for lag in LAGS if lag is not None]
    assert (found.rows, found.timeless, found.never, found.negative) == (len(LAGS) + 1, 1, 1, 1)
    assert found.never_share == found.negative_share == 1 / len(LAGS)
    quantiles = np.quantile(known, [0.5, 0.9, 0.95, 0.99, 1])
    assert [name for name, _ in found.quantiles] == ["p50", "p90", "p95", "p99", "max"]
    for (_, length), expected in zip(found.quantiles, quantiles, strict=True):
        assert abs(length / timedelta(microseconds=1) - expected) <= 1
    assert found.proposed == timedelta(seconds=10)
    assert found.days["rows"].sum() == len(LAGS)
    if place != "aware":  # there the days are those of UTC
        assert found.days["day"].to_list() == [date(1969, 12, 30) + timedelta(days=n) for n in range(4)]
        assert found.days["rows"].to_list() == [4, 48, 48, 1]
        assert found.days["never"].to_list() == [1, 0, 0, 0]
        assert found.days["negative"].to_list() == [0, 0, 0, 1]
        assert found.days["max"].to_list() == [timedelta(seconds=s) for s in (0.2, 5.0, 9.8, -1.500001)]


@pytest.mark.postgres
def test_profile_of_a_postgres_table_is_computed_there(postgres_db_url: str) -> None:
    con = ibis.connect(postgres_db_url)
    table = con.create_table("lag_profile", frame().to_arrow(), temp=True)
    found, expected = profile(table), profile(frame())
    assert found == expected
    assert found.days.equals(expected.days)
    con.disconnect()


def test_days_are_those_of_utc() -> None:
    moment = datetime(2024, 1, 1, 23, 30, tzinfo=UTC)
    data = pl.DataFrame({"at": [moment], "known": [moment]}).with_columns(
        pl.col("at", "known").dt.convert_time_zone("Asia/Tokyo")
    )
    assert profile(data).days["day"].to_list() == [date(2024, 1, 1)]


def test_proposal_covers_the_share_asked_for() -> None:
    assert profile(frame(), covers=0.5).proposed == timedelta(seconds=5)
    assert profile(frame(), covers=1).proposed == timedelta(seconds=10)
    assert profile(frame(), covers=0.001).proposed == timedelta(0)
    with pytest.raises(DefinitionError, match=r"covers is 2; give a share"):
        profile(frame(), covers=2)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(seconds=-9), timedelta(0)),
        (timedelta(0), timedelta(0)),
        (timedelta(microseconds=1), timedelta(seconds=1)),
        (timedelta(minutes=15), timedelta(minutes=15)),
        (timedelta(minutes=15, microseconds=1), timedelta(minutes=30)),
        (timedelta(hours=7), timedelta(hours=8)),
        (timedelta(days=31, hours=1), timedelta(days=32)),
    ],
)
def test_rounded_up_to_a_round_length(length: timedelta, expected: timedelta) -> None:
    assert rounded_up(length) == expected


def test_nothing_known_proposes_nothing(tmp_path: Path) -> None:
    for data in (frame().head(0), frame().with_columns(known=pl.lit(None, pl.Datetime))):
        found = profile(data)
        assert found.proposed is None
        assert found.quantiles == ()
        assert found.to_polars().height == 0
        assert "there is no lag to propose" in str(found)


def test_words_say_the_lag_and_what_it_leaves_out() -> None:
    assert str(profile(frame())) == (
        "lag of source s: known - at, 102 rows\n"
        "  p50 5s  p90 9s  p95 9s  p99 10s  max 10s\n"
        "  With lag='10s' 99% of the rows that become known are known in time; 0.99% never become known, "
        "0.99% before they happen."
    )
    assert show_lag(timedelta(seconds=-90)) == "-1m30s"
    assert show_lag(timedelta(seconds=-0.2)) == "0s"
    assert profile(frame()).to_polars().columns == ["quantile", "lag"]


def test_source_without_available_says_what_to_declare() -> None:
    with pytest.raises(DefinitionError, match=r"source 's' declares no available.*available=.*It has: at, known"):
        Source("s", frame(), event_time="at").profile_lag()
    with pytest.raises(DefinitionError, match="declares no event_time and available"):
        Source("s", frame(), event_time=None).profile_lag()


def test_table_of_the_stores_engine_is_found_by_the_store(tmp_path: Path) -> None:
    con = ibis.duckdb.connect()
    con.create_table("events", frame().to_arrow())
    store = fsnb.open(tmp_path, engine=con)
    source = store.source("s", "events", event_time="at", available="known")
    assert store.profile_lag("s") == store.profile_lag(source) == profile(frame())
    with pytest.raises(DefinitionError, match=r"store\.profile_lag\('s'\)"):
        source.profile_lag()


def test_source_whose_frame_is_gone_says_so() -> None:
    source = Source.from_doc(Source("s", frame(), event_time="at", available="known").to_doc())
    with pytest.raises(DefinitionError, match="has no data here"):
        source.profile_lag()

"""What each engine can do, one thing at a time: kinds of sources, aggregates, and engines that are refused."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from ibis import _

import fsnb
from fsnb.errors import NotSupported
from fsnb.model import FeatureView, Source, Spine
from fsnb.pit import attach, check_engine, lower, plan, read_source
from fsnb.pit.clocks import microseconds
from fsnb.pit.engines import REFUSED, TESTED, check_types
from fsnb.training import TrainingSet
from fsnb.training.frames import as_pandas
from fsnb.training.query import Dialect
from tests.pit.engines import assert_same, expected, run
from tests.pit.test_hard_inputs import HOUR, KEY, NOON, US, asks, events

EVENTS = pa.table(
    {
        "k": ["a", "b", "a", None, "é"],
        "ts": pa.array([NOON, NOON, NOON + HOUR + US, NOON, NOON], pa.timestamp("us")),
        "x": [1.5, None, float("nan"), 2.0, -1.0],
        "n": pa.array([1, None, 2**53 + 1, 4, 5], pa.int64()),
    }
)
SPINE = asks(NOON, NOON + HOUR, NOON + 2 * HOUR, keys=("a", "b", "é", None))
HERE = Path(__file__)


def held(engine: Any, data: Any) -> None:
    """A source on this data gives what the oracle gives on its rows."""
    for given in (
        {"features": {"x": _.x, "n": _.n}},
        {"features": {"x": _.x.sum(), "rows": _.count()}, "windows": "2h"},
    ):
        view = FeatureView("v", entity=KEY, source=Source("events", data, event_time="ts"), **given)
        truth = FeatureView("v", entity=KEY, source=Source("events", EVENTS, event_time="ts"), **given)
        assert_same(run(engine, SPINE, [view]), expected(truth, SPINE))


# ---------------------------------------------------------------------- sources


def parquet(folder: Path) -> Path:
    pq.write_table(EVENTS, folder / "events.parquet")
    return folder / "events.parquet"


def short_suffix(folder: Path) -> Path:
    return parquet(folder).rename(folder / "events.pq")


def several_parquets(folder: Path) -> str:
    for number in range(EVENTS.num_rows):
        (folder / f"day {number}").mkdir()
        pq.write_table(EVENTS.slice(number, 1), folder / f"day {number}" / "part.parquet")
    return f"{folder}/**/*.parquet"


def csv(folder: Path) -> Path:
    pyarrow.csv.write_csv(EVENTS, folder / "events.csv")
    return folder / "events.csv"


FILES_ON_A_SERVER = pytest.mark.never(
    "postgres", reason="the server reads no files of this machine: load them there first"
)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(parquet, marks=pytest.mark.capability("source: parquet file")),
        pytest.param(short_suffix, marks=pytest.mark.capability("source: parquet file")),
        pytest.param(several_parquets, marks=pytest.mark.capability("source: parquet files by a pattern")),
        pytest.param(csv, marks=pytest.mark.capability("source: csv file (parsed by DuckDB)")),
    ],
)
@FILES_ON_A_SERVER
def test_files(engine: Any, write: Any, tmp_path: Path) -> None:
    held(engine, write(tmp_path))


@pytest.mark.capability("source: csv file (parsed by DuckDB)")
@FILES_ON_A_SERVER
def test_offsets_that_begin_late_in_a_csv_file_count(engine: Any, tmp_path: Path) -> None:
    """DuckDB tells types from the first 20,480 rows; a time whose offset is dropped is seen two hours late."""
    rows = ["k,ts,x", *["b,2024-03-10 00:00:00,0"] * 20_490, "a,2024-03-10 14:00:00+02:00,1", "a,2024-03-10 13:00:00,2"]
    (tmp_path / "events.csv").write_text("\n".join([*rows, ""]))
    source = Source("events", tmp_path / "events.csv", event_time="ts")
    view = FeatureView("v", entity=KEY, source=source, features={"x": _.x})
    asked = asks(NOON - US, NOON, NOON + HOUR, NOON + 2 * HOUR)
    assert [row["x"] for row in run(engine, asked, [view])] == [None, 1, 2, 2]


@pytest.mark.capability("source: parquet file with nanoseconds")
@pytest.mark.never("spark", reason="Spark reads no nanoseconds from parquet: cast them to microseconds first")
@FILES_ON_A_SERVER
@pytest.mark.filterwarnings("ignore:.*nanoseconds:UserWarning")
def test_parquet_with_nanoseconds_is_floored(engine: Any, tmp_path: Path) -> None:
    rows = pa.table({"k": ["a", "a"], "ts": pa.array([-1, 1_999], pa.timestamp("ns")), "n": [1, 2]})
    pq.write_table(rows, tmp_path / "ns.parquet")
    view = FeatureView(
        "v", entity=KEY, source=Source("e", tmp_path / "ns.parquet", event_time="ts"), features={"n": _.n}
    )
    us = pa.array([-2, -1, 0, 1], pa.timestamp("us"))
    assert run(engine, Spine(pa.table({"k": ["a"] * 4, "at": us}), at="at"), [view]) == [
        {"n": n} for n in (None, 1, 1, 2)
    ]


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda rows: rows, id="arrow"),
        pytest.param(pl.DataFrame, id="polars"),
        pytest.param(lambda rows: pl.DataFrame(rows).lazy(), id="polars lazy"),
        pytest.param(lambda rows: as_pandas(rows), id="pandas"),
        pytest.param(lambda rows: rows.cast(rows.schema.set(0, pa.field("k", pa.large_string()))), id="large strings"),
        pytest.param(lambda rows: rows.set_column(0, "k", rows["k"].dictionary_encode()), id="dictionary"),
    ],
)
@pytest.mark.capability("source: Arrow, Polars or pandas frame")
def test_frames(engine: Any, made: Any) -> None:
    frame = made(EVENTS)
    if type(frame).__module__.startswith("pandas"):
        frame = frame.assign(ts=frame.ts.astype("datetime64[us]"))
    held(engine, frame)


@pytest.mark.capability("source: table of the engine")
def test_table_of_the_engine(engine: Any) -> None:
    there = attach(engine, EVENTS, "test")
    held(engine, there)
    source = Source("events", there.get_name(), event_time="ts", schema=EVENTS_SCHEMA)
    view = FeatureView("v", entity=KEY, source=source, features={"n": _.n})
    assert [row["n"] for row in run(engine, SPINE, [view])][:3] == [1, 1, 2**53 + 1]


@pytest.mark.capability("source: table of another engine")
def test_table_of_another_engine(engine: Any) -> None:
    elsewhere = ibis.duckdb.connect()
    held(engine, elsewhere.create_table("events_raw", EVENTS))


@pytest.mark.capability("spine: a file, rows in its order")
def test_spine_file_keeps_its_order(engine: Any, tmp_path: Path) -> None:
    """Many row groups, so that an engine that reads them side by side would mix them."""
    asked = pa.table({"k": ["a", "b"] * 20_000, "at": [NOON + HOUR] * 40_000, "number": [*range(40_000, 0, -1)]})
    pq.write_table(asked, tmp_path / "asked.parquet", row_group_size=1_000)
    made = training_set(engine, Spine(tmp_path / "asked.parquet", at="at"))
    assert made.to_arrow()["number"].to_pylist() == asked["number"].to_pylist()


@pytest.mark.capability("spine: a table of the engine")
def test_spine_may_be_a_table_of_the_engine(engine: Any) -> None:
    rows = training_set(engine, Spine(attach(engine, SPINE.data, "test"), at="at")).to_arrow()
    assert rows.num_rows == SPINE.data.num_rows
    assert {row["n"] for row in rows.to_pylist() if row["k"] == "a"} == {1, 2**53 + 1}


@pytest.mark.capability("training set: rows, why, SQL")
def test_training_set_on_the_engine(engine: Any) -> None:
    """The shell around the join travels the same way: integers beside NULL are whole."""
    train = training_set(engine, SPINE)
    assert train.to_arrow()["n"].to_pylist()[:3] == [1, 1, 2**53 + 1]
    why = train.why(2, "n")
    assert (why.value, [row.outcome for row in why.rows]) == (2**53 + 1, ["superseded", "used"])
    assert "SELECT" in train.sql()


def training_set(engine: Any, spine: Spine) -> TrainingSet:
    view = FeatureView("v", entity=KEY, source=Source("events", EVENTS, event_time="ts"), features={"n": _.n})
    made = plan(spine, [view])
    return TrainingSet(made, engine, {"events": read_source(engine, view.source)}, fsnb.pit.read_spine(engine, spine))


EVENTS_SCHEMA = ibis.memtable(EVENTS).schema()

# ---------------------------------------------------------------------- aggregates

AGGREGATES = {
    "count": {"rows": _.count(), "some": _.x.count(), "some_true": _.count(where=_.b)},
    "sum": {"x": _.x.sum(), "n": _.n.sum(), "b": _.b.sum(), "some": _.n.sum(where=_.b)},
    "mean": {"x": _.x.mean(), "n": _.n.mean(), "b": _.b.mean(), "share": (_.n > 1).mean()},
    "min, max": {"x": _.x.min(), "n": _.n.max(), "s": _.s.min(), "t": _.ts.max(), "b": _.b.max()},
    "std, var": {"x": _.x.std(), "n": _.n.var(), "pop": _.n.std(how="pop"), "vpop": _.x.var(how="pop")},
    "nunique": {"x": _.x.nunique(), "s": _.s.nunique(), "t": _.ts.nunique()},
    "any, all": {"any": _.b.any(), "all": _.b.all(), "most": (_.n > 1).any()},
    "arithmetic over aggregates": {"ratio": _.n.sum() / _.count(), "spread": (_.x.max() - _.x.min()).coalesce(-1.0)},
}
TYPES = {"x": pa.float64(), "n": pa.int32(), "b": pa.bool_(), "s": pa.string()}
ROWS = [
    {"ts": NOON, "x": 1.5, "n": 1, "b": True, "s": "a"},
    {"ts": NOON + US, "x": None, "n": 7, "b": None, "s": None},
    {"ts": NOON + HOUR, "x": float("nan"), "n": None, "b": False, "s": "é"},
    {"ts": NOON + 2 * HOUR, "x": -2.5, "n": -3, "b": True, "s": "a"},
    {"ts": NOON + 2 * HOUR, "x": 1.5, "n": 7, "b": True, "s": "B"},
]


@pytest.mark.parametrize("windows", [(), ("1h",), ("30m", "90m", "1d")], ids=["whole history", "one", "several"])
@pytest.mark.parametrize(
    "aggregate", [pytest.param(name, marks=pytest.mark.capability(f"aggregate: {name}")) for name in AGGREGATES]
)
def test_aggregate(engine: Any, aggregate: str, windows: Any) -> None:
    source, spine = events(ROWS, TYPES), asks(*(NOON + i * HOUR / 2 for i in range(-1, 7)))
    view = FeatureView("v", entity=KEY, source=source, features=AGGREGATES[aggregate], windows=windows)
    assert_same(run(engine, spine, [view]), expected(view, spine))


# ---------------------------------------------------------------------- what is refused

TABLE = ibis.table({"k": "string", "ts": "timestamp(6)", "x": "float64"}, name="events")


@pytest.mark.parametrize("name", REFUSED)
def test_engine_without_microseconds_is_refused(name: str) -> None:
    with pytest.raises(NotSupported) as caught:
        check_engine(name, "source 'events'")
    said = str(caught.value)
    assert said.startswith(f"source 'events': {name} cannot keep the rules of time")
    assert REFUSED[name] in said
    assert all(engine in said for engine in TESTED.values())


@pytest.mark.parametrize("name", REFUSED)
def test_no_plan_is_lowered_for_a_refused_engine(name: str) -> None:
    view = FeatureView("v", entity=KEY, source=Source("events", EVENTS, event_time="ts"), features={"n": _.n})
    made = plan(SPINE, [view])
    with pytest.raises(NotSupported, match=f"training set: {name} cannot keep the rules of time"):
        lower(made, Dialect(name), {"events": TABLE}, ibis.table(SPINE.schema, name="spine"))


def test_sqlite_is_refused_wherever_it_is_opened_or_used(tmp_path: Path) -> None:
    sqlite = ibis.sqlite.connect(tmp_path / "some.sqlite")
    store = fsnb.open(tmp_path / "store")
    view = FeatureView("v", entity=KEY, source=Source("events", EVENTS, event_time="ts"), features={"n": _.n})
    uses = (
        lambda: fsnb.open(tmp_path / "other", engine=sqlite),
        lambda: fsnb.open(tmp_path / "other", engine="sqlite"),
        lambda: store.training_set(SPINE, view, engine=sqlite),
        lambda: store.training_set(SPINE, view, engine="sqlite"),
        lambda: attach(sqlite, EVENTS, "source 'events'"),
        lambda: store.training_set(SPINE, view).sql("sqlite"),
    )
    for use in uses:
        with pytest.raises(NotSupported, match=r"sqlite cannot keep the rules of time.*millisecond.*DuckDB, Polars"):
            use()
    assert not (tmp_path / "other").exists()


def test_sqlite_has_no_microseconds(tmp_path: Path) -> None:
    """Why it is refused."""
    con = ibis.sqlite.connect(tmp_path / "some.sqlite")
    table = con.create_table("t", pa.table({"ts": pa.array([NOON + US], pa.timestamp("us"))}))
    exact = (NOON + US - datetime(1970, 1, 1)) // US
    assert table.select(us=microseconds(con, table.ts)).to_pyarrow()["us"].to_pylist() != [exact]


@pytest.mark.parametrize("name", [name for name, why in REFUSED.items() if "Ibis cannot" in why])
def test_ibis_reads_no_microseconds_there(name: str) -> None:
    """Why they are refused."""
    with pytest.raises(ibis.common.exceptions.OperationNotDefinedError, match="ExtractMicrosecond"):
        ibis.to_sql(TABLE.select(us=TABLE.ts.microsecond()), dialect=name)


def test_ibis_reads_mysqls_times_by_unix_timestamp() -> None:
    """Why it is refused: that function answers 0 before 1970."""
    assert "UNIX_TIMESTAMP" in ibis.to_sql(TABLE.select(us=TABLE.ts.epoch_seconds()), dialect="mysql")


@pytest.mark.parametrize("name", ["postgres", "pyspark"])
def test_unsigned_integers_are_refused_where_there_are_none(name: str) -> None:
    with pytest.raises(NotSupported, match=rf"source 'e': column 'x' is uint32, and {TESTED[name]} has no unsigned"):
        check_types(name, ibis.schema({"k": "string", "x": "uint32"}), "source 'e'")


@pytest.mark.parametrize("name", ["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_session_in_another_time_zone_is_refused(name: str, request: pytest.FixtureRequest) -> None:
    """It would read 12:00+00:00 as 13:00."""
    con = ibis.duckdb.connect() if name == "duckdb" else ibis.connect(request.getfixturevalue("postgres_db_url"))
    con.raw_sql("SET TimeZone = 'Europe/Berlin'")
    with pytest.raises(NotSupported, match=r"source 'events': the time zone of this .* session is 'Europe/Berlin'"):
        attach(con, EVENTS, "source 'events'")
    con.raw_sql("SET TimeZone = 'UTC'")
    assert attach(con, EVENTS, "source 'events'").count().execute() == len(EVENTS)
    con.disconnect()


@pytest.mark.spark
@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("spark.sql.ansi.enabled", "false", r"Spark's ANSI mode is off.*Turn it on"),
        (
            "spark.sql.session.timeZone",
            "Europe/Berlin",
            r"of this Spark session is 'Europe/Berlin'.*session\.conf\.set",
        ),
    ],
)
def test_spark_session_that_would_answer_otherwise_is_refused(spark: Any, setting: str, value: str, said: str) -> None:
    con = ibis.pyspark.connect(spark.newSession())
    con._session.conf.set(setting, value)
    with pytest.raises(NotSupported, match=rf"source 'events': .*{said}"):
        attach(con, EVENTS, "source 'events'")


# ---------------------------------------------------------------------- the table of it all


def test_support_table_is_what_the_tests_hold() -> None:
    """Collected in a process of its own: this one may have been asked for some tests only."""
    done = subprocess.run([sys.executable, "-m", "tests.pit.support_table", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

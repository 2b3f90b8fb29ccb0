"""What a run costs, what becomes of a check that cannot run, what a report says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import nan
from typing import Any

import ibis
import polars as pl
import pyarrow as pa
import pytest
from ibis import _

import fsnb
from fsnb import checks as c
from fsnb.checks import CheckReport, running
from fsnb.errors import CheckFailed, DefinitionError, NotSupported, UnknownName
from tests.checks.rows import EVENTS, HOUR, NOON

COLUMNS = [
    c.not_null("part"),
    c.null_rate("x", max_rate=0.5),
    c.accepted_values("part", values=[1, 2]),
    c.in_range("n", min_value=0),
    c.freshness("at", within="5h"),
    c.row_count(),
    c.column_type("x", dtype="floating"),
    c.pattern("kind", regex="^"),
    fsnb.check("parts are few", _.part < 10),
    fsnb.check("mean part", _.part.mean() < 2),
]
KEYS = [c.unique("id", "part"), c.increasing("at", order_by="seq", by="id")]


@pytest.fixture(params=["duckdb", "polars"])
def con(request: pytest.FixtureRequest) -> Any:
    return getattr(ibis, request.param).connect()


def table(con: Any, rows: Any = EVENTS) -> Any:
    return con.create_table("events", rows)


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The queries of a run, as they are sent."""
    sent: list[Any] = []
    real = running.collect
    monkeypatch.setattr(running, "collect", lambda con, query: sent.append(query) or real(con, query))
    return sent


# ---------------------------------------------------------------------- what it costs


def test_all_checks_of_columns_are_one_query(con: Any, queries: list[Any]) -> None:
    assert c.run(table(con), COLUMNS, who="events", now=NOON + 4 * HOUR).ok
    assert len(queries) == 1


def test_each_key_adds_one_query_and_each_failure_one_for_its_sample(con: Any, queries: list[Any]) -> None:
    assert c.run(table(con), COLUMNS + KEYS, who="events", now=NOON + 4 * HOUR).ok
    assert len(queries) == 1 + len(KEYS)
    queries.clear()
    c.run(table(ibis.duckdb.connect()), [*COLUMNS, *KEYS, c.not_null("x")], who="events", now=NOON + 4 * HOUR)
    assert len(queries) == 1 + len(KEYS) + 1


def test_no_samples_where_none_are_wanted(con: Any, queries: list[Any]) -> None:
    report = c.run(table(con), [c.not_null("x")], who="events", samples=0)
    assert (report["x is not null"].failing, report["x is not null"].sample) == (2, ())
    assert len(queries) == 1


def test_one_bad_value_in_a_million_is_found(con: Any) -> None:
    rows = pl.select(x=pl.int_range(1_000_000) % 25_000, k=pl.int_range(1_000_000))
    rows = rows.with_columns(x=pl.when(pl.col.k == 777_777).then(25_000).otherwise(pl.col.x))
    found = c.run(table(con, rows), [c.in_range("x", max_value=24_999), c.unique("k")], who="rows", samples=3)
    assert (found["x in range"].failing, found["x in range"].judged) == (1, 1_000_000)
    assert dict(found["x in range"].sample[0]) == {"x": 25_000, "k": 777_777}
    assert not found.ok
    assert found["k unique"].status == "passed"
    assert found["x in range"].rate == 1e-6


# ---------------------------------------------------------------------- what cannot run


def test_broken_check_is_an_error_and_hides_no_other() -> None:
    """It compiles and then fails in the engine, so the shared scan fails with it."""
    broken = fsnb.check("broken", _.kind.cast("int64") > 0, severity="info")
    report = c.run(table(ibis.duckdb.connect()), [c.not_null("x"), broken, c.row_count()], who="events")
    assert [result.status for result in report.results] == ["failed", "error", "passed"]
    assert "Could not convert string" in report["broken"].reason
    assert report["x is not null"].failing == 2
    assert report["broken"].stops
    assert not report.ok


@pytest.mark.postgres
def test_broken_check_inside_a_transaction(postgres_db_url: str) -> None:
    con = ibis.connect(postgres_db_url)
    events = con.create_table("events", EVENTS.drop_columns(["x"]))
    with con.con.transaction():
        con.con.execute("CREATE TEMPORARY TABLE mine AS SELECT * FROM events")
        broken = fsnb.check("broken", _.kind.cast("int64") > 0)
        mine = ibis.table(events.schema(), name="mine")
        report = c.run(mine, [c.not_null("seq"), broken], who="events", con=con)
        assert [result.status for result in report.results] == ["failed", "error"]
        assert "invalid input syntax" in report["broken"].reason
    con.disconnect()


def test_broken_check_inside_a_duckdb_transaction_names_the_cause_and_passes_nothing() -> None:
    con = ibis.duckdb.connect()
    events = table(con)
    con.con.execute("BEGIN TRANSACTION")
    broken = fsnb.check("broken", _.kind.cast("int64") > 0)
    report = c.run(events, [c.not_null("part"), broken], who="events")
    con.con.execute("ROLLBACK")
    assert [result.status for result in report.results] == ["error", "error"]
    assert "the scan that all checks share failed: Conversion Error: Could not" in report["broken"].reason
    assert not report.ok


def test_table_that_is_gone_is_an_error_of_every_check(con: Any) -> None:
    gone = table(con)
    con.drop_table("events")
    report = c.run(gone, [c.not_null("x"), c.row_count(min_value=None), c.unique("id")], who="events")
    assert {result.status for result in report.results} == {"error"}
    assert report.tables == (("events", None),)
    assert "rows not counted" in str(report)


def test_engine_that_keeps_no_microseconds_is_refused() -> None:
    con = ibis.sqlite.connect() if "sqlite" in dir(ibis) else None
    if con is None:
        return
    with pytest.raises(NotSupported, match="sqlite cannot keep the rules of time"):
        c.run(ibis.table({"x": "int64"}, name="t"), [c.not_null("x")], who="t", con=con)


# ---------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("values", "check", "status"),
    [
        ([nan, nan], c.not_null("v", mostly=0.0), "passed"),
        ([nan, 1.0], c.in_range("v", min_value=0, max_value=2), "passed"),
        ([nan, nan], c.unique("v"), "passed"),
        ([0.1, 0.2, 0.3], c.in_range("v", max_value=0.3), "passed"),
        ([Decimal("1.10"), Decimal("2.25")], c.in_range("v", max_value=2), "failed"),
        ([None, None], c.freshness("v", within="1h"), "failed"),
        ([NOON], c.freshness("v", within="0s"), "passed"),
        ([NOON + HOUR], c.freshness("v", within="0s"), "passed"),
        ([(NOON - timedelta(microseconds=1))], c.freshness("v", within="0s"), "failed"),
        ([NOON.date()], c.freshness("v", within="12h"), "passed"),
        ([NOON.date()], c.freshness("v", within="11h"), "failed"),
        ([True, None], fsnb.check("v", _.v), "passed"),
        (["a\n"], c.accepted_values("v", values=["a"]), "failed"),
        (["'; DROP TABLE events; --"], c.accepted_values("v", values=["'; DROP TABLE events; --"]), "passed"),
    ],
)
def test_values(con: Any, values: list[Any], check: fsnb.Check, status: str) -> None:
    kinds = {type(None): pa.timestamp("us")} if values == [None, None] else {}
    column = pa.array(values, kinds.get(type(values[0])))
    report = c.run(table(con, pa.table({"v": column})), [check], who="events", now=NOON)
    assert report.results[0].status == status, report


def test_times_with_a_zone_are_compared_in_utc() -> None:
    east = pa.array([NOON - 3 * HOUR], pa.timestamp("us")).cast(pa.timestamp("us", "Asia/Riyadh"))
    events = table(ibis.duckdb.connect(), pa.table({"v": east}))
    report = c.run(events, [c.freshness("v", within="3h")], who="events", now=NOON)
    assert "newest is of 2024-05-01 09:00:00, 3h old" in report.results[0].reason
    assert report.ok
    assert not c.run(events, [c.freshness("v", within="2h")], who="e", now=NOON).ok


def test_freshness_takes_the_clock_by_default(con: Any) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    assert c.run(table(con, pa.table({"v": [now]})), [c.freshness("v", within="1m")], who="events").ok


@pytest.mark.parametrize(
    ("before", "rows", "bounds", "status"),
    [
        (8, 4, {}, "passed"),
        (9, 4, {}, "failed"),
        (8, 12, {"max_value": 0.5}, "passed"),
        (8, 13, {"max_value": 0.5}, "failed"),
        (0, 5, {"max_value": 100.0}, "failed"),
        (0, 5, {}, "passed"),
        (0, 0, {"max_value": 0.0}, "passed"),
        (3, 0, {}, "failed"),
        (10, 9, {"min_value": -0.1}, "passed"),
    ],
)
def test_row_count_is_compared_with_the_last_report(
    con: Any, before: int, rows: int, bounds: dict[str, float], status: str
) -> None:
    previous = CheckReport("events", NOON, (("events", before),))
    ids = pa.table({"id": pa.array(range(rows), pa.int64())})
    report = c.run(table(con, ids), [c.row_count_change(**bounds)], who="events", previous=previous)
    assert report.results[0].status == status, report
    other = c.run(table(ibis.polars.connect(), ids), [c.row_count_change(**bounds)], who="others", previous=previous)
    assert other.results[0].status == "skipped"


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: c.not_null("x", severity="fial"),
            "is not one of fail, warn, info. Did you mean 'fail'",
        ),
        (lambda: c.not_null("x", on="target"), "on='target' is not one of source, result"),
        (lambda: c.not_null("x", mostly=1.5), "mostly=1.5 is not a share"),
        (lambda: c.not_null("x", mostly=True), "mostly=True is not a share"),
        (lambda: c.null_rate("x", max_rate=-1), "max_rate=-1 is not a share"),
        (lambda: c.unique(), "needs the columns of the key"),
        (lambda: c.accepted_values("x", values=[None]), "has no values"),
        (lambda: c.in_range("x"), "has no bound"),
        (lambda: c.freshness("x", within="soon"), "'soon' is not a duration"),
        (lambda: c.column_type("x", dtype="text file"), "neither an Ibis type"),
        (lambda: c.pattern("x", regex="(a"), "is no regular expression"),
        (lambda: c.increasing("x", order_by=()), "rows have no order of their own"),
        (lambda: c.references("a", "b", to="t", key="k"), "are not as many"),
        (lambda: fsnb.check(" ", _.x > 0), "give it words"),
        (lambda: c.run(ibis.table({"x": "int64"}), ["x"], who="t", con=ibis.duckdb.connect()), "is a str, not a check"),
        (
            lambda: c.run(ibis.table({"x": "int64"}), [c.not_null("x")] * 2, who="t", con=ibis.duckdb.connect()),
            "t has two checks named 'x is not null'",
        ),
    ],
)
def test_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        make()
    assert message in str(caught.value)


def test_unknown_option_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'serverity'"):
        c.not_null("x", serverity="warn")  # type: ignore[call-arg]


def test_message_names_the_nearest_column(con: Any) -> None:
    report = c.run(table(con), [c.not_null("kindd"), fsnb.check("p", _.parts > 0)], who="events")
    assert "Did you mean 'kind'?" in report["kindd is not null"].reason
    assert "Did you mean 'part'?" in report["p"].reason


# ---------------------------------------------------------------------- the report


@pytest.fixture
def report(con: Any) -> CheckReport:
    given = [
        c.row_count(),
        c.not_null("x"),
        c.unique("id", severity="warn"),
        c.in_range("n", max_value=3, severity="info"),
        c.row_count_change(),
        fsnb.check("<b>bold</b>", _.nope > 0),
    ]
    return c.run(table(con), given, who="source 'events'", now=NOON)


def test_report_in_words(report: CheckReport) -> None:
    lines = str(report).splitlines()
    said = "1 failed, 1 could not run, 1 warned, 1 noted, 1 skipped, 1 passed (8 rows)"
    assert lines[0] == f"checks on source 'events': {said}"
    assert lines[1:3] == ["  ok    row count: 8 rows (at least 1)", "  FAIL  x is not null: 2 of 8 rows fail (25 %)"]
    assert lines[3].startswith("          x=NULL, id=")
    assert repr(report) == str(report)


def test_report_as_a_frame(report: CheckReport) -> None:
    frame = report.to_polars()
    assert frame["status"].to_list() == ["passed", "failed", "failed", "failed", "skipped", "error"]
    assert frame["failing"].to_list() == [None, 2, 2, 3, None, None]
    assert frame["judged"].to_list() == [None, 8, 6, 7, None, None]
    assert frame["rate"].to_list() == [None, 0.25, 2 / 6, 3 / 7, None, None]
    assert frame["columns"].to_list()[1:4] == [["x"], ["id"], ["n"]]
    assert CheckReport("t", NOON, ()).to_polars().columns == frame.columns


def test_report_raises_for_failures_and_errors_alone(report: CheckReport, con: Any) -> None:
    assert [result.check.name for result in report.stopping] == ["x is not null", "<b>bold</b>"]
    assert [result.check.name for result in report.warnings] == ["id unique"]
    with pytest.raises(CheckFailed) as caught:
        report.raise_if_failed()
    said = str(caught.value)
    assert said.startswith("source 'events': 1 failed, 1 could not run")
    assert "x is not null: 2 of 8 rows fail" in said
    assert "id unique" not in said
    soft = c.run(table(ibis.polars.connect()), [c.unique("id", severity="warn")], who="events")
    assert soft.raise_if_failed() is soft
    assert soft.ok


def test_report_as_html_escapes_and_says_it_in_words(report: CheckReport) -> None:
    html = report._repr_html_()
    assert "<b>bold" not in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<script" not in html
    for word in ("✓ passed", "✗ failed", "✗ could not run", "! warning", "i noted", "- skipped", "2 of 8 rows fail"):
        assert word in html
    assert "<td>NULL</td>" in html


def test_report_goes_through_json_without_rows(report: CheckReport) -> None:
    doc = json.loads(json.dumps(report.to_doc()))
    back = CheckReport.from_doc(doc)
    assert back.to_polars().equals(report.to_polars())
    assert (back.ok, back.rows_of("source 'events'"), back.at) == (False, 8, NOON)
    assert all(result.sample == () for result in back.results)
    assert "sample" not in json.dumps(doc)


@pytest.mark.parametrize(("share", "status"), [(0.4, "passed"), (0.41, "failed")])
def test_a_share_of_the_rows_may_repeat_a_key_or_refer_to_nothing(con: Any, share: float, status: str) -> None:
    rows = con.create_table("rows", pl.DataFrame({"k": ["a", "a", "a", "b", "c"], "to": ["x", "x", "y", "z", "z"]}))
    there = {"there": con.create_table("there", pl.DataFrame({"to": ["x"]}))}
    asked = [c.unique("k", mostly=share), c.references("to", to="there", mostly=share)]
    found = c.run(rows, asked, who="rows", tables=there)
    assert [each.status for each in found.results] == [status, status]


def test_report_has_checks_by_name(report: CheckReport) -> None:
    with pytest.raises(UnknownName, match=r"has no check 'x is not nul'\. Did you mean 'x is not null'"):
        report["x is not nul"]

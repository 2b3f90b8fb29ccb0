"""Checks through the store: of a table, a source, a view here and on a target; monitoring; proposals."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ibis import _

import fsnb
from fsnb import checks as c
from fsnb.checks import CheckReport, Monitoring
from fsnb.errors import AlertError, DefinitionError, UnknownName
from fsnb.store import FeatureStore
from tests.checks.rows import HOUR, NOON

TRIPS = pl.DataFrame(
    {
        "rider": ["a", "a", "b", "c", "a"],
        "at": [NOON, NOON + HOUR, NOON + HOUR, NOON - 30 * HOUR, NOON + 5 * HOUR],
        "fare": [1.0, -2.0, 4.0, None, 8.0],
        "city": ["x", "x", "y", "y", "z"],
    }
)
RIDER = fsnb.Entity("rider", "rider")
AT = NOON + 5 * HOUR


@pytest.fixture(params=["duckdb", "polars"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FeatureStore:
    return fsnb.open(tmp_path / "store", engine=request.param)


@pytest.fixture
def trips(store: FeatureStore) -> fsnb.Source:
    return store.source("trips", TRIPS, event_time="at")


def spend(source: fsnb.Source, *checks: fsnb.Check, **rules: Any) -> fsnb.FeatureView:
    features = {"total": _.fare.sum(), "trips": _.count()}
    rules = {"windows": "1d", "refresh": "1h"} | rules
    return fsnb.FeatureView("spend", entity=RIDER, source=source, features=features, checks=checks, **rules)


def test_a_source_by_name_and_a_frame(store: FeatureStore, trips: fsnb.Source) -> None:
    given = [c.not_null("fare"), c.in_range("fare", min_value=0)]
    for what in ("trips", trips, TRIPS):
        report = store.check(what, given)
        assert [(each.status, each.failing) for each in report.results] == [("failed", 1), ("failed", 1)]
    assert store.check("trips", given).who == "source 'trips'"


def test_a_file(store: FeatureStore, tmp_path: Path) -> None:
    TRIPS.write_parquet(tmp_path / "trips.parquet")
    assert store.check(str(tmp_path / "trips.parquet"), [c.row_count(min_value=5, max_value=5)]).ok


def test_a_view_on_its_source_and_its_values(store: FeatureStore, trips: fsnb.Source) -> None:
    view = spend(trips, c.not_null("fare", severity="warn"), fsnb.check("spent", _.total_1d >= 7), c.unique("rider"))
    report = store.check(view)
    assert report.tables == (("source 'trips'", 5), ("feature view 'spend': its values", 3))
    found = {each.check.name: (each.status, each.failing, each.judged) for each in report.results}
    assert found == {"fare is not null": ("failed", 1, 5), "spent": ("failed", 1, 2), "rider unique": ("passed", 0, 3)}
    (row,) = report["spent"].sample
    assert {name: value for name, value in row if name in ("rider", "total_1d", "trips_1d", "event_time")} == {
        "rider": "b",
        "total_1d": 4.0,
        "trips_1d": 1,
        "event_time": AT,
    }
    store.register(view)
    assert store.check("spend").to_polars().equals(report.to_polars())
    assert store.check(view, [c.not_null("trips_1d")]).ok
    assert store.check(view, at=NOON)["spent"].failing == 1


def test_references_to_a_source_of_the_store(store: FeatureStore, trips: fsnb.Source) -> None:
    store.source("cities", pl.DataFrame({"name": ["x", "y"]}), event_time=None)
    check = c.references("city", to="cities", key="name")
    assert store.check("trips", [check])["city in cities"].failing == 1
    assert store.check(spend(trips, check))["city in cities"].failing == 1
    with pytest.raises(UnknownName, match="has no table 'citiez'"):
        store.check("trips", [c.references("city", to="citiez")])


def test_what_cannot_be_checked_is_refused(store: FeatureStore, trips: fsnb.Source) -> None:
    with pytest.raises(DefinitionError, match="feature view 'spend' has no checks"):
        store.check(spend(trips))
    with pytest.raises(DefinitionError, match="source 'trips': no checks to hold it against"):
        store.check("trips")
    with pytest.raises(DefinitionError, match="is for feature views"):
        store.check("trips", [c.row_count()], to="prod")
    with pytest.raises(UnknownName, match="has no table 'tripz'"):
        store.check("tripz", [c.row_count()])


def test_on_a_target_it_is_the_published_table(store: FeatureStore, trips: fsnb.Source, tmp_path: Path) -> None:
    view = spend(trips, c.unique("rider"), c.row_count(min_value=1, on="source", name="rows"), c.not_null("trips_1d"))
    store.target("prod", tmp_path / "prod.duckdb")
    with pytest.raises(UnknownName, match="target 'prod' has no published view 'spend'"):
        store.check(view, to="prod")
    store.load(trips, to="prod")
    store.publish(view, to="prod", end=AT)
    report = store.check(view, to="prod")
    assert report.tables == (("source 'trips'", 5), ("feature view 'spend': its values", 3))
    assert report.ok


def test_monitoring_looks_at_the_window_and_tells(store: FeatureStore, trips: fsnb.Source) -> None:
    told: list[Monitoring] = []
    view = spend(trips, c.not_null("fare"), c.in_range("fare", min_value=0), c.row_count(min_value=1))
    seen = store.monitor(view, "6h", at=AT, alert=told.append, retrain=lambda found: found.status)
    assert {each.name: each.status for each in seen.verdicts} == {
        "fare is not null": "ok",  # the NULL is older
        "fare in range": "alert",
        "row count": "ok",
    }
    assert seen.report is not None
    assert seen.report.tables == (("source 'trips'", 5 - 1), ("feature view 'spend': its values", 2))
    assert (seen.told, seen.retrained, len(told)) == (("append",), "alert", 1)
    later = store.monitor("spend", "2h", at=AT, alert=told.append)
    assert (later.ok, len(told)) == (True, 1)
    assert later.report is not None
    assert later.report.rows_of("source 'trips'") == 1
    edge = store.monitor(view, "5h", at=AT).report  # (at - window, at]: the row at noon is out
    assert edge is not None
    assert edge.rows_of("source 'trips'") == 3


def test_monitoring_takes_checks_and_looks_of_ones_own(store: FeatureStore, trips: fsnb.Source) -> None:
    def unlucky() -> list[c.Verdict]:
        raise ValueError("the moon")

    view = spend(trips, c.in_range("fare", min_value=0))
    mine = [lambda: [c.Verdict("mine", "it", "warn", "why")], unlucky]
    seen = store.monitor(view, "6h", at=AT, checks=[c.not_null("fare")], looks=mine)
    said = [(each.name, each.status) for each in seen.verdicts]
    assert said == [("fare is not null", "ok"), ("it", "warn"), ("could not look", "error")]
    assert "the moon" in str(seen)


def test_monitoring_compares_with_the_last_one(store: FeatureStore, trips: fsnb.Source) -> None:
    view = spend(trips, c.row_count_change(min_value=-0.5, on="source"))
    assert store.monitor(view, "6h", at=AT).verdicts[0].status == "skipped"
    assert store.monitor(view, "2h", at=AT).verdicts[0].status == "alert"
    assert [document.version for document in store.catalog.history("monitoring", "spend")] == [2, 1]
    kept = store.catalog.get("monitoring", "spend").body
    assert (kept["status"], CheckReport.from_doc(kept["report"]).ok) == ("alert", False)


def test_monitoring_is_kept_though_nobody_could_be_told(store: FeatureStore, trips: fsnb.Source) -> None:
    view = spend(trips, c.in_range("fare", min_value=0))
    with pytest.raises(AlertError):
        store.monitor(view, "6h", at=AT, alert="http://127.0.0.1:1/")
    assert store.catalog.get("monitoring", "spend").body["status"] == "alert"


def test_empty_window_is_not_fresh_and_not_full(store: FeatureStore, trips: fsnb.Source) -> None:
    view = spend(trips, c.freshness("at", within="1h"), c.row_count(on="source"))
    seen = store.monitor(view, "1h", at=AT + timedelta(days=30))
    assert {each.status for each in seen.verdicts} == {"alert"}


def test_nothing_in_the_window_is_no_good_news(store: FeatureStore, trips: fsnb.Source) -> None:
    view = spend(trips, c.not_null("fare"), c.in_range("total_1d", min_value=0), c.row_count_change())
    seen = store.monitor(view, "1h", at=AT + timedelta(days=30))
    assert [each.name for each in seen.verdicts if each.status == "error"] == [
        "source 'trips'",
        "feature view 'spend': its values",
    ]
    awaited = spend(trips, c.not_null("fare"), c.row_count(min_value=0, on="source"))
    assert store.monitor(awaited, "1h", at=AT + timedelta(days=30)).ok


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("trips", r"'trips' is a source\. Monitor a feature view of it \(there is spend\)"),
        ("spent", r"no feature view\. Did you mean 'spend'\? There is: spend\. Of a model, say what it was asked"),
        (TRIPS, r"monitor: shape: .{10,80}\.\.\. is no feature view"),
    ],
)
def test_what_cannot_be_monitored_is_told(store: FeatureStore, trips: fsnb.Source, what: Any, said: str) -> None:
    store.register(spend(trips))
    with pytest.raises(DefinitionError, match=said):
        store.monitor(what, "1d")


def test_one_check_needs_no_list_and_an_expression_is_none(store: FeatureStore) -> None:
    assert store.check(TRIPS, c.not_null("fare"))["fare is not null"].failing == 1
    for wrong in (_.fare > 0, [_.fare > 0], "fare"):
        with pytest.raises(DefinitionError, match=r"the table: .* not a check\. Make one"):
            store.check(TRIPS, wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("rules", [{"windows": (), "features": {"fare": _.fare}, "lag": "15m"}, {"closed": "left"}])
def test_values_of_other_kinds_of_view(store: FeatureStore, trips: fsnb.Source, rules: dict[str, Any]) -> None:
    given = {"features": {"n": _.count()}, "windows": "1d", "refresh": "1h"} | rules
    view = fsnb.FeatureView("other", entity=RIDER, source=trips, **given, checks=[c.unique("rider"), c.row_count()])
    assert store.check(view).tables == (("feature view 'other': its values", 3),)


def test_static_view(store: FeatureStore) -> None:
    homes = store.source("homes", pl.DataFrame({"rider": ["a", "b"], "zone": [1, None]}), event_time=None)
    view = fsnb.FeatureView("zones", entity=RIDER, source=homes, features={"zone": _.zone}, checks=[c.not_null("zone")])
    assert store.check(view)["zone is not null"].failing == 1
    assert store.monitor(view, "1d").status == "alert"


# ---------------------------------------------------------------------- proposals


def flights(rows: int = 400) -> pl.DataFrame:
    return pl.select(number=pl.int_range(rows)).select(
        "number",
        carrier=pl.concat_str(pl.lit("c"), (pl.col.number % 3).cast(pl.String)),
        gate=pl.when(pl.col.number == 7).then(pl.lit("odd")).otherwise(pl.lit("even")),
        delay=(pl.col.number - 100).cast(pl.Float64),
        share=(pl.col.number / rows).cast(pl.Float64),
        missing=pl.when(pl.col.number % 4 == 0).then(pl.col.number),
        nothing=pl.lit(None, pl.Int64),
        at=pl.lit(NOON) + pl.duration(days=pl.col.number % 10),
    )


def test_each_rule_proposes_with_a_reason(store: FeatureStore) -> None:
    store.source("flights", flights(), event_time="at")
    from fsnb.checks import suggest

    table = store._table(store._source("flights"), store.engine)
    proposed = suggest(table, who="source 'flights'", now=NOON + timedelta(days=10), con=store.engine)
    found = {(each.rule, each.check.columns[0] if each.check.columns else ""): each for each in proposed.suggestions}
    assert found["unique", "number"].code == "fsnb.checks.unique('number')"
    assert found["domain", "carrier"].check.option("values") == ("c0", "c1", "c2")
    assert found["sign", "share"].check.option("max_value") == 1
    assert found["sign", "missing"].check.option("min_value") == 0
    assert (
        found["usual range", "delay"].check.option("min_value"),
        found["usual range", "delay"].check.option("max_value"),
    ) == (-500, 700)
    assert found["null rate", "missing"].check.option("max_rate") == 0.9
    assert found["freshness", "at"].check.option("within") == "2d"
    assert found["size", ""].check.option("min_value") == 200
    assert {("unique", "delay"), ("unique", "at"), ("usual range", "number"), ("domain", "gate")}.isdisjoint(found)
    assert [each for each in proposed.left_out if each.startswith("gate")] == [
        "gate: 2 values, but 1 of them seen fewer than 5 times"
    ]
    assert "nothing: every row is NULL" in proposed.left_out
    assert all(each.reason for each in proposed.suggestions)
    assert store.check("flights", proposed.checks).to_polars().filter(status="error").is_empty()


def test_code_of_proposals_runs_and_holds(store: FeatureStore) -> None:
    store.source("flights", flights(), event_time="at")
    proposed = store.suggest_checks("flights")
    names: dict[str, Any] = {"fsnb": fsnb}
    exec(proposed.code("flights_checks"), names)
    assert names["flights_checks"] == list(proposed.checks)
    assert store.check("flights", names["flights_checks"]).ok
    assert "too old to propose freshness" in proposed.code()


def test_proposals_from_no_rows_and_from_few(store: FeatureStore) -> None:
    assert store.suggest_checks(flights(0)).suggestions == ()
    assert "no rows to learn from" in str(store.suggest_checks(flights(0)))
    assert "may be chance" in str(store.suggest_checks(flights(5)))


def test_what_is_infinite_is_no_null_and_has_no_range(store: FeatureStore) -> None:
    proposed = store.suggest_checks(pl.DataFrame({"x": [1.0, 2.0, float("inf")] * 100}))
    assert "x: 100 values are infinite; no range" in proposed.left_out
    assert [each.rule for each in proposed.suggestions] == ["size", "not null"]
    assert store.check(pl.DataFrame({"x": [float("inf")]}), proposed.checks[1:]).ok


def test_name_from_the_data_cannot_leave_its_comment(store: FeatureStore) -> None:
    proposed = store.suggest_checks(
        pl.DataFrame({"x\nimport os": [None, None], "y": [1, 2]}, {"x\nimport os": pl.Int64, "y": pl.Int64})
    )
    assert not any(line.startswith("import os") for line in proposed.code().splitlines())
    compile(proposed.code(), "cell", "exec")
    assert "<h1>" not in store.suggest_checks(pl.DataFrame({"<h1>": [1, 2]}))._repr_html_()


def test_a_view_is_proposed_checks_for_its_source(store: FeatureStore, trips: fsnb.Source) -> None:
    assert store.suggest_checks(spend(trips)).who == "source 'trips'"

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest
from ibis import _

from fsnb.catalog import Catalog
from fsnb.errors import AmbiguousTies, BreakingChange, CertificateMismatch, PublishError
from fsnb.model import Entity, FeatureView, Source, moments
from fsnb.pit import read_source
from fsnb.publish import Publication, Target, load, materialize, publish
from tests.publish.support import (
    HOUR,
    MICROSECOND,
    ROWS,
    START,
    THING,
    change,
    events,
    latest,
    read,
    relations,
    release,
    row,
    sums,
    table,
)

LEDGER = ("fsnb_intervals", "fsnb_versions", "fsnb_promotions")
OURS = {"{}__v1_history", "{}__v1_current", "{}", "{}_history", "fsnb_runs", *LEDGER}


def ours(name: str) -> set[str]:
    return {each.format(name) for each in OURS}


# ---------------------------------------------------------------------- the whole way


def test_asof_view_has_one_history_row_per_source_row(target: Target, local: Any) -> None:
    steps: list[str] = []
    published = release(latest(lag="15m"), target, local, progress=steps.append)
    assert steps == ["connect", "check sources", "certify", "write"]
    assert ours("latest") <= relations(target)
    assert (published.version, published.rows_appended, published.rows_current) == (1, 5, 3)
    assert published.certificate.ok
    wait = timedelta(minutes=15)
    told = {(r["k"], r["event_time"], r["available_time"], r["x"], r["double"]) for r in read(target, "latest_history")}
    assert told == {(r["k"], r["ts"], r["known"] + wait, r["x"], r["n"] * 2) for r in ROWS}
    current = {r["k"]: (r["event_time"], r["x"]) for r in read(target, "latest")}
    assert current == {"a": (START + 3 * HOUR, 4.0), "b": (START + HOUR, None), "é": (START + 1.25 * HOUR, 7.0)}
    assert {r["fsnb_run_id"] for r in read(target, "latest")} == {published.run_id}


def test_windowed_view_has_one_history_row_per_tick_that_changes_something(target: Target, local: Any) -> None:
    published = release(sums(windows="2h"), target, local, rows=[row("a", 0.5, 1.5, 3), row("a", 1.5, 2.5, 4)])
    told = sorted(
        (r["event_time"], r["available_time"], r["rows_2h"], r["total_2h"]) for r in read(target, "sums_history")
    )
    tick = [(START + hour * HOUR, START + (hour + 0.25) * HOUR) for hour in range(5)]
    assert told == [(*tick[1], 1, 1.5), (*tick[2], 2, 4.0), (*tick[3], 1, 2.5), (*tick[4], 0, None)]
    assert dict(published.when_missing) == {"rows_2h": 0, "total_2h": None, "high_2h": None}
    assert [(r["event_time"], r["rows_2h"]) for r in read(target, "sums")] == [(START + 4 * HOUR, 0)]


def test_tick_with_the_values_of_the_one_before_is_left_out(target: Target, local: Any) -> None:
    rules = {"features": {"high": _.n.max()}, "windows": "2h", "refresh": "1h"}
    view = FeatureView("high", entity=THING, source=events([row("a", 0.5, n=5), row("a", 1.5, n=3)]), **rules)
    release(view, target, local)
    told = sorted((r["event_time"], r["high_2h"]) for r in read(target, "high_history"))
    assert told == [(START + HOUR, 5), (START + 3 * HOUR, 3), (START + 4 * HOUR, None)]


def test_ticks_after_the_end_are_not_computed(target: Target, local: Any) -> None:
    rows = [row("a", 0.5, 1.5, 3), row("a", 1.5, 2.5, 4)]
    release(sums(windows="2h"), target, local, rows, end=(START + 2 * HOUR).isoformat())
    assert max(r["event_time"] for r in read(target, "sums_history")) == START + 2 * HOUR
    east = timezone(timedelta(hours=3))
    release(sums(windows="2h"), target, local, rows, end=(START + 3 * HOUR).replace(tzinfo=UTC).astimezone(east))
    assert max(r["event_time"] for r in read(target, "sums_history")) == START + 3 * HOUR


def by_text(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=repr)


@pytest.mark.parametrize("make", [latest, sums, lambda: latest(skip_nulls=True, ttl="3h")])
def test_publishing_again_appends_nothing_and_says_so(
    make: Callable[[], FeatureView], target: Target, local: Any
) -> None:
    first = release(make(), target, local)
    name = first.view
    before = (by_text(read(target, f"{name}_history")), by_text(read(target, name)))
    again = release(make(), target, local)
    assert (again.rows_appended, again.rows_upserted, again.version) == (0, 0, 1)
    assert (by_text(read(target, f"{name}_history")), by_text(read(target, name))) == before
    assert "nothing new" in str(again)
    assert "nothing new" not in str(first)
    assert [r["rows_appended"] for r in read(target, "fsnb_runs")] == [first.rows_appended, 0]


def test_run_is_recorded(target: Target, local: Any) -> None:
    published = release(latest(), target, local)
    (run,) = read(target, "fsnb_runs")
    assert (run["run_id"], run["view_name"], run["version"]) == (published.run_id, "latest", 1)
    assert run["fingerprint"] == latest().fingerprint
    assert (run["rows_staged"], run["rows_appended"], run["rows_upserted"]) == (5, 5, 3)
    assert run["started"] == published.started <= run["finished"] <= published.finished


def test_empty_source_publishes_empty_tables(target: Target, local: Any) -> None:
    for view in (latest(events([])), sums(events([]))):
        published = release(view, target, local)
        assert (published.rows_appended, read(target, view.name), read(target, f"{view.name}_history")) == (0, [], [])


def test_polars_is_a_local_engine_too(target: Target) -> None:
    assert release(sums(), target, ibis.polars.connect()).certificate.ok


def test_source_under_another_name(database_url: str, local: Any) -> None:
    database = Target("prod", database_url, sources={"events": "raw.events"}, schema="features")
    assert release(latest(), database, local).rows_appended == 5
    assert relations(database) == ours("latest")


def test_hostile_names_survive(database_url: str, local: Any) -> None:
    key, feature = 'k"; DROP TABLE events; --', "x"
    data = table(ROWS).rename_columns([key, 'a "b" %s', "known", "x", "n"])
    source = Source("events", data, event_time='a "b" %s', available="known", tie_break="n")
    database = Target("prod", database_url, schema='we"ird; --', sources={"events": 'ra"w.ev"ents %'})
    for view in (
        FeatureView("asof", entity=Entity("thing", key), source=source, features={feature: _.x}),
        FeatureView(
            "windowed",
            entity=Entity("thing", key),
            source=source,
            features={"rows": _.count()},
            windows="2h",
            refresh="1h",
        ),
    ):
        load(source, database, replace=True)
        publish(view, database, local=local, tables={"events": read_source(local, source)})
        assert {r[key] for r in read(database, view.name)} == {"a", "b", "é"}
        assert publish(view, database, local=local, tables={"events": read_source(local, source)}).rows_appended == 0


# ---------------------------------------------------------------------- versions and the catalog


def test_changed_definition_becomes_the_next_version_and_the_old_one_stays(target: Target, local: Any) -> None:
    release(latest(), target, local)
    second = release(latest(lag="1h"), target, local, breaking=True)
    assert second.version == 2
    assert {"latest__v1_history", "latest__v2_history"} <= relations(target)
    assert {r["fsnb_run_id"] for r in read(target, "latest")} == {second.run_id}
    assert release(latest(lag="1h"), target, local).version == 2
    assert release(latest(), target, local, breaking=True).version == 3


def test_publication_is_in_the_catalog_with_its_certificate(target: Target, local: Any, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    published = release(sums(), target, local, catalog=catalog)
    document = catalog.get("publication", "sums")
    assert Publication.from_doc(document.body) == published
    assert document.body["certificate"]["ok"] is True
    assert document.body["certificate"]["rows"] == published.certificate.rows
    release(sums(), target, local, catalog=catalog)
    assert len(catalog.history("publication", "sums")) == 2


def test_version_follows_the_catalog_on_a_new_target(tmp_path: Path, local: Any) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    for lag in ("0s", "1h"):
        staging = Target("staging", tmp_path / "staging.duckdb")
        release(latest(lag=lag), staging, local, catalog=catalog, breaking=True)
    assert release(latest(lag="1h"), Target("prod", tmp_path / "prod.duckdb"), local, catalog=catalog).version == 2


def test_version_is_never_shared_by_two_definitions(tmp_path: Path, local: Any) -> None:
    prod, catalog = Target("prod", tmp_path / "prod.duckdb"), Catalog(tmp_path / "catalog.sqlite")
    release(latest(), prod, local)
    assert release(latest(lag="1h"), Target("staging", tmp_path / "s.duckdb"), local, catalog=catalog).version == 1
    assert release(latest(lag="1h"), prod, local, catalog=catalog, breaking=True).version == 2


def test_document_is_strict_json_and_names_no_secret(tmp_path: Path, local: Any) -> None:
    published = release(latest(fill={"x": -1.0}), Target("prod", tmp_path / "prod.duckdb"), local)
    doc = json.loads(json.dumps(published.to_doc(), allow_nan=False))
    assert Publication.from_doc(doc) == published
    assert doc["when_missing"] == {"x": -1.0, "double": None}


@pytest.mark.postgres
def test_password_is_in_nothing_that_is_stored(postgres_db_url: str, local: Any, tmp_path: Path, caplog: Any) -> None:
    canary = postgres_db_url.split(":")[2].split("@")[0]
    assert canary.startswith("canary")
    target = Target("prod", postgres_db_url)
    catalog = Catalog(tmp_path / "catalog.sqlite")
    published = release(latest(), target, local, catalog=catalog)
    stored = [
        b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode(errors="replace"),
        caplog.text,
        repr(target),
    ]
    stored += [str(published), repr(published), str(published.to_doc())]
    stored += [str(read(target, name)) for name in relations(target)]
    assert not [text for text in stored if canary in text]


# ---------------------------------------------------------------------- all or nothing


def test_failure_at_the_last_step_leaves_nothing(target: Target, local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = materialize._promote

    def failing(*args: Any, **options: Any) -> None:
        real(*args, **options)
        raise RuntimeError("the lights went out")

    with monkeypatch.context() as patch:
        patch.setattr(materialize, "_promote", failing)
        with pytest.raises(RuntimeError, match="lights"):
            release(latest(), target, local)
    assert relations(target) - {"events"} == set()
    assert release(latest(), target, local).rows_appended == 5


def test_expression_that_fails_on_rows_outside_the_sample_writes_nothing(
    target: Target, local: Any, monkeypatch: Any
) -> None:
    """The engine's own error, in the transaction: one line, and whose it is."""
    real = materialize.staged_rows

    def broken(*args: Any) -> str:
        wrong = "CAST(CAST(t.double AS VARCHAR) || 'no number' AS DOUBLE PRECISION)"
        return f"SELECT k, event_time, fsnb_known_time, {wrong} AS x, double FROM ({real(*args)}) AS t"

    monkeypatch.setattr(materialize, "staged_rows", broken)
    with pytest.raises(PublishError, match=r"feature view 'latest': target 'prod': .*Nothing was written"):
        release(latest(), target, local)
    assert relations(target) - {"events"} == set()


@pytest.mark.postgres
def test_reader_sees_the_old_rows_until_the_commit(
    postgres_db_url: str, local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target("prod", postgres_db_url)
    release(latest(), target, local, ROWS[:2])
    seen: list[int] = []
    real = materialize._promote

    def peek(*args: Any, **options: Any) -> None:
        real(*args, **options)
        seen.append(len(read(target, "latest_history")))

    monkeypatch.setattr(materialize, "_promote", peek)
    release(latest(), target, local)
    assert (seen, len(read(target, "latest_history"))) == ([2], 5)


@pytest.mark.postgres
@pytest.mark.parametrize("before", [0, 2], ids=["first run", "later run"])
def test_publishers_take_turns(postgres_db_url: str, local: Any, before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target("prod", postgres_db_url)
    if before:
        release(sums(), target, local, ROWS[:before])
    load(events(), target, replace=True)
    real, results = materialize._append, []

    def slowly(*args: Any, **options: Any) -> int:
        time.sleep(0.5)  # long enough for the others to look at the same history
        return real(*args, **options)

    def work() -> None:
        con = ibis.duckdb.connect()
        tables = {"events": read_source(con, events())}
        results.append(publish(sums(), target, local=con, tables=tables, rows=20).rows_appended)

    monkeypatch.setattr(materialize, "_append", slowly)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results)[:2] == [0, 0]
    assert len(results) == 3
    told = [(r["k"], r["event_time"], r["available_time"]) for r in read(target, "sums_history")]
    assert len(set(told)) == len(told)
    assert max(results) > 0


# ---------------------------------------------------------------------- what is refused


def refused(kind: type[Exception], match: str, view: FeatureView, target: Target, local: Any) -> str:
    tables = {"events": read_source(local, view.source)}
    before = relations(target)
    with pytest.raises(kind, match=match) as caught:
        publish(view, target, local=local, tables=tables)
    assert relations(target) == before
    return str(caught.value)


def test_windowed_view_without_refresh_is_asked_how_often(target: Target, local: Any) -> None:
    said = refused(PublishError, "How often", sums(refresh=None), target, local)
    assert "refresh='1h'" in said


def test_missing_source_names_both_ways_out(database: Target, local: Any) -> None:
    change(database, "CREATE TABLE event (x integer)")
    said = refused(PublishError, "reads source 'events'.*There is none", latest(), database, local)
    assert "Did you mean 'event'?" in said
    assert "sources={'events': 'schema.table'}" in said
    assert "store.load('events', to='prod')" in said


def test_missing_column_is_named(database: Target, local: Any) -> None:
    load(events(), database)
    change(database, "ALTER TABLE events RENAME COLUMN x TO xx")
    said = refused(PublishError, "no column 'x'", latest(), database, local)
    assert "Did you mean 'xx'?" in said


def test_column_of_another_type_is_named(database: Target, local: Any) -> None:
    load(events(), database)
    change(database, "ALTER TABLE events ALTER COLUMN x TYPE text")
    refused(PublishError, "'x' is string, not float64", latest(), database, local)


def test_narrower_type_of_the_same_family_is_read(database: Target, local: Any) -> None:
    load(events(), database)
    change(database, "ALTER TABLE events ALTER COLUMN n TYPE integer")
    change(database, "ALTER TABLE events ALTER COLUMN x TYPE numeric(20, 3)")
    publish(latest(), database, local=local, tables={"events": read_source(local, events())})
    assert {r["x"] for r in read(database, "latest")} == {4.0, None, 7.0}


TIES = [
    row("a", 1, 1.0, 5),
    row("a", 1, 2.0, 5),
    row("b", 1, 3.0, 5),
    row("b", 1, 3.0, 5),
    row("c", 1, None, 5),
    row("c", 1, 1.0, 5),
]


def test_ambiguous_ties_are_refused_with_their_number_and_examples(target: Target, local: Any) -> None:
    view = latest(events(TIES))
    load(view.source, target)
    said = refused(AmbiguousTies, "2 groups of rows of source 'events' with equal k, ts, known, n", view, target, local)
    assert "k=a, ts=2024-01-01 01:00:00" in said
    assert "2 rows, x from 1.0 to 2.0" in said
    assert "k=c" in said
    assert "k=b" not in said
    assert "tie_break" in said


def test_ties_are_settled_by_a_tie_break_by_skipping_nulls_or_by_windows(target: Target, local: Any) -> None:
    release(latest(events(TIES, tie_break="x")), target, local)
    assert {r["k"]: r["x"] for r in read(target, "latest")} == {"a": 2.0, "b": 3.0, "c": 1.0}
    release(sums(events(TIES)), target, local)
    release(latest(events(TIES[2:]), skip_nulls=True), target, local, breaking=True)


def test_ties_are_refused_where_a_windowed_view_picks_a_row(target: Target, local: Any) -> None:
    def picking(value: Any, source: Source, name: str = "picks") -> FeatureView:
        return FeatureView(name, entity=THING, source=source, features={"f": value}, windows="1d", refresh="1h")

    tied = events(TIES[:4], tie_break=())
    load(tied, target)
    said = refused(AmbiguousTies, "one group of rows .* equal k, ts, known ", picking(_.x.last(), tied), target, local)
    assert "2 rows, f_1d from 1.0 to 2.0" in said
    settled = (_.x.last(where=_.x > 1), _.x.argmax(_.x), _.x.first(order_by=_.x), _.n.last(), _.x.median())
    for number, value in enumerate(settled):
        assert release(picking(value, tied, f"settled{number}"), target, local).rows_appended


def test_estimates_are_refused(target: Target, local: Any) -> None:
    view = FeatureView("v", entity=THING, source=events(), features={"f": _.n.approx_nunique()}, refresh="1h")
    refused(PublishError, "uses approx_nunique, an estimate.* Use the exact aggregate: nunique", view, target, local)


def test_disagreement_is_refused_and_shows_the_rows(target: Target, local: Any) -> None:
    rows = [row("a", hour, float(hour), 1) for hour in range(10)]
    load(events([*rows[:5], rows[5] | {"x": 500.0}, *rows[6:]]), target)
    said = refused(CertificateMismatch, "not published to 'prod'.*disagree on", latest(events(rows)), target, local)
    assert "x is 5.0 (local), 500.0 (target), 5.0 (oracle)" in said


def test_expression_that_engines_read_differently_is_refused(target: Target) -> None:
    view = FeatureView("rest", entity=THING, source=events(), features={"rest": _.n % 3})
    load(events(), target)
    refused(CertificateMismatch, "disagree", view, target, ibis.polars.connect())


@pytest.mark.parametrize("name", ["event_time", "available_time", "fsnb_run_id"])
def test_column_named_like_one_of_ours_is_refused(name: str, target: Target, local: Any) -> None:
    view = FeatureView("v", entity=THING, source=events(), features={name: _.x})
    refused(PublishError, f"column '{name}' of their own", view, target, local)


def test_feature_named_like_its_key_is_refused(target: Target, local: Any) -> None:
    refused(
        PublishError,
        "both a key and a feature",
        FeatureView("v", entity=THING, source=events(), features={"k": _.k}),
        target,
        local,
    )


def test_table_that_is_not_ours_is_not_replaced(database_url: str, local: Any) -> None:
    database = Target("prod", database_url, schema="features", sources={"events": "raw.events"})
    load(events(), database)
    change(database, "CREATE SCHEMA features")
    change(database, "CREATE TABLE features.latest AS SELECT 1 AS precious")
    refused(PublishError, "has a table or view 'latest' that fsnb did not make", latest(), database, local)
    assert read(database, "latest") == [{"precious": 1}]


def test_altered_history_table_is_refused(database: Target, local: Any) -> None:
    release(latest(), database, local)
    with database.session() as con:
        schema = database.schema_on(con)
    change(database, f"ALTER TABLE {schema}.latest__v1_history ADD COLUMN extra integer")
    said = refused(BreakingChange, "is not as fsnb made it", latest(), database, local)
    assert "'extra' is int32, not there" in said or "extra" in said


@pytest.mark.postgres
def test_name_that_the_target_would_cut_is_refused(postgres_db_url: str, local: Any) -> None:
    target = Target("prod", postgres_db_url)
    load(events(), target)
    view = FeatureView("v" * 60, entity=THING, source=events(), features={"x": _.x})
    refused(PublishError, "longer than the 63 bytes", view, target, local)


@pytest.mark.postgres
def test_view_of_others_keeps_standing(postgres_db_url: str, local: Any) -> None:
    target = Target("prod", postgres_db_url)
    release(latest(), target, local, ROWS[:2])
    change(target, "CREATE VIEW fsnb.theirs AS SELECT * FROM fsnb.latest")
    release(latest(), target, local)
    assert len(read(target, "theirs")) == 3
    second = release(latest(lag="1h"), target, local, breaking=True)
    assert {each["fsnb_run_id"] for each in read(target, "theirs")} == {second.run_id}


def test_restatement_is_available_from_the_run_on(target: Target, local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    release(latest(), target, local)
    later = datetime(2031, 1, 1)
    monkeypatch.setattr(moments, "utc_now", lambda: later)
    published = release(latest(), target, local, [ROWS[0] | {"x": 9.0}, *ROWS[1:]])
    assert published.rows_appended == 1
    (told,) = [r for r in read(target, "latest_history") if r["x"] == 9.0]
    assert (told["available_time"], told["fsnb_known_time"], told["event_time"]) == (later, START, START)
    assert {r["x"] for r in read(target, "latest") if r["k"] == "a"} == {4.0}


def test_microseconds_survive(target: Target, local: Any) -> None:
    odd = START + HOUR + MICROSECOND
    release(latest(), target, local, [row("a", 1) | {"ts": odd, "known": odd}])
    (told,) = read(target, "latest_history")
    assert (told["event_time"], told["available_time"]) == (odd, odd)


def test_small_integers_and_booleans_come_back_the_same(target: Target, local: Any) -> None:
    types = {"small": pa.int8(), "flag": pa.bool_()}
    data = table([r | {"small": 1, "flag": True} for r in ROWS], {"k": pa.string(), "ts": pa.timestamp("us")} | types)
    source = Source("events", data, event_time="ts")
    view = FeatureView("v", entity=THING, source=source, features={"small": _.small, "flag": _.flag, "when": _.ts})
    assert release(view, target, local).rows_appended == 5
    assert release(view, target, local).rows_appended == 0
    assert {(r["small"], r["flag"]) for r in read(target, "v")} == {(1, True)}

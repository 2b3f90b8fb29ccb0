"""Several versions on a target: what is refused, what readers are led to, what a scheduler and a rehearsal do."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import pytest
from ibis import _

import fsnb
from fsnb.catalog import Catalog
from fsnb.errors import AmbiguousTies, BreakingChange, NotSupported, PublishError, UnknownName, UsageError
from fsnb.model import FeatureView
from fsnb.pit import read_source
from fsnb.publish import (
    Publication,
    Target,
    bring_up_to_date,
    load,
    promote,
    publish,
    publishing,
    rehearse,
    rollback,
)
from fsnb.publish.certificate import Certificate
from fsnb.publish.certifying import engine_of
from fsnb.publish.promoting import Promotion
from tests.publish.support import (
    HOUR,
    ROWS,
    START,
    THING,
    Row,
    events,
    fetch,
    latest,
    looking,
    read,
    relations,
    release,
    row,
    sums,
)


@pytest.fixture(autouse=True)
def quickly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates have tests of their own; here they would take most of the time."""
    if "certificate" not in request.node.name:
        monkeypatch.setattr(publishing, "certify", unproved)
        monkeypatch.setattr(publishing, "empty_values", lambda *given: {})


def unproved(view: FeatureView, local: Any, tables: Any, con: Any, there: Any, **options: Any) -> Certificate:
    sides = (("local", engine_of(local)), ("target", engine_of(con)))
    return Certificate(view.name, view.fingerprint, 0, (), sides, "not used, by this test", ibis.__version__, (), ())


MORE = {"x": _.x, "double": _.n * 2, "triple": _.n * 3}


def latest_of(features: dict[str, Any], **options: Any) -> FeatureView:
    return FeatureView("latest", entity=THING, source=events(), features=features, **options)


def contents(target: Target) -> dict[str, list[Row]]:
    with looking(target) as con:
        schema = target.schema_on(con)
        return {name: sorted(fetch(con, schema, name), key=repr) for name in sorted(relations_on(con, schema))}


def relations_on(con: Any, schema: str) -> list[str]:
    found = con.con.execute(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'")
    return [name for (name,) in found.fetchall()]


# ---------------------------------------------------------------------- the guardrail


def test_added_feature_is_a_new_version_that_readers_get_at_once(target: Target, local: Any) -> None:
    release(latest(), target, local)
    second = release(latest_of(MORE), target, local)
    assert (second.version, second.promoted) == (2, True)
    assert [line for line in second.changes if "triple" in line]
    assert {each["triple"] for each in read(target, "latest")} == {15, 0, 6}
    assert {each["triple"] for each in read(target, "latest_history")} == {9, -12, 0, 6, 15}


def test_breaking_change_is_refused_with_what_changes_and_who_uses_it(
    target: Target, local: Any, tmp_path: Path
) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    body = {"run_id": "r1", "views": {"latest": "f"}, "model_uri": "models:/m-7"}
    catalog.put("training_set", "late_flights", body, fingerprint="a")
    catalog.put("training_set", "another", {"run_id": "r2", "views": {"sums": "f"}}, fingerprint="b")
    release(latest(), target, local, catalog=catalog)
    before = contents(target)
    with pytest.raises(BreakingChange) as refused:
        release(latest_of({"x": _.x * 2}), target, local, catalog=catalog)
    for said in ("meaning of 'x'", "'double' removed", "training set 'late_flights' (run r1)", "model models:/m-7"):
        assert said in str(refused.value)
    assert "another" not in str(refused.value)
    assert contents(target) | {"events": []} == before | {"events": []}
    assert release(latest_of({"x": _.x * 2}), target, local, catalog=catalog, breaking=True).version == 2


def test_two_publishers_of_two_definitions_do_not_pass_the_guardrail_together(
    target: Target, local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(latest(), target, local)
    real = publishing.write

    def meanwhile(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(publishing, "write", real)
        if not target.url.startswith("duckdb"):
            release(latest_of({"x": _.x * 2}), target, local, breaking=True)
        else:
            con = args[1]
            con.con.execute("INSERT INTO fsnb_promotions VALUES ('other', 'latest', 9, TIMESTAMP '2200-01-01')")
            con.con.execute(
                "INSERT INTO fsnb_versions VALUES ('latest', 9, 'f', 'table', 1, '{}', TIMESTAMP '2200-01-01')"
            )
        return real(*args, **options)

    monkeypatch.setattr(publishing, "write", meanwhile)
    with pytest.raises(PublishError, match="another publisher has changed its versions meanwhile"):
        release(latest_of(MORE), target, local)


def test_operation_that_the_target_has_no_words_for_is_named(target: Target, local: Any) -> None:
    view = latest_of({"x": _.k.authority()})
    load(events(), target)
    with pytest.raises(NotSupported, match="cannot run the operation ExtractAuthority"):
        publish(view, target, local=local, tables={"events": read_source(local, events())})
    assert relations(target) - {"events"} == set()


# ---------------------------------------------------------------------- promotion and the way back


def test_staged_version_is_written_beside_and_promoted_later(target: Target, local: Any, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    first = release(latest(), target, local, catalog=catalog)
    staged = release(latest(lag="1h"), target, local, catalog=catalog, promote=False)
    assert (staged.version, staged.promoted) == (2, False)
    assert "beside the promoted version" in str(staged)
    assert {each["fsnb_run_id"] for each in read(target, "latest")} == {first.run_id}
    with pytest.raises(BreakingChange, match="lag of 'latest' was 0s, is 1h"):
        promote("latest", target, 2, catalog=catalog)
    done = promote("latest", target, 2, catalog=catalog, breaking=True)
    assert (done.version, done.before) == (2, 1)
    assert {each["fsnb_run_id"] for each in read(target, "latest_history")} == {staged.run_id}
    assert Promotion.from_doc(catalog.get("promotion", "latest").body) == done
    with pytest.raises(UnknownName, match="no version '7'"):
        promote("latest", target, 7)


def test_rollback_leads_back_and_publishing_goes_on_from_there(target: Target, local: Any) -> None:
    release(latest(), target, local)
    second = release(latest(lag="1h"), target, local, breaking=True)
    back = rollback("latest", target)
    assert (back.version, back.before) == (1, 2)
    assert {each["fsnb_run_id"] for each in read(target, "latest")} != {second.run_id}
    assert release(latest(), target, local).version == 1
    assert [each["version"] for each in contents(target)["fsnb_versions"]] == [1, 2]
    assert rollback("latest", target).version == 2
    with pytest.raises(PublishError, match=r"no version to go back to that is v5\. Promoted before were: v1"):
        rollback("latest", target, 5)


def test_nothing_to_go_back_to_is_said(target: Target, local: Any) -> None:
    release(latest(), target, local)
    with pytest.raises(PublishError, match="Promoted before were: none"):
        rollback("latest", target)


# ---------------------------------------------------------------------- ranges, chunks, schedulers


DAYS = [row("a", 24 * day + 1, float(day), day) for day in range(8)]


def test_backfill_in_chunks_promotes_when_all_is_told(target: Target, local: Any) -> None:
    seen: list[str] = []
    first = release(latest(), target, local, DAYS, chunk=3, progress=seen.append)
    assert [line for line in seen if "of 8" in line] == [
        "write: 3 of 8 intervals done",
        "write: 6 of 8 intervals done",
    ]
    assert (first.intervals_due, first.intervals_told, first.rows_appended) == (8, 8, 8)
    runs = read(target, "fsnb_runs")
    assert sorted(each["rows_appended"] for each in runs) == [2, 3, 3]
    assert read(target, "latest")[0]["x"] == 7.0


@pytest.mark.parametrize("how", [{"chunk": 3}, {"chunk": 3, "full": True}, {"chunk": 3, "lookback": "9000d"}], ids=str)
def test_chunks_give_what_one_transaction_gives(
    target: Target, local: Any, tmp_path: Path, how: dict[str, Any]
) -> None:
    def told(where: Target) -> list[tuple[Any, ...]]:
        return sorted((r["event_time"], r["available_time"], r["rows_2h"]) for r in read(where, "sums_history"))

    view, other = sums(windows="2h"), Target("other", tmp_path / "other.duckdb")
    release(view, other, local, DAYS)
    assert release(view, target, local, DAYS, **how).intervals_told == 8
    assert told(target) == told(other)


def test_backfill_goes_on_where_it_was_interrupted(target: Target, local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = publishing.materialize, []

    def dies(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "materialize", dies)
        with pytest.raises(KeyboardInterrupt):
            release(latest(), target, local, DAYS, chunk=3)
    assert "latest" not in relations(target)
    assert len(read(target, "latest__v1_history")) == 6
    again = release(latest(), target, local, DAYS, chunk=3)
    assert (again.intervals_told, again.intervals_kept, again.promoted) == (2, 6, True)
    assert len(read(target, "latest_history")) == 8


@pytest.mark.postgres
def test_each_interval_is_told_once_by_publishers_at_once(postgres_db_url: str, local: Any) -> None:
    target = Target("prod", postgres_db_url)
    load(events(DAYS), target)
    results, errors = [], []

    def work() -> None:
        con = ibis.duckdb.connect()
        tables = {"events": read_source(con, events(DAYS))}
        try:
            results.append(publish(latest(), target, local=con, tables=tables, rows=20, chunk=2))
        except PublishError as error:  # shown below
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sum(each.intervals_told for each in results) == 8
    assert sum(each.rows_appended for each in results) == len(read(target, "latest_history")) == 8


def test_scheduler_tells_what_is_due_without_the_local_engine(target: Target, local: Any) -> None:
    release(latest(), target, local, DAYS[:5])
    load(events(DAYS), target, replace=True)
    day = START + timedelta(days=6)
    one = bring_up_to_date("latest", target, start=day, end=day + timedelta(days=1))
    assert (one.intervals_due, one.intervals_told, one.rows_appended) == (1, 1, 1)
    assert (one.first, one.last) == (day, day + timedelta(days=1))
    rest = bring_up_to_date(latest(), target, chunk=1)
    assert (rest.intervals_told, rest.intervals_kept, len(rest.run_ids)) == (2, 6, 2)
    assert bring_up_to_date("latest", target).rows_appended == 0
    assert "0 intervals due" in str(bring_up_to_date("latest", target))
    assert rest.to_doc()["run_ids"] == list(rest.run_ids)


def test_scheduler_is_refused_what_is_not_published(target: Target, local: Any) -> None:
    load(events(), target)
    with pytest.raises(PublishError, match=r"has no such view\. Publish it first"):
        bring_up_to_date("latest", target)
    release(latest(), target, local)
    with pytest.raises(PublishError, match="has it with other definitions: v1"):
        bring_up_to_date(latest(lag="1h"), target)


def test_scheduler_refuses_ties_in_what_is_due(target: Target, local: Any) -> None:
    release(latest(), target, local)
    load(events([*ROWS, row("z", 100, 1.0, 5), row("z", 100, 2.0, 5)]), target, replace=True)
    with pytest.raises(AmbiguousTies, match="one group of rows"):
        bring_up_to_date("latest", target)
    assert len(read(target, "latest_history")) == 5


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"start": "2024-01-02", "end": "2024-01-01"}, "is not before end"),
        ({"chunk": 0}, "chunk=0 is not a number of intervals"),
        ({"end": "soon"}, "end 'soon' is no time"),
        ({"interval": "0s"}, "interval is zero"),
        ({"mode": "tables"}, "mode='tables' is not one of table, view. Did you mean 'table'?"),
        ({"certify": "never"}, "certify='never' is not one of"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path: Path, local: Any, asked: dict[str, Any], match: str) -> None:
    with pytest.raises(UsageError, match=match.replace("?", r"\?")):
        publish(latest(), Target("prod", tmp_path / "p.duckdb"), local=local, tables={}, **asked)


# ---------------------------------------------------------------------- certificates that are reused


def test_certificate_is_reused_while_definition_and_engines_are_the_same(
    target: Target, local: Any, tmp_path: Path
) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    first = release(latest(), target, local, catalog=catalog)
    steps: list[str] = []
    again = release(latest(), target, local, catalog=catalog, progress=steps.append)
    assert "certify" not in steps
    assert (again.certificate, again.certified_by) == (first.certificate, first.run_id)
    assert release(latest(), target, local, catalog=catalog, certify="always").certified_by != first.run_id
    assert release(latest(), target, ibis.polars.connect(), catalog=catalog).certified_by != first.run_id
    other = release(latest(lag="1h"), target, local, catalog=catalog, breaking=True)
    assert other.certified_by == other.run_id


def test_older_publications_are_read(target: Target, local: Any) -> None:
    doc = release(latest(), target, local).to_doc()
    new = ("mode", "promoted", "changes", "certified_by", "sql", "intervals_due", "intervals_told", "intervals_kept")
    old = Publication.from_doc({name: value for name, value in doc.items() if name not in new})
    assert (old.mode, old.promoted, old.changes, old.version) == ("table", True, (), 1)


# ---------------------------------------------------------------------- database views


def test_database_view_tells_what_the_rules_of_time_give_now(database: Target, local: Any) -> None:
    view = sums(refresh=None, windows=(), lag="0s")
    published = release(view, database, local, mode="view")
    assert published.mode == "view"
    assert "SELECT" in published.sql
    assert {(r["k"], r["rows"], r["high"]) for r in read(database, "sums")} == {("a", 3, 5), ("b", 1, 0), ("é", 1, 2)}
    assert "sums_history" not in relations(database)
    with pytest.raises(PublishError, match="as a database view"):
        bring_up_to_date("sums", database)
    assert Publication.from_doc(published.to_doc()) == published


def test_database_view_and_tables_are_versions_of_one_name(database: Target, local: Any) -> None:
    release(latest(), database, local)
    given = {"local": local, "tables": {"events": read_source(local, events())}}
    found = [publish(latest(), database, mode="view", **given).version for _ in range(2)]
    assert found == [2, 2]
    assert {r["k"]: r["x"] for r in read(database, "latest")} == {"a": 4.0, "b": None, "é": 7.0}
    assert rollback("latest", database).version == 1
    assert len(read(database, "latest_history")) == 5


# ---------------------------------------------------------------------- a rehearsal


@pytest.mark.parametrize("view", [latest(), sums(), latest(skip_nulls=True)], ids=["as-of", "windowed", "skip_nulls"])
def test_rehearsal_says_what_would_be_done_and_leaves_the_target_as_it_was(
    target: Target, local: Any, view: FeatureView
) -> None:
    load(events(), target)
    before = contents(target)
    first = rehearse(view, target)
    assert contents(target) == before
    done = release(view, target, local)
    assert len(first.intervals) == done.intervals_told
    assert (first.version, first.promoted, first.rows_staged) == (1, None, done.rows_staged)
    assert first.rows_scanned == 5
    assert first.explain
    assert (first.cost is not None) == target.url.startswith("postgres")
    before = contents(target)
    again = rehearse(view, target)
    assert contents(target) == before
    assert again.promoted == 1


def test_rehearsal_leaves_a_file_as_it_was_bit_for_bit(tmp_path: Path, local: Any) -> None:
    target = Target("prod", tmp_path / "prod.duckdb")
    release(sums(), target, local)
    before = (tmp_path / "prod.duckdb").read_bytes()
    rehearse(sums(lag="1h"), target)
    assert (tmp_path / "prod.duckdb").read_bytes() == before


def test_rehearsal_shows_changes_and_users(target: Target, local: Any, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    catalog.put("training_set", "t", {"run_id": "r1", "views": {"sums": "f"}}, fingerprint="a")
    release(sums(), target, local, catalog=catalog)
    found = rehearse(sums(lag="30m"), target, catalog=catalog)
    assert found.breaking
    assert found.version == 2
    said = str(found)
    for line in ("would be v2; readers have v1", "lag of 'sums' was 15m, is 30m", "training set 't' (run r1)", "a day"):
        assert line in said
    assert found.rows_per_day == found.rows_per_refresh * 24


# ---------------------------------------------------------------------- through the store


@pytest.fixture
def store(tmp_path: Path) -> fsnb.FeatureStore:
    store = fsnb.open(tmp_path / "store")
    store.target("prod", str(tmp_path / "prod.duckdb"))
    return store


def test_store_leads_the_whole_way(store: fsnb.FeatureStore) -> None:
    store.load(events(), to="prod")
    dry = store.publish(latest(), to="prod", dry_run=True)
    assert len(dry.intervals) == 2  # an event at midnight closes its day
    assert store.publish(latest(), to="prod", interval="12h").version == 1
    assert store.materialize("latest", to="prod").intervals_due == 0
    assert store.publish(latest(lag="1h"), to="prod", promote=False).version == 2
    assert store.promote("latest", to="prod", version=2, breaking=True).before == 1
    assert store.rollback(latest(), to="prod").version == 1
    assert len(store.catalog.history("promotion", "latest")) == 2
    with pytest.raises(BreakingChange):
        store.publish(latest(lag="2h"), to="prod")


def test_tick_at_the_end_closes_its_interval(store: fsnb.FeatureStore) -> None:
    store.load(events(), to="prod")
    told = store.publish(sums(), to="prod", interval="1h", end=START + 3 * HOUR)
    assert told.intervals_told == 4
    assert store.publish(sums(), to="prod", end=START + 3 * HOUR).intervals_due == 0

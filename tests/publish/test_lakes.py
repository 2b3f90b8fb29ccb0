"""What is of lakes alone: their logs, what one commit is, what becomes of files that no log speaks of, and Spark."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import deltalake
import ibis
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsnb.errors import BreakingChange, NotSupported, PublishError, TargetError
from fsnb.model import Source
from fsnb.pit import read_source
from fsnb.publish import (
    Target,
    bring_up_to_date,
    ledger,
    load,
    promote,
    publish,
    publishing,
    read_lake,
    rollback,
    sql,
)
from fsnb.publish.lake import Moved
from fsnb.publish.lake.delta import DeltaLog
from fsnb.publish.lake.files import RUNS, Log
from fsnb.publish.lake.manifests import Manifests
from fsnb.publish.lake.opening import open_delta
from fsnb.publish.lake.versions import current_rows
from fsnb.store import FeatureStore
from tests.publish import test_history as histories
from tests.publish.published import LAST, Published
from tests.publish.support import HOUR, MICROSECOND, ROWS, START, asof, events, latest, read, release, row, sums, table

SCHEMA = pa.schema({"k": pa.string(), "at": pa.timestamp("us"), "n": pa.int8()})
ON_SPARK = pytest.param("spark", marks=pytest.mark.spark)


@pytest.fixture(params=["delta", ON_SPARK])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    if request.param == "spark":
        request.getfixturevalue("spark")
    return Target("prod", f"{request.param}://{tmp_path / 'lake'}")


@pytest.fixture
def delta(tmp_path: Path) -> Target:
    return Target("prod", f"delta://{tmp_path / 'lake'}")


def folder_of(target: Target) -> Path:
    return Path(target.url.partition("://")[2])


# ---------------------------------------------------------------------- logs


@pytest.fixture(params=[Manifests, DeltaLog])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Log:
    return request.param(tmp_path / "table")


def rows_in(log: Log, *numbers: int) -> list[str]:
    """A data file as a run writes one."""
    run = log.folder / RUNS / f"run{'_'.join(map(str, numbers))}"
    run.mkdir(parents=True)
    rows = [{"k": "é", "at": START + number * HOUR, "n": number} for number in numbers]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), run / "part-0.parquet")
    return [f"{RUNS}/{run.name}/part-0.parquet"]


def test_log_tells_files_columns_and_document(log: Log) -> None:
    assert (log.exists(), log.read(), log.last()) == (False, None, None)
    log.commit(None, SCHEMA, rows_in(log, 1), {"a": [1]}, replace=False)
    first = log.read()
    assert first is not None
    log.commit(first, SCHEMA, rows_in(log, 2, 3), {"a": [1, 2]}, replace=False)
    second = log.read()
    assert second is not None
    assert (len(second.files), second.doc, second.schema) == (2, {"a": [1, 2]}, SCHEMA)
    assert (first.number, second.number) == (0, 1)
    assert log.last() == 1
    log.commit(second, SCHEMA, rows_in(log, 4), {}, replace=True)
    third = log.read()
    assert third is not None
    assert (len(third.files), third.doc) == (1, {})


def test_of_two_that_commit_on_the_same_entry_the_second_is_told(log: Log) -> None:
    log.commit(None, SCHEMA, [], {"by": "first"}, replace=False)
    with pytest.raises(Moved):
        log.commit(None, SCHEMA, rows_in(log, 1), {"by": "second"}, replace=False)
    base = log.read()
    log.commit(base, SCHEMA, rows_in(log, 2), {"by": "third"}, replace=False)
    with pytest.raises(Moved):
        log.commit(base, SCHEMA, rows_in(log, 3), {"by": "fourth"}, replace=False)
    now = log.read()
    assert now is not None
    assert (now.doc, len(now.files)) == ({"by": "third"}, 1)


def test_table_is_replaced_by_one_of_other_columns(log: Log) -> None:
    """With timestamps, without, and with them again; who comes second is told."""
    no_times = pa.schema({"k": pa.string()})
    log.commit(None, no_times, [], {}, replace=False)
    for other in (SCHEMA, no_times, pa.schema({"m": pa.timestamp("us"), "k": pa.int64()})):
        base = log.read()
        log.commit(base, other, [], {}, replace=True)
        now = log.read()
        assert now is not None
        assert (now.schema, now.files) == (other, ())
        with pytest.raises(Moved):
            log.commit(base, other, [], {}, replace=True)


def test_others_columns_never_overwrite_a_commit_made_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit itself finds out, not a look before it."""
    log = DeltaLog(tmp_path)
    log.commit(None, SCHEMA, rows_in(log, 1), {}, replace=False)
    base, write = log.read(), deltalake.DeltaTable.create_write_transaction

    def overtaken(*args: Any, **options: Any) -> None:
        monkeypatch.setattr(deltalake.DeltaTable, "create_write_transaction", write)
        log.commit(log.read(), SCHEMA, rows_in(log, 2), {}, replace=False)
        write(*args, **options)

    monkeypatch.setattr(deltalake.DeltaTable, "create_write_transaction", overtaken)
    with pytest.raises(Moved):
        log.commit(base, pa.schema({"k": pa.string()}), [], {}, replace=True)
    now = log.read()
    assert now is not None
    assert len(now.files) == 2


def test_delta_commit_of_anyone_else_is_not_passed_by(tmp_path: Path) -> None:
    """Two appends never conflict, for Delta. For a run they do: it was about what was there before."""
    log = DeltaLog(tmp_path)
    log.commit(None, SCHEMA, rows_in(log, 1), {"by": "us"}, replace=False)
    base = log.read()
    deltalake.write_deltalake(tmp_path, pa.table({"k": ["theirs"], "at": [START], "n": [9]}, SCHEMA), mode="append")
    with pytest.raises(Moved):
        log.commit(base, SCHEMA, rows_in(log, 2), {"by": "us again"}, replace=False)
    now = log.read()
    assert now is not None
    assert (len(now.files), now.doc) == (2, {"by": "us"})
    (tmp_path / "_delta_log" / f"{0:020}.{1:020}.compacted.json").touch()  # as other writers leave them: no entry
    assert log.last() == 1


def age(folder: Path, days: float = 2) -> None:
    then = time.time() - days * 86_400
    for each in folder.rglob("*"):
        os.utime(each, (then, then))


def test_sweep_removes_what_no_entry_of_the_last_day_speaks_of(log: Log) -> None:
    log.commit(None, SCHEMA, rows_in(log, 1), {}, replace=False)
    rows_in(log, 2)  # of a run that was killed
    log.sweep()
    assert len(list((log.folder / RUNS).iterdir())) == 2
    age(log.folder)
    log.sweep()
    assert [each.name for each in (log.folder / RUNS).iterdir()] == ["run1"]
    assert log.read() is not None


def test_sweep_leaves_what_a_reader_may_have_resolved(log: Log) -> None:
    log.commit(None, SCHEMA, rows_in(log, 1), {}, replace=False)
    age(log.folder)
    before = log.read()
    log.commit(before, SCHEMA, rows_in(log, 2), {}, replace=True)
    log.sweep()
    assert before is not None
    assert all((log.folder / each).exists() for each in before.files)


def test_manifest_of_a_later_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Manifests(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("fsnb.publish.lake.manifests.FORMAT", 99)
        log.commit(None, SCHEMA, [], {}, replace=False)
    with pytest.raises(PublishError, match=r"of a newer fsnb \(format 99\)"):
        log.read()


def test_current_rows_are_the_latest_of_what_is_available() -> None:
    told = [("a", 1, 1, "first"), ("a", 2, 2, "as told"), ("a", 2, 4, "as corrected"), ("b", 3, 9, "known late")]
    rows = [{"k": k, "event_time": START + e * HOUR, "available_time": START + a * HOUR, "x": x} for k, e, a, x in told]
    con = ibis.duckdb.connect()
    table = con.create_table("told", pa.Table.from_pylist(rows))

    def at(until: datetime | None) -> dict[str, str]:
        found = current_rows(table, ("k",), ("k", "x"), until).to_pyarrow().to_pylist()
        assert len({each["k"] for each in found}) == len(found)
        return {each["k"]: each["x"] for each in found}

    moments = [START + hour * HOUR for hour in (0, 1, 2, 3, 4, 9)]
    assert at(None) == at(moments[0]) == {}
    assert [at(each).get("a") for each in moments[1:]] == [
        "first", "as told", "as told", "as corrected", "as corrected",
    ]  # fmt: skip
    assert [at(each - MICROSECOND).get("b") for each in moments[-2:]] == [None, None]
    assert at(moments[-1])["b"] == "known late"
    con.disconnect()


# ---------------------------------------------------------------------- publishing, on both


def test_publishing_into_a_lake_end_to_end(lake: Target, local: Any) -> None:
    first = release(sums(), lake, local)
    assert first.rows_appended == len(read(lake, "sums_history")) > 0
    again = release(sums(), lake, local)
    assert (again.rows_appended, again.intervals_told) == (0, 0)
    late = [*ROWS, row("a", 2.5, 100.0, known=10)]
    load(events(late), lake, replace=True)
    due = bring_up_to_date("sums", lake)
    assert (due.intervals_told, due.rows_appended > 0) == (2, True)
    told, missing = read(lake, "sums_history"), dict(first.when_missing)
    last = {(r["k"], r["event_time"]): r for r in sorted(told, key=lambda r: r["available_time"])}
    as_told_now = [each | {"available_time": each["fsnb_known_time"]} for each in last.values()]
    for hour in range(-1, 60):
        at = START + hour * HOUR + timedelta(minutes=15)
        want = asof_raw(late, at)
        assert asof(sums(), as_told_now, missing, {"k": "a"}, at)["rows_1d"] == want, at
    current = {each["k"]: each for each in read(lake, "sums")}
    assert sorted(current) == ["a", "b", "é"]
    for each in current.values():
        mine = [other for other in told if other["k"] == each["k"]]
        best = max(mine, key=lambda other: (other["event_time"], other["available_time"]))
        assert each == {name: best[name] for name in each}
    runs = read(lake, "fsnb_runs")
    assert sum(each["rows_appended"] for each in runs) == len(told)
    assert {each["fsnb_run_id"] for each in told} <= {each["run_id"] for each in runs}


def test_online_store_is_filled_from_a_lake(lake: Target, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store", "duckdb")
    store.target("prod", lake.url)
    store.load(events(), to="prod")
    store.publish(latest(), to="prod")
    assert store.sync_online("latest", to="sqlite").rows == 3
    served = store.get_features("latest", [{"k": "a"}, {"k": "nobody"}])
    assert [each["x"] for each in served] == [4.0, None]
    assert store.check_online("latest").ok


def asof_raw(rows: list[Any], at: datetime) -> int:
    """Rows of "a" in the day before the last tick, known by then."""
    tick = at - timedelta(minutes=15)
    tick -= (tick - START) % HOUR
    return sum(each["k"] == "a" and tick - 24 * HOUR < each["ts"] <= tick and each["known"] <= tick for each in rows)


def test_versions_promotion_and_rollback_in_a_lake(lake: Target, local: Any) -> None:
    first = release(latest(), lake, local)
    with pytest.raises(BreakingChange, match="lag of 'latest' was 0s, is 1h"):
        release(latest(lag="1h"), lake, local)
    staged = release(latest(lag="1h"), lake, local, promote=False)
    assert {each["fsnb_run_id"] for each in read(lake, "latest")} == {first.run_id}
    assert promote("latest", lake, 2, breaking=True).before == 1
    assert {each["fsnb_run_id"] for each in read(lake, "latest_history")} == {staged.run_id}
    assert rollback("latest", lake).version == 1
    assert {each["fsnb_run_id"] for each in read(lake, "latest")} == {first.run_id}


def test_lake_is_read_with_no_target(lake: Target, local: Any) -> None:
    release(latest(), lake, local)
    con = read_lake(folder_of(lake), "latest")
    assert {r["k"]: r["x"] for r in con.table("latest").to_pyarrow().to_pylist()} == {"a": 4.0, "b": None, "é": 7.0}
    release(latest(), lake, local, rows=[*ROWS, row("b", 20, 9.0)])
    assert con.table("latest_history").count().execute() == 5  # as it was resolved
    assert read_lake(folder_of(lake)).table("latest_history").count().execute() == 6
    with pytest.raises(PublishError, match=r"no published view 'sums'. It has: latest"):
        read_lake(folder_of(lake), "sums")


# ---------------------------------------------------------------------- Delta


def test_a_run_is_one_delta_commit(delta: Target, local: Any) -> None:
    release(sums(), delta, local)
    release(sums(), delta, local, rows=[*ROWS, row("b", 20, 9.0)])
    history = deltalake.DeltaTable(folder_of(delta) / "sums__v1_history")
    assert history.version() == 1
    assert history.to_pyarrow_table().num_rows == len(read(delta, "sums_history"))
    told = read(delta, "fsnb_runs")
    assert len(told) == 2


def test_delta_tools_compact_vacuum_and_clean_up_between_publications(delta: Target, local: Any) -> None:
    release(latest(), delta, local)
    more = [*ROWS, row("b", 20, 9.0)]
    release(latest(), delta, local, rows=more)
    table = deltalake.DeltaTable(folder_of(delta) / "latest__v1_history")
    before = read_lake(folder_of(delta))
    assert table.optimize.compact()["numFilesRemoved"] == 2
    assert before.table("latest_history").count().execute() == 6
    table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    table.create_checkpoint()
    for number in range(table.version()):
        (folder_of(delta) / "latest__v1_history" / "_delta_log" / f"{number:020}.json").unlink()
    again = release(latest(), delta, local, rows=more)
    assert (again.rows_appended, again.intervals_told, again.version) == (0, 0, 1)
    late = release(latest(), delta, local, rows=[*more, row("b", 21, 8.0)], certify="always")
    assert (late.rows_appended, late.certificate.ok, len(read(delta, "latest_history"))) == (1, True, 7)
    assert {each["k"]: each["x"] for each in read(delta, "latest")} == {"a": 4.0, "b": 8.0, "é": 7.0}


def test_compaction_and_publication_that_meet_lose_nothing(delta: Target, local: Any) -> None:
    """Whoever compacts what is older than the last run is let through; whose files were vacuumed away is told."""
    release(latest(), delta, local)
    table = deltalake.DeltaTable(folder_of(delta) / "latest__v1_history")
    release(latest(), delta, local, rows=[*ROWS, row("b", 20, 9.0)])
    table.optimize.compact()
    assert len(read(delta, "latest_history")) == 6
    log = DeltaLog(folder_of(delta) / "latest__v1_history")
    base = log.read()
    assert base is not None
    files = rows_in(log, 1)
    deltalake.DeltaTable(log.folder).vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    with pytest.raises(FileNotFoundError):
        log.commit(base, base.schema, files, base.doc, replace=False)
    assert len(read(delta, "latest_history")) == 6


def test_column_that_others_added_is_seen(delta: Target, local: Any) -> None:
    release(latest(), delta, local)
    table = deltalake.DeltaTable(folder_of(delta) / "latest__v1_history")
    table.alter.add_columns([deltalake.Field("extra", "integer")])
    with pytest.raises(BreakingChange, match=r"is not as fsnb made it: 'extra' is int32, not there"):
        release(latest(), delta, local)


def test_publisher_who_was_overtaken_does_it_again_on_what_is_there(
    delta: Target, local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(events(), delta)
    real, calls = publishing.materialize, list[int]()

    def overtaken(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            monkeypatch.setattr(publishing, "materialize", real)
            options["clock"] = lambda: (publish(latest(), delta, **given), START)[1]
        return real(*args, **options)

    given = {"local": local, "tables": {"events": read_source(local, events())}, "rows": 40}
    monkeypatch.setattr(publishing, "materialize", overtaken)
    late = publish(latest(), delta, **given)
    assert len(calls) == 2
    assert (late.rows_appended, late.intervals_told) == (0, 0)
    assert len(read(delta, "latest_history")) == 5
    assert len(read(delta, "fsnb_versions")) == 1


def test_run_that_finds_nothing_due_resolves_its_log_once(
    delta: Target, local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(events(), delta)
    given = {"local": local, "tables": {"events": read_source(local, events())}}
    publish(latest(), delta, **given, rows=40)
    real, resolved = DeltaLog.read, list[str]()

    def counting(log: DeltaLog) -> Any:
        resolved.append(log.folder.name)
        return real(log)

    monkeypatch.setattr(DeltaLog, "read", counting)
    assert publish(latest(), delta, **given, rows=40).intervals_told == 0
    assert resolved.count("latest__v1_history") == 1


def test_transaction_begins_on_what_others_have_committed_since_the_session_looked(delta: Target, local: Any) -> None:
    release(latest(), delta, local)
    with delta.session("latest") as con:
        release(latest(), delta, local, rows=[*ROWS, row("b", 20, 9.0)])
        release(latest(lag="1h"), delta, local, promote=False)
        assert con.table("latest_history").count().execute() == 5
        with sql.taken_back(con):
            assert [each.number for each in ledger.recorded(con, "main", "latest").versions] == [1, 2]
            assert con.table("latest_history").count().execute() == 6


def test_source_is_a_delta_table_a_file_a_folder_or_a_pattern_of_others(
    delta: Target, local: Any, tmp_path: Path
) -> None:
    given = {"local": local, "tables": {"events": read_source(local, events())}}
    deltalake.write_deltalake(tmp_path / "theirs", table(ROWS), partition_by=["k"])
    (tmp_path / "files").mkdir()
    pq.write_table(table(ROWS[:2]), tmp_path / "files" / "1.parquet")
    pq.write_table(table(ROWS[2:]), tmp_path / "files" / "2.parquet")
    pq.write_table(table(ROWS), tmp_path / "all.parquet")
    pl.DataFrame(table(ROWS)).write_csv(tmp_path / "all.tsv", separator="\t")
    names = ("theirs", "files", "files/*.parquet", "all.parquet", "all.tsv")
    for there in (tmp_path / name for name in names):
        target = Target("prod", delta.url, sources={"events": str(there)})
        assert publish(latest(), target, **given).rows_current == 3
    with pytest.raises(PublishError, match="There is none"):
        publish(latest(), Target("prod", delta.url, sources={"events": "nowhere/*.parquet"}), **given)


def test_offsets_that_begin_late_in_a_csv_file_count(delta: Target, tmp_path: Path) -> None:
    rows = ["k,ts", *["a,2024-01-13 00:00:00"] * 20_490, "b,2024-01-13 12:00:00+02:00", ""]
    (tmp_path / "late.csv").write_text("\n".join(rows))
    with delta.session() as con:
        shown = con.table(con.fsnb_lake.locate(str(tmp_path / "late*.csv")))
        assert shown.ts.max().execute() == datetime(2024, 1, 13, 10)


def test_failure_in_a_late_batch_leaves_the_table_as_it_was(delta: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    load(events(ROWS[:1]), delta)

    def fail(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("fsnb.publish.lake.files.to_disk", fail)
        with pytest.raises(
            PublishError, match=r"source 'events' to target 'prod': .*No space left.*Nothing was written"
        ):
            load(events(), delta, replace=True, batch_rows=2)
    with delta.session() as con:
        assert con.table(con.fsnb_lake.locate("events")).count().execute() == 1


def test_files_of_a_first_load_that_was_killed_are_no_table(delta: Target) -> None:
    with delta.session() as con:
        run = con.fsnb_lake.root / "events" / "runs" / "0f"
        run.mkdir(parents=True)
        pq.write_table(table(ROWS[:2]), run / "whole.parquet")
        (run / "half.parquet").write_bytes(b"PAR1")
        (run.parents[1] / "_fsnb").mkdir()
        (run.parents[1] / ".part-0.parquet.crc").touch()
        assert con.fsnb_lake.locate("events") is None
    load(events(), delta)
    with delta.session() as con:
        assert con.table(con.fsnb_lake.locate("events")).count().execute() == len(ROWS)


# ---------------------------------------------------------------------- what is refused


def test_lake_refuses_what_it_cannot_have(delta: Target, local: Any) -> None:
    load(events(), delta)
    given = {"local": local, "tables": {"events": read_source(local, events())}}
    with pytest.raises(PublishError, match=r"a folder of files, which has no database views.*Nothing was written"):
        publish(latest(), delta, mode="view", **given)
    with pytest.raises(TargetError, match="a lake has no schemas"):
        Target("prod", delta.url, schema="features")
    with pytest.raises(TargetError, match=r"\*' in its name"):
        Target("prod", "delta:///tmp/a*b")
    with pytest.raises(TargetError, match="on an object store"):
        Target("prod", "delta://s3://bucket/x")


def test_type_that_no_file_keeps_is_named(delta: Target) -> None:
    odd = table(ROWS).append_column("odd", pa.array([1] * 5, pa.uint8()))
    with pytest.raises(NotSupported, match="'odd' is uint8, which a lake's tables have no type for"):
        load(Source("events", odd, event_time="ts"), delta)


# ---------------------------------------------------------------------- against the oracle


class InLake(Published):
    """Published tables in a lake of their own."""

    def __init__(self, folder: Path, view: Any) -> None:
        super().__init__(open_delta(str(folder)), view)
        self.schema = "main"

    @property
    def history(self) -> list[Any]:
        self.con.fsnb_lake.attach(self.view.name)
        return super().history


@settings(max_examples=max(settings.default.max_examples // 10, 2), suppress_health_check=list(HealthCheck))
@given(view=histories.views(), found=histories.rows(), steps=st.lists(histories.TIMES, max_size=1))
def test_history_in_a_lake_equals_the_oracle(
    tmp_path_factory: pytest.TempPathFactory, view: Any, found: list[Any], steps: list[datetime]
) -> None:
    published = InLake(tmp_path_factory.mktemp("lake"), view)
    for now in sorted({*steps, LAST}):
        published.run(found, now)
        published.assert_current_is_the_latest(now)
    published.assert_equals_the_oracle(found)
    published.assert_ledger_counts_the_rows()
    published.con.disconnect()

from __future__ import annotations

import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fsnb.errors import DefinitionError, NotSupported, PublishError
from fsnb.model import Source
from fsnb.pit import read_source
from fsnb.publish import Target, load, loading, sql
from tests.publish.support import ROWS, events, table

AWKWARD = pa.table(
    {
        'k"e,y': ["a", "", 'é,\n"q"', None, "\\.", "NULL"],
        "ts": pa.array([datetime(2020, 1, 1), None, datetime(1969, 1, 1, 0, 0, 0, 1)] * 2, pa.timestamp("us")),
        "x": [1.5, float("nan"), math.inf, None, 0.1 + 0.2, -0.0],
        "b": [True, None, False, True, True, None],
        "n": pa.array([1, None, -3, 4, 5, 6], pa.int8()),
        "d": [date(2020, 1, 1), None, None, None, None, None],
    }
)


def there(target: Target, source: Source) -> list[dict[str, Any]]:
    with target.session() as con:
        where = sql.locate(con, target.table_of(source.name))
        assert where is not None
        cursor = con.con.execute(f"SELECT * FROM {sql.quoted(con, *where)}")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_rows_arrive_as_fsnb_reads_them(target: Target) -> None:
    source = Source("awkward", AWKWARD, event_time="ts")
    assert load(source, target, batch_rows=2) == 6
    found, want = there(target, source), AWKWARD.to_pylist()
    want[1]["x"] = None  # NaN is NULL
    assert found == want


def test_batches_report_how_far_they_are(target: Target) -> None:
    calls: list[tuple[int, int, str]] = []
    load(events(), target, batch_rows=2, progress=lambda *call: calls.append(call))
    assert calls == [(2, 5, "load events"), (4, 5, "load events"), (5, 5, "load events")]


def test_table_that_is_there_is_refused_unless_replaced(target: Target) -> None:
    load(events(), target)
    with pytest.raises(PublishError, match=r"already.*replace=True"):
        load(events(ROWS[:1]), target)
    assert len(there(target, events())) == 5
    assert load(events(ROWS[:1]), target, replace=True) == 1
    assert len(there(target, events())) == 1


def test_failure_in_a_late_batch_leaves_what_was_there(database: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    load(events(ROWS[:1]), database)
    writers, left = dict(loading.WRITERS), [2]

    def fail_on_third(con: Any, where: tuple[str, str], batch: pa.RecordBatch) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("the cable was pulled")
        writers[con.name](con, where, batch)

    monkeypatch.setattr(loading, "WRITERS", dict.fromkeys(writers, fail_on_third))
    with pytest.raises(RuntimeError, match=r"cable"):
        load(events(), database, replace=True, batch_rows=2)
    assert len(there(database, events())) == 1


@pytest.mark.parametrize("name", ["raw.events", 'we"ird;--.ev"ents', 'ev"ents; DROP TABLE x; --'])
def test_mapped_name_may_hold_anything(database_url: str, name: str) -> None:
    database = Target("prod", database_url, sources={"events": name})
    assert load(events(), database) == 5
    with database.session() as con:
        schema, _, short = name.rpartition(".")
        assert con.table(short, database=schema or None).count().execute() == 5


def test_empty_source_makes_an_empty_table(target: Target) -> None:
    assert load(events([]), target) == 0
    assert there(target, events()) == []


def test_file_travels_too(target: Target, tmp_path: Path) -> None:
    pq.write_table(table(ROWS), tmp_path / "events.parquet")
    assert load(Source("events", tmp_path / "events.parquet", event_time="ts"), target) == 5


def test_table_of_a_connection_is_read_there(target: Target) -> None:
    con = ibis.duckdb.connect()
    con.con.register("mine", table(ROWS))
    assert load(Source("events", con.table("mine"), event_time="ts"), target) == 5
    named = Source("named", "mine", event_time="ts", schema=con.table("mine").schema())
    with pytest.raises(DefinitionError, match=r"local=con"):
        load(named, target)
    assert load(named, target, local=con) == 5


@pytest.mark.postgres
@pytest.mark.parametrize(("dtype", "value"), [(pa.uint8(), 1), (pa.list_(pa.int64()), [1]), (pa.binary(), b"1")])
def test_type_that_the_target_lacks_is_named(postgres_db_url: str, dtype: pa.DataType, value: Any) -> None:
    data = table(ROWS).append_column("odd", pa.array([value] * 5, dtype))
    with pytest.raises(NotSupported, match=r"'odd' is"):
        load(Source("events", data, event_time="ts"), Target("prod", postgres_db_url))


@pytest.mark.postgres
def test_text_that_the_target_cannot_hold_is_an_error_of_ours(postgres_db_url: str) -> None:
    data = table([{**ROWS[0], "k": "a\0b"}])
    with pytest.raises(PublishError, match=r"source 'events' to target 'prod'.*Nothing was written"):
        load(Source("events", data, event_time="ts"), Target("prod", postgres_db_url))


@pytest.mark.postgres
def test_bare_name_is_found_again_when_the_schema_of_published_tables_comes_first(
    postgres_db_url: str, local: Any
) -> None:
    """The search path starts with "$user", and the user is called like our schema."""
    target = Target("prod", postgres_db_url)
    load(events(), target)
    with target.session() as con:
        con.con.execute("CREATE SCHEMA fsnb")
    assert load(events(ROWS[:1]), target, replace=True) == 1
    other = Source("others", table(ROWS), event_time="ts")
    load(other, target)
    with target.session() as con:
        assert {"events", "others"} <= set(con.list_tables(database="public"))
        assert read_source(con, events(), "public.events").count().execute() == 1

"""The SQL on paper is what publishing does: run by hand, it makes the same tables and gives the same rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from ibis import _

from fsnb.model import FeatureView
from fsnb.publish import Target, statements
from fsnb.publish.written import INTERVAL
from tests.publish.support import EPOCH, START, THING, Row, events, latest, read, release, sums

VIEWS = {
    "as-of": latest(refresh="1h", lag="5m", fill={"x": -1.0}),
    "as-of, skip_nulls": latest(skip_nulls=True, ttl="1h"),
    "windowed": sums(),
    "static": FeatureView("fixed", entity=THING, source=events(event_time=None, available=None), features={"n": _.n}),
}
END = START + timedelta(days=3)


@pytest.fixture
def target(database: Target) -> Target:
    """SQL that people can run is of databases."""
    return database


def execute(con: Any, script: str) -> None:
    """Run statements one by one; a comment stands alone on its line."""
    for statement in script.split(";\n"):
        if statement.strip():
            con.con.execute(statement)


def written(view: FeatureView, target: Target, part: str) -> str:
    found, why = statements(view, target, 1)
    assert why == ""
    with target.session() as con:
        return found[part.format(con.name)]


def stage(view: FeatureView, target: Target, script: str, after: datetime, upto: datetime) -> list[Row]:
    """What a staged select gives for an interval, with a history that tells nothing yet."""
    with target.session() as con:
        con.con.execute(f"CREATE TEMPORARY TABLE {INTERVAL} (after BIGINT, upto BIGINT)")
        bounds = [(moment - EPOCH) // timedelta(microseconds=1) for moment in (after, upto)]
        con.con.execute(f"INSERT INTO {INTERVAL} VALUES ({bounds[0]}, {bounds[1]})")
        table, schema = f"{view.name}__v1_history", target.schema_on(con)
        con.con.execute(f'CREATE TEMPORARY TABLE fsnb_last AS SELECT * FROM "{schema}"."{table}" WHERE 1 = 0')
        execute(con, script)
        cursor = con.con.execute("SELECT * FROM fsnb_stage")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("kind", VIEWS)
def test_staged_select_gives_the_rows_that_publishing_writes(kind: str, target: Target, local: Any) -> None:
    view = VIEWS[kind]
    release(view, target, local, end=END)
    wanted = read(target, f"{view.name}_history")
    script = written(view, target, "sql/{}.staged.sql")
    staged = stage(view, target, script, START - timedelta(days=1), END)
    names = list(staged[0])
    told = [{name: row[name] for name in names} for row in wanted]
    assert told
    # of ticks that repeat the one before the history keeps the first
    assert all(row in staged for row in told)
    assert kind in ("windowed", "as-of, skip_nulls") or len(staged) == len(told)
    if kind != "static":
        middle = START + timedelta(hours=1)
        half = stage(view, target, script, middle, START + timedelta(hours=2.5))
        inside = [row for row in told if middle < row["event_time"] <= START + timedelta(hours=2.5)]
        assert all(row in half for row in inside)
        assert {row["event_time"] <= middle for row in half} == {False}


def test_tables_are_those_that_publishing_makes(target: Target, local: Any) -> None:
    view = VIEWS["windowed"]
    release(view, target, local)
    shapes = []
    with target.session() as con:
        schema = target.schema_on(con)
        shapes.append(_shape(con, schema, view.name))
        for name in (f"{schema}.{view.name}", f"{schema}.{view.name}_history"):
            con.con.execute(f"DROP VIEW {name}")
        for table in ("history", "current"):
            con.con.execute(f"DROP TABLE {schema}.{view.name}__v1_{table}")
    script = written(view, target, "ddl/{}.sql")
    with target.session() as con:
        execute(con, script)
        shapes.append(_shape(con, schema, view.name))
    assert shapes[0] == shapes[1]
    assert len(shapes[0]["columns"]) > 20


def _shape(con: Any, schema: str, view: str) -> dict[str, Any]:
    where = f"WHERE table_schema = '{schema}' AND table_name LIKE '{view}%'"
    columns = "table_name, column_name, data_type, is_nullable"
    indexes = f"SELECT indexdef FROM pg_indexes WHERE schemaname = '{schema}' AND tablename LIKE '{view}%' ORDER BY 1"
    return {
        "columns": con.con.execute(
            f"SELECT {columns} FROM information_schema.columns {where} ORDER BY table_name, ordinal_position"
        ).fetchall(),
        "indexes": con.con.execute(indexes).fetchall() if con.name == "postgres" else [],
    }


def test_checks_hold_after_publishing_and_find_what_is_planted(target: Target, local: Any) -> None:
    view = sums()
    release(view, target, local, end=END)
    query = written(view, target, "checks/{}.sql").strip().rstrip(";")
    with target.session() as con:
        schema = target.schema_on(con)
        found = dict(con.con.execute(query).fetchall())
        assert len(found) == 4
        assert set(found.values()) == {0}
        history, current = (f"{schema}.sums__v1_{table}" for table in ("history", "current"))
        con.con.execute(f"INSERT INTO {history} SELECT * FROM {history} WHERE k = 'b'")
        con.con.execute(f"UPDATE {history} SET available_time = event_time WHERE k = 'é'")
        con.con.execute(f"DELETE FROM {history} WHERE k = 'a'")
        planted = dict(con.con.execute(query).fetchall())
        rows = {
            name: con.con.execute(f"SELECT count(*) FROM {history} WHERE k = '{name}'").fetchone()[0] for name in "bé"
        }
        assert current
    assert planted == {
        "history: a moment is told once": rows["b"] // 2,
        "history: nothing is known before the rules of time say": rows["é"],
        "current: an entity has one row": 0,
        "current: every row is in the history, with its run": 2,
    }


def test_view_that_cannot_be_published_has_no_tables_and_a_reason() -> None:
    target = Target("prod", "postgresql://host/db")
    found, why = statements(sums(refresh=None), target, 1)
    assert set(found) == {"ddl/postgres.sql", "ddl/duckdb.sql"}
    assert "refresh='1h'" in why
    renamed = FeatureView("bad", entity=THING, source=events(), features={"event_time": _.n})
    assert statements(renamed, target, 1)[0] == {}
    long = FeatureView("x" * 60, entity=THING, source=events(), features={"n": _.n})
    assert "63 bytes" in statements(long, target, 1)[1]


def test_database_view_gives_the_values_as_of_now(target: Target, local: Any) -> None:
    view = FeatureView("rows", entity=THING, source=events(), features={"rows": _.count()}, windows=["36500d"])
    release(view, target, local, mode="view")
    wanted = sorted((row["k"], row["rows_36500d"]) for row in read(target, "rows"))
    script = statements(view, target, 1)[0]
    with target.session() as con:
        schema = target.schema_on(con)
        con.con.execute(f"DROP VIEW {schema}.rows")
        con.con.execute(f"DROP VIEW {schema}.rows__v1_live")
        execute(con, script[f"ddl/{con.name}.sql"])
        found = con.con.execute(f"SELECT k, rows_36500d FROM {schema}.rows ORDER BY 1").fetchall()
    assert sorted(found) == wanted
    assert wanted == [("a", 3), ("b", 1), ("é", 1)]

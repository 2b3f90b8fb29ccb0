"""The values of what is compiled, as far as they can be had: carried over to DuckDB by sqlglot, and run there.

It shows that what we mend in the tree (windows, NULLs, conditions of SQL Server) means the same afterwards. It shows
nothing of the engines themselves. ClickHouse, Flink, Trino and Databricks have clocks that DuckDB cannot run.
"""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
import sqlglot

from tests.training.dialects import FeatureView, cases, sql

BEFORE_1970 = datetime(1969, 12, 31, 22)
COLUMNS = "k VARCHAR, i BIGINT, ts TIMESTAMP, known TIMESTAMP, x DOUBLE, n BIGINT, b BOOLEAN, s VARCHAR"
# what sqlglot writes for DuckDB that DuckDB does not have, or reads as float32
OURS = {
    r"\bVAR\(": "VAR_SAMP(",
    r"\bVARP\(": "VAR_POP(",
    r"TEXT\(MAX\)": "TEXT",
    r"\b(REAL|FLOAT)\b": "DOUBLE",
    r"\bBIT\b": "BOOLEAN",
}
DIALECTS = ("snowflake", "bigquery", "risingwave", "mssql")


@pytest.fixture(scope="module")
def reader() -> Any:
    """Tables full of ties, NULLs and times around 1970."""
    drawn, con = random.Random(3), duckdb.connect()

    def moment() -> datetime | None:
        shift = timedelta(minutes=drawn.randrange(0, 260, 10), microseconds=drawn.choice([0, 0, 1, 999_999]))
        return drawn.choice([None, *[BEFORE_1970 + shift] * 9])

    def one(*values: Any) -> Any:
        return drawn.choice(values)

    def asked() -> tuple[Any, Any]:
        return one("a", "b", None), one(1, 2)

    def told() -> tuple[Any, Any]:
        return one(None, True, False), one(None, "x", "y", "z")

    events = [
        (*asked(), moment(), moment(), one(None, 1.5, 2.5, 15.5, 16.0), one(None, 1, 2, 3), *told()) for _ in range(150)
    ]
    asks = [(*asked(), moment(), told()[0]) for _ in range(60)]
    con.execute("CREATE MACRO ieee_divide(a, b) AS a / b")
    con.execute('CREATE TABLE spine(k VARCHAR, i BIGINT, "at" TIMESTAMP, late BOOLEAN)')
    con.execute(f"CREATE TABLE events({COLUMNS})")
    con.executemany("INSERT INTO spine VALUES (?, ?, ?, ?)", asks)
    con.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", events)
    con.execute("CREATE TABLE things AS SELECT * FROM events WHERE k = 'a' LIMIT 1")
    return con


def carried(dialect: str, text: str) -> str:
    (out,) = sqlglot.transpile(text, read=dialect, write="duckdb")
    for said, meant in OURS.items():
        out = re.sub(said, meant, out)
    return out


def rows(reader: Any, text: str) -> list[str]:
    """Sorted, numbers to nine places: a bit is a boolean."""

    def plain(value: Any) -> Any:
        return round(float(value), 9) if isinstance(value, (int, float)) else str(value)

    return sorted(repr([plain(value) for value in row]) for row in reader.execute(text).fetchall())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("what", "of", "strategy"), [pytest.param(*c, id=f"{c[0]}, {c[2]}") for c in cases()])
def test_values_are_those_of_duckdb(reader: Any, dialect: str, what: str, of: FeatureView, strategy: str) -> None:
    own = {"as-of": "asof", "static": "lookup"}.get(what.partition(",")[0], "join")
    assert rows(reader, carried(dialect, sql(dialect, of, strategy))) == rows(reader, sql("duckdb", of, own))

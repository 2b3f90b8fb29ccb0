"""SQL in dialects of engines that no test runs: it parses there, and has only what their documentation has."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any

import ibis
import pyarrow as pa
import pytest
import sqlglot
import sqlglot.expressions as sge
from ibis import _
from sqlglot.dialects.dialect import Dialect as Language

from fsnb.errors import NotSupported
from fsnb.model import Spine
from fsnb.pit.clocks import microseconds
from fsnb.training.dialects import DIALECTS
from fsnb.training.query import Dialect
from tests.training import dialects
from tests.training.dialects import ONE, SPINE, TWO, WORDS, cases, refused, sql, view

SYNTAX = set(
    "AND AS EXISTS FILTER FROM IN JOIN NOT ON OR OVER THEN WHEN WHERE SELECT UNION ALL BY ELSE".split()  # noqa: SIM905
)
ALL = [pytest.param(*case, id=f"{case[0]}, {case[2]}") for case in cases()]


@cache
def parsed(dialect: str, text: str) -> Any:
    return sqlglot.parse_one(text, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)


def called(dialect: str, text: str) -> set[str]:
    """Names that stand before a parenthesis, as they are written."""
    tokens = Language.get_or_raise(dialect).tokenize(text)
    pairs = pairwise(tokens)
    named = (a for a, b in pairs if b.token_type.name == "L_PAREN" and a.token_type.name != "IDENTIFIER")
    return {token.text.upper() for token in named if re.match(r"[A-Za-z_]", token.text)}


def lacking(dialect: str, text: str) -> list[str]:
    """What a query has that its dialect's documentation has not."""
    words, tree = WORDS[dialect], parsed(dialect, text)
    types = {each.replace("-", " ").upper() for each in words.types.split()}
    heads = {name.partition("(")[0] for name in types} | {"DECIMAL", "DATETIME64"}
    found = [f"{name}(" for name in called(dialect, text) - words.has() - SYNTAX - heads]
    for node in tree.walk():
        found += _lacking(node, words, types, dialect)
    return found


def _lacking(node: Any, words: Any, types: set[str], dialect: str) -> list[str]:
    said = node.sql(dialect) if isinstance(node, sge.WindowSpec) else ""
    if isinstance(node, sge.Cast) and node.to.sql(dialect).upper().replace(", ", ",") not in types:
        return [node.to.sql(dialect)]
    if isinstance(node, sge.WindowSpec) and said not in words.frames:
        return [said]
    if isinstance(node, (sge.Qualify, sge.Lateral, sge.NullSafeEQ, sge.NullSafeNEQ)):
        return [type(node).__name__]
    if isinstance(node, sge.Filter) and not words.filter:
        return ["FILTER"]
    if isinstance(node, sge.Window) and isinstance(node.this, sge.RowNumber) and not node.args.get("order"):
        return ["ROW_NUMBER without ORDER BY"]
    if isinstance(node, sge.Boolean) and not words.conditions:
        return ["TRUE or FALSE"]
    return _lacking_join(node, words) if isinstance(node, sge.Join) else []


def _lacking_join(join: Any, words: Any) -> list[str]:
    kind = f"{join.side} {join.kind}".strip()
    on = join.args["on"]
    equal = all(isinstance(each, sge.EQ) for each in (on.flatten() if isinstance(on, sge.And) else [on]))
    if kind not in words.joins or join.method:
        return [f"{join.method} {kind} JOIN"]
    return [] if equal or words.outer else [f"{kind} JOIN by more than equality"]


@pytest.mark.parametrize("dialect", WORDS)
@pytest.mark.parametrize(("what", "of", "strategy"), ALL)
def test_sql_has_only_what_the_documentation_has(dialect: str, what: str, of: Any, strategy: str) -> None:
    if refused(dialect, what, strategy):
        with pytest.raises(NotSupported, match=r"no SQL in dialect 'clickhouse'.*Use strategy='union'"):
            sql(dialect, of, strategy)
        return
    text = sql(dialect, of, strategy)
    assert lacking(dialect, text) == []
    assert WORDS[dialect].nulls or not re.search(r"NULLS (FIRST|LAST)", text)


def test_every_dialect_is_documented() -> None:
    assert list(DIALECTS) == list(WORDS)


@pytest.mark.parametrize(
    ("dialect", "text", "found"),
    [
        ("trino", "SELECT DATE_FORMAT(ts, '%f') FROM t", "DATE_FORMAT("),
        ("mssql", "SELECT DATEDIFF(SECOND, a, b) FROM t", "DATEDIFF("),
        ("mssql", "SELECT GREATEST(a, b) FROM t", "GREATEST("),
        ("clickhouse", "SELECT uniq(a) FROM t", "UNIQ("),
        ("snowflake", "SELECT COUNT(a) FILTER (WHERE b) FROM t", "FILTER"),
        ("bigquery", "SELECT SUM(a) OVER (ORDER BY b RANGE BETWEEN 5 PRECEDING AND CURRENT ROW) FROM t", "RANGE"),
        ("flink", "SELECT * FROM a LEFT SEMI JOIN b ON a.k = b.k", "LEFT SEMI JOIN"),
        ("mssql", "SELECT ROW_NUMBER() OVER (PARTITION BY a) FROM t", "ROW_NUMBER without ORDER BY"),
        ("databricks", "SELECT CAST(a AS DECIMAL(3, 1)) FROM t", "DECIMAL(3, 1)"),
    ],
)
def test_the_check_sees_what_a_dialect_lacks(dialect: str, text: str, found: str) -> None:
    assert any(found in each for each in lacking(dialect, text))


# ---------------------------------------------------------------------- what would be wrong without a word

TIMES = ibis.table({"ts": "timestamp(6)", "tz": "timestamp('Europe/Paris', 6)"}, name="t")
CLOCKS = {
    "snowflake": "DATE_PART('epoch_microsecond'",
    "bigquery": "UNIX_MICROS(CAST(`t0`.`ts` AS TIMESTAMP))",
    "databricks": "UNIX_MICROS(CAST(`t0`.`ts` AS TIMESTAMP))",
    "trino": 'SUBSTR(CAST(CAST("t0"."ts" AS TIMESTAMP(6)) AS VARCHAR), -6)',
    "clickhouse": "CAST(toUnixTimestamp64Micro(",
    "risingwave": 'CAST(FLOOR(EXTRACT(\'epoch\' FROM "t0"."ts") * 1000000) AS BIGINT)',
    "flink": "SUBSTRING(CAST(`t0`.`ts` AS STRING), 21, 6)",
    "mssql": "DATEPART(microsecond, [t0].[ts])",
}


@pytest.mark.parametrize("dialect", WORDS)
def test_the_clock_has_microseconds(dialect: str) -> None:
    text = ibis.to_sql(TIMES.select(us=microseconds(Dialect(dialect), TIMES.ts)), dialect=dialect, pretty=False)
    assert CLOCKS[dialect] in text


@pytest.mark.parametrize("dialect", [name for name in WORDS if name != "flink"])
def test_a_time_with_a_zone_never_loses_it(dialect: str) -> None:
    text = ibis.to_sql(TIMES.select(us=microseconds(Dialect(dialect), TIMES.tz)), dialect=dialect, pretty=False)
    assert not re.search(r"CAST\(.t0.\..tz. AS (TIMESTAMP(\(6\))?|DATETIME2?)\)", text) or "UNIX_MICROS" in text


def test_flink_refuses_an_asking_time_with_a_zone() -> None:
    spine = Spine(SPINE.data.set_column(2, "at", pa.array([], pa.timestamp("us", "UTC"))), at="at")
    with pytest.raises(NotSupported, match="cast it to naive UTC"):
        sql("flink", view(ONE, {"x": _.x}), "union", spine)


def test_sql_server_keeps_a_null_condition_null() -> None:
    text = sql("mssql", view(ONE, {"flag": _.b & (_.n > 0), "not_b": ~_.b}), "union")
    tree = parsed("mssql", text)
    values = [each for each in tree.find_all(sge.Case) if not each.args.get("default")]
    assert len(values) >= 2
    assert not [each for each in tree.find_all(sge.If) if each.args.get("false") is not None and "BIT" in each.sql()]
    for select in tree.find_all(sge.Select):
        for column in select.expressions:
            assert not isinstance(column.unalias().unnest(), (sge.Predicate, sge.Connector, sge.Not))


def test_sql_server_counts_beyond_2038_and_two_billion() -> None:
    text = sql("mssql", view(ONE, {"rows": _.count(), "total": _.n.sum()}, windows="1h"), "join")
    assert not re.search(r"\b(DATEDIFF|COUNT)\(", text)
    assert re.search(r"SUM\(\s*CAST\(", text)


def test_clickhouse_counts_distinct_values_exactly_and_joins_to_nulls() -> None:
    text = sql("clickhouse", view(ONE, {"kinds": _.s.nunique(), "std": _.x.std()}, windows="1h"), "join")
    assert "uniqExact(" in text
    assert re.search(r'COUNT\("t\d+"\."a1"\) > 1', text)
    assert text.rstrip().endswith("SETTINGS join_use_nulls = 1, aggregate_functions_null_for_empty = 1")


def test_nulls_last_is_a_sort_of_its_own_where_windows_have_no_word_for_it() -> None:
    of = view(ONE, {"by": _.n.first(order_by=_.x)}, windows="1h")
    assert re.search(r"ORDER BY\s+CASE WHEN `t\d+`.`a0` IS NULL THEN 1 ELSE 0 END", sql("flink", of, "join"))
    assert re.search(r"ORDER BY\s+IF\(`t\d+`.`a0` IS NULL, 1, 0\) ASC, `t\d+`.`a0` ASC", sql("bigquery", of, "join"))


def test_bigquery_refuses_to_partition_by_floats() -> None:
    with pytest.raises(NotSupported, match="partitions a window by no FLOAT64"):
        sql("bigquery", view(ONE, {"kinds": _.x.nunique()}), "cumulative")
    assert "COUNT(DISTINCT" in sql("bigquery", view(ONE, {"kinds": _.x.nunique()}), "join")


def test_duckdb_has_no_sql_of_tiles_in_memory() -> None:
    of = view(TWO, {"high": _.x.max()}, windows="1h")
    with pytest.raises(NotSupported, match=r"'v': duckdb computes 'tiles' in memory.*join, cumulative"):
        sql("duckdb", of, "tiles")


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "datafusion"])
def test_engines_that_are_run_have_sql_too(dialect: str) -> None:
    text = sql(dialect, view(TWO, {"high": _.x.max()}, windows="1h"), "join")
    assert sqlglot.parse_one(text, read="postgres" if dialect == "datafusion" else dialect)


# ---------------------------------------------------------------------- snapshots and the page


def test_written_files_are_fresh() -> None:
    stale = [path.name for path, text in dialects.files() if not path.exists() or path.read_text() != text]
    assert not stale, f"write them anew: {dialects.AGAIN}"


def test_no_snapshot_is_left_over() -> None:
    assert {*dialects.SNAPSHOTS.rglob("*.sql")} == {path for path, _text in dialects.snapshots()}

"""What the dialects have that are compiled and never run: a line per dialect, each resting on its documentation.

python -m tests.training.dialects            writes docs/dialects.md and the snapshots
python -m tests.training.dialects --check    fails where they are not fresh
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ibis
import pyarrow as pa
from ibis import _

from fsnb.model import Entity, FeatureView, Source, Spine, Window
from fsnb.pit import plan
from fsnb.training.query import query

ROOT = Path(__file__).parents[2]
PAGE, SNAPSHOTS = ROOT / "docs" / "dialects.md", Path(__file__).parent / "snapshots"
AGAIN = ".venv/bin/python -m tests.training.dialects"

COMMON = [
    "CAST",
    "COALESCE",
    "NULLIF",
    "SUM",
    "MIN",
    "MAX",
    "ROW_NUMBER",
    "FLOOR",
    "SQRT",
]  # in the function reference of each of the eight
CUMULATIVE = frozenset(
    f"{unit} BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW" for unit in ("RANGE", "ROWS")
)  # no RANGE by a number, which few have


@dataclass(frozen=True)
class Words:
    """What a dialect's documentation has: functions beyond COMMON, types, joins, frames of windows.

    `nulls`: NULLS FIRST and NULLS LAST in the ORDER BY of a window; `filter`: FILTER (WHERE ...) after an aggregate;
    `conditions`: a condition may be a value; `outer`: an outer join may compare by more than equality.
    """

    name: str
    clock: str
    years: str
    functions: str
    types: str
    docs: str
    limits: str = ""
    joins: frozenset[str] = frozenset({"INNER", "LEFT OUTER"})
    frames: frozenset[str] = CUMULATIVE
    nulls: bool = True
    filter: bool = False
    conditions: bool = True
    outer: bool = True

    def has(self) -> set[str]:
        return {name.upper() for name in (*COMMON, *self.functions.split())}


WORDS = {
    # GREATEST of a NULL is NULL; EPOCH_MICROSECOND of a TIMESTAMP_NTZ counts as UTC; VAR_SAMP of one value is NULL
    "snowflake": Words(
        "Snowflake",
        "DATE_PART('epoch_microsecond', t)",
        "1582 to 9999",
        "COUNT CEIL GREATEST LEAST LAG LEAD IFF DATE_PART VARIANCE VARIANCE_POP",
        "BIGINT BOOLEAN DOUBLE VARCHAR TIMESTAMP(6)",
        "Supported date and time parts; Window function syntax and usage; VAR_SAMP; VARIANCE_POP; IFF; GREATEST",
        "names are quoted: a table made without quotes has its names in capitals there",
    ),
    # windows: no NULLS FIRST with a frame; no partition by FLOAT64; no % operator
    "bigquery": Words(
        "BigQuery",
        "UNIX_MICROS(CAST(t AS TIMESTAMP))",
        "1 to 9999",
        "COUNT CEIL GREATEST LEAST LAG LEAD IF IS_NAN MOD UNIX_MICROS VARIANCE VAR_POP IEEE_DIVIDE",
        "INT64 BOOL FLOAT64 STRING DATETIME TIMESTAMP",
        "Timestamp functions; Conversion functions; Window function calls; Mathematical functions; "
        "Statistical aggregate functions",
        "a DATETIME counts as UTC; a distinct count of floats over the whole history, and a key that is a float, "
        "are refused",
        nulls=False,
    ),
    "databricks": Words(
        "Databricks",
        "UNIX_MICROS(CAST(t AS TIMESTAMP))",
        "1 to 9999",
        "COUNT CEIL GREATEST LEAST LAG LEAD IF ISNAN TRY_DIVIDE UNIX_MICROS VARIANCE VAR_POP",
        "BIGINT BOOLEAN DOUBLE STRING TIMESTAMP",
        "unix_micros function; variance aggregate function; Window functions; JOIN (LEFT SEMI); try_divide function",
        "where times are TIMESTAMP_NTZ the session's time zone must be UTC; ANSI mode must be on, as it is by default",
        joins=frozenset({"INNER", "LEFT OUTER", "LEFT SEMI"}),
    ),
    # date_format's %f prints milliseconds only; a timestamp(6) as varchar has six digits
    "trino": Words(
        "Trino",
        "TO_UNIXTIME of the whole second, and six digits of CAST(t AS VARCHAR)",
        "1 to 9999",
        "COUNT CEIL GREATEST LEAST LAG LEAD IF IS_NAN SUBSTR DATE_TRUNC TO_UNIXTIME AT_TIMEZONE VARIANCE VAR_POP",
        "BIGINT BOOLEAN DOUBLE VARCHAR TIMESTAMP(6)",
        "Date and time functions and operators; Window functions; Aggregate functions; String functions and operators",
        filter=True,
    ),
    # lagInFrame and leadInFrame keep to the frame, so they need the whole partition
    "clickhouse": Words(
        "ClickHouse",
        "toUnixTimestamp64Micro(t)",
        "1900 to 2299",
        "COUNT CEIL GREATEST LEAST countIf sumIf minIf maxIf isNaN isNull isNotNull lagInFrame leadInFrame uniqExact "
        "uniqExactIf varSampStable varSampStableIf varPopStable varPopStableIf toUnixTimestamp64Micro toTimeZone",
        "Nullable(Bool) Nullable(Int64) Nullable(Float64) Nullable(String) Nullable(DateTime64(6)) "
        "Nullable(Decimal(38,0))",
        "JOIN clause; Window functions; DateTime64; Aggregate function combinators; uniqExact; varSampStable; "
        "Session settings (join_use_nulls, aggregate_functions_null_for_empty)",
        "two settings stand at the end of the query; conditions come out as 0 and 1",
        joins=frozenset({"INNER", "LEFT OUTER", "LEFT SEMI"}),
        frames=CUMULATIVE | {"ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"},
        outer=False,
    ),
    "risingwave": Words(
        "RisingWave",
        "EXTRACT(EPOCH FROM t), a decimal",
        "1 to 9999",
        "COUNT CEIL GREATEST LEAST LAG LEAD EXTRACT VAR_SAMP VAR_POP",
        "BIGINT BOOLEAN VARCHAR TIMESTAMP DOUBLE-PRECISION",
        "Date and time functions and operators; Window functions (OVER clause); Conditional expressions; "
        "Aggregate functions",
        "RANGE frames came with version 1.7",
        filter=True,
    ),
    # LEFT SEMI JOIN and NULLS FIRST are not in its grammar; TIMESTAMPDIFF answers INT
    "flink": Words(
        "Flink",
        "TIMESTAMPDIFF in days, EXTRACT of hour, minute, second, and six digits of CAST(t AS STRING)",
        "1 to 9999",
        "COUNT CEIL GREATEST LEAST LAG LEAD IF EXTRACT TIMESTAMPDIFF SUBSTRING RPAD VAR_SAMP VAR_POP",
        "BIGINT BOOLEAN DOUBLE STRING DATE TIMESTAMP",
        "System (Built-in) Functions; Over Aggregation; Joins; Time Zone",
        "in batch mode; an asking time with a zone is refused; a sum beyond int64 wraps around; variance loses digits "
        "where the mean is large beside it",
        nulls=False,
        frames=frozenset(),
    ),
    # GREATEST came with 2022; DATEDIFF and COUNT answer int; ROW_NUMBER wants an ORDER BY
    "mssql": Words(
        "SQL Server",
        "DATEDIFF_BIG(second) and DATEPART(microsecond)",
        "1 to 9999",
        "COUNT_BIG CEILING LAG LEAD IIF DATEDIFF_BIG DATEPART SWITCHOFFSET VAR VARP",
        "BIGINT BIT FLOAT VARCHAR(MAX) DATETIME2 DATETIME2(6)",
        "DATEDIFF_BIG (Transact-SQL); DATEPART (Transact-SQL); SELECT - OVER clause; COUNT_BIG; VAR; IIF; "
        "Search condition",
        "2016 or later; text, keys too, compares by its collation, usually blind to case: use a binary one; "
        "conditions come out as bit",
        nulls=False,
        conditions=False,
    ),
}

SCHEMA = {
    "k": pa.string(),
    "i": pa.int64(),
    "ts": pa.timestamp("us"),
    "known": pa.timestamp("us"),
    "x": pa.float64(),
    "n": pa.int64(),
    "b": pa.bool_(),
    "s": pa.string(),
}
EVENTS = pa.schema(SCHEMA).empty_table()
ONE = Source("events", EVENTS, event_time="ts")
TWO = Source("events", EVENTS, event_time="ts", available="known", tie_break=("n",))
THINGS = Source("things", EVENTS, event_time=None)
SPINE = Spine(
    pa.schema({"k": pa.string(), "i": pa.int64(), "at": pa.timestamp("us"), "late": pa.bool_()}).empty_table(),
    at="at",
    label="late",
)
ADDED = {"rows": _.count(), "total": _.n.sum(), "kinds": _.s.nunique()}
MERGED = {
    "rows": _.count(),
    "total": _.n.sum(),
    "mean": _.x.mean(),
    "low": _.x.min(),
    "high": _.x.max(),
    "std": _.x.std(),
    "var": _.x.var(how="pop"),
    "any": _.b.any(),
    "all": _.b.all(),
    "share": (_.x > 15).mean(),
}
PICKED = {
    "first": _.x.first(),
    "last": _.s.last(),
    "most": _.s.argmax(_.x),
    "by": _.n.last(order_by=_.x.desc(), include_null=True),
}
RANKED = {"q": _.x.quantile(0.9), "median": _.n.median(), "mode": _.s.mode()}
LATEST = {"x": _.x, "s": _.s, "b": _.b, "when": _.ts, "double": _.n * 2, "flag": _.b & (_.n > 0)}


# what has no SQL; the tests hold that these are refused and all else compiles
REFUSED = {("clickhouse", "as-of", "join")}


def refused(dialect: str, what: str, strategy: str) -> bool:
    """Whether a dialect has no SQL for a case."""
    return (dialect, what.partition(",")[0], strategy) in REFUSED


def view(source: Source, features: dict[str, object], **rules: object) -> FeatureView:
    return FeatureView("v", entity=Entity("thing", ("k", "i")), source=source, features=features, **rules)


@cache
def cases() -> tuple[tuple[str, FeatureView, str], ...]:
    """What is compiled in every dialect: a name, a view and a strategy."""
    return tuple(_cases())


def _cases() -> Iterator[tuple[str, FeatureView, str]]:
    late, windows = {"lag": "15m", "refresh": "1h", "closed": "left"}, {"windows": ["1h", Window("1d", "1d")]}
    for clocks, source in (("one clock", ONE), ("two clocks", TWO)):
        for strategy in ("union", "join"):
            yield f"as-of, {clocks}", view(source, LATEST, ttl="1h"), strategy
        for strategy in ("join", "tiles"):
            yield f"windows, {clocks}", view(source, MERGED, fill={"total_1h": 0}, **windows, **late), strategy
        yield f"counts and sums, {clocks}", view(source, ADDED, **windows), "cumulative"
    for strategy in ("union", "join"):
        yield "as-of, skip_nulls", view(TWO, {"x": _.x, "b": _.b}, skip_nulls=True, **late), strategy
    for strategy in ("join", "tiles"):
        yield "first, last, argmax", view(TWO, PICKED, windows="1h"), strategy
    yield "quantile, mode", view(ONE, RANKED, windows="1h"), "join"
    for strategy in ("cumulative", "join"):
        yield "whole history", view(TWO, {**ADDED, **MERGED, **PICKED}), strategy
    yield "static", view(THINGS, LATEST), "lookup"


@cache
def sql(dialect: str, of: FeatureView, strategy: str, spine: Spine = SPINE) -> str:
    tables = {of.source.name: ibis.table(of.source.schema, name=of.source.name)}
    return query(plan(spine, of), tables, dialect, strategy)


# ---------------------------------------------------------------------- snapshots and the page


def snapshots() -> Iterator[tuple[Path, str]]:
    """Files and what stands in them: few and small, for people to read."""
    chosen = {
        "asof_union": (view(TWO, {"flag": _.b & (_.n > 0)}, ttl="1h", lag="15m"), "union"),
        "windows_join": (view(ONE, {"mean": _.x.mean()}, windows=["1h", "1d"]), "join"),
        "window_cumulative": (view(ONE, {"kinds": _.s.nunique()}, windows="1h"), "cumulative"),
        "history": (view(ONE, {"high": _.x.max()}), "cumulative"),
    }
    for dialect in WORDS:
        for name, (of, strategy) in chosen.items():
            yield SNAPSHOTS / dialect / f"{name}.sql", sql(dialect, of, strategy)


def page() -> str:
    """docs/dialects.md."""
    rows = [
        f"| {what} | {by} | {' | '.join('refused' if refused(d, what, by) else 'yes' for d in WORDS)} |"
        for what, _of, by in cases()
    ]
    return HEAD.format(
        again=AGAIN,
        columns=" | ".join(words.name for words in WORDS.values()),
        rule="---|" * len(WORDS),
        rows="\n".join(rows),
        clocks="\n".join(f"| {w.name} | `{w.clock}` | {w.years} |" for w in WORDS.values()),
        limits="\n".join(f"| `{d}` | {w.limits or 'none known'} | {w.docs} |" for d, w in WORDS.items()),
    )


HEAD = """\
# Dialects

<!-- Written from the tests. Do not edit; write it anew: {again} -->

`train.sql("snowflake")`, or another of these, is the query of a training set in the words of an engine that fsnb
has no tests on. **Compiled, never run by us.** What the tests hold: each query parses in its dialect, and has no
function, type, join, window frame or order of NULLs in it that the dialect's documentation does not have. What they
cannot hold: what the engine makes of it. (Four of them are carried over to DuckDB by sqlglot and give the same values
there.) Compare a sample with `train.to_polars()` before you rely on it. The engines that are run and held to the
oracle are [another page](engines.md).

The tables that a query reads hold what fsnb reads: floats as float64, times as naive UTC microseconds.

| what | strategy | {columns} |
|---|---|{rule}
{rows}

*Refused*: `train.sql` raises `NotSupported`, and says what to do. Estimates (`approx_nunique`) are refused in all.
In DuckDB, `strategy="tiles"` runs in memory and has no SQL.

## The clock

Times are compared as whole microseconds since 1970.

| dialect | microseconds | years |
|---|---|---|
{clocks}

## Limits, and what was read

| dialect | limits | pages of its documentation |
|---|---|---|
{limits}
"""


def files() -> Iterator[tuple[Path, str]]:
    yield PAGE, page()
    yield from snapshots()


def main() -> int:
    stale = []
    for path, text in files():
        if "--check" in sys.argv:
            stale += [] if path.exists() and path.read_text() == text else [path]
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for path in stale:
        sys.stderr.write(f"{path.relative_to(ROOT)} is not what the tests hold. Write it anew: {AGAIN}\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())

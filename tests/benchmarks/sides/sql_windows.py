"""Windowed features by hand, in DuckDB's SQL: inequality join, RANGE frames, running sums."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tests.benchmarks.sides.sql_asof import ran
from tests.benchmarks.spec import WINDOWS

Table = Callable[[], pa.Table]
SPINE = "(SELECT *, row_number() OVER () AS row FROM read_parquet($spine))"


def inequality_join(events: str, spine: str) -> Table:
    """Every pair of a row and an event of its last 30 days; one FILTER per window."""
    return ran(_joined("x0", AGGREGATES), events=events, spine=spine)


def in_buckets(events: str, spine: str, memory: str, buckets: int = 16) -> Callable[[], Any]:
    """The same, one bucket of keys after the other, into a table of a file; the rows are read only to be compared."""
    folder = tempfile.TemporaryDirectory()

    def call() -> Table:
        path = Path(folder.name) / "filled.duckdb"
        path.unlink(missing_ok=True)
        con = duckdb.connect(path, config={"memory_limit": memory, "temp_directory": folder.name})
        for number in range(buckets):
            into = "INSERT INTO filled" if number else "CREATE TABLE filled AS"
            query = _joined("x0", AGGREGATES, f"WHERE hash(k) % {buckets} = {number}")
            con.execute(f"{into} {query}", {"events": events, "spine": spine})
        return con.table("filled").to_arrow_table

    return call


def count_distinct(events: str, spine: str) -> Table:
    return ran(_joined("n", {"u": "count(DISTINCT n)"}), events=events, spine=spine)


def bitmaps(events: str, spine: str) -> Table:
    """Values of known range as bits, which a group ORs together."""
    query = _joined("n", {"u": "bitstring_agg(n::INTEGER, 0, 999)"})
    counted = ", ".join(f"coalesce(bit_count(u_{name}), 0) AS u_{name}" for name in WINDOWS)
    return ran(f'SELECT k, "at", {counted} FROM ({query})', events=events, spine=spine)


AGGREGATES = {"c": "count(e.ts)", "s": "sum(x0)", "m": "avg(x0)", "d": "stddev_samp(x0)", "x": "max(x0)"}


def _joined(column: str, aggregates: dict[str, str], which: str = "") -> str:
    made = ", ".join(
        f"{aggregate} FILTER (WHERE e.ts > s.at - INTERVAL {length}) AS {name}_{window}"
        for window, length in WINDOWS.items()
        for name, aggregate in aggregates.items()
    )
    return f"""
        SELECT s.k, s.at, {made}
        FROM (FROM {SPINE} {which}) s LEFT JOIN (SELECT k, ts, {column} FROM read_parquet($events) {which}) e
        ON s.k = e.k AND e.ts <= s.at AND e.ts > s.at - INTERVAL 30 DAY
        GROUP BY s.row, s.k, s.at ORDER BY s.row
    """


def range_frames(events: str, spine: str) -> Table:
    """Spine rows among the events as rows of no value, then one RANGE frame per window."""
    made = ", ".join(
        f"count(x0) OVER w{window} AS c_{window}, sum(x0) OVER w{window} AS s_{window}, "
        f"avg(x0) OVER w{window} AS m_{window}, stddev_samp(x0) OVER w{window} AS d_{window}, "
        f"max(x0) OVER w{window} AS x_{window}"
        for window in WINDOWS
    )
    frames = ", ".join(
        f'w{window} AS (PARTITION BY k ORDER BY "at" RANGE BETWEEN INTERVAL {length} - INTERVAL 1 MICROSECOND PRECEDING'
        " AND CURRENT ROW)"
        for window, length in WINDOWS.items()
    )
    query = f"""
        WITH merged AS (
            SELECT k, ts AS "at", x0, NULL::BIGINT AS row FROM read_parquet($events)
            UNION ALL SELECT k, "at", NULL, row FROM {SPINE}
        )
        SELECT * EXCLUDE (row) FROM (
            SELECT row, k, "at", {made} FROM merged WINDOW {frames} QUALIFY row IS NOT NULL
        ) ORDER BY row
    """
    return ran(query, events=events, spine=spine)


def running_sums(events: str, spine: str) -> Table:
    """Totals up to each event, looked up where a window ends and where it begins; a maximum has no such way."""
    begins = ", ".join(f'"at" - INTERVAL {length} AS at_{window}' for window, length in WINDOWS.items())
    lookups = "".join(f" ASOF LEFT JOIN totals t{w} ON s.k = t{w}.k AND s.at_{w} >= t{w}.ts" for w in WINDOWS)
    parts = ", ".join(
        f"coalesce(t.{part}, 0) - coalesce(t{window}.{part}, 0) AS {part}_{window}"
        for window in WINDOWS
        for part in ("c", "s", "q")
    )
    query = f"""
        WITH totals AS (
            SELECT k, ts, count(x0) OVER up AS c, sum(x0) OVER up AS s, sum(x0 * x0) OVER up AS q
            FROM read_parquet($events) WINDOW up AS (PARTITION BY k ORDER BY ts)
        )
        SELECT k, "at", {", ".join(_from_sums(window) for window in WINDOWS)} FROM (
            SELECT s.row, s.k, s.at, {parts} FROM (SELECT *, {begins} FROM {SPINE}) s
            ASOF LEFT JOIN totals t ON s.k = t.k AND s.at >= t.ts{lookups}
        ) ORDER BY row
    """
    return ran(query, events=events, spine=spine)


def _from_sums(window: str) -> str:
    """Features from the number of values, their sum and the sum of their squares."""
    c, s, q = (f"{part}_{window}" for part in "csq")
    spread = f"greatest({q} - {s} * {s} / nullif({c}, 0), 0)"
    return (
        f"{c}::BIGINT AS {c}, CASE WHEN {c} > 0 THEN {s} END AS {s}, {s} / nullif({c}, 0) AS m_{window}, "
        f"CASE WHEN {c} > 1 THEN sqrt({spread} / ({c} - 1)) END AS d_{window}"
    )

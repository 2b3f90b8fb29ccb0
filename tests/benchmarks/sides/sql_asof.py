"""The latest row by hand, in DuckDB's SQL; and what reading alone costs."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pyarrow as pa

from tests.benchmarks.spec import COLUMNS

Table = Callable[[], pa.Table]
NAMES = ", ".join(COLUMNS)
VALID = ", ".join(f"CASE WHEN s.at < e.ts + INTERVAL 7 DAY THEN e.{name} END AS {name}" for name in COLUMNS)
GREATEST = ", ".join(f"{name} DESC" for name in COLUMNS)

ONE_CLOCK = f"""
    SELECT s.k, s.at, {VALID}
    FROM (SELECT *, row_number() OVER () AS row FROM read_parquet($spine)) s
    ASOF LEFT JOIN (
        SELECT k, ts, {NAMES} FROM read_parquet($events)
        QUALIFY row_number() OVER (PARTITION BY k, ts ORDER BY {GREATEST}) = 1
    ) e ON s.k = e.k AND s.at >= e.ts
    ORDER BY s.row
"""
# an event is known from the later of its clocks, and only while no newer event was known before it
TWO_CLOCKS = f"""
    WITH known AS (SELECT *, greatest(ts, available) AS start FROM read_parquet($events)),
    heads AS (
        SELECT * FROM known
        QUALIFY ts >= coalesce(max(ts) OVER (
            PARTITION BY k ORDER BY start, ts, available ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), ts)
    ),
    last AS (
        SELECT * FROM heads
        QUALIFY row_number() OVER (PARTITION BY k, start ORDER BY ts DESC, available DESC, {GREATEST}) = 1
    )
    SELECT s.k, s.at, {VALID}
    FROM (SELECT *, row_number() OVER () AS row FROM read_parquet($spine)) s
    ASOF LEFT JOIN last e ON s.k = e.k AND s.at >= e.start
    ORDER BY s.row
"""
# every pair of a row and an event of its last 7 days, then the greatest: the plan for few rows
PAIRS = f"""
    SELECT s.k, s.at, {", ".join(f"max(e).{name} AS {name}" for name in COLUMNS)}
    FROM (SELECT *, row_number() OVER () AS row FROM read_parquet($spine)) s
    LEFT JOIN (SELECT k, ts, struct_pack(ts, {NAMES}) AS e FROM read_parquet($events)) r
    ON s.k = r.k AND r.ts <= s.at AND r.ts > s.at - INTERVAL 7 DAY
    GROUP BY s.row, s.k, s.at ORDER BY s.row
"""


def one_clock(events: str, spine: str) -> Table:
    """Ties settled by a window function, ttl by a CASE, as one would write it."""
    return ran(ONE_CLOCK, events=events, spine=spine)


def pairs(events: str, spine: str) -> Table:
    return ran(PAIRS, events=events, spine=spine)


def two_clocks(events: str, spine: str) -> Table:
    return ran(TWO_CLOCKS, events=events, spine=spine)


def scan(events: str, spine: str, columns: tuple[str, ...] = COLUMNS) -> Callable[[], None]:
    """The floor: every needed column read once. Not their extremes, which a file's statistics tell unread."""
    read = ", ".join(f"sum({name})" for name in ("k", "epoch_us(ts)", *columns))
    return _nothing(ran(f"SELECT {read} FROM read_parquet($events)", events=events))


def scan_and_sort(events: str, spine: str) -> Callable[[], None]:
    """The floor of whatever puts the events in order."""
    return _nothing(ran(f"SELECT k, ts, {NAMES} FROM read_parquet($events) ORDER BY k, ts", events=events))


def ran(query: str, **files: str) -> Table:
    """A query on a connection of its own, its rows in memory."""
    return lambda: duckdb.connect().execute(query, files).to_arrow_table()


def _nothing(call: Table) -> Callable[[], None]:
    def called() -> None:
        call()

    return called

"""Windows of tiles of an hour and of a day, by hand, in DuckDB's SQL: what is whole comes from a tile, the rest raw.

A window of w ending at b: the rest of the hour in which it begins, the hours up to midnight, the days that lie whole in
it, the hours of its last day, and what has passed of its last hour. Every one of these is an equi-join.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from tests.benchmarks.sides.sql_asof import ran
from tests.benchmarks.spec import WINDOWS

Table = Callable[[], pa.Table]
HOUR, DAY = 3_600_000_000, 86_400_000_000
LENGTHS = {"1h": HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
MASKS = {window: 2**i for i, window in enumerate(WINDOWS)}

# name: of one event, how two merge
PARTIALS = {"c": ("1", "sum"), "s": ("x0", "sum"), "q": ("x0 * x0", "sum"), "x": ("x0", "max")}


def tiles(events: str, spine: str) -> Table:
    """Count, sum, mean, std and max."""
    made = ", ".join(
        f"coalesce(c_{w}, 0)::BIGINT AS c_{w}, s_{w}, s_{w} / c_{w} AS m_{w}, x_{w}, "
        f"sqrt(greatest(q_{w} - s_{w} * s_{w} / c_{w}, 0) / nullif(c_{w} - 1, 0)) AS d_{w}"
        for w in WINDOWS
    )
    return ran(_query("x0", PARTIALS, made), events=events, spine=spine)


def bitmap_tiles(events: str, spine: str) -> Table:
    """Distinct values of known range: bitmaps as partials."""
    made = ", ".join(f"coalesce(bit_count(u_{window}), 0)::BIGINT AS u_{window}" for window in WINDOWS)
    single = {"u": ("set_bit(repeat('0', 1000)::BIT, n::INTEGER, 1)", "bit_or")}
    return ran(_query("n", single, made), events=events, spine=spine)


def _query(column: str, partials: dict[str, tuple[str, str]], made: str) -> str:
    single = ", ".join(f"{value} AS {name}" for name, (value, _) in partials.items())
    merged = ", ".join(f"{how}({name}) AS {name}" for name, (_, how) in partials.items())
    windowed = ", ".join(
        f"{how}({name}) FILTER (WHERE mask & {mask} > 0) AS {name}_{window}"
        for window, mask in MASKS.items()
        for name, (_, how) in partials.items()
    )
    return f"""
        WITH s AS (SELECT row_number() OVER () AS row, k, "at", epoch_us("at") + 1 AS b FROM read_parquet($spine)),
        e AS MATERIALIZED (
            SELECT k, epoch_us(ts) AS us, epoch_us(ts) // {HOUR} AS h, {single}
            FROM (SELECT k, ts, {column} FROM read_parquet($events))
        ),
        hours AS MATERIALIZED (SELECT k, h, h // 24 AS d, {merged} FROM e GROUP BY k, h),
        days AS MATERIALIZED (SELECT k, d, {merged} FROM hours GROUP BY k, d),
        pieces AS ({" UNION ALL ".join(_pieces(", ".join(partials)))}),
        filled AS (SELECT row, {windowed} FROM pieces GROUP BY row)
        SELECT s.k, s.at, {made} FROM s LEFT JOIN filled USING (row) ORDER BY s.row
    """


def _pieces(names: str) -> list[str]:
    """Partial aggregates beside the rows that they count for; the bits of `mask` are windows."""
    every, week, month = sum(MASKS.values()), MASKS["7d"], MASKS["30d"]
    days = f"d < b // {DAY} AND d > {_begin('30d')} // {DAY}"
    in_week = f"CASE WHEN d > {_begin('7d')} // {DAY} THEN {week} ELSE 0 END"
    return [
        _piece(f"{every} AS mask, {names}", "e", f"h = b // {HOUR} AND us < b"),
        _piece(f"{every - MASKS['1h']}, {names}", "hours", f"d = b // {DAY} AND h < b // {HOUR}"),
        _piece(f"{month} + {in_week}, {names}", "days", days),
        *(_piece(f"{MASKS[w]}, {names}", "e", f"h = {_begin(w)} // {HOUR} AND us >= {_begin(w)}") for w in WINDOWS),
        *(
            _piece(f"{MASKS[w]}, {names}", "hours", f"d = {_begin(w)} // {DAY} AND h > {_begin(w)} // {HOUR}")
            for w in WINDOWS
            if w != "1h"
        ),
    ]


def _piece(read: str, tiles: str, inside: str) -> str:
    return f"SELECT row, {read} FROM s JOIN {tiles} t ON s.k = t.k AND {inside}"


def _begin(window: str) -> str:
    return f"(b - {LENGTHS[window]})"

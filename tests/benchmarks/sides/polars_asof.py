"""The latest row by hand, in Polars."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from tests.benchmarks.spec import COLUMNS, TTL

Frame = Callable[[], pl.DataFrame]


def one_clock(events: str, spine: str) -> Frame:
    def call() -> pl.DataFrame:
        right = pl.scan_parquet(events).select("k", "ts", *COLUMNS).sort("ts", *COLUMNS)
        left = pl.scan_parquet(spine).with_row_index("row").sort("at")
        joined = left.join_asof(right, left_on="at", right_on="ts", by="k", tolerance=TTL, check_sortedness=False)
        return joined.sort("row").drop("row", "ts", strict=False).collect()

    return call


def two_clocks(events: str, spine: str) -> Frame:
    """Events in order of when they were known, without those that were old by then; ttl by hand."""

    def call() -> pl.DataFrame:
        known = pl.scan_parquet(events).with_columns(start=pl.max_horizontal("ts", "available"))
        known = known.sort("start", "ts", "available", *COLUMNS)
        heads = known.filter(pl.col("ts") >= pl.col("ts").cum_max().over("k")).select("k", "ts", "start", *COLUMNS)
        left = pl.scan_parquet(spine).with_row_index("row").sort("at")
        joined = left.join_asof(heads, left_on="at", right_on="start", by="k", check_sortedness=False)
        valid = pl.col("at") < pl.col("ts") + pl.duration(days=7)
        values = [pl.when(valid).then(pl.col(name)).alias(name) for name in COLUMNS]
        return joined.sort("row").select("k", "at", *values).collect()

    return call
